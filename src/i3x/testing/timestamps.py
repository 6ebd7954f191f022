"""RFC 3339 timestamps as whole nanoseconds since 1970 UTC, because a float or a datetime would round them."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

SECOND = 1_000_000_000
"""One second in nanoseconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_RFC_3339 = re.compile(
    r"(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))", re.ASCII
)


def now() -> int:
    """The current time in nanoseconds since 1970 UTC, in whole microseconds (what the text form shows)."""
    return time.time_ns() // 1_000 * 1_000


def parse(text: str) -> int:
    """Read an RFC 3339 timestamp as nanoseconds since 1970 UTC; digits below a nanosecond are dropped.

    Raises:
        ValueError: `text` is no RFC 3339 timestamp, or no date that exists.
    """
    match = _RFC_3339.fullmatch(text)
    if match is None:
        raise ValueError(f"{text!r} is not an RFC 3339 timestamp such as 2026-01-31T08:15:00Z")
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    fraction, _, sign, offset_hours, offset_minutes = match.groups()[6:]
    try:
        # RFC 3339 allows a leap second, datetime does not.
        moment = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=UTC)
        moment += timedelta(seconds=_leap(second)) - _offset(sign, offset_hours, offset_minutes)
    except (ValueError, OverflowError) as error:
        raise ValueError(f"{text!r} is not a date and time that exists: {error}") from None
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * SECOND + int((fraction or "")[:9].ljust(9, "0"))


def render(nanoseconds: int) -> str:
    """The RFC 3339 text, in UTC with `Z`, of nanoseconds since 1970; the fraction has 0, 3, 6 or 9 digits."""
    seconds, rest = divmod(nanoseconds, SECOND)
    text = (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S").rjust(19, "0")
    if not rest:
        return f"{text}Z"
    digits = f"{rest:09d}"
    while digits.endswith("000"):
        digits = digits[:-3]
    return f"{text}.{digits}Z"


def normalise(text: str) -> str:
    """The same moment in UTC with `Z`; a text that is in that form already stays as it is, digit for digit.

    Raises:
        ValueError: `text` is no RFC 3339 timestamp.
    """
    nanoseconds = parse(text)
    return text if text.endswith("Z") and text[10] == "T" else render(nanoseconds)


def _leap(second: int) -> int:
    if second > 60:
        raise ValueError("second must be in 0..60")
    return int(second == 60)


def _offset(sign: str | None, hours: str | None, minutes: str | None) -> timedelta:
    if sign is None or hours is None or minutes is None:
        return timedelta(0)
    if int(hours) > 23 or int(minutes) > 59:
        raise ValueError("the offset must be in -23:59..+23:59")
    size = timedelta(hours=int(hours), minutes=int(minutes))
    return size if sign == "+" else -size
