"""Several requests of one bulk call at once: on a few threads, or as tasks.

The program's own items are taken out, and outcomes settled, where the call was made: what feeds it may belong to
one thread, as a cursor of a database does.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Awaitable, Callable
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Generic, Self, TypeVar

import anyio
import anyio.abc

from i3x.bulk.chunks import Chunk
from i3x.bulk.plan import Outcome, Plan
from i3x.calls import Call

T = TypeVar("T")


class Crew(Generic[T]):
    """The threads that carry out requests of a plan; there are none before they are needed.

    Leaving the block waits for none of them: after an interrupt a request may still be on its way, which nothing can
    end. ``stopped`` then tells each thread to begin no other. They are daemons, lest they hold up the program's end.
    """

    def __init__(self, plan: Plan[T]) -> None:
        self._plan = plan
        self._running: dict[threading.Thread, Chunk] = {}
        self._ended: SimpleQueue[tuple[threading.Thread, Outcome[T] | BaseException]] = SimpleQueue()
        self.stopped = threading.Event()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *failure: object) -> None:
        self.stopped.set()

    def start(self, chunk: Chunk, carry_out: Callable[[Call[T]], Outcome[T]], call: Call[T]) -> None:
        """Carry out a request on another thread, with the context (of tracing, say) of this one."""
        run = contextvars.copy_context().run
        thread = threading.Thread(target=run, args=(self._run, carry_out, call), name="i3x-bulk", daemon=True)
        self._running[thread] = chunk
        thread.start()

    def _run(self, carry_out: Callable[[Call[T]], Outcome[T]], call: Call[T]) -> None:
        ended: Outcome[T] | BaseException
        try:
            ended = carry_out(call)
        except BaseException as error:  # noqa: BLE001  # raised where the call was made
            ended = error
        self._ended.put((threading.current_thread(), ended))

    def wait(self, seconds: float | None) -> None:
        """Wait for the next outcome, or so many seconds."""
        if not self._running:
            time.sleep(seconds or 0)
            return
        try:
            thread, ended = self._ended.get(timeout=seconds)
        except Empty:
            return
        thread.join()
        if isinstance(ended, BaseException):
            raise ended
        self._plan.settle(self._running.pop(thread), ended, time.monotonic())


class AsyncCrew(Generic[T]):
    """The tasks that carry out requests of a plan; leaving the block ends them.

    An exception leaves the block as it is, and not in a group: that there are tasks is nothing to its caller.
    """

    def __init__(self, plan: Plan[T]) -> None:
        self._plan = plan
        self._tasks: anyio.abc.TaskGroup | None = None
        self._running = 0
        self._settled = anyio.Event()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._tasks is None:
            return
        if error is None or isinstance(error, anyio.get_cancelled_exc_class()):
            await self._tasks.__aexit__(kind, error, traceback)
        else:
            self._tasks.cancel_scope.cancel()
            await self._tasks.__aexit__(None, None, None)

    async def start(
        self, chunk: Chunk, carry_out: Callable[[Call[T]], Awaitable[Outcome[T]]], call: Call[T]
    ) -> None:
        """Carry out a request in another task."""
        if self._tasks is None:
            self._tasks = await anyio.create_task_group().__aenter__()
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
