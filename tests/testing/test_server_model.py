"""The pump station keeps the standard's own rules."""

from typing import Any

import httpx
import jsonschema
import pytest

from i3x.testing import Server, timestamps
from i3x.testing.pump_station import PumpStation
from i3x.testing.schemas import mismatch

QUALITIES = {"Good", "GoodNoData", "Bad", "Uncertain"}
STATION = PumpStation()


def steps(element_id: str) -> list[Any]:
    """The value of an object long before the start, at it, and long after it."""
    return [STATION.profiles[element_id].signal(step) for step in (-144, -31, 0, 1, 17, 12_345)]


@pytest.mark.parametrize("element_id", STATION.space.elements)
def test_every_value_fits_its_types_schema(element_id: str) -> None:
    for value in steps(element_id):
        if value is not None:
            jsonschema.validate(value, STATION.space.schema(element_id))


@pytest.mark.parametrize("kind", STATION.space.object_types.values(), ids=lambda kind: kind.element_id)
def test_every_object_type_has_a_valid_schema(kind: Any) -> None:
    jsonschema.Draft202012Validator.check_schema(kind.schema)
    assert kind.namespace_uri in {entry.uri for entry in STATION.space.namespaces}


@pytest.mark.parametrize("element_id", STATION.space.elements)
def test_null_goes_with_bad_or_good_no_data_only(element_id: str) -> None:
    quality = STATION.profiles[element_id].quality(0)
    assert quality in QUALITIES
    assert all((value is None) == (quality in {"Bad", "GoodNoData"}) for value in steps(element_id))


def test_every_quality_is_there() -> None:
    assert {profile.quality(0) for profile in STATION.profiles.values()} == QUALITIES


def test_element_ids_are_unique_and_printable() -> None:
    space = STATION.space
    ids = [*space.elements, *space.object_types, *space.relationship_types]
    assert len(ids) == len(set(ids))
    assert all(one.isprintable() and one == one.strip() for one in ids)


def test_every_object_has_a_known_type_and_parent() -> None:
    space = STATION.space
    for element in space.elements.values():
        assert element.type_element_id in space.object_types
        assert element.parent_id is None or element.parent_id in space.elements


def test_an_object_with_components_says_so() -> None:
    space = STATION.space
    for element in space.elements.values():
        assert element.is_composition == bool(list(space.descend(element.element_id, 0)))


def test_objects_come_from_two_namespaces() -> None:
    space = STATION.space
    kinds = {element.type_element_id for element in space.elements.values()}
    assert len({space.object_types[kind].namespace_uri for kind in kinds}) == 2


def test_a_field_that_may_be_null_is_null_somewhere() -> None:
    assert steps("pump-101-bearing-nde")[0]["vibration"] is None


@pytest.mark.parametrize(
    ("value", "schema", "expected"),
    [
        (1, {"type": "number"}, None),
        (True, {"type": "number"}, "value is of type boolean, where the type's schema asks for number"),
        (3.0, {"type": "integer"}, None),
        (3.5, {"type": "integer"}, "value is of type number, where the type's schema asks for integer"),
        (None, {"type": ["number", "null"]}, None),
        (
            "x",
            {"type": ["number", "null"]},
            "value is of type string, where the type's schema asks for number or null",
        ),
        ("x", {"enum": ["y", "z"]}, "value is none of 'y', 'z'"),
        (-1, {"minimum": 0}, "value is below the minimum of 0"),
        (101, {"maximum": 100}, "value is above the maximum of 100"),
        ({}, {"required": ["a"]}, "value.a is missing"),
        (
            {"a": {"b": 1}},
            {"properties": {"a": {"properties": {"b": {"type": "string"}}}}},
            "value.a.b is of type",
        ),
        ({"a": 1}, {"additionalProperties": False}, "value.a is not in the type's schema"),
        ([1, "x"], {"items": {"type": "number"}}, "value[1] is of type string"),
        ({"a": 1}, {"allOf": [{}, {"properties": {"a": {"type": "null"}}}]}, "value.a is of type"),
    ],
)
def test_a_value_is_checked_against_a_schema(
    value: Any, schema: dict[str, Any], expected: str | None
) -> None:
    found = mismatch(value, schema)
    assert found == expected if expected is None or found is None else found.startswith(expected)
    valid = jsonschema.Draft202012Validator(schema).is_valid(value)
    assert valid == (expected is None)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:01z", timestamps.SECOND),
        ("1970-01-01T00:00:00.123456789123Z", 123_456_789),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:59:60Z", 0),
    ],
)
def test_a_timestamp_is_read_to_the_nanosecond(text: str, expected: int) -> None:
    assert timestamps.parse(text) == expected


@pytest.mark.parametrize(
    "text",
    ["", "yesterday", "2026-01-01", "2026-01-01T00:00:00", "2026-02-30T00:00:00Z", "2026-01-01T24:00:00Z",
     "2026-01-01T00:00:61Z", "2026-01-01 00:00:00Z", "2026-01-01T00:00:00+24:00", "\uff12026-01-01T00:00:00Z"],
)  # fmt: skip
def test_what_is_no_timestamp_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"RFC 3339|exists"):
        timestamps.parse(text)


@pytest.mark.parametrize(
    ("nanoseconds", "expected"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_500_000_000, "1970-01-01T00:00:01.500Z"),
        (1, "1970-01-01T00:00:00.000000001Z"),
    ],
)
def test_a_timestamp_is_written_with_z(nanoseconds: int, expected: str) -> None:
    assert timestamps.render(nanoseconds) == expected
    assert timestamps.parse(expected) == nanoseconds


def test_the_address_space_can_have_any_size(http: httpx.Client) -> None:
    with Server(objects=2_000, tick=None) as server:
        listed = http.get(f"{server.url}/objects").json()["result"]
        assert len(listed) == 2_000 + len(STATION.space.elements)
        ids = [f"field-sensor-{index:06d}" for index in range(2_000)]
        answer = http.post(f"{server.url}/objects/value", json={"elementIds": ids}).json()
        assert answer["success"]
        assert [item["elementId"] for item in answer["results"]] == ids
