"""What is written for the values that callers pass.

Everything wrong with one is found here, before a request exists: ``TypeError`` for the wrong kind of thing,
``ValueError`` for a wrong value of the right kind.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from i3x import arguments, times
from i3x.models import VQT, CurrentValue, ValueChange
from i3x.plain_json import plain

QUALITIES = ("Good", "GoodNoData", "Bad", "Uncertain")

_RECORDS = (VQT, CurrentValue, ValueChange)  # the models that are a value with its quality and timestamp
_VQT_KEYS = frozenset(("value", "quality", "timestamp"))


def new_value(value: Any, quality: str | None = None, timestamp: times.Time | None = None) -> dict[str, Any]:
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
        vqt["timestamp"] = times.time(timestamp)
    elif kept_timestamp not in (None, ""):
        vqt["timestamp"] = times.kept(kept_timestamp)
    return vqt


def new_values(updates: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Return the VQTs to write, by element id."""
    if not isinstance(updates, Mapping):
        raise TypeError(f"updates must be a dict from element id to value, not {type(updates).__name__}")
    vqts = {}
    for each in arguments.element_ids(updates):
        try:
            vqts[each] = new_value(updates[each])
        except ValueError as error:
            raise ValueError(f"element {each!r}: {error}") from error
    return vqts


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


def new_fields(changes: Mapping[str, Any] | None, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields to change, of a dict and of keywords, as plain JSON data."""
    if changes is not None and not isinstance(changes, Mapping):
        raise TypeError(f"the fields must be a dict from name to value, not {type(changes).__name__}")
    if twice := fields.keys() & (changes or {}).keys():
        raise TypeError(f"fields that are given twice: {', '.join(sorted(twice))}")
    chosen = {
        arguments.optional_text(name, "the name of a field"): value
        for name, value in {**(changes or {}), **fields}.items()
    }
    if not chosen:
        raise TypeError("no fields to change")
    found: dict[str, Any] = plain(chosen)
    return found


def _quality(quality: str, value: Any) -> str:
    if quality not in QUALITIES:
        raise ValueError(f"quality must be one of {', '.join(QUALITIES)}, not {quality!r}")
    if value is None and quality in ("Good", "Uncertain"):
        raise ValueError(f'a value of None goes with quality "Bad" or "GoodNoData", not {quality!r}')
    return quality
