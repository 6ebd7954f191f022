"""Reading values: the last known ones, and those of a time range."""

from datetime import UTC, datetime, timedelta

import pytest

import i3x
from i3x.testing import Server
from i3x.testing.pump_station import ODD_ID

from .both import Make

DAY = timedelta(days=1)


def test_get_value_returns_value_quality_and_timestamp(client: i3x.Client, server: Server) -> None:
    server.set_value("sensor-001", 21.25, timestamp="2026-01-31T08:00:00.123456789Z")
    value = client.get_value("sensor-001")
    assert (value.element_id, value.value, value.quality) == ("sensor-001", 21.25, "Good")
    assert value.timestamp == "2026-01-31T08:00:00.123456789Z"
    assert value.datetime == datetime(2026, 1, 31, 8, 0, 0, 123456, UTC)


@pytest.mark.parametrize(
    ("element_id", "quality"),
    [("sensor-bad", "Bad"), ("sensor-idle", "GoodNoData"), ("sensor-drifting", "Uncertain")],
)
def test_get_value_hands_on_every_quality(client: i3x.Client, element_id: str, quality: str) -> None:
    value = client.get_value(element_id)
    assert value.quality == quality
    assert (value.value is None) == (quality in ("Bad", "GoodNoData"))


def test_get_value_of_a_composition_is_alone_by_default(client: i3x.Client, server: Server) -> None:
    value = client.get_value("pump-101")
    assert value.is_composition
    assert value.components is None
    assert server.requests[-1].json == {"elementIds": ["pump-101"], "maxDepth": 1}


@pytest.mark.parametrize(
    ("max_depth", "components"),
    [
        (2, {"pump-101-motor", "pump-101-flow"}),
        (
            0,
            {
                "pump-101-motor",
                "pump-101-flow",
                "pump-101-bearing-de",
                "pump-101-bearing-nde",
                "pump-101-winding",
            },
        ),
    ],
)
def test_max_depth_brings_components(client: i3x.Client, max_depth: int, components: set[str]) -> None:
    value = client.get_value("pump-101", max_depth)
    assert value.components is not None
    assert set(value.components) == components
    assert value.components["pump-101-motor"].value["ratedPower"] == 45.0


def test_get_value_that_is_unknown(client: i3x.Client) -> None:
    with pytest.raises(i3x.NotFoundError, match="nothing") as caught:
        client.get_value("nothing")
    assert caught.value.operation == "queryLastKnownValues"


def test_get_values_is_a_dict_in_the_order_asked_for(client: i3x.Client) -> None:
    values = client.get_values(["sensor-002", "nothing", ODD_ID, "sensor-001"])
    assert list(values) == ["sensor-002", ODD_ID, "sensor-001"]
    assert values[ODD_ID].element_id == ODD_ID
    assert list(values.errors) == ["nothing"]
    with pytest.raises(i3x.BulkError, match="nothing"):
        values.raise_for_errors()


def test_get_values_with_an_id_twice(client: i3x.Client, server: Server) -> None:
    values = client.get_values(["sensor-001", "sensor-001"])
    assert list(values) == ["sensor-001"]
    assert server.requests[-1].json["elementIds"] == ["sensor-001"]


def test_get_values_takes_any_iterable(client: i3x.Client) -> None:
    values = client.get_values(f"sensor-00{number}" for number in (1, 2))
    assert list(values) == ["sensor-001", "sensor-002"]


def test_get_history_without_a_range_asks_from_the_epoch_to_now(client: i3x.Client, server: Server) -> None:
    history = client.get_history("sensor-001")
    assert len(history.values) > 100
    assert history.partial is None
    sent = server.requests[-1].json
    assert sent["startTime"] == "1970-01-01T00:00:00Z"
    assert abs(datetime.fromisoformat(sent["endTime"]) - datetime.now(UTC)) < timedelta(seconds=5)


def test_get_history_of_a_range(client: i3x.Client) -> None:
    end = datetime.now(UTC) - timedelta(hours=1)
    start = end - timedelta(hours=2)
    moments = [point.datetime for point in client.get_history("sensor-001", start, end).values]
    assert 11 <= len(moments) <= 13
    assert all(moment is not None and start <= moment <= end for moment in moments)


def test_times_are_sent_as_rfc_3339_in_utc(client: i3x.Client, server: Server) -> None:
    client.get_history("sensor-001", datetime.fromisoformat("2026-01-31T10:00:00+02:00"), timedelta(0))
    sent = server.requests[-1].json
    assert sent["startTime"] == "2026-01-31T08:00:00Z"
    assert sent["endTime"].endswith("Z")


def test_a_time_given_as_text_is_sent_as_it_is(client: i3x.Client, server: Server) -> None:
    client.get_history("sensor-001", "2026-01-31T10:00:00.123456789+02:00", "2026-01-31T10:00:01Z")
    assert server.requests[-1].json["startTime"] == "2026-01-31T10:00:00.123456789+02:00"


def test_get_history_with_components(client: i3x.Client) -> None:
    history = client.get_history("tank-201", timedelta(hours=1), max_depth=0)
    assert history.is_composition
    assert history.components is not None
    level = history.components["tank-201-level"]
    assert level.element_id == "tank-201-level"
    assert level.values


def test_get_history_that_is_unknown(client: i3x.Client) -> None:
    with pytest.raises(i3x.NotFoundError, match="nothing"):
        client.get_history("nothing")


def test_get_histories_is_a_dict_in_the_order_asked_for(client: i3x.Client, server: Server) -> None:
    histories = client.get_histories(["sensor-002", "nothing", "sensor-001"], DAY)
    assert list(histories) == ["sensor-002", "sensor-001"]
    assert histories["sensor-002"].element_id == "sensor-002"
    assert isinstance(histories.errors["nothing"], i3x.NotFoundError)
    assert server.requests[-1].json["maxDepth"] == 1


def test_a_server_without_history(connect: Make) -> None:
    with Server(history=False, tick=None) as server:
        client = connect(server.url)
        assert client.server_info is not None
        assert not client.server_info.capabilities.query.history
        with pytest.raises(i3x.NotSupportedError, match="optional"):
            client.get_history("sensor-001")
