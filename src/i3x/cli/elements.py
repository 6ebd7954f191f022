"""Elements as people name them: by id, by the path of their display names, or from stdin."""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterable
from difflib import get_close_matches
from typing import Annotated, NamedTuple

import typer

import i3x
from i3x.cli.endings import UsageError
from i3x.cli.terminal import complain

ELEMENTS_HELP = (
    "Element ids or paths of display names; - reads them from stdin, one a line, or from lines of JSON that `i3x ls` "
    "wrote. Put -- before an id that begins with -."
)
Elements = Annotated[list[str], typer.Argument(metavar="ID...", help=ELEMENTS_HELP)]
Element = Annotated[
    str,
    typer.Argument(
        metavar="ID",
        help="An element id, a path of display names, or a display name; - reads one from stdin.",
    ),
]


def given(texts: Iterable[str]) -> list[str]:
    """Return the texts of a command line, with ``-`` replaced by the lines of stdin.

    Raises :class:`UsageError` if there are none.
    """
    found: list[str] = []
    for text in texts:
        found += [_named(line.strip()) for line in sys.stdin if line.strip()] if text == "-" else [text]
    if not found:
        raise UsageError("no element: name at least one, or give some on stdin for -")
    return found


def _named(line: str) -> str:
    """Return the element that a line of stdin names: by itself, or as a record that another verb wrote."""
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return line
    return (
        record["elementId"] if isinstance(record, dict) and isinstance(record.get("elementId"), str) else line
    )


class Resolved(NamedTuple):
    """What a command line names."""

    ids: list[str]
    """The ids of the elements, in the same order, each once."""
    unknown: dict[str, i3x.NotFoundError]
    """What names none, with an error that says what is near."""


def resolved(client: i3x.Client, texts: Iterable[str]) -> Resolved:
    """Return the elements that were named by id or by path; the address space is read only if one is no id.

    Raises :class:`~i3x.NotFoundError` if there are none, and :class:`~i3x.AmbiguousPathError` for a path that leads
    to several.
    """
    names = list(dict.fromkeys(given(texts)))
    refused = client.list_objects(names).errors
    strange = {name for name, error in refused.items() if isinstance(error, i3x.NotFoundError)}
    if not strange:
        return Resolved(names, {})
    space = client.address_space()
    ids: dict[str, None] = {}
    unknown: dict[str, i3x.NotFoundError] = {}
    for name in names:
        try:
            ids[found(space, name).element_id if name in strange else name] = None
        except i3x.NotFoundError as error:
            unknown[name] = error
    if not ids:
        *others, last = unknown.values()
        for each in others:
            complain(str(each))
        raise last
    return Resolved(list(ids), unknown)


def the_one(client: i3x.Client, text: str) -> str:
    """Return the id of an element as :func:`resolved` does, where there can be but one.

    Raises :class:`UsageError` if stdin names several.
    """
    ids, unknown = resolved(client, [text])
    if (count := len(ids) + len(unknown)) > 1:
        raise UsageError(f"stdin names {count} elements, and one is wanted")
    return ids[0]


def found(space: i3x.AddressSpace, text: str) -> i3x.ObjectInstance:
    """Return the object that a text means: by element id, else by path, else by display name.

    Raises :class:`~i3x.NotFoundError` with what is near, or :class:`~i3x.AmbiguousPathError` with all that it may mean.
    """
    try:
        return space.find(text)
    except i3x.NotFoundError as error:
        near = _near(text, space)
        hint = (
            f"do you mean {' or '.join(map(repr, near))}?" if near else "`i3x ls -r` lists all that there is"
        )
        raise i3x.NotFoundError(f"{error}; {hint}", element_id=text) from error
    except i3x.AmbiguousPathError as error:
        ids = ", ".join(map(repr, error.candidates))
        raise i3x.AmbiguousPathError(
            f"{text!r} stands for {len(error.candidates)} objects: {ids}; use the element id",
            error.candidates,
        ) from error


def _near(text: str, space: i3x.AddressSpace) -> list[str]:
    """Return the paths, or the names and ids, that are most like a text, whatever its case."""
    if "/" in text:
        known = {space.path_text(each): None for each in space}
    else:
        known = {name: None for each in space for name in (each.display_name, each.element_id)}
    folded = {name.casefold(): name for name in known}
    return [folded[each] for each in get_close_matches(text.casefold(), folded)]


def verify_types(
    kind: str, asked: Iterable[str], listed: Collection[i3x.ObjectType | i3x.RelationshipType]
) -> None:
    """Raise :class:`~i3x.NotFoundError`, with what is near, for the first type that is not listed."""
    ids = {each.element_id: each.element_id for each in listed}
    by_name = {each.display_name: each.element_id for each in listed} | ids
    for name in asked:
        if name not in ids:
            near = dict.fromkeys(by_name[each] for each in get_close_matches(name, by_name))
            hint = f"do you mean {' or '.join(map(repr, near))}?" if near else "give the element id of one"
            raise i3x.NotFoundError(f"the server has no {kind} {name!r}: {hint}", element_id=name)
