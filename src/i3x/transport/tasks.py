"""Tasks that can be stopped without leaving connections open."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import anyio


class Background:
    """Work that goes on in a task of its own until it ends or is stopped.

    A scope stops it, not ``Task.cancel()``: while it closes connections, httpx shields itself from scopes alone,
    and connections that it had taken out of its pool to close them would stay open.
    """

    def __init__(self, work: Callable[[], Awaitable[None]], name: str) -> None:
        self._work = work
        self._scope = anyio.CancelScope()
        self._task = asyncio.create_task(self._run(), name=name)

    async def _run(self) -> None:
        with self._scope:
            await self._work()

    def cancel(self) -> None:
        """Ask it to stop, without waiting."""
        self._scope.cancel()

    async def stop(self) -> None:
        """Stop it and wait for its end."""
        self.cancel()
        await asyncio.wait([self._task])
