"""Filling a gap: what speaks against a history's having all that happened in it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from i3x.bulk.limits import Ranges
from i3x.delivery.backfill import Backfill, Delivered, fill
from i3x.models import VQT, HistoricalValue, ValueChange
from i3x.results import BulkDict

START = datetime(2026, 1, 31, 8, tzinfo=UTC)


def text(second: int) -> str:
    return f"2026-01-31T08:00:{second:02d}Z"


Points = list[tuple[int, int]]  # second and value


def filled(second: int, history: Points) -> Backfill:
    """Fill a gap from second 10 to 20 of an element whose last update, a 1, was delivered."""

    async def send(_: Any) -> BulkDict[HistoricalValue]:
        points = [VQT(value, "Good", text(at)) for at, value in history]
        return BulkDict({"a": HistoricalValue("a", False, points)})

    last = ValueChange("a", 1, "Good", text(second))
    start, end = START + timedelta(seconds=10), START + timedelta(seconds=20)
    return anyio.run(fill, send, {"a": 1}, start, end, Delivered(START, {"a": last}), Ranges())


@pytest.mark.parametrize(
    ("second", "history"),
    [
        (11, [(9, 0), (11, 1), (15, 2)]),
        (11, [(11, 100), (15, 200)]),  # in another unit
        (11, [(12, 1), (15, 2)]),  # rounded
        (7, []),  # before what was asked for
        (21, []),  # by a clock that is ahead
    ],
)
def test_a_history_is_believed_that_has_what_was_delivered(second: int, history: Points) -> None:
    found = filled(second, history)
    assert found.failures == []
    assert [change.value for change in found.changes] == [value for _, value in history]


@pytest.mark.parametrize("history", [[], [(14, 2)], [(9, 0), (14, 2)], [(12, 2)]])
def test_a_history_that_lacks_even_what_was_delivered_is_not_believed(history: Points) -> None:
    found = filled(11, history)
    assert [change.value for change in found.changes] == [value for _, value in history]
    assert len(found.failures) == 1
    assert "not even what was delivered of 'a'" in found.failures[0]
