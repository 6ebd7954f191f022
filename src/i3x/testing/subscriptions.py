"""Subscriptions: what each client watches, what is queued for it, and how long it is remembered."""

from __future__ import annotations

import asyncio
import itertools
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from .values import VQT

CLEAR = -1
"""As `lastSequenceNumber`: forget everything that is queued."""

HIGHEST_SEQUENCE_NUMBER = 2**64 - 1

Update = dict[str, Any]
"""`{elementId, value, quality, timestamp}`, as it goes out."""


@dataclass(slots=True)
class Batch:
    """Updates that went out together and wait to be acknowledged."""

    sequence_number: int
    updates: deque[Update]


class Queue:
    """What waits for the client: batches already shown but not acknowledged, then staged updates.

    Sequence numbers skip one for each staged update that was dropped, so that the numbers missing before the
    first batch tell how much was lost.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._batches: deque[Batch] = deque()
        self._staged: deque[Update] = deque()
        self._size = 0
        self._last = 0
        self._skip = 0
        self._dropped = 0
        self._reported = 0
        self._reported_before = 0

    def __len__(self) -> int:
        return self._size

    def push(self, update: Update) -> None:
        """Stage an update; a full queue drops its oldest one."""
        while self._size >= self._limit:
            self._drop_oldest()
        self._staged.append(update)
        self._size += 1

    def acknowledge(self, sequence_number: int) -> None:
        """Forget all batches up to this number, or everything for `CLEAR`.

        A report of loss goes with the first batch after the hole: until that one is acknowledged, the client
        may not have seen either of them.
        """
        if sequence_number == CLEAR:
            self.drain()
            self._dropped = self._reported = 0
        elif sequence_number >= self._reported_before:
            self._dropped -= self._reported
            self._reported = 0
        while self._batches and self._batches[0].sequence_number <= sequence_number:
            self._size -= len(self._batches.popleft().updates)

    def batches(self) -> tuple[list[Batch], int]:
        """All that waits, and how many updates were dropped that the client may not know of."""
        if self._staged:
            self._last += 1 + self._skip
            self._skip = 0
            self._batches.append(Batch(self._last, self._staged))
            self._staged = deque()
        self._reported = self._dropped
        self._reported_before = self._batches[0].sequence_number if self._batches else 0
        return list(self._batches), self._dropped

    def drain(self) -> list[Update]:
        """Take everything out, oldest first: what a stream sends is never sent again."""
        updates = list(itertools.chain.from_iterable(batch.updates for batch in self._batches))
        updates.extend(self._staged)
        self._batches.clear()
        self._staged.clear()
        self._size = 0
        return updates

    def _drop_oldest(self) -> None:
        self._size -= 1
        self._dropped += 1
        if not self._batches:
            self._staged.popleft()
            self._skip += 1
            return
        oldest = self._batches[0]
        oldest.updates.popleft()
        if not oldest.updates:
            self._batches.popleft()


@dataclass(slots=True)
class StreamSlot:
    """One open event stream: `ended` is set to end it cleanly, `wake` whenever there is something to do."""

    wake: asyncio.Event = field(default_factory=asyncio.Event)
    ended: bool = False

    def end(self) -> None:
        """Have the stream end, as if all had been said."""
        self.ended = True
        self.wake.set()


@dataclass(frozen=True, slots=True)
class Monitored:
    """One monitored item: its `maxDepth`, and the elements of which the client is told."""

    max_depth: int
    watched: tuple[str, ...]


@dataclass(slots=True)
class Subscription:
    """One client's subscription."""

    subscription_id: str
    client_id: str
    display_name: str | None
    queue: Queue
    used: float
    monitored: dict[str, Monitored] = field(default_factory=dict)
    watched: Counter[str] = field(default_factory=Counter)
    stream: StreamSlot | None = None


