"""Subscriptions: scope, monitored items, sync with its acknowledgement, loss and expiry."""

import time
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from i3x.testing import Server
from i3x.testing.subscriptions import CLEAR, HIGHEST_SEQUENCE_NUMBER, Queue, Subscriptions

Subscribe = Callable[..., dict[str, Any]]
Connect = Callable[..., httpx.Client]


def sync(http: httpx.Client, scope: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    response = http.post("/subscriptions/sync", json=scope | options)
    assert response.status_code == 200, response.text
    batches: list[dict[str, Any]] = response.json()["result"]
    return batches


def values(batches: list[dict[str, Any]]) -> list[Any]:
    return [update["value"] for batch in batches for update in batch["updates"]]


def shown(http: httpx.Client, scope: dict[str, Any]) -> dict[str, Any]:
    asked = {"clientId": scope["clientId"], "subscriptionIds": [scope["subscriptionId"]]}
    item: dict[str, Any] = http.post("/subscriptions/list", json=asked).json()["results"][0]
    return item


def test_a_subscription_is_created_for_a_client(http: httpx.Client) -> None:
    response = http.post("/subscriptions", json={"clientId": "me", "displayName": "Mine"})
    created = response.json()["result"]
    assert created.pop("subscriptionId")
    assert created == {"clientId": "me", "displayName": "Mine"}


def test_a_subscription_lists_its_monitored_items(http: httpx.Client, subscribe: Subscribe) -> None:
    scope = subscribe(http, "sensor-001", "pump-101", max_depth=0)
    assert shown(http, scope)["result"] == {
        "subscriptionId": scope["subscriptionId"],
        "displayName": None,
        "monitoredObjects": [
            {"elementId": "sensor-001", "maxDepth": 0},
            {"elementId": "pump-101", "maxDepth": 0},
        ],
    }


@pytest.mark.parametrize(
    ("path", "extra"),
    [
        ("sync", {}),
        ("stream", {}),
        ("register", {"elementIds": ["sensor-001"]}),
        ("unregister", {"elementIds": ["sensor-001"]}),
    ],
)
def test_another_clients_subscription_looks_like_none(
    http: httpx.Client, subscribe: Subscribe, path: str, extra: dict[str, Any]
) -> None:
    scope = subscribe(http, "sensor-001")
    theirs = http.post(f"/subscriptions/{path}", json=scope | extra | {"clientId": "other"})
    none = http.post(f"/subscriptions/{path}", json=scope | extra | {"subscriptionId": "none"})
    assert theirs.status_code == none.status_code == 404
    assert theirs.json().keys() == none.json().keys()


@pytest.mark.parametrize("path", ["", "/list", "/register", "/unregister", "/sync", "/stream", "/delete"])
@pytest.mark.parametrize("nobody", [{}, {"clientId": ""}, {"clientId": None}])
def test_a_client_has_to_say_who_it_is(http: httpx.Client, path: str, nobody: dict[str, Any]) -> None:
    names = {"subscriptionId": "none", "subscriptionIds": [], "elementIds": []}
    response = http.post(f"/subscriptions{path}", json=names | nobody)
    assert response.status_code == 400
    assert response.json()["responseDetail"]["detail"].startswith("clientId")


@pytest.mark.parametrize("path", ["list", "delete"])
def test_another_clients_subscription_fails_alone_in_bulk(
    http: httpx.Client, subscribe: Subscribe, path: str
) -> None:
    scope = subscribe(http)
    asked = {"clientId": "other", "subscriptionIds": [scope["subscriptionId"]]}
    item = http.post(f"/subscriptions/{path}", json=asked).json()["results"][0]
    assert item["subscriptionId"] == scope["subscriptionId"]
    assert item["responseDetail"]["status"] == 404
    assert shown(http, scope)["success"]


def test_unknown_ids_are_not_monitored(http: httpx.Client, subscribe: Subscribe) -> None:
    scope = subscribe(http)
    answer = http.post("/subscriptions/register", json=scope | {"elementIds": ["sensor-001", "x"]}).json()
    assert [item["success"] for item in answer["results"]] == [True, False]
    assert answer["results"][0]["result"] is None
    assert answer["results"][1]["responseDetail"]["status"] == 404
    assert len(shown(http, scope)["result"]["monitoredObjects"]) == 1


def test_registering_twice_changes_the_depth_only(
    server: Server, http: httpx.Client, subscribe: Subscribe
) -> None:
    scope = subscribe(http, "tank-201")
    again = scope | {"elementIds": ["tank-201"], "maxDepth": 0}
    assert http.post("/subscriptions/register", json=again).json()["success"]
    assert shown(http, scope)["result"]["monitoredObjects"] == [{"elementId": "tank-201", "maxDepth": 0}]
    server.set_value("tank-201-level", 5)
    assert values(sync(http, scope)) == [5]


def test_unregistering_keeps_what_is_queued(server: Server, http: httpx.Client, subscribe: Subscribe) -> None:
    scope = subscribe(http, "sensor-001")
    server.set_value("sensor-001", 1)
    answer = http.post("/subscriptions/unregister", json=scope | {"elementIds": ["sensor-001", "x"]}).json()
    assert [item["success"] for item in answer["results"]] == [True, False]
    server.set_value("sensor-001", 2)
    assert values(sync(http, scope)) == [1]


def test_an_element_watched_twice_is_told_of_once(
    server: Server, http: httpx.Client, subscribe: Subscribe
) -> None:
    scope = subscribe(http, "tank-201", "tank-201-level", max_depth=0)
    server.set_value("tank-201-level", 5)
    http.post("/subscriptions/unregister", json=scope | {"elementIds": ["tank-201"]})
    server.set_value("tank-201-level", 6)
    assert values(sync(http, scope)) == [5, 6]


def test_a_component_is_told_of_within_the_depth(
    server: Server, http: httpx.Client, subscribe: Subscribe
) -> None:
    shallow, deep = subscribe(http, "pump-101", max_depth=2), subscribe(http, "pump-101", max_depth=3)
    server.set_value("pump-101-flow", 1)
    server.set_value("pump-101-winding", 2)
    assert values(sync(http, shallow)) == [1]
    assert values(sync(http, deep)) == [1, 2]


def test_a_write_makes_an_update(http: httpx.Client, subscribe: Subscribe) -> None:
    scope = subscribe(http, "sensor-001")
    vqt = {"value": 4, "quality": "Good", "timestamp": "2026-01-31T08:15:00Z"}
    http.put("/objects/value", json={"updates": [{"elementId": "sensor-001", "value": vqt}]})
    http.put("/objects/history", json={"updates": [{"elementId": "sensor-001", "value": vqt | {"value": 3}}]})
    assert [batch["updates"] for batch in sync(http, scope)] == [[{"elementId": "sensor-001"} | vqt]]


def test_a_live_value_makes_updates(http: httpx.Client, server: Server, subscribe: Subscribe) -> None:
    scope = subscribe(http, "meter-301")
    for _ in range(3):
        server._state.values.tick()
    assert values(sync(http, scope)) == [125_001, 125_002, 125_003]


def test_sync_without_updates_is_an_empty_list(http: httpx.Client, subscribe: Subscribe) -> None:
    assert sync(http, subscribe(http, "sensor-001")) == []


def test_nothing_leaves_the_queue_until_acknowledged(
    server: Server, http: httpx.Client, subscribe: Subscribe
) -> None:
    scope = subscribe(http, "sensor-001")
    server.set_value("sensor-001", 1)
    first = sync(http, scope)
    assert sync(http, scope) == sync(http, scope, lastSequenceNumber=None) == first
    server.set_value("sensor-001", 2)
    both = sync(http, scope)
    assert both[:1] == first
    assert values(both) == [1, 2]
    numbers = [batch["sequenceNumber"] for batch in both]
    assert numbers[0] < numbers[1]
    assert sync(http, scope, lastSequenceNumber=numbers[0]) == both[1:]
    assert sync(http, scope, lastSequenceNumber=numbers[1]) == []


def test_an_older_acknowledgement_takes_nothing_back(
    server: Server, http: httpx.Client, subscribe: Subscribe
) -> None:
    scope = subscribe(http, "sensor-001")
    server.set_value("sensor-001", 1)
    sync(http, scope)
    assert values(sync(http, scope, lastSequenceNumber=0)) == [1]


def test_the_highest_sequence_number_acknowledges_everything_shown(
    server: Server, http: httpx.Client, subscribe: Subscribe
) -> None:
    scope = subscribe(http, "sensor-001")
    server.set_value("sensor-001", 1)
    sync(http, scope)
    server.set_value("sensor-001", 2)
    assert values(sync(http, scope, lastSequenceNumber=HIGHEST_SEQUENCE_NUMBER)) == [2]


def test_minus_one_clears_the_queue(server: Server, http: httpx.Client, subscribe: Subscribe) -> None:
    scope = subscribe(http, "sensor-001")
    server.set_value("sensor-001", 1)
    before = sync(http, scope)[0]["sequenceNumber"]
    server.set_value("sensor-001", 2)
    assert sync(http, scope, lastSequenceNumber=-1) == []
    server.set_value("sensor-001", 3)
    after = sync(http, scope)
    assert values(after) == [3]
    assert after[0]["sequenceNumber"] > before


def test_a_full_queue_drops_its_oldest_updates(connect: Connect, subscribe: Subscribe) -> None:
    with Server(queue_limit=3, tick=None) as server:
        http = connect(server)
        scope = subscribe(http, "sensor-001")
        for value in range(5):
            server.set_value("sensor-001", value)
        response = http.post("/subscriptions/sync", json=scope)
        assert response.status_code == 206
        document = response.json()
        assert document["success"] is True
        assert document["responseDetail"]["status"] == 206
        assert document["responseDetail"]["detail"].startswith("2 updates were dropped")
        assert values(document["result"]) == [2, 3, 4]
        number = document["result"][0]["sequenceNumber"]
        assert number == 3  # 1 and 2 are the ones that were lost
        assert sync(http, scope, lastSequenceNumber=number) == []


def test_loss_is_told_until_it_is_acknowledged() -> None:
    queue = Queue(2)
    for value in range(3):
        queue.push({"value": value})
    assert queue.batches()[1] == 1
    batches, dropped = queue.batches()
    assert dropped == 1
    queue.acknowledge(batches[-1].sequence_number)
    assert queue.batches() == ([], 0)


def test_loss_is_told_again_to_who_acknowledges_something_older() -> None:
    queue = Queue(2)
    for value in range(2):
        queue.push({"value": value})
    (acknowledged,) = queue.batches()[0]
    queue.acknowledge(acknowledged.sequence_number)
    for value in range(3):
        queue.push({"value": value})
    assert queue.batches()[1] == 1  # an answer that never arrives: the client says again what it said before
    queue.acknowledge(acknowledged.sequence_number)
    batches, dropped = queue.batches()
    assert dropped == 1
    queue.acknowledge(batches[0].sequence_number)
    assert queue.batches() == ([], 0)


def test_loss_is_forgotten_with_the_queue() -> None:
    queue = Queue(1)
    for value in range(3):
        queue.push({"value": value})
    assert queue.batches()[1] == 2
    queue.acknowledge(CLEAR)
    assert queue.batches() == ([], 0)


def test_a_full_queue_drops_batches_that_were_shown_first() -> None:
    queue = Queue(2)
    queue.push({"value": 1})
    shown_first = queue.batches()[0][0]
    queue.push({"value": 2})
    queue.push({"value": 3})
    batches, dropped = queue.batches()
    assert dropped == 1
    assert [update["value"] for batch in batches for update in batch.updates] == [2, 3]
    assert batches[0].sequence_number > shown_first.sequence_number


def test_sequence_numbers_increase_without_an_end() -> None:
    queue = Queue(1)
    last = 0
    for value in range(10):
        queue.push({"value": value})
        if value % 3:
            batches, _ = queue.batches()
            assert batches[-1].sequence_number > last
            last = batches[-1].sequence_number


def test_an_unused_subscription_expires(
    connect: Connect, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(time_to_live=60, tick=None) as server:
        http = connect(server)
        scope = subscribe(http)
        monkeypatch.setattr(server._state.subscriptions, "_clock", lambda: time.monotonic() + 61)
        assert http.post("/subscriptions/sync", json=scope).status_code == 404
        assert shown(http, scope)["responseDetail"]["status"] == 404


def test_use_puts_expiry_off() -> None:
    now = 0.0
    subscriptions = Subscriptions(queue_limit=1, time_to_live=60, clock=lambda: now)
    used, _unused, streamed = (subscriptions.create("client-1", None) for _ in range(3))
    slot = subscriptions.open_stream(streamed)
    now = 40
    subscriptions.touch(used)
    now = 80
    subscriptions.expire()
    assert list(subscriptions) == [used, streamed]
    subscriptions.close_stream(streamed, slot)
    now = 130
    subscriptions.expire()
    assert list(subscriptions) == [streamed]


def test_a_deleted_subscription_is_not_found(http: httpx.Client, subscribe: Subscribe) -> None:
    scope = subscribe(http, "sensor-001")
    asked = {"clientId": "client-1", "subscriptionIds": [scope["subscriptionId"], "none"]}
    answer = http.post("/subscriptions/delete", json=asked).json()
    assert [item["success"] for item in answer["results"]] == [True, False]
    assert answer["results"][0] == {
        "success": True,
        "subscriptionId": scope["subscriptionId"],
        "result": None,
    }
    assert http.post("/subscriptions/sync", json=scope).status_code == 404


def test_an_id_named_twice_can_be_deleted_once(http: httpx.Client, subscribe: Subscribe) -> None:
    asked = {"clientId": "client-1", "subscriptionIds": [subscribe(http)["subscriptionId"]] * 2}
    answer = http.post("/subscriptions/delete", json=asked).json()
    assert [item["success"] for item in answer["results"]] == [True, False]
