"""Runs of the command: in this process, in one of its own, and on a terminal."""

import codecs
import contextlib
import csv
import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Protocol

COMMAND = (sys.executable, "-m", "i3x.cli")
PATIENCE = 40.0  # seconds


@dataclass(frozen=True)
class Run:
    """How a run ended, and what it wrote."""

    status: int
    out: str
    err: str

    @property
    def records(self) -> list[dict[str, Any]]:
        """Its lines of JSON."""
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def rows(self) -> list[dict[str, str]]:
        """Its lines of CSV."""
        return list(csv.DictReader(io.StringIO(self.out)))

    @property
    def complaint(self) -> str:
        """The one line that it wrote to stderr."""
        (line,) = self.err.splitlines()
        return line


class Runner(Protocol):
    """Runs the command."""

    def __call__(self, *arguments: str, stdin: str = "") -> Run: ...


@contextlib.contextmanager
def started(url: str, *arguments: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run the command in a process of its own, which is killed at the end if it is still there."""
    command = [*COMMAND, *arguments]
    environment = os.environ | {"I3X_URL": url}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdout=pipe, stderr=pipe) as process:
        try:
            yield process
        finally:
            process.kill()


class Terminal:
    """The command on a terminal of its own."""

    def __init__(self, process: subprocess.Popen[bytes], screen: int) -> None:
        self._process = process
        self._screen = screen
        self._decoder = codecs.getincrementaldecoder("utf-8")()  # what is read may end within a character
        self.text = ""
        """Everything that was written to it so far, control sequences included."""

    def read_until(self, text: str) -> None:
        """Wait until it has been written."""
        self._read(lambda: text in self.text)
        assert text in self.text

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.write(self._screen, b"\x03")

    def piped(self) -> bytes:
        """Wait for what it writes into a pipe instead, all of it."""
        assert self._process.stdout is not None
        with ThreadPoolExecutor(1) as thread:
            reading = thread.submit(self._process.stdout.read)
            self._read(reading.done)  # a full terminal would hold it up
            return reading.result()

    def ended(self) -> int:
        """Wait for the end, and return the exit status."""
        self._read(lambda: False)
        return self._process.wait(PATIENCE)

    def _read(self, is_enough: Any) -> None:
        end = time.monotonic() + PATIENCE
        while not is_enough() and time.monotonic() < end:
            ready, _, _ = select.select([self._screen], [], [], 0.1)
            try:
                part = os.read(self._screen, 65536) if ready else None
            except OSError:  # Linux: the other side was closed
                return
            if part == b"":
                return
            self.text += self._decoder.decode(part or b"")


@contextlib.contextmanager
def on_terminal(
    url: str,
    *arguments: str,
    columns: int = 100,
    env: Mapping[str, str] | None = None,
    stdout: int | None = None,
) -> Iterator[Terminal]:
    """Run the command on a terminal, with its output elsewhere if ``stdout`` says so."""
    screen, its_end = pty.openpty()
    variables = {
        "I3X_URL": url,
        "TERM": "xterm-256color",
        "COLUMNS": str(columns),
        "LINES": "24",
        **(env or {}),
    }
    with subprocess.Popen(
        [*COMMAND, *arguments],
        env=os.environ | variables,
        stdin=its_end,
        stdout=its_end if stdout is None else stdout,
        stderr=its_end,
        preexec_fn=_take_terminal,
    ) as process:
        os.close(its_end)
        try:
            yield Terminal(process, screen)
        finally:
            process.kill()
            os.close(screen)


def _take_terminal() -> None:
    import fcntl
    import termios

    os.setsid()
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, signal.default_int_handler)
