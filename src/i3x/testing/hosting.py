"""uvicorn on a thread of its own: started when it listens, stopped when every socket is closed."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable
from typing import TypeVar

import uvicorn
from starlette.types import ASGIApp

from .connection import Protocol

_T = TypeVar("_T")

_GRACE = 1.0
"""Seconds that answers on their way get when the server stops."""

_START_LIMIT = 30.0

_ACCEPTING_STEPS = 5
"""Turns of the event loop from an accepted socket to a connection."""


class Host:
    """Serves one application on one bound socket until it is stopped."""

    def __init__(
        self,
        app: ASGIApp,
        bound: socket.socket,
        *,
        ssl_certfile: str | None,
        ssl_keyfile: str | None,
        background: Callable[[], contextlib.AbstractAsyncContextManager[None]],
    ) -> None:
        config = uvicorn.Config(
            app,
            http=Protocol,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=60,
            ssl_certfile=ssl_certfile,
            ssl_keyfile=ssl_keyfile,
        )
        self._server = _Uvicorn(config, background)
        self._bound = bound
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="i3x.testing", daemon=True)

    def start(self) -> None:
        """Return as soon as requests are answered.

        Raises:
            RuntimeError: the server did not come up.
        """
        self._thread.start()
        if not self._server.up.wait(_START_LIMIT) or self._error is not None:
            raise RuntimeError(
                f"the server did not start: {self._error or 'it took too long'}"
            ) from self._error

    def stop(self) -> None:
        """Return as soon as every connection and the thread are gone."""
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._server.loop.call_soon_threadsafe(self._server.down.set)
        self._thread.join()

    def call(self, function: Callable[[], _T]) -> _T:
        """Run a function on the event loop's thread, and return what it returns."""
        if threading.current_thread() is self._thread:
            return function()

        async def run() -> _T:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._server.loop).result()

    def _run(self) -> None:
        try:
            asyncio.run(self._server.serve(sockets=[self._bound]))
        except BaseException as error:  # noqa: BLE001 - told to whoever waits in start()
            self._error = error
        finally:
            self._bound.close()
            self._server.up.set()


class _Uvicorn(uvicorn.Server):
    """uvicorn without its polling: it says when it is up, and goes down when it is told to."""

    def __init__(
        self,
        config: uvicorn.Config,
        background: Callable[[], contextlib.AbstractAsyncContextManager[None]],
    ) -> None:
        super().__init__(config)
        self._background = background
        self.up = threading.Event()
        self.down: asyncio.Event
        self.loop: asyncio.AbstractEventLoop

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.down = asyncio.Event()
        await super().startup(sockets)

    async def main_loop(self) -> None:
        async with self._background():
            ticking = asyncio.create_task(self._refresh_date())
            self.up.set()
            await self.down.wait()
            ticking.cancel()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - uvicorn
        await self._stop_listening()
        for protocol in self._protocols():
            protocol.retire()
        await self._settle(_GRACE)
        for protocol in self._protocols():
            protocol.transport.abort()
        await self._settle(_GRACE)

    async def _stop_listening(self) -> None:
        # A connection that asyncio has just accepted is lost if its listener closes before it has a transport
        # (and its socket with it), so these are let in first.
        with contextlib.suppress(NotImplementedError):  # not every event loop of Windows has readers
            for bound in itertools.chain.from_iterable(listener.sockets for listener in self.servers):
                self.loop.remove_reader(bound)
        for _ in range(_ACCEPTING_STEPS):
            await asyncio.sleep(0)
        for listener in self.servers:
            listener.close()

    def _protocols(self) -> list[Protocol]:
        return [each for each in self.server_state.connections if isinstance(each, Protocol)]

    async def _settle(self, seconds: float) -> None:
        """Wait until no connection and no request is left, but not for ever."""
        deadline = time.monotonic() + seconds
        # The two sets are uvicorn's, and there is no event for them.
        while (self.server_state.connections or self.server_state.tasks) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.002)

    async def _refresh_date(self) -> None:
        while True:
            await self.on_tick(0)
            await asyncio.sleep(1)
