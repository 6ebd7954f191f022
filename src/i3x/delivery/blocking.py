"""Deliveries for the blocking client: one background event loop for all, beside one thread for the handlers."""

from __future__ import annotations

import atexit
import logging
import threading
import weakref
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any, TypeVar

import httpx
from anyio.from_thread import BlockingPortal, start_blocking_portal

from i3x.delivery.hosting import AsyncDeliveries
from i3x.delivery.mailbox import ThreadMailbox
from i3x.delivery.parcels import Handler, Parcel, calls
from i3x.delivery.settings import Settings
from i3x.delivery.view import Delivery
from i3x.errors import SubscriptionError
from i3x.models import Capabilities, Subscription
from i3x.transport import AsyncSender, Sender

T = TypeVar("T")

logger = logging.getLogger("i3x.delivery")

_HANDLER_TIME = 1.0  # seconds that a handler which is still running is waited for

_open: weakref.WeakSet[Deliveries] = weakref.WeakSet()


@atexit.register
def _close_all() -> None:
    # The loop's thread would otherwise be stopped in the middle of something, with subscriptions left behind.
    for deliveries in list(_open):
        deliveries.close()


class _Host:
    """The event loop on its thread, with what lives on it."""

    def __init__(self, client: Any, sender: Sender, capabilities: Callable[[], Capabilities]) -> None:
        self._context: AbstractContextManager[BlockingPortal] = start_blocking_portal(
            "asyncio", name="i3x-delivery"
        )
        self.portal = self._context.__enter__()
        try:
            self.inner, self.mailbox, self.sender = self.portal.call(
                self._begin, client, sender, capabilities
            )
        except BaseException:
            self._context.__exit__(None, None, None)
            raise

    async def _begin(
        self, client: Any, sender: Sender, capabilities: Callable[[], Capabilities]
    ) -> tuple[AsyncDeliveries, ThreadMailbox[Parcel], AsyncSender]:
        options = sender.server.options
        if options.transport is not None and not isinstance(options.transport, httpx.AsyncBaseTransport):
            raise SubscriptionError(
                "subscriptions need a transport= that is asynchronous too (httpx.AsyncBaseTransport); "
                "fetch updates with sync_subscription() instead"
            )
        loop_sender = AsyncSender(options, sender.server)
        await loop_sender.open()
        mailbox: ThreadMailbox[Parcel] = ThreadMailbox()
        return AsyncDeliveries(client, loop_sender, capabilities, mailbox), mailbox, loop_sender

    def close(self) -> None:
        self.portal.call(self.inner.close)
        self.portal.call(self.sender.close)
        self._context.__exit__(None, None, None)


class Deliveries:
    """Runs deliveries for a blocking client. The loop and the thread begin with the first and end with close()."""

    def __init__(self, client: Any, sender: Sender, capabilities: Callable[[], Capabilities]) -> None:
        self._client = client
        self._sender = sender
        self._capabilities = capabilities
        self._lock = threading.RLock()
        self._host: _Host | None = None
        self._worker: threading.Thread | None = None
        self._busy_with: object = None

    @property
    def is_open(self) -> bool:
        """Whether the event loop is running."""
        return self._host is not None

    @property
    def host(self) -> _Host:
        """The event loop; started if it is not running."""
        with self._lock:
            if self._host is None:
                self._host = _Host(self._client, self._sender, self._capabilities)
                _open.add(self)
            return self._host

    def subscribe(
        self, items: dict[str, int], display_name: str | None, handler: Handler | None, settings: Settings
    ) -> Subscription:
        """Make a subscription and deliver it to its handler."""
        host = self._with_worker()
        subscription: Subscription = host.portal.call(
            host.inner.subscribe, items, display_name, handler, settings
        )
        return subscription

    def start(self, subscription_id: str, settings: Settings) -> None:
        """Deliver a subscription that exists; does nothing if it is being delivered."""
        host = self._with_worker()
        host.portal.call(host.inner.start, subscription_id, settings)

    def stop(self, subscription_id: str) -> str:
        """End a delivery, if there is one; returns the id that the subscription has on the server now."""
        host = self._host
        return subscription_id if host is None else host.portal.call(host.inner.stop, subscription_id)

    def delivery(self, subscription_id: str) -> Delivery:
        """Return the view of a delivery."""
        inner: AsyncDeliveries = self.host.inner
        return inner.delivery(subscription_id)

    @property
    def is_recovering(self) -> bool:
        """Whether any delivery is being recovered."""
        host = self._host
        return host is not None and host.inner.is_recovering

    def close(self) -> None:
        """End all deliveries, and delete the subscriptions that were made for them."""
        with self._lock:
            host, self._host = self._host, None
            worker, self._worker = self._worker, None
        if host is None:
            return
        host.close()
        _open.discard(self)
        if worker is not None and worker is not threading.current_thread():  # a handler may disconnect
            worker.join(_HANDLER_TIME)
            if worker.is_alive():
                logger.warning("the handler %r is still running after %g s", self._busy_with, _HANDLER_TIME)

    def _with_worker(self) -> _Host:
        with self._lock:
            host = self.host
            if self._worker is None:
                self._worker = threading.Thread(
                    target=self._work, args=(host,), name="i3x-handlers", daemon=True
                )
                self._worker.start()
            return host

    def _work(self, host: _Host) -> None:
        while (parcel := host.mailbox.take()) is not None:
            handler = host.inner.handler_of(parcel.engine)
            self._busy_with = handler or self._client.on_value_change
            for call in calls(self._client, parcel, handler):
                try:
                    call()
                except Exception:
                    logger.exception("a handler of subscription %s failed", parcel.engine.subscription_id)
