"""Where the command `i3x` begins."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    0 is success, 1 that the server said no, 2 a mistake in the command line, and 3 that the server can't be
    reached. After Ctrl-C it is 130, as everywhere, except where Ctrl-C is how a verb ends.
    """
    try:
        with _terminations_as_interrupts():
            return _run(arguments)
    except KeyboardInterrupt:  # while its modules were still being loaded, which takes a moment
        return 130


def _run(arguments: Sequence[str] | None) -> int:
    try:
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
def _terminations_as_interrupts() -> Iterator[None]:
    """Let SIGTERM, from `timeout` or a service manager, and the end of a terminal end a run as Ctrl-C does."""
    before: dict[int, Any] = {}
    if threading.current_thread() is threading.main_thread():
        for name in ("SIGTERM", "SIGHUP"):
            number = getattr(signal, name, None)  # Windows has no SIGHUP
            if number is not None and signal.getsignal(number) != signal.SIG_IGN:  # as under nohup
                before[number] = signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
