"""Changes as an iterator: a subscription that lives as long as a ``with`` block."""

from __future__ import annotations

import contextlib
import inspect
import time
from collections import deque
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Generic, Self

import anyio

from i3x import operations
from i3x.delivery.blocking import Deliveries, Host
from i3x.delivery.engine import Engine
from i3x.delivery.hosting import AsyncDeliveries
from i3x.delivery.mailbox import LoopMailbox, ThreadMailbox
from i3x.delivery.parcels import MailboxOutlet, Parcel, calls
from i3x.delivery.settings import Settings
from i3x.delivery.view import Delivery
from i3x.errors import ConnectionError, SubscriptionError
from i3x.models import CurrentValue, V, ValueChange
from i3x.value_types import ValueReader


class _Limits:
    """How long and how often a watch goes on."""

    def __init__(self, timeout: float | None, count: int | None) -> None:
        if timeout is not None and not timeout > 0:
            raise ValueError(f"timeout must be more than 0 seconds, or None for no end, not {timeout!r}")
        if count is not None and (isinstance(count, bool) or not isinstance(count, int) or count < 0):
            raise ValueError(f"count must be a whole number, or None for no end, not {count!r}")
        self.timeout = timeout
        self.left = count

    @property
    def are_reached(self) -> bool:
        """Whether enough changes were let through."""
        return self.left == 0

    def let_through(self, changes: list[ValueChange]) -> list[ValueChange]:
        """Return as many of the changes as are still wanted."""
        if self.left is None:
            return changes
        wanted = changes[: self.left]
        self.left -= len(wanted)
        return wanted


async def _open(
    deliveries: AsyncDeliveries, items: Mapping[str, int], settings: Settings, initial: bool, mailbox: Any
) -> tuple[Engine, list[ValueChange]]:
    """Make the subscription, read the present values if they are wanted, and start to deliver."""
    engine = deliveries.engine(items, settings, MailboxOutlet(mailbox))
    async with deliveries.opening(engine.delete):
        await engine.create()
        try:
            present = await _present(deliveries, items) if initial else []
        except BaseException:
            await engine.delete()
            raise
    engine.begin_with(present)
    deliveries.begin(engine, is_ours=True, mailbox=mailbox)
    return engine, present


async def _present(deliveries: AsyncDeliveries, items: Mapping[str, int]) -> list[ValueChange]:
    depth = next(iter(items.values()))
    values = await deliveries.send(operations.get_values(items, depth))
    return [change for value in values.values() for change in _changes(value)]


def _changes(value: CurrentValue) -> list[ValueChange]:
    changes = [ValueChange(value.element_id, value.value, value.quality, value.timestamp)]
    for element_id, part in (value.components or {}).items():
        changes.append(ValueChange(element_id, part.value, part.quality, part.timestamp))
    return changes


class AsyncWatch(Generic[V]):
    """The changes of some elements, for ``async with`` and ``async for``; made by ``AsyncClient.watch()``."""

    def __init__(
        self,
        client: Any,
        deliveries: AsyncDeliveries,
        items: Mapping[str, int],
        settings: Settings,
        reader: ValueReader[V],
        *,
        timeout: float | None,
        count: int | None,
        initial: bool,
    ) -> None:
        self._client = client
        self._deliveries = deliveries
        self._items = items
        self._settings = settings
        self._read = reader.change if reader.has_type else None
        self._initial = initial
        self._limits = _Limits(timeout, count)
        self._mailbox: LoopMailbox[Parcel] = LoopMailbox()
        self._ready: deque[ValueChange] = deque()
        self._engine: Engine | None = None
        self._delivery: Delivery | None = None

    @property
    def delivery(self) -> Delivery:
        """The view of the delivery: live in the block, and what it came to afterwards; there is none before."""
        return _begun(self._delivery)

    async def __aenter__(self) -> Self:
        engine, present = await _open(
            self._deliveries, self._items, self._settings, self._initial, self._mailbox
        )
        self._engine, self._delivery = engine, Delivery(engine)
        self._ready.extend(self._limits.let_through(present))
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        engine, self._engine = self._engine, None
        self._ready.clear()
        if engine is not None:
            await self._deliveries.end(engine)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> ValueChange[V]:
        if not self._ready:
            await self._wait()
        change = self._ready.popleft()
        return change if self._read is None else self._read(change, self._items)

    async def _wait(self) -> None:
        engine = _running(self._engine)
        if self._limits.are_reached:
            raise StopAsyncIteration
        with anyio.move_on_after(self._limits.timeout):
            while not self._ready:
                if self._mailbox.is_empty and engine.failure is not None:
                    raise engine.failure
                if (parcel := await self._mailbox.get()) is None:
                    break
                await self._take(parcel)
        if not self._ready:
            raise StopAsyncIteration

    async def _take(self, parcel: Parcel) -> None:
        if parcel.changes is not None:
            self._ready.extend(self._limits.let_through(parcel.changes))
            return
        for callback, news in calls(self._client, parcel):
            result = callback(self._client, news)
            if inspect.isawaitable(result):
                await result


