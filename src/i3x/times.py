"""The moments that callers may give, and the RFC 3339 text that is sent for them.

Everything wrong with one is found here, before a request exists: ``TypeError`` for the wrong kind of thing,
``ValueError`` for a wrong value of the right kind.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from i3x import nanoseconds

Time: TypeAlias = datetime | timedelta | str
"""A moment: an aware datetime, a timedelta back from now, RFC 3339 text, which is sent as it is, or text that
counts back from now: ``"-8h"``, ``"-1d12h"``, ``"now"``."""

EPOCH = "1970-01-01T00:00:00Z"

_BACK = re.compile(r"-(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")


def time_range(start: Time | None, end: Time | None) -> tuple[str, str]:
    """Return both ends of a range as RFC 3339 text; no start is the epoch, no end is now.

    Both are always sent: the standard requires them, and some servers answer 400 otherwise.
    """
    now = datetime.now(UTC)
    since = EPOCH if start is None else time(start, "start_time", now)
    first = nanoseconds.of_text(since)
    if end is None:
        # By the server's clock, from which a start may come, now may be later than by this one.
        return since, nanoseconds.to_text(max(nanoseconds.of_datetime(now), first))
    until = time(end, "end_time", now)
    if first > nanoseconds.of_text(until):
        raise ValueError(f"start_time must not be after end_time, but {since} is after {until}")
    return since, until


def time(value: Time, name: str = "timestamp", now: datetime | None = None) -> str:
    """Return a moment as RFC 3339 text; a text that is one is checked and otherwise left as it is."""
    if isinstance(value, str):
        back = _back(value, name)
        if back is None:
            if nanoseconds.lacks_offset(value):
                raise ValueError(
                    f"{name} is text without an offset: {value!r}; end it with Z for UTC, or with +01:00"
                )
            return _timestamp(value, name)
        value = back
    if isinstance(value, timedelta):
        if value < timedelta(0):
            raise ValueError(
                f"{name} as a timedelta counts back from now and must not be negative: {value!r}"
            )
        try:
            return _rfc3339((now or datetime.now(UTC)) - value)
        except OverflowError as error:
            raise ValueError(f"{name} is further back than there are dates: {value!r}") from error
    if isinstance(value, datetime):
        if value.utcoffset() is None:
            raise ValueError(
                f"{name} is a datetime without a time zone, which could mean any of 24 moments: "
                "use datetime.now(timezone.utc), or value.astimezone() for local time"
            )
        try:
            return _rfc3339(value.astimezone(UTC))
        except OverflowError as error:
            raise ValueError(f"{name} has no date in UTC: {value!r}") from error
    raise TypeError(f"{name} must be a datetime, a timedelta or text, not {type(value).__name__}")


def _back(text: str, name: str) -> timedelta | None:
    """Return how far back from now a text such as ``-8h`` lies; None if it is no such text."""
    if text == "now":
        return timedelta(0)
    match = _BACK.fullmatch(text)
    if match is None or not any(match.groups()):
        return None
    numbers_of = [int(group or 0) for group in match.groups()]
    try:
        return timedelta(
            **dict(zip(("weeks", "days", "hours", "minutes", "seconds"), numbers_of, strict=True))
        )
    except OverflowError as error:
        raise ValueError(f"{name} is further back than there are dates: {text!r}") from error


def _timestamp(text: str, name: str) -> str:
    """Return RFC 3339 text after checking it; a server's own may leave its offset out."""
    try:
        nanoseconds.of_rfc_3339(text)
    except ValueError:
        meant = f'; do you mean "-{text}"?' if text and _BACK.fullmatch(f"-{text}") else ""
        raise ValueError(
            f'{name} must be RFC 3339 text, such as "2026-01-31T08:00:00Z", or count back from now in weeks, '
            f'days, hours, minutes and seconds, such as "-8h", "-1d12h" or "now", not {text!r}{meant}'
        ) from None
    return text


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def kept(timestamp: Time) -> str:
    """Return the timestamp that a value has; one that came from a server may be text without an offset."""
    if isinstance(timestamp, str) and nanoseconds.lacks_offset(timestamp):
        return _timestamp(timestamp, "timestamp")
    return time(timestamp)


def window(value: timedelta | None) -> int | None:
    """Return the length of a window in nanoseconds."""
    if value is None:
        return None
    if not isinstance(value, timedelta):
        raise TypeError(f"window must be a timedelta, not {type(value).__name__}")
    if value <= timedelta(0):
        raise ValueError(f"window must be longer than nothing, not {value!r}")
    return nanoseconds.of_timedelta(value)
