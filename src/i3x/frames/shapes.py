"""What the values of an element look like: the leaves of its object type's JSON Schema, and their kinds.

A schema comes from a server, so it may be anything. Whatever is not understood ends as "unknown", which costs a
typed column and never a value.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypeAlias, get_args

Kind: TypeAlias = Literal["integer", "number", "boolean", "string", "json"]
"""How a leaf is kept: in a column of this type. Arrays and objects without known fields are JSON text."""

Path: TypeAlias = tuple[str, ...]
"""The fields that lead to a leaf of a structured value; a scalar value is one leaf at the empty path."""

Shape: TypeAlias = dict[Path, frozenset[Kind]]
"""The leaves of a value, with the kinds that each may have: none where nothing is said of a field."""

KINDS: tuple[Kind, ...] = get_args(Kind)

_DEEPEST = 16
_MOST_PARTS = 10_000
_BY_PYTHON_TYPE: dict[type, Kind] = {
    int: "integer",
    float: "number",
    bool: "boolean",
    str: "string",
    list: "json",
    dict: "json",
}
_NAMES: dict[str, Kind] = {
    "integer": "integer",
    "number": "number",
    "boolean": "boolean",
    "string": "string",
    "array": "json",
}


def kind_of(value: Any) -> Kind | None:
    """Return the kind of a value, None for null."""
    return _BY_PYTHON_TYPE.get(type(value))


def shape_of_schema(*schemas: Mapping[str, Any] | None) -> Shape:
    """Return the shape that a schema, or several that hold at once, declares for a value."""
    leaves: Shape = {}
    for schema in schemas:
        for path, kind in _Reader(schema).leaves(schema, (), ()):
            kinds: frozenset[Kind] = frozenset() if kind is None else frozenset((kind,))
            leaves[path] = leaves.get(path, frozenset()) | kinds
    # Any object at all is what servers say of types that they do not know.
    if leaves.get(()) == frozenset(("json",)):
        del leaves[()]
    return leaves


def shape_of_value(value: Any) -> Shape:
    """Return the shape that one value has; null has none."""
    return dict(itertools.islice(_leaves_of_value(value, ()), _MOST_PARTS))


def completed(shape: Shape, seen: Shape) -> Shape:
    """Return a shape whose leaves of which nothing is said have the kinds that were seen, or else are JSON text."""
    whole: Shape = {}
    for path, kinds in shape.items():
        below = {} if kinds else {each: seen[each] for each in seen if each[: len(path)] == path}
        whole.update(below or {path: kinds or frozenset(("json",))})
    return whole


def merged(shapes: Iterable[Shape]) -> Shape:
    """Return one shape that has the leaves of all."""
    leaves: Shape = {}
    for shape in shapes:
        for path, kinds in shape.items():
            leaves[path] = leaves.get(path, frozenset()) | kinds
    return leaves


def _leaves_of_value(value: Any, path: Path) -> Iterator[tuple[Path, frozenset[Kind]]]:
    if isinstance(value, dict) and value and len(path) < _DEEPEST:
        for name, member in value.items():
            yield from _leaves_of_value(member, (*path, name))
    elif (kind := kind_of(value)) is not None:
        yield path, frozenset((kind,))


class _Reader:
    """Reads one schema, which may refer to parts of itself, in circles too."""

    def __init__(self, whole: Any) -> None:
        self._whole = whole
        self._left = _MOST_PARTS

    def leaves(
        self, schema: Any, path: Path, following: tuple[str, ...]
    ) -> Iterator[tuple[Path, Kind | None]]:
        """Yield the leaves of a schema; ``following`` are the references that led to it."""
        self._left -= 1
        if not isinstance(schema, Mapping) or self._left < 0 or len(path) > _DEEPEST:
            return
        reference = schema.get("$ref")
        if isinstance(reference, str) and reference not in following:
            target = _referred(self._whole, reference)
            yield from self.leaves(target, path, (*following, reference))
        for keyword in ("allOf", "anyOf", "oneOf"):
            for part in _entries(schema.get(keyword)):
                yield from self.leaves(part, path, following)
        for kind in _scalar_kinds(schema):
            yield path, kind
        yield from self._fields(schema, path, following)

    def _fields(
        self, schema: Mapping[str, Any], path: Path, following: tuple[str, ...]
    ) -> Iterator[tuple[Path, Kind | None]]:
        properties = schema.get("properties")
        if isinstance(properties, Mapping) and properties:
            for name, member in properties.items():
                inner = (*path, str(name))
                leaves = list(self.leaves(member, inner, following))
                yield from leaves or [(inner, None)]  # one of which nothing is said, or too deep to follow
        elif "object" in _type_names(schema) and not _refines(schema):
            yield path, "json"


def _scalar_kinds(schema: Mapping[str, Any]) -> Iterator[Kind]:
    names = _type_names(schema)
    for name in names:
        if name in _NAMES:
            yield _NAMES[name]
    if not names:
        for choice in [schema["const"]] if "const" in schema else _entries(schema.get("enum")):
            kind = kind_of(choice)
            if kind is not None and kind != "json":
                yield kind


def _type_names(schema: Mapping[str, Any]) -> list[str]:
    declared = schema.get("type")
    names = [declared] if isinstance(declared, str) else _entries(declared)
    return [name for name in names if isinstance(name, str)]


def _refines(schema: Mapping[str, Any]) -> bool:
    """Whether the fields of an object are declared elsewhere in its schema."""
    return not schema.keys().isdisjoint(("$ref", "allOf", "anyOf", "oneOf"))


def _entries(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _referred(whole: Any, reference: str) -> Any:
    """Return what a reference within the same schema points to; nothing outside of it is ever looked at."""
    if reference != "#" and not reference.startswith("#/"):
        return None
    target = whole
    for segment in reference.split("/")[1:]:
        name = segment.replace("~1", "/").replace("~0", "~")
        if not isinstance(target, Mapping) or name not in target:
            return None
        target = target[name]
    return target
