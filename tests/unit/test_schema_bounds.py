"""What ends the check of a value by a schema that was made to harm."""

import time
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from i3x.conformance.type_schemas import Unusable, misfits
from i3x.schema_bounds import extended, unique_items

DRAFT = "https://json-schema.org/draft/2020-12/schema"
SAME_HASH = 2**61 - 1


def objects(count: int) -> list[dict[str, int]]:
    return [{"a": number} for number in range(count)]


def doubling(keyword: str, **fields: Any) -> dict[str, Any]:
    """A schema of a few lines that means a million."""
    levels = {
        f"d{level}": {**fields, keyword: _twice(keyword, {"$ref": f"#/$defs/d{level + 1}"})}
        for level in range(20)
    }
    return {"$defs": {**levels, "d20": True}, **levels["d0"]}


def _twice(keyword: str, part: dict[str, Any]) -> Any:
    return {"a": part, "b": part} if keyword == "dependentSchemas" else [part, part]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"items": {"allOf": [{"not": {"type": "string"}}] * 1_000}}, objects(10_000)),
        (doubling("allOf"), 1),
        (doubling("allOf", **{"$schema": DRAFT}), 1),
        ({"unevaluatedProperties": False, **doubling("dependentSchemas")}, {"a": 1, "b": 1}),
        ({"unevaluatedItems": False, "contains": {"const": 1}}, [1] * 50_000),
        (
            {"unevaluatedProperties": {}, "properties": {f"p{number}": {} for number in range(50_000)}},
            {f"p{number}": 1 for number in range(100_000)},
        ),
    ],
    ids=["no reference", "doubling", "a draft in each part", "dependent", "items left", "properties left"],
)
def test_a_check_is_given_up_in_time(schema: dict[str, Any], value: Any) -> None:
    started = time.monotonic()
    with pytest.raises(Unusable, match="too long"):
        misfits(schema, value, 0.2)
    assert time.monotonic() - started < 60, "minutes and more without a bound"


def test_the_time_of_others_is_not_that_of_a_check() -> None:
    class Stalling(list[int]):
        def __iter__(self) -> Iterator[int]:
            time.sleep(0.3)
            return super().__iter__()

    assert misfits({"items": {"type": "integer"}}, Stalling([1, 2]), 0.2) == []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"uniqueItems": True}, objects(20_000)),
        ({"uniqueItems": True}, [{"a": number * SAME_HASH} for number in range(20_000)]),
        ({"$schema": "http://json-schema.org/draft-04/schema#", "enum": [1, *objects(20_000)]}, 1),
    ],
    ids=["items", "items of one hash", "a schema that has such items"],
)
def test_what_is_unique_is_found_in_linear_time(schema: dict[str, Any], value: Any) -> None:
    assert misfits(schema, value, 10) == []


@pytest.mark.parametrize(
    ("items", "is_unique"),
    [
        ([1, True, "1", [1], [True], {"a": 1}, {"a": True}, None, "null", 1.5], True),
        ([1, 1.0], False),
        ([{"a": 1, "b": [2]}, {"b": [2.0], "a": 1}], False),
        ([[], {}], True),
        ([10**400, 10**400], False),
    ],
)
def test_unique_means_what_json_schema_means(items: list[Any], is_unique: bool) -> None:
    kind = extended(jsonschema.Draft202012Validator, {"uniqueItems": unique_items})
    assert kind({"uniqueItems": True}).is_valid(items) is is_unique
    assert kind({"uniqueItems": False}).is_valid(items)


@pytest.mark.parametrize("schema", [{"properties": {"a": {}}}, {"allOf": [{"properties": {"a": {}}}]}])
def test_what_is_not_evaluated_is_still_refused(schema: dict[str, Any]) -> None:
    closed = {**schema, "unevaluatedProperties": False}
    assert misfits(closed, {"a": 1}, 1) == []
    assert "'b'" in misfits(closed, {"a": 1, "b": 2}, 1)[0]
    assert misfits({**schema, "unevaluatedProperties": {"type": "string"}}, {"a": 1, "b": "2"}, 1) == []
    assert misfits({"prefixItems": [{}], "unevaluatedItems": False}, [1, 2], 1) != []


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"multipleOf": 0.1}, 10**400),
        ({"patternProperties": {"(?P<a>x)": {}, "(?P<a>y)": {}}, "additionalProperties": False}, {"x": 1}),
    ],
    ids=["number", "name of a group"],
)
def test_what_python_can_not_check_is_not_checked(schema: dict[str, Any], value: Any) -> None:
    with pytest.raises(Unusable, match="can't be checked"):
        misfits(schema, value, 1)
