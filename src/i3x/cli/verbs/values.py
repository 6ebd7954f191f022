"""Current values: `get` reads them, `set` writes one."""

from __future__ import annotations

import enum
import json
import re
import sys
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from typer.core import TyperCommand

import i3x
from i3x.cli.connecting import Connection
from i3x.cli.elements import Element, Elements, resolved, the_one
from i3x.cli.endings import UsageError, refuse_if, tell_partial
from i3x.cli.output import Format, Output, chosen, show, show_one
from i3x.cli.progress import progress
from i3x.cli.terminal import remark

COLUMNS = {"elementId": "ID", "value": "VALUE", "quality": "QUALITY", "timestamp": "TIME"}
_OUTCOME = {"elementId": "ID", "success": "SUCCESS"}

Depth = Annotated[
    int, typer.Option("--depth", "-d", min=0, help="Levels of components, 1 for none of them and 0 for all.")
]


def get(connection: Connection, elements: Elements, depth: Depth = 1, output: Output = None) -> None:
    """Show the current values of elements.

    Example: i3x get pump-101 "Pump Station/Tank 201" --depth 0
    """
    with progress("reading values"), connection.client() as client:
        ids, unknown = resolved(client, elements)
        values = client.get_values(ids, depth)
    show((record for value in values.values() for record in _records(value)), COLUMNS, output)
    tell_partial(values.partial)
    refuse_if(unknown | values.errors)


def _records(value: i3x.CurrentValue[Any]) -> Iterator[dict[str, Any]]:
    """Give a value, and below it one record for each of its components."""
    parts: dict[str, i3x.CurrentValue[Any] | i3x.VQT[Any]] = {
        value.element_id: value,
        **(value.components or {}),
    }
    for element_id, part in parts.items():
        yield {
            "elementId": element_id,
            "value": part.value,
            "quality": part.quality,
            "timestamp": part.timestamp,
        }


class Quality(enum.StrEnum):
    """How far a value can be trusted, in the standard's words."""

    GOOD = "Good"
    GOOD_NO_DATA = "GoodNoData"
    BAD = "Bad"
    UNCERTAIN = "Uncertain"


class ValueCommand(TyperCommand):
    """A command whose last argument is a value: a negative number is that, and no option."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Put negative numbers behind ``--``, unless they belong to an option or that was done already."""
        takers = {name for each in self.params for name in each.opts if not getattr(each, "is_flag", True)}
        rest: list[str] = []
        numbers: list[str] = []
        for before, each in zip(["", *args], args, strict=False):
            is_number = re.fullmatch(r"-\.?\d.*", each) and before not in takers
            (numbers if is_number else rest).append(each)
        if numbers and "--" not in args:
            args = [*rest, "--", *numbers]
        return super().parse_args(ctx, args)


def set(  # noqa: A001 - the name of the verb
    connection: Connection,
    element: Element,
    value: Annotated[
        str,
        typer.Argument(
            metavar="VALUE",
            help="JSON; what is no JSON is taken as a text. - reads stdin, but for its last line end.",
        ),
    ],
    quality: Annotated[Quality | None, typer.Option(case_sensitive=False, help="Of the value.")] = None,
    timestamp: Annotated[
        str | None, typer.Option(metavar="TIME", help="RFC 3339; the server's own time by default.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write also what the schema of the object's type refuses.")
    ] = False,
    output: Output = None,
) -> None:
    """Write the current value of an element.

    Example: i3x set sensor-001 72.5 --quality Good
    """
    if element == value == "-":
        raise UsageError("stdin can't be both the element and the value: give one of them as it is")
    parsed = _value(_from_stdin() if value == "-" else value)
    is_absent = parsed is None and quality in (Quality.BAD, Quality.GOOD_NO_DATA)
    with progress("writing"), connection.client() as client:
        element_id = the_one(client, element)
        if not (force or is_absent):
            try:
                client.check_value(element_id, parsed)
            except i3x.InvalidValueError as error:
                error.add_note("--force writes it anyway")
                raise
        client.update_value(element_id, parsed, quality and quality.value, timestamp)
    if chosen(output) is Format.TABLE:
        remark("written")
    else:
        show_one({"elementId": element_id, "success": True}, _OUTCOME, output)


def _from_stdin() -> str:
    text = sys.stdin.read().removesuffix("\n").removesuffix("\r")
    if not text:
        raise UsageError("no value on stdin for -; an empty text is written as '\"\"'")
    return text


def _value(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refused)
    except json.JSONDecodeError:
        if text.lstrip()[:1] in ("{", "["):  # it was meant to be JSON
            raise UsageError(f"not valid JSON: {text.strip()}") from None
        return text
    except RecursionError:
        raise UsageError("the value is nested too deep to be sent") from None


def _refused(constant: str) -> None:
    raise UsageError(f"JSON has no {constant}; write null with --quality Bad for a value that is not there")