class Subscriptions:
    """All subscriptions of the server; those that were not used for `time_to_live` seconds are forgotten."""

    def __init__(
        self, *, queue_limit: int, time_to_live: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._queue_limit = queue_limit
        self._time_to_live = time_to_live
        self._by_id: dict[str, Subscription] = {}
        self._watchers: dict[str, dict[str, Subscription]] = {}

    def __iter__(self) -> Iterator[Subscription]:
        return iter(list(self._by_id.values()))

    def create(self, client_id: str, display_name: str | None) -> Subscription:
        """A new subscription with nothing in it."""
        self.expire()
        subscription = Subscription(
            str(uuid.uuid4()), client_id, display_name, Queue(self._queue_limit), self._clock()
        )
        self._by_id[subscription.subscription_id] = subscription
        return subscription

    def find(self, client_id: str, subscription_id: str) -> Subscription | None:
        """The client's subscription; another client's is not to be seen."""
        self.expire()
        subscription = self._by_id.get(subscription_id)
        return subscription if subscription is not None and subscription.client_id == client_id else None

    def touch(self, subscription: Subscription) -> None:
        """Count a sync or a stream as use: the time to live starts again."""
        subscription.used = self._clock()

    def register(
        self, subscription: Subscription, element_id: str, depth: int, watched: Iterable[str]
    ) -> None:
        """Watch an object through these elements; a second time only changes the depth."""
        self.unregister(subscription, element_id)
        monitored = subscription.monitored[element_id] = Monitored(depth, tuple(watched))
        for watched_id in monitored.watched:
            subscription.watched[watched_id] += 1
            self._watchers.setdefault(watched_id, {})[subscription.subscription_id] = subscription

    def unregister(self, subscription: Subscription, element_id: str) -> bool:
        """Watch an object no longer; what is queued stays. False if it was not watched."""
        monitored = subscription.monitored.pop(element_id, None)
        if monitored is None:
            return False
        for watched_id in monitored.watched:
            subscription.watched[watched_id] -= 1
            if not subscription.watched[watched_id]:
                del subscription.watched[watched_id]
                self._unwatch(subscription, watched_id)
        return True

    def delete(self, subscription: Subscription) -> None:
        """Forget a subscription and its queue; an open stream ends."""
        for watched_id in subscription.watched:
            self._unwatch(subscription, watched_id)
        del self._by_id[subscription.subscription_id]
        if subscription.stream is not None:
            subscription.stream.end()

    def clear(self) -> None:
        """Forget all subscriptions."""
        for subscription in self:
            self.delete(subscription)

    def open_stream(self, subscription: Subscription) -> StreamSlot:
        """Begin a stream; one that is open already ends."""
        if subscription.stream is not None:
            subscription.stream.end()
        subscription.stream = StreamSlot()
        return subscription.stream

    def close_stream(self, subscription: Subscription, slot: StreamSlot) -> None:
        """The stream is over; the time to live starts now."""
        if subscription.stream is slot:
            subscription.stream = None
        self.touch(subscription)

    def publish(self, element_id: str, point: VQT) -> None:
        """Queue an update for everybody who watches the object."""
        watchers = self._watchers.get(element_id)
        if not watchers:
            return
        update = {
            "elementId": element_id,
            "value": point.value,
            "quality": point.quality,
            "timestamp": point.timestamp,
        }
        for subscription in watchers.values():
            subscription.queue.push(update)
            if subscription.stream is not None:
                subscription.stream.wake.set()

    def wake_streams(self) -> None:
        """Have every open stream look around."""
        for subscription in self:
            if subscription.stream is not None:
                subscription.stream.wake.set()

    def expire(self) -> None:
        """Forget what was not used for too long."""
        deadline = self._clock() - self._time_to_live
        for subscription in self:
            if subscription.stream is None and subscription.used < deadline:
                self.delete(subscription)

    def _unwatch(self, subscription: Subscription, element_id: str) -> None:
        watchers = self._watchers[element_id]
        del watchers[subscription.subscription_id]
        if not watchers:
            del self._watchers[element_id]
