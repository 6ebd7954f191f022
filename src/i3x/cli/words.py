"""Texts of a server, made fit for a terminal."""

from __future__ import annotations

import json
import re
from typing import Any

_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def printable(text: str) -> str:
    """Return a text in which nothing can move the cursor, change colours or break the line."""
    return text if text.isprintable() else "".join(map(_visible, text))


def _visible(char: str) -> str:
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def one_line(text: str) -> str:
    """Return a message on one line, fit for a terminal."""
    return printable(re.sub(r"\s*[\r\n]\s*", " ", text.strip()))


def compact(value: Any) -> str:
    """Return JSON on one line, without blanks between its parts; what is not printable is escaped in it."""
    text = _ENCODER.encode(value)
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(char: str) -> str:
    # Outside of its strings JSON holds nothing that is not printable.
    return char if char.isprintable() else json.dumps(char)[1:-1]


def cell(value: Any) -> str:
    """Return a value as the content of a cell of a table: plain text, and JSON for what has parts."""
    if value is None:
        return ""
    return printable(value) if isinstance(value, str) else compact(value)
