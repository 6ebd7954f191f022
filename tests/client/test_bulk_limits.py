"""Bulk calls of any size: the limits of a server are found, kept to, and change nothing about a result."""

import threading
import time
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import Any

import httpx
import pytest

import i3x
from i3x.bulk.limits import Size
from i3x.testing import Server
from i3x.testing.state import ReceivedRequest

from .both import Make
from .wire import received

SENSORS = [f"field-sensor-{number:06d}" for number in range(40)]
IDS = [*SENSORS, "nothing", "pump-101", SENSORS[3]]
TENANT: ContextVar[str] = ContextVar("TENANT")
TYPES = ["type-tank", "nothing", "type-pump"] * 8
RELATIONS = ["SuppliesTo", "nothing", "Monitors"] * 8


@pytest.fixture(scope="module")
def plant() -> Iterator[Server]:
    """A server with many sensors and no limits, which no test changes."""
    with Server(objects=40, tick=None) as running:
        yield running


@pytest.fixture
def tight() -> Iterator[Server]:
    """A server with as many sensors that takes seven items a request."""
    with Server(objects=40, tick=None, max_request_items=7) as running:
        yield running


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes clients begin with ten items a request."""
    monkeypatch.setattr("i3x.bulk.limits.START", Size(10, 10_000))


def items(request: ReceivedRequest) -> list[str]:
    """What a bulk request is about."""
    body = request.json
    ids = body.get("elementIds", body.get("subscriptionIds"))
    return ids if ids is not None else [update["elementId"] for update in body["updates"]]


def sizes(server: Server, operation: str) -> list[int]:
    return [len(items(request)) for request in received(server, operation)]


READS: dict[str, Callable[[i3x.Client], Any]] = {
    "queryLastKnownValues": lambda client: client.get_values(IDS),
    "listObjectsById": lambda client: client.list_objects(IDS, include_metadata=True),
    "queryObjectTypesById": lambda client: client.query_object_types(TYPES),
    "queryRelationshipTypesById": lambda client: client.query_relationship_types(RELATIONS),
    "queryRelatedObjects": lambda client: client.get_related_objects(IDS),
    "queryHistoricalValues": lambda client: client.get_histories(
        IDS, "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z"
    ),
}


def _comparable(operation: str, found: Any) -> Any:
    if operation == "queryHistoricalValues":  # it moves with the clock
        return {name: len(history.values) for name, history in found.items()}, list(found)
    if operation == "queryLastKnownValues":
        return {name: value.value for name, value in found.items()}, list(found)
    return list(found)


@pytest.mark.parametrize("operation", READS)
def test_a_read_in_many_requests_is_the_same_as_in_one(
    plant: Server, tight: Server, connect: Make, operation: str
) -> None:
    whole = READS[operation](connect(plant.url))
    cut = READS[operation](connect(tight.url))
    assert _comparable(operation, cut) == _comparable(operation, whole)
    assert list(cut.errors) == list(whole.errors) == ["nothing"]
    assert isinstance(cut.errors["nothing"], i3x.NotFoundError)
    assert cut.partial is None
    assert len(sizes(tight, operation)) > 3


def test_writes_in_many_requests_are_all_carried_out(tight: Server, connect: Make) -> None:
    client = connect(tight.url)
    values = {name: float(number) for number, name in enumerate(IDS[:41])}
    written = client.update_values(values)
    assert [item.element_id for item in written] == list(values)
    assert list(written.errors) == ["nothing"]
    assert {name: value.value for name, value in client.get_values(SENSORS).items()} == {
        name: values[name] for name in SENSORS
    }


def test_items_are_registered_and_taken_out_in_many_requests(tight: Server, connect: Make) -> None:
    client = connect(tight.url)
    subscription_id = client.create_subscription()
    registered = client.register_items(subscription_id, IDS)
    assert [item.element_id for item in registered] == IDS
    assert list(registered.errors) == ["nothing"]
    assert len(client.get_subscription(subscription_id).monitored_objects) == 41
    taken_out = client.unregister_items(subscription_id, SENSORS)
    assert [item.success for item in taken_out] == [True] * 40
    assert len(client.get_subscription(subscription_id).monitored_objects) == 1


def test_subscriptions_are_listed_and_deleted_in_many_requests(tight: Server, connect: Make) -> None:
    client = connect(tight.url)
    made = [client.create_subscription() for _ in range(20)]
    found = client.list_subscriptions([*made, "nothing"])
    assert [subscription.subscription_id for subscription in found] == made
    assert list(found.errors) == ["nothing"]
    gone = client.delete_subscriptions([*found, "nothing"])
    assert [item.subscription_id for item in gone] == [*made, "nothing"]
    assert list(gone.errors) == ["nothing"]
    assert [item.success for item in gone] == [True] * 20 + [False]
    assert list(client.list_subscriptions(made)) == []


def test_deletions_that_fail_whole_for_one_are_carried_out_one_by_one(
    server: Server, client: i3x.Client
) -> None:
    server.fault("bulk_not_found")
    made = [client.create_subscription() for _ in range(3)]
    gone = client.delete_subscriptions([made[0], "nothing", *made[1:]])
    assert list(gone.errors) == ["nothing"]
    assert [item.success for item in gone] == [True, False, True, True]
    assert sizes(server, "deleteSubscriptions") == [4, 1, 1, 1, 1]


# --- limits -------------------------------------------------------------------------------------------------


def test_a_limit_that_the_server_states_is_met_once(tight: Server, connect: Make) -> None:
    client = connect(tight.url)
    client.get_values(SENSORS)
    first, second, *rest = sizes(tight, "queryLastKnownValues")
    assert (first, second, max(rest)) == (40, 7, 7)
    client.get_values(SENSORS)
    assert sorted(sizes(tight, "queryLastKnownValues")[-6:]) == [5, 7, 7, 7, 7, 7]


def test_what_one_operation_has_found_out_is_known_to_the_others(tight: Server, connect: Make) -> None:
    client = connect(tight.url)
    client.get_values(SENSORS)
    client.update_values(dict.fromkeys(SENSORS, 1.5))
    client.list_objects(SENSORS)
    for operation in ("updateObjectValues", "listObjectsById"):
        assert max(sizes(tight, operation)) == 7


def test_what_the_calls_have_found_out_is_known_to_the_deliveries(tight: Server, connect: Make) -> None:
    client = connect(tight.url)
    client.get_values(SENSORS)
    client.subscribe(SENSORS, delivery="sync")
    assert max(sizes(tight, "registerMonitoredItems")) == 7


def test_what_a_delivery_finds_out_changes_nothing_about_it(tight: Server, connect: Make) -> None:
    client = connect(tight.url)
    subscription = client.subscribe(SENSORS, delivery="sync")
    assert sizes(tight, "registerMonitoredItems")[:2] == [40, 7]
    assert len(client.get_subscription(subscription.subscription_id).monitored_objects) == 40


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_limit_that_the_server_does_not_state_is_found(plant: Server, connect: Make, status: int) -> None:
    with plant.fault("refuse", items=7, status=status):
        client = connect(plant.url)
        first = len(plant.requests)
        assert list(client.get_values(SENSORS)) == SENSORS
        assert [len(items(request)) for request in plant.requests[first:]][:5] == [40, 20, 10, 5, 5]
        again = len(plant.requests)
        assert list(client.get_values(SENSORS)) == SENSORS
        assert {len(items(request)) for request in plant.requests[again:]} == {5}


def test_a_limit_in_bytes_is_found_and_met_once(connect: Make) -> None:
    with Server(objects=40, tick=None, max_body_bytes=300) as server:
        client = connect(server.url)
        for _ in range(2):
            assert list(client.get_values(SENSORS)) == SENSORS
        refused = [request for request in received(server, "queryLastKnownValues") if not request.body]
        accepted = [request for request in received(server, "queryLastKnownValues") if request.body]
        assert len(refused) <= 4
        assert max(len(request.body) for request in accepted) <= 300


def test_one_item_that_is_too_large_for_the_server_fails_alone(connect: Make) -> None:
    with Server(objects=40, tick=None, max_body_bytes=5000) as server:
        client = connect(server.url)
        written = client.update_values({**dict.fromkeys(SENSORS, 1.5), SENSORS[0]: {"text": "x" * 6000}})
        assert list(written.errors) == [SENSORS[0]]
        assert written.errors[SENSORS[0]].status_code == 413
        assert written.errors[SENSORS[0]].element_id == SENSORS[0]


def test_an_item_for_which_the_whole_is_refused_fails_alone(plant: Server, connect: Make) -> None:
    with plant.fault("refuse", element_id=SENSORS[11], detail="malformed id"):
        client = connect(plant.url)
        values = client.get_values(SENSORS)
    assert list(values) == [each for each in SENSORS if each != SENSORS[11]]
    assert list(values.errors) == [SENSORS[11]]
    with pytest.raises(i3x.BulkError, match="malformed id"):
        values.raise_for_errors()


@pytest.mark.parametrize("operation", READS)
def test_a_call_that_is_wrong_raises_the_servers_error_after_few_requests(
    plant: Server, connect: Make, operation: str
) -> None:
    with plant.fault("status", operation=operation, status=400) as fault:
        client = connect(plant.url)
        with pytest.raises(i3x.BadRequestError, match="Switched on by a fault"):
            READS[operation](client)
        assert fault.applied < 14


def test_what_fits_is_one_request(plant: Server, connect: Make) -> None:
    client = connect(plant.url)
    first = len(plant.requests)
    client.get_values(IDS)
    assert len(plant.requests) == first + 1


# --- at once ------------------------------------------------------------------------------------------------


def test_several_requests_are_on_their_way_together(plant: Server, connect: Make, small: None) -> None:
    client = connect(plant.url)
    with plant.fault("busy", most=3, seconds=0.1, status=500) as fault:
        values = client.get_values(SENSORS)
    assert fault.applied == 4
    assert list(values) == SENSORS  # after the first, three more


def test_fewer_are_sent_at_once_to_a_server_that_is_overloaded(
    plant: Server, connect: Make, small: None, quick: None
) -> None:
    client = connect(plant.url)
    with plant.fault("busy", most=1, seconds=0.02):
        for _ in range(2):
            values = client.get_values(SENSORS)
            assert list(values) == SENSORS
            assert not values.errors
    with plant.fault("busy", most=1, seconds=0.02) as fault:
        client.get_values(SENSORS)
    assert fault.applied == 4


def test_all_requests_wait_as_long_as_an_overloaded_server_asks_for(
    plant: Server, connect: Make, small: None
) -> None:
    client = connect(plant.url)
    client.list_objects(SENSORS[:10])
    began = time.monotonic()
    with plant.fault("status", operation="listObjectsById", status=503, retry_after=1, times=4):
        objects = client.list_objects([*SENSORS, *SENSORS[:39]])
    assert [each.element_id for each in objects] == [*SENSORS, *SENSORS[:39]]
    assert 0.95 < time.monotonic() - began < 10


def test_the_deadline_is_that_of_each_request(plant: Server, connect: Make, small: None) -> None:
    client = connect(plant.url, deadline=2.0)
    with plant.fault("hang", operation="listObjectsById", seconds=0.7):
        began = time.monotonic()
        objects = client.list_objects([*SENSORS, *SENSORS])
    assert [each.element_id for each in objects] == [*SENSORS, *SENSORS]
    assert time.monotonic() - began > 2.0


def test_requests_of_other_threads_have_the_context_of_the_call(plant: Server, small: None) -> None:
    seen: list[str] = []

    def note(request: httpx.Request) -> httpx.Request:
        seen.append(TENANT.get())
        return request

    with i3x.Client(plant.url, auth=note) as client:
        TENANT.set("north")
        client.get_values(SENSORS)
    assert seen == ["north"] * 4


def test_threads_that_make_bulk_calls_together_share_what_is_found_out(tight: Server) -> None:
    results: list[list[str]] = []
    with i3x.Client(tight.url) as client:
        threads = [
            threading.Thread(target=lambda: results.append(list(client.get_values(SENSORS))))
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        first = len(tight.requests)
        client.get_values(SENSORS)
    assert results == [SENSORS] * 4
    assert max(len(items(request)) for request in tight.requests[first:]) == 7
