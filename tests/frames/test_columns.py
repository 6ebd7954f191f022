"""The columns of a frame: typed from the object types, and nothing that any server sends is dropped."""

from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from i3x.frames.columns import columns_of
from i3x.frames.shapes import shape_of_schema
from tests.unit.support import json_values

from .support import frame, point, value_of, without_nulls

STANDARD = ["element_id", "timestamp", "value", "quality"]


@pytest.mark.parametrize(
    ("schema", "values", "kind"),
    [
        ({"type": "number"}, [1.5, 2], pa.float64()),
        ({"type": "integer"}, [1, 2], pa.int64()),
        ({"type": "boolean"}, [True, False], pa.bool_()),
        ({"type": "string"}, ["a", ""], pa.string()),
        ({"type": ["number", "null"]}, [1.5, None], pa.float64()),
        ({"type": ["integer", "number"]}, [1, 1.5], pa.float64()),
        ({"enum": ["auto", "off"]}, ["auto", "off"], pa.string()),
        ({"const": 3}, [3], pa.int64()),
        ({"allOf": [{"type": "integer"}, {"minimum": 0}]}, [3], pa.int64()),
        ({"anyOf": [{"type": "number"}, {"type": "null"}]}, [3.0, None], pa.float64()),
        ({"$ref": "#/$defs/speed", "$defs": {"speed": {"type": "number"}}}, [3.0], pa.float64()),
    ],
)
def test_a_scalar_type_gives_a_typed_column(schema: Any, values: list[Any], kind: pa.DataType) -> None:
    table = frame({"a": [point(value) for value in values]}, {"a": schema})
    assert table.column_names == STANDARD
    assert table.schema.field("value").type == kind
    assert table["value"].to_pylist() == values


def test_an_empty_range_has_the_same_schema() -> None:
    schema = {"type": "object", "properties": {"speed": {"type": "number"}, "mode": {"type": "string"}}}
    empty, full = frame({"a": []}, {"a": schema}), frame({"a": [point({"speed": 1.0})]}, {"a": schema})
    assert empty.num_rows == 0
    assert empty.schema == full.schema


def test_fields_of_a_structured_value_have_columns_of_their_own() -> None:
    schema = {
        "type": "object",
        "properties": {
            "speed": {"type": "number"},
            "running": {"type": "boolean"},
            "plate": {"type": "object", "properties": {"maker": {"type": "string"}}},
            "spectrum": {"type": "array", "items": {"type": "number"}},
            "notes": {"type": "object"},
        },
    }
    value = {
        "speed": 2,
        "plate": {"maker": "N"},
        "spectrum": [1.5, 2],
        "notes": {"by": "me"},
        "running": None,
    }
    row = frame({"a": [point(value)]}, {"a": schema}).to_pylist()[0]
    assert {name: part for name, part in row.items() if name.startswith("value")} == {
        "value.speed": 2.0,
        "value.running": None,
        "value.plate.maker": "N",
        "value.spectrum": "[1.5,2]",
        "value.notes": '{"by":"me"}',
    }


def test_elements_of_different_kinds_have_a_column_for_each_kind() -> None:
    table = frame(
        {"t": [point(1.5)], "n": [point(3)], "s": [point(True)], "m": [point("auto")]},
        {
            "t": {"type": "number"},
            "n": {"type": "integer"},
            "s": {"type": "boolean"},
            "m": {"type": "string"},
        },
    )
    assert table.column_names[2:-1] == ["value_number", "value_boolean", "value_string"]
    assert table["value_number"].to_pylist() == [1.5, 3.0, None, None]
    assert table["value_boolean"].to_pylist() == [None, None, True, None]
    assert table["value_string"].to_pylist() == [None, None, None, "auto"]


def test_numbers_and_integers_share_a_column() -> None:
    table = frame({"t": [point(1.5)], "n": [point(3)]}, {"t": {"type": "number"}, "n": {"type": "integer"}})
    assert table.column_names == STANDARD
    assert table["value"].to_pylist() == [1.5, 3.0]


def test_the_values_decide_where_the_type_says_nothing() -> None:
    schemas = {"a": {"type": "object"}, "b": {}}
    table = frame({"a": [point(None, quality="Bad"), point(1.5)], "b": [point({"speed": 2.5})]}, schemas)
    assert table.column_names[2:-1] == ["value", "value.speed"]
    assert [row["value"] for row in table.to_pylist()] == [None, 1.5, None]


def test_the_values_decide_for_a_field_of_which_the_type_says_nothing() -> None:
    schema = {"type": "object", "properties": {"a": {}, "b": {}, "c": {}}}
    table = frame({"e": [point({"a": 1.5, "b": {"x": True}})]}, {"e": schema})
    assert table.schema.field("value.a").type == pa.float64()
    assert table["value.b.x"].to_pylist() == [True]
    assert table.schema.field("value.c").type == pa.string()


