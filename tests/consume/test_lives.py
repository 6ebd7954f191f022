"""How a consumption begins, goes on with the next client, and ends."""

import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import i3x
from i3x.testing import Server
from tests.client.both import Make

from .support import asked, position, values

OPTIONS: dict[str, Any] = {"poll_interval": 0.02, "timeout": 15}
WAYS_TO_BEGIN: tuple[Callable[[Any], object], ...] = (next, lambda consumer: consumer.delete())


def _monitored(server: Server, connect: Make, path: Path) -> dict[str, int]:
    """What the server monitors for a checkpoint."""
    held = position(path)
    client = connect(server.url, client_id=held["clientId"])
    found = client.get_subscription(held["subscriptionId"])
    return {item["elementId"]: item["maxDepth"] for item in found.monitored_objects}


def test_close_leaves_the_subscription_on_the_server(
    client: i3x.Client, server: Server, connect: Make, path: Path
) -> None:
    consumer = client.consume(["sensor-001"], path, **OPTIONS)
    assert consumer.subscription_id is None
    consumer.open()
    assert consumer.subscription_id == position(path)["subscriptionId"]
    consumer.close()
    consumer.close()
    assert asked(server, "deleteSubscriptions") == []
    assert _monitored(server, connect, path) == {"sensor-001": 1}


def test_disconnect_leaves_the_subscription_on_the_server(
    client: i3x.Client, server: Server, connect: Make, path: Path
) -> None:
    server.set_value("sensor-001", 0.5)
    consumer = client.consume(["sensor-001"], path, **OPTIONS)
    consumer.open()
    server.set_value("sensor-001", 1.5)
    next(consumer)
    client.disconnect()
    assert asked(server, "deleteSubscriptions") == []
    assert _monitored(server, connect, path) == {"sensor-001": 1}
    consumer.close()


@pytest.mark.parametrize("opened", [True, False], ids=["open", "not opened yet"])
def test_delete_ends_it_on_the_server_and_here(
    client: i3x.Client, server: Server, path: Path, opened: bool
) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        subscription_id = consumer.subscription_id
        if opened:
            consumer.delete()
    if not opened:
        client.consume(["sensor-001"], path).delete()
    assert not path.exists()
    assert asked(server, "deleteSubscriptions")[-1]["subscriptionIds"] == [subscription_id]
    with pytest.raises(i3x.NotFoundError):
        client.get_subscription(str(subscription_id))


def test_delete_where_nothing_was_begun(client: i3x.Client, server: Server, path: Path) -> None:
    client.consume(["sensor-001"], path).delete()
    assert not path.exists()
    assert asked(server, "createSubscription") == []


def test_delete_of_what_the_server_has_forgotten(client: i3x.Client, server: Server, path: Path) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.restart()
        consumer.delete()
    assert not path.exists()


def test_delete_that_fails_keeps_both_and_can_be_tried_again(
    client: i3x.Client, server: Server, path: Path
) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        with (
            server.fault("status", operation="deleteSubscriptions", status=500),
            pytest.raises(i3x.ServerError),
        ):
            consumer.delete()
        assert path.exists()
        consumer.delete()
    assert not path.exists()


def test_the_next_client_goes_on_where_the_last_one_stopped(
    server: Server, connect: Make, path: Path
) -> None:
    first = connect(server.url, client_id="first")
    with first.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        batch = next(consumer)
        consumer.commit()
    first.disconnect()
    server.set_value("sensor-001", 2.5)

    with connect(server.url, client_id="second").consume(["sensor-001"], path, **OPTIONS) as consumer:
        assert values(next(consumer)) == [2.5]
    assert len(asked(server, "createSubscription")) == 1
    assert asked(server, "syncSubscription")[-1] == {
        "clientId": "first",
        "subscriptionId": position(path)["subscriptionId"],
        "lastSequenceNumber": batch.sequence_number,
    }


def test_a_second_consumer_of_one_file_is_refused(client: i3x.Client, server: Server, path: Path) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        with pytest.raises(i3x.SubscriptionError, match="another consumer holds"):
            next(client.consume(["sensor-001"], path, **OPTIONS))
        server.set_value("sensor-001", 1.5)
        assert values(next(consumer)) == [1.5]
    assert len(asked(server, "createSubscription")) == 1


def test_who_was_refused_may_try_again(client: i3x.Client, path: Path) -> None:
    second = client.consume(["sensor-001"], path, **OPTIONS)
    with client.consume(["sensor-001"], path, **OPTIONS), pytest.raises(i3x.SubscriptionError):
        second.open()
    with second:
        assert second.subscription_id


@pytest.mark.parametrize("content", [b"", b"{", b'{"version": 1}', b"\xff"])
def test_a_corrupt_file_is_never_started_over(
    client: i3x.Client, server: Server, path: Path, content: bytes
) -> None:
    path.write_bytes(content)
    for ask in WAYS_TO_BEGIN:
        consumer = client.consume(["sensor-001"], path, **OPTIONS)
        with pytest.raises(i3x.SubscriptionError, match="does not hold a position"):
            ask(consumer)
        consumer.close()
    assert path.read_bytes() == content
    assert asked(server, "createSubscription") == []


def test_the_file_of_another_server_is_refused(client: i3x.Client, connect: Make, path: Path) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS):
        pass
    content = path.read_bytes()
    with Server(tick=None) as other:
        other_client = connect(other.url)
        for ask in WAYS_TO_BEGIN:
            consumer = other_client.consume(["sensor-001"], path, **OPTIONS)
            with pytest.raises(i3x.SubscriptionError, match="belongs to the server"):
                ask(consumer)
            consumer.close()
        assert [request.operation for request in other.requests] == ["getInfo"]
    assert path.read_bytes() == content


