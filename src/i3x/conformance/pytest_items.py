"""The suite in pytest: one item for each test, all of them on one run, and the verdict at the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from i3x.conformance import report as reports
from i3x.conformance.command import write
from i3x.conformance.definition import Outcome, Result, Test
from i3x.conformance.options import Options, checked_file
from i3x.conformance.report import Report
from i3x.conformance.runner import Run
from i3x.conformance.suite import TESTS
from i3x.conformance.terminal import printable

_OUTCOME = "i3x_conformance_outcome"
_FACTS = "i3x_conformance_facts"


class SuiteFile(pytest.File):
    """The file with the suite, as pytest sees it."""

    def collect(self) -> Iterator[pytest.Item]:
        """One item for each test, in the order of the run."""
        for test in TESTS:
            item: pytest.Item = ConformanceItem.from_parent(self, name=test.id, test=test)
            yield item


class NotConformingError(Exception):
    """The server fails a test; the message is the finding."""


class ConformanceItem(pytest.Item):
    """One test."""

    def __init__(self, *, test: Test, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.test = test

    def runtest(self) -> None:
        """Run it, after those that it needs."""
        conformance: Any = self.config.pluginmanager.get_plugin("i3x-conformance-run")
        outcome = conformance.outcome(self.test.id)
        self.user_properties.append((_OUTCOME, reports.to_dict(outcome)))
        self.user_properties.append((_FACTS, conformance.facts()))
        if outcome.result is Result.SKIP:
            pytest.skip(f"{outcome.reason}: {outcome.message}")
        told = _told(outcome)
        if outcome.result is Result.FAIL:
            raise NotConformingError(told)
        if outcome.result is Result.WARN or outcome.deviations:
            self.add_report_section("call", "i3X conformance", told)

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The finding alone: where in the suite it was found is of no use."""
        if isinstance(excinfo.value, NotConformingError):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """How pytest names it."""
        return self.path, 0, f"{self.test.id} {self.test.title}"


class Conformance:
    """The one run of a session. Under pytest-xdist there is one in each worker, and the controller has the report."""

    def __init__(self, config: pytest.Config, given: Mapping[str, Any]) -> None:
        told = {name: it for name, it in given.items() if it is not None}
        try:
            self._files = checked_file(told.pop("json", None)), checked_file(told.pop("junit", None))
            self._quiet = bool(told.pop("quiet"))
            self._url = str(told.pop("url"))
            self._run = Run(self._url, Options.read(**told))
        except ValueError as error:
            raise pytest.UsageError(f"--i3x-...: {error}") from error
        self._config = config
        self._outcomes: dict[str, Outcome] = {}
        self._facts: dict[str, Any] = {}

    def outcome(self, test_id: str) -> Outcome:
        """The outcome of a test."""
        return self._run.outcome(test_id)

    def facts(self) -> dict[str, Any]:
        """What a verdict needs beside the outcomes."""
        report = self._run.report()
        return {
            "base_url": report.base_url,
            "started": report.started,
            "reached": report.reached,
            "structured": report.structured,
            "hint": report.hint,
            "server": report.server,
        }

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep what came out, here or in a worker."""
        for name, value in report.user_properties if report.when == "call" else ():
            if name == _OUTCOME and isinstance(value, dict):
                outcome = reports.from_dict(value)
                self._outcomes[outcome.test.id] = outcome
            elif name == _FACTS and isinstance(value, dict):
                self._facts = {
                    **value,
                    "structured": value["structured"] or self._facts.get("structured", False),
                    "hint": value["hint"] or self._facts.get("hint", ""),
                }

    def pytest_sessionfinish(self) -> None:
        """Tidy up behind the run, and write the reports."""
        self._run.close()
        report = self._report()
        if report is not None and not hasattr(self._config, "workerinput"):
            write(report, *self._files)

    def pytest_terminal_summary(self, terminalreporter: Any) -> None:
        """Print the verdict, or why there is none."""
        report = self._report()
        if report is None:
            return
        terminalreporter.section(f"i3X 1.0 conformance of {report.url}")
        if not self._quiet:
            for outcome in report.outcomes:
                if reports.is_finding(outcome) and outcome.result is not Result.FAIL:
                    terminalreporter.line(f"{outcome.test.id}: {_told(outcome)}")
        if report.hint:
            terminalreporter.line(f"hint: {report.hint}")
        terminalreporter.line(report.conclusion)

    def _report(self) -> Report | None:
        """What was found; None if no test was run."""
        if not self._facts:
            return None
        ordered = [self._outcomes[test.id] for test in TESTS if test.id in self._outcomes]
        seconds = sum(outcome.seconds for outcome in ordered)
        return Report(url=self._url, seconds=seconds, outcomes=tuple(ordered), **self._facts)


def _told(outcome: Outcome) -> str:
    lines = [f"{name}: {text}" if name else text for name, text in reports.explanation(outcome)]
    lines += [f"document: {deviation}" for deviation in outcome.deviations]
    return "\n    ".join(printable(line) for line in lines)
