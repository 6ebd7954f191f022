"""A progress bar on stderr, for whatever takes more than a second."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

import i3x
from i3x.cli.terminal import notes

_PATIENCE = 1.0  # seconds

Advance = Callable[[i3x.HistoryProgress], None]


@contextmanager
def progress(what: str, *, beside: bool = False) -> Iterator[Advance]:
    """Show on a terminal that something is going on, once a second has passed.

    Gives a function to call with how far it is; as long as that is not known, the bar moves to and fro.
    ``beside`` says that output is written meanwhile: a terminal that shows it needs no bar, and has no place.
    """
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[done]}"),
        TimeElapsedColumn(),
    )
    bar = Progress(*columns, console=notes(), transient=True, redirect_stdout=False)
    task = bar.add_task(what, total=None, done="")
    timer = threading.Timer(_PATIENCE, bar.start)
    timer.daemon = True

    def advance(done: i3x.HistoryProgress) -> None:
        bar.update(
            task, total=1.0, completed=done.fraction, done=f"{done.fraction:4.0%}  {done.points:,} points"
        )

    if sys.stderr.isatty() and not (beside and sys.stdout.isatty()):
        timer.start()
    try:
        yield advance
    finally:
        timer.cancel()
        if timer.ident is not None:  # it was started, and may be at it just now
            timer.join()
        if bar.live.is_started:
            bar.stop()
