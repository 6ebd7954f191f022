"""Subscriptions that are delivered: how they begin, what they are made of, and what is left when they end."""

import threading
import time
from typing import Any

import pytest

import i3x
from i3x.testing import Server
from tests.client.both import Make

from .conftest import World
from .support import AT_ONCE, Plant, Record, delivery_threads, opens, subscriptions, until


def test_unknown_elements_are_reported_and_the_others_delivered(
    client: i3x.Client, plant: Plant, record: Record
) -> None:
    subscription = client.subscribe(["nothing", *plant.elements, "nobody"])
    plant.produce(3)
    assert record.has_all(plant)
    assert [(type(error), error.element_id) for error in record.errors] == [
        (i3x.NotFoundError, "nothing"),
        (i3x.NotFoundError, "nobody"),
    ]
    assert list(client.delivery(subscription).errors) == ["nothing", "nobody"]


@pytest.mark.parametrize("delivery", ["auto", "sync"])
def test_of_unknown_elements_alone_nothing_is_left(client: i3x.Client, server: Server, delivery: Any) -> None:
    with pytest.raises(i3x.SubscriptionError, match="none of the elements can be monitored"):
        client.subscribe(["nothing"], delivery=delivery)
    assert subscriptions(server) == []


@pytest.mark.parametrize(
    ("arguments", "options", "words"),
    [
        ([[]], {}, "element_ids is empty"),
        ([["sensor-001"], -1], {}, "max_depth"),
        ([["sensor-001"]], {"delivery": "pigeon"}, "pigeon"),
        ([["sensor-001"]], {"poll_interval": 0}, "poll_interval"),
        ([["sensor-001"]], {"silence": -1.0}, "silence"),
    ],
)
def test_what_makes_no_sense_is_refused_at_once(
    client: i3x.Client, server: Server, arguments: list[Any], options: dict[str, Any], words: str
) -> None:
    sent = len(server.requests)
    with pytest.raises(ValueError, match=words):
        client.subscribe(*arguments, **options)
    with pytest.raises(ValueError, match=words):
        client.watch(*arguments, **options)
    assert len(server.requests) == sent


def test_the_stream_of_another_client_is_not_to_be_seen(server: Server, connect: Make) -> None:
    other = connect(server.url).create_subscription()
    client = connect(server.url)
    with pytest.raises(i3x.NotFoundError):
        client.start_stream(other)
    with pytest.raises(i3x.SubscriptionError, match="is not being delivered"):
        client.delivery(other)


@pytest.mark.parametrize("stream", [True, False])
def test_a_subscription_made_by_hand_is_delivered_and_left_alone(world: World, stream: bool) -> None:
    server, plant, client, record = world.begin(stream=stream)
    subscription_id = client.create_subscription()
    client.register_items(subscription_id, plant.elements)
    plant.produce(2)  # waits in the queue
    client.start_stream(subscription_id)
    client.start_stream(subscription_id)
    plant.produce(2)
    assert record.has_all(plant)
    assert record.numbers == list(plant.made)
    client.stop_stream(subscription_id)
    client.stop_stream(subscription_id)
    assert record.status_is("stopped")
    client.disconnect()
    assert [each.subscription_id for each in subscriptions(server)] == [subscription_id]


def test_a_subscription_made_by_hand_is_recovered_with_its_items(world: World) -> None:
    server, plant, client, record = world.begin()
    subscription_id = client.create_subscription("by hand")
    client.register_items(subscription_id, plant.elements)
    client.register_items(subscription_id, ["pump-101"], 0)
    client.start_stream(subscription_id)
    assert record.status_is("live")
    server.restart()
    plant.produce(2)
    assert record.has_all(plant)
    (now,) = subscriptions(server)
    assert now.display_name == "by hand"
    assert {name: item.max_depth for name, item in now.monitored.items()} == {
        **dict.fromkeys(plant.elements, 1),
        "pump-101": 0,
    }


def test_components_come_with_the_depth_also_after_a_recovery(world: World) -> None:
    server, plant, client, record = world.begin()
    children = [name for name, part in client.get_value("pump-101", 0).components.items() if part]  # type: ignore[union-attr]
    parts = Plant(server, *children[:2])
    client.subscribe(["pump-101"], max_depth=0)
    assert record.status_is("live")
    parts.produce(2)
    assert record.has_all(parts)
    server.stop()
    parts.produce(2)
    server.restart()
    parts.produce(2)
    assert record.has_all(parts)
    record.check_order()
    assert any(change.replayed for change in record.changes)
    assert not plant.made


