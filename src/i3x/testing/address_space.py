"""The address space: namespaces, types, objects and the relationships between them.

What is encoded from it can be kept until it changes, which only a test makes it do. Relationships are held in one place
and seen from both ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec


class Namespace(msgspec.Struct, rename="camel", frozen=True):
    """A namespace: what scopes types."""

    uri: str
    display_name: str


class ObjectType(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """An object type; `schema` is the JSON Schema of its objects' values, inherited parts included."""

    element_id: str
    display_name: str
    namespace_uri: str
    source_type_id: str
    schema: dict[str, Any]
    version: str | None = None
    related: dict[str, Any] | None = None


class RelationshipType(msgspec.Struct, rename="camel", frozen=True):
    """A relationship type; `reverse_of` is the element id of its inverse."""

    element_id: str
    display_name: str
    namespace_uri: str
    relationship_id: str
    reverse_of: str


class Traits(msgspec.Struct, frozen=True):
    """What is known of an object beyond its listing."""

    eng_unit: str | None = None
    description: str | None = None
    schema_extensions: dict[str, Any] | None = None
    writable: bool = True


class Element(msgspec.Struct, rename="camel", frozen=True, gc=False):
    """An object as it is listed; a root has no parent (`parentId` is null)."""

    element_id: str
    display_name: str
    type_element_id: str
    parent_id: str | None = None
    is_composition: bool = False
    is_extended: bool = False


HAS_PARENT, HAS_CHILDREN = "HasParent", "HasChildren"
COMPONENT_OF, HAS_COMPONENT = "ComponentOf", "HasComponent"

Edges = dict[str, list[str]]
"""Relationship type -> the elements at the other end."""


class AddressSpace:
    """Everything that can be explored, by element id."""

    def __init__(
        self,
        namespaces: list[Namespace],
        object_types: list[ObjectType],
        relationship_types: list[RelationshipType],
    ) -> None:
        self.namespaces = namespaces
        self.object_types = {entry.element_id: entry for entry in object_types}
        self.relationship_types = {entry.element_id: entry for entry in relationship_types}
        self.elements: dict[str, Element] = {}
        self._traits: dict[str, Traits] = {}
        self._components: set[str] = set()
        self._parts: dict[str, list[str]] = {}
        self._children: dict[str, list[str]] = {}
        self._graph: dict[str, Edges] = {}

    def add(self, element: Element, traits: Traits, *, component: bool = False) -> None:
        """Add an object below its parent: as a component of it, or as a child."""
        self.elements[element.element_id] = element
        self._traits[element.element_id] = traits
        if component:
            self._components.add(element.element_id)
        if element.parent_id is not None:
            self._siblings(element).append(element.element_id)

    def replace(self, element: Element) -> None:
        """Put an object in the place of the one with its id; it may hang below another parent."""
        before = self.elements[element.element_id]
        if element.parent_id != before.parent_id:
            self._unhang(before)
            if element.parent_id is not None:
                self._siblings(element).append(element.element_id)
        self.elements[element.element_id] = element

    def remove(self, element_id: str) -> set[str]:
        """Remove an object, all below it and every relationship with them; returns the ids that are gone."""
        self._unhang(self.elements[element_id])
        gone = self.below(element_id)
        for each in gone:
            for held in (self.elements, self._traits, self._parts, self._children, self._graph):
                held.pop(each, None)
        self._components -= gone
        for source, edges in self._graph.items():
            left = {
                kind: [target for target in targets if target not in gone] for kind, targets in edges.items()
            }
            self._graph[source] = {kind: targets for kind, targets in left.items() if targets}
        return gone

    def below(self, element_id: str) -> set[str]:
        """An object, its children, its components, and all below them."""
        found: set[str] = set()
        waiting = [element_id]
        while waiting:
            each = waiting.pop()
            found.add(each)
            waiting += self._children.get(each, []) + self._parts.get(each, [])
        return found

    def _siblings(self, element: Element) -> list[str]:
        held = self._parts if element.element_id in self._components else self._children
        return held.setdefault(str(element.parent_id), [])

    def _unhang(self, element: Element) -> None:
        if element.parent_id is None:
            return
        held = self._parts if element.element_id in self._components else self._children
        held[element.parent_id].remove(element.element_id)
        if not held[element.parent_id]:
            del held[element.parent_id]

    def relate(self, source: str, relationship: str, target: str) -> None:
        """Add a graph edge, and with it the reverse edge."""
        reverse = self.relationship_types[relationship].reverse_of
        self._graph.setdefault(source, {}).setdefault(relationship, []).append(target)
        self._graph.setdefault(target, {}).setdefault(reverse, []).append(source)

    def edges(self, element_id: str) -> Edges:
        """All edges that leave an object: hierarchy, composition and graph."""
        edges: Edges = {}
        parent = self.elements[element_id].parent_id
        if parent is not None:
            edges[COMPONENT_OF if element_id in self._components else HAS_PARENT] = [parent]
        if element_id in self._children:
            edges[HAS_CHILDREN] = self._children[element_id]
        if element_id in self._parts:
            edges[HAS_COMPONENT] = self._parts[element_id]
        return edges | self._graph.get(element_id, {})

    def descend(self, element_id: str, max_depth: int) -> Iterator[str]:
        """The components below an object, itself not included: none for a depth of 1, all of them for 0."""
        if max_depth == 1:
            return
        for part in self._parts.get(element_id, ()):
            yield part
            yield from self.descend(part, max(max_depth - 1, 0))

    def traits(self, element_id: str) -> Traits:
        """What is known of an object beyond its listing."""
        return self._traits[element_id]

    def schema(self, element_id: str) -> Mapping[str, Any]:
        """The JSON Schema of the object's type."""
        return self.object_types[self.elements[element_id].type_element_id].schema

    def listing(self, element: Element, *, metadata: bool) -> Element | dict[str, Any]:
        """An object as it goes out, with its metadata if asked for."""
        if not metadata:
            return element
        shown: dict[str, Any] = msgspec.to_builtins(element)
        return shown | {"metadata": self.metadata(element)}

    def metadata(self, element: Element) -> dict[str, Any]:
        """The object's metadata; what does not apply to it is left out."""
        traits = self._traits[element.element_id]
        kind = self.object_types[element.type_element_id]
        optional = {
            "engUnit": traits.eng_unit,
            "description": traits.description,
            "schemaExtensions": traits.schema_extensions,
        }
        return {
            "typeNamespaceUri": kind.namespace_uri,
            "sourceTypeId": kind.source_type_id,
            "relationships": self.edges(element.element_id),
        } | {name: value for name, value in optional.items() if value is not None}