def test_items_that_changed_between_runs_are_registered_and_unregistered(
    client: i3x.Client, server: Server, connect: Make, path: Path
) -> None:
    with client.consume(["sensor-001", "sensor-002"], path, **OPTIONS):
        pass
    with client.consume(["sensor-002", "pump-101"], path, **OPTIONS):
        pass
    assert [body["elementIds"] for body in asked(server, "registerMonitoredItems")[1:]] == [["pump-101"]]
    assert asked(server, "removeMonitoredItems")[-1]["elementIds"] == ["sensor-001"]
    assert _monitored(server, connect, path) == {"sensor-002": 1, "pump-101": 1}
    with client.consume(["sensor-002", "pump-101"], path, max_depth=2, **OPTIONS):
        pass
    assert _monitored(server, connect, path) == {"sensor-002": 2, "pump-101": 2}


def test_a_server_that_can_not_be_asked_for_its_items_is_told_them_all(
    client: i3x.Client, server: Server, path: Path
) -> None:
    with client.consume(["sensor-001", "sensor-002"], path, **OPTIONS):
        pass
    with (
        server.fault("status", operation="listSubscriptions", status=501),
        client.consume(["sensor-002"], path, **OPTIONS) as consumer,
    ):
        server.set_value("sensor-002", 1.5)
        assert values(next(consumer)) == [1.5]
    assert asked(server, "registerMonitoredItems")[-1]["elementIds"] == ["sensor-002"]
    assert asked(server, "removeMonitoredItems")[-1]["elementIds"] == ["sensor-001"]


def test_a_registration_that_fails_leaves_nothing_behind(
    client: i3x.Client, server: Server, path: Path
) -> None:
    with (
        server.fault("status", operation="registerMonitoredItems", status=500),
        pytest.raises(i3x.ServerError),
    ):
        next(client.consume(["sensor-001"], path, **OPTIONS))
    assert not path.exists()
    assert len(asked(server, "deleteSubscriptions")) == 1
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        assert values(next(consumer)) == [1.5]


def test_a_subscription_that_lost_its_items_gets_them_again(
    client: i3x.Client, server: Server, path: Path
) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        subscription_id = str(consumer.subscription_id)
    client.unregister_items(subscription_id, ["sensor-001"])
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        assert values(next(consumer)) == [1.5]


def test_unknown_elements_are_told_and_the_others_delivered(
    client: i3x.Client, server: Server, path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[i3x.I3XError] = []
    client.on_error = lambda _, error: told.append(error)
    with client.consume(["nothing", "sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        assert values(next(consumer)) == [1.5]
    assert [error.element_id for error in told] == ["nothing"]
    assert "element 'nothing' is not monitored" in caplog.text


def test_unknown_elements_alone_are_an_error(client: i3x.Client, server: Server, path: Path) -> None:
    with pytest.raises(i3x.SubscriptionError, match="none of the elements can be monitored"):
        next(client.consume(["nothing", "neither"], path, **OPTIONS))
    assert not path.exists()
    assert len(asked(server, "deleteSubscriptions")) == 1


def test_unknown_elements_alone_are_an_error_of_the_next_process_too_and_cost_nothing(
    client: i3x.Client, server: Server, path: Path
) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS):
        server.set_value("sensor-001", 1.5)
    content = path.read_bytes()
    with pytest.raises(i3x.SubscriptionError, match="none of the elements can be monitored"):
        next(client.consume(["nothing", "neither"], path, **OPTIONS))
    assert path.read_bytes() == content
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        assert values(next(consumer)) == [1.5]
    assert len(asked(server, "createSubscription")) == 1


def test_a_closed_consumer_says_so(client: i3x.Client, path: Path) -> None:
    for end in ("close", "delete"):
        consumer = client.consume(["sensor-001"], path, **OPTIONS)
        getattr(consumer, end)()
        for ask in (consumer.open, consumer.delete, lambda consumer=consumer: next(consumer)):
            with pytest.raises(i3x.SubscriptionError, match="is closed; make a new one"):
                ask()


def test_a_disconnected_client_says_so(client: i3x.Client, path: Path) -> None:
    consumer = client.consume(["sensor-001"], path, **OPTIONS)
    consumer.open()
    client.disconnect()
    with pytest.raises(i3x.ConnectionError, match="connect"):
        next(consumer)
    consumer.close()
    with pytest.raises(i3x.ConnectionError, match="connect"):
        client.consume(["sensor-001"], path)


def test_a_loop_that_was_left_holds_no_lock(client: i3x.Client, server: Server, path: Path) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS):
        server.set_value("sensor-001", 1.5)
    for _ in client.consume(["sensor-001"], path, **OPTIONS):
        break
    gc.collect()
    for batch in client.consume(["sensor-001"], path, **OPTIONS):
        assert values(batch) == [1.5]
        break


@pytest.mark.parametrize(
    ("ids", "options", "said"),
    [
        ([], {}, "element_ids is empty"),
        (["sensor-001"], {"timeout": 0}, "timeout"),
        (["sensor-001"], {"poll_interval": 0}, "poll_interval"),
        (["sensor-001"], {"poll_interval": -1}, "poll_interval"),
        (["sensor-001"], {"max_depth": -1}, "max_depth"),
    ],
)
def test_wrong_arguments_are_refused_at_once(
    client: i3x.Client, path: Path, ids: list[str], options: dict[str, Any], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        client.consume(ids, path, **options)
