"""What one reading of the address space found. It never changes: a refresh puts another one in its place."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from functools import cached_property

from i3x.models import ObjectInstance, ObjectType, RelationshipType, ResponseDetail
from i3x.navigate.index import Index
from i3x.navigate.tree import NOWHERE, Tree
from i3x.results import BulkList

SEPARATOR = "/"
"""What stands between the display names of a path."""

_NO_PARENT = ("", "/")
"""What some servers write for null."""


class Reading:
    """The objects of one listing by position, how they hang together, and the types.

    Building it is linear in the number of objects; an index is built when it is first needed.
    """

    def __init__(
        self,
        objects: BulkList[ObjectInstance],
        object_types: BulkList[ObjectType],
        relationship_types: BulkList[RelationshipType],
    ) -> None:
        self.positions: dict[str, int] = {}
        listed: list[ObjectInstance] = []
        again: list[ObjectInstance] = []
        for entry in objects:
            if entry.element_id in self.positions:
                again.append(entry)
            else:
                self.positions[entry.element_id] = len(listed)
                listed.append(entry)
        self.objects, self.duplicates = tuple(listed), tuple(again)
        self.object_types: dict[str, ObjectType] = {}
        for object_type in object_types:
            self.object_types.setdefault(object_type.element_id, object_type)
        self.relationship_types: dict[str, RelationshipType] = {}
        for relationship_type in relationship_types:
            self.relationship_types.setdefault(relationship_type.element_id, relationship_type)
        self.partial: ResponseDetail | None = (
            objects.partial or object_types.partial or relationship_types.partial
        )
        self.tree = Tree([self._position_of_parent(entry) for entry in self.objects])

    def parent_id(self, entry: ObjectInstance) -> str | None:
        """Return the id of an object's parent; None for a root, however the server writes that."""
        named = entry.parent_id
        if named in _NO_PARENT and (named not in self.positions or named == entry.element_id):
            return None
        return named

    def _position_of_parent(self, entry: ObjectInstance) -> int:
        named = self.parent_id(entry)
        return NOWHERE if named is None else self.positions.get(named, NOWHERE)

    @cached_property
    def roots(self) -> array[int]:
        """The positions of the objects that have no parent."""
        parentless = self._parentless()
        return array("i", (each for each in parentless if self.parent_id(self.objects[each]) is None))

    @cached_property
    def orphans(self) -> array[int]:
        """The positions of the objects whose parent is not listed."""
        parentless = self._parentless()
        return array("i", (each for each in parentless if self.parent_id(self.objects[each]) is not None))

    def _parentless(self) -> Iterator[int]:
        return (each for each in range(len(self.objects)) if self.tree.parent(each) == NOWHERE)

    @property
    def tops(self) -> tuple[int, ...]:
        """The positions below which everything hangs: each walk from all of them finds every object once."""
        return (*self.roots, *self.orphans, *(cycle[0] for cycle in self.tree.cycles))

    # --- look-ups ---------------------------------------------------------------------------------------
    # The keys hold no reference to the reading: it would be one to itself, and outlive a refresh for a while.

    @cached_property
    def by_name(self) -> Index[str]:
        """Positions by display name."""
        objects = self.objects
        return Index(len(objects), lambda position: objects[position].display_name)

    @cached_property
    def by_name_below(self) -> Index[tuple[int, str]]:
        """Positions by what they hang below (`NOWHERE` for a top) and their display name."""
        objects, above = self.objects, self.tree.above
        return Index(len(objects), lambda position: (above(position), objects[position].display_name))

    @cached_property
    def most_parts(self) -> int:
        """Into how many parts the separator of paths cuts a display name at most: 1 where no name holds it."""
        return 1 + max((entry.display_name.count(SEPARATOR) for entry in self.objects), default=0)

    @cached_property
    def by_type(self) -> Index[str]:
        """Positions by the element id of their type."""
        objects = self.objects
        return Index(len(objects), lambda position: objects[position].type_element_id)

    # --- relationships, as far as metadata tells them ---------------------------------------------------

    def components(self, position: int) -> list[int]:
        """Return the parts of an object, in the order of the listing.

        Its relationships say which they are. Where they were not read, the standard only says whether there
        are any: all that names a composition as its parent is taken for a part of it.
        """
        owner = self.objects[position]
        if owner.metadata is not None and owner.metadata.relationships is not None:
            return sorted(self._parts.get(position, ()))
        return self.tree.children(position) if owner.is_composition else []

    @cached_property
    def _parts(self) -> dict[int, set[int]]:
        """What is part of what: an edge that is told at either end counts."""
        parts: dict[int, set[int]] = {}
        downwards, upwards = self._named("HasComponent"), self._named("ComponentOf")
        for position, entry in enumerate(self.objects):
            for relationship, target_id in _edges(entry):
                if (target := self.positions.get(target_id)) is None:
                    continue
                if relationship in downwards:
                    parts.setdefault(position, set()).add(target)
                elif relationship in upwards:
                    parts.setdefault(target, set()).add(position)
        return parts

    def _named(self, relationship_id: str) -> frozenset[str]:
        """Return the element ids of a relationship type of the standard: its name, and what the server calls it."""
        known = self.relationship_types.values()
        return frozenset(
            (relationship_id, *(each.element_id for each in known if each.relationship_id == relationship_id))
        )

    @cached_property
    def dangling(self) -> dict[str, tuple[int, ...]]:
        """The ids that objects name and that are not listed, each with the positions of those objects."""
        found: dict[str, dict[int, None]] = {}
        for position, entry in enumerate(self.objects):
            for target_id in self._targets(entry):
                if target_id not in self.positions and target_id not in _NO_PARENT:
                    found.setdefault(target_id, {})[position] = None
        return {target_id: tuple(sources) for target_id, sources in found.items()}

    def _targets(self, entry: ObjectInstance) -> Iterable[str]:
        if (parent_id := self.parent_id(entry)) is not None:
            yield parent_id
        for _, target_id in _edges(entry):
            yield target_id


def _edges(entry: ObjectInstance) -> Iterator[tuple[str, str]]:
    """Yield the relationships in an object's metadata: the relationship type, and the id at the other end."""
    if entry.metadata is None:
        return
    for relationship, targets in (entry.metadata.relationships or {}).items():
        for target_id in targets if isinstance(targets, list) else [targets]:
            if isinstance(target_id, str):
                yield relationship, target_id
