"""What engines hand over, in one order, and the callbacks that it leads to."""

from __future__ import annotations

import logging
from collections.abc import Callable, Container, Iterator
from functools import update_wrapper
from typing import Any, NamedTuple, Protocol

from i3x.delivery.engine import Engine
from i3x.delivery.states import Status
from i3x.delivery.view import Delivery
from i3x.errors import I3XError
from i3x.models import Gap, ValueChange
from i3x.value_types import ValueReader

logger = logging.getLogger("i3x.delivery")

Callback = Callable[[Any, Any], object]
Handler = Callable[[Any, ValueChange], object]


class Parcel(NamedTuple):
    """Changes for a handler, or one piece of news about their delivery."""

    engine: Engine
    changes: list[ValueChange] | None = None
    news: Gap | I3XError | Status | None = None
    handler: Handler | None = None


class Mailbox(Protocol):
    """Takes parcels; one of :mod:`i3x.delivery.mailbox`."""

    async def put(self, item: Parcel, weight: int = 1) -> None:
        """Add a parcel; may wait."""

    def add(self, item: Parcel, weight: int = 0) -> None:
        """Add a parcel without waiting."""


class MailboxOutlet:
    """Puts what an engine reads into a mailbox, for a handler of its own or for that of the client."""

    def __init__(self, mailbox: Mailbox, handler: Handler | None = None) -> None:
        self._mailbox = mailbox
        self._handler = handler

    async def put(self, engine: Engine, changes: list[ValueChange]) -> None:
        """Take changes; waits while the mailbox is full."""
        await self._mailbox.put(Parcel(engine, changes, None, self._handler), len(changes))

    def gap(self, engine: Engine, gap: Gap) -> None:
        """Take the report of a gap."""
        self._mailbox.add(Parcel(engine, news=gap))

    def error(self, engine: Engine, error: I3XError) -> None:
        """Take an error."""
        self._mailbox.add(Parcel(engine, news=error))

    def status(self, engine: Engine, status: Status) -> None:
        """Take a change of the status."""
        self._mailbox.add(Parcel(engine, news=status))


def calls(client: Any, parcel: Parcel) -> Iterator[tuple[Callback, Any]]:
    """Yield what to call for a parcel, and with what, one after the other, until its delivery is stopped."""
    if parcel.changes is None:
        yield from _news_calls(client, parcel)
        return
    for change in parcel.changes:
        handler = parcel.handler or client.on_value_change
        if handler is None or parcel.engine.status is Status.STOPPED:
            return
        yield handler, change


def typed(reader: ValueReader[Any], element_ids: Container[str], handler: Handler | None) -> Handler:
    """Return a handler that has the values of these elements read; one that does not fit is an error of its own."""

    def handle(client: Any, change: ValueChange) -> object:
        callback: Callback | None = handler or client.on_value_change
        news: ValueChange | I3XError
        try:
            news = reader.change(change, element_ids)
        except I3XError as error:
            logger.warning("%s", error)
            callback, news = client.on_error, error
        return callback and callback(client, news)

    return handle if handler is None else update_wrapper(handle, handler)


def _news_calls(client: Any, parcel: Parcel) -> Iterator[tuple[Callback, Any]]:
    news: Any = parcel.news
    if isinstance(news, Gap):
        callback = client.on_gap
    elif isinstance(news, Status):
        callback, news = client.on_status, Delivery(parcel.engine, news)
    else:
        callback = client.on_error
    if callback is not None:
        yield callback, news