def test_a_handler_of_its_own(client: i3x.Client, plant: Plant, record: Record) -> None:
    own: list[i3x.ValueChange] = []
    client.subscribe(plant.elements[:1], handler=lambda _, change: own.append(change))
    client.subscribe(plant.elements[1:])
    plant.produce(6)
    assert until(lambda: len(own) == 3)
    assert until(lambda: len(record.numbers) == 3)
    assert {change.element_id for change in own} == {plant.elements[0]}
    assert {change.element_id for change in record.changes} == {plant.elements[1]}


def test_unsubscribe_ends_it_at_once(
    client: i3x.Client, server: Server, plant: Plant, record: Record, patient_ends: None
) -> None:
    subscription = client.subscribe(plant.elements)
    assert record.status_is("live")
    begun = time.monotonic()
    client.unsubscribe(subscription)
    assert time.monotonic() - begun < AT_ONCE
    assert subscriptions(server) == []
    assert record.status_is("stopped")
    plant.produce()
    with pytest.raises(i3x.SubscriptionError, match="is not being delivered"):
        client.delivery(subscription)
    with pytest.raises(i3x.NotFoundError):
        client.unsubscribe(subscription)
    assert record.numbers == []


def test_unsubscribe_in_a_recovery_deletes_what_is_there_now(
    client: i3x.Client, server: Server, plant: Plant, record: Record
) -> None:
    subscription = client.subscribe(plant.elements)
    assert record.status_is("live")
    server.fault("status", operation="streamSubscription", status=503)
    server.restart()
    assert until(lambda: [each.subscription_id for each in subscriptions(server)] not in ([], [subscription]))
    client.unsubscribe(subscription)
    assert subscriptions(server) == []


def test_unsubscribe_takes_the_present_id_too(
    client: i3x.Client, server: Server, plant: Plant, record: Record
) -> None:
    subscription = client.subscribe(plant.elements)
    assert record.status_is("live")
    server.restart()
    assert until(lambda: record.gaps)
    assert record.status_is("live")
    present = client.delivery(subscription).subscription_id
    assert present != subscription.subscription_id
    assert client.delivery(present).subscription_id == present
    client.unsubscribe(present)
    assert subscriptions(server) == []
    assert record.status_is("stopped")


def test_unsubscribe_of_what_the_server_has_lost(
    client: i3x.Client, server: Server, plant: Plant, record: Record
) -> None:
    subscription = client.subscribe(plant.elements, delivery="sync", poll_interval=60)
    assert record.status_is("polling")
    server._on_loop(server._state.subscriptions.clear)
    client.unsubscribe(subscription)
    assert record.status_is("stopped")


def test_deleting_several_ends_those_that_are_delivered(
    client: i3x.Client, server: Server, plant: Plant, record: Record
) -> None:
    healed = client.subscribe(plant.elements)
    assert record.status_is("live")
    server.restart()
    assert until(lambda: record.gaps)
    assert record.status_is("live")
    by_hand = client.create_subscription()
    gone = client.delete_subscriptions([by_hand, healed, "nothing"])
    assert [item.subscription_id for item in gone] == [by_hand, healed.subscription_id, "nothing"]
    assert [item.success for item in gone] == [True, True, False]
    assert list(gone.errors) == ["nothing"]
    assert subscriptions(server) == []
    assert record.status_is("stopped")


def test_deleting_what_the_server_has_lost_ends_its_delivery(
    client: i3x.Client, server: Server, plant: Plant, record: Record
) -> None:
    lost = client.subscribe(plant.elements, delivery="sync", poll_interval=60)
    assert record.status_is("polling")
    server._on_loop(server._state.subscriptions.clear)
    assert [item.success for item in client.delete_subscriptions([lost])] == [True]
    assert record.status_is("stopped")


