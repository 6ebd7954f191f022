"""Checks a value against an object type's JSON Schema, for the keywords that this server's own types use.

A library would do it too, but a test server should cost nothing beyond the web server it runs on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def mismatch(value: Any, schema: Mapping[str, Any], path: str = "value") -> str | None:
    """What is wrong with `value`, in one sentence that names the place, or None if it fits `schema`."""
    for check in (_type, _enum, _range, _object, _array, _all_of):
        problem = check(value, schema, path)
        if problem is not None:
            return problem
    return None


def extended(schema: Mapping[str, Any], extensions: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """The schema of one object: its type's schema, with what the object adds to it."""
    return schema if extensions is None else {"allOf": [schema, extensions]}


def _is_integer(value: Any) -> bool:
    # JSON has one kind of number: 3.0 is an integer, and True is none.
    return not isinstance(value, bool) and (
        isinstance(value, int) or (isinstance(value, float) and value.is_integer())
    )


_TYPES: dict[str, Callable[[Any], bool]] = {
    "null": lambda value: value is None,
    "boolean": lambda value: isinstance(value, bool),
    "integer": _is_integer,
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    "string": lambda value: isinstance(value, str),
    "array": lambda value: isinstance(value, list),
    "object": lambda value: isinstance(value, dict),
}


def _type(value: Any, schema: Mapping[str, Any], path: str) -> str | None:
    expected = schema.get("type")
    if expected is None:
        return None
    names = [expected] if isinstance(expected, str) else expected
    if any(_TYPES[name](value) for name in names):
        return None
    found = next(name for name, fits in _TYPES.items() if fits(value))
    return f"{path} is of type {found}, where the type's schema asks for {' or '.join(names)}"


def _enum(value: Any, schema: Mapping[str, Any], path: str) -> str | None:
    choices = schema.get("enum")
    if choices is None or value in choices:
        return None
    return f"{path} is none of {', '.join(map(repr, choices))}"


def _range(value: Any, schema: Mapping[str, Any], path: str) -> str | None:
    if not _TYPES["number"](value):
        return None
    if "minimum" in schema and value < schema["minimum"]:
        return f"{path} is below the minimum of {schema['minimum']}"
    if "maximum" in schema and value > schema["maximum"]:
        return f"{path} is above the maximum of {schema['maximum']}"
    return None


def _object(value: Any, schema: Mapping[str, Any], path: str) -> str | None:
    if not isinstance(value, dict):
        return None
    properties = schema.get("properties", {})
    for name in schema.get("required", ()):
        if name not in value:
            return f"{path}.{name} is missing"
    for name, member in value.items():
        if name in properties:
            problem = mismatch(member, properties[name], f"{path}.{name}")
            if problem is not None:
                return problem
        elif schema.get("additionalProperties") is False:
            return f"{path}.{name} is not in the type's schema"
    return None


def _array(value: Any, schema: Mapping[str, Any], path: str) -> str | None:
    if not isinstance(value, list) or "items" not in schema:
        return None
    problems = (mismatch(item, schema["items"], f"{path}[{index}]") for index, item in enumerate(value))
    return next((problem for problem in problems if problem is not None), None)


def _all_of(value: Any, schema: Mapping[str, Any], path: str) -> str | None:
    problems = (mismatch(value, part, path) for part in schema.get("allOf", ()))
    return next((problem for problem in problems if problem is not None), None)
