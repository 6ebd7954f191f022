"""The command: options in, progress on the screen, reports in files, and an exit code."""

from __future__ import annotations

import json as json_format
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Protocol, TextIO

from i3x.conformance import junit as junit_report
from i3x.conformance.definition import Outcome, Test
from i3x.conformance.option_help import DEFAULT_TIMEOUT
from i3x.conformance.options import Options, checked_file, checked_url
from i3x.conformance.report import Report
from i3x.conformance.runner import run
from i3x.conformance.terminal import Terminal

_INTERRUPTED = 130


class Screen(Protocol):
    """Who is told of a run while it goes on."""

    def begin(self, url: str) -> None:
        """The run begins."""

    def start(self, test: Test) -> None:
        """A test begins."""

    def outcome(self, outcome: Outcome) -> None:
        """A test is done."""

    def end(self, report: Report) -> None:
        """The run is over."""

    def interrupted(self) -> None:
        """The user has had enough."""


def execute(
    url: str,
    *,
    token: str | None = None,
    basic: str | None = None,
    header: Iterable[str] = (),
    ca: str | None = None,
    insecure: bool = False,
    no_writes: bool = False,
    timeout: str | float = DEFAULT_TIMEOUT,
    json: str | None = None,
    junit: str | None = None,
    quiet: bool = False,
    out: TextIO | None = None,
    screen: Screen | None = None,
) -> int:
    """Run the suite as the command does; `i3x.conformance.option_help.HELP` says what each argument means.

    The run is told to a ``screen``, by default as lines of text to ``out``, by default stdout.

    Returns the exit code: 0 for any compliant or compatible server, 1 for one that is not, 3 for one that can't be
    reached, and 130 if the user interrupts.

    Raises:
        ValueError: An argument is malformed, or a file can't be written; nothing was sent.
    """
    options = Options.read(
        token=token,
        basic=basic,
        header=header,
        ca=ca,
        insecure=insecure,
        no_writes=no_writes,
        timeout=timeout,
    )
    url = checked_url(url)
    files = checked_file(json), checked_file(junit)
    if screen is None:
        screen = Terminal(out or sys.stdout, quiet=quiet)
    screen.begin(url)
    try:
        report = run(url, options, screen.outcome, screen.start)
    except KeyboardInterrupt:
        screen.interrupted()
        return _INTERRUPTED
    screen.end(report)
    write(report, *files)
    return report.exit_code


def write(report: Report, json_file: Path | None, junit_file: Path | None) -> None:
    """Write the reports that are wanted."""
    if json_file is not None:
        json_file.write_text(json_format.dumps(report.to_dict(), indent=2) + "\n", encoding="utf-8")
    if junit_file is not None:
        junit_file.write_text(junit_report.render(report), encoding="utf-8")
