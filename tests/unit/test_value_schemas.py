"""Checking values against schemas that were made to harm, or that can't be used."""

from __future__ import annotations

from typing import Any

import pytest

import i3x
from i3x.value_schemas import ElementSchema

SLOW_PATTERN = "^(a+)+$"


def check(schema: dict[str, Any], value: Any) -> None:
    """Check a value of a pump whose type has a schema."""
    ElementSchema(i3x.ObjectInstance("pump-101"), i3x.ObjectType("type-pump", schema=schema)).check(value)


@pytest.mark.parametrize(
    "reference",
    [
        "http://127.0.0.1:9/a",
        "file:///etc/passwd",
        "../a",
        "#/$defs/nothing",
        "#anchor",
        3,
        "urn:a#/b",
        "//a/b",
    ],
)
@pytest.mark.parametrize("keyword", ["$ref", "$dynamicRef", "$recursiveRef"])
def test_nothing_outside_of_a_schema_is_read(
    monkeypatch: pytest.MonkeyPatch, keyword: str, reference: Any
) -> None:
    def no_request(*_arguments: Any, **_options: Any) -> None:
        raise AssertionError("a schema was fetched")

    monkeypatch.setattr("urllib.request.urlopen", no_request)
    schema = {"$id": "http://127.0.0.1:9/", "properties": {"a": {keyword: reference}, "b": {"type": "null"}}}
    if reference == 3:
        with pytest.raises(i3x.InvalidServerResponseError, match="no use"):
            check(schema, {"a": 1})
        return
    with pytest.raises(i3x.InvalidValueError) as caught:
        check(schema, {"a": 1, "b": 1})
    assert caught.value.problems == ("`$.b`: 1 is not of type 'null'",)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"pattern": SLOW_PATTERN}}},
        {"properties": {"a": {"pattern": "(.*)*x"}}},
        {"properties": {"a": {"pattern": "a?" * 30 + "a" * 30 + "x"}}},
        {"properties": {"a": {"pattern": r"(a|a)(a|a)*\1+$"}}},
        {"properties": {"a": {"pattern": ".*.*.*.*.*.*.*.*=x"}}},
        {"properties": {"a": {"pattern": r"\p{L}+(?<x>"}}},
        {"patternProperties": {SLOW_PATTERN: {"type": "string"}}, "additionalProperties": True},
        {"patternProperties": {SLOW_PATTERN: True}, "unevaluatedProperties": False},
    ],
)
def test_a_pattern_that_may_take_for_ever_is_left_to_the_server(schema: Any) -> None:
    check(schema, {"a": "a" * 60 + "!", "a" * 60 + "!": 1})


def test_a_plain_pattern_is_checked() -> None:
    schema = {"properties": {"a": {"pattern": "^[A-Z]{2}-[0-9]+$"}}}
    check(schema, {"a": "NW-4711"})
    with pytest.raises(i3x.InvalidValueError, match="does not match"):
        check(schema, {"a": "4711"})


def _laughs() -> dict[str, Any]:
    definitions = {
        f"d{level}": {"allOf": [{"$ref": f"#/$defs/d{level + 1}"}, {"$ref": f"#/$defs/d{level + 1}"}]}
        for level in range(30)
    }
    return {"$ref": "#/$defs/d0", "$defs": {**definitions, "d30": {"type": "integer"}}}


def _nested(levels: int) -> dict[str, Any]:
    schema: dict[str, Any] = {}
    for _ in range(levels):
        schema = {"not": schema}
    return schema


@pytest.mark.parametrize(
    "schema",
    [
        _laughs(),
        {"$ref": "#"},
        {"allOf": [{"$ref": "#"}]},
        {"type": "nonsense"},
        {"properties": []},
        {"multipleOf": 0},
        {"enum": "a"},
        {"enum": [1] * 100_001},
        _nested(300),
    ],
    ids=lambda schema: str(schema)[:30],
)
def test_a_schema_that_is_of_no_use_is_told(schema: Any) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="'type-pump' is of no use"):
        check(schema, 5)


def test_a_number_that_is_too_large_for_the_arithmetic() -> None:
    schema = {"multipleOf": 1e-300}
    with pytest.raises(i3x.I3XError):
        check(schema, 10**300)


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"uniqueItems": True}, [{"number": number} for number in range(30_000)]),
        ({"uniqueItems": True}, [*range(20_000), *map(str, range(20_000))]),
        ({"items": {"enum": list(range(50_000))}}, [-1] * 50_000),
    ],
    ids=["objects", "mixed", "enumeration"],
)
def test_one_keyword_may_take_long_too(schema: dict[str, Any], value: Any) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="takes too long"):
        check(schema, value)


def test_a_part_that_names_a_draft_has_the_same_bounds() -> None:
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    levels = {f"d{level}": {**draft, "allOf": [{"$ref": f"#/$defs/d{level + 1}"}] * 8} for level in range(10)}
    with pytest.raises(i3x.InvalidServerResponseError, match="takes too long"):
        check({**draft, "$ref": "#/$defs/d0", "$defs": {**levels, "d10": True}}, 1)


def test_a_schema_is_checked_in_linear_time() -> None:
    enumerated = [5, *({"number": number} for number in range(20_000))]
    check({"$schema": "http://json-schema.org/draft-04/schema#", "enum": enumerated}, 5)


def test_long_lists_that_are_checked_soon() -> None:
    check({"uniqueItems": True, "items": {"type": "integer"}}, list(range(50_000)))
    check({"uniqueItems": True}, [{"number": number} for number in range(1_000)])


def pump(schema: dict[str, Any]) -> ElementSchema:
    return ElementSchema(i3x.ObjectInstance("pump-101"), i3x.ObjectType("type-pump", schema=schema))


MANY = {f"field{number:02}": {"type": "integer"} for number in range(40)}
WRONG = dict.fromkeys(list(MANY)[:25], "wrong")


def test_a_change_is_checked_however_much_was_wrong_before() -> None:
    with pytest.raises(i3x.InvalidValueError, match="field39"):
        pump({"type": "object", "properties": MANY}).changed(WRONG, {"field39": "wrong"})


def test_one_of_many_wrong_fields_can_be_put_right() -> None:
    changed = pump({"type": "object", "properties": MANY}).changed(WRONG, {"field00": 1})
    assert changed["field00"] == 1


def test_what_is_written_must_fit_though_the_same_was_there_before() -> None:
    with pytest.raises(i3x.InvalidValueError, match="field00"):
        pump({"type": "object", "properties": MANY}).changed(WRONG, {"field00": "wrong"})


def test_of_many_problems_a_few_are_told() -> None:
    with pytest.raises(i3x.InvalidValueError) as caught:
        pump({"type": "object", "properties": MANY}).check(WRONG)
    assert len(caught.value.problems) == 20
