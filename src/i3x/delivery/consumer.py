"""Batches that survive a crash: fetched by polling, acknowledged only when they have been dealt with.

What was fetched and not acknowledged stays on the server; how far the acknowledging got, and with which
subscription, stands in a checkpoint file, from which the next process goes on.
"""

from __future__ import annotations

import dataclasses
import os
from collections import deque
from collections.abc import Awaitable, Callable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
from msgspec.structs import replace

from i3x import operations
from i3x.delivery.backfill import fill
from i3x.delivery.backoff import Backoff
from i3x.delivery.blocking import Deliveries
from i3x.delivery.callbacks import async_notify, notify
from i3x.delivery.checkpoint import Checkpoint, Position
from i3x.delivery.clock import ServerClock
from i3x.delivery.engine import missed, monitored
from i3x.delivery.hosting import AsyncDeliveries
from i3x.errors import (
    ConnectionError,
    I3XError,
    NotFoundError,
    ServerError,
    SubscriptionError,
    TimeoutError,
)
from i3x.failures import Reply
from i3x.models import Gap, SyncBatch, to_datetime
from i3x.operations import Call

T = TypeVar("T")
News = tuple[str, Gap | I3XError]

_PASSING = (ConnectionError, TimeoutError, ServerError)
_ITEMS_PER_REQUEST = 500
_QUIET = timedelta(seconds=30)
"""How long nothing may come before the checkpoint is told that all is well up to now."""


