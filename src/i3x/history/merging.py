"""The points of a window in the order of time, over all its elements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from i3x import nanoseconds
from i3x.history.runs import are_comparable
from i3x.history.tracks import walk
from i3x.models import VQT, HistoricalPoint, HistoryWindow

_BEFORE_ALL = nanoseconds.of_text("0001-01-01T00:00:00Z") - 1


def points_of(window: HistoryWindow) -> Iterator[HistoricalPoint]:
    """Return the points of all elements and components of a window in the order of time.

    An element that is there twice, by itself and as a component, is given once.
    """
    series: dict[str, list[VQT]] = {}
    for history in window.histories.values():
        for _, each in walk(history):
            if len(each.values) > len(series.get(each.element_id, ())):
                series[each.element_id] = each.values
    points = [
        HistoricalPoint(element_id, point.value, point.quality, point.timestamp)
        for element_id, values in series.items()
        for point in values
    ]
    if len(series) > 1:
        keys = _keys([[point.timestamp for point in values] for values in series.values()])
        points = [points[index] for index in sorted(range(len(points)), key=keys.__getitem__)]
    return iter(points)


def _keys(series: Sequence[Sequence[str]]) -> Sequence[str] | Sequence[int]:
    """Return what sorts timestamps: where all are of the form that allows it, their texts do."""
    if all(map(are_comparable, series)):
        return [text[:-1] for texts in series for text in texts]
    return [_moment(text) for texts in series for text in texts]


def _moment(text: str) -> int:
    try:
        return nanoseconds.of_text(text)
    except ValueError:
        return _BEFORE_ALL
