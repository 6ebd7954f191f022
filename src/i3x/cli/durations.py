"""Lengths of time as people type them."""

from __future__ import annotations

import re

import typer

_SECONDS = {"": 1.0, "ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def seconds(text: str) -> float:
    """Return the seconds of a text such as ``30s``, ``1.5m``, ``2h`` or ``45``.

    Raises ``typer.BadParameter`` for any other text, and for no time at all.
    """
    found = re.fullmatch(r"([0-9]+(?:\.[0-9]+)?)\s*(ms|s|m|h|d|)", text.strip())
    length = float(found[1]) * _SECONDS[found[2]] if found else 0.0
    if not length:
        raise typer.BadParameter(f"{text!r} is no length of time; write 30s, 5m, 2h or 1d")
    return length
