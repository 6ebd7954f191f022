"""The operations that read values: what is known now, and what was known before."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

from .answers import Answer, RequestError, bad, bulk, good
from .call import Call
from .state import State


def query_values(call: Call) -> Answer:
    """POST /objects/value."""
    depth = call.fields.max_depth()
    state = call.state

    def item(element_id: str) -> dict[str, Any]:
        return good("elementId", element_id, _current(state, element_id, depth))

    return bulk(_each(state, call.element_ids(), item))


def query_history(call: Call) -> Answer:
    """POST /objects/history."""
    if not call.state.settings.history:
        raise RequestError(501, "This server keeps no history")
    start, end = call.fields.moment("startTime"), call.fields.moment("endTime")
    if start > end:
        raise RequestError(400, "startTime must not be after endTime")
    reader = _HistoryReader(call.state, start, end, call.fields.max_depth())
    items = _each(call.state, call.element_ids(), reader.item)
    return bulk(items, reader.partial if reader.cut else None)


def _each(
    state: State, element_ids: list[str], item: Callable[[str], dict[str, Any]]
) -> list[dict[str, Any]]:
    known = state.station.space.elements
    return [
        item(element_id)
        if element_id in known
        else bad("elementId", element_id, 404, f"There is no object {element_id!r}")
        for element_id in element_ids
    ]


def _current(state: State, element_id: str, depth: int) -> dict[str, Any]:
    space = state.station.space
    point = state.values.current(element_id)
    composition = space.elements[element_id].is_composition
    result = {
        "isComposition": composition,
        "value": point.value,
        "quality": point.quality,
        "timestamp": point.timestamp,
    }
    if composition and depth != 1:
        result["components"] = {part: state.values.current(part) for part in space.descend(element_id, depth)}
    return result


class _HistoryReader:
    """Reads history within the row limit of one request: the first rows asked for are the ones that fit."""

    def __init__(self, state: State, start: int, end: int, depth: int) -> None:
        self._state = state
        self._start = start
        self._end = end
        self._depth = depth
        self._left = state.settings.max_history_rows
        self.cut = 0
        """How many rows did not fit."""

    @property
    def partial(self) -> str:
        limit = self._state.settings.max_history_rows
        return f"{self.cut} rows were cut: this server returns {limit} rows in one request"

    def item(self, element_id: str) -> dict[str, Any]:
        """The bulk item of one object."""
        space = self._state.station.space
        before = self.cut
        composition = space.elements[element_id].is_composition
        values, resume = self._rows(element_id)
        result: dict[str, Any] = {"isComposition": composition, "values": values}
        if composition and self._depth != 1:
            result["components"] = {
                part: {"values": self._rows(part)[0]} for part in space.descend(element_id, self._depth)
            }
        cut = self.cut - before
        if not cut:
            return good("elementId", element_id, result)
        where = f"; the object's own rows end before {resume}" if resume else ""
        return good("elementId", element_id, result, f"{cut} rows were cut{where}")

    def _rows(self, element_id: str) -> tuple[list[object], str | None]:
        """The rows that fit, and the time of the first one that did not."""
        points = self._state.values.history(element_id, self._start, self._end)
        rows: list[object] = list(itertools.islice(points, self._left))
        self._left -= len(rows)
        rest = list(points)
        self.cut += len(rest)
        return rows, rest[0].timestamp if rest else None
