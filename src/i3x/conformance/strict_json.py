"""Reads JSON as RFC 8259 defines it, from servers that may send anything.

Python's own reader also takes NaN and infinities, and keeps the last of two equal keys without a word.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from dataclasses import dataclass
from typing import Any, NoReturn

_BOM = "\ufeff"
_SHOWN = 40
_MOST_REMARKS = 3


class NotJsonError(ValueError):
    """The text is no JSON, or none that can be read."""


@dataclass(frozen=True, slots=True)
class Read:
    """What was read."""

    value: Any
    remarks: tuple[str, ...]
    """What JSON allows and no two readers understand alike, the first few places."""


def read(content: bytes) -> Read:
    """Read a body.

    Raises:
        NotJsonError: It is no JSON; the message says why.
    """
    hooks = _Hooks()
    try:
        text = content.decode("utf-8")
        if text.startswith(_BOM):  # a reader may take it for an error, or read over it, as browsers do
            hooks.remark("it begins with a byte order mark, which JSON must not")
            text = text.removeprefix(_BOM)
        value = json.loads(
            text, object_pairs_hook=hooks.members, parse_constant=_refuse, parse_float=hooks.number
        )
    except UnicodeDecodeError as error:
        raise NotJsonError(f"it is not UTF-8: {error.reason} at byte {error.start}") from None
    except RecursionError:
        raise NotJsonError("it is nested too deep to be read") from None
    except json.JSONDecodeError as error:
        raise NotJsonError(f"{error.msg} at character {error.pos}") from None
    except ValueError as error:  # an integer of thousands of digits
        raise NotJsonError(str(error)) from None
    return Read(value, tuple(hooks.remarks))


class _Hooks:
    """What Python's reader calls, and what there was to remark, each once."""

    def __init__(self) -> None:
        self.remarks: dict[str, None] = {}

    def members(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) < len(pairs):
            counted = Counter(name for name, _ in pairs)
            twice = next(name for name, count in counted.items() if count > 1)
            self.remark(f"the key {twice[:_SHOWN]!r} is there twice in one object")
        return found

    def number(self, text: str) -> float:
        value = float(text)
        if math.isinf(value):
            self.remark(f"the number {text[:_SHOWN]} is too large for a double")
        return value

    def remark(self, text: str) -> None:
        if len(self.remarks) < _MOST_REMARKS:
            self.remarks[text] = None


def _refuse(word: str) -> NoReturn:
    raise NotJsonError(f"{word} is no JSON")
