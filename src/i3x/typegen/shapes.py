"""What the values of an object type can be, as far as Python's types can say it, and how two such shapes combine.

A :class:`Shape` says for each kind of JSON value whether it may stand somewhere, and what is known of its parts.
Python tells types apart, not schemas: where two objects or two lists are possible, the shape is a looser one that
takes both, so that every valid value fits.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass, field

_MOST_PARTS = 20_000  # of one schema: subschemas, fields and enumerated values
_MOST_NESTED = 200  # types within one annotation

KINDS = frozenset(("null", "boolean", "integer", "number", "string", "array", "object"))


class UnreadableSchemaError(Exception):
    """A schema that can't be turned into types; the message says what it is about."""


@dataclass(frozen=True, slots=True)
class Choice:
    """An enumeration: the values there are, and the words by which its class can be named."""

    values: tuple[str, ...] | tuple[int, ...]
    words: tuple[str, ...] = field(default=(), compare=False)
    doc: tuple[str, ...] = field(default=(), compare=False)


@dataclass(eq=False, slots=True)
class Record:
    """An object with known fields, by their names on the wire.

    A cycle may point to it while it is being read; until then it is not complete.
    """

    words: tuple[str, ...]
    doc: tuple[str, ...] = ()
    fields: dict[str, Field] = field(default_factory=dict[str, "Field"])
    is_complete: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """What a value may be: the kinds of JSON, and for some of them what is known beyond the kind.

    ``number`` includes integers. An ``object`` is a record, a map with ``values`` of one shape, or anything.
    """

    kinds: frozenset[str]
    strings: Choice | None = None
    integers: Choice | None = None
    items: Shape | None = None
    values: Shape | None = None
    record: Record | None = None
    size: int = field(default=1, init=False, compare=False)

    def __post_init__(self) -> None:
        size = 1 + sum(part.size for part in (self.items, self.values) if part is not None)
        if size > _MOST_NESTED:
            raise UnreadableSchemaError(f"it nests more than {_MOST_NESTED} types in one another")
        object.__setattr__(self, "size", size)

    @property
    def is_nullable(self) -> bool:
        """Whether null may stand here."""
        return "null" in self.kinds or self.is_anything

    @property
    def is_anything(self) -> bool:
        """Whether all is allowed, or so little that no type can say it."""
        return not self.kinds or self == ANYTHING


@dataclass(frozen=True, slots=True)
class Field:
    """A field of a record."""

    shape: Shape
    required: bool
    doc: tuple[str, ...] = ()


ANYTHING = Shape(KINDS - {"integer"})
NOTHING = Shape(frozenset())


def plain_kinds(kinds: frozenset[str]) -> frozenset[str]:
    """Return kinds without ``integer`` where ``number`` says it already."""
    return kinds - {"integer"} if "number" in kinds else kinds


def known(shape: Shape) -> Shape | None:
    """Return the shape of a part, None where it says nothing."""
    return None if shape.is_anything else shape


