"""The way out: what is written to stdout and stderr, and who is reading there."""

from __future__ import annotations

import contextlib
import io
import os
import sys
from collections.abc import Iterable
from itertools import islice
from pathlib import Path
from typing import NoReturn

from rich.console import Console
from rich.segment import Segment, Segments

from i3x.cli.naming import in_options
from i3x.cli.words import one_line

_WIDE = 100_000  # columns: a pipe has no edge to break lines at
_LINES_AT_ONCE = 500


class ReaderGoneError(Exception):
    """Whoever read the output has seen enough, as ``head`` has after ten lines."""


class _Console(Console):
    def on_broken_pipe(self) -> NoReturn:
        raise ReaderGoneError


def make_fit() -> None:
    """Make stdout and stderr fit for what servers send: UTF-8 in a pipe, and no character that fails.

    What was closed before the program began is nowhere: nothing is read from it, and what is written is lost.
    """
    if sys.stdin is None:
        sys.stdin = Path(os.devnull).open(encoding="utf-8")  # noqa: SIM115 - as long as the program
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115 - as long as the program
        elif isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace", encoding=None if stream.isatty() else "utf-8")


def abandon() -> None:
    """Let what is still to be written go nowhere, for the interpreter writes it when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def emit(text: str) -> None:
    """Write to stdout at once: whoever reads a pipe waits for it.

    Raises :class:`ReaderGoneError` if nobody does.
    """
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error


def emit_lines(lines: Iterable[list[Segment]]) -> None:
    """Write styled lines to stdout, as they are: a terminal breaks the ones that are too long."""
    out, left = console(), iter(lines)
    while some := list(islice(left, _LINES_AT_ONCE)):
        parts = [part for line in some for part in (*line, Segment.line())]
        out.print(Segments(parts), soft_wrap=True, end="")


def complain(message: str) -> None:
    """Write one line to stderr, in the words of the command, if anybody reads it."""
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(f"i3x: {one_line(in_options(message))}\n")
        sys.stderr.flush()


def remark(message: str) -> None:
    """Tell a person, on stderr, what a program sees from the exit status."""
    out = notes()
    if out.is_terminal:
        out.print(one_line(message), style="dim", soft_wrap=True, markup=False)


def console() -> Console:
    """Return the console on stdout, for tables, trees and colours."""
    return _Console(highlight=False, width=None if sys.stdout.isatty() else _WIDE)


def notes() -> Console:
    """Return the console on stderr, for what is no output."""
    return _Console(stderr=True, highlight=False)
