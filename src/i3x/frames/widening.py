"""The wide layout: one row a timestamp, one column an element, and one for its quality."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from i3x.frames.arrow import Array, codes, whole
from i3x.frames.columns import OTHER, Column, suffix_of
from i3x.frames.report import FrameElement, Report
from i3x.frames.tidy import ELEMENT, QUALITY, TIMESTAMP, TIMESTAMP_OTHER, in_order

_ASIDE = {QUALITY: ":quality", OTHER: ":other", TIMESTAMP_OTHER: ":timestamp"}
"""What stands beside the values of an element, and how its column's name ends."""


def widen(table: pa.Table) -> pa.Table:
    """Return a tidy table in the wide layout.

    Points of one element with the same timestamp get a row each, so that none is lost.
    """
    report = Report.of(table)
    if not {ELEMENT, TIMESTAMP, QUALITY}.issubset(table.column_names):
        raise ValueError(
            "the table is not a tidy one of this package: it has no element_id, timestamp and quality"
        )
    table = in_order(table)
    rows = _Rows.of(table)
    names = _Names(table.schema)
    fields, arrays = [table.schema.field(TIMESTAMP)], [rows.moments]
    for element, start, size in _runs(table, report):
        where = rows.places(start, size)
        columns = dict(_columns(table.slice(start, size), element))
        for name, column in zip(names.of(element.element_id, list(columns)), columns, strict=True):
            array = _typed(columns[column].take(where), element.columns.get(column))
            fields.append(_field(name, array, element, table.schema.field(column)))
            arrays.append(array)
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields)).replace_schema_metadata(report.metadata)


@dataclass(frozen=True)
class _Rows:
    """The rows of the wide table, and for each row of the tidy one which of them it goes to."""

    moments: Array
    targets: Array

    @classmethod
    def of(cls, table: pa.Table) -> _Rows:
        """Find the rows for a tidy table in order."""
        if not table.num_rows:
            return cls(whole(table[TIMESTAMP]), pa.array([], pa.int64()))
        moments = whole(table[TIMESTAMP])
        distinct = pc.unique(moments)
        distinct = distinct.take(pc.sort_indices(distinct))
        targets = pc.index_in(moments, value_set=distinct).cast(pa.int64())
        elements = codes(table[ELEMENT])
        if not _has_repeats(elements, targets):
            return cls(distinct, targets)
        return cls._with_repeats(distinct, elements.to_pylist(), targets.to_pylist())

    @classmethod
    def _with_repeats(cls, distinct: Array, elements: Sequence[Any], targets: Sequence[Any]) -> _Rows:
        """Give a moment as many rows as one element has points at it."""
        seen: Counter[tuple[int, int]] = Counter()
        height = [1] * len(distinct)
        nth = []
        for key in zip(elements, targets, strict=True):
            nth.append(seen[key])
            seen[key] += 1
            height[key[1]] = max(height[key[1]], seen[key])
        first, total = [], 0
        for rows in height:
            first.append(total)
            total += rows
        moments = distinct.take(
            pa.array([index for index, rows in enumerate(height) for _ in range(rows)], pa.int64())
        )
        rows_of = [first[target] + n for target, n in zip(targets, nth, strict=True)]
        return cls(moments, pa.array(rows_of, pa.int64()))

    def places(self, start: int, size: int) -> Array:
        """Return for each row of the wide table which of these rows of the tidy one stands in it, or null."""
        return pc.index_in(self._every, value_set=self.targets.slice(start, size))

    @cached_property
    def _every(self) -> Array:
        return pa.array(range(len(self.moments)), pa.int64())


def _has_repeats(elements: Array, targets: Array) -> bool:
    size = len(elements) - 1
    same = pc.and_(
        pc.equal(elements.slice(0, size), elements.slice(1)),
        pc.equal(targets.slice(0, size), targets.slice(1)),
    )
    return pc.any(same, min_count=0).as_py() is True


def _runs(table: pa.Table, report: Report) -> Iterator[tuple[FrameElement, int, int]]:
    """Yield each element with the place of its rows; those without rows too."""
    place = {}
    start = 0
    for entry in pc.value_counts(whole(table[ELEMENT])) if table.num_rows else ():
        place[entry["values"].as_py()] = start, entry["counts"].as_py()
        start += entry["counts"].as_py()
    for element_id in dict.fromkeys((*report.elements, *place)):
        element = report.elements.get(element_id) or FrameElement(element_id)
        yield element, *place.get(element_id, (0, 0))


def _columns(rows: pa.Table, element: FrameElement) -> Iterator[tuple[str, Array]]:
    """Yield the columns that an element has: those of its type, its quality, and those with something in it."""
    for name in rows.column_names:
        if name in (ELEMENT, TIMESTAMP):
            continue
        column = whole(rows[name])
        if name in element.columns or name == QUALITY or column.null_count < len(column):
            yield name, column


def _typed(array: Array, kind: str | None) -> Array:
    """Return integers as such, which shared a column with other numbers."""
    if kind == "integer" and pa.types.is_floating(array.type):
        try:
            return array.cast(pa.int64())
        except pa.ArrowInvalid:  # the server has sent others than it declares
            return array
    return array


class _Names:
    """Names columns; a name that is taken already gets a prime."""

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema
        self._taken = {TIMESTAMP}

    def of(self, element_id: str, columns: Sequence[str]) -> Iterator[str]:
        """Yield the names in the wide table for an element's columns of the tidy one."""
        values = {name: Column.of(self._schema.field(name)) for name in columns if name not in _ASIDE}
        paths = Counter(column.path for column in values.values())
        for name in columns:
            if name in _ASIDE:
                ending = _ASIDE[name]
            else:
                path = values[name].path
                ending = "".join(f".{each}" for each in path)
                if paths[path] > 1:
                    ending += f"_{suffix_of(values[name].kind)}"
            yield self._free(element_id + ending)

    def _free(self, name: str) -> str:
        while name in self._taken:
            name += "'"
        self._taken.add(name)
        return name


def _field(name: str, array: Array, element: FrameElement, tidy: pa.Field[Any]) -> pa.Field[Any]:
    about = {"elementId": element.element_id, "displayName": element.display_name, "column": tidy.name}
    if element.eng_unit and tidy.name not in _ASIDE:
        about["engUnit"] = element.eng_unit
    described = {key.encode(): text.encode() for key, text in about.items()}
    return pa.field(name, array.type, metadata={**(tidy.metadata or {}), **described})
