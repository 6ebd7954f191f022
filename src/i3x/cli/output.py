"""What verbs show: tables for people, lines of JSON for pipes, by one decision in one place."""

from __future__ import annotations

import csv
import dataclasses
import enum
import functools
import io
import sys
from collections.abc import Iterable, Mapping
from types import TracebackType
from typing import Annotated, Any, Protocol, Self

import typer

from i3x.cli.tables import table
from i3x.cli.terminal import ReaderGoneError, console, emit, emit_lines, remark
from i3x.cli.words import cell, compact

Record = Mapping[str, Any]
Columns = Mapping[str, str]
"""The columns of a table: the key of a record (``capabilities.query`` leads into it), and its heading."""


class Format(enum.StrEnum):
    """The forms in which a verb can write what it found."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"


Output = Annotated[
    Format | None,
    typer.Option(
        "--output",
        "-o",
        help="By default a table on a terminal, and lines of JSON in a pipe. JSON and CSV have the names of the "
        "standard (elementId).",
    ),
]


def chosen(output: Format | None) -> Format:
    """Return the form to write in; where none was asked for, it depends on who reads."""
    return output or (Format.TABLE if sys.stdout.isatty() else Format.JSONL)


def record_of(model: Any) -> dict[str, Any]:
    """Return a model as a record: all of its fields, always, under the standard's names."""
    values = ((_standard_name(field.name), getattr(model, field.name)) for field in dataclasses.fields(model))
    return {name: record_of(value) if dataclasses.is_dataclass(value) else value for name, value in values}


@functools.cache
def _standard_name(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(map(str.capitalize, others))


class Writer(Protocol):
    """Takes records one by one; as a context manager it is finished at the end of the block."""

    def __enter__(self) -> Self: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None: ...

    def write(self, record: Record) -> None:
        """Write one record, or keep it for the end where the form needs all of them."""


def writer(output: Format | None, columns: Columns) -> Writer:
    """Return what writes records to stdout."""
    kinds: dict[Format, type[_Writer]] = {
        Format.TABLE: _TableWriter,
        Format.JSON: _ArrayWriter,
        Format.JSONL: _LineWriter,
        Format.CSV: _CsvWriter,
    }
    return kinds[chosen(output)](columns)


def show(records: Iterable[Record], columns: Columns, output: Format | None) -> None:
    """Write records to stdout."""
    with writer(output, columns) as out:
        for record in records:
            out.write(record)


def show_one(record: Record, columns: Columns, output: Format | None) -> None:
    """Write one record to stdout; a table shows it as lines of name and value."""
    form = chosen(output)
    if form is Format.TABLE:
        width = max(map(len, columns.values()))
        for key, heading in columns.items():
            emit(f"{heading:<{width}}  {cell(inside(record, key))}".rstrip() + "\n")
    elif form is Format.JSON:
        emit(f"{compact(record)}\n")
    else:
        show([record], columns, form)


def inside(record: Record, key: str) -> Any:
    """Return a value of a record; dots in the key lead into records within it."""
    value: Any = record
    for name in key.split("."):
        value = value.get(name) if isinstance(value, Mapping) else None
    return value


def cells(record: Record, columns: Columns) -> list[str]:
    """Return the row of a table for a record."""
    return [cell(inside(record, key)) for key in columns]


class _Writer:
    def __init__(self, columns: Columns) -> None:
        self._columns = columns

    def __enter__(self) -> Self:
        self.begin()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        # What was found before an error or Ctrl-C is shown, in a form that can be read; the exit status tells.
        if kind is None or not issubclass(kind, ReaderGoneError):
            self.finish()

    def begin(self) -> None:
        """Write what comes before all records."""

    def write(self, record: Record) -> None:
        raise NotImplementedError

    def finish(self) -> None:
        """Write what comes after all records, or had to wait for them."""


class _LineWriter(_Writer):
    """One JSON object a line."""

    def write(self, record: Record) -> None:
        emit(f"{compact(record)}\n")


class _ArrayWriter(_Writer):
    """One JSON array, an object a line."""

    _before = "[\n  "

    def write(self, record: Record) -> None:
        emit(self._before + compact(record))
        self._before = ",\n  "

    def finish(self) -> None:
        emit("[]\n" if self._before.startswith("[") else "\n]\n")


class _CsvWriter(_Writer):
    """Comma-separated values with the keys as their first line; what has parts stands there as JSON."""

    def begin(self) -> None:
        self._emit(list(self._columns))

    def write(self, record: Record) -> None:
        if sys.stdout.isatty():
            self._emit(cells(record, self._columns))
        else:  # texts as they are: whoever reads them asked for them
            values = [inside(record, key) for key in self._columns]
            self._emit([value if isinstance(value, str) else cell(value) for value in values])

    def _emit(self, row: list[str]) -> None:
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(row)
        emit(line.getvalue())


class _TableWriter(_Writer):
    """A table, when all of its rows are there."""

    def begin(self) -> None:
        self._rows: list[list[str]] = []

    def write(self, record: Record) -> None:
        self._rows.append(cells(record, self._columns))

    def finish(self) -> None:
        if self._rows:
            emit_lines(table(list(self._columns.values()), self._rows, console().width))
        else:
            remark("nothing found")
