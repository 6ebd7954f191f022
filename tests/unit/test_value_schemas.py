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
    with pytest.raises(i3x.InvalidValueError) as caught:
        check(schema, {"a": 1, "b": 1})
    assert caught.value.problems == ("`$.b`: 1 is not of type 'null'",)


@pytest.mark.parametrize(
    "schema",
    [
        {"properties": {"a": {"pattern": SLOW_PATTERN}}},
        {"properties": {"a": {"pattern": "(.*)*x"}}},
        {"properties": {"a": {"pattern": r"(a|a)(a|a)*\1+$"}}},
        {"properties": {"a": {"pattern": ".*.*.*.*.*.*.*.*=x"}}},
        {"properties": {"a": {"pattern": "a?" * 30 + "a" * 30 + "x"}}},
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
        {"enum": [1] * 100_001},
        {"properties": dict.fromkeys(map(str, range(1_001)), 1)},
        _nested(300),
    ],
    ids=lambda schema: str(schema)[:30],
)
def test_a_schema_that_is_of_no_use_is_told(schema: Any) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="'type-pump' is of no use"):
        check(schema, 5)


DRAFTS = {
    "4": "http://json-schema.org/draft-04/schema#",
    "7": "http://json-schema.org/draft-07/schema#",
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
}


@pytest.mark.parametrize(
    "keywords",
    [
        {"type": "nonsense"},
        {"properties": []},
        {"properties": {"b": 5}},
        {"required": True},
        {"required": ["b", 3]},
        {"properties": {"b": {"type": "number", "required": True}}},
        {"properties": {"b": {"multipleOf": 0, "enum": "a", "anyOf": []}}},
        {"allOf": [{"$ref": 3}, "number"]},
        {"exclusiveMinimum": True},
        {"exclusiveMaximum": "high"},
        {"required": [*map(str, range(50_000)), 1]},
    ],
    ids=lambda keywords: str(keywords)[:60],
)
@pytest.mark.parametrize("draft", [None, ["#"], *DRAFTS.values()])
def test_a_keyword_that_means_nothing_leaves_the_others(keywords: dict[str, Any], draft: Any) -> None:
    schema = {"$schema": draft, "maxProperties": 2, **keywords}
    check(schema, {"a": 1, "b": 2})
    with pytest.raises(i3x.InvalidValueError, match="too many properties"):
        check(schema, {"a": 1, "b": 2, "c": 3})


@pytest.mark.parametrize("draft", [None, *DRAFTS.values()])
@pytest.mark.parametrize(
    ("bounds", "good", "bad"),
    [
        ({"minimum": 5, "exclusiveMinimum": True}, 5.5, 5),
        ({"maximum": 5, "exclusiveMaximum": True}, 4.5, 5),
        ({"minimum": 5, "exclusiveMinimum": False}, 5, 4.5),
        ({"minimum": 1, "exclusiveMinimum": True, "maximum": 5, "exclusiveMaximum": True}, 1.5, 5),
    ],
)
def test_an_exclusive_bound_of_draft_4_is_one_in_any_draft(
    draft: Any, bounds: dict[str, Any], good: float, bad: float
) -> None:
    schema = {"$schema": draft, "properties": {"a": {"type": "number", **bounds}}}
    check(schema, {"a": good})
    with pytest.raises(i3x.InvalidValueError, match=r"`\$\.a`"):
        check(schema, {"a": bad})


def test_fields_and_data_with_the_names_of_keywords_stay_what_they_are() -> None:
    bounds = {"minimum": 5, "exclusiveMinimum": True}
    schema = {
        "type": "nonsense",
        "properties": {**bounds, "minimum": {"const": bounds}, "required": {"type": "null"}},
    }
    check(schema, {"minimum": bounds, "exclusiveMinimum": "any", "required": None})
    with pytest.raises(i3x.InvalidValueError) as caught:
        check(schema, {"minimum": 5, "required": 1})
    assert [problem.partition(":")[0] for problem in caught.value.problems] == ["`$.minimum`", "`$.required`"]


@pytest.mark.parametrize("draft", DRAFTS.values())
def test_a_part_that_names_a_draft_is_guarded_too(draft: str) -> None:
    check({"allOf": [{"$schema": draft, "pattern": SLOW_PATTERN}]}, "a" * 60 + "!")