@pytest.mark.parametrize(
    ("schema", "value", "kept", "other"),
    [
        ({"type": "number"}, "N/A", None, '"N/A"'),
        ({"type": "number"}, True, None, "true"),
        ({"type": "number"}, {"v": 1}, None, '{"v":1}'),
        ({"type": "number"}, 2**60 + 1, float(2**60), str(2**60 + 1)),
        ({"type": "number"}, 10**400, None, str(10**400)),
        ({"type": "integer"}, 3.0, 3, None),
        ({"type": "integer"}, 3.5, None, "3.5"),
        ({"type": "integer"}, 2**63, None, str(2**63)),
        ({"type": "integer"}, 2**63 - 1, 2**63 - 1, None),
        ({"type": "boolean"}, 1, None, "1"),
        ({"type": "string"}, 1, None, "1"),
        ({"type": "string"}, [1], None, "[1]"),
        ({"type": "string"}, "\ud800", None, '"\\ud800"'),
    ],
)
def test_a_value_that_does_not_fit_is_kept_as_text(
    schema: Any, value: Any, kept: Any, other: str | None
) -> None:
    table = frame({"a": [point(value)]}, {"a": schema})
    assert table["value"].to_pylist() == [kept]
    assert (table["value_other"].to_pylist() if "value_other" in table.column_names else [None]) == [other]


def test_only_what_does_not_fit_is_kept_as_text() -> None:
    schema = {
        "type": "object",
        "properties": {"speed": {"type": "number"}, "inner": {"properties": {"a": {}}}},
    }
    values = [
        {"speed": "fast", "inner": {"a": 1, "b": 2}, "vendor": {"x": None}},
        {"speed": 1.0, "inner": 5, "vendor": None},
        7,
    ]
    table = frame({"a": [point(value) for value in values]}, {"a": schema})
    assert table["value_other"].to_pylist() == [
        '{"speed":"fast","inner":{"b":2},"vendor":{"x":null}}',
        '{"inner":5}',
        "7",
    ]
    assert table["value.inner.a"].to_pylist() == [1, None, None]
    assert table["value.speed"].to_pylist() == [None, 1.0, None]


def test_bad_points_keep_their_quality() -> None:
    points = [point(None, quality="Bad"), point(None, quality="GoodNoData"), point(1.0, quality="Uncertain")]
    table = frame({"a": points}, {"a": {"type": "number"}})
    assert table["value"].to_pylist() == [None, None, 1.0]
    assert table["quality"].to_pylist() == ["Bad", "GoodNoData", "Uncertain"]


def test_two_fields_of_the_same_name_lose_nothing() -> None:
    schema = {
        "type": "object",
        "properties": {"a.b": {"type": "number"}, "a": {"properties": {"b": {"type": "number"}}}},
    }
    table = frame({"e": [point({"a.b": 1.0, "a": {"b": 2.0}})]}, {"e": schema})
    assert table["value.a.b"].to_pylist() == [1.0]
    assert table["value_other"].to_pylist() == ['{"a":{"b":2.0}}']


@pytest.mark.parametrize(
    "schema",
    [
        None,
        5,
        [],
        {"type": 7},
        {"type": "nonsense"},
        {"properties": []},
        {"properties": {"a": None}},
        {"$ref": "#"},
        {"$ref": "file:///etc/passwd"},
        {"$ref": "#/nowhere"},
        {"allOf": {"type": "number"}},
        {"enum": "abc"},
    ],
)
def test_a_schema_that_makes_no_sense_costs_no_value(schema: Any) -> None:
    shape_of_schema(schema)
    table = frame({"a": [point({"a": 1.5, "b": "x"})]})
    assert without_nulls(value_of(table.to_pylist()[0], table)) == {"a": 1.5, "b": "x"}


def test_a_schema_that_refers_to_itself_comes_to_an_end() -> None:
    fields = {name: {"$ref": "#"} for name in "abcdefgh"}
    node = {"type": "object", "properties": {"value": {"type": "number"}, **fields}}
    names = [column.name for column in columns_of([shape_of_schema(node)])]
    assert "value.value" in names
    assert "value.a.value" in names
    assert len(names) < 100


def test_a_schema_that_grows_without_end_comes_to_an_end() -> None:
    schema: dict[str, Any] = {"type": "number"}
    for _ in range(12):
        schema = {"type": "object", "properties": dict.fromkeys("abcdef", schema)}
    assert len(shape_of_schema(schema)) <= 10_000


schemas = st.recursive(
    st.sampled_from(["number", "integer", "boolean", "string", "array", "object"]).map(
        lambda name: {"type": [name, "null"]}
    ),
    lambda inner: st.dictionaries(st.sampled_from(["a", "b", "a.b", ""]), inner, max_size=3).map(
        lambda fields: {"type": "object", "properties": fields}
    ),
    max_leaves=6,
)
fields = st.dictionaries(st.sampled_from(["a", "b", "a.b", ""]), json_values, max_size=3)


@given(
    schema=st.lists(schemas, max_size=3), values=st.lists(json_values | fields | st.floats(-9, 9), max_size=6)
)
def test_whatever_is_sent_can_be_put_together_again(schema: list[Any], values: list[Any]) -> None:
    types = {f"type {index}": each for index, each in enumerate(schema)}
    table = frame({"a": [point(value) for value in values], **{each: [] for each in types}}, types)
    read = [without_nulls(value_of(row, table)) for row in table.to_pylist()]
    assert read == [without_nulls(value) for value in values]
