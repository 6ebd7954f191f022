"""Frames of a live server, by both clients."""

import logging
import subprocess
import sys
from datetime import timedelta
from typing import Any

import polars
import pyarrow as pa
import pytest

import i3x
from i3x import frames
from i3x.testing import Server
from tests.client.both import Make

START, END = "2026-01-31T08:00:00Z", "2026-01-31T09:00:00Z"


def written(client: i3x.Client, element_id: str, *points: i3x.VQT) -> str:
    """Give an element a history."""
    client.update_history(element_id, points)
    return element_id


@pytest.fixture
def sensor(client: i3x.Client) -> str:
    """A sensor with a short history of its own."""
    return written(
        client,
        "sensor-001",
        i3x.VQT(1.5, "Good", "2026-01-31T08:00:00.000000001Z"),
        i3x.VQT(None, "Bad", "2026-01-31T08:00:01Z"),
        i3x.VQT(2, "Uncertain", "2026-01-31T08:00:02Z"),
    )


def test_a_history_as_a_frame(client: i3x.Client, sensor: str) -> None:
    table = client.read_frame([sensor], START, END)
    assert table.column_names == ["element_id", "timestamp", "value", "quality"]
    assert table["element_id"].to_pylist() == [sensor] * 3
    assert table["timestamp"].cast(pa.int64()).to_pylist() == [
        1769846400_000000001,
        1769846401_000000000,
        1769846402_000000000,
    ]
    assert table["value"].to_pylist() == [1.5, None, 2.0]
    assert table["quality"].to_pylist() == ["Good", "Bad", "Uncertain"]


def test_pandas_and_polars_take_a_frame_as_it_is(client: i3x.Client, sensor: str) -> None:
    table = client.read_frame([sensor, "mode-501"], START, END, tz="Europe/Berlin")
    assert table.to_pandas()["value_number"].sum() == 3.5
    frame = polars.from_arrow(table)
    assert isinstance(frame, polars.DataFrame)
    assert frame["value_number"].sum() == 3.5
    assert frame["timestamp"].dtype == polars.Datetime("ns", "Europe/Berlin")


def test_names_and_units_are_in_the_metadata(client: i3x.Client, sensor: str) -> None:
    table = client.read_frame([sensor], START, END)
    element = frames.elements(table)[sensor]
    assert (element.display_name, element.eng_unit, element.type_element_id) == (
        "Inlet Temperature",
        "°C",
        "type-temperature",
    )
    wide = client.read_frame([sensor], START, END, layout="wide")
    assert (wide.schema.field(sensor).metadata or {})[b"engUnit"].decode() == "°C"
    assert frames.elements(wide) == frames.elements(table)


def test_rows_are_in_the_order_of_the_elements_and_then_of_time(client: i3x.Client, sensor: str) -> None:
    written(client, "sensor-002", i3x.VQT(7.0, "Good", "2026-01-31T08:00:01Z"))
    table = client.read_frame(["sensor-002", sensor], START, END)
    assert table["value"].to_pylist() == [7.0, 1.5, None, 2.0]


def test_an_empty_range_has_the_columns_of_a_full_one(client: i3x.Client, sensor: str) -> None:
    ids = [sensor, "pump-101", "valve-401"]
    empty = client.read_frame(ids, "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z")
    full = client.read_frame(ids, timedelta(hours=3))
    assert empty.num_rows == 0
    assert full.num_rows > 0
    assert empty.schema == full.schema
    assert frames.elements(empty).keys() == set(ids)


def test_no_elements_make_an_empty_frame(client: i3x.Client, server: Server) -> None:
    assert client.read_frame([], START, END).num_rows == 0
    assert client.read_current_frame([]).column_names == ["element_id", "timestamp", "value", "quality"]
    assert [each.operation for each in server.requests] == ["getInfo"]


def test_unknown_elements_are_told_beside_the_frame(
    client: i3x.Client, sensor: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "i3x"):
        table = client.read_frame([sensor, "no-such-element"], START, END)
    assert set(table["element_id"].to_pylist()) == {sensor}
    found = frames.elements(table)
    assert found.keys() == {sensor}
    error = found.errors["no-such-element"]
    assert isinstance(error, i3x.NotFoundError)
    assert (error.status_code, error.element_id) == (404, "no-such-element")
    with pytest.raises(i3x.BulkError, match="no-such-element"):
        found.raise_for_errors()


def test_unknown_elements_of_current_values_are_logged(
    client: i3x.Client, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "i3x.frames"):
        table = client.read_current_frame(["sensor-001", "no-such-element"])
    assert table.num_rows == 1
    assert isinstance(frames.elements(table).errors["no-such-element"], i3x.NotFoundError)
    assert "no-such-element" in caplog.text


def test_current_values_as_a_frame(client: i3x.Client) -> None:
    client.update_value("meter-301", 7, timestamp=START)
    client.update_value("valve-401", True, timestamp=START)
    table = client.read_current_frame(["meter-301", "valve-401", "sensor-bad"])
    assert table["value_number"].to_pylist() == [7.0, None, None]
    assert table["value_boolean"].to_pylist() == [None, True, None]
    assert table["quality"].to_pylist() == ["Good", "Good", "Bad"]
    wide = client.read_current_frame(["meter-301", "valve-401"], layout="wide")
    assert wide.num_rows == 1
    assert wide.schema.field("meter-301").type == pa.int64()


