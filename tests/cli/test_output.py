"""Every verb in every form: whole JSON, stable keys, no colour."""

import csv
import io
import json
import sys

import pytest

from i3x.testing import Server

from .running import Runner

OBJECT = ["elementId", "displayName", "typeElementId", "parentId", "isComposition", "isExtended", "metadata"]
VALUE = ["elementId", "value", "quality", "timestamp"]
TYPE = ["elementId", "displayName", "namespaceUri", "sourceTypeId", "version", "schema", "related"]

KEYS = {
    ("info",): ["url", "specVersion", "serverVersion", "serverName", "capabilities"],
    ("ls",): [*OBJECT, "path"],
    ("ls", "-r"): [*OBJECT, "path"],
    ("ls", "-m"): [*OBJECT, "path"],
    ("tree", "--depth", "1"): [*OBJECT, "path", "depth"],
    ("types",): TYPE,
    ("get", "sensor-001", "pump-101", "sensor-bad", "-d", "0"): VALUE,
    ("history", "sensor-001", "--start", "-5s"): VALUE,
    ("watch", "sensor-001", "--initial", "-n", "1"): [*VALUE, "replayed"],
    ("related", "pump-101"): ["hops", "sourceElementId", "sourceRelationship", "object"],
    ("doctor",): ["check", "verdict", "seen", "advice"],
    ("smoke",): ["ok", "connect", "browse", "read", "subscribe", "cleanUp"],
}
WITH_FORMS = [verb for verb in KEYS if verb != ("smoke",)]


@pytest.mark.parametrize("verb", KEYS, ids=" ".join)
def test_a_pipe_gets_one_json_object_a_line_with_the_same_keys_always(
    i3x: Runner, verb: tuple[str, ...]
) -> None:
    run = i3x(*verb)

    assert (run.status, run.err) == (0, "")
    assert run.records
    for record in run.records:
        assert list(record) == KEYS[verb]


@pytest.mark.parametrize("verb", WITH_FORMS, ids=" ".join)
def test_json_is_one_document_with_the_same_records(i3x: Runner, verb: tuple[str, ...]) -> None:
    document = json.loads(i3x(*verb, "-o", "json").out)

    for record in document if isinstance(document, list) else [document]:
        assert list(record) == KEYS[verb]


@pytest.mark.parametrize("verb", WITH_FORMS, ids=" ".join)
def test_csv_has_one_line_of_names_and_rows_as_long(i3x: Runner, verb: tuple[str, ...]) -> None:
    names, *rows = csv.reader(io.StringIO(i3x(*verb, "-o", "csv").out))

    assert rows
    assert {len(row) for row in rows} == {len(names)}


@pytest.mark.parametrize("verb", WITH_FORMS, ids=" ".join)
def test_a_table_in_a_pipe_has_no_colour_and_is_not_folded(i3x: Runner, verb: tuple[str, ...]) -> None:
    run = i3x(*verb, "-o", "table")

    assert (run.status, run.err) == (0, "")
    assert run.out
    assert "\x1b" not in run.out


def test_no_records_are_an_empty_document_in_each_form(i3x: Runner) -> None:
    found = {form: i3x("ls", "sensor-001", "-o", form).out for form in ("json", "jsonl", "csv", "table")}

    assert found == {"json": "[]\n", "jsonl": "", "csv": "displayName,elementId,typeElementId\n", "table": ""}


def test_what_was_found_before_an_error_is_a_whole_document(i3x: Runner) -> None:
    run = i3x("get", "sensor-001", "no-such-element", "-o", "json")

    assert run.status == 1
    assert [record["elementId"] for record in json.loads(run.out)] == ["sensor-001"]
    assert "no-such-element" in run.complaint


def test_csv_keeps_texts_as_they_are_and_parts_as_json(i3x: Runner, server: Server) -> None:
    server.set_value("mode-501", 'a "b",\n\x1b[1m')
    text, structure = i3x("get", "mode-501", "pump-101-bearing-nde", "-o", "csv").rows

    assert text["value"] == 'a "b",\n\x1b[1m'
    assert json.loads(structure["value"])["vibration"] is None


def test_integers_beyond_64_bits_and_long_texts_arrive_whole(i3x: Runner, server: Server) -> None:
    server.set_value("meter-301", 2**70)
    server.set_value("mode-501", "ä" * 1_000_000)
    whole, long = i3x("get", "meter-301", "mode-501").records

    assert (whole["value"], len(long["value"])) == (2**70, 1_000_000)


def test_output_is_utf_8_whatever_the_locale_says(i3x: Runner, monkeypatch: pytest.MonkeyPatch) -> None:
    narrow = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    monkeypatch.setattr(sys, "stdout", narrow)
    i3x("ls", "-r")

    assert "Förderdruck" in narrow.buffer.getvalue().decode()
