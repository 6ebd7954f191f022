"""Handlers run apart from the streams: slow ones, ones that raise, and ones that use the client."""

import asyncio
import logging
import threading
import time
from typing import Any

import pytest

import i3x
from i3x.testing import Server

from .conftest import World
from .support import PATIENCE, Plant, Record, delivery_threads, number_of, subscriptions, until


def test_a_handler_that_raises_stops_nothing(
    client: i3x.Client, plant: Plant, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(_: Any, change: i3x.ValueChange) -> None:
        record.changes.append(change)
        raise ZeroDivisionError

    client.on_status = lambda *_: 1 / 0
    client.subscribe(plant.elements, handler=fail)
    plant.produce(3)
    assert record.has_all(plant)
    failures = [each for each in caplog.records if "a handler of subscription" in each.message]
    assert len(failures) >= 3
    assert all(each.exc_info for each in failures)


def test_a_handler_gets_values_of_its_type(client: i3x.Client, server: Server) -> None:
    found: list[i3x.ValueChange[float]] = []

    def take(_: i3x.Client, change: i3x.ValueChange[float]) -> None:
        found.append(change)

    client.subscribe(["sensor-001"], handler=take, as_type=float)
    server.set_value("sensor-001", 2)
    assert until(lambda: found)
    assert repr(found[0].value) == "2.0"


def test_what_the_client_calls_for_a_change_gets_values_of_the_type_too(
    client: i3x.Client, server: Server, record: Record
) -> None:
    client.subscribe(["sensor-001"], as_type=float)
    server.set_value("sensor-001", 2)
    assert until(lambda: record.changes)
    assert repr(record.changes[0].value) == "2.0"


def test_an_asynchronous_handler_is_waited_for_with_a_type_too(world: World) -> None:
    server, _, client, _ = world.begin()
    found: list[Any] = []

    async def take(_: Any, change: i3x.ValueChange[float]) -> None:
        await asyncio.sleep(0)
        found.append(change.value)

    def take_plainly(_: Any, change: i3x.ValueChange[float]) -> None:
        found.append(change.value)

    handler = take_plainly if isinstance(client, i3x.Client) else take
    client.subscribe(["sensor-001"], handler=handler, as_type=float)
    server.set_value("sensor-001", 2)
    assert until(lambda: found)
    assert repr(found[0]) == "2.0"


def test_a_change_that_does_not_fit_is_an_error_and_the_next_one_comes(
    client: i3x.Client, server: Server, record: Record, caplog: pytest.LogCaptureFixture
) -> None:
    found: list[Any] = []
    client.subscribe(["sensor-001"], handler=lambda _, change: found.append(change.value), as_type=int)
    server.set_value("sensor-001", 1.5)
    server.set_value("sensor-001", 3)
    assert until(lambda: found)
    assert found == [3]
    (error,) = record.errors
    assert isinstance(error, i3x.InvalidServerResponseError)
    assert "'sensor-001'" in str(error)
    assert str(error) in caplog.messages


def test_a_change_that_does_not_fit_stays_raw_without_strict(
    client: i3x.Client, server: Server, record: Record
) -> None:
    client.subscribe(["sensor-001"], as_type=int, strict=False)
    server.set_value("sensor-001", 1.5)
    assert until(lambda: record.changes)
    assert (record.changes[0].value, record.errors) == (1.5, [])


def test_a_type_that_is_none_is_refused_before_anything_is_sent(client: i3x.Client, server: Server) -> None:
    before = len(server.requests)
    wrong: Any = 5
    with pytest.raises(TypeError, match="as_type"):
        client.subscribe(["sensor-001"], as_type=wrong)
    assert len(server.requests) == before


def test_a_slow_handler_loses_nothing(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The queue is full, the reading pauses, the server's stream stalls: all values arrive nevertheless."""
    monkeypatch.setattr("i3x.delivery.mailbox.CAPACITY", 10)
    _, plant, client, record = world.begin(keep_alive=0.05)
    gate = threading.Event()
    numbers: list[int] = []

    def slow(_: Any, change: i3x.ValueChange) -> None:
        gate.wait(60)
        numbers.append(number_of(change))

    async def async_slow(_: Any, change: i3x.ValueChange) -> None:
        while not gate.is_set():  # noqa: ASYNC110  # the gate is another thread's
            await asyncio.sleep(0.01)
        numbers.append(number_of(change))

    handler = slow if isinstance(client, i3x.Client) else async_slow
    for elements in (plant.elements[:1], plant.elements[1:]):  # both wait for the same space
        client.subscribe(elements, handler=handler, silence=0.3)
    plant.produce(400)
    time.sleep(0.5)  # longer than the silence limit: our own pause is no silence of the server
    gate.set()
    assert until(lambda: len(numbers) == 400)
    assert sorted(numbers) == list(plant.made)
    assert (record.gaps, record.errors) == ([], [])
    assert set(record.statuses) == {"live"}


def test_a_fast_producer_and_a_small_queue(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("i3x.delivery.mailbox.CAPACITY", 5)
    _, plant, client, record = world.begin()
    client.subscribe(plant.elements)
    plant.produce(2000)
    assert record.has_all(plant)
    assert record.numbers == list(plant.made)
    assert record.gaps == []


@pytest.mark.parametrize("flavour", ["sync"], indirect=True)
def test_a_handler_uses_the_client(client: i3x.Client, server: Server, plant: Plant) -> None:
    done: list[object] = []

    def handler(own: i3x.Client, change: i3x.ValueChange) -> None:
        done.append(own.get_value(change.element_id).value)
        other = own.subscribe(["pump-101"])
        own.unsubscribe(other)
        own.unsubscribe(subscription)
        done.append("unsubscribed")

    subscription = client.subscribe(plant.elements, handler=handler)
    plant.produce(1)
    assert until(lambda: done == [0, "unsubscribed"])
    assert subscriptions(server) == []


@pytest.mark.parametrize("flavour", ["sync"], indirect=True)
def test_a_handler_disconnects(client: i3x.Client, server: Server, plant: Plant) -> None:
    done: list[object] = []

    def handler(own: i3x.Client, change: i3x.ValueChange) -> None:
        own.disconnect()
        done.append(own.connection_state)

    client.subscribe(plant.elements, handler=handler)
    plant.produce(5)
    assert until(lambda: done == ["disconnected"])
    assert subscriptions(server) == []
    assert until(lambda: delivery_threads() == [])
    assert done == ["disconnected"]  # what was waiting is not delivered any more


@pytest.mark.parametrize("flavour", ["async"], indirect=True)
def test_an_async_handler_uses_the_client(client: Any, server: Server, plant: Plant) -> None:
    done: list[object] = []

    async def handler(own: i3x.AsyncClient, change: i3x.ValueChange) -> None:
        done.append((await own.get_value(change.element_id)).value)
        other = await own.subscribe(["pump-101"])
        await own.unsubscribe(other)
        await own.unsubscribe(subscription)
        await own.disconnect()
        done.append(own.connection_state)

    subscription = client.subscribe(plant.elements, handler=handler)
    plant.produce(1)
    assert until(lambda: done == [0, "disconnected"])
    assert subscriptions(server) == []


@pytest.mark.parametrize("flavour", ["async"], indirect=True)
def test_plain_handlers_leave_the_loop_time_for_others(
    client: Any, server: Server, plant: Plant, portal: Any
) -> None:
    """Ten thousand calls without a pause in between would hold up everything else on the loop."""
    seen: list[int] = []

    def handler(_: Any, change: i3x.ValueChange) -> None:
        time.sleep(0.002)
        seen.append(number_of(change))

    client.subscribe(plant.elements, handler=handler, delivery="sync", poll_interval=0.02)
    server.fault("hang", operation="syncSubscription", seconds=0.2, times=1)
    plant.produce(200)  # come as one batch

    async def turn() -> int:
        before = len(seen)
        await asyncio.sleep(0)
        return len(seen) - before

    assert until(lambda: seen)
    assert portal.call(turn) < 50
    assert until(lambda: len(seen) == 200)


@pytest.mark.parametrize("flavour", ["sync", "async"], indirect=True)
def test_a_handler_that_does_not_end_is_named(
    client: i3x.Client,
    plant: Plant,
    server: Server,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("i3x.delivery.blocking._HANDLER_TIME", 0.05)
    monkeypatch.setattr("i3x.delivery.hosting._HANDLER_TIME", 0.05)
    begun, gate = threading.Event(), threading.Event()

    def endless(_: Any, change: i3x.ValueChange) -> None:
        begun.set()
        gate.wait(60)

    async def async_endless(_: Any, change: i3x.ValueChange) -> None:
        begun.set()
        await asyncio.sleep(60)

    handler = endless if isinstance(client, i3x.Client) else async_endless
    client.subscribe(plant.elements, handler=handler)
    plant.produce(1)
    assert begun.wait(PATIENCE)
    with caplog.at_level(logging.WARNING, "i3x.delivery"):
        client.disconnect()
    assert "endless" in caplog.text
    assert "is still running" in caplog.text
    assert subscriptions(server) == []
    gate.set()
    assert until(lambda: delivery_threads() == [])


def test_no_change_comes_after_unsubscribe(client: i3x.Client, plant: Plant, record: Record) -> None:
    subscription = client.subscribe(plant.elements, handler=lambda *_: time.sleep(0.01))
    plant.produce(50)
    client.unsubscribe(subscription)
    assert record.status_is("stopped")
    assert record.numbers == []  # nor does what was for the handler go to on_value_change
