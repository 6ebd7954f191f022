"""Where the command `i3x` begins. Nothing is imported before `main` is there to deal with Ctrl-C."""

from __future__ import annotations

TYPE_CHECKING = False  # which type checkers know by its name
if TYPE_CHECKING:
    from collections.abc import Sequence

INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit status.

    0 is success, 1 that the server said no, 2 a mistake in the command line, and 3 that the server can't be
    reached. After Ctrl-C it is 130, as everywhere, except where Ctrl-C is how a verb ends.
    """
    try:
        from i3x.cli.start import run

        return run(arguments)
    except KeyboardInterrupt:
        return INTERRUPTED
