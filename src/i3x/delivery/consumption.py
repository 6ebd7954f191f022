"""The consumption of a subscription, step by step, and what of it must survive a crash.

What was fetched and not acknowledged stays on the server; how far the acknowledging got, and with which
subscription, stands in a checkpoint file, from which the next process goes on.
"""

from __future__ import annotations

import contextlib
import logging
import math
import os
import time
from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import anyio
from msgspec.structs import replace

from i3x import operations
from i3x.calls import Bulk, Call
from i3x.delivery.backfill import PASSING, Delivered
from i3x.delivery.backoff import Backoff
from i3x.delivery.checkpoint import Checkpoint, Position
from i3x.delivery.clock import ServerClock
from i3x.delivery.deletion import delete
from i3x.delivery.gaps import OpenGap, fill_gap, log_gap, missed
from i3x.delivery.hosting import AsyncDeliveries
from i3x.delivery.registering import check_any, lacking, monitored, registrations
from i3x.delivery.settings import Settings
from i3x.errors import I3XError, NotFoundError, NotSupportedError, SubscriptionError
from i3x.models import Gap, SyncBatch, ValueChange, to_datetime
from i3x.results import item_errors

T = TypeVar("T")
News = tuple[str, Gap | I3XError]

logger = logging.getLogger("i3x.delivery")

_GLANCE = 0.1  # seconds after which a wait looks whether the client is still connected
_QUIET = timedelta(seconds=30)
"""How long nothing may come before the checkpoint is told that all is well up to now."""


