"""The asynchronous client under trio: all calls, and consumers; handlers and watches say that they need asyncio."""

import functools
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
import trio

import i3x
from i3x.testing import Server


def run(server: Server, steps: Callable[[i3x.AsyncClient], Awaitable[None]]) -> None:
    """Carry out what takes a connected client, under trio."""

    async def with_client() -> None:
        async with i3x.AsyncClient(server.url) as client:
            await steps(client)

    trio.run(with_client)


def test_calls_and_their_errors(server: Server) -> None:
    async def steps(client: i3x.AsyncClient) -> None:
        assert (await client.get_value("sensor-001")).element_id == "sensor-001"
        assert (await client.get_values(["sensor-001", "nope"])).errors.keys() == {"nope"}
        with pytest.raises(i3x.NotFoundError):
            await client.get_value("nope")
        assert len(await client.address_space()) == len(await client.get_objects())

    run(server, steps)


def test_bulk_calls_in_several_requests(server: Server) -> None:
    server.fault("refuse", operation="queryLastKnownValues", items=3)

    async def steps(client: i3x.AsyncClient) -> None:
        ids = [each.element_id for each in await client.get_objects()]
        assert list(await client.get_values(ids)) == ids

    run(server, steps)


def test_a_history_in_windows(server: Server) -> None:
    async def steps(client: i3x.AsyncClient) -> None:
        points = [
            point async for point in client.iter_history(["sensor-001"], "-2h", window=timedelta(minutes=10))
        ]
        assert len(points) == len((await client.get_history("sensor-001", "-2h")).values)

    run(server, steps)


def test_a_call_can_be_cancelled(server: Server) -> None:
    async def steps(client: i3x.AsyncClient) -> None:
        server.fault("hang", operation="queryLastKnownValues", seconds=10)
        with trio.move_on_after(0.2) as scope:
            await client.get_value("sensor-001")
        assert scope.cancelled_caught
        server.clear_faults()
        assert (await client.get_value("sensor-001")).element_id == "sensor-001"

    run(server, steps)


def test_a_consumer(server: Server, tmp_path: Path) -> None:
    async def steps(client: i3x.AsyncClient) -> None:
        checkpoint = tmp_path / "checkpoint"
        async with client.consume(["sensor-001"], checkpoint=checkpoint, poll_interval=0.05) as consumer:
            await trio.to_thread.run_sync(functools.partial(server.set_value, "sensor-001", 17))
            batch = await anext(consumer)
        assert [change.value for change in batch.updates] == [17]

    run(server, steps)


def test_what_needs_asyncio_says_so(server: Server) -> None:
    async def steps(client: i3x.AsyncClient) -> None:
        for attempt in (client.subscribe, lambda ids: client.start_stream(ids[0])):
            with pytest.raises(i3x.SubscriptionError, match="under asyncio only"):
                await attempt(["sensor-001"])
        with pytest.raises(i3x.SubscriptionError, match="under asyncio only"):
            async with client.watch(["sensor-001"]):
                pass

    run(server, steps)
    assert [each.operation for each in server.requests] == ["getInfo"]
