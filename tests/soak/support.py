"""What the long runs share: a plant that counts, and processes that report how they are."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

from i3x.testing import Server

SETTLING = 60.0
"""Seconds that the last reconnects may take."""


class Plant:
    """Gives each element one number after the other, so many a second in all, on a thread of its own."""

    def __init__(self, server: Server, elements: list[str], pace: float) -> None:
        self.last = 0
        self._pace = pace
        self._server = server
        self._elements = elements
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        share = len(self._elements) / self._pace
        due = time.monotonic()
        while not self._over.is_set():
            for element_id in self._elements:
                self._server.set_value(element_id, self.last + 1)
            self.last += 1
            due = max(due + share, time.monotonic() - 1)
            self._over.wait(max(0.0, due - time.monotonic()))


def started(module: str, *arguments: str, within: tuple[str, ...] = ()) -> "subprocess.Popen[str]":
    """Start a module of the tests in a process of its own, `within` what another command makes for it."""
    return subprocess.Popen(
        [*within, sys.executable, "-m", module, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[2],
    )


class Reports:
    """What a process prints, read as it comes."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self.all: list[dict[str, int]] = []
        self._process = process
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.all.append(json.loads(line))

    def wait_for(self, seconds: float, condition: Callable[[dict[str, int]], bool]) -> None:
        deadline = time.monotonic() + seconds
        while not (self.all and condition(self.all[-1])) and time.monotonic() < deadline:
            assert self._process.poll() is None, "the process has ended"
            time.sleep(0.1)

    def end(self) -> dict[str, int]:
        assert self._process.stdin is not None
        self._process.stdin.close()
        assert self._process.wait(60) == 0
        self._thread.join()
        return self.all[-1]
