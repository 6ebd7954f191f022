"""What callers may pass, and what is sent for it.

Everything wrong with an argument is found here, before a request exists: ``TypeError`` for the wrong kind of
thing, ``ValueError`` for a wrong value of the right kind.
"""

from __future__ import annotations

import dataclasses
import json
import math
import numbers
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, TypeAlias

import msgspec

from i3x.models import VQT, CurrentValue, Subscription, ValueChange, to_datetime

Time: TypeAlias = datetime | timedelta | str
"""A moment: an aware datetime, a timedelta back from now, or RFC 3339 text, which is sent as it is."""

EPOCH = "1970-01-01T00:00:00Z"
QUALITIES = ("Good", "GoodNoData", "Bad", "Uncertain")

_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}):([0-9]{2})((?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})?)"
)
_RECORDS = (VQT, CurrentValue, ValueChange)  # the models that are a value with its quality and timestamp
_VQT_KEYS = frozenset(("value", "quality", "timestamp"))


def element_id(value: str, name: str = "element_id") -> str:
    """Return an id after checking that it is a text with something in it."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}: {value!r}")
    if not value.strip():
        raise ValueError(f"{name} must not be empty: the standard's ids are printable text")
    return _unicode(value, name)


def element_ids(values: Iterable[str], name: str = "element_ids") -> list[str]:
    """Return ids as a list, in order, duplicates included."""
    if isinstance(values, (str, bytes)):
        raise TypeError(
            f"{name} must be a list of ids, not a single {type(values).__name__}: use [{values!r}]"
        )
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a list of ids, not {type(values).__name__}")
    ids = list(values)
    if not _all_are_ids(ids):
        each = f"each of {name}"
        ids = [element_id(value, each) for value in ids]
    return ids


def _all_are_ids(values: list[Any]) -> bool:
    """Whether nothing is wrong with any of them; asked of all at once, since a plant has many."""
    if set(map(type, values)) != {str} or not all(map(str.strip, values)):
        return False
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        return False
    return True


def subscription_id(subscription: Subscription | str) -> str:
    """Return the id of a subscription that is given as a record or by its id."""
    if isinstance(subscription, Subscription):
        return subscription.subscription_id
    return element_id(subscription, "subscription")


def optional_text(value: str | None, name: str) -> str | None:
    """Return an optional text after checking its type."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be a str or None, not {type(value).__name__}")
    return None if value is None else _unicode(value, name)


def _unicode(text: str, name: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{name} holds text that is no valid Unicode (a lone surrogate): {text!r}"
        ) from error
    return text


def max_depth(value: int) -> int:
    """Return a depth: 1 is the element alone, N is N levels of components, 0 is all of them."""
    return _whole_number(
        value, "max_depth", "1 (this element alone), N (N levels), or 0 (everything below)", 0
    )


def sequence_number(value: int | None) -> int | None:
    """Return the number to acknowledge: an unsigned 64-bit integer, -1 to clear the queue, or None."""
    if value is None:
        return None
    number = _whole_number(
        value, "last_sequence_number", "a batch's sequence_number, or -1 to clear the queue", -1
    )
    if number >= 2**64:
        raise ValueError(f"last_sequence_number must fit in 64 bits, not {number}")
    return number


def _whole_number(value: int, name: str, meaning: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}: {meaning}")
    if value < least:
        raise ValueError(f"{name} must be {meaning}, not {value}")
    return int(value)


def time_range(start: Time | None, end: Time | None) -> tuple[str, str]:
    """Return both ends of a range as RFC 3339 text; no start is the epoch, no end is now.

    Both are always sent: the standard requires them, and some servers answer 400 otherwise.
    """
    now = datetime.now(UTC)
    since = EPOCH if start is None else time(start, "start_time", now)
    first = to_datetime(since) or now
    if end is None:
        # By the server's clock, from which a start may come, now may be later than by this one.
        return since, _rfc3339(max(now, first))
    until = time(end, "end_time", now)
    if first > (to_datetime(until) or now):
        raise ValueError(f"start_time must not be after end_time, but {since} is after {until}")
    return since, until


def time(value: Time, name: str = "timestamp", now: datetime | None = None) -> str:
    """Return a moment as RFC 3339 text; a text is checked and otherwise left as it is."""
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
    if not isinstance(value, str):
        raise TypeError(
            f"{name} must be a datetime, a timedelta or RFC 3339 text, not {type(value).__name__}"
        )
    if _parsed(value) is None:
        raise ValueError(f'{name} must be RFC 3339 text, such as "2026-01-31T08:00:00Z", not {value!r}')
    return value


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def _parsed(text: str) -> datetime | None:
    """Return RFC 3339 text as a datetime, a leap second as the one before it; None if it is something else."""
    if (parts := _RFC3339.fullmatch(text.upper())) is None:
        return None
    minute, second, rest = parts.groups()
    try:
        return datetime.fromisoformat(f"{minute}:{'59' if second == '60' else second}{rest}")
    except ValueError:
        return None


