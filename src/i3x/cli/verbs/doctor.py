"""`doctor`: what is wrong between here and the server, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

import typer
from rich.segment import Segment
from rich.style import Style

from i3x.cli.connecting import Connection
from i3x.cli.doctor.examination import examined
from i3x.cli.doctor.findings import Finding, Verdict
from i3x.cli.endings import REFUSED, UNREACHABLE
from i3x.cli.output import Format, Output, chosen, show
from i3x.cli.progress import progress
from i3x.cli.terminal import emit_lines
from i3x.cli.words import printable

_COLUMNS = {"check": "CHECK", "verdict": "VERDICT", "seen": "SEEN", "advice": "WHAT TO DO"}
_STATUS = {Verdict.FAULT: REFUSED, Verdict.UNREACHABLE: UNREACHABLE}
_SIGNS = {
    Verdict.OK: Segment("✓ ", Style(color="green")),
    Verdict.WARNING: Segment("! ", Style(color="yellow")),
    Verdict.FAULT: Segment("✗ ", Style(color="red")),
    Verdict.UNREACHABLE: Segment("✗ ", Style(color="red")),
}
_NAME_WIDTH = 12


def doctor(connection: Connection, output: Output = None) -> None:
    """Find out what is wrong between here and the server, and what to do about it.

    Example: i3x doctor --url http://127.0.0.1:8080/v1
    """
    verdicts: list[Verdict] = []

    def findings() -> Iterator[Finding]:
        found = examined(connection.client(), connection.settings())
        while (finding := _next(found)) is not None:
            verdicts.append(finding.verdict)
            yield finding

    if chosen(output) is Format.TABLE:
        for finding in findings():
            emit_lines(_drawn(finding))
    else:
        show(map(asdict, findings()), _COLUMNS, output)
    raise typer.Exit(max(_STATUS.get(verdict, 0) for verdict in verdicts))


def _next(found: Iterator[Finding]) -> Finding | None:
    # The bar is gone before the finding is shown: they may share a terminal.
    with progress("examining"):
        return next(found, None)


def _drawn(finding: Finding) -> Iterator[list[Segment]]:
    name = Segment(f"{finding.check:<{_NAME_WIDTH}}", Style(bold=True))
    yield [_SIGNS[finding.verdict], name, Segment(printable(finding.seen))]
    if finding.advice:
        yield [Segment(f"{'':{_NAME_WIDTH + 2}}→ {printable(finding.advice)}")]
