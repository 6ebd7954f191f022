"""The JSON form of Python values: what JSON itself has, and what number libraries and classes of records have."""

from __future__ import annotations

import dataclasses
import json
import math
import numbers
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any

import msgspec

from i3x import times


def plain(value: Any) -> Any:
    """Return a value as plain JSON data: numbers of number libraries, structs, dataclasses and attrs classes included.

    Structs are written with their names on the wire, and without the fields that are ``UNSET``.

    Raises ``ValueError`` for what JSON can't say (NaN, infinities, cycles, text that is no Unicode) and
    ``TypeError`` for objects that have no JSON form.
    """
    if _is_plain_number(value):  # most are, and there may be a million of them
        return value
    try:
        text = json.dumps(value, default=_json_form, allow_nan=False, ensure_ascii=False)
        text.encode()
        return json.loads(text, object_pairs_hook=_distinct)
    except RecursionError as error:
        raise ValueError("the value is nested too deep to be sent") from error
    except UnicodeEncodeError as error:
        raise ValueError("the value holds text that is no valid Unicode (a lone surrogate)") from error
    except (ValueError, OverflowError) as error:
        told = str(error)
        if told.startswith("Out of range float"):
            told = (
                f"`{_no_number_in(value)}` is NaN or infinite, or too large for a float; for a number that is not "
                "there, write None with quality Bad"
            )
        raise ValueError(f"the value can't be sent as JSON: {told}") from error


def _is_plain_number(value: Any) -> bool:
    kind = type(value)
    return (kind is float and math.isfinite(value)) or (kind is int and value.bit_length() <= 64)


def _json_form(value: Any) -> Any:
    """Return the JSON form of what JSON's own writer does not know."""
    if callable(tolist := getattr(value, "tolist", None)):  # the scalars and arrays of number libraries
        return tolist()
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, (numbers.Real, Decimal)):
        number = _float(value)
        if isinstance(value, Decimal) and math.isfinite(number) and Decimal(repr(number)) != value:
            raise ValueError(
                f"{value} has more digits than a JSON number keeps; round it, or write it as text"
            )
        return number
    if isinstance(value, datetime):
        return times.time(value, "a datetime in a value")
    is_record = dataclasses.is_dataclass(value) or hasattr(type(value), "__attrs_attrs__")
    if (is_record and not isinstance(value, type)) or isinstance(
        value, (msgspec.Struct, Enum, set, frozenset)
    ):
        return msgspec.to_builtins(value, builtin_types=(datetime, Decimal), enc_hook=_json_form)
    raise TypeError(
        "a value must be JSON data (None, bool, int, float, str, list, dict), "
        f"not {type(value).__name__}: {value!r}"
    )


def _float(value: Any) -> float:
    """Return a number as a float; NaN for one that can't be."""
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a dict whose keys are still different ones as text."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("two keys of a dict are the same as text")
    return found


def _no_number_in(value: Any) -> str:
    """Return the path of the first number that JSON does not have: JSON's own writer has just met it."""
    waiting = [("$", value)]
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, float):
            if not math.isfinite(part):
                return path
        elif isinstance(part, dict):
            for name, inner in reversed(part.items()):
                waiting += [(f"{path}.{name}", inner), (path, name)]
        elif isinstance(part, (list, tuple)):
            waiting += reversed([(f"{path}[{index}]", inner) for index, inner in enumerate(part)])
        elif part is not None and not isinstance(part, (str, int)):
            waiting.append((path, _json_form(part)))
    return "$"
