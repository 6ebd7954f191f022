"""All deliveries of one client: their tasks on an event loop, and the worker that calls the handlers."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import anyio

from i3x import operations
from i3x.delivery.engine import Engine
from i3x.delivery.mailbox import LoopMailbox, ThreadMailbox
from i3x.delivery.parcels import Handler, MailboxOutlet, Parcel, calls
from i3x.delivery.settings import Settings
from i3x.delivery.states import Status
from i3x.delivery.view import Delivery
from i3x.errors import I3XError, SubscriptionError
from i3x.models import Capabilities, Subscription
from i3x.operations import Call
from i3x.transport import AsyncSender

T = TypeVar("T")

logger = logging.getLogger("i3x.delivery")

_DELETION_TIME = 2.0  # seconds that the deletions may take when a client disconnects
_HANDLER_TIME = 1.0  # seconds that a handler which is still running is waited for


@dataclass(frozen=True, slots=True)
class _Running:
    engine: Engine
    task: asyncio.Task[None]
    handler: Handler | None
    is_ours: bool


class AsyncDeliveries:
    """Runs deliveries on the event loop that it is used on, which must be asyncio's."""

    def __init__(
        self,
        client: Any,
        sender: AsyncSender,
        capabilities: Callable[[], Capabilities],
        mailbox: ThreadMailbox[Parcel] | None = None,
    ) -> None:
        self._client = client
        self.sender = sender
        self.capabilities = capabilities
        self._mailbox: ThreadMailbox[Parcel] | LoopMailbox[Parcel] | None = mailbox
        self._worker: asyncio.Task[None] | None = None
        self._running: dict[str, _Running] = {}

    def engine(
        self, items: Mapping[str, int], settings: Settings, outlet: Any = None, **named: Any
    ) -> Engine:
        """Return an engine that is not started yet; without an outlet it serves the handlers."""
        if outlet is None:
            if self._mailbox is None:
                self._mailbox = LoopMailbox()
            outlet = MailboxOutlet(self._mailbox)
        capabilities = self.capabilities()
        return Engine(self.sender, self._client.client_id, items, settings, capabilities, outlet, **named)

    async def send(self, call: Call[T]) -> T:
        """Send a call over the connections of the deliveries."""
        return await self.sender.send(call)

    async def subscribe(
        self, items: Mapping[str, int], display_name: str | None, handler: Handler | None, settings: Settings
    ) -> Subscription:
        """Make a subscription and deliver it to its handler."""
        _needs_asyncio()
        engine = self.engine(items, settings, display_name=display_name)
        await engine.create()
        self._start(engine, handler, is_ours=True)
        monitored = [{"elementId": element_id, "maxDepth": depth} for element_id, depth in items.items()]
        return Subscription(engine.subscription_id, self._client.client_id, display_name, monitored)

    async def start(self, subscription_id: str, settings: Settings) -> None:
        """Deliver a subscription that exists; does nothing if it is being delivered."""
        _needs_asyncio()
        if subscription_id in self._running:
            return
        engine = self.engine({}, settings, subscription_id=subscription_id)
        await engine.adopt()
        self._start(engine, None, is_ours=False)

    def _start(self, engine: Engine, handler: Handler | None, *, is_ours: bool) -> None:
        task = self.spawn(engine)
        self._running[engine.subscription_id] = _Running(engine, task, handler, is_ours)
        if isinstance(self._mailbox, LoopMailbox) and self._worker is None:
            self._worker = asyncio.create_task(self._work(self._mailbox), name="i3x-handlers")

    def spawn(self, engine: Engine) -> asyncio.Task[None]:
        """Run an engine as a task of its own."""
        return asyncio.create_task(engine.run(), name=f"i3x-delivery-{engine.subscription_id}")

    async def stop(self, subscription_id: str) -> str:
        """End a delivery, if there is one; returns the id that the subscription has on the server now."""
        running = self._running.pop(subscription_id, None)
        if running is None:
            return subscription_id
        await stop_task(running.task)
        return running.engine.subscription_id

    def delivery(self, subscription_id: str) -> Delivery:
        """Return the view of a delivery."""
        if (running := self._running.get(subscription_id)) is None:
            raise SubscriptionError(
                f"subscription {subscription_id!r} is not being delivered: use subscribe() or start_stream()"
            )
        return Delivery(running.engine)

    @property
    def is_recovering(self) -> bool:
        """Whether any delivery is being recovered."""
        return any(running.engine.status is Status.RECOVERING for running in self._running.values())

    async def close(self) -> None:
        """End all deliveries, and delete the subscriptions that were made for them."""
        running, self._running = list(self._running.values()), {}
        for each in running:
            each.task.cancel()
        for each in running:
            await stop_task(each.task)
        await self._delete([each.engine.subscription_id for each in running if each.is_ours])
        await self._end_worker()

    async def _delete(self, subscription_ids: list[str]) -> None:
        with anyio.move_on_after(_DELETION_TIME, shield=True):
            try:
                await self.sender.send(
                    operations.delete_subscriptions(self._client.client_id, subscription_ids)
                )
            except I3XError:
                # Some servers fail a deletion whole for one id that they no longer have.
                for subscription_id in subscription_ids:
                    await self._delete_one(subscription_id)

    async def _delete_one(self, subscription_id: str) -> None:
        try:
            await self.sender.send(operations.delete_subscription(self._client.client_id, subscription_id))
        except I3XError as error:
            logger.debug("subscription %s was not deleted: %s", subscription_id, error)

    async def _end_worker(self) -> None:
        if self._mailbox is not None:
            self._mailbox.close()
        worker, self._worker, self._mailbox = self._worker, None, None
        if worker is None or worker is asyncio.current_task():  # a handler may disconnect
            return
        done, _ = await asyncio.wait([worker], timeout=_HANDLER_TIME)
        if not done:
            logger.warning("a handler is still running after %g s and is cancelled", _HANDLER_TIME)
            await stop_task(worker)

    async def _work(self, mailbox: LoopMailbox[Parcel]) -> None:
        while (parcel := await mailbox.get()) is not None:
            for call in calls(self._client, parcel, self.handler_of(parcel.engine)):
                try:
                    result = call()
                    if inspect.isawaitable(result):
                        await result
                except Exception:
                    logger.exception("a handler of subscription %s failed", parcel.engine.subscription_id)

    def handler_of(self, engine: Engine) -> Handler | None:
        """Return the handler that was given for a subscription alone."""
        return next((each.handler for each in self._running.values() if each.engine is engine), None)


async def stop_task(task: asyncio.Task[None]) -> None:
    """Cancel a task and wait for its end."""
    task.cancel()
    await asyncio.wait([task])


def _needs_asyncio() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise SubscriptionError(
            "subscriptions run under asyncio only; elsewhere, fetch updates with sync_subscription()"
        ) from None
