"""Running those who are compared in turns, and what comes of it: rows, each with its bars."""

import contextlib
import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tests.benchmarks.bodies import Bodies
from tests.benchmarks.server import Settings

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Bar:
    """How our figure has to stand to somebody else's: at most so many times it, or at least."""

    beside: str
    limit: float
    at_least: bool = False

    def is_met(self, ratio: float) -> bool:
        """Whether a ratio is good enough."""
        return ratio >= self.limit if self.at_least else ratio <= self.limit

    def __str__(self) -> str:
        return f"{'>=' if self.at_least else '<='} {self.limit:g}"


@dataclass(frozen=True)
class Row:
    """The figures of one work, by who did it, and the bars; of some works one bar is enough."""

    work: str
    unit: str
    figures: Mapping[str, float]
    bars: tuple[Bar, ...] = ()
    one_is_enough: bool = False

    def ratio(self, bar: Bar) -> float:
        """Return our figure as a multiple of the one that the bar is about."""
        return self.figures["ours"] / self.figures[bar.beside]

    @property
    def is_met(self) -> bool:
        """Whether the row has what was promised."""
        met = [bar.is_met(self.ratio(bar)) for bar in self.bars]
        return (any if self.one_is_enough else all)(met) or not met

    def as_json(self) -> dict[str, Any]:
        """Return the row for machines."""
        bars = [
            {**asdict(bar), "ratio": self.ratio(bar), "met": bar.is_met(self.ratio(bar))} for bar in self.bars
        ]
        return {
            "work": self.work,
            "unit": self.unit,
            "figures": dict(self.figures),
            "bars": bars,
            "met": self.is_met,
        }

    def lines(self) -> Iterator[str]:
        """Yield the row for people: one line for each bar."""
        work, ours = self.work, f"{self.figures['ours']:,.4g} {self.unit}".rstrip()
        for bar in self.bars or (None,):
            line = f"{work:52} {ours:>16}"
            if bar is not None:
                beside = f"{bar.beside} {self.figures[bar.beside]:,.4g}"
                word = "met" if bar.is_met(self.ratio(bar)) else "enough" if self.is_met else "MISSED"
                line += f"  {beside:>24} {self.ratio(bar):>9.3g}  {bar!s:>8}  {word}"
            yield line
            work = ours = ""


class WorkFailedError(Exception):
    """One of those who are compared can't do the work at all."""


class Worker:
    """A process that does one work, again and again."""

    def __init__(self, python: str, module: str, who: str) -> None:
        self._name = f"{who} of {module}"
        self._process = subprocess.Popen(
            [python, "-m", "tests.benchmarks.worker", module, who],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def work(self, arguments: Mapping[str, Any]) -> float:
        """Do the work once, and return the figure that comes of it."""
        to, answers = self._process.stdin, self._process.stdout
        assert to is not None
        assert answers is not None
        to.write(json.dumps(arguments) + "\n")
        to.flush()
        if not (line := answers.readline()):
            raise WorkFailedError(f"{self._name} failed; its words are above")
        return float(json.loads(line))

    def close(self) -> None:
        """End the process, whatever threads are left in it."""
        self._process.kill()
        self._process.communicate()


@dataclass
class Bench:
    """Who is compared, and how thoroughly. All but the released client live in the environment of ours."""

    pythons: Mapping[str, str]
    bodies: Bodies
    rounds: int = 5
    quick: bool = False

    def python(self, who: str) -> str:
        """Return the Python of somebody's environment."""
        return self.pythons.get(who, self.pythons["ours"])

    def size(self, full: int) -> int:
        """Return how much work is to be done: all, or next to nothing where only the bench itself is tested."""
        return max(1, full // 1000) if self.quick else full

    def medians(
        self, module: str, who: tuple[str, ...], arguments: Mapping[str, Any], rounds: int | None = None
    ) -> dict[str, float]:
        """Let everybody work in turns, once to get warm and then so many rounds; return the medians."""
        figures: dict[str, list[float]] = {name: [] for name in who}
        with contextlib.ExitStack() as ends:
            workers = {name: Worker(self.python(name), module, name) for name in who}
            for worker in workers.values():
                ends.callback(worker.close)
            for _ in range(1 + (rounds or self.rounds)):
                for name, worker in workers.items():
                    figures[name].append(worker.work(arguments))
        return {name: statistics.median(found[1:]) for name, found in figures.items()}


@contextlib.contextmanager
def serving(settings: Settings) -> Iterator[str]:
    """Run a server, and yield where it is."""
    command = [sys.executable, "-m", "tests.benchmarks.server", json.dumps(asdict(settings))]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            yield f"http://127.0.0.1:{process.stdout.readline().strip()}"
        finally:
            process.kill()
