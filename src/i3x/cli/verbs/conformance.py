"""`conformance`: whether a server does what the standard says, in the suite's own words."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from i3x.cli.connecting import Connection


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
) -> None:
    """Test whether a server conforms to i3X 1.0.

    Example: i3x conformance https://server.example.com/v1 --no-writes
    """
    settings = replace(connection, url=address or connection.url).settings()
    verify = settings.get("verify", True)
    user, password = settings.get("auth") or (None, None)
    from i3x.conformance.command import execute
    from i3x.conformance.option_help import DEFAULT_TIMEOUT

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
    )
    raise typer.Exit(status)
