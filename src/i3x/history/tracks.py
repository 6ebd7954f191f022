"""What has been read of one element, with its components, and is not given out yet."""

from __future__ import annotations

import contextlib
import itertools
from collections import deque
from collections.abc import Iterator

from msgspec.structs import replace

from i3x import nanoseconds
from i3x.history.runs import Run, arranged, clipped, joined, lacking
from i3x.models import VQT, HistoricalValue, ResponseDetail

Path = tuple[str, ...]
"""Where a component is below an element: the ids on the way. The element itself is ``()``."""

Lost = dict[Path, list[VQT]]
"""Points of an element and of its components that an answer lacks."""

_NOTHING = Run([])
_MOST_EVIDENCE = 1000  # points of a series; they are there to be compared, and take memory until they are


class Series:
    """The points of an element or of one component."""

    def __init__(self) -> None:
        self.is_composition = False
        self.has_components = False
        self._runs: deque[Run] = deque()
        self._undated: list[VQT] = []
        self._seen: set[tuple[str, str, str]] = set()

    def add(self, run: Run, start: int) -> int:
        """Take in what an answer has from ``start`` on, which is where the one before it ended.

        Servers differ in whether a range has its ends, so that both may tell of that moment, or one. Returns how
        many points are new.
        """
        held: list[VQT] = []
        if self._runs:
            last = self._runs[-1]
            seam = last.position(start)
            held = last.points[seam:]
            self._runs[-1] = last.part(0, seam)
        after = run.position(start + 1) if held else 0
        both = joined(held, run.points[:after])
        if len(both) > after:
            self._runs.append(Run(both, [start] * len(both)))
            run = run.part(after, len(run.points))
        else:
            both = []
        if run.points:
            self._runs.append(run)
        return len(both) + len(run.points) - len(held)

    def held(self, start: int) -> list[VQT]:
        """Return the points from a moment on."""
        return self._runs[-1].points[self._runs[-1].position(start) :] if self._runs else []

    def add_undated(self, points: list[VQT]) -> int:
        """Keep points that have no place in time, each once, since any answer may bring them again."""
        found = 0
        for point in points:
            identity = (point.timestamp, point.quality, repr(point.value))
            if identity not in self._seen:
                self._seen.add(identity)
                self._undated.append(point)
                found += 1
        return found

    def take(self, before: int | None) -> list[VQT]:
        """Give out the points before a moment, None for all."""
        parts = [self._undated] if self._undated else []
        self._undated = []
        while self._runs:
            run = self._runs[0]
            index = len(run.points) if before is None else run.position(before)
            if index:
                parts.append(run.part(0, index).points)
            if index < len(run.points):
                self._runs[0] = run.part(index, len(run.points))
                break
            self._runs.popleft()
        return parts[0] if len(parts) == 1 else list(itertools.chain.from_iterable(parts))

    def has_any(self, before: int | None) -> bool:
        """Whether there are points to be given out before a moment."""
        if self._undated:
            return True
        return any(run.points and (before is None or run.position(before)) for run in self._runs)


