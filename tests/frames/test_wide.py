"""The wide layout has the same points as the tidy one."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from i3x import frames
from i3x.models import VQT
from tests.unit.support import json_values

from .support import T0, frame, point, points_of_tidy, points_of_wide

T1 = "2026-01-31T08:00:01Z"
NUMBER: dict[str, Any] = {"type": "number"}


def test_one_row_a_timestamp_and_one_column_an_element() -> None:
    table = frame(
        {"a": [point(1.0), point(2.0, T1)], "b": [point(3, T1, "Uncertain")]},
        {"a": NUMBER, "b": {"type": "integer"}},
        layout="wide",
    )
    assert table.column_names == ["timestamp", "a", "a:quality", "b", "b:quality"]
    assert table.schema.field("b").type == pa.int64()
    assert [tuple(row.values())[1:] for row in table.to_pylist()] == [
        (1.0, "Good", None, None),
        (2.0, "Good", 3, "Uncertain"),
    ]


def test_points_with_the_same_timestamp_have_a_row_each() -> None:
    table = frame(
        {"a": [point(1.0), point(2.0), point(2.0), point(4.0, T1)], "b": [point(5.0), point(6.0, T1)]},
        {"a": NUMBER, "b": NUMBER},
        layout="wide",
    )
    assert table["a"].to_pylist() == [1.0, 2.0, 2.0, 4.0]
    assert table["b"].to_pylist() == [5.0, None, None, 6.0]


def test_fields_and_kinds_have_columns_that_name_the_element() -> None:
    table = frame(
        {"p": [point({"speed": 1.5})], "m": [point("auto")], "x": [point(1), point("odd", T1)]},
        {
            "p": {"properties": {"speed": NUMBER}},
            "m": {"type": "string"},
            "x": {"type": ["integer", "string"]},
        },
        layout="wide",
    )
    assert [name for name in table.column_names if not name.endswith(":quality")] == [
        "timestamp", "p.speed", "m", "x_number", "x_string",
    ]  # fmt: skip


def test_an_element_without_points_has_its_columns() -> None:
    table = frame({"a": [point(1.0)], "b": []}, {"a": NUMBER, "b": {"type": "boolean"}}, layout="wide")
    assert table.column_names == ["timestamp", "a", "a:quality", "b", "b:quality"]
    assert table.schema.field("b").type == pa.bool_()
    assert frame({"b": []}, {"b": NUMBER}, layout="wide").schema.names == ["timestamp", "b", "b:quality"]


def test_what_does_not_fit_has_a_column_of_the_element() -> None:
    table = frame(
        {"a": [point("N/A", "never")], "b": [point(1.0)]}, {"a": NUMBER, "b": NUMBER}, layout="wide"
    )
    rows = table.to_pylist()
    assert [row["a:other"] for row in rows] == [None, '"N/A"']
    assert [row["a:timestamp"] for row in rows] == [None, "never"]
    assert "b:other" not in table.column_names


def test_ids_that_look_like_other_columns_get_other_names() -> None:
    ids = ["a", "a:quality", "timestamp"]
    table = frame({each: [point(1.0)] for each in ids}, dict.fromkeys(ids, NUMBER), layout="wide")
    assert len(set(table.column_names)) == len(table.column_names) == 7
    assert points_of_wide(table) == points_of_tidy(frame({each: [point(1.0)] for each in ids}))


def test_units_and_names_stand_at_the_columns() -> None:
    table = frame({"a": [point(1.0)]}, {"a": NUMBER}, layout="wide")
    about = table.schema.field("a").metadata or {}
    assert about[b"elementId"] == b"a"
    assert about[b"displayName"] == b"A"


@pytest.mark.parametrize("value", [None, 5, [1]])
def test_only_tables_can_be_widened(value: Any) -> None:
    with pytest.raises(TypeError, match=r"pyarrow\.Table"):
        frames.wide(value)


def test_only_tidy_tables_can_be_widened() -> None:
    wide = frame({"a": [point(1.0)]}, layout="wide")
    for table in (wide, pa.table({"x": [1]})):
        with pytest.raises(ValueError, match="tidy"):
            frames.wide(table)


points = st.builds(
    VQT,
    json_values,
    st.sampled_from(["Good", "Bad", ""]),
    st.sampled_from([T0, T1, "2026-01-31T08:00:00.000000001Z", "2500-01-01T00:00:00Z", "never", ""]),
)
kinds = st.sampled_from([NUMBER, {"type": "integer"}, {"type": "string"}, {"properties": {"a": NUMBER}}, {}])


@given(
    series=st.dictionaries(st.sampled_from(["a", "b", "a.a", "a:quality"]), st.lists(points, max_size=5)),
    schemas=st.lists(kinds, min_size=4, max_size=4),
)
def test_widening_keeps_every_point(series: dict[str, list[VQT]], schemas: list[Any]) -> None:
    types = dict(zip(series, schemas, strict=False))
    assert points_of_wide(frame(series, types, layout="wide")) == points_of_tidy(frame(series, types))
    assert points_of_wide(frames.wide(frame(series, types, tz="Asia/Tokyo"))) == points_of_tidy(
        frame(series, types)
    )
