"""The process under test: subscribes to many elements, keeps account of what arrives, and says how it is.

The values of an element are 1, 2, 3 and so on, so that what is missing shows. Each line that it prints is a
report in JSON; it ends when its input does, and its last report is about what is left when all is closed.
"""

import asyncio
import gc
import json
import logging
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any

import i3x

PAGE = os.sysconf("SC_PAGE_SIZE")


class Account:
    """What has arrived."""

    def __init__(self) -> None:
        self.newest: dict[str, int] = {}
        self.holes: dict[str, set[int]] = {}
        self.changes = self.replayed = self.repeats = 0
        self.gaps = self.open_gaps = 0
        self.errors = 0

    def change(self, _: object, change: i3x.ValueChange) -> None:
        """Take a value."""
        element_id, value = change.element_id, change.value
        if not isinstance(value, int):
            return  # from before the soak began
        self.changes += 1
        self.replayed += change.replayed
        newest, holes = self.newest.get(element_id, 0), self.holes.setdefault(element_id, set())
        if value > newest:
            holes.update(range(newest + 1, value))
            self.newest[element_id] = value
        elif value in holes:
            holes.remove(value)
        else:
            self.repeats += 1

    def gap(self, _: object, gap: i3x.Gap) -> None:
        """Take the report of a gap."""
        self.gaps += 1
        self.open_gaps += not gap.filled

    def error(self, _: object, error: i3x.I3XError) -> None:
        """Take an error."""
        self.errors += 1

    def report(self, **more: object) -> None:
        """Print how it is."""
        numbers = {name: value for name, value in vars(self).items() if isinstance(value, int)}
        state = {
            "holes": sum(map(len, self.holes.values())),
            "newest": min(self.newest.values(), default=0),
            "memory": int(Path("/proc/self/statm").read_text().split()[1]) * PAGE,
            "threads": threading.active_count(),
            "descriptors": len(os.listdir("/proc/self/fd")),  # noqa: PTH208  # nothing but their number
        }
        print(json.dumps({**numbers, **state, **more}), flush=True)


def _callbacks(client: Any, account: Account) -> None:
    client.on_value_change, client.on_gap, client.on_error = account.change, account.gap, account.error


def run(url: str, silence: float, elements: list[str], account: Account, over: threading.Event) -> None:
    """Subscribe with a blocking client."""
    with i3x.Client(url) as client:
        _callbacks(client, account)
        for element_id in elements:
            client.subscribe([element_id], silence=silence)
        while not over.wait(1):
            account.report()


def running_tasks() -> int:
    """Count the tasks that last. Beside a delivery there is one more for a moment while it connects (anyio's) and
    while it makes its subscription anew.
    """
    momentary = ("i3x-create-subscription", "try_connect")
    return sum(not task.get_name().endswith(momentary) for task in asyncio.all_tasks())


async def run_async(
    url: str, silence: float, elements: list[str], account: Account, over: threading.Event
) -> None:
    """Subscribe with an asynchronous client."""
    async with i3x.AsyncClient(url) as client:
        _callbacks(client, account)
        for element_id in elements:
            await client.subscribe([element_id], silence=silence)
        while not over.is_set():
            await asyncio.sleep(1)
            account.report(tasks=running_tasks())
    account.report(tasks=running_tasks())


def _wait_for_the_end(over: threading.Event) -> None:
    sys.stdin.read()
    over.set()


def main() -> None:
    """Run until the input ends."""
    logging.getLogger("i3x").addHandler(logging.NullHandler())  # or every fault would show on the terminal
    flavour, url, silence, *elements = sys.argv[1:]
    account, over = Account(), threading.Event()
    waiting = threading.Thread(target=_wait_for_the_end, args=(over,), daemon=True)
    waiting.start()
    if flavour == "sync":
        run(url, float(silence), elements, account, over)
    else:
        asyncio.run(run_async(url, float(silence), elements, account, over))
    waiting.join()
    gc.collect()
    time.sleep(0.1)
    account.report(tasks=0)


if __name__ == "__main__":
    main()
