"""Texts of a server in a Python module: readable for people, and never anything but text for Python."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Any

_LONGEST = 500
_WIDTH = 100


def readable(text: Any) -> str:
    """Return a text on one line, of printable characters alone; empty for what is no text.

    What is not printable includes the characters that change the direction of text or have no width: with them
    source code reads otherwise than it runs.
    """
    if not isinstance(text, str):
        return ""
    words = "".join(char if char.isprintable() else " " for char in text[: 4 * _LONGEST]).split()
    line = " ".join(words)
    return line if len(line) <= _LONGEST else line[: _LONGEST - 1] + "…"


def literal(text: str) -> str:
    """Return the Python literal of a text; what is not printable is escaped."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    return char if char.isprintable() else char.encode("unicode_escape").decode("ascii")


def docstring(paragraphs: Sequence[str], indent: str) -> list[str]:
    """Return the lines of a docstring, none if there is nothing to say."""
    said = [paragraph for paragraph in paragraphs if paragraph]
    if not said:
        return []
    lines = [
        line
        for number, paragraph in enumerate(said)
        for line in ([""] if number else []) + _wrapped(paragraph, _WIDTH - len(indent) - 6)
    ]
    if len(lines) == 1:
        return [f'{indent}"""{lines[0]}"""']
    return [f'{indent}"""{lines[0]}', *(f"{indent}{line}".rstrip() for line in lines[1:]), f'{indent}"""']


def _wrapped(text: str, width: int) -> list[str]:
    # Wrapped first: an escape must not be cut in two. Every quote is escaped, so that none can end the docstring.
    return [
        line.replace("\\", "\\\\").replace('"', '\\"')
        for line in textwrap.wrap(text, width, break_on_hyphens=False)
    ]
