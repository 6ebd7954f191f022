"""What the wire sees: the headers of every request, and no request where none is needed."""

import inspect
from collections.abc import Callable
from typing import Any

import pytest

import i3x
from i3x.testing import Server

from .both import Make

CALLS: dict[str, Callable[[i3x.Client], Any]] = {
    "getInfo": lambda client: client.get_info(),
    "getNamespaces": lambda client: client.get_namespaces(),
    "getObjectTypes": lambda client: client.get_object_types(),
    "queryObjectTypesById": lambda client: client.query_object_types(["type-pump"]),
    "getRelationshipTypes": lambda client: client.get_relationship_types(),
    "queryRelationshipTypesById": lambda client: client.query_relationship_types(["Monitors"]),
    "getObjects": lambda client: client.get_objects(),
    "listObjectsById": lambda client: client.list_objects(["pump-101"]),
    "queryRelatedObjects": lambda client: client.get_related_objects(["pump-101"]),
    "queryLastKnownValues": lambda client: client.get_value("sensor-001"),
    "updateObjectValues": lambda client: client.update_value("sensor-001", 1.0),
    "queryHistoricalValues": lambda client: client.get_history("sensor-001"),
    "updateObjectHistory": lambda client: client.update_history(
        "sensor-001", i3x.VQT(1.0, "Good", "2026-01-31T08:00:00Z")
    ),
    "createSubscription": lambda client: client.create_subscription(),
    "listSubscriptions": lambda client: client.list_subscriptions(["s"]),
    "registerMonitoredItems": lambda client: client.register_items(
        client.create_subscription(), ["sensor-001"]
    ),
    "removeMonitoredItems": lambda client: client.unregister_items(
        client.create_subscription(), ["sensor-001"]
    ),
    "syncSubscription": lambda client: client.sync_subscription(client.create_subscription()),
    "deleteSubscriptions": lambda client: client.unsubscribe(client.create_subscription()),
}


@pytest.mark.parametrize("operation", CALLS)
def test_every_request_carries_the_headers_of_the_standard(
    client: i3x.Client, server: Server, operation: str
) -> None:
    CALLS[operation](client)
    request = server.requests[-1]
    assert request.operation == operation
    assert request.headers["accept"] == "application/json"
    assert request.headers["content-type"] == "application/json"
    assert request.headers["accept-encoding"] == "gzip"
    assert request.headers["user-agent"] == f"i3x-client/{i3x.__version__}"
    assert "authorization" not in request.headers


def test_every_operation_but_the_event_stream_is_called() -> None:
    from i3x.testing.paths import OPERATIONS

    assert set(CALLS) == OPERATIONS - {"streamSubscription"}


@pytest.mark.parametrize(
    ("call", "empty"),
    [
        (lambda client: client.query_object_types([]), []),
        (lambda client: client.query_relationship_types([]), []),
        (lambda client: client.list_objects([]), []),
        (lambda client: client.get_related_objects([]), []),
        (lambda client: client.get_values([]), {}),
        (lambda client: client.get_histories([]), {}),
        (lambda client: client.update_values({}), []),
        (lambda client: client.update_history("sensor-001", []), []),
        (lambda client: client.register_items("s", []), []),
        (lambda client: client.unregister_items("s", []), []),
        (lambda client: client.list_subscriptions([]), []),
    ],
    ids=lambda value: inspect.getsource(value).split("client.")[1].split("(")[0] if callable(value) else None,
)
def test_no_ids_are_answered_without_a_request(
    client: i3x.Client, server: Server, call: Callable[[i3x.Client], Any], empty: Any
) -> None:
    before = len(server.requests)
    result = call(client)
    assert result == empty
    assert result.errors == {}
    assert len(server.requests) == before


def test_wrong_arguments_are_refused_before_anything_is_sent(client: i3x.Client, server: Server) -> None:
    before = len(server.requests)
    with pytest.raises(TypeError, match="a list of ids"):
        client.get_values("sensor-001")
    with pytest.raises(ValueError, match="must not be empty"):
        client.get_value(" ")
    assert len(server.requests) == before


def test_one_connection_serves_call_after_call(client: i3x.Client, server: Server) -> None:
    for _ in range(5):
        client.get_value("sensor-001")
    assert {request.headers["connection"] for request in server.requests} == {"keep-alive"}


def test_the_version_prefix_of_the_base_url_is_kept(server: Server, client: i3x.Client) -> None:
    client.get_namespaces()
    assert server.requests[-1].target == "/v1/namespaces"


def test_a_slash_at_the_end_of_the_base_url_changes_nothing(server: Server, connect: Make) -> None:
    connect(server.url + "/").get_namespaces()
    assert [request.target for request in server.requests] == ["/v1/info", "/v1/namespaces"]
