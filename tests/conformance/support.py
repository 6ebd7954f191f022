"""What the tests of the conformance suite share: quick options, and a report boiled down."""

from collections.abc import Iterable
from dataclasses import dataclass

from i3x.conformance import Options, Report, Result, Verdict, run
from i3x.testing import Server

TOKEN = "open-sesame-4711"
QUICK = Options(timeout=20, takeover_grace=2, update_wait=0.1)


@dataclass(frozen=True)
class Found:
    """What a run came to."""

    verdict: Verdict | None
    fails: set[str]
    warns: set[str]
    skips: dict[str, str]
    """Id -> reason."""
    report: Report

    def message(self, test_id: str) -> str:
        """What is said of one test."""
        return next(outcome.message for outcome in self.report.outcomes if outcome.test.id == test_id)


def examine(url: str, options: Options = QUICK) -> Found:
    """Run the suite."""
    return boil(run(url, options))


def boil(report: Report) -> Found:
    """A report, boiled down."""
    return Found(
        report.verdict,
        _ids(report, Result.FAIL),
        _ids(report, Result.WARN),
        {each.test.id: each.reason.value for each in report.outcomes if each.reason is not None},
        report,
    )


def _ids(report: Report, result: Result) -> set[str]:
    return {outcome.test.id for outcome in report.outcomes if outcome.result is result}


def subscriptions(server: Server) -> int:
    """How many subscriptions a server has."""
    return len(list(server._state.subscriptions))


def ids(section: str, numbers: Iterable[int]) -> set[str]:
    """The ids of a section."""
    return {f"{section}-{number:02d}" for number in numbers}
