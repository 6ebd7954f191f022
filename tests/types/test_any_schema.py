"""Whatever a schema says: the types compile, take each valid value, and give the same JSON back."""

from __future__ import annotations

import sys
from typing import Any

import jsonschema
import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.conftest import examples
from tests.types.support import load, object_type

_NAMES = st.one_of(
    st.sampled_from(["speed", "flowRate", "flow-rate", "class", "str", "A b", "ä"]),
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters='"\\'), max_size=6),
)
_NUMBERS = st.floats(allow_nan=False, allow_infinity=False, width=32)
_INTEGERS = st.integers(-(2**53), 2**53)
_TEXTS = st.text(max_size=5)
_SCALARS = {
    "null": st.none(),
    "boolean": st.booleans(),
    "integer": _INTEGERS,
    "number": _NUMBERS,
    "string": _TEXTS,
}
_JSON = st.recursive(
    st.one_of(*_SCALARS.values()),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(_TEXTS, inner, max_size=2),
)

Pair = tuple[Any, st.SearchStrategy[Any]]
"""A schema, and the values that are valid under it."""


def _scalars() -> st.SearchStrategy[Pair]:
    return st.lists(st.sampled_from(sorted(_SCALARS)), min_size=1, max_size=3, unique=True).map(
        lambda kinds: ({"type": kinds}, st.one_of(*(_SCALARS[kind] for kind in kinds)))
    )


def _enumerations() -> st.SearchStrategy[Pair]:
    values = st.lists(st.one_of(st.none(), st.booleans(), _INTEGERS, _TEXTS), min_size=1, max_size=4)
    return values.map(lambda values: ({"enum": values}, st.sampled_from(values)))


def _lists(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    return inner.map(lambda pair: ({"type": "array", "items": pair[0]}, st.lists(pair[1], max_size=2)))


def _maps(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    return inner.map(
        lambda pair: (
            {"type": "object", "additionalProperties": pair[0]},
            st.dictionaries(_TEXTS, pair[1], max_size=2),
        )
    )


@st.composite
def _records(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    fields = draw(st.dictionaries(_NAMES, inner, min_size=1, max_size=4))
    required = [name for name in fields if draw(st.booleans())]
    schema = {
        "type": "object",
        "properties": {name: pair[0] for name, pair in fields.items()},
        "required": required,
    }
    values = st.fixed_dictionaries(
        {name: fields[name][1] for name in required},
        optional={name: pair[1] for name, pair in fields.items() if name not in required},
    )
    return schema, values


@st.composite
def _choices(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    branches = draw(st.lists(inner, min_size=1, max_size=3))
    return {"anyOf": [schema for schema, _ in branches]}, st.one_of(*(values for _, values in branches))


@st.composite
def _references(draw: st.DrawFn, inner: st.SearchStrategy[Pair]) -> Pair:
    schema, values = draw(inner)
    combined = draw(st.sampled_from(["allOf", "anyOf", "oneOf"]))
    return {combined: [schema], "title": draw(_TEXTS)}, values


def _larger(inner: st.SearchStrategy[Pair]) -> st.SearchStrategy[Pair]:
    return st.one_of(_lists(inner), _maps(inner), _records(inner), _choices(inner), _references(inner))


_ANYTHING: Pair = ({}, _JSON)
PAIRS = st.recursive(st.one_of(_scalars(), _enumerations(), st.just(_ANYTHING)), _larger, max_leaves=6)


@settings(suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(st.data())
def test_a_valid_value_is_taken_and_given_back(data: st.DataObject) -> None:
    schema, values = data.draw(PAIRS)
    module = load(object_type(schema, "Pump", "type-pump"))
    for _ in range(3):
        value = data.draw(values)
        jsonschema.validate(value, schema)
        typed = msgspec.convert(value, module.OBJECT_TYPES["type-pump"])
        assert msgspec.json.decode(msgspec.json.encode(typed)) == value
    del sys.modules[module.__name__]


JSON = st.recursive(
    st.one_of(*_SCALARS.values(), st.sampled_from(["object", "array", "#", "#/$defs/a", "#/properties/a"])),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "type",
                    "properties",
                    "items",
                    "enum",
                    "const",
                    "allOf",
                    "anyOf",
                    "$ref",
                    "$defs",
                    "required",
                    "a",
                    "nullable",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=15,
)


@examples(2)
@given(
    st.dictionaries(
        st.sampled_from(["type", "properties", "items", "enum", "allOf", "anyOf", "$ref", "$defs"]), JSON
    )
)
def test_anything_makes_types(schema: Any) -> None:
    module = load(object_type(schema, "Pump", "type-pump"))
    del sys.modules[module.__name__]
    assert list(module.OBJECT_TYPES) == ["type-pump"]
