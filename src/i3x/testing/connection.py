"""The socket below a response, for what ASGI has no message for: break off, reset, notice the end."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Callable
from typing import Any

from starlette.types import Scope
from uvicorn.protocols.http.h11_impl import H11Protocol

_KEY = "i3x.testing.connection"

_CLOSING_LIMIT = 1.0
"""Seconds that a client gets to take the rest and, over TLS, to say goodbye."""


class Connection:
    """One client's connection; it is over when either side is gone or the server stops."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._over = asyncio.Event()
        self._lost = asyncio.Event()
        self._when_over: list[Callable[[], object]] = []

    @property
    def over(self) -> bool:
        """Whether nobody is left to talk to."""
        return self._over.is_set()

    def finish(self) -> None:
        """Declare the connection over, so that whoever waits on it lets go."""
        self._over.set()
        while self._when_over:
            self._when_over.pop()()

    def when_over(self, callback: Callable[[], object]) -> None:
        """Call `callback` when the connection is over, at once if it is already."""
        self._when_over.append(callback)
        if self.over:
            self.finish()

    async def pause(self, seconds: float) -> None:
        """Wait, but no longer than the connection lasts."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._over.wait()

    async def close(self) -> None:
        """Send what is written so far and then close, in the middle of a response if need be."""
        self._transport.close()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CLOSING_LIMIT):
                await self._lost.wait()
                return
        self._transport.abort()
        await self._lost.wait()

    async def reset(self) -> None:
        """Throw the connection away: the client's socket sees a reset, not an end."""
        raw = self._transport.get_extra_info("socket")
        if raw is not None:
            # Lingering for no time at all is what makes the kernel send RST instead of FIN.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._transport.abort()
        await self._lost.wait()

    def lost(self) -> None:
        """Called when the socket is closed."""
        self._lost.set()
        self.finish()


class Protocol(H11Protocol):
    """uvicorn's HTTP protocol, which hands each request its `Connection` in the scope's state."""

    connection: Connection | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the event loop."""
        super().connection_made(transport)
        self.connection = Connection(transport)
        self.app_state = {**self.app_state, _KEY: self.connection}

    def retire(self) -> None:
        """Let an answer on its way be finished, and close; a request on its way will not be answered."""
        self.shutdown()
        if self.connection is not None:
            self.connection.finish()
        if self.cycle is not None and self.cycle.more_body:
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop."""
        super().connection_lost(exc)
        if self.connection is not None:
            self.connection.lost()


def connection_of(scope: Scope) -> Connection:
    """The connection that a request came in on."""
    state: dict[str, Any] = scope["state"]
    connection: Connection = state[_KEY]
    return connection
