"""Values as Python types: `as_type`, and writing instances."""

from __future__ import annotations

import dataclasses
import enum
from datetime import timedelta
from typing import Any, TypedDict, assert_type

import attrs
import msgspec
import pytest
from msgspec import UNSET, UnsetType

import i3x
from i3x.testing import Server

DAY = timedelta(days=1)


class Mode(enum.StrEnum):
    AUTO = "auto"
    MANUAL = "manual"


class Pump(msgspec.Struct, frozen=True, kw_only=True):
    manufacturer: str
    serial_number: str | None | UnsetType = msgspec.field(default=UNSET, name="serialNumber")
    running: bool
    speed: float
    mode: Mode


@dataclasses.dataclass
class PumpData:
    speed: float
    mode: str


@attrs.frozen
class PumpAttrs:
    speed: float
    mode: str


class PumpDict(TypedDict):
    speed: float
    mode: str


PLATE: dict[str, Any] = {"manufacturer": "Nordwerk", "running": True, "mode": "auto", "speed": 3.0}
PUMP = Pump(manufacturer="Nordwerk", running=True, mode=Mode.AUTO, speed=3.0)


@pytest.fixture
def pump(client: i3x.Client, server: Server) -> i3x.Client:
    """A client, and a pump-101 with a known value."""
    server.set_value("pump-101", PLATE)
    return client


def test_a_value_is_read_as_a_type(pump: i3x.Client) -> None:
    value = assert_type(pump.get_value("pump-101", as_type=Pump), i3x.CurrentValue[Pump])
    assert value.value == PUMP
    assert value.value.serial_number is UNSET
    assert value.quality == "Good"


@pytest.mark.parametrize("kind", [PumpData, PumpAttrs])
def test_a_value_is_read_as_any_kind_of_class(pump: i3x.Client, kind: Any) -> None:
    assert pump.get_value("pump-101", as_type=kind).value == kind(speed=3.0, mode="auto")


def test_a_value_is_read_as_a_typed_dict(pump: i3x.Client) -> None:
    assert pump.get_value("pump-101", as_type=PumpDict).value == {"speed": 3.0, "mode": "auto"}


def test_a_scalar_is_read_as_a_type(client: i3x.Client, server: Server) -> None:
    server.set_value("sensor-001", 21)
    assert repr(client.get_value("sensor-001", as_type=float).value) == "21.0"
    assert client.get_value("sensor-001", as_type=int | None).value == 21


def test_a_float_without_a_fraction_is_an_integer(client: i3x.Client, server: Server) -> None:
    server.set_value("meter-301", 21.0)
    assert client.get_value("meter-301", as_type=int).value == 21


def test_null_stays_none(client: i3x.Client) -> None:
    value: i3x.CurrentValue = client.get_value("sensor-bad", as_type=Pump)
    assert (value.value, value.quality) == (None, "Bad")


def test_a_value_that_does_not_fit_is_an_error_that_names_the_path(pump: i3x.Client, server: Server) -> None:
    server.set_value("pump-101", {**PLATE, "speed": "fast"})
    with pytest.raises(i3x.InvalidServerResponseError, match=r"'pump-101'.*no Pump.*\$\.speed") as caught:
        pump.get_value("pump-101", as_type=Pump)
    assert caught.value.element_id == "pump-101"


def test_a_value_that_does_not_fit_stays_raw_without_strict(pump: i3x.Client, server: Server) -> None:
    server.set_value("pump-101", {**PLATE, "speed": "fast"})
    value: Any = pump.get_value("pump-101", as_type=Pump, strict=False).value
    assert value == {**PLATE, "speed": "fast"}


def test_the_components_stay_raw(pump: i3x.Client) -> None:
    value = pump.get_value("pump-101", 0, as_type=Pump)
    assert value.value == PUMP
    assert value.components is not None
    assert value.components["pump-101-motor"].value["ratedPower"] == 45.0


def test_of_a_bulk_only_what_does_not_fit_fails(pump: i3x.Client) -> None:
    ids = ["sensor-001", "pump-101", "nothing", "sensor-bad"]
    values = assert_type(pump.get_values(ids, as_type=Pump), i3x.BulkDict[i3x.CurrentValue[Pump]])
    assert {element_id: value.value for element_id, value in values.items()} == {
        "pump-101": PUMP,
        "sensor-bad": None,
    }
    assert isinstance(values.errors["sensor-001"], i3x.InvalidServerResponseError)
    assert isinstance(values.errors["nothing"], i3x.NotFoundError)


