"""Reads JSON as RFC 8259 defines it, from servers that may send anything.

Python's own reader also takes NaN and infinities, and keeps the last of two equal keys without a word.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from typing import Any, NoReturn

_SHOWN = 40


class NotJsonError(ValueError):
    """The text is no JSON, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read."""

    value: Any
    remarks: tuple[str, ...]
    """What JSON allows and no two readers understand alike."""


def read(content: bytes) -> Read:
    """Read a body.

    Raises:
        NotJsonError: It is no JSON; the message says why.
    """
    remarks: set[str] = set()

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            names = [name for name, _ in pairs]
            twice = next(name for name in names if names.count(name) > 1)
            remarks.add(f"the key {twice[:_SHOWN]!r} is there twice in one object")
        return found

    def number(text: str) -> float:
        value = float(text)
        if math.isinf(value):
            remarks.add(f"the number {text[:_SHOWN]} is too large for a double")
        return value

    try:
        text = content.decode("utf-8")
        value = json.loads(text, object_pairs_hook=members, parse_constant=_refuse, parse_float=number)
    except UnicodeDecodeError as error:
        raise NotJsonError(f"it is not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise NotJsonError("it is nested too deep to be read") from None
    except json.JSONDecodeError as error:
        raise NotJsonError(f"{error.msg} at character {error.pos}") from None
    except ValueError as error:  # an integer of thousands of digits
        raise NotJsonError(str(error)) from None
    return Read(value, tuple(sorted(remarks)))


def _refuse(word: str) -> NoReturn:
    raise NotJsonError(f"{word} is no JSON")
