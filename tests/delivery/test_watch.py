"""Changes as an iterator."""

import asyncio
import threading
import time
from typing import Any

import pytest

import i3x
from i3x.testing import Server
from i3x.testing.faults.base import FaultHandle

from .conftest import World
from .support import AT_ONCE, PATIENCE, Plant, delivery_threads, number_of, subscriptions, until, watching


def test_changes_come_until_there_were_enough(client: i3x.Client, server: Server, plant: Plant) -> None:
    with watching(client, plant.elements, count=3) as changes:
        plant.produce(5)
        assert [number_of(change) for change in changes] == [0, 1, 2]
        assert list(changes) == []
        assert changes.delivery.status == "live"
    assert subscriptions(server) == []


def test_the_wait_ends(client: i3x.Client, plant: Plant) -> None:
    with watching(client, plant.elements, timeout=0.2) as changes:
        plant.produce(2)
        assert until(lambda: changes.delivery.changes == 2)
        assert [number_of(change) for change in changes] == [0, 1]


@pytest.mark.parametrize(("option", "value"), [("timeout", 0), ("count", -1), ("count", 1.5)])
def test_limits_that_make_no_sense(client: i3x.Client, option: str, value: float) -> None:
    limits: dict[str, Any] = {option: value}
    with pytest.raises(ValueError, match=option):
        client.watch(["sensor-001"], **limits)


def test_the_present_values_come_first(client: i3x.Client, plant: Plant) -> None:
    plant.produce(4)
    with watching(client, plant.elements, initial=True, timeout=0.3) as changes:
        plant.produce(2)
        assert until(lambda: changes.delivery.changes == 4)
        assert [number_of(change) for change in changes] == [2, 3, 4, 5]


def test_the_present_values_of_components(client: i3x.Client) -> None:
    with watching(client, ["pump-101"], 0, initial=True, timeout=0.1) as changes:
        names = [change.element_id for change in changes]
    assert names[0] == "pump-101"
    assert len(names) == len(set(names)) > 3


def test_changes_are_read_as_a_type(client: i3x.Client, server: Server) -> None:
    server.set_value("sensor-001", 1)
    with watching(client, ["sensor-001"], as_type=float, initial=True, count=2, timeout=PATIENCE) as changes:
        server.set_value("sensor-001", 2)
        assert [repr(change.value) for change in changes] == ["1.0", "2.0"]


def test_changes_of_components_are_not_read_as_the_type(client: i3x.Client) -> None:
    with watching(client, ["pump-101"], 0, as_type=dict, initial=True, timeout=0.1) as changes:
        kinds = {change.element_id: type(change.value) for change in changes}
    assert kinds["pump-101"] is dict
    assert kinds["pump-101-flow"] is float


def test_a_change_that_does_not_fit_is_raised_and_the_next_one_comes(
    client: i3x.Client, server: Server
) -> None:
    with watching(client, ["sensor-001"], as_type=int, initial=True, timeout=PATIENCE) as changes:
        server.set_value("sensor-001", 3)
        with pytest.raises(i3x.InvalidServerResponseError, match=r"'sensor-001'.*int.*float"):
            next(changes)
        assert next(changes).value == 3


def test_a_change_that_does_not_fit_stays_raw_without_strict(client: i3x.Client) -> None:
    with watching(client, ["sensor-001"], as_type=int, strict=False, initial=True, count=1) as changes:
        assert [type(change.value) for change in changes] == [float]


def written_at_registration(server: Server, plant: Plant, count: int) -> FaultHandle:
    """Have values written between the registration of the elements and the reading of their present values."""

    def write(answer: Any) -> Any:
        plant.produce(count)
        return answer

    return server.fault("edit_json", operation="registerMonitoredItems", edit_with=write)


@pytest.mark.parametrize("delivery", ["stream", "sync"])
def test_present_values_that_the_server_sends_too_come_once(
    client: i3x.Client, server: Server, plant: Plant, delivery: Any
) -> None:
    with (
        written_at_registration(server, plant, 2),
        watching(
            client, plant.elements, initial=True, timeout=0.3, delivery=delivery, poll_interval=0.05
        ) as changes,
    ):
        plant.produce(2)
        assert until(lambda: changes.delivery.changes == 4)
        assert [number_of(change) for change in changes] == [0, 1, 2, 3]


def test_the_last_value_of_an_element_is_the_present_one(client: i3x.Client, server: Server) -> None:
    plant = Plant(server, "sensor-001")
    with (
        written_at_registration(server, plant, 3),
        watching(client, plant.elements, initial=True, timeout=0.3) as changes,
    ):
        assert until(lambda: changes.delivery.changes == 4)
        numbers = [number_of(change) for change in changes]
    assert numbers[0] == numbers[-1] == 2


