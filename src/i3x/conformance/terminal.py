"""The run as people see it in a terminal: one line a test as it comes, findings explained, the verdict last."""

from __future__ import annotations

import os
from typing import TextIO

from i3x.conformance.definition import UNREACHED, Outcome, Result, Test
from i3x.conformance.report import Report, explanation, is_finding
from i3x.conformance.verdict import Verdict

_COLOURS = {Result.PASS: "32", Result.FAIL: "1;31", Result.WARN: "33", Result.SKIP: "2"}
_SECTIONS = {
    "CORE": "Transport and capabilities",
    "EXP": "Exploratory",
    "QRY": "Query",
    "UPD": "Update",
    "SUB": "Subscribe",
}
INTERRUPTED = "interrupted: no verdict, and no report; what was created on the server is deleted"
_ERASE = "\r\x1b[K"


class Terminal:
    """Writes a run to a stream of text; what a server sent can't steer the terminal."""

    def __init__(self, out: TextIO, *, quiet: bool = False) -> None:
        self._out = out
        self._quiet = quiet
        self._live = out.isatty()
        self._colours = self._live and "NO_COLOR" not in os.environ
        self._section = ""

    def begin(self, url: str) -> None:
        """The run begins."""
        if not self._quiet:
            self._line(f"i3X 1.0 conformance of {url}")

    def start(self, test: Test) -> None:
        """A test begins: shown only where it can be taken back."""
        if self._live:
            self._write(f"{_ERASE}  ...  {test.id}  {test.title}")

    def outcome(self, outcome: Outcome) -> None:
        """A test is done."""
        if self._live:
            self._write(_ERASE)
        if (self._quiet and not is_finding(outcome)) or outcome.message == UNREACHED:
            return
        self._heading(outcome.test)
        test = outcome.test
        result = self._coloured(outcome.result.value.ljust(4), _COLOURS[outcome.result])
        why = f" [{outcome.reason.value}]" if outcome.reason else ""
        self._line(f"  {result}  {test.id:<7}  {test.level:<6}  {test.title}{why}")
        for name, text in explanation(outcome):
            self._line(f"        {name + ': ' if name else ''}{printable(text)}")
        for deviation in outcome.deviations:
            self._line(f"        {self._coloured('document:', '33')} {printable(deviation)}")

    def end(self, report: Report) -> None:
        """The run is over."""
        counts = ", ".join(f"{count} {result}" for result, count in report.counts().items())
        good = report.verdict is not Verdict.NOT_COMPLIANT
        self._line("")
        self._line(f"{counts}, in {report.seconds:.1f} s")
        if report.unverified:
            self._line(f"unverified: {', '.join(report.unverified)}")
        if report.untestable:
            self._line(f"untestable: {', '.join(report.untestable)}")
        if not report.reached:
            self._line(f"{UNREACHED}: the other tests were skipped")
        if report.hint:
            self._line(self._coloured(f"hint: {report.hint}", "33"))
        self._line(self._coloured(report.conclusion, "1;32" if good else "1;31"))

    def interrupted(self) -> None:
        """The user has had enough."""
        self._line("")
        self._line(INTERRUPTED)

    def _heading(self, test: Test) -> None:
        if test.section != self._section:
            self._section = test.section
            self._line("")
            self._line(self._coloured(_SECTIONS[test.section], "1"))

    def _coloured(self, text: str, colour: str) -> str:
        return f"\x1b[{colour}m{text}\x1b[0m" if self._colours else text

    def _line(self, text: str) -> None:
        self._write(text + "\n")

    def _write(self, text: str) -> None:
        encoding = self._out.encoding or "utf-8"
        self._out.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._out.flush()


def printable(text: str) -> str:
    """The text with all that is not printable spelled out."""
    return "".join(
        each if each.isprintable() else each.encode("unicode_escape", "surrogatepass").decode()
        for each in text
    )