def test_structured_values_have_a_column_for_each_field(client: i3x.Client) -> None:
    row = client.read_current_frame(["pump-101"]).to_pylist()[0]
    assert (row["value.manufacturer"], row["value.running"]) == ("Nordwerk", True)
    assert isinstance(row["value.speed"], float)


def test_extended_objects_have_the_fields_of_their_own(client: i3x.Client) -> None:
    table = client.read_current_frame(["pump-102"])
    assert table["value.energyRating"].to_pylist() == ["A"]
    assert table["value.retrofits"].to_pylist() == ["[2021,2024]"]


@pytest.mark.parametrize("read", ["history", "current"])
def test_components_are_rows_of_their_own(client: i3x.Client, read: str) -> None:
    if read == "history":
        table = client.read_frame(["pump-101", "pump-101-flow"], timedelta(hours=1), max_depth=0)
    else:
        table = client.read_current_frame(["pump-101", "pump-101-flow"], max_depth=0)
    ids = list(dict.fromkeys(table["element_id"].to_pylist()))
    assert ids[:2] == ["pump-101", "pump-101-flow"]
    assert {"pump-101-motor", "pump-101-bearing-de", "pump-101-winding"} < set(ids)
    rows = table.group_by("element_id").aggregate([("timestamp", "count"), ("timestamp", "count_distinct")])
    assert all(row["timestamp_count"] == row["timestamp_count_distinct"] for row in rows.to_pylist())
    assert frames.elements(table)["pump-101-winding"].eng_unit == "°C"


def test_a_server_that_lies_about_its_types_loses_nothing(client: i3x.Client, server: Server) -> None:
    server.set_value("sensor-001", "N/A", timestamp=START)
    server.set_value("sensor-002", {"v": [1]}, timestamp="2026-01-31T08:00:00.0000000001Z")
    table = client.read_current_frame(["sensor-001", "sensor-002"])
    assert table["value"].to_pylist() == [None, None]
    assert table["value_other"].to_pylist() == ['"N/A"', '{"v":[1]}']
    assert table["timestamp_other"].to_pylist() == [None, "2026-01-31T08:00:00.0000000001Z"]


def test_objects_without_a_type_that_the_server_knows(client: i3x.Client, server: Server) -> None:
    def forget_types(document: Any) -> Any:
        for item in document["results"]:
            item.update(success=False, result=None, responseDetail={"title": "gone", "status": 404})
        return {**document, "success": False}

    with server.fault("edit_json", operation="queryObjectTypesById", edit_with=forget_types):
        table = client.read_current_frame(["meter-301", "valve-401"])
    assert table.schema.field("value_number").type == pa.int64()
    assert frames.elements(table).errors == {}


def test_what_the_server_has_cut_is_told(client: i3x.Client, server: Server) -> None:
    def cut(document: Any) -> Any:
        document["results"][0]["responseDetail"] = {"title": "Cut", "status": 206, "detail": "half of it"}
        return document

    with server.fault("edit_json", operation="queryLastKnownValues", edit_with=cut):
        table = client.read_current_frame(["sensor-001"])
    partial = frames.elements(table).partial
    assert partial is not None
    assert partial.detail == "sensor-001: half of it"


def test_what_fails_on_the_way_is_the_error_of_the_call(
    client: i3x.Client, server: Server, sensor: str, quick: None
) -> None:
    with server.fault("status", operation="listObjectsById", status=503), pytest.raises(i3x.ServerError):
        client.read_frame([sensor], START, END)


def test_a_server_without_history_is_told(connect: Make) -> None:
    with Server(tick=None, history=False) as server, pytest.raises(i3x.NotSupportedError):
        connect(server.url).read_frame(["sensor-001"], START, END)


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({"layout": "long"}, ValueError),
        ({"tz": "Mars/Olympus"}, ValueError),
        ({"tz": 1}, TypeError),
        ({"max_depth": -1}, ValueError),
        ({"element_ids": "sensor-001"}, TypeError),
    ],
)
def test_wrong_arguments_are_refused_before_anything_is_sent(
    client: i3x.Client, server: Server, arguments: dict[str, Any], kind: type[Exception]
) -> None:
    before = len(server.requests)
    for read in (client.read_frame, client.read_current_frame):
        with pytest.raises(kind):
            read(**{"element_ids": ["sensor-001"], **arguments})
    assert len(server.requests) == before


def test_without_pyarrow_the_error_says_what_to_install(server: Server) -> None:
    program = """
import sys
sys.modules["pyarrow"] = None
import i3x
with i3x.Client(sys.argv[1]) as client:
    try:
        client.read_frame(["sensor-001"])
    except ImportError as error:
        print(error)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, server.url], capture_output=True, text=True, check=True, timeout=60
    )
    assert "pip install 'i3x-client[frames]'" in done.stdout


def test_a_client_without_frames_does_not_load_pyarrow(server: Server) -> None:
    program = """
import sys
import i3x
with i3x.Client(sys.argv[1]) as client:
    client.get_value("sensor-001")
    print("pyarrow" in sys.modules, "i3x.frames" in sys.modules)
"""
    done = subprocess.run(
        [sys.executable, "-c", program, server.url], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == ["False", "False"]
