"""The bounded queue between a delivery, which runs on an event loop, and whoever takes the changes.

When it is full the deliveries wait, and with them the reading of their streams: nothing is dropped on our side.
They go on when it is half empty again, so that a slow reader does not cost a wake-up for each change.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from typing import Generic, TypeVar

import anyio

T = TypeVar("T")

CAPACITY = 10_000
"""How many changes may wait; a batch that is larger than what is left still goes in whole."""


class _Mailbox(Generic[T]):
    """What both kinds share; several tasks may wait for space, and all of them wait for the same event."""

    def __init__(self, capacity: int | None = None) -> None:
        self._capacity = CAPACITY if capacity is None else capacity
        self._items: deque[tuple[T, int]] = deque()
        self._weight = 0
        self._space = anyio.Event()
        self._space.set()
        self._closed = False

    @property
    def is_over(self) -> bool:
        """Whether nothing is in it, and nothing more will come."""
        return self._closed and not self._items

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in it."""
        return not self._items

    async def put(self, item: T, weight: int = 1) -> None:
        """Add an item; waits while the mailbox is full."""
        while not self._space.is_set():
            await self._space.wait()
        self.add(item, weight)

    def add(self, item: T, weight: int = 0) -> None:
        """Add an item without waiting; for the few that carry no changes."""
        raise NotImplementedError

    def _push(self, item: T, weight: int) -> None:
        self._items.append((item, weight))
        self._weight += weight
        if self._weight >= self._capacity and self._space.is_set():
            self._space = anyio.Event()

    def _pop(self) -> T:
        item, weight = self._items.popleft()
        self._weight -= weight
        return item

    @property
    def _has_space(self) -> bool:
        return self._closed or self._weight <= self._capacity // 2


class LoopMailbox(_Mailbox[T]):
    """Filled and emptied by tasks of one event loop."""

    def __init__(self, capacity: int | None = None) -> None:
        super().__init__(capacity)
        self._arrival = anyio.Event()

    def add(self, item: T, weight: int = 0) -> None:
        """Add an item without waiting; for the few that carry no changes."""
        if not self._closed:
            self._push(item, weight)
            self._arrival.set()

    async def get(self) -> T | None:
        """Return the next item, None when the mailbox is closed and empty."""
        while not self._items:
            if self._closed:
                return None
            self._arrival = anyio.Event()
            await self._arrival.wait()
        item = self._pop()
        if self._has_space:
            self._space.set()
        return item

    def close(self) -> None:
        """Take nothing more in; what is in it can still be taken out."""
        self._closed = True
        self._arrival.set()
        self._space.set()


class ThreadMailbox(_Mailbox[T]):
    """Filled by tasks of one event loop, emptied by a thread."""

    def __init__(self, capacity: int | None = None) -> None:
        super().__init__(capacity)
        self._changed = threading.Condition()
        self._loop = asyncio.get_running_loop()

    def add(self, item: T, weight: int = 0) -> None:
        """Add an item without waiting; for the few that carry no changes."""
        with self._changed:
            if not self._closed:
                self._push(item, weight)
                self._changed.notify()

    def take(self, timeout: float | None = None) -> T | None:
        """Return the next item, None when nothing came in time, or the mailbox is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed, timeout)
            if not self._items:
                return None
            item = self._pop()
            if not self._closed and not self._space.is_set() and self._has_space:
                self._loop.call_soon_threadsafe(self._release)
        return item

    def close(self) -> None:
        """Take nothing more in; what is in it can still be taken out. Called on the loop."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._space.set()

    def _release(self) -> None:
        with self._changed:
            if self._has_space:
                self._space.set()
