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
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, TypeAlias, TypeVar

import msgspec

from i3x import nanoseconds
from i3x.models import VQT, CurrentValue, ObjectInstance, Subscription, ValueChange

Time: TypeAlias = datetime | timedelta | str
"""A moment: an aware datetime, a timedelta back from now, RFC 3339 text, which is sent as it is, or text that
counts back from now: ``"-8h"``, ``"-1d12h"``, ``"now"``."""

Element: TypeAlias = ObjectInstance | str
"""An object, or its element id."""

Callback = TypeVar("Callback", bound=Callable[..., object])

EPOCH = "1970-01-01T00:00:00Z"
QUALITIES = ("Good", "GoodNoData", "Bad", "Uncertain")

_BACK = re.compile(r"-(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?")
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


def start_elements(start: Element | Iterable[Element]) -> list[str]:
    """Return the ids of the elements where a traversal begins, each once; they are given as objects or by id."""
    if isinstance(start, (ObjectInstance, str)):
        start = [start]
    elif not isinstance(start, Iterable) or isinstance(start, bytes):
        raise TypeError(f"start must be an element or several, not {type(start).__name__}")
    ids = [each.element_id if isinstance(each, ObjectInstance) else each for each in start]
    return list(dict.fromkeys(element_ids(ids, "start")))


def relationship_types(wanted: str | Iterable[str] | None) -> frozenset[str] | None:
    """Return the ids of the relationship types to follow; None for all."""
    if wanted is None:
        return None
    ids = element_ids([wanted] if isinstance(wanted, str) else wanted, "relationship_types")
    if not ids:
        raise ValueError("relationship_types must not be empty; None follows all of them")
    return frozenset(ids)


def max_hops(value: int | None) -> int | None:
    """Return how many edges to follow at most; None for no limit."""
    if value is None:
        return None
    return _whole_number(value, "max_hops", "1 (direct neighbours), N (N edges away), or None (no limit)", 1)


def subscription_id(subscription: Subscription | str) -> str:
    """Return the id of a subscription that is given as a record or by its id."""
    if isinstance(subscription, Subscription):
        return subscription.subscription_id
    return element_id(subscription, "subscription")


def subscription_ids(subscriptions: Iterable[Subscription | str]) -> list[str]:
    """Return the ids of subscriptions that are given as records or by their ids, in order."""
    several = isinstance(subscriptions, Iterable) and not isinstance(subscriptions, (str, bytes))
    ids: Any = subscriptions
    if several:
        ids = [each.subscription_id if isinstance(each, Subscription) else each for each in subscriptions]
    return element_ids(ids, "subscriptions")


def optional_text(value: str | None, name: str) -> str | None:
    """Return an optional text after checking its type."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be a str or None, not {type(value).__name__}")
    return None if value is None else _unicode(value, name)


def callback(value: Callback | None, name: str) -> Callback | None:
    """Return an optional callback after checking that it can be called."""
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be a function or None, not {type(value).__name__}: {value!r}")
    return value


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


def window(value: timedelta | None) -> int | None:
    """Return the length of a window in nanoseconds."""
    if value is None:
        return None
    if not isinstance(value, timedelta):
        raise TypeError(f"window must be a timedelta, not {type(value).__name__}")
    if value <= timedelta(0):
        raise ValueError(f"window must be longer than nothing, not {value!r}")
    return nanoseconds.of_timedelta(value)


def _rfc3339(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


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
    kept_timestamp = sent.get("timestamp")
    if chosen_quality not in (None, ""):
        vqt["quality"] = _quality(chosen_quality, sent["value"])
    if timestamp not in (None, ""):
        vqt["timestamp"] = time(timestamp)
    elif kept_timestamp not in (None, ""):
        vqt["timestamp"] = _kept(kept_timestamp)
    return vqt


def _kept(timestamp: Time) -> str:
    """Return the timestamp that a value has; one that came from a server may be text without an offset."""
    if isinstance(timestamp, str) and nanoseconds.lacks_offset(timestamp):
        return _timestamp(timestamp, "timestamp")
    return time(timestamp)


def new_values(updates: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the VQTs to write, by element id."""
    if not isinstance(updates, Mapping):
        raise TypeError(f"updates must be a dict from element id to value, not {type(updates).__name__}")
    vqts = {}
    for each in element_ids(updates):
        try:
            vqts[each] = new_value(updates[each])
        except ValueError as error:
            raise ValueError(f"element {each!r}: {error}") from error
    return vqts


