"""Programs that were written for the released client 1.0.0 go on working as they are."""

from collections import deque
from typing import Any

import pytest

import i3x
from i3x.testing import Server

from .both import Make


def test_the_first_steps(server: Server, make: Make) -> None:
    client = make(server.url)
    client.connect()
    try:
        info = client.server_info
        assert info is not None
        lines = [f"{info.server_name} speaks i3X {info.spec_version}"]
        for namespace in client.get_namespaces():
            lines.append(f"{namespace.display_name}: {namespace.uri}")
        for entry in client.get_objects(root=True):
            lines.append(f"{entry.display_name} ({entry.type_element_id})")
        value = client.get_value("sensor-001")
        lines.append(f"{value.value} {value.quality} at {value.timestamp}")
    finally:
        client.disconnect()
    assert lines[0] == "Pump Station speaks i3X 1.0"
    assert lines[-1].startswith("18.5 Good at 20")


def test_the_arguments_of_the_constructor_by_position(make: Make) -> None:
    with Server(tick=None, token="t0ken-1", header=("X-Plant", "north")) as server:
        client = make(server.url, None, 10.0, "line-7", "t0ken-1", {"X-Plant": "north"}, True)
        with client:
            assert client.client_id == "line-7"
            assert client.get_object_types()
        assert server.requests[-1].headers["authorization"] == "Bearer t0ken-1"
        assert server.requests[-1].headers["x-plant"] == "north"


def test_basic_authentication_by_position(make: Make) -> None:
    with (
        Server(tick=None, basic=("operator", "password")) as server,
        make(server.url, ("operator", "password")) as client,
    ):
        assert client.get_relationship_types()


def test_a_client_id_is_made_up_if_none_is_given(make: Make) -> None:
    first, second = make("http://127.0.0.1/v1").client_id, make("http://127.0.0.1/v1").client_id
    assert first
    assert first != second


def test_the_capabilities_are_a_dict(server: Server, client: i3x.Client) -> None:
    info = client.get_info()
    assert info.capabilities["subscribe"]["stream"] is True
    assert info.capabilities["update"] == {"current": True, "history": True}
    assert info.capabilities.get("query", {}).get("history") is True
    assert isinstance(info.capabilities, dict)


def test_values_are_read_and_written(client: i3x.Client) -> None:
    client.update_value("sensor-001", 22.5)
    client.update_value("sensor-001", 23.5, "Good", "2026-01-31T08:00:00Z")
    value = client.get_value("sensor-001")
    assert (value.value, value.quality, value.timestamp) == (23.5, "Good", "2026-01-31T08:00:00Z")
    client.update_value(
        "sensor-001", {"value": 24.5, "quality": "Uncertain", "timestamp": "2026-01-31T08:00:01Z"}
    )
    assert client.get_value("sensor-001").quality == "Uncertain"


def test_bulk_writes_return_dicts(client: i3x.Client) -> None:
    results = client.update_values({"sensor-001": 1.5, "nothing": 2.5})
    assert [result["elementId"] for result in results if result["success"]] == ["sensor-001"]
    (failed,) = [result for result in results if not result["success"]]
    assert failed["responseDetail"]["status"] == 404
    assert isinstance(failed, dict)


def test_several_values_and_their_history(client: i3x.Client) -> None:
    values = client.get_values(["sensor-001", "sensor-002"])
    assert {element_id: value.quality for element_id, value in values.items()} == {
        "sensor-001": "Good",
        "sensor-002": "Good",
    }
    history = client.get_history("sensor-001", "2020-01-01T00:00:00Z", "2099-01-01T00:00:00Z")
    points = [(point.timestamp, point.value, point.quality) for point in history.values]
    assert len(points) > 100
    assert all(isinstance(timestamp, str) for timestamp, _, _ in points)


def test_updates_are_polled(client: i3x.Client, server: Server) -> None:
    subscription_id = client.create_subscription("poller")
    results = client.register_items(subscription_id, ["sensor-001", "sensor-002"], 1)
    assert all(result["success"] for result in results)
    subscription = client.get_subscription(subscription_id)
    seen: list[tuple[str, Any]] = []
    last: int | None = None
    for value in (1.5, 2.5):
        server.set_value("sensor-001", value)
        for batch in client.sync_subscription(subscription, last):
            seen.extend((update.element_id, update.value) for update in batch.updates)
            last = batch.sequence_number
    client.unregister_items(subscription_id, ["sensor-002"])
    client.unsubscribe(subscription)
    assert seen == [("sensor-001", 1.5), ("sensor-001", 2.5)]


def test_the_hierarchy_is_walked_by_parents(client: i3x.Client) -> None:
    children: dict[str | None, list[i3x.ObjectInstance]] = {}
    for entry in client.get_objects(include_metadata=False):
        children.setdefault(entry.parent_id, []).append(entry)
    lines: list[str] = []

    def show(parent: str | None, depth: int) -> None:
        for entry in children.get(parent, []):
            lines.append(f"{'  ' * depth}{entry.display_name}")
            show(entry.element_id, depth + 1)

    show(None, 0)
    assert lines[0] == "Pump Station"
    assert "  Pump 101" in lines
    assert "      Bearing DE" in lines
    assert len(lines) == len(client.get_objects())


@pytest.mark.parametrize(
    ("relationship_type", "start", "reached"),
    [
        ("SuppliesTo", "pump-101", ["pump-101", "tank-201", "pump-102", "tank-202"]),
        ("MonitoredBy", "tank-201", ["tank-201", "temp-sensor-101"]),
    ],
)
def test_the_graph_is_walked_breadth_first(
    client: i3x.Client, relationship_type: str, start: str, reached: list[str]
) -> None:
    found, waiting = [start], deque([start])
    while waiting:
        for related in client.get_related_objects([waiting.popleft()], relationship_type):
            assert related.source_relationship == relationship_type
            if related.object.element_id not in found:
                found.append(related.object.element_id)
                waiting.append(related.object.element_id)
    assert found == reached


def test_errors_are_told_apart(client: i3x.Client) -> None:
    with pytest.raises(i3x.NotFoundError, match="nothing") as caught:
        client.get_value("nothing")
    assert caught.value.status_code == 404
    with pytest.raises(i3x.I3XError):
        client.get_object("nothing")


def test_errors_of_the_network_are_those_of_the_language_too(make: Make) -> None:
    with pytest.raises(ConnectionError):
        make("http://127.0.0.1:1/v1").connect()


def test_the_callbacks_of_the_connection(server: Server, make: Make) -> None:
    told: list[str] = []
    client = make(server.url)
    client.on_connect = lambda _: told.append("connected")
    client.on_disconnect = lambda _: told.append("disconnected")
    with client:
        told.append("working")
    assert told == ["connected", "working", "disconnected"]
