"""JSON that is none: cutting it into what can still be read, and saying what is wrong with the rest.

Servers send NaN, numbers out of range, half surrogates, bytes that are no UTF-8, and nesting without end. A
decoder gives up on the whole text then; these functions work on the text itself.
"""

from __future__ import annotations

import contextlib
import json
import math
import re
from typing import Any, Final

import msgspec

UNREADABLE: Final = (ValueError, RecursionError)
"""What decoding raises; msgspec's errors and UnicodeDecodeError are ValueErrors."""

_MOST_LEVELS = 100_000
"""A value that is nested deeper is not looked through to its end: that takes long, and hardly anything is lost."""

# The closing quote may be missing: a text that is cut short would else be searched again from each escaped quote.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[\]{},:]', re.DOTALL)


def split_list(body: bytes) -> list[bytes] | None:
    """Cut the list of results out of a body, as text; None if there is no whole list in it, or no end to its levels."""
    depth = 1 if body.lstrip()[:1] == b"[" else 0  # a bare list counts as one within an envelope
    name, last, start = b'"results"' if depth else b"", b"", -1
    texts: list[bytes] = []
    for token in _TOKEN.finditer(body):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
            if depth > _MOST_LEVELS:
                return None
            if start < 0 and depth == 2 and mark == b"[" and name in (b'"results"', b'"result"'):
                start = token.end()
        elif mark in (b"}", b"]"):
            if start >= 0 and depth == 2:
                rest = body[start : token.start()]
                return [*texts, rest] if rest.strip() else texts
            depth -= 1
        elif mark == b"," and start >= 0 and depth == 2:
            texts.append(body[start : token.start()])
            start = token.end()
        elif mark == b":" and depth == 1:
            name = last
        last = mark
    return None


def id_in_text(text: bytes, key: str) -> str | None:
    """Return the id of an item that is no JSON; an id within its result is another element's."""
    depth, name, last = 0, b"", b""
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark in (b"{", b"["):
            depth += 1
            if depth > _MOST_LEVELS:
                return None
        elif mark in (b"}", b"]"):
            depth -= 1
        elif mark == b":":
            name = last
        elif depth == 1 and last == b":" and name == b'"%s"' % key.encode():
            with contextlib.suppress(ValueError):
                return msgspec.json.decode(mark, type=str)
        last = mark
    return None


def fault_of(text: bytes, error: Exception) -> str:
    """Say in a user's words why a text is no JSON that can be read."""
    if isinstance(error, RecursionError):
        return "is nested too deep to be read"
    if isinstance(error, UnicodeDecodeError):
        return f"is no valid UTF-8: {error.reason}"
    try:
        value = json.loads(text, parse_constant=_refuse, parse_float=_finite, parse_int=_short)
        json.dumps(value, ensure_ascii=False).encode()
    except RecursionError:
        return "is nested too deep to be read"
    except UnicodeDecodeError as fault:
        return f"is no valid UTF-8: {fault.reason}"
    except UnicodeEncodeError:
        return "holds text that is no valid Unicode: a lone surrogate"
    except json.JSONDecodeError as fault:
        return f"is no valid JSON: {fault.msg} at character {fault.pos}"
    except ValueError as fault:
        return str(fault)
    return f"is no valid JSON: {error}"


def _refuse(constant: str) -> Any:
    raise ValueError(f"holds {constant}, which JSON does not have")


def _finite(text: str) -> float:
    if math.isinf(number := float(text)):
        raise ValueError(f"holds a number that is out of range: {text[:40]}")
    return number


def _short(text: str) -> int:
    if len(text) > 4000:
        raise ValueError(f"holds a number that is out of range: {text[:20]}... of {len(text)} digits")
    return int(text)


def items(text: bytes) -> list[bytes] | None:
    """Cut a list into the texts of its items; None if it is no list, or not a whole one."""
    return split_list(text) if text.lstrip().startswith(b"[") else None


def members(text: bytes) -> dict[str, bytes]:
    """Cut an object into its members, each name with the text of its value; empty if it is no object."""
    text = text.strip()
    if not (text.startswith(b"{") and text.endswith(b"}")):
        return {}
    pairs = [item.partition(b":") for item in items(b"[%b]" % text[1:-1]) or ()]
    return {name.strip().strip(b'"').decode("utf-8", "replace"): value for name, _, value in pairs}


def decoded(text: bytes) -> Any:
    """Return what a text holds, None if it can't be read."""
    with contextlib.suppress(*UNREADABLE):
        return msgspec.json.decode(text)
    return None
