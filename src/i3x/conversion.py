"""From parsed JSON to models: nulls where something was left out, and errors that name the place."""

from __future__ import annotations

import functools
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from i3x.errors import InvalidServerResponseError

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")


def decode_hook(expected: type, value: Any) -> Any:
    """Build a model that is a dict of its own kind; msgspec asks for it while it decodes."""
    if issubclass(expected, dict):
        return expected(value if isinstance(value, Mapping) else ())
    raise NotImplementedError(expected)


def from_builtins(data: Any, expected: type[S], path: str = "$") -> S:
    """Return a struct for parsed JSON, with null taken as "left out" where the field has a default.

    Raises :class:`~i3x.InvalidServerResponseError`; ``path`` is where ``data`` stood in the answer.
    """
    try:
        return converted(data, expected)
    except msgspec.ValidationError as error:
        raise InvalidServerResponseError(f"not what i3X 1.0 says: {at_path(error, path)}") from error


def converted(data: Any, expected: type[T]) -> T:
    """Return parsed JSON as ``expected``, with null taken as "left out" where a field has a default.

    Raises ``msgspec.ValidationError`` for what does not fit, and for what is nested too deep to tell.
    """
    try:
        return msgspec.convert(without_nulls(data, expected), expected, dec_hook=decode_hook)
    except RecursionError as error:
        raise msgspec.ValidationError("nested too deep to be read") from error


def at_path(error: msgspec.ValidationError, path: str) -> str:
    """Return msgspec's message with its path (``$.values[3]``) moved below ``path``."""
    message, separator, place = str(error).rpartition(" - at `$")
    return f"{message} - at `{path}{place}" if separator else f"{error} - at `{path}`"


def without_nulls(data: Any, expected: Any) -> Any:
    """Return ``data`` less the nulls that stand where ``expected`` has a default and does not take null."""
    return _cleaner(expected)(data)


def _unchanged(data: Any) -> Any:
    return data


@functools.cache
def _cleaner(expected: Any) -> Callable[[Any], Any]:
    """Return the function that cleans values of one type; made once a type, since types are few."""
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin in (typing.Union, types.UnionType):
        return _cleaner(next((member for member in arguments if member is not types.NoneType), Any))
    if origin is list:
        inner = functools.partial(without_nulls, expected=arguments[0])
        return lambda data: list(map(inner, data)) if isinstance(data, list) else data
    if origin is dict:
        inner = functools.partial(without_nulls, expected=arguments[1])
        return lambda data: {k: inner(v) for k, v in data.items()} if isinstance(data, Mapping) else data
    struct = origin or expected
    if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
        return _struct_cleaner(expected)
    return _unchanged


def _struct_cleaner(expected: Any) -> Callable[[Any], Any]:
    plan = {field.encode_name: field for field in msgspec.structs.fields(expected)}

    def clean(data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {
            name: without_nulls(value, plan[name].type) if name in plan else value
            for name, value in data.items()
            if not (value is None and name in plan and _refuses_null(plan[name]))
        }

    return clean


def _refuses_null(field: msgspec.structs.FieldInfo) -> bool:
    takes_null = field.type is Any or types.NoneType in typing.get_args(field.type)
    return not (field.required or takes_null)