class AsyncConsumer:
    """The batches of a subscription, for ``async for``; made by ``AsyncClient.consume()``.

    A batch is acknowledged when the loop comes back for the next one, or on ``commit()``. Lost connections are
    waited out. ``close()`` leaves the subscription on the server, for the next process to go on with;
    ``delete()`` ends it. As a context manager it is closed at the end of the block.
    """

    def __init__(
        self,
        client: Any,
        deliveries: AsyncDeliveries,
        items: Mapping[str, int],
        checkpoint: str | os.PathLike[str],
        *,
        poll_interval: float,
        timeout: float | None,
        backfill: bool,
        tell: Callable[[str, Gap | I3XError], Awaitable[None]] | None = None,
    ) -> None:
        self._client = client
        self._sender = deliveries.sender
        self._capabilities = deliveries.capabilities
        self._items = dict(items)
        self._path = checkpoint
        self._poll_interval = poll_interval
        self._timeout = timeout
        self._backfill = backfill
        self._tell = tell or self._call_back
        self._file: Checkpoint | None = None
        self._position: Position | None = None
        self._waiting: deque[SyncBatch] = deque()
        self._current: SyncBatch | None = None
        self._clock = ServerClock()
        self._synced = self._clock.earliest()
        self._is_gone = False
        self._in_trouble = False

    @property
    def subscription_id(self) -> str | None:
        """The subscription on the server; None before the first batch was asked for."""
        return self._position.subscription_id if self._position is not None else None

    @property
    def acknowledged(self) -> int | None:
        """The last sequence number that was acknowledged; None before the first."""
        return self._position.acknowledged if self._position is not None else None

    # --- the life of a consumer -------------------------------------------------------------------------

    async def open(self) -> None:
        """Lock the checkpoint and take its subscription up again, or make a new one.

        Done by the first batch that is asked for. Raises :class:`~i3x.SubscriptionError` if the checkpoint is
        held by another consumer, is corrupt, or belongs to another server.
        """
        if self._file is not None:
            return
        self._file = Checkpoint.open(self._path)
        try:
            position = self._file.read()
            if position is None:
                self._position = await self._made(self._client.client_id)
                self._synced = self._clock.earliest()
                self._write()
            else:
                await self._resume(position)
        except BaseException:
            self._release()
            raise

    async def _resume(self, position: Position) -> None:
        """Go on with the subscription of a checkpoint, as far as the server still has it."""
        if position.server_url != self._sender.url:
            raise SubscriptionError(
                f"the checkpoint {os.fspath(self._path)!r} belongs to the server {position.server_url}, and this "
                f"is {self._sender.url}; name another file, or move it away to start over"
            )
        self._synced = to_datetime(position.last_synced) or self._synced
        self._position = position
        client_id, subscription_id = position.client_id, position.subscription_id
        try:
            found = await self._send(operations.get_subscription(client_id, subscription_id))
        except NotFoundError:
            self._is_gone = True
            return
        has = monitored(found.monitored_objects)
        await self._register(
            position, {name: depth for name, depth in self._items.items() if has.get(name) != depth}
        )
        if surplus := [name for name in has if name not in self._items]:
            await self._send(operations.unregister_items(client_id, subscription_id, surplus))
        self._position = replace(position, items=self._items)

    async def _made(self, client_id: str) -> Position:
        """Make a subscription with all items, and return its position."""
        made = await self._send(operations.create_subscription(client_id, None))
        position = Position(
            server_url=self._sender.url,
            client_id=client_id,
            subscription_id=made.subscription_id,
            items=self._items,
            acknowledged=None,
            last_synced="",
        )
        await self._register(position, self._items)
        return position

    async def _register(self, position: Position, items: Mapping[str, int]) -> None:
        for depth in sorted(set(items.values())):
            ids = [name for name, wanted in items.items() if wanted == depth]
            for first in range(0, len(ids), _ITEMS_PER_REQUEST):
                some = ids[first : first + _ITEMS_PER_REQUEST]
                call = operations.register_items(position.client_id, position.subscription_id, some, depth)
                for error in (await self._send(call)).errors.values():
                    await self._tell("on_error", error)

    async def commit(self) -> None:
        """Acknowledge the batch that was given out last, without asking for the next one.

        It is written to the checkpoint at once; the server learns it with the next poll.
        """
        batch, self._current = self._current, None
        if batch is None:
            return
        if batch.sequence_number is not None:
            self._position = replace(self._known_position(), acknowledged=batch.sequence_number)
        self._write()

    async def delete(self) -> None:
        """End it for good: delete the subscription on the server, and the checkpoint."""
        await self.open()
        position = self._known_position()
        try:
            await self._send(operations.delete_subscription(position.client_id, position.subscription_id))
        except NotFoundError:
            pass  # the server has forgotten it already
        finally:
            if self._file is not None:
                self._file.delete()
            self._release()

    async def close(self) -> None:
        """Stop, and leave the subscription on the server; the batch given out last is not acknowledged."""
        self._release()

    def _release(self) -> None:
        file, self._file, self._position, self._current = self._file, None, None, None
        self._waiting.clear()
        if file is not None:
            file.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.close()

    # --- batches ----------------------------------------------------------------------------------------

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SyncBatch:
        await self.open()
        await self.commit()
        with anyio.move_on_after(self._timeout):
            await self._fetch()
        if not self._waiting:
            raise StopAsyncIteration
        self._current = self._waiting.popleft()
        return self._current

    async def _fetch(self) -> None:
        """Poll until there is a batch, waiting out what passes by itself."""
        backoff = Backoff()
        while not self._waiting:
            try:
                await self._poll()
            except NotFoundError:
                self._is_gone = True
                await anyio.sleep(backoff.next())
            except _PASSING as error:
                if not self._sender.is_open:
                    raise
                if not self._in_trouble:
                    self._in_trouble = True
                    await self._tell("on_error", error)
                await anyio.sleep(backoff.next())
            else:
                self._in_trouble = False
                backoff.reset()
                if not self._waiting:
                    await anyio.sleep(self._poll_interval)

    async def _poll(self) -> None:
        if self._is_gone:
            await self._replace()
        position = self._known_position()
        call = operations.sync_subscription(
            position.client_id, position.subscription_id, position.acknowledged
        )
        batches = await self._send(call)
        if batches.partial is not None:
            await self._account(position, "overflow", missed(position.acknowledged, batches))
        self._synced = self._clock.earliest()
        self._waiting.extend(batch for batch in batches if batch.updates or batch.sequence_number is not None)
        for error in batches.errors.values():
            await self._tell("on_error", error)
        if not self._waiting and self._synced - (to_datetime(position.last_synced) or self._synced) > _QUIET:
            self._write()

    async def _replace(self) -> None:
        """Make a new subscription for one that the server no longer has, and account for the time between.

        The checkpoint keeps the old one until the updates from history have been dealt with: a process that is
        killed before that leaves them to the next.
        """
        position = await self._made(self._known_position().client_id)
        await self._account(position, "expired", None)
        self._position = position
        self._is_gone = False
        if not self._waiting:
            self._write()

    async def _account(self, position: Position, reason: str, missed: int | None) -> None:
        """Report a gap up to now, and fill it from history with a batch that has no number."""
        start, end = self._synced, self._clock.latest()
        failures = ["filling gaps from history is switched off"]
        if self._backfill and not self._capabilities().query.history:
            failures = ["the server keeps no history"]
        elif self._backfill:
            found = await fill(self._send, position.items, start, end, start)
            failures = found.failures
            if found.changes:
                self._waiting.append(SyncBatch(None, found.changes))
        elements, detail = tuple(position.items), "; ".join(failures[:3])
        gap = Gap(position.subscription_id, elements, start, end, missed, reason, not failures, detail)
        await self._tell("on_gap", gap)

    # --- the checkpoint ---------------------------------------------------------------------------------

    def _known_position(self) -> Position:
        if self._position is None:
            raise SubscriptionError("the consumer is closed; make a new one with consume()")
        return self._position

    def _write(self) -> None:
        """Write the position. A gap would begin where everything has been dealt with: not while batches wait."""
        if not self._waiting:
            synced = self._synced.isoformat().replace("+00:00", "Z")
            self._position = replace(self._known_position(), last_synced=synced)
        if self._file is not None:
            self._file.write(self._known_position())

    async def _send(self, call: Call[T]) -> T:
        """Send a call, and learn the server's time from its answer."""

        def read(reply: Reply) -> T:
            self._clock.observe(reply.date)
            return call.read(reply)

        return await self._sender.send(dataclasses.replace(call, read=read))

    async def _call_back(self, name: str, news: Gap | I3XError) -> None:
        await async_notify(getattr(self._client, name), self._client, news)


