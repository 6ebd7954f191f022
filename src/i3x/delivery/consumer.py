"""Batches that survive a crash: fetched by polling, acknowledged only when they have been dealt with."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from concurrent.futures import CancelledError
from types import TracebackType
from typing import Any, Self

import anyio

from i3x.callbacks import async_notify, notify
from i3x.delivery.blocking import Deliveries
from i3x.delivery.consumption import Consumption
from i3x.delivery.hosting import AsyncDeliveries
from i3x.errors import ConnectionError
from i3x.models import SyncBatch


class AsyncConsumer:
    """The batches of a subscription, for ``async for``; made by ``AsyncClient.consume()``.

    A batch is acknowledged when the loop comes back for the next one, or on ``commit()``. Lost connections are
    waited out. ``close()`` leaves the subscription on the server, for the next process to go on with;
    ``delete()`` ends it. As a context manager it is closed at the end of the block.
    """

    def __init__(self, client: Any, deliveries: AsyncDeliveries, *arguments: Any, **options: Any) -> None:
        self._client = client
        self._consumption = Consumption(client, deliveries, *arguments, **options)

    @property
    def subscription_id(self) -> str | None:
        """The subscription on the server; None before the first batch was asked for."""
        position = self._consumption.position
        return None if position is None else position.subscription_id

    @property
    def acknowledged(self) -> int | None:
        """The last sequence number that was acknowledged; None before the first."""
        position = self._consumption.position
        return None if position is None else position.acknowledged

    async def open(self) -> None:
        """Lock the checkpoint and take its subscription up again, or make a new one.

        Done by the first batch that is asked for. Raises :class:`~i3x.SubscriptionError` if the checkpoint is
        held by another consumer, is corrupt, or belongs to another server.
        """
        await self._run(self._consumption.open)

    async def commit(self) -> None:
        """Acknowledge the batch that was given out last, without asking for the next one.

        It is written to the checkpoint at once; the server learns it with the next poll.
        """
        self._consumption.commit()

    async def delete(self) -> None:
        """End it for good: delete the subscription on the server, and the checkpoint.

        Raises the :class:`~i3x.I3XError` if the server can't be asked; both are still there then.
        """
        await self._run(self._consumption.delete)

    async def close(self) -> None:
        """Stop, and leave the subscription on the server; the batch given out last is not acknowledged."""
        self._consumption.close()

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

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SyncBatch:
        consumption = self._consumption
        await self.open()
        consumption.commit()
        until = consumption.until()
        while (pause := consumption.pause(until)) is not None:
            if pause:
                await anyio.sleep(pause)
            else:
                await self._run(consumption.step, until)
        if (batch := consumption.next_batch()) is None:
            raise StopAsyncIteration
        return batch

    async def _run(self, action: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Do a part, and tell its news."""
        try:
            await action(*arguments)
        finally:
            for name, each in self._consumption.take_news():
                await async_notify(getattr(self._client, name), self._client, each)


class Consumer:
    """The batches of a subscription, for ``for``; made by ``Client.consume()``.

    A batch is acknowledged when the loop comes back for the next one, or on ``commit()``. Lost connections are
    waited out. ``close()`` leaves the subscription on the server, for the next process to go on with;
    ``delete()`` ends it. As a context manager it is closed at the end of the block.
    """

    def __init__(self, client: Any, deliveries: Deliveries, *arguments: Any, **options: Any) -> None:
        self._client = client
        host = deliveries.host
        self._portal = host.portal
        self._consumption = Consumption(client, host.inner, *arguments, **options)

    @property
    def subscription_id(self) -> str | None:
        """The subscription on the server; None before the first batch was asked for."""
        position = self._consumption.position
        return None if position is None else position.subscription_id

    @property
    def acknowledged(self) -> int | None:
        """The last sequence number that was acknowledged; None before the first."""
        position = self._consumption.position
        return None if position is None else position.acknowledged

    def open(self) -> None:
        """Lock the checkpoint and take its subscription up again, or make a new one.

        Done by the first batch that is asked for. Raises :class:`~i3x.SubscriptionError` if the checkpoint is
        held by another consumer, is corrupt, or belongs to another server.
        """
        self._run(self._consumption.open)

    def commit(self) -> None:
        """Acknowledge the batch that was given out last, without asking for the next one.

        It is written to the checkpoint at once; the server learns it with the next poll.
        """
        self._consumption.commit()

    def delete(self) -> None:
        """End it for good: delete the subscription on the server, and the checkpoint.

        Raises the :class:`~i3x.I3XError` if the server can't be asked; both are still there then.
        """
        self._run(self._consumption.delete)

    def close(self) -> None:
        """Stop, and leave the subscription on the server; the batch given out last is not acknowledged."""
        self._consumption.close()

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
        consumption = self._consumption
        self.open()
        consumption.commit()
        until = consumption.until()
        while (pause := consumption.pause(until)) is not None:
            if pause:
                time.sleep(pause)  # here and not on the loop, where it would hold up disconnect()
            else:
                self._run(consumption.step, until)
        if (batch := consumption.next_batch()) is None:
            raise StopIteration
        return batch

    def _run(self, action: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        """Do a part on the loop, and tell its news here, where the callbacks may use the client."""
        try:
            self._wait_for(action, *arguments)
        finally:
            for name, each in self._consumption.take_news():
                notify(getattr(self._client, name), self._client, each)

    def _wait_for(self, action: Callable[..., Awaitable[None]], *arguments: Any) -> None:
        try:
            future = self._portal.start_task_soon(action, *arguments)
        except RuntimeError:  # the loop has ended
            raise _disconnected() from None
        try:
            future.result()
        except CancelledError:
            raise _disconnected() from None
        except BaseException:
            future.cancel()  # an interrupted wait ends what it waited for
            raise


def _disconnected() -> ConnectionError:
    return ConnectionError(
        "the client was disconnected; connect it, and go on with a new consumer of the same checkpoint"
    )
