"""The bounded queue between a delivery, which runs on an event loop, and whoever takes the changes.

When it is full the deliveries wait, and with them the reading of their streams: nothing is dropped on our side.
They go on when it is half empty again, so that a slow reader does not cost a wake-up for each change.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
from collections import deque
from typing import Final, Generic, TypeVar

T = TypeVar("T")

CAPACITY = 10_000
"""How many changes may wait; a batch that is larger than what is left still goes in whole."""


class _Mailbox(Generic[T]):
    """What both kinds share; several tasks may wait for space, and all of them wait for the same event."""

    def __init__(self, capacity: int | None = None) -> None:
        self._capacity = CAPACITY if capacity is None else capacity
        self._added = self._taken = 0  # the weights of all that ever came, and of all that went
        self._space: asyncio.Event | None = None  # what to wait for, while it is full
        self._closed = False

    async def put(self, item: T, weight: int = 1) -> None:
        """Add an item; then waits while the mailbox is full."""
        self.add(item, weight)
        if (space := self._space) is not None:
            await space.wait()

    def add(self, item: T, weight: int = 0) -> None:
        """Add an item without waiting; for the few that carry no changes."""
        if self._closed:
            return
        self._added += weight
        self._push(item, weight)
        if self._added - self._taken >= self._capacity and self._space is None:
            self._space = asyncio.Event()
            # A thread may have emptied it before there was anything to wait for.
            self._make_space(self._space)

    def _push(self, item: T, weight: int) -> None:
        raise NotImplementedError

    def _make_space(self, space: asyncio.Event | None) -> None:
        """Let those go on who wait, if there is enough space now."""
        if space is not None and space is self._space and self._has_space:
            self._space = None
            space.set()

    @property
    def _has_space(self) -> bool:
        return self._closed or self._added - self._taken <= self._capacity // 2


class LoopMailbox(_Mailbox[T]):
    """Filled and emptied by tasks of one event loop."""

    def __init__(self, capacity: int | None = None) -> None:
        super().__init__(capacity)
        self._items: deque[tuple[T, int]] = deque()
        self._arrival = asyncio.Event()

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self._items

    async def get(self) -> T | None:
        """Return the next item, None when the mailbox is closed and empty."""
        while not self._items:
            if self._closed:
                return None
            self._arrival.clear()
            await self._arrival.wait()
        item, weight = self._items.popleft()
        self._taken += weight
        self._make_space(self._space)
        return item

    def close(self) -> None:
        """Take nothing more in; what is in it can still be taken out."""
        self._closed = True
        self._arrival.set()
        self._make_space(self._space)

    def _push(self, item: T, weight: int) -> None:
        self._items.append((item, weight))
        self._arrival.set()


class _End:
    """Stands in a mailbox behind the last item."""


_END: Final = _End()


class ThreadMailbox(_Mailbox[T]):
    """Filled by tasks of one event loop, emptied by a thread.

    There is no lock beside that of the queue, which wakes the thread up only if it waits: each side counts for
    itself what it puts in or takes out.
    """

    def __init__(self, capacity: int | None = None) -> None:
        super().__init__(capacity)
        self._items: queue.SimpleQueue[tuple[T | _End, int]] = queue.SimpleQueue()
        self._loop = asyncio.get_running_loop()
        self._told: asyncio.Event | None = None

    @property
    def is_over(self) -> bool:
        """Whether nothing is in it, and nothing more will come."""
        return self._closed and self._items.qsize() <= 1  # the end

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return self._items.empty() or self.is_over

    def take(self, timeout: float | None = None) -> T | None:
        """Return the next item, None when nothing came in time, or the mailbox is closed and empty."""
        try:
            item, weight = self._items.get(timeout=timeout)
        except queue.Empty:
            return None
        if isinstance(item, _End):
            self._items.put((item, 0))  # for whoever asks next
            return None
        self._taken += weight
        space = self._space
        if space is not None and space is not self._told and self._has_space:
            self._told = space
            with contextlib.suppress(RuntimeError):  # the loop has ended, and nobody waits any more
                self._loop.call_soon_threadsafe(self._make_space, space)
        return item

    def close(self) -> None:
        """Take nothing more in; what is in it can still be taken out. Called on the loop."""
        if not self._closed:
            self._items.put((_END, 0))
            self._closed = True
            self._make_space(self._space)

    def _push(self, item: T, weight: int) -> None:
        self._items.put((item, weight))