class Combining:
    """Combines the shapes of one schema, and counts what that costs: a small schema can mean very much."""

    def __init__(self) -> None:
        self._parts = 0
        self._merged: dict[tuple[int, int], tuple[Record, Record, Record]] = {}

    def count(self, parts: int) -> None:
        """Note that so many parts have been read or made; raises :class:`UnreadableSchemaError` for too many."""
        self._parts += parts
        if self._parts > _MOST_PARTS:
            raise UnreadableSchemaError(f"it has more than {_MOST_PARTS} parts")

    def meet(self, one: Shape, other: Shape, words: tuple[str, ...]) -> Shape:
        """Return the shape of what fits both; ``words`` name a record that is made of two."""
        if one.is_anything or other.is_anything:
            return other if one.is_anything else one
        self.count(1)
        kinds = _with_integer(one.kinds) & _with_integer(other.kinds)
        strings, integers = _common(one.strings, other.strings), _common(one.integers, other.integers)
        if strings is not None and not strings.values:
            kinds -= {"string"}
        if integers is not None:
            kinds -= {"number"} if integers.values else {"integer", "number"}
        has_object, has_array = "object" in kinds, "array" in kinds
        is_open, record = (
            self._common_record(one.record, other.record, words) if has_object else (False, None)
        )
        is_map = has_object and not is_open and record is None
        return Shape(
            plain_kinds(kinds),
            strings=strings if "string" in kinds else None,
            integers=integers if "integer" in kinds else None,
            items=self._meet_parts(one.items, other.items, words) if has_array else None,
            values=self._meet_parts(one.values, other.values, words) if is_map else None,
            record=record,
        )

    def _meet_parts(self, one: Shape | None, other: Shape | None, words: tuple[str, ...]) -> Shape | None:
        if one is None or other is None:
            return one if other is None else other
        return self.meet(one, other, words)

    def _common_record(
        self, one: Record | None, other: Record | None, words: tuple[str, ...]
    ) -> tuple[bool, Record | None]:
        """Return the record of what is both; and whether there should be one, but its fields are not known yet."""
        if one is None or other is None or one is other:
            return False, one if other is None else other
        if not (one.is_complete and other.is_complete):
            return True, None
        if (id(one), id(other)) not in self._merged:
            merged = Record(words, tuple(dict.fromkeys((*one.doc, *other.doc))))
            self._merged[id(one), id(other)] = (merged, one, other)  # which keeps the ids theirs, too
            self._merge(merged, one, other)
        return False, self._merged[id(one), id(other)][0]

    def _merge(self, merged: Record, one: Record, other: Record) -> None:
        self.count(len(one.fields) + len(other.fields))
        for name in sorted({*one.fields, *other.fields}):
            fields = [record.fields[name] for record in (one, other) if name in record.fields]
            shape = fields[0].shape
            if len(fields) == 2:
                shape = self.meet(shape, fields[1].shape, (*merged.words, name))
            doc = tuple(dict.fromkeys(itertools.chain.from_iterable(each.doc for each in fields)))
            merged.fields[name] = Field(shape, any(each.required for each in fields), doc)
        merged.is_complete = True

    def join_all(self, shapes: Iterable[Shape]) -> Shape:
        """Return the shape of what fits any of several."""
        joined = NOTHING
        for shape in shapes:
            joined = self.join(joined, shape)
        return joined

    def join(self, one: Shape, other: Shape) -> Shape:
        """Return the shape of what fits one of the two, or a little more."""
        if one == ANYTHING or other == ANYTHING:
            return ANYTHING
        if not (one.kinds and other.kinds):
            return one if one.kinds else other
        self.count(1)
        kinds = plain_kinds(one.kinds | other.kinds)
        is_same_record = one.record is other.record or not {"object"} <= one.kinds & other.kinds
        return Shape(
            kinds,
            strings=_either(one, other, "string", one.strings, other.strings),
            integers=_either(one, other, "integer", one.integers, other.integers)
            if "integer" in kinds
            else None,
            items=self._join_parts(one, other, "array", one.items, other.items),
            values=self._join_parts(one, other, "object", one.values, other.values)
            if is_same_record
            else None,
            record=(one.record or other.record) if is_same_record else None,
        )

    def _join_parts(
        self, one: Shape, other: Shape, kind: str, part: Shape | None, other_part: Shape | None
    ) -> Shape | None:
        if kind not in one.kinds or kind not in other.kinds:
            return part if kind in one.kinds else other_part
        if part is None or other_part is None:
            return None
        return known(self.join(part, other_part))


def _either(
    one: Shape, other: Shape, kind: str, choice: Choice | None, other_choice: Choice | None
) -> Choice | None:
    if kind not in one.kinds or kind not in other.kinds:
        return choice if kind in one.kinds else other_choice
    if choice is None or other_choice is None:
        return None
    return _choice_of((*choice.values, *other_choice.values), choice)


def _common(one: Choice | None, other: Choice | None) -> Choice | None:
    if one is None or other is None:
        return one if other is None else other
    there = frozenset(other.values)
    return _choice_of((value for value in one.values if value in there), one)


def _choice_of(values: Iterable[str | int], like: Choice) -> Choice:
    found: tuple[object, ...] = tuple(dict.fromkeys(values))
    return Choice(found, like.words, like.doc)  # type: ignore[arg-type] # of one kind, as both were


def _with_integer(kinds: frozenset[str]) -> frozenset[str]:
    return kinds | {"integer"} if "number" in kinds else kinds
