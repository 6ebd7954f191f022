"""The start of a run: its modules are loaded, and signals mean what they should."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from i3x.cli.entry import INTERRUPTED


def run(arguments: Sequence[str] | None) -> int:
    """Run the command and return its exit status; Ctrl-C may still be a ``KeyboardInterrupt``."""
    with _terminations_as_interrupts():
        return _run(arguments)


def _run(arguments: Sequence[str] | None) -> int:
    try:
        with _interrupts_as_the_end():
            from i3x.cli.application import application
            from i3x.cli.endings import ended
            from i3x.cli.terminal import make_fit
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in ("rich", "typer"):
            raise
        sys.stderr.write("i3x: the command needs more packages: pip install 'i3x-client[cli]'\n")
        return 2
    make_fit()
    return ended(lambda: application(args=arguments, prog_name="i3x", standalone_mode=False))


@contextmanager
def _interrupts_as_the_end() -> Iterator[None]:
    """Let Ctrl-C end the process at once: an exception may come where importing drops it, and nothing is open yet."""
    if signal.getsignal(signal.SIGINT) is not signal.default_int_handler or not _is_main_thread():
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _is_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


@contextmanager
def _terminations_as_interrupts() -> Iterator[None]:
    """Let SIGTERM, from `timeout` or a service manager, and the end of a terminal end a run as Ctrl-C does."""
    before: dict[int, Any] = {}
    if _is_main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
                before[number] = signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