@pytest.mark.parametrize(
    ("number", "step"),
    [(0.3, 0.1), (0.1, 0.1), (19.99, 0.01), (4.35, 0.05), (-0.7, 0.1), (6, 1.5), (1e22, 0.1), (7, 7),
     (10**300, 1e-300), (1e300, 1e-300), (10**4000, 0.5)],
)  # fmt: skip
@pytest.mark.parametrize("draft", DRAFTS.values())
def test_multiples_are_those_of_the_numbers_as_they_are_written(
    number: float, step: float, draft: str
) -> None:
    check({"$schema": draft, "multipleOf": step}, number)


@pytest.mark.parametrize(
    ("number", "step"),
    [(0.35, 0.1), (0.30000000000000004, 0.1), (1e300, 7e-300), (10**100 + 1, 1e100), (5, 3)],
)
def test_what_is_no_multiple_is_told(number: float, step: float) -> None:
    with pytest.raises(i3x.InvalidValueError, match="is not a multiple of"):
        check({"multipleOf": step}, number)


@pytest.mark.parametrize(
    ("schema", "value", "problem"),
    [
        ({"type": "number"}, None, "null is not of type 'number'"),
        ({"type": "string"}, {"a": [True, None]}, "{\"a\": [true, null]} is not of type 'string'"),
        ({"enum": ["on", True, None]}, False, 'false is not one of ["on", true, null]'),
        ({"const": True}, "ß", "true was expected"),
        ({"maxLength": 0}, "ß", '"ß" is expected to be empty'),
    ],
)
def test_values_are_told_as_json(schema: Any, value: Any, problem: str) -> None:
    with pytest.raises(i3x.InvalidValueError) as caught:
        check(schema, value)
    assert caught.value.problems == (f"`$`: {problem}",)


@pytest.mark.parametrize("step", [float("inf"), float("nan")])
def test_a_step_that_json_does_not_have_is_of_no_use(step: float) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="no use"):
        check({"multipleOf": step}, 1)


def test_multiples_are_of_numbers_alone() -> None:
    check({"items": {"multipleOf": 2}}, [True, "1", None, {}, 2])


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


# --- extended elements --------------------------------------------------------------------------------------

PUMP: dict[str, Any] = {
    "type": "object",
    "properties": {"speed": {"type": "number"}, "mode": {"type": "string"}},
    "required": ["speed"],
    "additionalProperties": False,
}
NARROWER: dict[str, Any] = {"speed": {"type": "number", "maximum": 10}, "x": {"type": "integer"}}


def extended(schema: dict[str, Any], extensions: dict[str, Any] | None) -> ElementSchema:
    """Return the schema of an element that adds to its type's."""
    metadata = i3x.ObjectInstanceMetadata(schema_extensions=extensions)
    element = i3x.ObjectInstance("pump-101", is_extended=True, metadata=metadata)
    return ElementSchema(element, i3x.ObjectType("type-pump", schema=schema))


@pytest.mark.parametrize(
    "extensions",
    [
        NARROWER,
        {"type": "object", "properties": NARROWER, "required": ["speed", "x"], "minProperties": 2},
        {"properties": {**PUMP["properties"], **NARROWER}, "additionalProperties": False},
        {"properties": {"x": {"type": "integer"}}, "required": ["speed"]},
        None,
    ],
)
@pytest.mark.parametrize(
    "keywords", [{}, {"minProperties": 2}, {"required": ["speed", "x"]}, {"maxProperties": 1}]
)
def test_a_good_value_of_an_extended_element(extensions: Any, keywords: dict[str, Any]) -> None:
    schema = extended({**PUMP, **keywords}, extensions)
    schema.check({"speed": 5, "x": 1})
    assert schema.changed({"speed": 5, "x": 1}, {"speed": 6}) == {"speed": 6, "x": 1}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"speed": 11, "x": 1}, "`$.speed`: 11 is greater than the maximum of 10"),
        ({"speed": "fast", "x": 1}, "`$.speed`: \"fast\" is not of type 'number'"),
        ({"speed": 5, "x": "1"}, "`$.x`: \"1\" is not of type 'integer'"),
        ({"x": 1}, "`$`: 'speed' is a required property"),
        ({"speed": 5}, '`$`: {"speed": 5} does not have enough properties'),
    ],
)
def test_fields_that_both_schemas_know_are_checked_by_both(value: Any, problem: str) -> None:
    schema = extended({**PUMP, "minProperties": 2}, NARROWER)
    assert problem in schema.problems(value)