def test_a_bulk_without_strict_keeps_all(pump: i3x.Client) -> None:
    values = pump.get_values(["sensor-001", "pump-101"], as_type=Pump, strict=False)
    assert isinstance(values["sensor-001"].value, float)
    assert not values.errors


def test_a_history_is_read_as_a_type(pump: i3x.Client) -> None:
    history = assert_type(pump.get_history("pump-101", DAY, as_type=Pump), i3x.HistoricalValue[Pump])
    assert history.values
    assert {type(point.value) for point in history.values} == {Pump}


def test_a_history_with_nulls_and_integers(client: i3x.Client) -> None:
    points = [
        i3x.VQT(value, "Good" if value is not None else "Bad", f"2026-01-01T00:00:0{number}Z")
        for number, value in enumerate([1.0, None, 3])
    ]
    client.update_history("meter-301", points)
    history = client.get_history("meter-301", "2026-01-01T00:00:00Z", "2026-01-01T00:01:00Z", as_type=int)
    assert [point.value for point in history.values] == [1, None, 3]


def test_a_point_that_does_not_fit_is_named(client: i3x.Client) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match=r"\$\.values\[0\]\.value"):
        client.get_history("sensor-001", DAY, as_type=Pump)


def test_a_point_that_does_not_fit_stays_raw_without_strict(client: i3x.Client) -> None:
    history: i3x.HistoricalValue = client.get_history("sensor-001", DAY, as_type=Pump, strict=False)
    assert {type(point.value) for point in history.values} == {float}


def test_of_many_histories_only_what_does_not_fit_fails(pump: i3x.Client) -> None:
    histories = pump.get_histories(["sensor-001", "pump-101"], DAY, as_type=Pump)
    assert list(histories) == ["pump-101"]
    assert list(histories.errors) == ["sensor-001"]


@pytest.mark.parametrize("wrong", [3, "Pump", [Pump], list[int] | list[str]])
def test_what_is_no_type_is_refused_before_anything_is_sent(
    client: i3x.Client, server: Server, wrong: Any
) -> None:
    before = len(server.requests)
    for call in (client.get_value, client.get_values, client.get_history, client.get_histories):
        with pytest.raises(TypeError, match="as_type"):
            call("sensor-001", as_type=wrong)
    with pytest.raises(TypeError, match="as_type"):
        client.watch(["sensor-001"], as_type=wrong)
    assert len(server.requests) == before


def test_without_a_type_a_value_is_any(client: i3x.Client) -> None:
    value: i3x.CurrentValue = client.get_value("sensor-001")
    assert isinstance(assert_type(value.value, Any), float)


# --- writing ------------------------------------------------------------------------------------------------


def test_an_instance_is_written_with_its_names_on_the_wire(client: i3x.Client) -> None:
    client.update_value("pump-101", msgspec.structs.replace(PUMP, serial_number="N-1"))
    assert client.get_value("pump-101").value == {**PLATE, "serialNumber": "N-1"}


def test_a_field_that_is_unset_is_not_written(client: i3x.Client) -> None:
    client.update_value("pump-101", PUMP)
    assert client.get_value("pump-101").value == PLATE


def test_what_was_read_can_be_written(pump: i3x.Client) -> None:
    value = pump.get_value("pump-101", as_type=Pump)
    pump.update_value("pump-101", value)
    assert pump.get_value("pump-101", as_type=Pump).value == PUMP


def test_instances_are_written_in_bulk_and_to_the_history(client: i3x.Client) -> None:
    assert not client.update_values({"pump-101": PUMP}).errors
    client.update_history("pump-101", i3x.VQT(PUMP, "Good", "2026-01-01T00:00:00Z"))
    history = client.get_history("pump-101", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", as_type=Pump)
    assert [point.value for point in history.values] == [PUMP]
    assert client.get_value("pump-101").value == PLATE


@pytest.mark.parametrize("kind", [PumpData, PumpAttrs])
def test_any_kind_of_instance_is_written(client: i3x.Client, server: Server, kind: Any) -> None:
    with pytest.raises(i3x.I3XError, match="manufacturer"):  # whole values: the server misses the rest
        client.update_value("pump-101", kind(speed=1.0, mode="auto"))
    assert server.requests[-1].json["updates"][0]["value"]["value"] == {"speed": 1.0, "mode": "auto"}
