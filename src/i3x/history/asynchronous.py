"""Carries the reading of history out: asks what the engine wants to know, and hands its windows on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Protocol, Self

from i3x.bulk.limits import Ranges
from i3x.callbacks import async_notify
from i3x.errors import I3XError
from i3x.history.completing import broken_off, completed, unfinished
from i3x.history.merging import points_of
from i3x.history.questions import Question
from i3x.history.reading import Reading
from i3x.models import HistoricalPoint, HistoricalValue, HistoryProgress, HistoryWindow, MissingHistory
from i3x.results import BulkDict


class AsyncAsk(Protocol):
    """Sends one question of the engine as a request."""

    @abstractmethod
    async def __call__(self, question: Question, /) -> BulkDict[HistoricalValue]:
        """Return the answer, or raise the error that stands for it."""


class AsyncHistoryIterator:
    """The history of some elements in the order of time; made by ``AsyncClient.iter_history()``.

    Iterate over it for points, or over ``windows()`` for whole stretches of time at once, but not over both.
    After an :class:`~i3x.I3XError` it (or a new ``windows()`` of it) can be iterated over again, and goes on where
    it was.

    - ``errors``: element id → :class:`~i3x.I3XError` of the elements that failed.
    - ``missing``: what the server does not give in whole, as :class:`~i3x.MissingHistory`.
    """

    def __init__(
        self, ask: AsyncAsk, reading: Reading, on_progress: Callable[[HistoryProgress], object] | None
    ) -> None:
        self._ask = ask
        self._reading = reading
        self._on_progress = on_progress
        self._points: Iterator[HistoricalPoint] = iter(())

    @property
    def start_time(self) -> str:
        """The begin of the time range, as RFC 3339 text in UTC."""
        return self._reading.start_time

    @property
    def end_time(self) -> str:
        """The end of the time range, as RFC 3339 text in UTC; "now" is when the iterator was made."""
        return self._reading.end_time

    @property
    def errors(self) -> dict[str, I3XError]:
        """The error of each element that failed so far."""
        return self._reading.errors

    @property
    def missing(self) -> list[MissingHistory]:
        """What the server does not give in whole, as far as it is known by now."""
        return self._reading.missing

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> HistoricalPoint:
        while True:
            for point in self._points:
                return point
            window = await self._next_window()
            if window is None:
                raise StopAsyncIteration
            self._points = points_of(window)

    async def windows(self) -> AsyncIterator[HistoryWindow]:
        """Return the windows that have values, in the order of time, each a :class:`~i3x.HistoryWindow`."""
        while (window := await self._next_window()) is not None:
            yield window

    async def _next_window(self) -> HistoryWindow | None:
        """Return the next window that has values, None at the end."""
        while True:
            window = self._reading.take()
            if window is not None:
                return window
            question = self._reading.question()
            if question is None:
                return None
            await self._answer(question)

    async def _answer(self, question: Question) -> None:
        await answer(self._ask, self._reading, question)
        if self._on_progress is not None:
            await async_notify(self._on_progress, self._reading.progress())


async def answer(ask: AsyncAsk, reading: Reading, question: Question) -> None:
    """Have one question of the engine answered."""
    try:
        histories = await ask(question)
    except I3XError as error:
        reading.failed(question, error)
    else:
        reading.answered(question, histories)


async def read_whole(
    ask: AsyncAsk, element_ids: Iterable[str], start_time: str, end_time: str, ranges: Ranges
) -> BulkDict[HistoricalValue]:
    """Return the whole history of elements over a range: with one request, if the server gives it so.

    ``ranges`` is what is known of the server, and what is found out of it.
    What the server does not give even in parts is told in ``partial``, of the elements and of the result. A failure
    to get what was not whole at first is the error of those elements, and raised if there are no others.
    """
    ids = asked = list(dict.fromkeys(element_ids))
    reading = Reading(ids, start_time, end_time, ranges)
    if (question := reading.question()) is None:
        return BulkDict()
    first: BulkDict[HistoricalValue] = BulkDict()
    try:
        first = await ask(question)
    except I3XError as error:
        reading.failed(question, error)
    else:
        if not reading.is_about_all(question):
            reading.answered(question, first)
            first = BulkDict()
        elif rest := unfinished(question, first):
            asked = [*rest, *rest.errors]
            reading = Reading(asked, start_time, end_time, ranges)
            reading.answered(question, rest)
        else:
            reading.note_answered(question, [len(history.values) for history in first.values()])
            return first
    try:
        while (question := reading.question()) is not None:
            await answer(ask, reading, question)
    except BaseException as failure:
        result = broken_off(first, asked, reading, failure)
        if not result or not isinstance(failure, I3XError):
            vars(failure)["result"] = result
            raise
        return result
    return completed(ids, first, reading)
