"""A process that exports, to be killed: `python -m tests.frames.exporting FLAVOUR URL PATH POINTS ROWS WHERE`.

ROWS is the size of a part. WHERE is the step at which the process kills itself, such as `after add 3` (when it has
added the third part) or `before clear 2`; `-` for one that comes to its end. With `SIGINT` behind it, as in
`after name 4 SIGINT`, it is as if Ctrl-C had been pressed there.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

import i3x
from i3x import file_locks
from i3x.frames import export, folder

from .endless import ELEMENTS, START, end_of

STEPS: dict[str, tuple[Any, str]] = {
    "write": (folder, "_write"),  # the job, and then the plan
    "flush": (folder, "_flush"),  # job, plan or part is written, but has not its name yet
    "name": (file_locks, "flush_directory"),  # it has its name
    "add": (folder.Folder, "add"),
    "finish": (export, "writer_for"),
    "clear": (folder, "_clear"),  # at the begin, and when the file has its name
}


def _kill(where: str) -> None:
    when, step, count, *others = where.split()
    sent = signal.Signals[others[0] if others else "SIGKILL"]
    owner, attribute = STEPS[step]
    function: Callable[..., Any] = getattr(owner, attribute)
    calls = 0

    def counted(*arguments: Any, **options: Any) -> Any:
        nonlocal calls
        calls += 1
        if (when, calls) == ("before", int(count)):
            os.kill(os.getpid(), sent)
        result = function(*arguments, **options)
        if calls == int(count):
            os.kill(os.getpid(), sent)
        return result

    setattr(owner, attribute, counted)


async def _export_async(url: str, path: str, points: int) -> None:
    async with i3x.AsyncClient(url) as client:
        await client.export_history(ELEMENTS, path, START, end_of(points))


def export_all(flavour: str, url: str, path: str, points: int) -> None:
    """Export so many points, with either client."""
    if flavour == "async":
        asyncio.run(_export_async(url, path, points))
        return
    with i3x.Client(url) as client:
        client.export_history(ELEMENTS, path, START, end_of(points))


def main() -> None:
    """Export, and die on the way if that is asked for."""
    flavour, url, path, points, rows, where = sys.argv[1:]
    export.PART_ROWS = int(rows)
    if where != "-":
        _kill(where)
    export_all(flavour, url, path, int(points))


if __name__ == "__main__":
    main()