def test_disconnect_deletes_what_subscribe_made(
    client: i3x.Client, server: Server, record: Record, patient_ends: None
) -> None:
    by_hand = client.create_subscription()
    for _ in range(3):
        client.subscribe(["sensor-001"])
    assert until(lambda: record.statuses.count("live") == 3)
    begun = time.monotonic()
    client.disconnect()
    assert time.monotonic() - begun < AT_ONCE
    assert [each.subscription_id for each in subscriptions(server)] == [by_hand]
    assert delivery_threads() == []


def test_disconnect_deletes_what_is_there_where_one_is_missing(
    client: i3x.Client, server: Server, record: Record
) -> None:
    server.fault("bulk_not_found")
    for _ in range(3):
        client.subscribe(["sensor-001"], delivery="sync", poll_interval=60)
    assert until(lambda: record.statuses.count("polling") == 3)
    lost = subscriptions(server)[1]
    server._on_loop(lambda: server._state.subscriptions.delete(lost))
    client.disconnect()
    assert subscriptions(server) == []


@pytest.mark.parametrize(("status", "warnings"), [(403, 1), (404, 0)])
def test_what_disconnect_leaves_on_the_server_is_logged(
    client: i3x.Client, server: Server, caplog: pytest.LogCaptureFixture, status: int, warnings: int
) -> None:
    subscription = client.subscribe(["sensor-001"])
    server.fault("status", operation="deleteSubscriptions", status=status)
    client.disconnect()

    told = [each.getMessage() for each in caplog.records if each.name == "i3x.delivery"]
    assert len(told) == warnings
    assert all(subscription.subscription_id in each for each in told)


def test_disconnect_does_not_wait_for_a_server_that_hangs(
    client: i3x.Client, server: Server, record: Record, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("i3x.delivery.deletion.DELETION_TIME", 0.2)
    client.subscribe(["sensor-001"])
    assert record.status_is("live")
    server.fault("hang", operation="deleteSubscriptions", seconds=60)
    begun = time.monotonic()
    client.disconnect()
    assert time.monotonic() - begun < AT_ONCE


def test_a_client_delivers_again_after_it_was_connected_again(
    client: i3x.Client, plant: Plant, record: Record
) -> None:
    for _ in range(2):
        client.subscribe(plant.elements)
        plant.produce(2)
        assert record.has_all(plant)
        client.disconnect()
        client.connect()


@pytest.mark.parametrize("flavour", ["sync"], indirect=True)
def test_there_are_two_threads_whatever_the_number_of_subscriptions(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    server, plant, client, record = world.begin()
    before = set(threading.enumerate())
    for _ in range(120):  # more than httpx opens connections, unless it is told to
        client.subscribe(plant.elements)
    assert until(lambda: record.statuses.count("live") == 120)
    plant.produce(1)
    assert until(lambda: len(record.numbers) == 120)
    assert sorted(delivery_threads()) == ["i3x-delivery", "i3x-handlers"]
    assert len(set(threading.enumerate()) - before) == 2
    client.disconnect()
    assert subscriptions(server) == []
    assert set(threading.enumerate()) <= before


def test_nothing_begins_while_a_client_disconnects(server: Server, connect: Make) -> None:
    """Many threads subscribe while one disconnects: each gets an error, or its subscription is deleted."""
    server.fault("hang", operation="registerMonitoredItems", seconds=0.05)
    client = connect(server.url)
    errors: list[Exception] = []

    def subscribe() -> None:
        try:
            while True:
                client.subscribe(["sensor-001"])
        except i3x.I3XError as error:
            errors.append(error)

    threads = [threading.Thread(target=subscribe) for _ in range(5)]
    for thread in threads:
        thread.start()
    assert until(lambda: len(subscriptions(server)) > 3)
    client.disconnect()
    for thread in threads:
        thread.join()
    assert {type(error) for error in errors} <= {i3x.ConnectionError}
    assert len(errors) == 5
    assert until(lambda: subscriptions(server) == [])
    assert delivery_threads() == []


def test_the_connection_state_tells_of_a_recovery(
    client: i3x.Client, server: Server, plant: Plant, record: Record
) -> None:
    client.subscribe(plant.elements)
    assert record.status_is("live")
    assert client.connection_state == "connected"
    with server.fault("status", operation="listSubscriptions", status=500):
        server.fault("lossy_stream_close", times=1)
        assert until(lambda: client.connection_state == "reconnecting")
    assert until(lambda: client.connection_state == "connected")
    assert opens(server) == 2