# --- nullable fields ----------------------------------------------------------------------------------------

NULL: dict[str, Any] = {"type": "null"}
NUMBER: dict[str, Any] = {"type": "number"}
NULLABLES: list[Any] = [
    {"type": ["number", "null"]},
    {"type": ["string", "null"], "enum": ["auto", "off"]},
    {"type": "number", "nullable": True},
    {"type": "string", "enum": ["auto"], "nullable": True},
    {"$ref": "#/$defs/number", "nullable": True},
    {"anyOf": [NUMBER, NULL]},
    {"oneOf": [NULL, NUMBER]},
    {"allOf": [{"type": ["number", "null"]}, {"minimum": 0}]},
    {"$ref": "#/$defs/nullable"},
    {"allOf": [{"$ref": "#/$defs/nullable"}]},
    {"const": None},
    {"enum": [1, None]},
    {},
]
OTHERS: list[Any] = [
    NUMBER,
    {"type": "number", "nullable": False},
    {"anyOf": [NUMBER, {"type": "string"}]},
    {"allOf": [{"type": ["number", "null"]}, NUMBER]},
    {"$ref": "#/$defs/number"},
    {"enum": ["auto"]},
    False,
]
DEFINITIONS = {"nullable": {"type": ["number", "null"]}, "number": NUMBER}


def _named(field: Any) -> str:
    return str(field)[:60]


@pytest.mark.parametrize("draft", [None, *DRAFTS.values()])
@pytest.mark.parametrize("field", NULLABLES, ids=_named)
def test_a_nullable_field_may_be_null_or_left_out(field: Any, draft: Any) -> None:
    schema = {"$schema": draft, "properties": {"a": field}, "required": ["a"], "$defs": DEFINITIONS}
    check(schema, {"a": None})
    check(schema, {})
    assert pump(schema).changed({"b": 1}, {"a": None}) == {"a": None, "b": 1}


@pytest.mark.parametrize("field", OTHERS, ids=_named)
def test_any_other_field_is_required(field: Any) -> None:
    schema = {"properties": {"a": field}, "required": ["a"], "$defs": DEFINITIONS}
    for value in ({}, {"a": None}):
        with pytest.raises(i3x.InvalidValueError):
            check(schema, value)


@pytest.mark.parametrize("field", [*NULLABLES, *OTHERS], ids=_named)
@pytest.mark.parametrize(
    "shape",
    [
        {"allOf": [{"properties": {"a": "field"}}, {"required": ["a"]}]},
        {"allOf": [{"required": ["a"]}], "properties": {"a": "field"}},
        {"$ref": "#/$defs/object", "required": ["a"]},
        {"properties": {"a": "field"}, "anyOf": [{"required": ["a"]}]},
        {"properties": {"outer": {"allOf": [{"$ref": "#/$defs/object"}, {"required": ["a"]}]}}},
    ],
    ids=_named,
)
def test_where_a_field_is_required_makes_no_difference(shape: Any, field: Any) -> None:
    inner = {"properties": {"a": field}}
    schema = {**shape, "$defs": {**DEFINITIONS, "object": inner}}
    if "properties" in shape and "a" in shape["properties"]:
        schema |= inner
    if "allOf" in shape:
        schema["allOf"] = [inner if "properties" in branch else branch for branch in shape["allOf"]]
    value: dict[str, Any] = {"outer": {}}
    if field in NULLABLES:
        check(schema, value)
    else:
        with pytest.raises(i3x.InvalidValueError):
            check(schema, value)


def test_what_no_schema_speaks_of_is_required_nevertheless() -> None:
    with pytest.raises(i3x.InvalidValueError, match="'a' is a required property"):
        check({"required": ["a"]}, {})


def test_null_is_one_of_the_types_of_a_whole_value_too() -> None:
    check({"type": ["string", "null"], "enum": ["auto"]}, None)
    with pytest.raises(i3x.InvalidValueError):
        check({"type": "string", "enum": ["auto"]}, None)