class Consumer:
    """The batches of a subscription, for ``for``; made by ``Client.consume()``.

    A batch is acknowledged when the loop comes back for the next one, or on ``commit()``. Lost connections are
    waited out. ``close()`` leaves the subscription on the server, for the next process to go on with;
    ``delete()`` ends it. As a context manager it is closed at the end of the block.
    """

    def __init__(self, client: Any, deliveries: Deliveries, *arguments: Any, **options: Any) -> None:
        self._client = client
        self._host = deliveries.host
        self._news: list[News] = []
        self._inner = AsyncConsumer(client, self._host.inner, *arguments, tell=self._note, **options)

    @property
    def subscription_id(self) -> str | None:
        """The subscription on the server; None before the first batch was asked for."""
        return self._inner.subscription_id

    @property
    def acknowledged(self) -> int | None:
        """The last sequence number that was acknowledged; None before the first."""
        return self._inner.acknowledged

    def open(self) -> None:
        """Lock the checkpoint and take its subscription up again, or make a new one.

        Done by the first batch that is asked for. Raises :class:`~i3x.SubscriptionError` if the checkpoint is
        held by another consumer, is corrupt, or belongs to another server.
        """
        self._run(self._inner.open)

    def commit(self) -> None:
        """Acknowledge the batch that was given out last, without asking for the next one.

        It is written to the checkpoint at once; the server learns it with the next poll.
        """
        self._run(self._inner.commit)

    def delete(self) -> None:
        """End it for good: delete the subscription on the server, and the checkpoint."""
        self._run(self._inner.delete)

    def close(self) -> None:
        """Stop, and leave the subscription on the server; the batch given out last is not acknowledged."""
        self._inner._release()  # noqa: SLF001 - files alone, and the loop may be gone already

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> SyncBatch:
        try:
            return self._run(self._inner.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None

    async def _note(self, name: str, news: Gap | I3XError) -> None:
        self._news.append((name, news))

    def _run(self, action: Callable[[], Awaitable[T]]) -> T:
        """Run something on the loop; the callbacks are called here, where they may use the client."""
        future = self._host.portal.start_task_soon(action)
        try:
            return future.result()
        except BaseException:
            future.cancel()  # an interrupted wait ends what it waited for
            raise
        finally:
            news, self._news = self._news, []
            for name, each in news:
                notify(getattr(self._client, name), self._client, each)
