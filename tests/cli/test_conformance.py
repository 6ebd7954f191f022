"""`conformance`: the suite, with the settings of the command."""

from pathlib import Path
from typing import Any

import pytest

from i3x.conformance import command

from .running import Runner


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the suite is called with; the suite itself has its own tests, and takes its time."""
    found: dict[str, Any] = {}

    def execute(url: str, **options: Any) -> int:
        found.update(options, url=url)
        return 1

    monkeypatch.setattr(command, "execute", execute)
    return found


URL = "https://server.example.com/v1"


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([URL], {}, {"url": URL, "token": None, "basic": None, "header": [], "insecure": False}),
        (["--url", URL], {}, {"url": URL}),
        ([], {"I3X_URL": URL}, {"url": URL}),
        ([URL], {"I3X_URL": "https://other"}, {"url": URL}),
        ([URL, "--token", "a"], {"I3X_TOKEN": "b"}, {"token": "a"}),
        ([URL], {"I3X_TOKEN": "b"}, {"token": "b"}),
        ([URL, "--basic", "a:b:c"], {"I3X_TOKEN": "b"}, {"basic": "a:b:c", "token": None}),
        ([URL, "--header", "X-Key: k"], {}, {"header": ["X-Key: k"]}),
        ([URL, "--insecure", "--timeout", "3"], {}, {"insecure": True, "timeout": 3.0, "ca": None}),
        ([URL, "--ca", "ca.pem"], {}, {"insecure": False, "ca": "ca.pem"}),
        ([URL], {"I3X_CA": "ca.pem"}, {"insecure": False, "ca": "ca.pem"}),
        (
            [URL, "--no-writes", "--quiet", "--json", "a.json", "--junit", "b.xml"],
            {},
            {"no_writes": True, "quiet": True, "json": "a.json", "junit": "b.xml"},
        ),
    ],
)
def test_the_suite_gets_the_settings_of_the_command(
    bare: Runner,
    asked: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
    expected: dict[str, Any],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert bare("conformance", *arguments).status == 1
    assert expected.items() <= asked.items()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no server"),
        ([URL, "--ca", "no-such-file.pem"], "no-such-file.pem"),
        ([URL, "--ca", __file__], "no file or folder of certificates"),
        ([URL, "--ca", "ca.pem", "--insecure"], "contradict"),
        (["ftp://server"], "http"),
        ([URL, "--json", "no/such/folder/report.json"], "no/such/folder"),
    ],
)
def test_wrong_usage(bare: Runner, arguments: list[str], said: str) -> None:
    run = bare("conformance", *arguments)

    assert run.status == 2
    assert said in run.complaint


def test_a_server_that_is_not_there_ends_with_3(bare: Runner, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run = bare("conformance", "http://127.0.0.1:1/v1", "--json", str(report))

    assert run.status == 3
    assert "can't be reached" in run.out
    assert report.exists()
