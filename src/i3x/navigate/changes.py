"""What two readings of an address space differ in, since the standard has no event for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from i3x.models import ObjectInstance, ResponseDetail
from i3x.navigate.reading import Reading

Pair = tuple[ObjectInstance, ObjectInstance]


@dataclass(frozen=True, slots=True)
class AddressSpaceChanges:
    """What is different in an address space that was read again; false if nothing is.

    ``added`` and ``removed`` are objects. ``moved`` (to another parent), ``retyped``, ``renamed`` and ``altered``
    (``is_composition``, ``is_extended`` or ``metadata``) are pairs of an object as it was and as it is; an object
    can be in several. ``object_types`` and ``relationship_types`` are the element ids of types that were added,
    removed or changed. ``partial`` is what the server said it cut from the new reading: what is missing there
    counts as removed.
    """

    added: tuple[ObjectInstance, ...] = ()
    removed: tuple[ObjectInstance, ...] = ()
    moved: tuple[Pair, ...] = ()
    retyped: tuple[Pair, ...] = ()
    renamed: tuple[Pair, ...] = ()
    altered: tuple[Pair, ...] = ()
    object_types: tuple[str, ...] = ()
    relationship_types: tuple[str, ...] = ()
    partial: ResponseDetail | None = None

    def __bool__(self) -> bool:
        objects = self.added or self.removed or self.moved or self.retyped or self.renamed or self.altered
        return bool(objects or self.object_types or self.relationship_types)


def changes(before: Reading, after: Reading) -> AddressSpaceChanges:
    """Return what is different after ``before``; objects are in the order of their listing."""
    pairs = [
        (before.objects[position], new)
        for new in after.objects
        if (position := before.positions.get(new.element_id)) is not None
    ]
    unequal = [(old, new) for old, new in pairs if old != new]

    def differing(look: Callable[[ObjectInstance], Any]) -> tuple[Pair, ...]:
        return tuple((old, new) for old, new in unequal if look(old) != look(new))

    return AddressSpaceChanges(
        added=tuple(new for new in after.objects if new.element_id not in before.positions),
        removed=tuple(old for old in before.objects if old.element_id not in after.positions),
        # What "/" means as a parent depends on the other objects, so that equal ones may have moved.
        moved=tuple((old, new) for old, new in pairs if before.parent_id(old) != after.parent_id(new)),
        retyped=differing(lambda entry: entry.type_element_id),
        renamed=differing(lambda entry: entry.display_name),
        altered=differing(lambda entry: (entry.is_composition, entry.is_extended, entry.metadata)),
        object_types=_differing_keys(before.object_types, after.object_types),
        relationship_types=_differing_keys(before.relationship_types, after.relationship_types),
        partial=after.partial,
    )


def _differing_keys(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(key for key in {**before, **after} if before.get(key) != after.get(key))
