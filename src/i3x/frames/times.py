"""Timestamps as Arrow has them: RFC 3339 text to nanoseconds, exactly."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pyarrow as pa

from i3x import nanoseconds
from i3x.frames.arrow import Array

NANOSECONDS = pa.timestamp("ns", "UTC")

_FRACTION = re.compile(r"[.,]([0-9]+)")


def moments_of(texts: Sequence[str]) -> tuple[Array, dict[int, str]]:
    """Return texts as timestamps, and by position those of which the timestamp is not the whole truth.

    These are the texts that are no timestamp or lie outside of the years 1677 to 2262, whose timestamp is null,
    and those with more than nine fraction digits or a leap second, whose timestamp is the nanosecond before or the
    next second. An empty text is null and nothing more.
    """
    try:
        return pa.array(texts, pa.string()).cast(NANOSECONDS), {}
    except (pa.ArrowInvalid, UnicodeEncodeError):  # one that Arrow does not read is enough
        return _one_by_one(texts)


def _one_by_one(texts: Sequence[str]) -> tuple[Array, dict[int, str]]:
    moments: list[int | None] = []
    inexact: dict[int, str] = {}
    for position, text in enumerate(texts):
        moment, exact = _moment(text)
        moments.append(moment)
        if not exact:
            inexact[position] = text
    return pa.array(moments, pa.int64()).cast(NANOSECONDS), inexact


def _moment(text: str) -> tuple[int | None, bool]:
    """Return nanoseconds since 1970, None if there are none, and whether they are all that the text says."""
    if not text:
        return None, True
    try:
        moment = nanoseconds.of_text(text)
    except (ValueError, OverflowError):
        return None, False
    if not -(2**63) < moment < 2**63:  # the lowest number of all is "not a time" to pandas
        return None, False
    fraction = _FRACTION.search(text)
    below = fraction is not None and fraction[1][9:].strip("0")
    return moment, not below and text[16:19] != ":60"
