"""The tidy layout: one row a point, with the element, the timestamp, the value and the quality of each."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import TypeAlias

import pyarrow as pa
import pyarrow.compute as pc

from i3x.frames.arrow import TEXTS, Array, codes, whole
from i3x.frames.columns import OTHER, Column, Placing
from i3x.frames.times import NANOSECONDS, moments_of
from i3x.models import VQT, CurrentValue, HistoricalValue

ELEMENT, TIMESTAMP, QUALITY, TIMESTAMP_OTHER = "element_id", "timestamp", "quality", "timestamp_other"
FALLBACKS = (OTHER, TIMESTAMP_OTHER)
"""The columns of what fits in no other, null in every ordinary row."""

Series: TypeAlias = tuple[str, Sequence[VQT | CurrentValue]]
"""An element's id and its points."""


def series_of_histories(histories: Mapping[str, HistoricalValue]) -> Iterator[Series]:
    """Yield each element's points, and those of its components once, however often they are in an answer."""
    yield from ((element_id, history.values) for element_id, history in histories.items())
    seen = set(histories)
    inner = deque(history.components for history in histories.values() if history.components)
    while inner:  # no recursion: a server decides how deep this is
        for element_id, history in inner.popleft().items():
            if element_id not in seen:
                seen.add(element_id)
                yield element_id, history.values
                if history.components:
                    inner.append(history.components)


def series_of_values(values: Mapping[str, CurrentValue]) -> Iterator[Series]:
    """Yield each element's value as its only point, and those of its components once."""
    yield from ((element_id, (value,)) for element_id, value in values.items())
    seen = set(values)
    for value in values.values():
        for element_id, point in (value.components or {}).items():
            if element_id not in seen:
                seen.add(element_id)
                yield element_id, (point,)


class Tidy:
    """Makes tables of one schema, of points that come piece by piece."""

    def __init__(self, columns: Sequence[Column], element_ids: Iterable[str]) -> None:
        self._placing = Placing(columns)
        self._codes = {element_id: code for code, element_id in enumerate(dict.fromkeys(element_ids))}
        self._ids = pa.array(list(self._codes), pa.string())
        self.schema = pa.schema(
            [
                pa.field(ELEMENT, TEXTS),
                pa.field(TIMESTAMP, NANOSECONDS),
                *(column.field for column in columns),
                pa.field(QUALITY, TEXTS),
                *(pa.field(name, pa.string()) for name in FALLBACKS),
            ]
        )

    def table(self, series: Iterable[Series]) -> pa.Table:
        """Return the points as rows, in the order in which they come."""
        runs = [(self._code(element_id), points) for element_id, points in series if points]
        if len(self._ids) < len(self._codes):
            self._ids = pa.array(list(self._codes), pa.string())
        points = list(chain.from_iterable(points for _, points in runs))
        elements = chain.from_iterable(repeat(code, len(points)) for code, points in runs)
        moments, inexact = moments_of([point.timestamp for point in points])
        *values, other = self._placing.arrays([point.value for point in points])
        arrays = [
            pa.DictionaryArray.from_arrays(pa.array(elements, pa.int32(), size=len(points)), self._ids),
            moments,
            *values,
            pa.array([point.quality for point in points], pa.string()).dictionary_encode(),
            other,
            _sparse(inexact, len(points)),
        ]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def _code(self, element_id: str) -> int:
        return self._codes.setdefault(element_id, len(self._codes))


def _sparse(texts: Mapping[int, str], size: int) -> Array:
    if not texts:
        return pa.nulls(size, pa.string())
    return pa.array([texts.get(position) for position in range(size)], pa.string())


def in_order(table: pa.Table, *, by_time: bool = False) -> pa.Table:
    """Return the rows by element and then by time, or by time first; rows that are equal in both stay as they are.

    A row without a timestamp comes after the others, of its element or of all.
    """
    table = table.unify_dictionaries().combine_chunks()
    if not table.num_rows:
        return table
    elements, moments = codes(table[ELEMENT]), whole(table[TIMESTAMP])
    first, second = (moments, elements) if by_time else (elements, moments)
    if _ascending(first, second):
        return table
    keys = pa.table({"first": first, "second": second})
    return table.take(pc.sort_indices(keys, [("first", "ascending"), ("second", "ascending")]))


def _ascending(first: Array, second: Array) -> bool:
    """Whether pairs are in order already, as most are; a null counts as not."""
    if first.null_count or second.null_count:
        return False
    size = len(first) - 1
    before, after = first.slice(0, size), first.slice(1)
    rising = pc.or_(
        pc.less(before, after),
        pc.and_(pc.equal(before, after), pc.less_equal(second.slice(0, size), second.slice(1))),
    )
    return pc.all(rising, min_count=0).as_py() is True
