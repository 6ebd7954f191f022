"""Where the command `i3x` begins."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    0 is success, 1 that the server said no, 2 a mistake in the command line, and 3 that the server can't be
    reached. After Ctrl-C it is 130, as everywhere, except where Ctrl-C is how a verb ends.
    """
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
    with _termination_as_interrupt():
        return ended(lambda: application(args=arguments, prog_name="i3x", standalone_mode=False))


@contextmanager
def _termination_as_interrupt() -> Iterator[None]:
    """Let SIGTERM, from `timeout` or a service manager, end a run as cleanly as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
