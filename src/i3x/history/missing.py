"""What a server does not give in whole: told to the user, and logged."""

from __future__ import annotations

import logging

from msgspec.structs import replace

from i3x import nanoseconds
from i3x.models import MissingHistory

logger = logging.getLogger("i3x.history")

_WARNINGS = 10


def tell_missing(
    told: list[MissingHistory], element_ids: list[str], start: int, end: int, detail: str
) -> None:
    """Add what is missing to what was told; what follows on the last of it becomes one with it."""
    since, until = nanoseconds.to_text(start), nanoseconds.to_text(end)
    entry = MissingHistory(tuple(element_ids), since, until, detail)
    if told:
        last = told[-1]
        follows = start - nanoseconds.of_text(last.end_time) in (0, 1)
        if follows and (last.element_ids, last.detail) == (entry.element_ids, detail):
            told[-1] = replace(last, end_time=entry.end_time)
            return
    told.append(entry)
    if len(told) <= _WARNINGS:
        logger.warning(
            "history of %s from %s to %s is not whole: %s%s",
            ", ".join(element_ids),
            since,
            until,
            detail,
            "; see `missing` for all that follows" if len(told) == _WARNINGS else "",
        )
