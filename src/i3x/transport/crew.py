"""Several requests of one bulk call at once: on a few threads, or as tasks.

The program's own items are taken out, and outcomes settled, where the call was made: what feeds it may belong to
one thread, as a cursor of a database does.
"""

from __future__ import annotations

import contextvars
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import AsyncExitStack, ExitStack
from typing import Generic, TypeVar

import anyio
import anyio.abc

from i3x.bulk.limits import MOST_AT_ONCE
from i3x.bulk.plan import Chunk, Outcome, Plan
from i3x.calls import Call

T = TypeVar("T")


class Crew(Generic[T]):
    """The threads that carry out requests of a plan; there are none before they are needed."""

    def __init__(self, plan: Plan[T], stack: ExitStack) -> None:
        self._plan = plan
        self._stack = stack
        self._threads: ThreadPoolExecutor | None = None
        self._running: dict[Future[Outcome[T]], Chunk] = {}

    def start(self, chunk: Chunk, carry_out: Callable[[Call[T]], Outcome[T]], call: Call[T]) -> None:
        """Carry out a request on another thread, with the context (of tracing, say) of this one."""
        if self._threads is None:
            self._threads = self._stack.enter_context(ThreadPoolExecutor(MOST_AT_ONCE, "i3x-bulk"))
        self._running[self._threads.submit(contextvars.copy_context().run, carry_out, call)] = chunk

    def wait(self, seconds: float | None) -> None:
        """Wait for the next outcome, or so many seconds."""
        if not self._running:
            time.sleep(seconds or 0)
        done, _ = wait(self._running, seconds, FIRST_COMPLETED)
        for future in done:
            self._plan.settle(self._running.pop(future), future.result(), time.monotonic())


class AsyncCrew(Generic[T]):
    """The tasks that carry out requests of a plan."""

    def __init__(self, plan: Plan[T], stack: AsyncExitStack) -> None:
        self._plan = plan
        self._stack = stack
        self._tasks: anyio.abc.TaskGroup | None = None
        self._running = 0
        self._settled = anyio.Event()

    async def start(
        self, chunk: Chunk, carry_out: Callable[[Call[T]], Awaitable[Outcome[T]]], call: Call[T]
    ) -> None:
        """Carry out a request in another task."""
        if self._tasks is None:
            self._tasks = await self._stack.enter_async_context(anyio.create_task_group())
        self._running += 1
        self._tasks.start_soon(self._run, chunk, carry_out, call)

    async def _run(
        self, chunk: Chunk, carry_out: Callable[[Call[T]], Awaitable[Outcome[T]]], call: Call[T]
    ) -> None:
        outcome = await carry_out(call)
        self._running -= 1
        self._plan.settle(chunk, outcome, time.monotonic())
        self._settled.set()

    async def wait(self, seconds: float | None) -> None:
        """Wait for the next outcome, or so many seconds."""
        if not self._running:
            await anyio.sleep(seconds or 0)
            return
        with anyio.move_on_after(seconds):
            await self._settled.wait()
        self._settled = anyio.Event()
