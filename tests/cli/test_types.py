"""`types`: what there is, and as Python classes."""

from pathlib import Path
from typing import Any

import pytest

from i3x.testing import Server
from i3x.testing.pump_station import EQUIPMENT, RELATIONSHIPS

from .running import Runner


def test_types_lists_them_by_namespace(i3x: Runner) -> None:
    everything = i3x("types").records
    some = i3x("types", "--namespace", "https://example.com/pump-station/measurements").records

    assert "type-pump" in [each["elementId"] for each in everything]
    assert {each["namespaceUri"] for each in some} == {"https://example.com/pump-station/measurements"}


def test_types_writes_classes_and_checks_that_they_are_current(
    i3x: Runner, server: Server, tmp_path: Path
) -> None:
    file = tmp_path / "plant.py"
    missing = i3x("types", "-o", str(file), "--check")
    written = i3x("types", "-o", str(file))
    current = i3x("types", "-o", str(file), "--check")
    file.write_text(file.read_text(encoding="utf-8").replace("class Pump", "class Bomb"), encoding="utf-8")
    changed = i3x("types", "-o", str(file), "--check")

    assert (missing.status, written.status, current.status, changed.status) == (1, 0, 0, 1)
    assert (written.out, current.out) == ("", "")
    assert "+class Pump" in changed.out
    assert "-class Bomb" in changed.out


def test_a_type_that_can_not_be_read_is_told_and_fails_nothing(
    i3x: Runner, server: Server, tmp_path: Path
) -> None:
    def spoil(document: Any) -> Any:
        document["result"][0]["schema"] = {"type": "object", "properties": "nonsense"}
        return document

    server.fault("edit_json", operation="getObjectTypes", edit_with=spoil)
    file = str(tmp_path / "plant.py")
    written, current = i3x("types", "-o", file), i3x("types", "-o", file, "--check")

    assert (written.status, current.status) == (0, 0)
    for run in (written, current):
        warnings = [line for line in run.err.splitlines() if "is Any, since no class can be made" in line]
        assert len(warnings) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--check"], "name it, as in -o plant.py --check"),
        (["-o", "json", "--check"], "name it"),
        (["-o", "xml"], "table, json, jsonl, csv, or a file that ends in .py"),
        (["-o", "no/such/folder/plant.py"], "no/such/folder"),
    ],
)
def test_what_types_cannot_do(i3x: Runner, arguments: list[str], said: str) -> None:
    run = i3x("types", *arguments)

    assert (run.status, run.out) == (2, "")
    assert said in run.complaint


def test_a_namespace_that_is_not_there_is_told_from_one_without_types(i3x: Runner) -> None:
    unknown = i3x("types", "--namespace", "https://example.com/nothing")
    empty = i3x("types", "--namespace", RELATIONSHIPS)

    assert (unknown.status, unknown.out) == (1, "")
    assert f"no namespace 'https://example.com/nothing'; there are: {EQUIPMENT}, " in unknown.complaint
    assert (empty.status, empty.out, empty.err) == (0, "", "")
