"""Changing single fields, and checking values against the schema of their type."""

from __future__ import annotations

import contextlib
import json
import pickle
import sys
from collections.abc import Callable
from typing import Any

import pytest

import i3x
from i3x.testing import Server

PLATE: dict[str, Any] = {"manufacturer": "Nordwerk", "running": True, "mode": "auto", "speed": 3.0}


@pytest.fixture
def pump(client: i3x.Client, server: Server) -> i3x.Client:
    """A client, and a pump-101 with a known value."""
    server.set_value("pump-101", PLATE)
    return client


def writes(server: Server) -> int:
    """Return how many writes the server has received."""
    return sum(request.method == "PUT" for request in server.requests)


Having = Callable[[Any], None]


@pytest.fixture
def having(server: Server) -> Having:
    """Gives all object types another schema."""

    def having(schema: Any) -> None:
        def edit(document: Any) -> Any:
            for item in document["results"]:
                item["result"]["schema"] = schema
            return document

        server.fault("edit_json", operation="queryObjectTypesById", edit_with=edit)

    return having


# --- changing fields ----------------------------------------------------------------------------------------


def test_a_field_is_changed_and_the_others_stay(pump: i3x.Client) -> None:
    written = pump.update_fields("pump-101", speed=12.5)
    assert written == {**PLATE, "speed": 12.5}
    assert pump.get_value("pump-101").value == written


def test_fields_come_by_keyword_and_by_dict(pump: i3x.Client) -> None:
    pump.update_fields("pump-101", {"speed": 1.5, "serialNumber": None}, mode="off")
    assert pump.get_value("pump-101").value == {**PLATE, "speed": 1.5, "serialNumber": None, "mode": "off"}


def test_a_write_of_fields_leaves_quality_and_time_to_the_server(pump: i3x.Client, server: Server) -> None:
    pump.update_fields("pump-101", speed=12.5)
    assert list(server.requests[-1].json["updates"][0]["value"]) == ["value"]


def test_a_value_that_is_uncertain_stays_so(client: i3x.Client, server: Server) -> None:
    server.set_value("pump-101", PLATE, quality="Uncertain")
    assert client.update_fields("pump-101", speed=12.5, verify=True) == {**PLATE, "speed": 12.5}
    assert client.get_value("pump-101").quality == "Uncertain"


@pytest.mark.parametrize(
    ("read", "sent"), [("Bad", {"quality": "Bad"}), ("Good", {}), ("GoodNoData", {}), ("Stale", {}), ("", {})]
)
def test_the_quality_of_what_is_not_changed(
    pump: i3x.Client, server: Server, read: str, sent: dict[str, str]
) -> None:
    def edit(document: Any) -> Any:
        document["results"][0]["result"]["quality"] = read
        return document

    server.fault("edit_json", operation="queryLastKnownValues", edit_with=edit)
    with contextlib.suppress(i3x.I3XError):  # this server has no value that is bad
        pump.update_fields("pump-101", speed=12.5)
    assert server.requests[-1].json["updates"][0]["value"] == {"value": {**PLATE, "speed": 12.5}, **sent}


def test_fields_with_the_names_of_a_vqt_are_fields(
    client: i3x.Client, server: Server, having: Having
) -> None:
    number = {"type": "number"}
    having({"type": "object", "properties": {"value": number, "quality": number}})
    server.set_value("legacy-plc", {"value": 1, "quality": 2})
    with pytest.raises(i3x.I3XError, match="read-only"):
        client.update_fields("legacy-plc", value=3)
    assert server.requests[-1].json["updates"][0]["value"] == {"value": {"value": 3, "quality": 2}}