def new_fields(changes: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields to change, of a dict and of keywords, as plain JSON data."""
    if changes is not None and not isinstance(changes, Mapping):
        raise TypeError(f"the fields must be a dict from name to value, not {type(changes).__name__}")
    if twice := fields.keys() & (changes or {}).keys():
        raise TypeError(f"fields that are given twice: {', '.join(sorted(twice))}")
    chosen = {
        optional_text(name, "the name of a field"): value
        for name, value in {**(changes or {}), **fields}.items()
    }
    if not chosen:
        raise TypeError("no fields to change")
    found: dict[str, Any] = plain(chosen)
    return found


def new_points(values: Any) -> Iterator[dict[str, Any]]:
    """Yield the points of a history to write: one VQT or several, each with its timestamp.

    The standard wants all three parts of each; a quality that is left out is ``Good``.
    """
    several = isinstance(values, Iterable) and not isinstance(values, (str, bytes, Mapping))
    for index, value in enumerate(values if several else [values]):
        if not isinstance(value, _RECORDS) and not (isinstance(value, Mapping) and "value" in value):
            raise TypeError(f"point {index} must be a VQT or a dict with value and timestamp, not {value!r}")
        if isinstance(value, Mapping) and not _VQT_KEYS.issuperset(value):
            unknown = ", ".join(sorted(map(str, set(value) - _VQT_KEYS)))
            raise ValueError(f"point {index} has keys that a VQT does not have: {unknown}")
        try:
            point = new_value(value)
        except ValueError as error:
            raise ValueError(f"point {index}: {error}") from error
        if "timestamp" not in point:
            raise ValueError(f"point {index} has no timestamp; a historical value must have one")
        yield {**point, "quality": _quality(point.get("quality", "Good"), point["value"])}


def _quality(quality: str, value: Any) -> str:
    if quality not in QUALITIES:
        raise ValueError(f"quality must be one of {', '.join(QUALITIES)}, not {quality!r}")
    if value is None and quality in ("Good", "Uncertain"):
        raise ValueError(f'a value of None goes with quality "Bad" or "GoodNoData", not {quality!r}')
    return quality


def plain(value: Any) -> Any:
    """Return a value as plain JSON data: numbers of number libraries, structs, dataclasses and attrs classes included.

    Structs are written with their names on the wire, and without the fields that are ``UNSET``.

    Raises ``ValueError`` for what JSON can't say (NaN, infinities, cycles, text that is no Unicode) and
    ``TypeError`` for objects that have no JSON form.
    """
    if _is_plain_number(value):  # most are, and there may be a million of them
        return value
    try:
        text = json.dumps(value, default=_json_form, allow_nan=False, ensure_ascii=False)
        text.encode()
        return json.loads(text, object_pairs_hook=_distinct)
    except RecursionError as error:
        raise ValueError("the value is nested too deep to be sent") from error
    except UnicodeEncodeError as error:
        raise ValueError("the value holds text that is no valid Unicode (a lone surrogate)") from error
    except (ValueError, OverflowError) as error:
        told = str(error)
        if told.startswith("Out of range float"):
            told = (
                f"`{_no_number_in(value)}` is NaN or infinite, or too large for a float; for a number that is not "
                "there, write None with quality Bad"
            )
        raise ValueError(f"the value can't be sent as JSON: {told}") from error


def _no_number_in(value: Any) -> str:
    """Return the path of the first number that JSON does not have: JSON's own writer has just met it."""
    waiting = [("$", value)]
    while waiting:
        path, part = waiting.pop()
        if isinstance(part, float):
            if not math.isfinite(part):
                return path
        elif isinstance(part, dict):
            for name, inner in reversed(part.items()):
                waiting += [(f"{path}.{name}", inner), (path, name)]
        elif isinstance(part, (list, tuple)):
            waiting += reversed([(f"{path}[{index}]", inner) for index, inner in enumerate(part)])
        elif part is not None and not isinstance(part, (str, int)):
            waiting.append((path, _json_form(part)))
    return "$"


def _is_plain_number(value: Any) -> bool:
    kind = type(value)
    return (kind is float and math.isfinite(value)) or (kind is int and value.bit_length() <= 64)


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Build a dict whose keys are still different ones as text."""
    if len(found := dict(pairs)) < len(pairs):
        raise ValueError("two keys of a dict are the same as text")
    return found


def _float(value: Any) -> float:
    """Return a number as a float; NaN for one that can't be."""
    try:
        return float(value)
    except (ValueError, OverflowError):
        return math.nan


def _json_form(value: Any) -> Any:
    """Return the JSON form of what JSON's own writer does not know."""
    if callable(tolist := getattr(value, "tolist", None)):  # the scalars and arrays of number libraries
        return tolist()
    if isinstance(value, numbers.Integral):
        return int(value)
    if isinstance(value, (numbers.Real, Decimal)):
        number = _float(value)
        if isinstance(value, Decimal) and math.isfinite(number) and Decimal(repr(number)) != value:
            raise ValueError(
                f"{value} has more digits than a JSON number keeps; round it, or write it as text"
            )
        return number
    if isinstance(value, datetime):
        return time(value, "a datetime in a value")
    is_record = dataclasses.is_dataclass(value) or hasattr(type(value), "__attrs_attrs__")
    if (is_record and not isinstance(value, type)) or isinstance(
        value, (msgspec.Struct, Enum, set, frozenset)
    ):
        return msgspec.to_builtins(value, builtin_types=(datetime, Decimal), enc_hook=_json_form)
    raise TypeError(
        "a value must be JSON data (None, bool, int, float, str, list, dict), "
        f"not {type(value).__name__}: {value!r}"
    )
