"""Use by many at once: threads, tasks, and calls that are cancelled."""

import asyncio
import functools
import socket
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import pytest

import i3x
from i3x.testing import Server

from .both import Make
from .wire import INFO, Request, Wire, answer, serve, success

VALUE = (
    b'{"success": true, "results": [{"success": true, "elementId": "sensor-001", "result": '
    b'{"isComposition": false, "value": 1.5, "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"}}]}'
)


def test_eight_threads_share_a_client(server: Server) -> None:
    def call(thread: int) -> list[str]:
        found = []
        for number in range(50):
            element_id = f"sensor-00{1 + (thread + number) % 2}"
            found.append(client.get_value(element_id).element_id)
        return found

    with i3x.Client(server.url) as client, ThreadPoolExecutor(8) as threads:
        results = list(threads.map(call, range(8)))
    for thread, found in enumerate(results):
        assert found == [f"sensor-00{1 + (thread + number) % 2}" for number in range(50)]


def test_threads_that_connect_together_connect_once(server: Server) -> None:
    client = i3x.Client(server.url)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: client.connect(), range(8)))
    assert len(server.requests) == 1
    client.disconnect()


def test_a_call_that_another_thread_disconnects_ends_with_an_error(server: Server) -> None:
    server.fault("hang", operation="getNamespaces", seconds=0.3)
    client = i3x.Client(server.url, retries=0)
    client.connect()
    with ThreadPoolExecutor(1) as thread:
        calling = thread.submit(client.get_namespaces)
        while len(server.requests) < 2:
            time.sleep(0.001)
        client.disconnect()
        error = calling.exception()
    assert error is None or isinstance(error, i3x.ConnectionError)
    with pytest.raises(i3x.ConnectionError, match="not connected"):
        client.get_namespaces()


def test_many_tasks_share_a_client(server: Server) -> None:
    async def main() -> list[i3x.CurrentValue]:
        async with i3x.AsyncClient(server.url) as client:
            return await asyncio.gather(*(client.get_value(f"sensor-00{1 + n % 2}") for n in range(200)))

    values = asyncio.run(main())
    assert [value.element_id for value in values] == [f"sensor-00{1 + n % 2}" for n in range(200)]


def test_tasks_that_connect_together_connect_once(server: Server) -> None:
    async def main() -> None:
        client = i3x.AsyncClient(server.url)
        await asyncio.gather(*(client.connect() for _ in range(8)))
        await client.disconnect()

    asyncio.run(main())
    assert len(server.requests) == 1


def _deep_only(connection: socket.socket, request: Request) -> None:
    """A script that never answers for a value, but with a depth of two."""
    if request.target.endswith("/info"):
        connection.sendall(success(INFO))
    elif b'"maxDepth":2' in request.body:
        connection.sendall(answer(VALUE))


Call = Callable[[], Coroutine[Any, Any, object]]
Cancel = Callable[[Call, Callable[[], bool]], Awaitable[None]]


async def _until(ready: Callable[[], bool]) -> None:
    while not ready():  # noqa: ASYNC110  # what it waits for happens on another thread
        await asyncio.sleep(0.001)


