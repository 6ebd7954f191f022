"""All deliveries of one client: their tasks on an event loop, and the worker that calls the handlers."""

from __future__ import annotations

import asyncio
import inspect
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

import anyio

from i3x import operations
from i3x.calls import Bulk, Call
from i3x.capabilities import Capabilities
from i3x.delivery.engine import Engine
from i3x.delivery.mailbox import LoopMailbox, ThreadMailbox
from i3x.delivery.parcels import Handler, MailboxOutlet, Parcel, calls
from i3x.delivery.settings import Settings
from i3x.delivery.states import Status
from i3x.delivery.view import Delivery
from i3x.errors import ConnectionError, I3XError, SubscriptionError
from i3x.models import Subscription
from i3x.transport import AsyncSender
from i3x.transport.tasks import Background

T = TypeVar("T")

logger = logging.getLogger("i3x.delivery")

_DELETION_TIME = 2.0  # seconds that the deletions may take when a client disconnects
_HANDLER_TIME = 1.0  # seconds that a handler which is still running is waited for
_TURN = 0.001  # seconds of plain handlers after which others on the event loop get their turn


class Closable(Protocol):
    """What ends with a delivery: the mailbox of a watch."""

    def close(self) -> None:
        """End it."""


@dataclass(frozen=True, slots=True, eq=False)
class Running:
    """A delivery that goes on: its engine, the task it runs in, and what ends with it."""

    engine: Engine
    task: Background
    is_ours: bool
    mailbox: Closable | None = None

    async def end(self) -> None:
        """Stop delivering; the subscription stays on the server."""
        await self.task.stop()
        if self.mailbox is not None:
            self.mailbox.close()


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
        self._busy_with: object = None
        self._running: dict[str, Running] = {}
        self._closings = 0
        self._openings = 0
        self._all_open = anyio.Event()

    def engine(self, items: Mapping[str, int], settings: Settings, outlet: Any, **named: Any) -> Engine:
        """Return an engine that is not started yet."""
        capabilities = self.capabilities()
        return Engine(self.sender, self._client.client_id, items, settings, capabilities, outlet, **named)

    async def send(self, call: Call[T] | Bulk[T]) -> T:
        """Send a call over the connections of the deliveries."""
        return await self.sender.send(call)

    # --- the begin --------------------------------------------------------------------------------------

    async def subscribe(
        self, items: Mapping[str, int], display_name: str | None, handler: Handler | None, settings: Settings
    ) -> Subscription:
        """Make a subscription and deliver it to its handler."""
        engine = self.engine(items, settings, self._outlet(handler), display_name=display_name)
        async with self.opening(engine.delete):
            await engine.create()
        monitored = [{"elementId": element_id, "maxDepth": depth} for element_id, depth in items.items()]
        subscription = Subscription(engine.subscription_id, self._client.client_id, display_name, monitored)
        self.begin(engine, is_ours=True)
        return subscription

    async def start(self, subscription_id: str, settings: Settings) -> None:
        """Deliver a subscription that exists; does nothing if it is being delivered."""
        if self._find(subscription_id) is not None:
            return
        engine = self.engine({}, settings, self._outlet(None), subscription_id=subscription_id)
        async with self.opening():
            await engine.adopt()
        if self._find(subscription_id) is None:  # another task may have been faster
            self.begin(engine, is_ours=False)

    @asynccontextmanager
    async def opening(self, undo: Callable[[], Awaitable[None]] | None = None) -> AsyncIterator[None]:
        """Return the frame in which a delivery is prepared; a disconnect meanwhile undoes it."""
        _needs_asyncio()
        closings = self._closings
        self._openings += 1
        try:
            yield
            if closings != self._closings:
                if undo is not None:
                    await undo()
                raise ConnectionError("the client was disconnected before the delivery began")
        finally:
            self._openings -= 1
            if not self._openings:
                self._all_open.set()

    def begin(self, engine: Engine, *, is_ours: bool, mailbox: Closable | None = None) -> None:
        """Run an engine as a task of its own, from now to the end of the client at the latest."""
        task = Background(engine.run, f"i3x-delivery-{engine.subscription_id}")
        self._running[engine.subscription_id] = Running(engine, task, is_ours, mailbox)

    def _outlet(self, handler: Handler | None) -> MailboxOutlet:
        """Return the way to the handlers; where they run on this loop, their worker begins with the first."""
        _needs_asyncio()
        if self._mailbox is None:
            self._mailbox = LoopMailbox()
            self._worker = asyncio.create_task(self._work(self._mailbox), name="i3x-handlers")
        return MailboxOutlet(self._mailbox, handler)

    # --- what goes on -----------------------------------------------------------------------------------

    def delivery(self, subscription_id: str) -> Delivery:
        """Return the view of a delivery."""
        if (running := self._find(subscription_id)) is None:
            raise not_delivered(subscription_id)
        return Delivery(running.engine)

    @property
    def is_recovering(self) -> bool:
        """Whether any delivery is being recovered."""
        return any(each.engine.status is Status.RECOVERING for each in list(self._running.values()))

    def _find(self, subscription_id: str) -> Running | None:
        """Find a delivery by the id that its subscription has, or had at first."""
        running = self._running.get(subscription_id)
        others = (
            each for each in list(self._running.values()) if each.engine.subscription_id == subscription_id
        )
        return running or next(others, None)

    async def _work(self, mailbox: LoopMailbox[Parcel]) -> None:
        """Call the handlers, one after the other, whatever they raise."""
        turn = time.monotonic()
        while (parcel := await mailbox.get()) is not None:
            for callback, argument in calls(self._client, parcel):
                self._busy_with = callback
                try:
                    result = callback(self._client, argument)
                    if inspect.isawaitable(result):
                        await result
                except Exception:
                    logger.exception("a handler of subscription %s failed", parcel.engine.subscription_id)
                if time.monotonic() - turn > _TURN:
                    await asyncio.sleep(0)
                    turn = time.monotonic()

    # --- the end ----------------------------------------------------------------------------------------

    async def stop(self, subscription_id: str) -> str | None:
        """End a delivery; returns the id that its subscription has on the server now, None if there is none."""
        running = self._find(subscription_id)
        if running is None or not self._forget(running.engine):
            return None
        await running.end()
        return running.engine.subscription_id

    async def end(self, engine: Engine) -> None:
        """End the delivery of an engine and delete its subscription; not if the client has done so before."""
        if (running := self._forget(engine)) is not None:
            with anyio.CancelScope(shield=True):
                await running.end()
                await engine.delete()

    def _forget(self, engine: Engine) -> Running | None:
        found = next((name for name, each in self._running.items() if each.engine is engine), None)
        return None if found is None else self._running.pop(found)

    async def close(self) -> None:
        """End all deliveries, and delete the subscriptions that were made for them."""
        self._closings += 1
        if self._openings:
            self._all_open = anyio.Event()
            with anyio.move_on_after(_DELETION_TIME):
                await self._all_open.wait()
        running, self._running = list(self._running.values()), {}
        for each in running:
            each.task.cancel()
        for each in running:
            await each.end()
        await self._delete([each.engine.subscription_id for each in running if each.is_ours])
        await self._end_worker()

    async def _delete(self, subscription_ids: list[str]) -> None:
        with anyio.move_on_after(_DELETION_TIME, shield=True):
            try:
                call = operations.delete_subscriptions(self._client.client_id, subscription_ids)
                errors = (await self.sender.send(call)).errors
            except I3XError as failure:
                errors = dict.fromkeys(subscription_ids, failure)
            for subscription_id, error in errors.items():
                logger.debug("subscription %s was not deleted: %s", subscription_id, error)

    async def _end_worker(self) -> None:
        if self._mailbox is not None:
            self._mailbox.close()
        worker, self._worker, self._mailbox = self._worker, None, None
        if worker is None or worker is asyncio.current_task():  # a handler may disconnect
            return
        done, _ = await asyncio.wait([worker], timeout=_HANDLER_TIME)
        if not done:
            tell_still_running(self._busy_with, _HANDLER_TIME)
            worker.cancel()
            await asyncio.wait([worker])


def not_delivered(subscription_id: str) -> SubscriptionError:
    """Return the error for a subscription that nobody delivers."""
    return SubscriptionError(
        f"subscription {subscription_id!r} is not being delivered: use subscribe() or start_stream()"
    )


def tell_still_running(handler: object, seconds: float) -> None:
    """Log that a handler did not end with its client."""
    logger.warning("the handler %r is still running after %g s", handler, seconds)


def _needs_asyncio() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise SubscriptionError(
            "subscriptions run under asyncio only; elsewhere, fetch updates with sync_subscription()"
        ) from None
