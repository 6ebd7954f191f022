"""One subscription, delivered for as long as it is wanted: the one place that knows how to begin again.

The engine runs as a task. It reads the subscription by a stream or by polling, and whatever ends that reading
leads to the same recovery: look what the server has, make it what it should be, open again, and account for the
time in between. An update is delivered, or it belongs to an element and an interval of a reported gap.
"""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeVar

import anyio
import httpx

from i3x import operations
from i3x.delivery.backfill import Backfill, fill
from i3x.delivery.backoff import Backoff
from i3x.delivery.clock import ServerClock
from i3x.delivery.repeats import Repeats, key
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
from i3x.models import Capabilities, Gap, SyncBatch, ValueChange
from i3x.operations import Call
from i3x.results import BulkList
from i3x.transport import AsyncSender
from i3x.transport.streams import EventSource
from i3x.updates import read_frame

T = TypeVar("T")

logger = logging.getLogger("i3x.delivery")

_HEALTHY_AFTER = 30.0  # seconds that a stream must have lived before the pauses begin anew
_STREAM_AGAIN_AFTER = 300.0  # seconds of polling after which the stream is tried again
_FAILED_OPENS = 3
_FAILED_FILLS = 3
_ITEMS_PER_REQUEST = 500
_DELETION_TIME = 2.0  # seconds that a deletion may take when it must not hold anything up
_SYNC_AFTER_STREAM = 2.0  # seconds for which a server may refuse sync after a stream was closed
_BEHIND = 0.05  # seconds of waiting for the consumer after which the reading counts as behind
_CAUGHT_UP = 0.01  # seconds of waiting for the server after which it no longer does


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