class Track:
    """One element: its series, and how far it has been read."""

    def __init__(self, element_id: str) -> None:
        self.element_id = element_id
        self.is_proven = False
        """Whether the server has answered for it."""
        self.series: dict[Path, Series] = {(): Series()}
        self.evidence: dict[Path, Run] = {}
        """What the last answers that were cut have: whole ones must have it too."""
        self.seams: tuple[int, int] | None = None
        """The ends of its first and of its last window, so far."""
        self.unsure: list[tuple[int, int, int]] = []
        """Where windows began and ended at no whole seconds: their begin, their end, and the unit of these."""
        self.is_narrowed = False
        """Whether a single moment is asked for next."""
        self.is_doubtful = False
        """Whether the answer before was cut to nothing, so that nothing tells of what it left out."""

    def add(self, kept: Kept, start: int) -> int:
        """Take in an answer; returns how many points are new."""
        found = 0
        for path, part in kept.parts.items():
            series = self.series.setdefault(path, Series())
            series.is_composition |= part.history.is_composition
            series.has_components |= part.history.components is not None
            found += series.add(part.run, start) + series.add_undated(part.undated)
        return found

    def remember(self, kept: Kept) -> None:
        """Keep some of what an answer has that was cut, and of what one before had of the time after it."""
        for path, part in kept.parts.items():
            known = self.evidence.get(path, _NOTHING)
            later = known.part(known.position(kept.end + 1), len(known.points))
            points = [*part.run.points[:_MOST_EVIDENCE], *later.points]
            if points:
                self.evidence[path] = arranged(points[:_MOST_EVIDENCE])[0]

    def lost(self, kept: Kept, start: int, last: int) -> Lost:
        """Return what answers that were cut had of a window, up to a last moment, and this one has not."""
        found: Lost = {}
        for path, run in list(self.evidence.items()):
            here = run.part(run.position(start), run.position(last + 1)).points
            if here:
                held = self.series[path].held(start) if path in self.series else []
                known = [*held, *kept.parts[path].run.points] if path in kept.parts else held
                if lost := lacking(known, here):
                    found[path] = lost
        return found

    def forget(self, before: int) -> None:
        """Let go of what answers that were cut had before a moment."""
        for path, run in list(self.evidence.items()):
            if (index := run.position(before)) < len(run.points):
                self.evidence[path] = run.part(index, len(run.points))
            else:
                del self.evidence[path]

    def note_window(self, start: int, end: int, unit: int) -> None:
        """Remember a window whose ends are multiples of a unit of time, which not all servers keep."""
        self.seams = (end if self.seams is None else self.seams[0], end)
        if unit == nanoseconds.SECOND:
            return
        if self.unsure and self.unsure[-1][1:] == (start, unit):
            start = self.unsure.pop()[0]
        self.unsure.append((start, end, unit))

    def narrow(self, *, to_nothing: bool) -> None:
        """Ask for a single moment next, of which an answer has something perhaps that was cut, even to nothing."""
        self.is_narrowed, self.is_doubtful = True, to_nothing

    def widen(self) -> None:
        """Be done with a single moment."""
        self.is_narrowed = self.is_doubtful = False

    def has_any(self, before: int | None) -> bool:
        """Whether there are points to be given out before a moment."""
        return any(series.has_any(before) for series in self.series.values())

    def take(self, before: int | None) -> HistoricalValue:
        """Give out the points before a moment, None for all."""
        if len(self.series) == 1:
            only = self.series[()]
            components: dict[str, HistoricalValue] | None = {} if only.has_components else None
            return HistoricalValue(self.element_id, only.is_composition, only.take(before), components)
        made: dict[Path, HistoricalValue] = {}
        for path, series in sorted(self.series.items(), key=lambda entry: len(entry[0])):
            value = HistoricalValue(
                path[-1] if path else self.element_id,
                series.is_composition,
                series.take(before),
                {} if series.has_components else None,
            )
            made[path] = value
            if path and (siblings := made[path[:-1]].components) is not None:
                siblings[path[-1]] = value
        return made[()]


class Part:
    """What an answer has of one series, in the order of time and without what lies outside of the range."""

    __slots__ = ("history", "run", "undated")

    def __init__(self, history: HistoricalValue, start: int, end: int) -> None:
        self.history = history
        run, undated = arranged(history.values)
        self.run, misplaced = clipped(run, start, end)
        self.undated = undated + misplaced


class Kept:
    """What an answer has of one element and its components."""

    def __init__(self, history: HistoricalValue, start: int, end: int) -> None:
        self.start, self.end = start, end
        self.parts: dict[Path, Part] = {path: Part(each, start, end) for path, each in walk(history)}

    def supply(self, lost: Lost) -> None:
        """Add points that it lacks."""
        for path, points in lost.items():
            known = self.parts[path].run.points if path in self.parts else []
            history = self.parts[path].history if path in self.parts else HistoricalValue("", False, [])
            self.parts[path] = Part(replace(history, values=[*known, *points]), self.start, self.end)

    @property
    def partial(self) -> ResponseDetail | None:
        """What the server says that it has cut, or what can't be read."""
        return self.parts[()].history.partial

    @property
    def words(self) -> str:
        """The same in words."""
        return "" if self.partial is None else self.partial.detail or self.partial.title

    @property
    def sizes(self) -> list[int]:
        """How many points each series has."""
        return [len(part.run.points) for part in self.parts.values()]

    def spans(self) -> Iterator[tuple[int, int]]:
        """Return the first and the last moment of each series that has points."""
        for part in self.parts.values():
            if part.run.points:
                with contextlib.suppress(ValueError):
                    yield part.run.moment(0), part.run.moment(-1)


def walk(history: HistoricalValue) -> Iterator[tuple[Path, HistoricalValue]]:
    """Return a history and those of its components, each with its path."""
    waiting: list[tuple[Path, HistoricalValue]] = [((), history)]
    while waiting:  # no recursion: a server decides how deep this is
        path, each = waiting.pop()
        yield path, each
        waiting += [((*path, name), component) for name, component in (each.components or {}).items()]
