"""What is there: `info`, `ls`, `tree`, `related`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer
from rich.segment import Segment
from rich.style import Style

import i3x
from i3x.cli.connecting import Connection
from i3x.cli.elements import Elements, found, resolved, verify_types
from i3x.cli.endings import refuse_if, tell_partial
from i3x.cli.output import Format, Output, chosen, record_of, show, show_one
from i3x.cli.progress import progress
from i3x.cli.terminal import complain, emit_lines, remark
from i3x.cli.words import printable

_OBJECTS = {"displayName": "NAME", "elementId": "ID", "typeElementId": "TYPE"}
_METADATA = {"metadata.engUnit": "UNIT", "metadata.description": "DESCRIPTION"}
_EDGES = {
    "hops": "HOPS",
    "sourceElementId": "FROM",
    "sourceRelationship": "RELATIONSHIP",
    "object.elementId": "TO",
    "object.displayName": "NAME",
}
_INFO = {
    "url": "address",
    "serverName": "server",
    "serverVersion": "version",
    "specVersion": "i3X",
    "capabilities.query.history": "history",
    "capabilities.update.current": "writes",
    "capabilities.update.history": "history writes",
    "capabilities.subscribe.stream": "streams",
}
_DIM = Style(dim=True)

Start = Annotated[
    str | None, typer.Argument(metavar="[ID]", help="An element id or a path; the roots by default.")
]


def info(connection: Connection, output: Output = None) -> None:
    """Show who the server is and what it offers.

    Example: i3x info --url http://127.0.0.1:8080/v1
    """
    with progress("connecting"), connection.client() as client:
        record = {"url": client.url, **record_of(client.server_info)}
    show_one(record, _INFO, output)


def ls(
    connection: Connection,
    start: Start = None,
    of_type: Annotated[
        str | None, typer.Option("--type", metavar="ID", help="Only objects of this type.")
    ] = None,
    recursive: Annotated[bool, typer.Option("--recursive", "-r", help="With all that is below.")] = False,
    metadata: Annotated[bool, typer.Option("--metadata", "-m", help="With units and descriptions.")] = False,
    output: Output = None,
) -> None:
    """List what is below an element, or the roots.

    Example: i3x ls "Pump Station/Pump 101"
    """
    with progress("reading the address space"), connection.client() as client:
        space = client.address_space(include_metadata=metadata)
    tell_partial(space.partial)
    entries = [each for each in _below(space, start, recursive) if of_type in (None, each.type_element_id)]
    if of_type is not None and not entries:
        verify_types("object type", [of_type], space.object_types.values())
    columns = _OBJECTS | (_METADATA if metadata else {}) | ({"path": "PATH"} if recursive else {})
    show((_record(space, each) for each in entries), columns, output)


def _below(space: i3x.AddressSpace, start: str | None, recursive: bool) -> Iterator[i3x.ObjectInstance]:
    top = None if start is None else found(space, start)
    if recursive:
        yield from (entry for entry, _ in space.walk(top) if entry is not top)
    else:
        yield from space.tops if top is None else space.children(top)


def _record(space: i3x.AddressSpace, entry: i3x.ObjectInstance) -> dict[str, Any]:
    return {**record_of(entry), "path": space.path_text(entry)}


def tree(
    connection: Connection,
    start: Start = None,
    depth: Annotated[
        int | None, typer.Option("--depth", "-d", min=1, help="How many levels below it.")
    ] = None,
    output: Output = None,
) -> None:
    """Show the address space, or what is below an element, as a tree.

    Example: i3x tree --depth 2
    """
    with progress("reading the address space"), connection.client() as client:
        space = client.address_space()
    tell_partial(space.partial)
    top = None if start is None else found(space, start)
    near = [(entry, level) for entry, level in space.walk(top) if depth is None or level <= depth]
    if chosen(output) is Format.TABLE:
        emit_lines(_drawn(near))
        if not near:
            remark("nothing found")
    else:
        records = ({**_record(space, entry), "depth": level} for entry, level in near)
        show(records, {"depth": "DEPTH", **_OBJECTS, "parentId": "PARENT", "path": "PATH"}, output)
    for missing, named_by in space.dangling.items():
        complain(f"{named_by[0].element_id} names {missing!r}, which the server does not list")


def _drawn(entries: Sequence[tuple[i3x.ObjectInstance, int]]) -> Iterator[list[Segment]]:
    """Give the lines of a tree; ``entries`` come with their levels, each before what is below it."""
    more = [False] * len(entries)  # whether another entry of the same parent follows
    open_levels: set[int] = set()
    for position in range(len(entries) - 1, -1, -1):
        level = entries[position][1]
        more[position] = level in open_levels
        open_levels = {each for each in open_levels if each < level} | {level}
    guides: list[str] = []
    for (entry, level), follows in zip(entries, more, strict=True):
        del guides[max(level - 1, 0) :]
        branch = ("├── " if follows else "└── ") if level else ""
        yield [
            Segment("".join(guides) + branch, _DIM),
            Segment(f"{printable(entry.display_name)}  "),
            Segment(printable(entry.element_id), _DIM),
        ]
        if level:
            guides.append("│   " if follows else "    ")


def related(
    connection: Connection,
    elements: Elements,
    relationship: Annotated[
        list[str] | None,
        typer.Option("--type", "-t", metavar="ID", help="Only this relationship type; may be repeated."),
    ] = None,
    hops: Annotated[int, typer.Option(min=0, help="How far to go; 0 for as far as it leads.")] = 1,
    output: Output = None,
) -> None:
    """Show what elements are related to.

    Example: i3x related pump-101 --type SuppliesTo --hops 3
    """
    with progress("following relationships"), connection.client() as client:
        ids, unknown = resolved(client, elements)
        walk = client.traverse(ids, relationship or None, hops or None)
        hops_found = list(walk)
        unseen = set(relationship or ()) - {hop.edge.source_relationship for hop in hops_found}
        known = client.get_relationship_types() if unseen else []
    show(map(_edge, hops_found), _EDGES, output)
    tell_partial(walk.partial)
    refuse_if(unknown | walk.errors)
    verify_types("relationship type", sorted(unseen), known)


def _edge(hop: i3x.Hop) -> dict[str, Any]:
    return {
        "hops": hop.depth,
        "sourceElementId": hop.edge.source_element_id,
        "sourceRelationship": hop.edge.source_relationship,
        "object": record_of(hop.object),
    }