async def _as_task(call: Call, ready: Callable[[], bool]) -> None:
    """Start a call, and cancel it as asyncio does when something has happened."""
    task = asyncio.ensure_future(call())
    await _until(ready)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def _by_scope(call: Call, ready: Callable[[], bool]) -> None:
    """Start a call, and cancel it as anyio does: whatever it awaits from then on is cancelled too."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(call)
        await _until(ready)
        tasks.cancel_scope.cancel()


def _more_than(seen: int, wire: Wire) -> bool:
    return len(wire.requests) > seen


both_ways = pytest.mark.parametrize("cancel", [_as_task, _by_scope])


@both_ways
def test_calls_that_were_cancelled_leave_nothing_behind(cancel: Cancel) -> None:
    async def main(wire: Wire) -> None:
        async with i3x.AsyncClient(wire.url) as client:
            for _ in range(50):
                seen = len(wire.requests)
                await cancel(
                    lambda: client.get_value("sensor-001"), functools.partial(_more_than, seen, wire)
                )
            assert (await client.get_value("sensor-001", 2)).value == 1.5
            assert await anyio.to_thread.run_sync(lambda: wire.all_closed(but=1))

    with serve(_deep_only) as wire:
        asyncio.run(main(wire))
        assert wire.all_closed()


def test_calls_that_were_cancelled_together_leave_nothing_behind() -> None:
    async def main(wire: Wire) -> None:
        async with i3x.AsyncClient(wire.url) as client:
            with anyio.move_on_after(0.05):
                async with anyio.create_task_group() as tasks:
                    for _ in range(150):  # more than the pool holds
                        tasks.start_soon(client.get_value, "sensor-001")
            assert (await client.get_value("sensor-001", 2)).value == 1.5

    with serve(_deep_only) as wire:
        asyncio.run(main(wire))
        assert wire.all_closed()


@both_ways
def test_a_block_that_was_cancelled_is_disconnected(cancel: Cancel) -> None:
    async def main(wire: Wire) -> None:
        client = i3x.AsyncClient(wire.url)

        async def block() -> None:
            async with client:
                await client.get_value("sensor-001")

        await cancel(block, lambda: len(wire.requests) == 2)
        assert not client.is_connected
        assert await anyio.to_thread.run_sync(wire.all_closed)

    with serve(_deep_only) as wire:
        asyncio.run(main(wire))


@both_ways
def test_connecting_that_was_cancelled_leaves_nothing_open(cancel: Cancel) -> None:
    async def main(wire: Wire) -> None:
        client = i3x.AsyncClient(wire.url)
        await cancel(client.connect, lambda: len(wire.requests) == 1)
        assert not client.is_connected
        assert await anyio.to_thread.run_sync(wire.all_closed)
        with pytest.raises(i3x.ConnectionError, match="not connected"):
            await client.get_namespaces()

    with serve(lambda *_: None) as wire:
        asyncio.run(main(wire))


@both_ways
def test_a_cancelled_on_connect_leaves_nothing_open(cancel: Cancel) -> None:
    async def main(wire: Wire) -> None:
        client = i3x.AsyncClient(wire.url)
        client.on_connect = lambda _: anyio.sleep(30)
        await cancel(client.connect, lambda: client.is_connected)
        assert not client.is_connected
        assert await anyio.to_thread.run_sync(wire.all_closed)

    with serve(_deep_only) as wire:
        asyncio.run(main(wire))


@both_ways
def test_a_cancelled_call_that_waits_to_try_again_stops(server: Server, cancel: Cancel) -> None:
    async def main() -> None:
        async with i3x.AsyncClient(server.url) as client:
            server.fault("status", status=503, retry_after=20)
            await cancel(client.get_namespaces, lambda: len(server.requests) == 2)

    asyncio.run(main())


@both_ways
def test_a_cancelled_renewal_of_the_token_does_not_block_the_next(server: Server, cancel: Cancel) -> None:
    asked: list[str] = []

    async def token() -> str:
        asked.append("asked")
        await anyio.sleep(30 if len(asked) == 1 else 0)
        return "t0ken-1"

    async def main() -> None:
        async with i3x.AsyncClient(server.url, token=token) as client:
            await cancel(client.get_namespaces, lambda: len(asked) == 1)
            assert await client.get_namespaces()

    asyncio.run(main())
    assert len(asked) == 2


def test_a_client_can_be_used_in_one_loop_after_another(server: Server) -> None:
    client = i3x.AsyncClient(server.url)

    async def main() -> int:
        async with client:
            return len(await client.get_namespaces())

    assert asyncio.run(main()) == 3
    assert asyncio.run(main()) == 3


def test_streams_take_no_connection_from_the_calls(server: Server, connect: Make) -> None:
    client = connect(server.url)
    for _ in range(110):  # more than the pool of the calls holds
        client.subscribe(["sensor-001"], delivery="stream")
    server.set_value("sensor-001", 1.5)
    assert client.get_value("sensor-001").value == 1.5
