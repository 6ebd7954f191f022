"""`get` and `set`: current values."""

import json

import pytest

from i3x.testing import Server
from i3x.testing.pump_station import ODD_ID

from .running import Runner


@pytest.mark.parametrize(
    ("arguments", "stdin", "ids"),
    [
        (["sensor-001"], "", ["sensor-001"]),
        (["sensor-002", "sensor-001"], "", ["sensor-002", "sensor-001"]),
        (["Pump Station/Inlet Pressure", "Outlet Valve Open"], "", ["sensor-002", "valve-401"]),
        (["sensor-001", "sensor-001", "Inlet Temperature"], "", ["sensor-001"]),
        ([ODD_ID], "", [ODD_ID]),
        (["-"], "sensor-001\n\n  sensor-002  \n", ["sensor-001", "sensor-002"]),
        (["weather", "-"], f"Pump Station/Inlet Temperature\n{ODD_ID}", ["weather", "sensor-001", ODD_ID]),
        (["tank-201", "--depth", "0"], "", ["tank-201", "tank-201-level"]),
        (["--", "-odd"], "", ["-odd"]),
        (["-"], "-odd", ["-odd"]),
    ],
)
def test_get_reads_elements_by_id_by_path_and_from_stdin(
    i3x: Runner, server: Server, arguments: list[str], stdin: str, ids: list[str]
) -> None:
    server.add_object("-odd", "Odd", "type-level", parent_id="station-1", value=1)
    run = i3x("get", *arguments, stdin=stdin)

    assert (run.status, run.err) == (0, "")
    assert [record["elementId"] for record in run.records] == ids


def test_what_one_verb_writes_another_reads(i3x: Runner) -> None:
    listed = i3x("ls", "-r", "--type", "type-tank").out
    run = i3x("get", "-", stdin=listed)

    assert (run.status, run.err) == (0, "")
    assert [record["elementId"] for record in run.records] == ["tank-201", "tank-202"]


@pytest.mark.parametrize("line", ['{"elementId": 5}', "{}", "[1]", "7", '{"elementId"'])
def test_a_line_that_is_no_record_is_an_id(i3x: Runner, line: str) -> None:
    run = i3x("get", "-", stdin=line)

    assert run.status == 1
    assert line in run.complaint


def test_the_address_space_is_read_only_for_a_path(i3x: Runner, server: Server) -> None:
    i3x("get", "sensor-001", "sensor-002")
    assert "getObjects" not in [request.operation for request in server.requests]

    i3x("get", "sensor-001", "Inlet Pressure")
    assert "getObjects" in [request.operation for request in server.requests]


@pytest.mark.parametrize("arguments", [["get"], ["get", "-"], ["set", "sensor-001"], ["set"]])
def test_nothing_to_do_is_wrong_usage(i3x: Runner, arguments: list[str]) -> None:
    assert i3x(*arguments).status == 2


def test_get_shows_the_good_part_and_tells_of_the_rest(i3x: Runner) -> None:
    run = i3x("get", "nowhere", "sensor-001", "nobody")

    assert run.status == 1
    assert [record["elementId"] for record in run.records] == ["sensor-001"]
    assert [name in line for name, line in zip(("nowhere", "nobody"), run.err.splitlines(), strict=True)] == [
        True,
        True,
    ]


def test_get_tells_what_the_server_has_cut(i3x: Runner, server: Server) -> None:
    def cut(answer: dict[str, object]) -> dict[str, object]:
        return answer | {"responseDetail": {"title": "Cut", "status": 206, "detail": "at depth 3"}}

    server.fault("edit_json", operation="queryLastKnownValues", edit_with=cut)
    run = i3x("get", "pump-101", "-d", "0")

    assert run.status == 0
    assert run.records


@pytest.mark.parametrize(
    ("element", "text", "value"),
    [
        ("sensor-001", "72.5", 72.5),
        ("sensor-001", "-5", -5),
        ("sensor-001", "-0.5e1", -5.0),
        ("mode-501", "manual", "manual"),
        ("mode-501", '"off"', "off"),
        ("valve-401", "false", False),
        ("Pump Station/Inlet Pressure", "3", 3),
        (
            "pump-102",
            '{"manufacturer": "N", "running": false, "speed": 0, "mode": "off"}',
            {"manufacturer": "N", "running": False, "speed": 0, "mode": "off"},
        ),
    ],
)
def test_set_writes_json_and_bare_texts(i3x: Runner, element: str, text: str, value: object) -> None:
    run = i3x("set", element, text)
    assert (run.status, run.err) == (0, "")
    assert [record["success"] for record in run.records] == [True]

    (read,) = i3x("get", element).records
    assert (read["value"], read["quality"]) == (value, "Good")


def test_set_tells_a_program_what_was_written(i3x: Runner) -> None:
    run = i3x("set", "Pump Station/Inlet Pressure", "7")

    assert (run.status, run.err) == (0, "")
    assert run.records == [{"elementId": "sensor-002", "success": True}]
    assert i3x("set", "sensor-002", "7", "-o", "csv").out == "elementId,success\nsensor-002,true\n"
    assert i3x("set", "sensor-002", "7", "-o", "table").out == ""
    assert i3x("set", "sensor-002", "seven").out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        ["sensor-001", "-5", "--quality", "Uncertain", "--timestamp", "2026-01-31T08:00:00Z"],
        ["--quality", "uncertain", "sensor-001", "-5", "--timestamp", "2026-01-31T08:00:00Z"],
        ["--timestamp", "2026-01-31T08:00:00Z", "--quality", "UNCERTAIN", "--", "sensor-001", "-5"],
    ],
)
def test_set_takes_quality_timestamp_and_negative_numbers_anywhere(i3x: Runner, arguments: list[str]) -> None:
    assert i3x("set", *arguments).status == 0

    assert i3x("get", "sensor-001").records == [
        {
            "elementId": "sensor-001",
            "value": -5,
            "quality": "Uncertain",
            "timestamp": "2026-01-31T08:00:00Z",
        }
    ]


