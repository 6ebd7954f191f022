"""What to ask next, and what to make of the answer: the engine that reads history, without I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from i3x import nanoseconds
from i3x.errors import I3XError
from i3x.models import HistoricalPoint, HistoricalValue, HistoryProgress, HistoryWindow, MissingHistory
from i3x.results import BulkDict


@dataclass(frozen=True, slots=True)
class Question:
    """One request that has to be made: the history of these elements between two moments, both included."""

    element_ids: list[str]
    start: int
    end: int
    start_time: str
    end_time: str


class Reading:
    """The history of some elements over one range."""

    def __init__(
        self,
        element_ids: Sequence[str],
        start_time: str,
        end_time: str,
        window: timedelta | None = None,
    ) -> None:
        self.start_time = start_time
        self.end_time = end_time
        self.errors: dict[str, I3XError] = {}
        self.missing: list[MissingHistory] = []
        self._ids = list(dict.fromkeys(element_ids))
        self._asked = not self._ids
        self._window: HistoryWindow | None = None
        self._points = 0

    def question(self) -> Question | None:
        """Return what to ask next, None if everything is there."""
        if self._asked:
            return None
        bounds = nanoseconds.of_text(self.start_time), nanoseconds.of_text(self.end_time)
        return Question(self._ids, *bounds, self.start_time, self.end_time)

    def answered(self, question: Question, histories: BulkDict[HistoricalValue]) -> None:
        """Take in an answer."""
        self._asked = True
        self.errors.update(histories.errors)
        for history in histories.values():
            history.values.sort(key=lambda point: nanoseconds.of_text(point.timestamp))
            self._points += len(history.values)
        self._window = HistoryWindow(self.start_time, self.end_time, histories)

    def failed(self, question: Question, error: I3XError) -> None:
        """Take in that a question failed; raises the error if asking for less would not help."""
        raise error

    def take(self) -> HistoryWindow | None:
        """Return the next window that is whole and has values, None if there is none yet."""
        window, self._window = self._window, None
        return window

    def points(self, window: HistoryWindow) -> Iterator[HistoricalPoint]:
        """Return the points of a window in the order of time."""
        points = [
            HistoricalPoint(element_id, point.value, point.quality, point.timestamp)
            for element_id, history in window.histories.items()
            for point in history.values
        ]
        points.sort(key=lambda point: nanoseconds.of_text(point.timestamp))
        return iter(points)

    def progress(self) -> HistoryProgress:
        """Return how far it has come."""
        return HistoryProgress(1.0, self._points, self.end_time, 1)
