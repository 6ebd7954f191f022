"""An export while it is made: windows of history go to parts on the disk, and the parts to one file in the end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
from msgspec.structs import replace

from i3x import nanoseconds
from i3x.errors import I3XError
from i3x.frames.files import writer_for
from i3x.frames.folder import Folder, Job
from i3x.frames.plan import Plan
from i3x.frames.report import Failure, HistoryExport, Report
from i3x.frames.tidy import TIMESTAMP, Series, Tidy, in_order, series_of_histories
from i3x.models import HistoryProgress, HistoryWindow, MissingHistory, ObjectInstance, ObjectType
from i3x.times import Time

PART_ROWS = 250_000
"""Rows of a part: what is held in memory before it is written."""

PART_SECONDS = 30.0
"""Seconds after which what has come is written, however little it is: what an interruption may cost."""


class Export:
    """One export, of which this process does what is left to do. Nothing here speaks to a server.

    Its methods block for as long as the disk takes, and raise ``OSError`` for what it refuses.
    """

    def __init__(self, path: Path, folder: Folder) -> None:
        self._path = path
        self._folder = folder
        self._tidy = None if folder.plan is None else _tidy_for(folder.plan)
        self._waiting: list[tuple[pa.Table, str]] = []
        """What is not on the disk yet, each with the time up to which it is whole."""
        self._report = Report()
        self._flushed = time.monotonic()
        self._rows_before = folder.rows
        self._unplaced = {row for table in folder.tables() for row in _unplaced(table)}

    @classmethod
    def open(cls, path: Path, job: Job, resume: bool) -> Self:
        """Begin an export, or go on with one that was interrupted.

        Raises ``ValueError`` if another one was interrupted at this path, and ``BlockingIOError`` if a process is
        at it.
        """
        return cls(path, Folder.open(path.with_name(path.name + ".partial"), job, resume=resume))

    @property
    def left(self) -> tuple[str, str] | None:
        """The range of time that is left to read, None if all was read."""
        end = self._folder.job.end_time
        if self._folder.is_begun and _moment(self._folder.until) >= _moment(end):
            return None
        return self._folder.until, end

    @property
    def is_planned(self) -> bool:
        """Whether the columns are settled, so that points can be added."""
        return self._tidy is not None

    def plan(
        self, instances: Sequence[ObjectInstance], types: Sequence[ObjectType], first: Sequence[Series]
    ) -> None:
        """Settle the columns, from the objects, their types and the first points."""
        plan = Plan.of(self._folder.job.element_ids, instances, types, first)
        self._folder.settle(plan)
        self._tidy = _tidy_for(plan)

    def add(
        self, window: HistoryWindow, errors: Mapping[str, I3XError], missing: Sequence[MissingHistory]
    ) -> None:
        """Add the next window, and what is known by now of what failed and what is missing."""
        if self._tidy is None:
            raise ValueError("the export is not planned yet")
        table = self._new(self._tidy.table(series_of_histories(window.histories)))
        self._report = Report.made((), errors, missing)
        self._waiting.append((table, window.end_time))
        late = time.monotonic() - self._flushed > PART_SECONDS
        if late or sum(table.num_rows for table, _ in self._waiting) >= PART_ROWS:
            self.keep()

    def _new(self, table: pa.Table) -> pa.Table:
        """Return a table without the points that have no place in time, if an earlier process had them already."""
        if not self._unplaced or not table[TIMESTAMP].null_count:
            return table
        known = [row in self._unplaced for row in _rows(table)]
        return table.filter(pa.array([not each for each in known], pa.bool_()))

    def _flush(self, until: str) -> None:
        if self._tidy is None:
            raise ValueError("the export is not planned yet")
        # Taken before anything is written: what is interrupted in the middle is on the disk once, or asked for again.
        waiting, self._waiting = self._waiting, []
        table = pa.concat_tables([self._tidy.schema.empty_table(), *(table for table, _ in waiting)])
        self._folder.add(in_order(table, by_time=True), until, self._report)
        self._flushed = time.monotonic()

    def finish(self, errors: Mapping[str, I3XError], missing: Sequence[MissingHistory]) -> HistoryExport:
        """Put everything into the file, now that all was read, and return what there is to say of it."""
        if self._waiting or self.left is not None:
            self._report = Report.made((), errors, missing)
            self._flush(self._folder.job.end_time)
        report = self._whole_report()
        finished = self._folder.path / "finished.tmp"
        schema = next(self._folder.tables()).schema.with_metadata(report.metadata)
        writer = writer_for(self._path.suffix, finished, schema)
        for table in self._folder.tables():
            writer.write_table(table)
        writer.close()
        job = self._folder.job
        self._folder.replace(self._path, finished)
        elements, rows = report.result(), self._folder.rows
        return HistoryExport(self._path, rows, job.start_time, job.end_time, elements, report.missing)

    def _whole_report(self) -> Report:
        """Return what the parts say, of all processes that have worked at the export.

        What is no error any more has been found by a later process, which began where the part before ends.
        """
        failures: dict[str, Failure] = {}
        since: dict[str, str] = {}
        missing: dict[MissingHistory, None] = {}
        job = self._folder.job

        def miss(element_id: str, until: str) -> None:
            lost = MissingHistory((element_id,), since[element_id], until, failures[element_id].message)
            found = list(_with_lost(missing, lost, job.end_time))
            missing.clear()
            missing.update(dict.fromkeys(found))

        begin = job.start_time
        for report, until in self._folder.reports():
            for element_id in [each for each in failures if each not in report.errors]:
                miss(element_id, begin)
                del failures[element_id], since[element_id]
            failures.update(report.errors)
            for element_id in report.errors:
                since.setdefault(element_id, begin)
            missing.update(dict.fromkeys(report.missing))
            begin = until
        for element_id, first in since.items():
            if first != job.start_time:
                miss(element_id, job.end_time)
        plan = self._folder.plan
        elements = {each.element_id: each for each in plan.elements} if plan is not None else {}
        for element_id in failures:
            elements.pop(element_id, None)
        return Report(elements, failures, list(missing))

    def reporting(
        self, on_progress: Callable[[HistoryProgress], object] | None
    ) -> Callable[[HistoryProgress], object] | None:
        """Return what to call with the progress of this process, so that that of the whole export is told."""
        if on_progress is None:
            return None
        start, end = _moment(self._folder.job.start_time), _moment(self._folder.job.end_time)

        def told(progress: HistoryProgress) -> object:
            fraction = (_moment(progress.time) - start) / (end - start) if end > start else progress.fraction
            points = self._rows_before + progress.points
            return on_progress(HistoryProgress(fraction, points, progress.time, progress.requests))

        return told

    def keep(self) -> None:
        """Put what has come to the disk."""
        if self._waiting:
            self._flush(self._waiting[-1][1])

    def close(self) -> None:
        """Put what is left to the disk, and let other processes at the export; what is there stays."""
        try:
            self.keep()
        finally:
            self._folder.close()

    def explain(self, error: I3XError) -> None:
        """Put what has come to the disk, and tell in an error on the way where that is."""
        self.keep()
        if self._folder.is_begun:
            error.add_note(
                f"What was exported until {self._folder.until} is kept in {self._folder.path}: the same call goes on "
                "from there."
            )


def job_of(
    server_url: str,
    element_ids: Sequence[str],
    max_depth: int,
    asked: tuple[Time | None, Time | None],
    settled: tuple[str, str],
) -> Job:
    """Return the job for the arguments of a call, and for what they mean just now."""
    asked_start, asked_end = map(_asked, asked)
    return Job(
        server_url=server_url,
        element_ids=list(element_ids),
        max_depth=max_depth,
        asked_start=asked_start,
        asked_end=asked_end,
        start_time=settled[0],
        end_time=settled[1],
    )


def _asked(value: Time | None) -> str:
    """Return a time as the caller meant it: what counts back from now is the same on the next day."""
    if value is None:
        return ""
    if isinstance(value, timedelta):
        return f"-{value.total_seconds()}s"
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else value


def _with_lost(
    missing: Iterable[MissingHistory], lost: MissingHistory, end_time: str
) -> Iterator[MissingHistory]:
    """Yield what is missing, with an element that was lost for a while.

    It is missing from where it was given up, for all of the range, as it was thought; or all of that while, if it was
    not found at all.
    """
    is_told = False
    for entry in missing:
        if entry.element_ids != lost.element_ids or _moment(entry.end_time) < _moment(end_time):
            yield entry
            continue
        is_told = True
        if _moment(entry.start_time) < _moment(lost.end_time):
            yield replace(entry, end_time=lost.end_time)
    if not is_told:
        yield lost


def _tidy_for(plan: Plan) -> Tidy:
    return Tidy(plan.columns, [each.element_id for each in plan.elements])


def _moment(text: str) -> int:
    return nanoseconds.of_text(text)


def _unplaced(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    """Yield the rows without a timestamp."""
    if table[TIMESTAMP].null_count:
        yield from _rows(table.filter(pc.is_null(table[TIMESTAMP])))


def _rows(table: pa.Table) -> Iterator[tuple[Any, ...]]:
    return zip(*(column.to_pylist() for column in table.columns), strict=True)
