"""Writing values: the current ones, and points of history."""

import math
from datetime import UTC, datetime, timedelta

import pytest

import i3x
from i3x.testing import Server
from i3x.testing.pump_station import ODD_ID

from .both import Make
from .wire import received


def test_update_value_sends_the_value_alone(client: i3x.Client, server: Server) -> None:
    client.update_value("sensor-001", 22.5)
    request = server.requests[-1]
    assert (request.method, request.path) == ("PUT", "/v1/objects/value")
    assert request.json == {"updates": [{"elementId": "sensor-001", "value": {"value": 22.5}}]}
    assert client.get_value("sensor-001").value == 22.5


def test_update_value_with_quality_and_timestamp(client: i3x.Client) -> None:
    client.update_value("sensor-001", 22.5, "Uncertain", "2026-01-31T08:00:00Z")
    value = client.get_value("sensor-001")
    assert (value.value, value.quality, value.timestamp) == (22.5, "Uncertain", "2026-01-31T08:00:00Z")


@pytest.mark.parametrize(
    "vqt",
    [
        i3x.VQT(3.5, "Good", "2026-01-31T08:00:00Z"),
        {"value": 3.5, "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"},
    ],
    ids=["VQT", "dict"],
)
def test_update_value_takes_a_whole_vqt(client: i3x.Client, server: Server, vqt: object) -> None:
    client.update_value("sensor-001", vqt)
    assert server.requests[-1].json["updates"][0]["value"] == {
        "value": 3.5,
        "quality": "Good",
        "timestamp": "2026-01-31T08:00:00Z",
    }


def test_update_value_of_an_id_with_odd_characters(client: i3x.Client, server: Server) -> None:
    client.update_value(ODD_ID, 6.0)
    assert server.requests[-1].json["updates"][0]["elementId"] == ODD_ID
    assert client.get_value(ODD_ID).value == 6.0


def test_update_value_of_none_goes_with_bad(client: i3x.Client) -> None:
    client.update_value("sensor-001", None, "Bad")
    assert client.get_value("sensor-001").value is None


@pytest.mark.parametrize(
    ("element_id", "value", "error"),
    [
        ("nothing", 1.0, i3x.NotFoundError),
        ("volume-stored", 1.0, i3x.AuthenticationError),
        ("sensor-001", "warm", i3x.BadRequestError),
    ],
)
def test_update_value_raises_the_error_of_the_element(
    client: i3x.Client, element_id: str, value: object, error: type[i3x.I3XError]
) -> None:
    with pytest.raises(error, match=element_id) as caught:
        client.update_value(element_id, value)
    assert caught.value.element_id == element_id


def test_update_value_of_nan_is_refused_before_anything_is_sent(client: i3x.Client, server: Server) -> None:
    with pytest.raises(ValueError, match="None with quality Bad"):
        client.update_value("sensor-001", math.nan)
    assert received(server, "updateObjectValues") == []


def test_update_values_returns_one_item_for_each(client: i3x.Client) -> None:
    items = client.update_values({"sensor-001": 1.5, "nothing": 2, "sensor-002": {"value": 3.5}})
    assert [item["elementId"] for item in items] == ["sensor-001", "nothing", "sensor-002"]
    assert [item.success for item in items] == [True, False, True]
    assert items[1]["responseDetail"]["status"] == 404
    assert list(items.errors) == ["nothing"]
    assert client.get_value("sensor-002").value == 3.5


def test_update_history_adds_points(client: i3x.Client, server: Server) -> None:
    start = datetime.now(UTC) - timedelta(days=30)
    points = [i3x.VQT(float(n), "Good", (start + timedelta(minutes=n)).isoformat()) for n in range(3)]
    items = client.update_history("sensor-001", points)
    assert [item.success for item in items] == [True, True, True]
    assert [update["elementId"] for update in server.requests[-1].json["updates"]] == ["sensor-001"] * 3
    history = client.get_history("sensor-001", start, start + timedelta(hours=1))
    assert [point.value for point in history.values] == [0.0, 1.0, 2.0]


def test_update_history_takes_one_point_as_a_dict(client: i3x.Client, server: Server) -> None:
    client.update_history("sensor-001", {"value": 4.5, "timestamp": "2026-01-31T08:00:00Z"})
    assert server.requests[-1].json["updates"] == [
        {
            "elementId": "sensor-001",
            "value": {"value": 4.5, "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"},
        }
    ]


def test_update_history_raises_the_error_of_the_element(client: i3x.Client) -> None:
    with pytest.raises(i3x.NotFoundError, match="nothing"):
        client.update_history("nothing", i3x.VQT(1.0, "Good", "2026-01-31T08:00:00Z"))


def test_a_server_that_takes_no_values(connect: Make) -> None:
    with Server(update_current=False, update_history=False, tick=None) as server:
        client = connect(server.url)
        with pytest.raises(i3x.NotSupportedError):
            client.update_value("sensor-001", 1.0)
        with pytest.raises(i3x.NotSupportedError):
            client.update_history("sensor-001", i3x.VQT(1.0, "Good", "2026-01-31T08:00:00Z"))
