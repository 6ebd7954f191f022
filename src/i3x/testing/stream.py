"""The event stream: updates as Server-Sent Events, until either side has enough."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from .answers import EXCHANGE
from .exchange import Exchange
from .faults.base import Entry
from .state import State
from .subscriptions import StreamSlot, Subscription

_KEEP_ALIVE = b": keep-alive\n\n"
_HEADERS = [("content-type", "text/event-stream"), ("cache-control", "no-store")]


class EventStream(Response):
    """One open stream of a subscription. Faults see it, and may write to it or end it."""

    def __init__(self, state: State, subscription: Subscription) -> None:
        self.state = state
        self.subscription = subscription
        self.silent = False
        """Set by a fault: nothing is sent any more, and the socket stays open."""
        self._slot: StreamSlot
        self._exchange: Exchange
        self._over = False
        self._events = 0
        self._met: dict[Entry, int] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send events until the stream is over."""
        self._exchange = scope[EXCHANGE]
        self._slot = self.state.subscriptions.open_stream(self.subscription)
        self._exchange.connection.when_over(self._slot.end)
        try:
            await self._exchange.begin(200, _HEADERS)
            await self._run()
        finally:
            self.state.subscriptions.close_stream(self.subscription, self._slot)

    @property
    def ended(self) -> bool:
        """Whether it is time to end, because another stream takes over or the subscription is deleted."""
        return self._slot.ended and not self._exchange.connection.over

    async def write(self, chunk: bytes) -> None:
        """Send bytes as they are."""
        await self._exchange.write(chunk, more=True)

    async def finish(self) -> None:
        """End the stream cleanly."""
        if not self._over:
            self._over = True
            await self._exchange.write(b"", more=False)

    async def reset(self) -> None:
        """End the stream with a reset of the connection."""
        self._over = True
        await self._exchange.connection.reset()

    async def _run(self) -> None:
        while True:
            self._slot.wake.clear()
            await self._visit()
            if self._over or self._slot.ended:
                break
            if self.subscription.queue and not self.silent:
                await self._event(self.subscription.queue.drain())
            elif not await self._woken() and not self.silent:
                await self.write(_KEEP_ALIVE)
        await self.finish()

    async def _woken(self) -> bool:
        """Wait until there is something to do; False if the keep-alive interval passed without it."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self.state.settings.keep_alive):
                await self._slot.wake.wait()
                return True
        return False

    async def _event(self, updates: list[dict[str, Any]]) -> None:
        self._events += 1
        chunks = [b"data: " + msgspec.json.encode(updates) + b"\n\n"]
        for entry in self._met:
            if entry.active:
                chunks = entry.fault.event(updates, chunks)
        for chunk in chunks:
            await self.write(chunk)

    async def _visit(self) -> None:
        """Let the faults that are on have a look; one switched on meanwhile counts events from then."""
        for entry in self.state.faults.on_streams():
            if entry not in self._met:
                if not entry.claim():
                    continue
                self._met[entry] = self._events
            await entry.fault.stream(self, self._events - self._met[entry])
            if self._over:
                return