@dataclass(slots=True)
class _OpenGap:
    """A gap whose end is not known yet."""

    start: datetime
    reason: str
    missed: int | None = None
    failed_fills: int = 0


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
        self.status = Status.CONNECTING
        self.errors: dict[str, I3XError] = {}
        self.failure: I3XError | None = None
        self.changes = self.gaps = self.reconnects = self.replayed = self.dropped = 0
        self._sender = sender
        self._client_id = client_id
        self._settings = settings
        self._capabilities = capabilities
        self._outlet = outlet
        self._clock = ServerClock()
        self._backoff = Backoff()
        self._repeats = Repeats()
        self._acknowledged: int | None = None
        self._since = self._horizon = self._clock.earliest()
        self._gap: _OpenGap | None = None
        self._was_open = False
        self._failed_opens = 0
        self._stream_closed = 0.0
        self._in_trouble = False
        streams = settings.delivery == "stream" or (
            settings.delivery == "auto" and capabilities.subscribe.stream
        )
        self._stream_from = 0.0 if streams else time.monotonic() + _STREAM_AGAIN_AFTER

    # --- the life of a subscription ---------------------------------------------------------------------

    async def create(self) -> None:
        """Make the subscription on the server and register its items.

        Items that the server refuses are in ``errors``. Raises the :class:`~i3x.I3XError` if it can't be made,
        or :class:`~i3x.SubscriptionError` if no item at all can be registered; nothing is left behind then.
        """
        is_first = not self.subscription_id
        call = operations.create_subscription(self._client_id, self.display_name)
        self.subscription_id = (await self._send(call)).subscription_id
        self._acknowledged = None
        if is_first:
            self._since = self._horizon = self._clock.earliest()
        try:
            await self._register_all()
        except BaseException:
            await self.delete()
            raise

    async def adopt(self) -> None:
        """Take over a subscription that exists, with the items it has."""
        found = await self._send(operations.get_subscription(self._client_id, self.subscription_id))
        self.items = monitored(found.monitored_objects)
        self.display_name = found.display_name

    def begin_with(self, changes: list[ValueChange]) -> None:
        """Count changes that were read before the subscription began; their repeats will be dropped."""
        self._repeats.new_ones(changes)
        self._repeats.expect()
        self.changes += len(changes)

    async def delete(self) -> None:
        """Delete the subscription on the server, as far as that is possible in short time."""
        with anyio.move_on_after(_DELETION_TIME, shield=True):
            try:
                await self._send(operations.delete_subscription(self._client_id, self.subscription_id))
            except I3XError as error:
                logger.debug("subscription %s was not deleted: %s", self.subscription_id, error)

    async def run(self) -> None:
        """Deliver until the task is cancelled, or what was asked for turns out to be impossible."""
        try:
            recover = False
            while True:
                try:
                    if recover:
                        await self._recover()
                    await (self._read_stream() if self._may_stream() else self._poll())
                    error: I3XError | None = None  # the server ended it, or it is time for the other way
                except NotSupportedError as failure:
                    if self._settings.delivery == "stream":
                        self._refuse(failure)
                        return
                    error = None  # polling does it as well
                except I3XError as failure:
                    error = failure
                recover = True
                self._lost(error)
                await anyio.sleep(self._backoff.next(at_cap=isinstance(error, AuthenticationError)))
        except Exception as fault:
            logger.exception("the delivery of subscription %s failed", self.subscription_id)
            self._refuse(
                SubscriptionError(f"the delivery failed: {type(fault).__name__}; please report this")
            )
        finally:
            self._move(Event.STOP)

    def _refuse(self, error: I3XError) -> None:
        self.failure = error
        self._move(Event.REFUSED)
        self._outlet.error(self, error)

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
        has = monitored(found.monitored_objects)
        await self._register({name: depth for name, depth in self.items.items() if has.get(name) != depth})

    async def _register_all(self) -> None:
        await self._register(self.items)
        if self.errors and not self.items.keys() - self.errors.keys():
            first = next(iter(self.errors.values()))
            raise SubscriptionError(
                f"none of the elements can be monitored; the first: {first}",
                first.status_code,
                operation="registerMonitoredItems",
            ) from first

    async def _register(self, items: Mapping[str, int]) -> None:
        for depth in sorted(set(items.values())):
            ids = [element_id for element_id, wanted in items.items() if wanted == depth]
            for first in range(0, len(ids), _ITEMS_PER_REQUEST):
                some = ids[first : first + _ITEMS_PER_REQUEST]
                call = operations.register_items(self._client_id, self.subscription_id, some, depth)
                outcome = await self._send(call)
                for element_id in some:
                    self._note_item(element_id, outcome.errors.get(element_id))

    def _monitored_items(self) -> dict[str, int]:
        return {name: depth for name, depth in self.items.items() if name not in self.errors}

    def _note_item(self, element_id: str, error: I3XError | None) -> None:
        if error is None:
            self.errors.pop(element_id, None)
        elif element_id not in self.errors:
            self.errors[element_id] = error
            self._outlet.error(self, error)

    def _lost(self, error: I3XError | None) -> None:
        """Note that the reading has ended, and say so: loud the first time, quietly while it goes on."""
        self._move(Event.LOST)
        level = logging.DEBUG if self._in_trouble or error is None else logging.WARNING
        reason = error if error is not None else "the server ended it"
        logger.log(level, "delivery of %s interrupted: %s", self.subscription_id, reason, extra=self._extra())
        if error is not None and not self._in_trouble:
            self._in_trouble = True
            self._outlet.error(self, error)

    def _well(self, event: Event) -> None:
        """Note that the reading goes on."""
        if self._in_trouble:
            self._in_trouble = False
            logger.info("delivery of %s goes on", self.subscription_id, extra=self._extra())
        self._move(event)

    def _move(self, event: Event) -> None:
        status = TRANSITIONS[self.status, event]
        if status is not self.status:
            self.status = status
            self._outlet.status(self, status)

    def _extra(self) -> dict[str, object]:
        return {"subscription_id": self.subscription_id, "status": self.status.value}

    async def _send(self, call: Call[T]) -> T:
        """Send a call, and learn the server's time from its answer."""

        def read(reply: Reply) -> T:
            self._clock.observe(reply.date)
            return call.read(reply)

        return await self._sender.send(dataclasses.replace(call, read=read))

    # --- the stream -------------------------------------------------------------------------------------

    def _may_stream(self) -> bool:
        return self._settings.delivery != "sync" and time.monotonic() >= self._stream_from

    async def _read_stream(self) -> None:
        """Read a stream until it ends; raises the error that ended it."""
        call = operations.stream_subscription(self._client_id, self.subscription_id)
        opened = 0.0
        try:
            async with self._sender.stream(call, self._settings.silence) as source:
                opened = time.monotonic()
                self._failed_opens = 0
                self.reconnects += self._was_open
                self._was_open = True
                self._clock.observe(source.date)
                self._repeats.expect()
                await self._end_gap()
                self._well(Event.OPENED)
                await self._take_parts(source)
        except I3XError as error:
            if not opened:
                self._note_failed_open(error)
            raise
        finally:
            self._stream_closed = time.monotonic()
            if opened:
                self._begin_gap("reconnect")
                if time.monotonic() - opened > _HEALTHY_AFTER:
                    self._backoff.reset()

    def _note_failed_open(self, error: I3XError) -> None:
        if isinstance(error, NotFoundError):
            return
        if error.status_code is None and not isinstance(
            error.__cause__, (httpx.ConnectError, httpx.ConnectTimeout)
        ):
            # The server may have begun to send what then got lost on the way.
            self._begin_gap("reconnect")
        self._failed_opens += 1
        if isinstance(error, NotSupportedError) or self._failed_opens >= _FAILED_OPENS:
            self._failed_opens = 0
            if self._settings.delivery == "auto":
                self._stream_from = time.monotonic() + _STREAM_AGAIN_AFTER

    async def _take_parts(self, source: EventSource) -> None:
        events = EventStream()
        limit = self._settings.silence
        behind = False
        with anyio.CancelScope(deadline=anyio.current_time() + limit) as scope:
            asked = time.monotonic()
            async for part in source.parts():
                scope.deadline = float("inf")  # the silence of the server counts, not the time that we take
                behind = behind and time.monotonic() - asked < _CAUGHT_UP
                if not behind:
                    self._horizon = self._clock.earliest()
                changes, ended = self._read_part(events, part)
                handing_over = time.monotonic()
                await self._deliver(changes)
                if ended:
                    return
                asked = time.monotonic()
                behind = behind or asked - handing_over > _BEHIND
                scope.deadline = anyio.current_time() + limit
        if scope.cancelled_caught:
            # Nobody knows whether there was nothing to say or nobody there to say it.
            logger.debug("nothing for %g s from subscription %s", limit, self.subscription_id)
            self._begin_gap("silence")

    def _read_part(self, events: EventStream, part: bytes) -> tuple[list[ValueChange], bool]:
        """Return the changes in a part of the stream, and whether the server says that it is the last one."""
        changes: list[ValueChange] = []
        try:
            found = events.feed(part)
        except EventTooLargeError as error:
            raise StreamError(f"streamSubscription: {error}", operation="streamSubscription") from error
        for event in found:
            frame = read_frame(event.data)
            changes += frame.updates
            for failure in frame.errors:
                self._outlet.error(self, failure)
            if event.name == "close":
                return changes, True
        return changes, False

    # --- the poll ---------------------------------------------------------------------------------------

    async def _poll(self) -> None:
        """Poll until it is time to try the stream again; raises the error that ended it."""
        while not self._may_stream():
            batches = await self._sync()
            self._backoff.reset()
            if self._gap is not None:
                await self._end_gap()
            fetched = [change for batch in batches for change in batch.updates]
            if batches.partial is not None:
                self._begin_gap("overflow", missed(self._acknowledged, batches))
                await self._end_gap(fetched)
            self._well(Event.POLLED)
            for error in batches.errors.values():
                self._outlet.error(self, error)
            await self._deliver(fetched)
            numbers = [batch.sequence_number for batch in batches if batch.sequence_number is not None]
            self._acknowledged = max(numbers, default=self._acknowledged)
            self._horizon = self._clock.earliest()
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
        new = self._repeats.new_ones(changes)
        self.dropped += len(changes) - len(new)
        if new:
            self.changes += len(new)
            await self._outlet.put(self, new)

    def _begin_gap(self, reason: str, missed: int | None = None) -> None:
        """Open a gap at the last moment for which everything is known to have arrived."""
        if self._gap is None:
            self._gap = _OpenGap(self._horizon, reason, missed)
        elif reason == "expired":
            self._gap.reason = reason

    async def _end_gap(self, fetched: list[ValueChange] | None = None) -> None:
        """Close the gap, fill it from history, and report it; ``fetched`` need not be replayed."""
        if (gap := self._gap) is None:
            return
        end = self._clock.latest()
        found = await self._filling(gap, end)
        self._gap = None
        known = set(map(key, fetched or ()))
        replayed = self._repeats.new_ones([change for change in found.changes if key(change) not in known])
        self._repeats.expect()
        self._horizon = self._clock.earliest()
        if gap.reason != "silence" or replayed or found.failures:
            self._report(gap, end, found.failures)
        if replayed:
            self.replayed += len(replayed)
            await self._outlet.put(self, replayed)

    def _report(self, gap: _OpenGap, end: datetime, failures: list[str]) -> None:
        self.gaps += 1
        detail = "; ".join(failures[:3])
        elements = tuple(self._monitored_items())
        report = Gap(
            self.subscription_id, elements, gap.start, end, gap.missed, gap.reason, not failures, detail
        )
        self._outlet.gap(self, report)

    async def _filling(self, gap: _OpenGap, end: datetime) -> Backfill:
        nothing = Backfill()
        if not self._settings.backfill:
            nothing.failures.append("filling gaps from history is switched off")
            return nothing
        if not self._capabilities.query.history:
            nothing.failures.append("the server keeps no history")
            return nothing
        self._repeats.expect()
        try:
            return await fill(self._send, self._monitored_items(), gap.start, end, self._since)
        except I3XError as error:
            gap.failed_fills += 1
            if gap.failed_fills < _FAILED_FILLS:
                raise
            nothing.failures.append(str(error))
            return nothing


def monitored(objects: list[dict[str, Any]]) -> dict[str, int]:
    """Return element id → depth, as far as a server says."""
    found: dict[str, int] = {}
    for entry in objects:
        element_id, depth = entry.get("elementId"), entry.get("maxDepth", 1)
        if isinstance(element_id, str):
            found[element_id] = depth if isinstance(depth, int) else 1
    return found


def missed(acknowledged: int | None, batches: BulkList[SyncBatch]) -> int | None:
    """Return how many updates a full queue has dropped, by the numbers; None where they do not tell."""
    first = next((batch.sequence_number for batch in batches if batch.sequence_number is not None), None)
    if acknowledged is None or first is None or first - acknowledged <= 1:
        return None
    return first - acknowledged - 1
