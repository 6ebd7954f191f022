"""The bounded queue between a delivery, which runs on an event loop, and whoever takes the changes.

When it is full the delivery waits, and with it the reading of the stream: nothing is dropped on our side.
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
    def __init__(self, capacity: int = CAPACITY) -> None:
        self._capacity = capacity
        self._items: deque[tuple[T, int]] = deque()
        self._weight = 0
        self._space = anyio.Event()
        self._closed = False

    @property
    def _is_full(self) -> bool:
        return self._weight >= self._capacity and not self._closed

    def close(self) -> None:
        """Take nothing more in; what is in it can still be taken out."""
        raise NotImplementedError


class LoopMailbox(_Mailbox[T]):
    """Filled and emptied by tasks of one event loop."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        super().__init__(capacity)
        self._arrival = anyio.Event()

    async def put(self, item: T, weight: int = 1) -> None:
        """Add an item; waits while the mailbox is full."""
        while self._is_full:
            self._space = anyio.Event()
            await self._space.wait()
        self.add(item, weight)

    def add(self, item: T, weight: int = 0) -> None:
        """Add an item without waiting; for the few that carry no changes."""
        if not self._closed:
            self._items.append((item, weight))
            self._weight += weight
            self._arrival.set()

    async def get(self) -> T | None:
        """Return the next item, None when the mailbox is closed and empty."""
        while not self._items:
            if self._closed:
                return None
            self._arrival = anyio.Event()
            await self._arrival.wait()
        item, weight = self._items.popleft()
        self._weight -= weight
        if not self._is_full:
            self._space.set()
        return item

    def close(self) -> None:
        """Take nothing more in; what is in it can still be taken out."""
        self._closed = True
        self._arrival.set()
        self._space.set()


class ThreadMailbox(_Mailbox[T]):
    """Filled by tasks of one event loop, emptied by a thread."""

    def __init__(self, capacity: int = CAPACITY) -> None:
        super().__init__(capacity)
        self._changed = threading.Condition()
        self._loop = asyncio.get_running_loop()

    async def put(self, item: T, weight: int = 1) -> None:
        """Add an item; waits while the mailbox is full."""
        while True:
            with self._changed:
                if not self._is_full:
                    break
                space = self._space = anyio.Event()
            await space.wait()
        self.add(item, weight)

    def add(self, item: T, weight: int = 0) -> None:
        """Add an item without waiting; for the few that carry no changes."""
        with self._changed:
            if not self._closed:
                self._items.append((item, weight))
                self._weight += weight
                self._changed.notify()

    def take(self, timeout: float | None = None) -> T | None:
        """Return the next item, None when nothing came in time, or the mailbox is closed and empty."""
        with self._changed:
            self._changed.wait_for(lambda: self._items or self._closed, timeout)
            if not self._items:
                return None
            was_full = self._is_full
            item, weight = self._items.popleft()
            self._weight -= weight
            if was_full and not self._is_full:
                self._loop.call_soon_threadsafe(self._space.set)
        return item

    @property
    def is_closed(self) -> bool:
        """Whether nothing more will come."""
        return self._closed

    def close(self) -> None:
        """Take nothing more in; what is in it can still be taken out. Called on the loop."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._space.set()
