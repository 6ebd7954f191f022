"""Filling a gap from history: what the server recorded while nothing of it arrived."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from i3x import operations
from i3x.bulk.limits import Ranges
from i3x.calls import Bulk
from i3x.errors import ConnectionError, I3XError, ServerError, TimeoutError
from i3x.history.asynchronous import read_whole
from i3x.history.questions import Question
from i3x.models import HistoricalValue, ValueChange, to_datetime
from i3x.results import BulkDict, item_errors
from i3x.times import time

PASSING = (ConnectionError, TimeoutError, ServerError)
"""What a later try may mend."""

_LATE = timedelta(seconds=2)
"""How much older than its delivery a value may be, by its timestamp, and still be found."""

_ROUNDED = timedelta(seconds=1)
"""By how much history may have a value earlier or later than it was delivered."""

_ELEMENTS_PER_REQUEST = 100
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_NEVER = datetime.max.replace(tzinfo=UTC)


class Backfill:
    """The values of a gap, and what could not be had of them."""

    def __init__(self) -> None:
        self.changes: list[ValueChange] = []
        self.failures: list[str] = []


class Delivered(NamedTuple):
    """What has been delivered: since when, and element id → what came last."""

    since: datetime
    latest: Mapping[str, ValueChange]


async def fill(
    send: Callable[[Bulk[BulkDict[HistoricalValue]]], Awaitable[BulkDict[HistoricalValue]]],
    items: Mapping[str, int],
    start: datetime,
    end: datetime,
    delivered: Delivered,
    ranges: Ranges,
) -> Backfill:
    """Read the history of elements (with their depth) over a gap; the changes are in the order of time.

    ``ranges`` is what is known of the server, and what is found out of it.
    Raises only what is ``PASSING``: the server can't be reached, is overloaded, or does not answer.
    """
    found = Backfill()
    since = max(start - _LATE, delivered.since)
    bounds = time(since), time(max(since, end))
    for depth in sorted(set(items.values())):

        async def ask(question: Question, depth: int = depth) -> BulkDict[HistoricalValue]:
            return await send(
                operations.get_histories(question.element_ids, question.start_time, question.end_time, depth)
            )

        ids = [element_id for element_id, wanted in items.items() if wanted == depth]
        for first in range(0, len(ids), _ELEMENTS_PER_REQUEST):
            some = ids[first : first + _ELEMENTS_PER_REQUEST]
            try:
                histories = await read_whole(ask, some, *bounds, ranges)
                errors = item_errors(histories)
            except PASSING:
                raise
            except I3XError as error:
                found.failures.append(str(error))
                continue
            found.failures += [str(error) for error in errors.values()]
            if histories.partial is not None:
                found.failures.append(f"the history has not all of it: {histories.partial.detail}")
            for history in histories.values():
                found.changes += _changes(history)
    found.changes.sort(key=lambda change: moment_of(change.timestamp))
    if not found.failures and (names := _forgotten(delivered.latest, since, end, found.changes)):
        shown = ", ".join(map(repr, names[:3])) + (", ..." if len(names) > 3 else "")
        found.failures.append(
            f"the history has not even what was delivered of {shown}: the server does not keep every update, "
            "keeps them for too short a time, or has them only later"
        )
    return found


def _forgotten(
    latest: Mapping[str, ValueChange], start: datetime, end: datetime, found: list[ValueChange]
) -> list[str]:
    """Return the elements of which history does not even have what was delivered last.

    A server that keeps a history of some elements only, for too short a time, with a delay or not of every update,
    answers as if nothing else had happened.
    """
    moments: dict[str, list[tuple[datetime, ValueChange]]] = {}
    for change in found:
        moments.setdefault(change.element_id, []).append((moment_of(change.timestamp), change))
    delivered = ((moment_of(change.timestamp), change) for change in latest.values())
    return [
        change.element_id
        for moment, change in delivered
        if start < moment < end
        and not any(_is_same(change, moment, *known) for known in moments.get(change.element_id, ()))
    ]


def _is_same(delivered: ValueChange, moment: datetime, known_moment: datetime, known: ValueChange) -> bool:
    """Whether history has an update, perhaps with its timestamp rounded."""
    is_near = abs(known_moment - moment) <= _ROUNDED
    return known_moment == moment or (is_near and bool(known.value == delivered.value))


def _changes(history: HistoricalValue) -> list[ValueChange]:
    changes = [
        ValueChange(history.element_id, point.value, point.quality, point.timestamp, True)
        for point in history.values
    ]
    for component in (history.components or {}).values():
        changes += _changes(component)
    return changes


def moment_of(timestamp: str) -> datetime:
    """Return the moment of a timestamp; one that is none comes first, where it is seen."""
    try:
        return to_datetime(timestamp) or _EARLIEST
    except I3XError:
        return _EARLIEST