def test_breaking_out_ends_it_at_once(
    client: i3x.Client, server: Server, plant: Plant, patient_ends: None
) -> None:
    with watching(client, plant.elements) as changes:
        plant.produce(3)
        for change in changes:
            assert number_of(change) == 0
            break
        begun = time.monotonic()
    assert time.monotonic() - begun < AT_ONCE
    assert subscriptions(server) == []


def test_an_exception_in_the_body_passes_through(client: i3x.Client, server: Server, plant: Plant) -> None:
    error = ZeroDivisionError("mine")
    with pytest.raises(ZeroDivisionError) as caught, watching(client, plant.elements):
        raise error
    assert caught.value is error
    assert subscriptions(server) == []


def test_outside_of_the_block_there_are_no_changes(client: i3x.Client, plant: Plant) -> None:
    with watching(client, plant.elements) as changes:
        pass
    with pytest.raises(i3x.SubscriptionError, match="within its with block"):
        next(changes)
    with pytest.raises(i3x.SubscriptionError, match="from the begin of its with block"):
        _ = client.watch(plant.elements).delivery


def test_after_the_block_its_delivery_tells_what_it_came_to(client: i3x.Client, plant: Plant) -> None:
    with watching(client, ["nothing", *plant.elements], count=3) as changes:
        plant.produce(3)
        assert len(list(changes)) == 3
        subscription_id = changes.delivery.subscription_id
    done = changes.delivery
    assert (done.status, done.changes, done.gaps, done.reconnects) == ("stopped", 3, 0, 0)
    assert done.subscription_id == subscription_id
    assert list(done.errors) == ["nothing"]


def test_unknown_elements_alone(client: i3x.Client, server: Server) -> None:
    with pytest.raises(i3x.SubscriptionError), watching(client, ["nothing"]):
        pass
    assert subscriptions(server) == []


def test_a_watch_heals_itself(world: World) -> None:
    server, plant, client, record = world.begin()
    with watching(client, plant.elements) as changes:
        plant.produce(1)
        assert number_of(next(changes)) == 0
        server.fault("stream_loss", times=1)
        plant.produce(3)
        assert [number_of(next(changes)) for _ in range(3)] == [1, 2, 3]
        assert record.reasons == ["reconnect"]
        assert changes.delivery.reconnects == 1


def test_disconnecting_ends_a_watch(client: i3x.Client, server: Server, plant: Plant) -> None:
    with watching(client, plant.elements) as changes:
        ended: list[object] = []
        thread = threading.Thread(target=lambda: ended.append(list(changes)))
        thread.start()
        client.disconnect()
        thread.join(PATIENCE)
        assert ended == [[]]
        assert subscriptions(server) == []
    assert delivery_threads() == []


@pytest.mark.parametrize(
    "operation",
    ["createSubscription", "registerMonitoredItems", "queryLastKnownValues", "streamSubscription", None],
)
def test_a_task_that_is_cancelled_leaves_nothing_behind(server: Server, operation: str | None) -> None:
    async def watch(client: i3x.AsyncClient) -> None:
        async with client.watch(["sensor-001"], initial=True) as changes:
            async for _ in changes:
                pass

    async def main() -> None:
        async with i3x.AsyncClient(server.url) as client:
            task = asyncio.create_task(watch(client))
            if operation is None:
                while not any(each.stream for each in subscriptions(server)):  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            else:
                hang = server.fault("hang", operation=operation, seconds=0.2, times=1)
                while not hang.applied:  # noqa: ASYNC110
                    await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert subscriptions(server) == []
            assert [t for t in asyncio.all_tasks() if t.get_name().startswith("i3x")] == []

    asyncio.run(main())
    assert subscriptions(server) == []


@pytest.mark.parametrize("operation", ["createSubscription", "registerMonitoredItems"])
def test_a_cancelled_subscribe_leaves_nothing_behind(server: Server, operation: str) -> None:
    async def main() -> None:
        async with i3x.AsyncClient(server.url) as client:
            hang = server.fault("hang", operation=operation, seconds=0.5, times=1)
            task = asyncio.create_task(client.subscribe(["sensor-001"]))
            while not hang.applied:  # noqa: ASYNC110
                await asyncio.sleep(0.005)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert subscriptions(server) == []

    asyncio.run(main())


def test_callbacks_are_called_between_two_changes(world: World) -> None:
    _, plant, client, record = world.begin()
    with watching(client, ["nothing", *plant.elements], count=1) as changes:
        plant.produce(1)
        assert len(list(changes)) == 1
    assert record.statuses[:1] == ["live"]
    assert [type(error) for error in record.errors] == [i3x.NotFoundError]
