"""What the tests of frames share: tables of points without a server, and points out of tables again."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa

from i3x.frames import elements
from i3x.frames.reading import Reading
from i3x.models import VQT, ObjectInstance, ObjectType

T0 = "2026-01-31T08:00:00Z"


def point(value: Any, timestamp: str = T0, quality: str = "Good") -> VQT:
    """Return a point; what it is of goes first."""
    return VQT(value, quality, timestamp)


def frame(
    series: Mapping[str, Sequence[VQT]],
    schemas: Mapping[str, Any] | None = None,
    *,
    layout: str = "tidy",
    tz: str | None = None,
) -> pa.Table:
    """Return the frame of some points; ``schemas`` has the schema of each element's type."""
    reading = Reading(list(series), layout, tz)
    instances = [ObjectInstance(each, each.title(), f"type of {each}") for each in schemas or ()]
    types = [ObjectType(f"type of {each}", schema=schema) for each, schema in (schemas or {}).items()]
    reading.plan(instances, types, list(series.items()))
    reading.add(list(series.items()))
    return reading.table({})


def value_of(row: Mapping[str, Any], table: pa.Table) -> Any:
    """Return the value that a row of a tidy table holds, put together again."""
    value: Any = None
    for name in table.column_names:
        if name.startswith("value") and name != "value_other" and row[name] is not None:
            about = table.schema.field(name).metadata or {}
            stored = json.loads(row[name]) if about[b"kind"] == b"json" else row[name]
            value = put(value, json.loads(about[b"path"]), stored)
    if row.get("value_other") is not None:
        value = merge(value, json.loads(row["value_other"]))
    return value


def put(whole: Any, path: Sequence[str], part: Any) -> Any:
    """Return a value with a part at a path."""
    if not path:
        return part
    return {**(whole or {}), path[0]: put((whole or {}).get(path[0]), path[1:], part)}


def merge(value: Any, other: Any) -> Any:
    """Return a value with what did not fit in its columns."""
    if not isinstance(other, dict) or not isinstance(value, dict):
        return other
    return value | {name: merge(value.get(name), part) for name, part in other.items()}


def without_nulls(value: Any) -> Any:
    """Return a value less the fields that are null, which mean the same as those that are absent."""
    if isinstance(value, dict):
        fields = {name: without_nulls(part) for name, part in value.items()}
        return {name: part for name, part in fields.items() if part is not None} or None
    return list(map(without_nulls, value)) if isinstance(value, list) else value


def points_of_tidy(table: pa.Table) -> list[tuple[Any, ...]]:
    """Return the points of a tidy table, in no order."""
    moments = table["timestamp"].cast(pa.int64()).to_pylist()
    return sorted(
        (
            (
                row["element_id"],
                moment,
                row["quality"],
                json.dumps(_canonical(without_nulls(value_of(row, table))), sort_keys=True),
                row.get("timestamp_other"),
            )
            for row, moment in zip(table.to_pylist(), moments, strict=True)
        ),
        key=repr,
    )


def points_of_wide(table: pa.Table) -> list[tuple[Any, ...]]:
    """Return the points of a wide table, in no order."""
    pieces = (points_of_tidy(_melted(table, element_id)) for element_id in elements(table))
    return sorted((each for piece in pieces for each in piece), key=repr)


def _canonical(value: Any) -> Any:
    """Return a value with its whole numbers as integers, which JSON does not tell apart."""
    if isinstance(value, dict):
        return {name: _canonical(part) for name, part in value.items()}
    if isinstance(value, list):
        return list(map(_canonical, value))
    return int(value) if isinstance(value, float) and value.is_integer() else value


def _melted(table: pa.Table, element_id: str) -> pa.Table:
    """Return one element's part of a wide table as a tidy one again, by what its fields say of themselves."""
    own = {
        field.metadata[b"column"].decode(): field
        for field in table.schema
        if field.metadata and field.metadata[b"elementId"].decode() == element_id
    }
    rows = table.filter(table[own["quality"].name].is_valid())
    arrays: list[Any] = [pa.array([element_id] * rows.num_rows, pa.string()), rows["timestamp"]]
    arrays += [rows[field.name] for field in own.values()]
    fields = [pa.field("element_id", pa.string()), table.schema.field("timestamp")]
    fields += [field.with_name(name) for name, field in own.items()]
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))