def test_fields_with_the_names_of_arguments_are_fields(
    client: i3x.Client, server: Server, having: Having
) -> None:
    having({"type": "object", "properties": {"element_id": {}, "changes": {}, "timeout": {}}})
    server.set_value("legacy-plc", {"verify": 1})
    with pytest.raises(i3x.I3XError, match="read-only"):
        client.update_fields("legacy-plc", {"verify": 2, "timeout": 3}, element_id=4, changes=5)
    sent = server.requests[-1].json["updates"][0]["value"]["value"]
    assert sent == {"verify": 2, "timeout": 3, "element_id": 4, "changes": 5}


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"speed": "fast"}, r"`\$\.speed`: \"fast\" is not of type 'number'"),
        ({"speed": -1}, r"`\$\.speed`: -1 is less than the minimum"),
        ({"mode": "turbo"}, r"`\$\.mode`: \"turbo\" is not one of \[\""),
        ({"flow": 1}, r"`\$\.flow`: the type has no such field$"),
        ({"serial_number": "1"}, r"`\$\.serial_number`: .* no such field; did you mean 'serialNumber'\?$"),
        ({"Speeed": 1}, r"`\$\.Speeed`: the type has no such field; did you mean 'speed'\?$"),
        ({"speed": -1, "mode": "turbo"}, r"\$\.mode.*\$\.speed|\$\.speed.*\$\.mode"),
    ],
)
def test_what_the_type_refuses_is_not_written(
    pump: i3x.Client, server: Server, fields: dict[str, Any], problem: str
) -> None:
    with pytest.raises(i3x.InvalidValueError, match=problem) as caught:
        pump.update_fields("pump-101", fields)
    assert caught.value.element_id == "pump-101"
    assert len(caught.value.problems) == len(fields)
    assert isinstance(caught.value, ValueError)
    assert writes(server) == 0


def test_what_was_wrong_before_does_not_matter(pump: i3x.Client, server: Server, having: Having) -> None:
    having({"type": "object", "properties": {**dict.fromkeys(PLATE, True), "mode": {"type": "null"}}})
    pump.update_fields("pump-101", speed=9.5)
    assert pump.get_value("pump-101").value["speed"] == 9.5


@pytest.mark.parametrize(("element_id", "what"), [("sensor-001", "float"), ("sensor-bad", "no value")])
def test_a_value_without_fields(client: i3x.Client, element_id: str, what: str) -> None:
    with pytest.raises(i3x.InvalidValueError, match=what):
        client.update_fields(element_id, speed=1)


def test_an_extended_object_has_more_fields(client: i3x.Client) -> None:
    client.update_fields("pump-102", energyRating="B", speed=1.0)
    assert client.get_value("pump-102").value["energyRating"] == "B"
    with pytest.raises(i3x.InvalidValueError, match="energyRating"):
        client.update_fields("pump-102", energyRating="Z")
    with pytest.raises(i3x.InvalidValueError, match="colour"):
        client.update_fields("pump-102", colour="red")


def test_a_closed_type_may_be_extended(client: i3x.Client, server: Server, having: Having) -> None:
    known: dict[str, Any] = {
        name: {} for name in ("manufacturer", "running", "mode", "serialNumber", "speed")
    }
    having({"type": "object", "properties": known, "additionalProperties": False})
    client.update_fields("pump-102", energyRating="C")
    assert client.get_value("pump-102").value["energyRating"] == "C"


def test_a_type_without_known_fields_takes_any(client: i3x.Client, server: Server) -> None:
    with pytest.raises(i3x.I3XError, match="read-only"):  # which is the server's own answer
        client.update_fields("legacy-plc", anything=1)
    assert writes(server) == 1


def test_a_write_that_is_kept_is_verified(pump: i3x.Client) -> None:
    assert pump.update_fields("pump-101", speed=12.5, verify=True)["speed"] == 12.5


def test_a_write_that_the_server_drops_is_told(pump: i3x.Client, server: Server) -> None:
    answer = json.dumps(
        {"success": True, "results": [{"success": True, "elementId": "pump-101", "result": None}]}
    )
    with server.fault("body", operation="updateObjectValues", body=answer, content_type="application/json"):
        pump.update_fields("pump-101", speed=12.5)
        with pytest.raises(i3x.ValueNotKeptError, match=r"written speed: 12\.5, read 3\.0") as caught:
            pump.update_fields("pump-101", speed=12.5, verify=True)
    assert (caught.value.written, caught.value.found) == ({**PLATE, "speed": 12.5}, PLATE)
    assert pickle.loads(pickle.dumps(caught.value)).found == PLATE


@pytest.mark.parametrize(
    ("arguments", "fields"),
    [((), {}), (({},), {}), ((["speed"],), {}), (({"speed": 1},), {"speed": 2}), (({1: 2},), {})],
)
def test_fields_that_make_no_sense(client: i3x.Client, server: Server, arguments: Any, fields: Any) -> None:
    before = len(server.requests)
    with pytest.raises(TypeError):
        client.update_fields("pump-101", *arguments, **fields)
    assert len(server.requests) == before


