"""The types of a server: `types` lists them, or writes them down as Python classes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

import i3x
from i3x.cli.connecting import Connection
from i3x.cli.endings import REFUSED, UsageError
from i3x.cli.output import Format, record_of, show
from i3x.cli.progress import progress
from i3x.cli.terminal import emit, remark
from i3x.cli.words import printable

_COLUMNS = {"displayName": "NAME", "elementId": "ID", "namespaceUri": "NAMESPACE", "schema.type": "VALUE"}


def types(
    connection: Connection,
    output: Annotated[
        str | None,
        typer.Option(
            "--output", "-o", metavar="FORMAT|FILE.py", help="table, json, jsonl, csv, or a file for classes."
        ),
    ] = None,
    namespace: Annotated[
        str | None, typer.Option(metavar="URI", help="Only the types of this namespace.")
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Change no file: fail, and show how, if it is not current.")
    ] = False,
) -> None:
    """List the object types, or write them down as Python classes.

    Example: i3x types -o plant.py
    """
    classes = output is not None and output.endswith(".py")
    if check and not classes:
        raise UsageError("--check compares with a file: name it, as in -o plant.py --check")
    form = None if output is None or classes else _format(output)
    with progress("reading the types"), connection.client() as client:
        found = client.get_object_types(namespace)
        if namespace is not None and not found:
            _verify(namespace, [each.uri for each in client.get_namespaces()])
    if classes:
        _write(found, Path(str(output)), check=check)
    else:
        show(map(record_of, found), _COLUMNS, form)


def _verify(namespace: str, uris: list[str]) -> None:
    if namespace not in uris:
        there_are = ", ".join(uris) or "none"
        raise i3x.NotFoundError(f"the server has no namespace {namespace!r}; there are: {there_are}")


def _format(text: str) -> Format:
    try:
        return Format(text)
    except ValueError:
        raise UsageError(f"-o {text}: give {', '.join(Format)}, or a file that ends in .py") from None


def _write(found: i3x.BulkList[i3x.ObjectType], path: Path, *, check: bool) -> None:
    from i3x.typegen import difference, generate_types, save

    with progress("writing the classes"):
        source = generate_types(found)
    if not check:
        save(source, path)
        remark(f"{len(found)} object types written to {path}")
    elif changes := difference(source, path):
        emit("".join(f"{printable(line)}\n" for line in changes.splitlines()))
        raise typer.Exit(REFUSED)
    else:
        remark(f"{path} is current")
