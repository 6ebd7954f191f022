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

from i3x.capabilities import Capabilities
from i3x.delivery.hosting import AsyncDeliveries, not_delivered, tell_still_running
from i3x.delivery.mailbox import ThreadMailbox
from i3x.delivery.parcels import Handler, Parcel, calls
from i3x.delivery.settings import Settings
from i3x.delivery.view import Delivery
from i3x.errors import ConnectionError, SubscriptionError
from i3x.models import Subscription
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


class Host:
    """The event loop on its thread, with what lives on it."""

    def __init__(self, client: Any, sender: Sender, capabilities: Callable[[], Capabilities]) -> None:
        self._context: AbstractContextManager[BlockingPortal] = start_blocking_portal(
            "asyncio", name="i3x-delivery"
        )
        self._is_closed = False
        self.portal = self._context.__enter__()
        self.inner: AsyncDeliveries
        self.mailbox: ThreadMailbox[Parcel]
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

    def call(self, function: Callable[..., Any], *arguments: Any) -> Any:
        """Run a function on the loop; a client that is disconnected before has no loop any more."""
        try:
            return self.portal.call(function, *arguments)
        except RuntimeError:
            if self._is_closed:
                raise disconnected() from None
            raise

    def close(self) -> None:
        """End everything on the loop, and the loop."""
        try:
            self.portal.call(self.inner.close)
            self.portal.call(self.sender.close)
        finally:
            self._is_closed = True
            self._context.__exit__(None, None, None)


class Deliveries:
    """Runs deliveries for a blocking client. The loop and the thread begin with the first and end with close()."""

    def __init__(self, client: Any, sender: Sender, capabilities: Callable[[], Capabilities]) -> None:
        self._client = client
        self._sender = sender
        self._capabilities = capabilities
        self._lock = threading.Lock()
        self._host: Host | None = None
        self._worker: threading.Thread | None = None
        self._busy_with: object = None

    @property
    def host(self) -> Host:
        """The event loop; started if it is not running."""
        with self._lock:
            return self._started_host()

    def subscribe(
        self, items: dict[str, int], display_name: str | None, handler: Handler | None, settings: Settings
    ) -> Subscription:
        """Make a subscription and deliver it to its handler."""
        host = self._with_worker()
        subscription: Subscription = host.call(host.inner.subscribe, items, display_name, handler, settings)
        return subscription

    def start(self, subscription_id: str, settings: Settings) -> None:
        """Deliver a subscription that exists; does nothing if it is being delivered."""
        host = self._with_worker()
        host.call(host.inner.start, subscription_id, settings)

    def stop(self, subscription_id: str) -> str | None:
        """End a delivery; returns the id that its subscription has on the server now, None if there is none."""
        if (host := self._host) is None:
            return None
        current: str | None = host.call(host.inner.stop, subscription_id)
        return current

    def delivery(self, subscription_id: str) -> Delivery:
        """Return the view of a delivery."""
        if (host := self._host) is None:
            raise not_delivered(subscription_id)
        return host.inner.delivery(subscription_id)

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
                tell_still_running(self._busy_with, _HANDLER_TIME)

    def _started_host(self) -> Host:
        if self._host is None:
            if not self._client.is_connected:  # any more
                raise disconnected()
            self._host = Host(self._client, self._sender, self._capabilities)
            _open.add(self)
        return self._host

    def _with_worker(self) -> Host:
        with self._lock:
            host = self._started_host()
            if self._worker is None:
                self._worker = threading.Thread(
                    target=self._work, args=(host.mailbox,), name="i3x-handlers", daemon=True
                )
                self._worker.start()
            return host

    def _work(self, mailbox: ThreadMailbox[Parcel]) -> None:
        """Call the handlers, one after the other, whatever they raise."""
        while (parcel := mailbox.take()) is not None:
            for callback, argument in calls(self._client, parcel):
                self._busy_with = callback
                try:
                    callback(self._client, argument)
                except Exception:
                    logger.exception("a handler of subscription %s failed", parcel.engine.subscription_id)


def disconnected() -> ConnectionError:
    """Return the error for what comes too late."""
    return ConnectionError("the client was disconnected meanwhile; call connect() again")