def test_set_reads_stdin(i3x: Runner) -> None:
    assert i3x("set", "sensor-001", "-", stdin="12.5\n").status == 0
    assert i3x("get", "sensor-001").records[0]["value"] == 12.5


@pytest.mark.parametrize("line_end", ["", "\n", "\r\n"])
def test_the_line_end_of_stdin_is_no_part_of_a_text(i3x: Runner, line_end: str) -> None:
    assert i3x("set", "mode-501", "-", stdin=f"manual{line_end}").status == 0
    assert i3x("get", "mode-501").records[0]["value"] == "manual"


def test_only_one_line_end_is_taken_off(i3x: Runner, server: Server) -> None:
    i3x("set", "mode-501", "-", "--force", stdin="two\nlines\n\n")

    assert server.requests[-1].json["updates"][0]["value"]["value"] == "two\nlines\n"


@pytest.mark.parametrize(
    ("arguments", "stdin", "said"),
    [
        (["sensor-001", "-"], "", "no value on stdin"),
        (["sensor-001", "-"], "\n", "no value on stdin"),
        (["sensor-001", "-"], "[" * 100_000, "nested too deep"),
        (["-", "-"], "sensor-001\n", "stdin can't be both"),
        (["-", "5"], "sensor-001\nsensor-002\n", "stdin names 2 elements, and one is wanted"),
    ],
)
def test_what_stdin_has_that_cannot_be_written_is_wrong_usage(
    i3x: Runner, server: Server, arguments: list[str], stdin: str, said: str
) -> None:
    run = i3x("set", *arguments, stdin=stdin)

    assert run.status == 2
    assert said in run.complaint
    assert "updateObjectValues" not in [request.operation for request in server.requests]


def test_set_takes_its_element_from_stdin(i3x: Runner) -> None:
    assert i3x("set", "-", "7", stdin="Pump Station/Inlet Pressure\n").status == 0
    assert i3x("get", "sensor-002").records[0]["value"] == 7


def test_a_line_that_is_nested_too_deep_to_be_a_record_is_an_id(i3x: Runner) -> None:
    run = i3x("get", "-", stdin="[" * 100_000)

    assert run.status == 1
    assert len(run.err.splitlines()) == 1


def test_set_writes_that_there_is_no_value(i3x: Runner) -> None:
    assert i3x("set", "sensor-001", "null", "--quality", "Bad").status == 0
    assert i3x("get", "sensor-001").records[0]["value"] is None


@pytest.mark.parametrize(
    ("element", "text", "said"),
    [
        ("sensor-001", "warm", "`$`: \"warm\" is not of type 'number'"),
        ("sensor-001", "null", "`$`: null is not of type 'number'"),
        ("mode-501", "fast", '"fast" is not one of ["auto", "manual", "off"]'),
        ("pump-101", '{"speed": -1}', "`$.speed`: -1 is less than the minimum of 0"),
    ],
)
def test_set_refuses_before_sending_what_the_type_refuses(
    i3x: Runner, server: Server, element: str, text: str, said: str
) -> None:
    run = i3x("set", element, text)

    assert run.status == 1
    assert said in run.complaint
    assert run.complaint.endswith(". --force writes it anyway")
    assert "updateObjectValues" not in [request.operation for request in server.requests]


def test_set_leaves_it_to_the_server_if_forced(i3x: Runner, server: Server) -> None:
    i3x("set", "sensor-001", "warm", "--force")

    assert server.requests[-1].operation == "updateObjectValues"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["sensor-001", "NaN"], 2, "JSON has no NaN"),
        (["sensor-001", "[1, -Infinity]"], 2, "JSON has no -Infinity"),
        (["pump-101", '{"speed": 1'], 2, "not valid JSON"),
        (["sensor-001", "1", "--quality", "Perfect"], 2, "'Perfect' is not one of"),
        (["sensor-001", "1", "--timestamp", "yesterday"], 2, "RFC 3339"),
        (["sensor-001", "1", "2"], 2, "unexpected extra argument"),
        (["sensor-001", "--forse"], 2, "No such option: --forse"),
        (["sensor-001", "-x"], 2, "No such option: -x"),
        (["no-such-element", "1"], 1, "no-such-element"),
        (["volume-stored", "1"], 1, "volume-stored"),
    ],
)
def test_what_cannot_be_written(i3x: Runner, arguments: list[str], status: int, said: str) -> None:
    run = i3x("set", *arguments)

    assert (run.status, run.out) == (status, "")
    assert said in run.complaint


def test_values_of_any_depth_can_be_shown(i3x: Runner, server: Server) -> None:
    nested = json.loads("[" * 300 + "]" * 300)
    server.set_value("legacy-plc", nested)

    for form in ("jsonl", "csv", "table"):
        assert i3x("get", "legacy-plc", "-o", form).status == 0