class Consumption:
    """What both consumers do, step by step: they differ in how they wait, and in how they tell the news.

    The checkpoint never runs ahead of the user: a position is written when its batches have been dealt with and
    its gaps have been told.
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
    ) -> None:
        if timeout is not None and not timeout > 0:
            raise ValueError(f"timeout must be more than 0 seconds, or None for no end, not {timeout!r}")
        self._settings = Settings(poll_interval=poll_interval, backfill=backfill)
        self._client_id = client.client_id
        self._sender = deliveries.sender
        self._capabilities = deliveries.capabilities
        self._items = dict(items)
        self._path = checkpoint
        self._timeout = math.inf if timeout is None else timeout
        self.position: Position | None = None
        self._written: Position | None = None
        self._file: Checkpoint | None = None
        self._is_closed = False
        self._busy = anyio.Lock()  # an interrupted step may still be ending when the next one is asked for
        self._news: list[News] = []
        self._fetched: list[SyncBatch] = []
        self._waiting: deque[SyncBatch] = deque()
        self._current: SyncBatch | None = None
        self._clock = ServerClock()
        self._since = datetime.min.replace(tzinfo=UTC)
        self._latest: dict[str, ValueChange] = {}
        self._synced = self._clock.earliest()
        self._is_gone = False
        self._gap: OpenGap | None = None
        self._refused: dict[str, I3XError] = {}
        self._backoff = Backoff()
        self._next_step = 0.0
        self._in_trouble = False

    # --- the life of a consumer -------------------------------------------------------------------------

    async def open(self) -> None:
        """Lock the checkpoint and take its subscription up again, or make a new one."""
        async with self._busy:
            if self.position is not None:
                return
            file = self._locked_file()
            try:
                position = self._read(file)
                if position is None:
                    self.position = await self._made(self._client_id)
                    self._since = self._synced
                    self._write()
                else:
                    await self._resume(position)
            except BaseException:
                self._release()
                raise

    def _locked_file(self) -> Checkpoint:
        if self._is_closed:
            raise SubscriptionError("the consumer is closed; make a new one with consume()")
        if self._file is None:
            self._file = Checkpoint.open(self._path)
        return self._file

    def _read(self, file: Checkpoint) -> Position | None:
        position = file.read()
        if position is not None and position.server_url != self._sender.url:
            raise SubscriptionError(
                f"the checkpoint {os.fspath(self._path)!r} belongs to the server {position.server_url}, and this "
                f"is {self._sender.url}; name another file, or move it away to start over"
            )
        return position

    async def _resume(self, position: Position) -> None:
        """Go on with the subscription of a checkpoint, as far as the server still has it."""
        self._synced = to_datetime(position.last_synced) or self._synced
        if position.lost:
            self._begin_gap("overflow")
        try:
            await self._mend(position)
        except NotFoundError:
            self._is_gone = True
        self._written, self.position = position, replace(position, items=self._items)

    async def _mend(self, position: Position) -> None:
        """Make the items of a subscription what they should be."""
        client_id, subscription_id = position.client_id, position.subscription_id
        try:
            found = await self._send(operations.get_subscription(client_id, subscription_id))
        except NotSupportedError:
            has = dict.fromkeys(set(position.items) - set(self._items), -1)  # a server that can't be asked
        else:
            has = monitored(found.monitored_objects)
        await self._register(position, lacking(has, self._items))
        check_any(
            self._items, self._refused
        )  # before anything is taken out: with other elements it can still go on
        if surplus := [name for name in has if name not in self._items]:
            await self._send(operations.unregister_items(client_id, subscription_id, surplus))

    async def _made(self, client_id: str) -> Position:
        """Make a subscription with all items, and return its position; on failure none is left behind."""
        made = await self._send(operations.create_subscription(client_id, None))
        self._synced = self._clock.earliest()
        position = Position(
            server_url=self._sender.url,
            client_id=client_id,
            subscription_id=made.subscription_id,
            items=self._items,
            acknowledged=None,
            last_synced=_text(self._synced),
        )
        try:
            await self._register(position, self._items)
            check_any(self._items, self._refused)
        except BaseException:
            await delete(self._send, client_id, [made.subscription_id])
            raise
        return position

    async def _register(self, position: Position, items: Mapping[str, int]) -> None:
        for ids, call in registrations(position.client_id, position.subscription_id, items):
            registered = await self._send(call)
            errors = item_errors(registered)
            for element_id in errors.keys() - self._refused.keys():
                logger.warning("element %r is not monitored: %s", element_id, errors[element_id])
            asked = set(ids)
            self._refused = {k: v for k, v in self._refused.items() if k not in asked} | errors
            self._news += [("on_error", error) for error in errors.values()]

    async def delete(self) -> None:
        """Delete the subscription on the server, and the checkpoint; if the server can't be asked, neither."""
        async with self._busy:
            file = self._locked_file()
            position = self.position or self._read(file)
            if position is not None:
                with contextlib.suppress(NotFoundError):  # the server has forgotten it already
                    await self._send(
                        operations.delete_subscription(position.client_id, position.subscription_id)
                    )
            file.delete()
            self.close()

    def close(self) -> None:
        """Let go of the file; nothing can be asked for any more."""
        self._is_closed = True
        self._release()

    def _release(self) -> None:
        file, self._file, self.position, self._current = self._file, None, None, None
        self._waiting.clear()
        if file is not None:
            file.close()

    # --- batches ----------------------------------------------------------------------------------------

    def until(self) -> float:
        """Return when the wait for the next batch has to end, in the time of ``time.monotonic()``."""
        return time.monotonic() + self._timeout

    def pause(self, until: float) -> float | None:
        """Return the seconds to wait; 0 if a step is due, None if a batch is there or the time is over."""
        now = time.monotonic()
        if self._waiting or now >= until:
            return None
        is_due = now >= self._next_step or not self._sender.is_open
        return 0.0 if is_due else min(self._next_step, until, now + _GLANCE) - now

    async def step(self, until: float) -> None:
        """Ask the server once. What passes by itself is news, and a reason to ask again later."""
        began = time.monotonic()
        with anyio.move_on_after(until - began):
            async with self._busy:
                try:
                    await self._advance()
                except (NotFoundError, *PASSING) as error:
                    self._wait_out(error)
                else:
                    self._go_on(began)

    async def _advance(self) -> None:
        position = self._known_position()
        self._settle(position)
        if self._is_gone:
            self._begin_gap("expired")
            self.position = await self._made(position.client_id)
            self._is_gone = False
        elif self._gap is None:
            await self._sync(position)
        if self._gap is not None:
            await self._end_gap(self._gap)
        self._waiting.extend(self._fetched)
        self._fetched = []

    def _wait_out(self, error: I3XError) -> None:
        if not self._sender.is_open:
            raise error
        self._next_step = time.monotonic() + self._backoff.next()
        if isinstance(error, NotFoundError) and not self._is_gone:
            self._is_gone = True
            return
        level = logging.DEBUG if self._in_trouble else logging.WARNING
        logger.log(level, "consumption of %s interrupted: %s", self._path, error, extra=self._extra())
        if not self._in_trouble:
            self._in_trouble = True
            self._news.append(("on_error", error))

    def _go_on(self, began: float) -> None:
        # Of a timeout, at least one question must be left.
        self._next_step = began + min(self._settings.poll_interval, self._timeout / 2)
        self._backoff.reset()
        if self._in_trouble:
            self._in_trouble = False
            logger.info("consumption of %s goes on", self._path, extra=self._extra())

    def _extra(self) -> dict[str, object]:
        return {"subscription_id": self._known_position().subscription_id}

    async def _sync(self, position: Position) -> None:
        asked = self._clock.earliest()
        batches = await self._send(
            operations.sync_subscription(position.client_id, position.subscription_id, position.acknowledged)
        )
        self._news += [("on_error", error) for error in batches.errors.values()]
        # In their order: a number acknowledges all those below it.
        self._fetched = sorted(
            (batch for batch in batches if batch.updates or batch.sequence_number is not None),
            key=lambda batch: batch.sequence_number or 0,
        )
        if batches.partial is not None:
            self._begin_gap("overflow", missed(position.acknowledged, batches))
            self.position = replace(position, lost=True)  # the server may say it only once
            self._write()
        self._synced = asked

    def next_batch(self) -> SyncBatch | None:
        """Give out a batch, None if there is none."""
        self._current = self._waiting.popleft() if self._waiting else None
        if self._current is not None:
            self._latest.update((change.element_id, change) for change in self._current.updates)
        return self._current

    def commit(self) -> None:
        """Acknowledge the batch that was given out last."""
        batch, self._current = self._current, None
        if batch is None:
            return
        position = replace(self._known_position(), lost=False)
        if batch.sequence_number is not None:
            position = replace(position, acknowledged=batch.sequence_number)
        self.position = position
        self._write()

    # --- gaps and other news ----------------------------------------------------------------------------

    def _begin_gap(self, reason: str, missed: int | None = None) -> None:
        if self._gap is None:
            self._gap = OpenGap(self._synced, reason, missed=missed)
        else:
            self._gap.reason = reason

    async def _end_gap(self, gap: OpenGap) -> None:
        """Fill a gap from history, with a batch that has no number, and report it."""
        gap.items = {name: depth for name, depth in self._items.items() if name not in self._refused}
        end = self._clock.latest()
        found = await fill_gap(
            gap,
            end,
            Delivered(self._since, self._latest),
            self._settings,
            self._capabilities(),
            self._sender,
            self._send,
        )
        if found.changes:
            self._waiting.append(SyncBatch(None, found.changes))
        self._gap = None
        report = gap.report(self._known_position().subscription_id, end, found.failures)
        log_gap(str(self._path), report, self._extra())
        self._news.append(("on_gap", report))

    def take_news(self) -> list[News]:
        """Return what the user has to be told: the names of callbacks, and what they get."""
        news, self._news = self._news, []
        return news

    # --- the checkpoint ---------------------------------------------------------------------------------

    def _known_position(self) -> Position:
        if self.position is None:
            raise SubscriptionError("the consumer is closed; make a new one with consume()")
        return self.position

    def _settle(self, position: Position) -> None:
        """Write what has come about without a batch: all news before this step has been told by now."""
        if self._gap is not None or self._written is None:
            return
        position, since = replace(position, lost=False), self._written.last_synced
        is_news = replace(position, last_synced=since) != self._written
        if is_news or self._synced - (to_datetime(since) or self._since) > _QUIET:
            self.position = position
            self._write()

    def _write(self) -> None:
        """Write the position. A gap would begin where everything has been dealt with: not while batches wait."""
        position = self._known_position()
        if not self._waiting and self._gap is None:
            position = self.position = replace(position, last_synced=_text(self._synced))
        if self._file is not None:
            self._file.write(position)
            self._written = position

    async def _send(self, call: Call[T] | Bulk[T]) -> T:
        """Send a call, and learn the server's time from its answer."""
        observe = self._clock.observe  # and not self: what is on the way must not keep the consumer alive
        return await self._sender.send(call.observed(lambda reply: observe(reply.date)))


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")