def test_fields_that_json_can_not_say(client: i3x.Client) -> None:
    with pytest.raises(ValueError, match="JSON"):
        client.update_fields("pump-101", speed=float("nan"))


# --- checking values ----------------------------------------------------------------------------------------


def test_a_value_is_checked(client: i3x.Client, server: Server) -> None:
    client.check_value("pump-101", PLATE)
    client.check_value("sensor-001", 3)
    with pytest.raises(i3x.InvalidValueError) as caught:
        client.check_value("pump-101", {**PLATE, "speed": None, "mode": "turbo"})
    assert sorted(problem.partition(":")[0] for problem in caught.value.problems) == ["`$.mode`", "`$.speed`"]
    assert writes(server) == 0


@pytest.mark.parametrize(
    "wrapped",
    [
        lambda value: i3x.VQT(value, "Good"),
        lambda value: i3x.CurrentValue(element_id="sensor-002", value=value, quality="Uncertain"),
        lambda value: i3x.ValueChange(element_id="sensor-002", value=value),
        lambda value: {"value": value},
        lambda value: {"value": value, "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"},
    ],
    ids=["VQT", "CurrentValue", "ValueChange", "value alone", "dict"],
)
def test_what_is_checked_is_what_would_be_written(
    client: i3x.Client, server: Server, wrapped: Callable[[Any], Any]
) -> None:
    client.check_value("sensor-001", wrapped(5.0))
    client.update_value("sensor-001", wrapped(5.0))
    assert server.requests[-1].json["updates"][0]["value"]["value"] == 5.0
    with pytest.raises(i3x.InvalidValueError, match=r"`\$`: \"five\" is not of type 'number'"):
        client.check_value("sensor-001", wrapped("five"))


def test_that_there_is_no_value_fits_any_type(client: i3x.Client) -> None:
    client.check_value("sensor-001", i3x.VQT(None, "Bad"))
    client.check_value("sensor-bad", client.get_value("sensor-bad"))
    with pytest.raises(i3x.InvalidValueError, match="null is not of type 'number'"):
        client.check_value("sensor-001", None)


def test_a_quality_that_can_not_be_written_is_refused_by_the_check_too(client: i3x.Client) -> None:
    with pytest.raises(ValueError, match="quality must be one of"):
        client.check_value("sensor-001", i3x.VQT(5.0, "fine"))


def test_a_nullable_field_may_be_left_out(client: i3x.Client, having: Having) -> None:
    kinds = {"a": {"type": ["number", "null"]}, "b": {"type": "number"}}
    having({"type": "object", "properties": kinds, "required": ["a", "b"]})
    with pytest.raises(i3x.InvalidValueError) as caught:
        client.check_value("pump-101", {})
    assert caught.value.problems == ("`$`: 'b' is a required property",)


@pytest.mark.parametrize(
    "draft",
    [
        "http://json-schema.org/draft-04/schema#",
        "http://json-schema.org/draft-07/schema#",
        "urn:unknown",
        ["#"],
    ],
)
def test_schemas_of_any_draft_are_checked(client: i3x.Client, having: Having, draft: Any) -> None:
    having(
        {
            "$schema": draft,
            "type": "object",
            "properties": {"a": {"$ref": "#/definitions/a"}},
            "definitions": {"a": {"type": "null"}},
        }
    )
    with pytest.raises(i3x.InvalidValueError, match=r"\$\.a"):
        client.check_value("pump-101", {"a": 1})


def test_an_element_or_a_type_that_is_unknown(client: i3x.Client, server: Server) -> None:
    with pytest.raises(i3x.NotFoundError, match="nothing"):
        client.check_value("nothing", 1)
    with (
        server.fault("status", operation="queryObjectTypesById", status=501),
        pytest.raises(i3x.NotSupportedError),
    ):
        client.check_value("pump-101", 1)


def test_an_element_without_a_type(client: i3x.Client, server: Server) -> None:
    def untyped(document: Any) -> Any:
        document["results"][0]["result"]["typeElementId"] = ""
        return document

    server.fault("edit_json", operation="listObjectsById", edit_with=untyped)
    with pytest.raises(i3x.InvalidServerResponseError, match="'pump-101' has no type"):
        client.check_value("pump-101", 1)


def test_checking_without_the_extra_names_the_command(
    client: i3x.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "jsonschema", None)
    with pytest.raises(ImportError, match=r'pip install "i3x-client\[types\]"'):
        client.check_value("pump-101", 1)
