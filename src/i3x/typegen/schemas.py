"""Reads the JSON Schema of an object type, which nobody vouches for.

A schema comes from a server and may be anything: endless, recursive, or made to harm whoever processes it. So it is
not handed on. A fixed list of keywords is looked at, `$ref` is followed within the same schema alone, and what
remains is a :class:`~i3x.typegen.shapes.Shape`. Whatever else a schema says makes fewer values valid; leaving it out
gives a type that takes some more.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote

from i3x.typegen.shapes import (
    ANYTHING,
    KINDS,
    NOTHING,
    Choice,
    Combining,
    Field,
    Record,
    Shape,
    UnreadableSchemaError,
    known,
    plain_kinds,
)
from i3x.typegen.texts import readable
from i3x.value_checks import declares_null, short

_MOST_LEVELS = 64
_MOST_LEVELS_IN_ALL = 160  # through references too; each is a few calls, of which Python allows a thousand
_LONGEST_TEXT = 1_000  # of an enumerated text
_MOST_UNREAD = 10  # references that are told

_COMBINING = ("$ref", "allOf", "anyOf", "oneOf", "enum", "const")
_UNITS = ("unit", "units", "engUnit", "x-unit", "x-engUnit")

Words = tuple[str, ...]


def read_schema(schema: Any) -> tuple[Shape, str]:
    """Return the shape of a schema's values, and which references are not read and why; empty if all are.

    Raises :class:`UnreadableSchemaError` for what is no schema, and for what is too large or too deep.
    """
    reader = _Reader(schema)
    shape = reader.read(schema, "", (), 0)
    return shape, _told(list(reader.unread.items()))


def describe(schema: Any) -> tuple[str, ...]:
    """Return what a schema says to people, one sentence each: title, description, unit, and range."""
    if not isinstance(schema, Mapping):
        return ()
    said = [readable(schema.get(keyword)) for keyword in ("title", "description")]
    unit = next((text for keyword in _UNITS if (text := readable(schema.get(keyword)))), "")
    said.append(f"Unit: {unit}" if unit else "")
    limits = ((keyword, _number(schema.get(keyword))) for keyword in ("minimum", "maximum"))
    said.append(", ".join(f"{keyword} {limit}" for keyword, limit in limits if limit).capitalize())
    return tuple(dict.fromkeys(text for text in said if text))


class _Reader:
    def __init__(self, root: Any) -> None:
        self._root = root
        self._combining = Combining()
        self._finished: dict[str, Shape] = {}
        self._begun: dict[str, Record | None] = {}
        """What is being read: the whole way from the root, in this order."""
        self.unread: dict[str, str] = {}
        """Why what refers elsewhere is not read, by its pointer."""

    def read(self, schema: Any, pointer: str, words: Words, level: int) -> Shape:
        if pointer in self._finished:
            return self._finished[pointer]
        if pointer in self._begun:
            # A cycle: through an object with fields it has a name, else it has no type.
            record = self._begun[pointer]
            if record is None:
                return self._not_read(pointer, "leads back to itself, and has no class to name there")
            return Shape(frozenset(("object",)), record=record)
        self._combining.count(1)
        if level > _MOST_LEVELS:
            raise UnreadableSchemaError(f"it is nested more than {_MOST_LEVELS} levels deep")
        if len(self._begun) > _MOST_LEVELS_IN_ALL:
            raise UnreadableSchemaError(f"its references lead more than {_MOST_LEVELS_IN_ALL} levels deep")
        if isinstance(schema, bool):
            return ANYTHING if schema else NOTHING
        if not isinstance(schema, Mapping):
            raise UnreadableSchemaError(f"{_place(pointer)} is no schema but {type(schema).__name__}")
        self._begun[pointer] = _plain_record(schema, words)
        shape = self._read_all(schema, pointer, words, level + 1)
        del self._begun[pointer]
        self._finished[pointer] = shape
        return shape

    def _read_all(self, schema: Mapping[str, Any], pointer: str, words: Words, level: int) -> Shape:
        meet = self._combining.meet
        shape = self._read_kinds(schema, pointer, words, level)
        if "const" in schema:
            shape = meet(shape, self._read_choice([schema["const"]], schema, words), words)
        if "enum" in schema:
            choice = self._read_choice(_listed(schema, "enum", pointer), schema, words)
            shape = meet(shape, choice, words)
        if "$ref" in schema:
            shape = meet(shape, self._read_reference(schema["$ref"], pointer), words)
        for part in self._branches(schema, "allOf", pointer, words, level):
            shape = meet(shape, part, words)
        for keyword in ("anyOf", "oneOf"):
            if branches := self._branches(schema, keyword, pointer, words, level):
                shape = meet(shape, self._combining.join_all(branches), words)
        if declares_null(schema) and "null" not in shape.kinds:
            shape = self._combining.join(shape, Shape(frozenset(("null",))))
        return shape

    def _branches(
        self, schema: Mapping[str, Any], keyword: str, pointer: str, words: Words, level: int
    ) -> list[Shape]:
        return [
            self.read(branch, f"{pointer}/{keyword}/{index}", words, level)
            for index, branch in enumerate(_listed(schema, keyword, pointer))
        ]

    def _read_reference(self, reference: Any, place: str) -> Shape:
        if not isinstance(reference, str):
            return self._not_read(place, "has a `$ref` that is no text")
        there = f"refers to `{short(reference)}`, which is"
        if not reference.startswith("#"):
            return self._not_read(place, f"{there} outside of the schema")
        if reference != "#" and not reference.startswith("#/"):
            return self._not_read(place, f"{there} no JSON pointer")
        pointer = unquote(reference[1:])
        target = self._root
        for token in pointer.split("/")[1:]:
            target = _member(target, token.replace("~1", "/").replace("~0", "~"))
        if target is None:
            return self._not_read(place, f"{there} not in the schema")
        # What it refers to stands elsewhere: it is not nested in what refers to it.
        return self.read(target, pointer, (pointer.rpartition("/")[2],) if pointer else (), 0)

    def _not_read(self, place: str, reason: str) -> Shape:
        self.unread[place] = reason
        return ANYTHING

    def _read_kinds(self, schema: Mapping[str, Any], pointer: str, words: Words, level: int) -> Shape:
        named = schema.get("type")
        names = named if isinstance(named, list) else [named]
        kinds = frozenset(name for name in names if isinstance(name, str) and name in KINDS)
        if not kinds:
            # Strictly, `properties` says nothing of values that are no objects; whoever writes it means objects.
            kinds = frozenset(("object",)) if "properties" in schema else ANYTHING.kinds
        items = values = record = None
        if "array" in kinds:
            items = self._read_items(schema, pointer, words, level)
        if "object" in kinds and schema.get("properties"):
            record = self._read_record(schema, pointer, words, level)
        elif "object" in kinds and "patternProperties" not in schema:
            values = self._read_values(schema, pointer, words, level)
        return Shape(plain_kinds(kinds), items=items, values=values, record=record)

    def _read_items(self, schema: Mapping[str, Any], pointer: str, words: Words, level: int) -> Shape | None:
        items = schema.get("items")
        if "prefixItems" in schema or not isinstance(items, Mapping):  # or one schema for each place
            return None
        return known(self.read(items, f"{pointer}/items", (*words, "Item"), level))

    def _read_values(self, schema: Mapping[str, Any], pointer: str, words: Words, level: int) -> Shape | None:
        values = schema.get("additionalProperties")
        if not isinstance(values, Mapping):
            return None
        return known(self.read(values, f"{pointer}/additionalProperties", (*words, "Value"), level))

    def _read_record(self, schema: Mapping[str, Any], pointer: str, words: Words, level: int) -> Record:
        properties = schema["properties"]
        if not isinstance(properties, Mapping):
            raise UnreadableSchemaError(f"{_place(pointer + '/properties')} is no object")
        self._combining.count(len(properties))
        required = frozenset(name for name in _listed(schema, "required", pointer) if isinstance(name, str))
        record = self._begun[pointer] or Record(words)
        record.doc = describe(schema)
        for name in sorted(map(str, properties)):
            token = name.replace("~", "~0").replace("/", "~1")
            place = f"{pointer}/properties/{token}"
            part = properties.get(name)
            shape = self.read(part, place, (*words, name), level)
            unread = (f"Not read: {self.unread[place]}",) if place in self.unread else ()
            record.fields[name] = Field(shape, name in required, (*describe(part), *unread))
        record.is_complete = True
        return record

    def _read_choice(self, values: Sequence[Any], schema: Mapping[str, Any], words: Words) -> Shape:
        self._combining.count(len(values))
        kinds = frozenset(itertools.chain.from_iterable(map(_kind_of, values)))
        strings = tuple(dict.fromkeys(value for value in values if isinstance(value, str)))
        integers = tuple(dict.fromkeys(int(value) for value in values if "integer" in _kind_of(value)))
        can_list_strings = all(len(text) <= _LONGEST_TEXT for text in strings)
        can_list_integers = "number" not in kinds and all(-(2**63) <= each < 2**63 for each in integers)
        doc = describe(schema)
        return Shape(
            plain_kinds(kinds),
            strings=Choice(strings, words, doc) if strings and can_list_strings else None,
            integers=Choice(integers, words, doc) if integers and can_list_integers else None,
        )


def _told(unread: Sequence[tuple[str, str]]) -> str:
    """Return in one sentence what is not read and why: of very many, the first few."""
    if not unread:
        return ""
    said = "; ".join(f"{_place(pointer)} {reason}" for pointer, reason in unread[:_MOST_UNREAD])
    more = f"; and {len(unread) - _MOST_UNREAD} more" if len(unread) > _MOST_UNREAD else ""
    return f"Any where it can't be read: {said}{more}"


def _number(value: Any) -> str:
    is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{value:g}" if is_number and abs(value) <= 1e300 else ""


def _plain_record(schema: Mapping[str, Any], words: Words) -> Record | None:
    """Return the empty record that a cycle may point to, if the schema is nothing but an object with fields."""
    is_plain = schema.get("type", "object") == "object" and schema.get("properties")
    return Record(words) if is_plain and not any(keyword in schema for keyword in _COMBINING) else None


def _listed(schema: Mapping[str, Any], keyword: str, pointer: str) -> Sequence[Any]:
    found = schema.get(keyword, [])
    if keyword == "required" and isinstance(found, bool):  # of draft 3, where it stands in the property
        return []
    if not isinstance(found, list):
        raise UnreadableSchemaError(f"{_place(f'{pointer}/{keyword}')} is no list")
    return found


def _member(parent: Any, name: str) -> Any:
    if isinstance(parent, Mapping):
        return parent.get(name)
    if isinstance(parent, list) and name.isdecimal() and len(name) < 10:
        return parent[int(name)] if int(name) < len(parent) else None
    return None


def _place(pointer: str) -> str:
    return f"`#{readable(pointer)}`"


def _kind_of(value: Any) -> tuple[str, ...]:
    if value is None:
        return ("null",)
    if isinstance(value, bool):
        return ("boolean",)
    if isinstance(value, int):
        return ("integer",)
    if isinstance(value, float):
        return (("integer",) if value.is_integer() else ("number",)) if math.isfinite(value) else ()
    if isinstance(value, str):
        return ("string",)
    return ("object",) if isinstance(value, Mapping) else ("array",)
