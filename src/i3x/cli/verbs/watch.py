"""`watch`: changes as they come, a live table on a terminal and lines of JSON in a pipe."""

from __future__ import annotations

import contextlib
import sys
from types import TracebackType
from typing import Annotated, Any, Self

import anyio
import typer
from rich.console import Console, ConsoleOptions, RenderResult
from rich.live import Live
from rich.segment import Segment

import i3x
from i3x.cli.connecting import Connection
from i3x.cli.durations import seconds
from i3x.cli.elements import Elements, resolved
from i3x.cli.endings import REFUSED, UNREACHABLE, status_of
from i3x.cli.output import Format, Output, Record, Writer, cells, chosen, record_of, writer
from i3x.cli.progress import progress
from i3x.cli.tables import table
from i3x.cli.terminal import complain, console, emit
from i3x.cli.verbs.values import COLUMNS, Depth

_COLUMNS = {**COLUMNS, "replayed": "REPLAYED"}
_LIVE_COLUMNS = {**COLUMNS, "changes": "CHANGES"}


def watch(
    connection: Connection,
    elements: Elements,
    count: Annotated[
        int | None, typer.Option("--count", "-n", min=1, help="End after so many changes.")
    ] = None,
    length: Annotated[
        float | None, typer.Option("--for", metavar="TIME", parser=seconds, help="End after 30s, 5m or 2h.")
    ] = None,
    depth: Depth = 1,
    initial: Annotated[bool, typer.Option("--initial", help="Begin with the present values.")] = False,
    output: Output = None,
) -> None:
    """Show the changes of elements as they come; Ctrl-C ends it.

    What ends by itself tells by its exit status whether all elements could be watched, and to the end.

    Example: i3x watch sensor-001 pump-101-flow --count 10
    """
    with progress("connecting"), connection.client() as client:
        ids, unknown = resolved(client, elements)
    for error in unknown.values():
        complain(str(error))

    async def show() -> None:
        client = connection.client(i3x.AsyncClient)
        with _shown(output) as out:
            async with client, client.watch(ids, depth, count=count, initial=initial) as changes:
                with anyio.move_on_after(length) as limit:
                    async for change in changes:
                        out.write(record_of(change))
                if limit.cancelled_caught:
                    await _verify(client, changes.delivery)
                refused = unknown or changes.delivery.errors
        if refused:  # which was told when it was
            raise typer.Exit(REFUSED)

    with contextlib.suppress(KeyboardInterrupt):  # the usual end of it; the subscription is deleted by then
        anyio.run(show)


async def _verify(client: i3x.AsyncClient, delivery: i3x.Delivery) -> None:
    """Raise what keeps a watch from going on when its time is over: the server is gone, or says no."""
    try:
        await client.get_info()  # a poll that fails is repeated for a while, before it is called trouble
    except i3x.I3XError as error:
        if status_of(error) == UNREACHABLE:
            raise
    if delivery.trouble is not None:
        raise delivery.trouble


def _shown(output: Format | None) -> Writer:
    return _Latest() if chosen(output) is Format.TABLE else writer(output, _COLUMNS)


class _Latest:
    """A live table: one row an element, with its latest value."""

    def __init__(self) -> None:
        self._latest: dict[str, dict[str, Any]] = {}
        self._live = Live(
            self,
            console=console(),
            refresh_per_second=8,
            redirect_stderr=sys.stderr.isatty(),
        )

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._live.stop()
        if not sys.stdout.isatty():  # rich ends the line only where it may come back to it
            emit("\n")

    def write(self, record: Record) -> None:
        """Show a change in the row of its element."""
        changes = self._latest.get(record["elementId"], {}).get("changes", 0) + 1
        self._latest[record["elementId"]] = {**record, "changes": changes}

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        rows = [cells(record, _LIVE_COLUMNS) for record in list(self._latest.values())]
        for line in table(list(_LIVE_COLUMNS.values()), rows, options.max_width):
            yield from (*line, Segment.line())
