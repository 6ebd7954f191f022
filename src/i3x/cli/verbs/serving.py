"""`mock`: a server to try things on."""

from __future__ import annotations

from typing import Annotated

import typer

from i3x.cli.endings import UsageError
from i3x.cli.terminal import remark


def mock(
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free one.")] = 8080,
    host: Annotated[str, typer.Option(help="Any but a loopback address needs --token.")] = "127.0.0.1",
    token: Annotated[
        str | None, typer.Option("--token", help="The bearer token that clients must show.")
    ] = None,
    objects: Annotated[int, typer.Option(min=0, help="How many scalar sensors to add.")] = 0,
    tick: Annotated[float, typer.Option(min=0, help="Seconds between live changes; 0 for none.")] = 1.0,
) -> None:
    """Serve a small pump station as an i3X server, and print its address; Ctrl-C ends it.

    Example: i3x mock --port 8080
    """
    try:
        from i3x.testing.__main__ import main as serve
    except ImportError as error:
        raise UsageError("the server needs more packages: pip install 'i3x-client[testing]'") from error
    arguments = ["--port", str(port), "--host", host, "--objects", str(objects), "--tick", str(tick)]
    remark("Ctrl-C ends it; hand its address to the other verbs with --url or I3X_URL")
    raise typer.Exit(serve([*arguments, "--token", token] if token else arguments, program="i3x"))
