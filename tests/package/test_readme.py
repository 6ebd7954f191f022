"""Every example of the README is run as it stands, against a live server."""

import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import i3x
from i3x.testing import Server
from i3x.typegen.__main__ import main

README = Path(__file__).parents[2] / "README.md"
EXAMPLE = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)
ADDRESS = "https://server.example.com/v1"


def _examples() -> list[Any]:
    text = README.read_text(encoding="utf-8")
    return [
        pytest.param(found[1], id=f"line {text.count(chr(10), 0, found.start()) + 2}")
        for found in EXAMPLE.finditer(text)
    ]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.mark.parametrize("example", _examples())
def test_the_examples_of_the_readme_run(
    example: str,
    server: Server,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    monkeypatch.chdir(tmp_path)  # for what an example writes
    if "from plant import" in example:
        assert main([server.url, "-o", "plant.py"]) == 0
        monkeypatch.syspath_prepend(tmp_path)
        monkeypatch.delitem(sys.modules, "plant", raising=False)
    code = compile(example.replace(ADDRESS, server.url), str(README), "exec")

    with i3x.Client(server.url) as client:
        exec(code, {"client": client, "i3x": i3x, "server_url": server.url})

    printed = capsys.readouterr().out
    assert bool(printed) == ("print" in example)


def test_the_readme_has_an_example_for_every_capability() -> None:
    text = README.read_text(encoding="utf-8")
    sections = re.split(r"^## ", text, flags=re.MULTILINE)
    with_example = {section.splitlines()[0] for section in sections if EXAMPLE.search(section)}
    assert {"Connecting", "Exploring", "Values", "History", "Writing", "Subscriptions"} <= with_example


def test_the_readme_says_what_each_extra_brings() -> None:
    project = tomllib.loads(README.with_name("pyproject.toml").read_text(encoding="utf-8"))["project"]
    table = README.read_text(encoding="utf-8").partition("| extra |")[2].partition("\n\n")[0]
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.+) \|$", table, re.MULTILINE)
    brought = {extra: sorted(packages.split(", ")) for extra, packages in rows}
    assert brought == {
        extra: sorted(re.split("[<>=]", each)[0] for each in packages)
        for extra, packages in project["optional-dependencies"].items()
    }


def test_no_line_of_the_readme_is_too_long_to_be_read_as_it_stands() -> None:
    text = re.sub(
        r"^```console\n.*?^```", "", README.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL
    )
    assert [line for line in text.splitlines() if len(line) > 120 and not line.startswith("|")] == []


def test_the_readme_lists_every_public_name() -> None:
    text = README.read_text(encoding="utf-8")
    assert [name for name in i3x.__all__ if name not in text and name != "__version__"] == []
