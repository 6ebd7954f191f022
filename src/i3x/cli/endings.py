"""How a run ends: what went wrong as one line that says what to do, and the exit status for it."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import typer
from typer.exceptions import TyperException

import i3x
from i3x.cli.entry import INTERRUPTED
from i3x.cli.terminal import ReaderGoneError, abandon, complain

SUCCESS, REFUSED, USAGE, UNREACHABLE = 0, 1, 2, 3


class UsageError(Exception):
    """A mistake in the command line that is found only while the verb runs."""


def ended(run: Callable[[], object]) -> int:
    """Run the command and return its exit status; all that can go wrong is told on stderr, a line each."""
    try:
        with _told():
            status = run()
            sys.stdout.flush()
    except KeyboardInterrupt:
        return INTERRUPTED
    except (ReaderGoneError, BrokenPipeError):
        abandon()
        return SUCCESS
    except Exception as error:
        known = status_of(error)
        if known is None:
            raise
        if message := _message(error):  # without one, typer has shown the help instead
            complain(message)
        return known
    return status if isinstance(status, int) else SUCCESS


def status_of(error: Exception) -> int | None:
    """Return the exit status that an error stands for; None for a fault of this program."""
    if isinstance(error, (i3x.ConnectionError, i3x.TimeoutError)):
        return UNREACHABLE
    if isinstance(error, i3x.AmbiguousPathError):
        return USAGE
    if isinstance(error, (i3x.I3XError, typer.Abort)):
        return REFUSED
    if isinstance(error, (UsageError, TyperException, ValueError, OSError, ImportError)):
        return USAGE
    return None


def _message(error: Exception) -> str:
    if isinstance(error, TyperException):
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "i3x"
        message = error.format_message()
        if not message:
            return ""
        return f"{message.rstrip('.')}{' See' if message.endswith('?') else '; see'} {command} --help"
    notes: list[str] = getattr(error, "__notes__", [])
    return ". ".join([str(error) or type(error).__name__, *notes])


def refuse_if(told: Mapping[str, i3x.I3XError]) -> None:
    """Tell of each item of a bulk call that failed, and end the run as refused if there are any.

    Raises ``typer.Exit``, so that it comes after the good part has been shown.
    """
    for error in told.values():
        complain(str(error))
    if told:
        raise typer.Exit(REFUSED)


def tell_partial(partial: i3x.ResponseDetail | None) -> None:
    """Tell that the server has cut an answer (206)."""
    if partial is not None:
        complain(f"the server cut the answer: {partial.detail or partial.title or 'it does not say why'}")


class _Complaints(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        complain(record.getMessage())


@contextmanager
def _told() -> Iterator[None]:
    """Show what the library logs and warns of as lines like all others."""
    logs = [logging.getLogger(name) for name in ("i3x", "i3x.history", "httpx")]
    levels = [log.level for log in logs]
    handler = _Complaints()
    shown: set[str] = set()

    def warn(message: Warning | str, *_: object, **__: object) -> None:
        if str(message) not in shown:  # a verb may connect twice
            shown.add(str(message))
            complain(f"warning: {message}")

    try:
        for name in ("i3x", "httpx"):
            logging.getLogger(name).addHandler(handler)
        with warnings.catch_warnings():
            warnings.filterwarnings("always", category=DeprecationWarning, module="i3x")
            warnings.showwarning = warn
            yield
    finally:
        for log, level in zip(logs, levels, strict=True):
            log.removeHandler(handler)
            log.setLevel(level)
