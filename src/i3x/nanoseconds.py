"""Timestamps as whole nanoseconds since 1970 UTC: a datetime rounds, and a float rounds more."""

from __future__ import annotations

import functools
import re
from datetime import UTC, date, datetime, timedelta

SECOND = 1_000_000_000
"""One second in nanoseconds."""

_DAY = 86_400 * SECOND
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC_3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}):([0-9]{2}):([0-9]{2})(?:\.([0-9]+))?"
    r"(?:[Zz]|([+-])([0-9]{2}):([0-9]{2}))?"
)
_FIRST = (date.min.toordinal() - _EPOCH_DAY) * _DAY  # the first and the last moment that have a date
_LAST = (date.max.toordinal() - _EPOCH_DAY + 1) * _DAY - 1


def of_text(text: str) -> int:
    """Return the moment of a server's timestamp: RFC 3339, or another form of ISO 8601; no offset means UTC.

    Digits below a nanosecond are cut, and a leap second is the first second of the next minute. Raises
    ``ValueError`` for a text that is no timestamp.
    """
    try:
        return of_rfc_3339(text)
    except ValueError:
        moment = datetime.fromisoformat(text)
        return of_datetime(moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment)


def of_rfc_3339(text: str) -> int:
    """Return the moment of a text as :func:`of_text` does, but only of RFC 3339, whose offset may be left out."""
    if (match := _RFC_3339.fullmatch(text)) is None:
        raise ValueError(f"{text!r} is no RFC 3339 text")
    day, hour, minute, second, fraction, sign, hours, minutes = match.groups()
    if hour > "23" or minute > "59" or second > "60" or (sign and (hours > "23" or minutes > "59")):
        raise ValueError(f"{text!r} is no time of the day")
    moment = _start_of(day) + (int(hour) * 3600 + int(minute) * 60 + int(second)) * SECOND
    if fraction is not None:
        moment += int(fraction[:9].ljust(9, "0"))
    if sign is not None:
        offset = (int(hours) * 60 + int(minutes)) * 60 * SECOND
        moment += offset if sign == "-" else -offset
    if not _FIRST <= moment <= _LAST:
        raise ValueError(f"{text!r} has no date in UTC")
    return moment


def lacks_offset(text: str) -> bool:
    """Whether a text is RFC 3339 but for its offset, so that it could mean any of 24 moments."""
    match = _RFC_3339.fullmatch(text)
    return match is not None and match[6] is None and not text.endswith(("Z", "z"))


@functools.lru_cache(maxsize=1024)
def _start_of(day: str) -> int:
    return (date.fromisoformat(day).toordinal() - _EPOCH_DAY) * _DAY


def of_datetime(moment: datetime) -> int:
    """Return the moment of an aware datetime."""
    return of_timedelta(moment - _EPOCH)


def of_timedelta(span: timedelta) -> int:
    """Return a span of time in nanoseconds."""
    return ((span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds) * 1_000


def to_text(moment: int) -> str:
    """Return the RFC 3339 text of a moment, in UTC, with as many digits (0, 3, 6 or 9) as it needs."""
    seconds, rest = divmod(moment, SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).isoformat().removesuffix("+00:00")
    if not rest:
        return f"{text}Z"
    digits = f"{rest:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}Z"
