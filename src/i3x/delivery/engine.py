"""One subscription, delivered for as long as it is wanted: the one place that knows how to begin again.

The engine runs as a task. It reads the subscription by a stream or by polling, and whatever ends that reading
leads to the same recovery: look what the server has, make it what it should be, open again, and account for the
time in between. An update is delivered, or it belongs to an element and an interval of a reported gap.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Protocol, TypeVar

import anyio
import httpx

from i3x import operations
from i3x.calls import Bulk, Call
from i3x.capabilities import Capabilities
from i3x.delivery.backoff import Backoff
from i3x.delivery.clock import ServerClock
from i3x.delivery.deletion import DELETION_TIME, delete
from i3x.delivery.gaps import fill_gap, log_gap, missed
from i3x.delivery.ledger import Ledger
from i3x.delivery.registering import check_any, lacking, monitored, registrations
from i3x.delivery.settings import Settings
from i3x.delivery.states import TRANSITIONS, Event, Status
from i3x.errors import (
    AuthenticationError,
    BadRequestError,
    I3XError,
    NotFoundError,
    NotSupportedError,
    StreamError,
    SubscriptionError,
)
from i3x.event_stream import EventStream, EventTooLargeError
from i3x.failures import Reply
from i3x.models import Gap, Subscription, SyncBatch, ValueChange
from i3x.results import BulkList, item_errors
from i3x.transport import AsyncSender
from i3x.transport.streams import Arrivals, EventSource
from i3x.updates import read_frames

T = TypeVar("T")

logger = logging.getLogger("i3x.delivery")

HEALTHY_AFTER = 30.0
"""Seconds that a stream must have lived before the pauses between attempts begin anew."""

STREAM_AGAIN_AFTER = 300.0
"""Seconds of polling after which ``auto`` tries the stream again."""

_FAILED_OPENS = 3
_SILENT_STEPS = 10  # in which a silence is waited out
_SYNC_AFTER_STREAM = 2.0  # seconds for which a server may refuse sync after a stream was closed
_NOTHING_SENT = (httpx.ConnectError, httpx.ConnectTimeout)
_LONGEST_WAIT = 300.0  # seconds that a server may ask to be left alone


class Outlet(Protocol):
    """Where an engine puts what it reads."""

    async def put(self, engine: Engine, changes: list[ValueChange]) -> None:
        """Take changes; may wait, and the reading of the stream waits with it."""

    def gap(self, engine: Engine, gap: Gap) -> None:
        """Take the report of a gap, without waiting."""

    def error(self, engine: Engine, error: I3XError) -> None:
        """Take an error, without waiting."""

    def status(self, engine: Engine, status: Status) -> None:
        """Take a change of the status, without waiting."""


class Engine:
    """Delivers one subscription. The counters are what :class:`~i3x.delivery.view.Delivery` shows."""

    def __init__(
        self,
        sender: AsyncSender,
        client_id: str,
        items: Mapping[str, int],
        settings: Settings,
        capabilities: Capabilities,
        outlet: Outlet,
        display_name: str | None = None,
        subscription_id: str = "",
    ) -> None:
        self.items = dict(items)
        self.display_name = display_name
        self.subscription_id = subscription_id
        self.first_subscription_id = subscription_id
        self.status = Status.CONNECTING
        self.errors: dict[str, I3XError] = {}
        self.failure: I3XError | None = None
        self.trouble: I3XError | None = None
        self.changes = self.gaps = self.reconnects = self.replayed = self.dropped = 0
        self._sender = sender
        self._client_id = client_id
        self._settings = settings
        self._capabilities = capabilities
        self._outlet = outlet
        self._clock = ServerClock()
        self._backoff = Backoff()
        self._acknowledged: int | None = None
        self._ledger = Ledger(self._clock.earliest())
        self._was_open = False
        self._failed_opens = 0
        self._wait_asked_for = 0.0
        self._stream_closed = 0.0
        streams = settings.delivery == "stream" or (
            settings.delivery == "auto" and capabilities.subscribe.stream
        )
        self._stream_from = 0.0 if streams else time.monotonic() + STREAM_AGAIN_AFTER

    # --- the life of a subscription ---------------------------------------------------------------------

    async def create(self) -> None:
        """Make the subscription on the server and register its items.

        Items that the server refuses are in ``errors``. Raises the :class:`~i3x.I3XError` if it can't be made,
        or :class:`~i3x.SubscriptionError` if no item at all can be registered; nothing is left behind then.
        """
        is_first = not self.subscription_id
        await self._create_empty()
        self._acknowledged = None
        if is_first:
            self.first_subscription_id = self.subscription_id
            self._ledger.begin(self._clock.earliest())
        try:
            await self._register(self.items)
            check_any(self.items, self.errors)
        except BaseException:
            await self.delete()
            raise

    async def _create_empty(self) -> None:
        # A server carries out what nobody waits for any more: without the id it could not be deleted.
        call = operations.create_subscription(self._client_id, self.display_name)
        sending = asyncio.create_task(self._send(call), name="i3x-create-subscription")
        try:
            self.subscription_id = (await asyncio.shield(sending)).subscription_id
        except asyncio.CancelledError:
            await self._take_back(sending)
            raise

    async def _take_back(self, sending: asyncio.Task[Subscription]) -> None:
        with anyio.CancelScope(shield=True):
            done, _ = await asyncio.wait([sending], timeout=DELETION_TIME)
            if not done:
                sending.cancel()
            elif not sending.cancelled() and sending.exception() is None:
                self.subscription_id = sending.result().subscription_id
                await self.delete()

    async def adopt(self) -> None:
        """Take over a subscription that exists, with the items it has."""
        found = await self._send(operations.get_subscription(self._client_id, self.subscription_id))
        self.items = monitored(found.monitored_objects)
        self.display_name = found.display_name
        self._ledger.begin(self._clock.earliest())

    def begin_with(self, changes: list[ValueChange]) -> None:
        """Count changes that were read before the subscription began.

        If an element's first update is the same one, it is left out; not if another came before it, or the
        older one would seem to be the newest.
        """
        self._ledger.begin_with(changes)
        self.changes += len(changes)

    async def delete(self) -> None:
        """Delete the subscription on the server, as far as that is possible in short time."""
        await delete(self._send, self._client_id, [self.subscription_id])

    async def run(self) -> None:
        """Deliver until the task is cancelled, or what was asked for turns out to be impossible.

        A reading that ends by itself while the delivery is live has been ended by the server. In any other
        status it means that the other way of reading is to go on.
        """
        try:
            while True:
                error: I3XError | None = None
                try:
                    if self.status is Status.RECOVERING:
                        await self._recover()
                    if self.status is not Status.CONNECTING:
                        self._ledger.expect_repeats()
                    await (self._read_stream() if self._may_stream() else self._poll())
                except NotSupportedError as failure:
                    if self._settings.delivery == "stream" and failure.operation == "streamSubscription":
                        self._refuse(failure)
                        return
                    error = failure
                except I3XError as failure:
                    error = failure
                if error is not None or self.status is Status.LIVE:
                    self._lost(error)
                    await anyio.sleep(self._pause_after(error))
        except Exception as fault:
            logger.exception("the delivery of subscription %s failed", self.subscription_id)
            self._refuse(
                SubscriptionError(f"the delivery failed: {type(fault).__name__}; please report this")
            )
        finally:
            self._move(Event.STOP)

    def _pause_after(self, error: I3XError | None) -> float:
        asked_for, self._wait_asked_for = self._wait_asked_for, 0.0
        pause = self._backoff.next(at_cap=isinstance(error, AuthenticationError))
        return max(pause, min(asked_for, _LONGEST_WAIT))

    def _refuse(self, error: I3XError) -> None:
        self.failure = self.trouble = error
        self._outlet.error(self, error)
        self._move(Event.REFUSED)

    # --- recovery ---------------------------------------------------------------------------------------

    async def _recover(self) -> None:
        """Compare the subscription as it should be with what the server has, and mend the difference."""
        try:
            found = await self._send(operations.get_subscription(self._client_id, self.subscription_id))
        except NotFoundError:
            self._begin_gap("expired")
            await self.create()
            return
        except NotSupportedError:
            return  # a server that can't be asked; the next attempt to read will tell
        await self._register(lacking(monitored(found.monitored_objects), self.items))

    async def _register(self, items: Mapping[str, int]) -> None:
        for ids, call in registrations(self._client_id, self.subscription_id, items):
            registered = await self._send(call)
            errors = item_errors(registered)
            for element_id in ids:
                self._note_item(element_id, errors.get(element_id))

    def _monitored_items(self) -> dict[str, int]:
        return {name: depth for name, depth in self.items.items() if name not in self.errors}

    def _note_item(self, element_id: str, error: I3XError | None) -> None:
        if error is None:
            self.errors.pop(element_id, None)
        elif element_id not in self.errors:
            self.errors[element_id] = error
            logger.warning("element %r is not monitored: %s", element_id, error, extra=self._extra())
            self._outlet.error(self, error)

    def _lost(self, error: I3XError | None) -> None:
        """Note that the reading has ended, and say so: loud the first time, quietly while it goes on."""
        is_news = error is not None and self.trouble is None
        self.trouble = error or self.trouble
        self._move(Event.LOST)
        level = logging.WARNING if is_news else logging.DEBUG
        reason = error if error is not None else "the server ended it"
        name = self.first_subscription_id
        logger.log(level, "delivery of %s interrupted: %s", name, reason, extra=self._extra())
        if error is not None and is_news:
            self._outlet.error(self, error)

    def _well(self, event: Event) -> None:
        """Note that the reading goes on."""
        if self.trouble is not None:
            self.trouble = None
            name, now = self.first_subscription_id, self.subscription_id
            renamed = "" if name == now else f", on the server as {now}"
            logger.info("delivery of %s goes on%s", name, renamed, extra=self._extra())
        self._move(event)

    def _move(self, event: Event) -> None:
        status = TRANSITIONS[self.status, event]
        if status is not self.status:
            self.status = status
            self._outlet.status(self, status)

    def _extra(self) -> dict[str, object]:
        return {"subscription_id": self.subscription_id, "status": self.status.value}

    async def _send(self, call: Call[T] | Bulk[T]) -> T:
        return await self._sender.send(call.observed(self._note))

    def _note(self, reply: Reply) -> None:
        """Learn from an answer the server's time, and how long it wants to be left alone."""
        self._clock.observe(reply.date)
        self._wait_asked_for = reply.retry_after or 0.0

    # --- the stream -------------------------------------------------------------------------------------

    def _may_stream(self) -> bool:
        return self._settings.delivery != "sync" and time.monotonic() >= self._stream_from

    async def _read_stream(self) -> None:
        """Read a stream until it ends, raising the error that ended it; or find that polling must do."""
        call = operations.stream_subscription(self._client_id, self.subscription_id).observed(self._note)
        opened: float | None = None
        try:
            async with self._sender.stream(call, self._settings.silence) as source:
                opened = time.monotonic()
                if self._failed_opens:
                    # A stream does not tell what a queue has dropped that had to wait for it.
                    self._begin_gap("overflow", is_certain=False)
                self._failed_opens = 0
                self.reconnects += self._was_open
                self._was_open = True
                self._clock.observe(source.date)
                await self._end_gap()
                self._well(Event.OPENED)
                await self._take_parts(source)
        except I3XError as error:
            if opened is not None or not self._must_poll_after(error):
                raise
        finally:
            self._stream_closed = time.monotonic()
            if opened is not None:
                self._begin_gap("reconnect")
                if time.monotonic() - opened > HEALTHY_AFTER:
                    self._backoff.reset()

    def _must_poll_after(self, error: I3XError) -> bool:
        """Note that no stream could be opened, and tell whether that is no longer worth trying."""
        if isinstance(error, NotFoundError):
            return False
        if error.status_code is None and not isinstance(error.__cause__, _NOTHING_SENT):
            # The server may have begun to send what then got lost on the way.
            self._begin_gap("reconnect")
        self._failed_opens += 1
        is_enough = (
            isinstance(error, NotSupportedError)
            or self.status is Status.POLLING  # which works: this was a try
            or self._failed_opens >= _FAILED_OPENS
        )
        if self._settings.delivery != "auto" or not is_enough:
            return False
        logger.info("subscription %s is polled: %s", self.subscription_id, error, extra=self._extra())
        self._failed_opens = 0
        self._stream_from = time.monotonic() + STREAM_AGAIN_AFTER
        return True

    async def _take_parts(self, source: EventSource) -> None:
        events = EventStream()
        lag = 0.0  # seconds for which what comes next may have been waiting for us
        asked = time.monotonic()
        async with source.reading() as arrivals:
            while True:
                part = await self._next_part(arrivals)
                if part is None:
                    break
                if not part:
                    return
                came = time.monotonic()
                lag = max(0.0, lag - (came - asked))
                self._ledger.horizon = max(
                    self._ledger.horizon, self._clock.earliest() - timedelta(seconds=lag)
                )
                changes, ended = self._read_part(events, part)
                await self._deliver(changes)
                if ended:
                    return
                asked = time.monotonic()
                lag += asked - came
        # Nobody knows whether there was nothing to say or nobody there to say it.
        silence = self._settings.silence
        logger.debug("nothing for %g s from subscription %s", silence, self.subscription_id)
        self._begin_gap("silence", is_certain=False)

    async def _next_part(self, arrivals: Arrivals) -> bytes | None:
        """Return what comes next, None if nothing has come for as long as may be.

        That time is waited out in steps: where it is this program that stood still, however long, one step has
        passed, and what the server sent meanwhile is still to be found.
        """
        for _ in range(_SILENT_STEPS):
            with anyio.move_on_after(self._settings.silence / _SILENT_STEPS):
                return await arrivals.take()
        return None

    def _read_part(self, events: EventStream, part: bytes) -> tuple[list[ValueChange], bool]:
        """Return the changes in a part of the stream, and whether the server says that it is the last one."""
        try:
            found = events.feed(part)
        except EventTooLargeError as error:
            raise StreamError(f"streamSubscription: {error}", operation="streamSubscription") from error
        if not found:
            return [], False
        names = [event.name for event in found]
        ended = "close" in names
        if ended:
            found = found[: names.index("close") + 1]
        frame = read_frames([event.data for event in found])
        for failure in frame.errors:
            self._outlet.error(self, failure)
        return frame.updates, ended

    # --- the poll ---------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        """Poll until it is time to try the stream; raises the error that ended it."""
        while not self._may_stream():
            asked = self._clock.earliest()
            batches = await self._sync()
            self._backoff.reset()
            fetched = [change for batch in batches for change in batch.updates]
            if batches.partial is not None:
                self._begin_gap("overflow", missed(self._acknowledged, batches))
            await self._end_gap(fetched)
            self._well(Event.POLLED)
            for error in batches.errors.values():
                self._outlet.error(self, error)
            numbers = [batch.sequence_number for batch in batches if batch.sequence_number is not None]
            if len(numbers) < len(batches):
                self._ledger.expect_repeats()  # what can't be acknowledged is sent again and again
            self._acknowledged = max(numbers, default=self._acknowledged)
            self._ledger.horizon = asked
            await self._deliver(fetched)
            await anyio.sleep(self._settings.poll_interval)

    async def _sync(self) -> BulkList[SyncBatch]:
        call = operations.sync_subscription(self._client_id, self.subscription_id, self._acknowledged)
        while True:
            try:
                return await self._send(call)
            except BadRequestError:
                if time.monotonic() - self._stream_closed > _SYNC_AFTER_STREAM:
                    raise
                await anyio.sleep(0.2)  # the server has not noticed yet that the stream is closed

    # --- changes and gaps -------------------------------------------------------------------------------

    async def _deliver(self, changes: list[ValueChange]) -> None:
        if not changes:
            return
        new = self._ledger.new_ones(changes)
        self.dropped += len(changes) - len(new)
        if new:
            self.changes += len(new)
            await self._outlet.put(self, new)

    def _begin_gap(self, reason: str, missed: int | None = None, *, is_certain: bool = True) -> None:
        """Open a gap at the last moment for which everything is known to have arrived."""
        self._ledger.open_gap(reason, self._monitored_items(), missed, is_certain=is_certain)

    async def _end_gap(self, fetched: list[ValueChange] | None = None) -> None:
        """Close the gap, if there is one: fill it from history, and report it.

        ``fetched`` are the oldest updates that still are to be delivered. Until the gap is filled, or filling
        it has failed for good, it stays open, and whatever is lost meanwhile belongs to it.
        """
        if (gap := self._ledger.gap) is None:
            return
        asked, end = self._clock.earliest(), self._clock.latest()
        found = await fill_gap(
            gap, end, self._ledger.delivered(), self._settings, self._capabilities, self._sender, self._send
        )
        missing = self._ledger.close_gap(gap, asked, found.changes, fetched or [])
        if gap.is_certain or missing or found.failures:
            self._report(gap.report(self.first_subscription_id, end, found.failures))
        if missing:
            self.replayed += len(missing)
            await self._outlet.put(self, missing)
            self._ledger.expect_repeats()  # from now: the handlers may have taken their time

    def _report(self, gap: Gap) -> None:
        self.gaps += 1
        log_gap(gap.subscription_id, gap, self._extra())
        self._outlet.gap(self, gap)
