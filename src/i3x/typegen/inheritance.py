"""Which object types inherit from one another, as far as their schemas prove it.

Servers send the schema of an heir expanded, and name the supertypes beside it. A Python class may inherit from
another only if whatever is an heir's value is one of the parent too, field by field.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from i3x.models import ObjectType
from i3x.typegen.shapes import Field, Record, Shape

_LONGEST_LINE = 20  # generations; more is a server's mistake
_MOST_PARENTS = 10
_MOST_STEPS = 50_000
_INHERITS = "inheritsfrom"


def provable_parents(types: Mapping[str, ObjectType], records: Mapping[str, Record]) -> dict[str, str]:
    """Return the parent of each type that has a provable one, by element ids; the first, if there are several."""
    parents: dict[str, str] = {}
    for element_id, record in records.items():
        for parent_id in _named_parents(types[element_id]):
            parent = records.get(parent_id)
            if parent is not None and parent is not record and _is_heir(record, parent):
                parents[element_id] = parent_id
                break
    for element_id in list(parents):
        if _ends_nowhere(element_id, parents):
            del parents[element_id]
    return parents


def _named_parents(object_type: ObjectType) -> Iterator[str]:
    related: Mapping[str, Any] = object_type.related or {}
    types = related.get("types")
    if str(related.get("relationshipType", "")).lower() != _INHERITS or not isinstance(types, list):
        return
    yield from (each for each in types[:_MOST_PARENTS] if isinstance(each, str))


def _ends_nowhere(element_id: str, parents: Mapping[str, str]) -> bool:
    for _ in range(_LONGEST_LINE):
        if element_id not in parents:
            return False
        element_id = parents[element_id]
    return True


def _is_heir(heir: Record, parent: Record) -> bool:
    comparison = Comparison()
    return all(
        name in heir.fields and comparison.is_narrower(heir.fields[name], field)
        for name, field in parent.fields.items()
    )


class Comparison:
    """Compares two records, of types that may have been made to take for ever."""

    def __init__(self) -> None:
        self._left = _MOST_STEPS

    def is_narrower(self, one: Field, other: Field) -> bool:
        """Tell whether a field can stand in an heir: type checkers want a default where there was one."""
        if one.required != other.required or one.shape.is_nullable != other.shape.is_nullable:
            return False
        if other.shape.is_anything or self.is_same(one.shape, other.shape):
            return True
        return self._is_part(one.shape, other.shape)

    def is_same(self, one: Shape | None, other: Shape | None) -> bool:
        """Tell whether two shapes, of two types, say the same."""
        return self._is_same(one, other, set())

    def _is_part(self, one: Shape, other: Shape) -> bool:
        return (
            one.kinds <= other.kinds | ({"integer"} if "number" in other.kinds else set())
            and other.strings in (None, one.strings)
            and other.integers in (None, one.integers)
            # Lists and dicts are the same type or another one, never a narrower one.
            and ("array" not in one.kinds or self.is_same(one.items, other.items))
            and ("object" not in one.kinds or self.is_same(_objects(one), _objects(other)))
        )

    def _is_same(self, one: Shape | None, other: Shape | None, assumed: set[tuple[int, int]]) -> bool:
        self._left -= 1
        if one is None or other is None or self._left < 0:
            return one is other
        return (
            (one.kinds, one.strings, one.integers) == (other.kinds, other.strings, other.integers)
            and self._is_same(one.items, other.items, assumed)
            and self._is_same(one.values, other.values, assumed)
            and self._is_same_record(one.record, other.record, assumed)
        )

    def _is_same_record(
        self, one: Record | None, other: Record | None, assumed: set[tuple[int, int]]
    ) -> bool:
        if one is None or other is None or one is other:
            return one is other
        if (id(one), id(other)) in assumed:  # a cycle: they are the same unless something else differs
            return True
        assumed.add((id(one), id(other)))
        return one.fields.keys() == other.fields.keys() and all(
            field.required == other.fields[name].required
            and self._is_same(field.shape, other.fields[name].shape, assumed)
            for name, field in one.fields.items()
        )


def _objects(shape: Shape) -> Shape:
    return Shape(frozenset(("object",)), values=shape.values, record=shape.record)