def new_value(value: Any, quality: str | None = None, timestamp: Time | None = None) -> dict[str, Any]:
    """Return the VQT to write: ``value``, and quality and timestamp only where they are given.

    A :class:`~i3x.VQT` (or a value as it was read, of another element perhaps) is a VQT already, and so is a
    dict that has ``value`` and no keys but value, quality and timestamp; anything else is the value itself.
    """
    sent: Mapping[str, Any] = {"value": value}
    if isinstance(value, _RECORDS):
        sent = {"value": value.value, "quality": value.quality, "timestamp": value.timestamp}
    elif isinstance(value, Mapping) and "value" in value and _VQT_KEYS.issuperset(value):
        sent = value
    vqt: dict[str, Any] = {"value": plain(sent["value"])}
    chosen_quality = quality if quality is not None else sent.get("quality")
    chosen_timestamp = timestamp if timestamp is not None else sent.get("timestamp")
    if chosen_quality not in (None, ""):
        vqt["quality"] = _quality(chosen_quality, sent["value"])
    if chosen_timestamp not in (None, ""):
        vqt["timestamp"] = time(chosen_timestamp)
    return vqt


def new_points(values: Any) -> list[dict[str, Any]]:
    """Return the points of a history to write: one VQT or several, each with its timestamp.

    The standard wants all three parts of each; a quality that is left out is ``Good``.
    """
    several = isinstance(values, Iterable) and not isinstance(values, (str, bytes, Mapping))
    points: list[dict[str, Any]] = []
    for index, value in enumerate(values if several else [values]):
        if not isinstance(value, _RECORDS) and not (isinstance(value, Mapping) and "value" in value):
            raise TypeError(f"point {index} must be a VQT or a dict with value and timestamp, not {value!r}")
        if isinstance(value, Mapping) and not _VQT_KEYS.issuperset(value):
            unknown = ", ".join(sorted(map(str, set(value) - _VQT_KEYS)))
            raise ValueError(f"point {index} has keys that a VQT does not have: {unknown}")
        point = new_value(value)
        if "timestamp" not in point:
            raise ValueError(f"point {index} has no timestamp; a historical value must have one")
        points.append({**point, "quality": _quality(point.get("quality", "Good"), point["value"])})
    return points


def _quality(quality: str, value: Any) -> str:
    if quality not in QUALITIES:
        raise ValueError(f"quality must be one of {', '.join(QUALITIES)}, not {quality!r}")
    if value is None and quality in ("Good", "Uncertain"):
        raise ValueError(f'a value of None goes with quality "Bad" or "GoodNoData", not {quality!r}')
    return quality


def plain(value: Any) -> Any:
    """Return a value as plain JSON data: numbers of number libraries, structs and dataclasses included.

    Raises ``ValueError`` for what JSON can't say (NaN, infinities, cycles, text that is no Unicode) and
    ``TypeError`` for objects that have no JSON form.
    """
    try:
        text = json.dumps(value, default=_json_form, allow_nan=False, ensure_ascii=False)
        text.encode()
        return json.loads(text, object_pairs_hook=_distinct)
    except RecursionError as error:
        raise ValueError("the value is nested too deep to be sent") from error
    except UnicodeEncodeError as error:
        raise ValueError("the value holds text that is no valid Unicode (a lone surrogate)") from error
    except (ValueError, OverflowError) as error:
        hint = (
            "; for a number that is not there, write None with quality Bad" if "float" in str(error) else ""
        )
        raise ValueError(f"the value can't be sent as JSON: {error}{hint}") from error


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a dict whose keys are still different ones as text."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("two keys of a dict are the same as text")
    return found


def _json_form(value: Any) -> Any:
    """Return the JSON form of what JSON's own writer does not know."""
    if callable(tolist := getattr(value, "tolist", None)):  # the scalars and arrays of number libraries
        return tolist()
    if isinstance(value, numbers.Integral):
        return int(value)
    if (
        isinstance(value, Decimal)
        and math.isfinite(number := float(value))
        and Decimal(repr(number)) != value
    ):
        raise ValueError(f"{value} has more digits than a JSON number keeps; round it, or write it as text")
    if isinstance(value, (numbers.Real, Decimal)):
        return float(value)
    if isinstance(value, datetime):
        return time(value, "a datetime in a value")
    is_record = dataclasses.is_dataclass(value) and not isinstance(value, type)
    if is_record or isinstance(value, (msgspec.Struct, set, frozenset)):
        return msgspec.to_builtins(value, builtin_types=(datetime, Decimal), enc_hook=_json_form)
    raise TypeError(
        "a value must be JSON data (None, bool, int, float, str, list, dict), "
        f"not {type(value).__name__}: {value!r}"
    )
