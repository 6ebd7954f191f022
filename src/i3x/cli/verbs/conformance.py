"""`conformance`: whether a server does what the standard says, in the suite's own words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any

import typer

from i3x.cli.connecting import Connection
from i3x.cli.output import Format, Output, chosen, show, show_one
from i3x.cli.progress import progress
from i3x.cli.terminal import complain

if TYPE_CHECKING:  # loaded where the suite runs: it needs an extra of its own
    from i3x.conformance.command import Screen
    from i3x.conformance.definition import Outcome, Test
    from i3x.conformance.report import Report

_COLUMNS = {
    "id": "ID",
    "level": "LEVEL",
    "title": "TITLE",
    "result": "RESULT",
    "reason": "REASON",
    "message": "MESSAGE",
}


def conformance(
    connection: Connection,
    address: Annotated[
        str | None, typer.Argument(metavar="[URL]", help="The address of the server (or --url, or I3X_URL).")
    ] = None,
    no_writes: Annotated[
        bool, typer.Option("--no-writes", help="Write nothing: what needs writing is skipped.")
    ] = False,
    json: Annotated[
        str | None, typer.Option("--json", metavar="FILE", help="Write the report to this file, as JSON.")
    ] = None,
    junit: Annotated[
        str | None,
        typer.Option("--junit", metavar="FILE", help="Write the report to this file, as JUnit XML."),
    ] = None,
    quiet: Annotated[
        bool, typer.Option("--quiet", help="Print nothing but findings and the verdict.")
    ] = False,
    output: Output = None,
) -> None:
    """Test whether a server conforms to i3X 1.0.

    In a pipe that is an object for each test and a last one with the verdict; -o json is the report as one object, and
    -o csv has the tests alone.

    Example: i3x conformance https://server.example.com/v1 --no-writes
    """
    settings = replace(connection, url=address or connection.url).settings()
    verify = settings.get("verify", True)
    user, password = settings.get("auth") or (None, None)
    from i3x.conformance.command import execute
    from i3x.conformance.option_help import DEFAULT_TIMEOUT

    form = chosen(output)
    is_for_people = form is Format.TABLE  # and the suite has a screen of its own for them
    screen: Screen | None = None if is_for_people else _Records(form, quiet=quiet)
    with nullcontext() if is_for_people else progress("testing", beside=True):
        status = execute(
            settings["base_url"],
            token=settings.get("token"),
            basic=None if user is None else f"{user}:{password}",
            header=[f"{name}: {value}" for name, value in (settings.get("headers") or {}).items()],
            ca=None if isinstance(verify, bool) else str(verify),
            insecure=not verify,
            no_writes=no_writes,
            timeout=settings.get("timeout", DEFAULT_TIMEOUT),
            json=json,
            junit=junit,
            quiet=quiet,
            screen=screen,
        )
    raise typer.Exit(status)


class _Records:
    """The run for programs: each test as it is done, and then the verdict; or all of it at the end."""

    def __init__(self, form: Format, *, quiet: bool) -> None:
        self._form = form
        self._quiet = quiet

    def begin(self, url: str) -> None:
        """The run begins: nothing is known yet."""

    def start(self, test: Test) -> None:
        """A test begins: nothing is known yet."""

    def outcome(self, outcome: Outcome) -> None:
        """A test is done."""
        if self._form is Format.JSONL:
            show(self._records([outcome]), _COLUMNS, self._form)

    def end(self, report: Report) -> None:
        """The run is over."""
        whole, tests = report.to_dict(), list(self._records(report.outcomes))
        del whole["tests"]
        if self._form is Format.CSV:
            show(tests, _COLUMNS, self._form)
        else:
            show_one(whole if self._form is Format.JSONL else {**whole, "tests": tests}, _COLUMNS, self._form)

    def interrupted(self) -> None:
        """The user has had enough."""
        from i3x.conformance.terminal import INTERRUPTED

        complain(INTERRUPTED)

    def _records(self, outcomes: Iterable[Outcome]) -> Iterator[dict[str, Any]]:
        from i3x.conformance.report import is_finding, to_dict

        return (to_dict(each) for each in outcomes if is_finding(each) or not self._quiet)
