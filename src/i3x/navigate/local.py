"""All that an address space tells without asking the server again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import get_args

from i3x.arguments import Element
from i3x.errors import NotListedError
from i3x.models import ObjectInstance, ObjectType, RelationshipType, ResponseDetail
from i3x.navigate import paths
from i3x.navigate.changes import AddressSpaceChanges, changes
from i3x.navigate.reading import Reading
from i3x.navigate.tree import NOWHERE, Order

Objects = tuple[ObjectInstance, ...]


class LocalAddressSpace:
    """What both kinds of address space have.

    Every method looks at ``_reading`` once: a refresh on another thread puts a new one there, whole.
    """

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def _replace(self, reading: Reading) -> AddressSpaceChanges:
        before, self._reading = self._reading, reading
        return changes(before, reading)

    # --- as a collection --------------------------------------------------------------------------------

    def __len__(self) -> int:
        return len(self._reading.objects)

    def __iter__(self) -> Iterator[ObjectInstance]:
        return iter(self._reading.objects)

    def __contains__(self, element: object) -> bool:
        return _id(element) in self._reading.positions

    def __getitem__(self, element: Element) -> ObjectInstance:
        reading = self._reading
        return reading.objects[_position(reading, element)]

    def __repr__(self) -> str:
        reading = self._reading
        counts = {
            "object": len(reading.objects),
            "root": len(reading.roots),
            "orphan": len(reading.orphans),
            "cycle": len(reading.tree.cycles),
        }
        told = [f"{count:,} {name}{'' if count == 1 else 's'}" for name, count in counts.items() if count]
        return f"<i3x.{type(self).__name__}: {', '.join(told) or 'empty'}>"

    # --- what was read ----------------------------------------------------------------------------------

    @property
    def object_types(self) -> Mapping[str, ObjectType]:
        """All object types, by element id."""
        return MappingProxyType(self._reading.object_types)

    @property
    def relationship_types(self) -> Mapping[str, RelationshipType]:
        """All relationship types, by element id."""
        return MappingProxyType(self._reading.relationship_types)

    @property
    def partial(self) -> ResponseDetail | None:
        """What the server says it cut from one of the answers (206); None if they were whole."""
        return self._reading.partial

    @property
    def duplicates(self) -> Objects:
        """What was listed under an element id that an object before it has; that one counts."""
        return self._reading.duplicates

    @property
    def roots(self) -> Objects:
        """The objects without a parent; ``parent_id`` is None there, or ``""`` or ``"/"``."""
        reading = self._reading
        return _objects(reading, reading.roots)

    @property
    def orphans(self) -> Objects:
        """The objects whose ``parent_id`` is the id of none; ``dangling`` has those ids."""
        reading = self._reading
        return _objects(reading, reading.orphans)

    @property
    def cycles(self) -> tuple[Objects, ...]:
        """The cycles of parents, an object that is its own parent included.

        In each, an object is the parent of the next one, and the last is that of the first. Paths and walks
        begin at its first, which is the one that is listed first.
        """
        reading = self._reading
        return tuple(_objects(reading, cycle) for cycle in reading.tree.cycles)

    @property
    def tops(self) -> Objects:
        """Where trees begin: the roots, the orphans and the first of each cycle. All hangs below one of them."""
        reading = self._reading
        return _objects(reading, reading.tops)

    @property
    def dangling(self) -> dict[str, Objects]:
        """The element ids that are named and not listed, each with the objects that name it.

        They are named as a parent or, if metadata was read, in any relationship.
        """
        reading = self._reading
        return {target_id: _objects(reading, sources) for target_id, sources in reading.dangling.items()}

    # --- from one object to others ----------------------------------------------------------------------

    def parent(self, element: Element) -> ObjectInstance | None:
        """Return the parent of an object; None for a root and for an orphan."""
        reading = self._reading
        position = reading.tree.parent(_position(reading, element))
        return None if position == NOWHERE else reading.objects[position]

    def children(self, element: Element) -> Objects:
        """Return all objects whose parent is this one, its components among them."""
        reading = self._reading
        return _objects(reading, reading.tree.children(_position(reading, element)))

    def components(self, element: Element) -> Objects:
        """Return the parts of an object.

        With metadata (``include_metadata=True``), these are what ``HasComponent`` and ``ComponentOf`` say.
        Without it nothing tells components from other children: where ``is_composition`` is true, all
        children are returned, and otherwise none.
        """
        reading = self._reading
        return _objects(reading, reading.components(_position(reading, element)))

    def path(self, element: Element) -> Objects:
        """Return the objects from a root, or another of the ``tops``, down to this one, which is the last."""
        reading = self._reading
        return _objects(reading, reading.tree.path(_position(reading, element)))

    def path_text(self, element: Element) -> str:
        """Return the display names of ``path()``, with a slash between them: ``"Pump Station/Pump 101"``."""
        reading = self._reading
        return paths.text_of(reading, _position(reading, element))

    def walk(
        self, start: Element | None = None, order: Order = "depth"
    ) -> Iterator[tuple[ObjectInstance, int]]:
        """Return an iterator of an object, or of all ``tops``, and everything below, each with its depth.

        It gives pairs of an object and its depth, 0 where it begins; each object once, a parent before its
        children. ``order`` is ``"depth"`` (all below an object before its next sibling) or ``"breadth"`` (level
        by level). One that begins within a cycle goes round it once.
        """
        if order not in get_args(Order):
            raise ValueError(f'order must be "depth" or "breadth", not {order!r}')
        reading = self._reading
        starts = reading.tops if start is None else (_position(reading, start),)
        return ((reading.objects[each], depth) for each, depth in reading.tree.walk(starts, order))

    def subtree(self, element: Element) -> Objects:
        """Return an object and everything below it, once, each parent before its children."""
        return tuple(entry for entry, _ in self.walk(element))

    def type_of(self, element: Element) -> ObjectType | None:
        """Return the type of an object; None if the server does not list it."""
        reading = self._reading
        return reading.object_types.get(reading.objects[_position(reading, element)].type_element_id)

    # --- look-ups ---------------------------------------------------------------------------------------

    def by_path(self, path: str | Sequence[str]) -> ObjectInstance:
        """Return the object at a path of display names, from a root down: ``"Pump Station/Pump 101"``.

        A display name may hold a slash, so that all ways to read the text are tried. A sequence of names, such
        as ``["Line A/B", "Pump 101"]``, is read in one way only.

        Raises :class:`~i3x.AmbiguousPathError` if several objects are at the path, or
        :class:`~i3x.NotListedError`, which is a ``KeyError`` too, if none is.
        """
        if not isinstance(path, str):
            path = _names(path)
        reading = self._reading
        return reading.objects[paths.by_path(reading, path)]

    def by_name(self, name: str) -> Objects:
        """Return the objects with a display name, or with one that a glob matches; none is an empty tuple.

        In a glob ``*`` is any text, ``?`` one character and ``[ab]`` one of some; case counts.
        """
        _check_text(name, "name")
        reading = self._reading
        return _objects(reading, paths.by_name(reading, name))

    def by_type(self, object_type: ObjectType | str) -> Objects:
        """Return the objects of a type, which is given as such or by its element id.

        Objects of types that inherit from it are not among them.

        Raises :class:`~i3x.NotListedError`, which is a ``KeyError`` too, if there is no such type.
        """
        type_id = object_type.element_id if isinstance(object_type, ObjectType) else object_type
        _check_text(type_id, "object_type")
        reading = self._reading
        found = reading.by_type[type_id]
        if not found and type_id not in reading.object_types:
            raise NotListedError(
                f"there is no object type {type_id!r}; `object_types` has those there are", element_id=type_id
            )
        return _objects(reading, found)

    def find(self, text: str) -> ObjectInstance:
        """Return the object that a person means: by element id, else by path, else by a display name.

        Raises :class:`~i3x.AmbiguousPathError` if it is the path or the name of several, or
        :class:`~i3x.NotListedError`, which is a ``KeyError`` too, if it is that of none.
        """
        _check_text(text, "text")
        reading = self._reading
        return reading.objects[paths.find(reading, text)]


def _objects(reading: Reading, positions: Iterable[int]) -> Objects:
    return tuple(reading.objects[position] for position in positions)


def _id(element: object) -> object:
    return element.element_id if isinstance(element, ObjectInstance) else element


def _position(reading: Reading, element: Element) -> int:
    element_id = _id(element)
    if not isinstance(element_id, str):
        raise TypeError(f"an element must be an object or its id, not {type(element).__name__}: {element!r}")
    if (position := reading.positions.get(element_id)) is None:
        raise NotListedError(
            f"there is no element {element_id!r} in the address space as it was read; refresh() reads it again",
            element_id=element_id,
        )
    return position


def _check_text(value: str, name: str) -> None:
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}: {value!r}")


def _names(path: Sequence[str]) -> tuple[str, ...]:
    if isinstance(path, bytes) or not isinstance(path, Sequence):
        raise TypeError(f"path must be a text or a sequence of display names, not {type(path).__name__}")
    for name in path:
        _check_text(name, "each name of a path")
    if not path:
        raise ValueError("path must name at least one object")
    return tuple(path)
