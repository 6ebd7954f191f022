"""The columns of a frame, and how values find their way into them.

A value goes to the column of its path and its kind. What has no such column, or loses something in it, goes as
JSON text to one last column, ``value_other``: no server can send what a frame would drop.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import msgspec
import pyarrow as pa

from i3x.errors import InvalidServerResponseError
from i3x.frames.arrow import Array
from i3x.frames.shapes import KINDS, Kind, Path, Shape, kind_of, merged

OTHER = "value_other"

_ARROW: dict[Kind, pa.DataType] = {
    "integer": pa.int64(),
    "number": pa.float64(),
    "boolean": pa.bool_(),
    "string": pa.string(),
    "json": pa.string(),
}
_TAKEN: dict[Kind, frozenset[type]] = {
    "integer": frozenset((int,)),
    "number": frozenset((float, int)),
    "boolean": frozenset((bool,)),
    "string": frozenset((str,)),
    "json": frozenset(),
}
"""The types of values that a whole column may be built from at once. Arrow alone would take True for 1.0."""


class Column(msgspec.Struct, frozen=True):
    """One column of values: the leaves at a path that are of a kind."""

    name: str
    path: Path
    kind: Kind

    @property
    def field(self) -> pa.Field[Any]:
        """The column as a field of an Arrow schema."""
        about = {"kind": self.kind, "path": msgspec.json.encode(self.path)}
        return pa.field(self.name, _ARROW[self.kind], metadata=about)

    @classmethod
    def of(cls, described: pa.Field[Any]) -> Self:
        """Return the column that a field of an Arrow schema describes."""
        about = described.metadata or {}
        path = msgspec.json.decode(about.get(b"path", b"[]"), type=tuple[str, ...])
        kind = msgspec.convert(about.get(b"kind", b"json").decode(), Kind)
        return cls(described.name, path, kind)


def suffix_of(kind: Kind) -> str:
    """Return how the name of a column ends where there are several for a path."""
    return "number" if kind == "integer" else kind


def columns_of(shapes: Iterable[Shape]) -> list[Column]:
    """Return the columns for values of these shapes.

    Numbers and integers share a column. Where a path has several kinds still, each has a column of its own, whose
    name ends with the kind. Two paths that would have the same name share none: the second gets no column.
    """
    columns: dict[str, Column] = {}
    for path, kinds in merged(shapes).items():
        wanted = kinds - {"integer"} if "number" in kinds else kinds
        for kind in sorted(wanted, key=KINDS.index):
            name = ".".join(("value", *path)) + (f"_{suffix_of(kind)}" if len(wanted) > 1 else "")
            columns.setdefault(name, Column(name, path, kind))
    if not columns:  # nothing is known, and most of what a plant measures are numbers
        columns["value"] = Column("value", (), "number")
    return sorted(columns.values(), key=lambda column: bool(column.path))


@dataclass(slots=True)
class _Node:
    """A place in structured values: its columns by kind, and the fields below it."""

    path: Path
    columns: dict[Kind, int] = field(default_factory=dict[Kind, int])
    fields: dict[str, _Node] = field(default_factory=dict[str, "_Node"])


class Placing:
    """Puts values into columns."""

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._root = _Node(())
        for index, column in enumerate(columns):
            node = self._root
            for depth, name in enumerate(column.path):
                node = node.fields.setdefault(name, _Node(column.path[: depth + 1]))
            node.columns[column.kind] = index
            if column.kind == "number":
                node.columns["integer"] = index

    def arrays(self, values: Sequence[Any]) -> list[Array]:
        """Return one array for each column, and one more for what fits in none of them."""
        work = _Work.of(values, self._columns)
        work.place(self._root, values)
        arrays = [
            pa.nulls(len(values), column.field.type) if array is None else array
            for array, column in zip(work.arrays, self._columns, strict=True)
        ]
        return [*arrays, work.other()]


@dataclass(slots=True)
class _Work:
    """The columns of one run of values while they are filled."""

    size: int
    columns: Sequence[Column]
    arrays: list[Array | None]
    rest: dict[int, list[tuple[Path, Any]]]
    """By position, what found no place, with the path that it stood at."""

    @classmethod
    def of(cls, values: Sequence[Any], columns: Sequence[Column]) -> Self:
        return cls(len(values), columns, [None] * len(columns), {})

    def place(self, node: _Node, values: Sequence[Any]) -> None:
        """Place the values that stand at a node; None where nothing does."""
        types = set(map(type, values))
        types.discard(type(None))
        if dict in types and node.fields:
            self._place_fields(node, values)
            values = [None if type(value) is dict else value for value in values]
            types.discard(dict)
        if types:
            self._place_leaves(node, values, types)

    def _place_fields(self, node: _Node, values: Sequence[Any]) -> None:
        known = node.fields.keys()
        for name, inner in node.fields.items():
            members = [value.get(name) if type(value) is dict else None for value in values]
            self.place(inner, members)
        for position, value in enumerate(values):
            if type(value) is dict and not known >= value.keys():
                for name, member in value.items():
                    if name not in known:
                        self._leave(position, (*node.path, name), member)

    def _place_leaves(self, node: _Node, values: Sequence[Any], types: set[type]) -> None:
        index = next((node.columns.get(kind) for kind in KINDS if types <= _TAKEN[kind]), None)
        if index is None or not self._place_at_once(index, values):
            self._place_one_by_one(node, values)

    def _place_at_once(self, index: int, values: Sequence[Any]) -> bool:
        try:
            self.arrays[index] = pa.array(values, _ARROW[self.columns[index].kind])
        except (pa.ArrowInvalid, OverflowError, UnicodeEncodeError):
            return False  # numbers that are too large, or text that is no Unicode
        return True

    def _place_one_by_one(self, node: _Node, values: Sequence[Any]) -> None:
        filled: dict[int, list[Any]] = {index: [None] * self.size for index in node.columns.values()}
        for position, value in enumerate(values):
            if value is None:
                continue
            index = _column_for(node, value)
            stored, exact = (None, False) if index is None else _stored(value, self.columns[index].kind)
            if index is not None:
                filled[index][position] = stored
            if not exact:
                self._leave(position, node.path, value)
        for index, column in filled.items():
            self.arrays[index] = pa.array(column, _ARROW[self.columns[index].kind])

    def _leave(self, position: int, path: Path, value: Any) -> None:
        if value is not None:  # an absent field and a null mean the same
            self.rest.setdefault(position, []).append((path, value))

    def other(self) -> Array:
        """Return the array of what found no place."""
        if not self.rest:
            return pa.nulls(self.size, pa.string())
        texts: list[str | None] = [None] * self.size
        for position, parts in self.rest.items():
            texts[position] = _json(_nested(parts))
        return pa.array(texts, pa.string())


def _column_for(node: _Node, value: Any) -> int | None:
    kind = kind_of(value)
    if kind == "number" and "number" not in node.columns and value.is_integer():
        kind = "integer"  # JSON has one kind of number, and 3.0 is an integer
    return node.columns.get(kind or "json", node.columns.get("json"))  # JSON text takes anything


def _stored(value: Any, kind: Kind) -> tuple[Any, bool]:
    """Return what a column of a kind keeps of a value, and whether that is all of it."""
    if kind == "json":
        return _json(value), True
    if kind == "integer":
        whole = int(value)
        return (whole, True) if -(2**63) <= whole < 2**63 else (None, False)
    if kind == "number":
        try:
            number = float(value)
        except OverflowError:
            return None, False
        return number, number == value
    if kind == "string":
        return (value, True) if _is_unicode(value) else (None, False)
    return value, True


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _nested(parts: Sequence[tuple[Path, Any]]) -> Any:
    """Return what was left of a value as one value again."""
    whole: dict[str, Any] = {}
    for path, value in parts:
        if not path:
            return value
        inner = whole
        for name in path[:-1]:
            inner = inner.setdefault(name, {})
        inner[path[-1]] = value
    return whole


def _json(value: Any) -> str:
    try:
        return msgspec.json.encode(value).decode()
    except UnicodeEncodeError:  # a lone surrogate, which JSON can escape
        return json.dumps(value, separators=(",", ":"))
    except RecursionError as error:
        raise InvalidServerResponseError(
            "a value is nested too deep to be kept in a frame; leave its element out, and read it with get_value()"
        ) from error
