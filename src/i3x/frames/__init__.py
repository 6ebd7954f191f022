"""Frames: values and histories as Arrow tables, for pandas, polars and whatever else reads Arrow.

The clients make them (``read_frame``, ``read_current_frame``, ``export_history``); here is what can be asked of a
table. Needs the extra ``frames``, which is pyarrow alone.
"""

from __future__ import annotations

try:
    import pyarrow as pa
except ImportError as error:
    raise ImportError(
        "frames need pyarrow, which is not installed: pip install 'i3x-client[frames]'", name="pyarrow"
    ) from error

from i3x.frames.report import FrameElement, HistoryExport, report_of
from i3x.frames.widening import widen
from i3x.models import MissingHistory
from i3x.results import BulkDict

__all__ = ["FrameElement", "HistoryExport", "elements", "missing", "wide"]


def elements(table: pa.Table) -> BulkDict[FrameElement]:
    """Return what a table of this package knows of its elements: names, units, types.

    It works on the tables that the clients return, in both layouts, and on exported files that were read again
    with pyarrow. What failed is in ``errors`` of the result and what is missing in ``partial``, as with all bulk
    calls; ``raise_for_errors()`` raises the errors. A table without such knowledge gives an empty dict.

    Raises ``TypeError`` for anything but a ``pyarrow.Table``.
    """
    return report_of(table).result()


def missing(table: pa.Table) -> list[MissingHistory]:
    """Return the stretches of history that the server did not give in whole; an empty list if there are none.

    Raises ``TypeError`` for anything but a ``pyarrow.Table``.
    """
    return report_of(table).missing


def wide(table: pa.Table) -> pa.Table:
    """Return a tidy table of this package in the wide layout: one row a timestamp, one column an element.

    Each element has the columns that its type declares, and one for its quality; the points of one element that
    share a timestamp get a row each. Nothing of the tidy table is left out.

    Raises ``TypeError`` for anything but a ``pyarrow.Table``, and ``ValueError`` for one that is not tidy.
    """
    report_of(table)
    return widen(table)
