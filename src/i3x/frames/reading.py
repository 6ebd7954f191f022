"""A frame while it is read: the pieces that have come so far, and the table that they make in the end."""

from __future__ import annotations

import logging
import re
import zoneinfo
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias, get_args

import pyarrow as pa

from i3x.errors import I3XError
from i3x.frames.plan import Plan
from i3x.frames.report import Report
from i3x.frames.tidy import FALLBACKS, TIMESTAMP, Series, Tidy, in_order, series_of_values
from i3x.frames.widening import widen
from i3x.models import CurrentValue, MissingHistory, ObjectInstance, ObjectType, ResponseDetail
from i3x.results import BulkDict

logger = logging.getLogger("i3x.frames")

Layout: TypeAlias = Literal["tidy", "wide"]

_OFFSET = re.compile(r"[+-](0[0-9]|1[0-4]):[0-5][0-9]")


class Reading:
    """Gathers what comes for a frame. Nothing here does I/O."""

    def __init__(self, element_ids: Sequence[str], layout: str, time_zone: str | None) -> None:
        if layout not in get_args(Layout):
            raise ValueError(f'layout must be "tidy" or "wide", not {layout!r}')
        self._element_ids = element_ids
        self._layout = layout
        self._time_zone = checked_time_zone(time_zone)
        self._plan: Plan | None = None
        self._tidy: Tidy | None = None
        self._pieces: list[pa.Table] = []

    @property
    def is_planned(self) -> bool:
        """Whether the columns are settled, so that points can be added."""
        return self._plan is not None

    def plan(
        self, instances: Sequence[ObjectInstance], types: Sequence[ObjectType], first: Sequence[Series]
    ) -> None:
        """Settle the columns, from the objects, their types and the first points."""
        self._plan = Plan.of(self._element_ids, instances, types, first)
        self._tidy = Tidy(self._plan.columns, [each.element_id for each in self._plan.elements])

    def add(self, series: Sequence[Series]) -> None:
        """Add points, which come after those of the same elements that were added before."""
        if self._tidy is None:
            raise ValueError("the frame is not planned yet")
        self._pieces.append(self._tidy.table(series))

    def table(
        self,
        errors: Mapping[str, I3XError],
        missing: Sequence[MissingHistory] = (),
        partial: ResponseDetail | None = None,
    ) -> pa.Table:
        """Return all that was added as one table, with what failed and what is missing in its metadata."""
        if self._plan is None or self._tidy is None:
            raise ValueError("the frame is not planned yet")
        report = Report.made(self._plan.elements, errors, missing, partial)
        table = pa.concat_tables(self._pieces) if self._pieces else self._tidy.schema.empty_table()
        self._pieces.clear()
        table = in_order(table).replace_schema_metadata(report.metadata)
        table = widen(table) if self._layout == "wide" else _without_empty(table)
        return _in_time_zone(table, self._time_zone)

    def current_table(self, values: BulkDict[CurrentValue]) -> pa.Table:
        """Return current values as one table; the frame must be planned."""
        self.add(list(series_of_values(values)))
        for error in values.errors.values():
            logger.warning("left out of a frame: %s", error)  # a table has no place where it would be noticed
        if values.partial is not None:
            logger.warning("a frame of current values is not whole: %s", values.partial.detail)
        return self.table(values.errors, partial=values.partial)


def _without_empty(table: pa.Table) -> pa.Table:
    """Return a table without the columns for what fits nowhere, if there is nothing in them."""
    return table.drop_columns([name for name in FALLBACKS if table[name].null_count == table.num_rows])


def _in_time_zone(table: pa.Table, name: str) -> pa.Table:
    """Return the same moments, to be shown in another time zone."""
    index = table.schema.get_field_index(TIMESTAMP)
    kind = pa.timestamp("ns", name)
    field = table.schema.field(index).with_type(kind)
    return table.set_column(index, field, table.column(index).cast(kind))


def checked_time_zone(name: str | None) -> str:
    """Return the name of a time zone after checking that it exists; None is UTC."""
    if name is None:
        return "UTC"
    if not isinstance(name, str):
        raise TypeError(f"tz must be the name of a time zone, not {type(name).__name__}")
    if _OFFSET.fullmatch(name):
        return name
    try:
        zoneinfo.ZoneInfo(name)
    except (ValueError, OSError, zoneinfo.ZoneInfoNotFoundError) as error:
        raise ValueError(
            f'there is no time zone {name!r}; name one such as "Europe/Berlin" or "+01:00" '
            "(on a system without time zones, install the package tzdata)"
        ) from error
    return name
