"""Current values and history: what a signal gives, overlaid with what was written or set."""

from __future__ import annotations

import bisect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import msgspec

from . import timestamps
from .signals import Profile

QUALITIES = ("Good", "GoodNoData", "Bad", "Uncertain")
EMPTY_QUALITIES = ("GoodNoData", "Bad")
"""The qualities that go with a null value, and with null only."""

SEED_STEP = 600 * timestamps.SECOND
SEED_STEPS = 144
"""Seeded history reaches back a day, one point every ten minutes."""

RECORD_LIMIT = 10_000
"""Points kept for one object beyond its seeded history; a demonstration may run for weeks."""


class VQT(msgspec.Struct, frozen=True):
    """A value with its quality and its timestamp, as it goes out."""

    value: Any
    quality: str
    timestamp: str


def pairing_problem(value: Any, quality: str) -> str | None:
    """Why this value cannot have this quality, or None if it can."""
    if value is None and quality not in EMPTY_QUALITIES:
        return f"a null value needs the quality Bad or GoodNoData, not {quality}"
    if value is not None and quality in EMPTY_QUALITIES:
        return f"the quality {quality} goes with a null value only"
    return None


class Values:
    """The current value and the history of every object; `changed` is told of each new current value."""

    def __init__(self, profiles: dict[str, Profile], changed: Callable[[str, VQT], None]) -> None:
        self._profiles = profiles
        self._changed = changed
        self._born = timestamps.now() // timestamps.SECOND * timestamps.SECOND
        self._born_text = timestamps.render(self._born)
        self._current: dict[str, VQT] = {}
        self._recorded: dict[str, list[tuple[int, VQT]]] = {}
        self._planted: dict[str, list[tuple[int, VQT]]] = {}
        self._live = [element_id for element_id, profile in profiles.items() if profile.live]
        self._step = 0

    def add(self, element_id: str, profile: Profile) -> None:
        """Take in an object whose value comes about like this."""
        self._profiles[element_id] = profile

    def forget(self, element_ids: Iterable[str]) -> None:
        """Drop objects, with their values and their histories."""
        for element_id in element_ids:
            for held in (self._profiles, self._current, self._recorded, self._planted):
                held.pop(element_id, None)
            if element_id in self._live:
                self._live.remove(element_id)

    def current(self, element_id: str) -> VQT:
        """The last known value."""
        held = self._current.get(element_id)
        return held or self._sample(element_id, 0, self._born_text)

    def history(self, element_id: str, start: int, end: int) -> Iterator[VQT]:
        """The points from `start` to `end`, both included, in nanoseconds; ascending by time."""
        if element_id in self._planted:
            planted = self._planted[element_id]
            low = bisect.bisect_left(planted, start, key=_moment)
            return (point for _, point in planted[low : bisect.bisect_right(planted, end, key=_moment)])
        recorded = self._recorded.get(element_id, [])
        low = bisect.bisect_left(recorded, start, key=_moment)
        high = bisect.bisect_right(recorded, end, key=_moment)
        points = dict(self._seeded(element_id, start, end))
        points.update(recorded[low:high])  # what was recorded replaces a seeded point of the same moment
        return (point for _, point in sorted(points.items(), key=_moment))

    def write(self, element_id: str, point: VQT) -> None:
        """Make `point` the current value; a live object stops changing by itself and holds it."""
        if element_id in self._live:
            self._live.remove(element_id)
        self._become(element_id, point)

    def record(self, element_id: str, point: VQT) -> None:
        """Add a point to the object's own history; it replaces one of the same moment."""
        points = self._recorded.setdefault(element_id, [])
        _put(points, point)
        del points[:-RECORD_LIMIT]

    def enter(self, element_id: str, point: VQT) -> None:
        """Add a point to the history that is read: the planted one, or else the object's own."""
        if element_id in self._planted:
            _put(self._planted[element_id], point)
        else:
            self.record(element_id, point)

    def plant(self, element_id: str, points: Iterable[VQT]) -> None:
        """Give an object this history in place of its own; points may share a moment."""
        self._planted[element_id] = sorted(
            ((timestamps.parse(point.timestamp), point) for point in points), key=_moment
        )

    def tick(self) -> None:
        """Move every live object on by one step."""
        self._step += 1
        text = timestamps.render(timestamps.now())
        for element_id in self._live:
            self._become(element_id, self._sample(element_id, self._step, text))

    def _become(self, element_id: str, point: VQT) -> None:
        self._current[element_id] = point
        self.record(element_id, point)
        self._changed(element_id, point)

    def _sample(self, element_id: str, step: int, timestamp: str) -> VQT:
        profile = self._profiles[element_id]
        return VQT(profile.signal(step), profile.quality(step), timestamp)

    def _seeded(self, element_id: str, start: int, end: int) -> Iterator[tuple[int, VQT]]:
        # Step numbers grow with time; -(-a // b) rounds up.
        first = max(-(-(start - self._born) // SEED_STEP), -SEED_STEPS)
        last = min((end - self._born) // SEED_STEP, 0)
        for step in range(first, last + 1):
            moment = self._born + step * SEED_STEP
            yield moment, self._sample(element_id, step, timestamps.render(moment))


def _moment(entry: tuple[int, VQT]) -> int:
    return entry[0]


def _put(points: list[tuple[int, VQT]], point: VQT) -> None:
    """Add a point in the order of time; it replaces one of the same moment."""
    moment = timestamps.parse(point.timestamp)
    index = bisect.bisect_left(points, moment, key=_moment)
    if index < len(points) and points[index][0] == moment:
        points[index] = (moment, point)
    else:
        points.insert(index, (moment, point))
