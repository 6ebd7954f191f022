"""The past: `history` shows it, `export` puts it into a file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

import i3x
from i3x.cli.connecting import Connection
from i3x.cli.elements import ELEMENTS_HELP, Elements, resolved
from i3x.cli.endings import REFUSED, UsageError, refuse_if
from i3x.cli.output import Format, Output, chosen, record_of, show_one, writer
from i3x.cli.progress import progress
from i3x.cli.terminal import complain, remark
from i3x.cli.verbs.values import COLUMNS, Depth

if TYPE_CHECKING:  # needs an extra of its own
    from i3x.frames import HistoryExport

_EXPORT = {
    "file": "FILE",
    "rows": "ROWS",
    "startTime": "FROM",
    "endTime": "TO",
    "elementIds": "IDS",
    "missing": "MISSING",
    "errors": "ERRORS",
}

Start = Annotated[
    str, typer.Option(help="RFC 3339, or a time back from now: -30m, -8h, -7d.", metavar="TIME")
]
End = Annotated[str, typer.Option(help="As for --start.", metavar="TIME")]


def history(
    connection: Connection,
    elements: Elements,
    start: Start = "-1h",
    end: End = "now",
    depth: Depth = 1,
    output: Output = None,
) -> None:
    """Show the values of elements over a time range, in the order of time.

    Example: i3x history sensor-001 --start -8h --end now
    """
    with (
        writer(output, COLUMNS) as out,
        progress("reading history", beside=chosen(output) is not Format.TABLE) as advance,
        connection.client() as client,
    ):
        ids, unknown = resolved(client, elements)
        points = client.iter_history(ids, start, end, depth, on_progress=advance)
        for point in points:
            out.write(record_of(point))
    _tell(points.missing, unknown | points.errors)


def export(
    connection: Connection,
    names: Annotated[
        list[str],
        typer.Argument(
            metavar="ID... FILE", help=f"{ELEMENTS_HELP} Last the file, which ends with .parquet or .csv."
        ),
    ],
    start: Start = "-1h",
    end: End = "now",
    depth: Depth = 1,
    anew: Annotated[
        bool, typer.Option("--anew", help="Do not go on where the same export was interrupted.")
    ] = False,
    output: Output = None,
) -> None:
    """Write the values of elements over a time range of any length to a Parquet or CSV file.

    The columns of the file are those of a frame: element_id, timestamp, value, quality.

    What was interrupted goes on where it was, when the same command is given again.

    Example: i3x export sensor-001 sensor-002 plant.parquet --start -30d
    """
    elements, file = _elements_and_file(names)
    with _resumable(), progress("exporting history") as advance, connection.client() as client:
        ids, unknown = resolved(client, elements)
        done = client.export_history(ids, file, start, end, depth, resume=not anew, on_progress=advance)
    errors = unknown | done.errors
    if chosen(output) is Format.TABLE:
        remark(f"{done.rows:,} {'row' if done.rows == 1 else 'rows'} written to {done.path}")
    else:
        show_one(_record(done, errors), _EXPORT, output)
    _tell(done.missing, errors)


def _record(done: HistoryExport, errors: Mapping[str, i3x.I3XError]) -> dict[str, Any]:
    return {
        "file": str(done.path),
        "rows": done.rows,
        "startTime": done.start_time,
        "endTime": done.end_time,
        "elementIds": list(done.elements),
        "missing": [record_of(each) for each in done.missing],
        "errors": {name: str(error) for name, error in errors.items()},
    }


def _elements_and_file(names: list[str]) -> tuple[list[str], Path]:
    """Tell the file from the elements before it; what is missing is named by what the one that is there looks like."""
    *elements, last = names
    file = Path(last)
    if elements:
        return elements, file
    missing = (
        "elements before the file" if file.suffix in (".parquet", ".csv") else "a file after the elements"
    )
    raise UsageError(f"name {missing}, as in i3x export sensor-001 sensor-002 plant.parquet")


@contextmanager
def _resumable() -> Iterator[None]:
    try:
        yield
    except KeyboardInterrupt:
        complain("interrupted: the same command goes on where it was")
        raise


def _tell(missing: Iterable[i3x.MissingHistory], errors: Mapping[str, i3x.I3XError]) -> None:
    """Tell what is not there, and end the run as refused if anything is not."""
    status = 0
    for each in missing:
        ids = ", ".join(each.element_ids)
        complain(f"history of {ids} from {each.start_time} to {each.end_time} is not whole: {each.detail}")
        status = REFUSED
    refuse_if(errors)
    raise typer.Exit(status)