class Watch(Generic[V]):
    """The changes of some elements, for ``with`` and ``for``; made by ``Client.watch()``."""

    def __init__(
        self,
        client: Any,
        deliveries: Deliveries,
        items: Mapping[str, int],
        settings: Settings,
        reader: ValueReader[V],
        *,
        timeout: float | None,
        count: int | None,
        initial: bool,
    ) -> None:
        self._client = client
        self._deliveries = deliveries
        self._items = items
        self._settings = settings
        self._read = reader.change if reader.has_type else None
        self._initial = initial
        self._limits = _Limits(timeout, count)
        self._mailbox: ThreadMailbox[Parcel] | None = None
        self._host: Host | None = None
        self._ready: deque[ValueChange] = deque()
        self._engine: Engine | None = None
        self._delivery: Delivery | None = None

    @property
    def delivery(self) -> Delivery:
        """The view of the delivery: live in the block, and what it came to afterwards; there is none before."""
        return _begun(self._delivery)

    def __enter__(self) -> Self:
        host = self._deliveries.host
        self._host = host
        engine, present = host.call(self._open_on_loop, host.inner)
        self._engine, self._delivery = engine, Delivery(engine)
        self._ready.extend(self._limits.let_through(present))
        return self

    async def _open_on_loop(self, inner: AsyncDeliveries) -> tuple[Engine, list[ValueChange]]:
        self._mailbox = ThreadMailbox()
        return await _open(inner, self._items, self._settings, self._initial, self._mailbox)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        (engine, self._engine), (host, self._host) = (self._engine, None), (self._host, None)
        self._ready.clear()
        if engine is not None and host is not None:
            with contextlib.suppress(ConnectionError):  # disconnecting has ended it
                host.call(host.inner.end, engine)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> ValueChange[V]:
        if not self._ready:
            self._wait()
        change = self._ready.popleft()
        return change if self._read is None else self._read(change, self._items)

    def _wait(self) -> None:
        engine, mailbox = _running(self._engine), self._mailbox
        if self._limits.are_reached or mailbox is None:
            raise StopIteration
        until = None if self._limits.timeout is None else time.monotonic() + self._limits.timeout
        while not self._ready:
            if mailbox.is_empty and engine.failure is not None:
                raise engine.failure
            left = None if until is None else until - time.monotonic()
            if mailbox.is_over or (left is not None and left <= 0):
                raise StopIteration
            self._take(mailbox.take(left))

    def _take(self, parcel: Parcel | None) -> None:
        if parcel is None:
            return
        if parcel.changes is not None:
            self._ready.extend(self._limits.let_through(parcel.changes))
            return
        for callback, news in calls(self._client, parcel):
            callback(self._client, news)


def _running(engine: Engine | None) -> Engine:
    if engine is None:
        raise SubscriptionError("a watch gives changes only within its with block")
    return engine


def _begun(delivery: Delivery | None) -> Delivery:
    if delivery is None:
        raise SubscriptionError("a watch has a delivery from the begin of its with block on")
    return delivery
