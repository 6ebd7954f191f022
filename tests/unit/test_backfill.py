"""Filling a gap: what speaks against a history's having all that happened in it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
import pytest

from i3x.bulk.limits import Ranges
from i3x.delivery.backfill import Backfill, Delivered, fill
from i3x.models import VQT, HistoricalValue
from i3x.results import BulkDict

START = datetime(2026, 1, 31, 8, tzinfo=UTC)


def text(second: int) -> str:
    return f"2026-01-31T08:00:{second:02d}Z"


def filled(delivered: int, history: list[int]) -> Backfill:
    """Fill a gap from second 10 to 20 of an element of which the last update, so old, was delivered."""

    async def send(_: Any) -> BulkDict[HistoricalValue]:
        points = [VQT(second, "Good", text(second)) for second in history]
        return BulkDict({"a": HistoricalValue("a", False, points)})

    start, end = START + timedelta(seconds=10), START + timedelta(seconds=20)
    return anyio.run(fill, send, {"a": 1}, start, end, Delivered(START, {"a": text(delivered)}), Ranges())


@pytest.mark.parametrize(
    ("delivered", "history"),
    [
        (11, [11, 15]),
        (11, [9, 15]),  # of another rhythm
        (11, [12, 15]),  # rounded up
        (7, []),  # before what was asked for
        (21, []),  # by a clock that is ahead
    ],
)
def test_a_history_is_believed_that_reaches_back_to_what_was_delivered(
    delivered: int, history: list[int]
) -> None:
    found = filled(delivered, history)
    assert found.failures == []
    assert [change.value for change in found.changes] == history


@pytest.mark.parametrize("history", [[], [14, 15]])
def test_a_history_that_lacks_even_what_was_delivered_is_not_believed(history: list[int]) -> None:
    found = filled(11, history)
    assert [change.value for change in found.changes] == history
    assert len(found.failures) == 1
    assert "not even what was delivered of 'a'" in found.failures[0]
