"""The command `i3x`, put together from its verbs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

import i3x
from i3x.cli.connecting import connected
from i3x.cli.verbs import conformance, doctor, explore, history, serving, smoke, types, values, watch

application = typer.Typer(
    name="i3x",
    epilog="The server and its credentials come from the options of each verb, or from the environment: I3X_URL, "
    "I3X_TOKEN, I3X_USERNAME and I3X_PASSWORD, I3X_HEADER, I3X_CA, I3X_INSECURE, I3X_TIMEOUT. Exit status: 0 "
    "success, 1 the server said no, 2 wrong usage, 3 the server can't be reached.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)

_VERBS: tuple[Callable[..., None], ...] = (
    explore.info,
    doctor.doctor,
    explore.ls,
    explore.tree,
    explore.related,
    types.types,
    values.get,
    values.set,
    history.history,
    watch.watch,
    history.export,
    smoke.smoke,
    conformance.conformance,
)
for verb in _VERBS:
    kind = values.ValueCommand if verb is values.set else None
    application.command(cls=kind)(connected(verb))
application.command()(serving.mock)


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"i3x-client {i3x.__version__}")
        raise typer.Exit


@application.callback()
def _main(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Explore, read, write and watch an i3X 1.0 server.

    Example: i3x tree --url http://127.0.0.1:8080/v1
    """
