"""What a test may change of the address space while its server runs."""

from __future__ import annotations

from typing import Any

import msgspec

from .address_space import COMPONENT_OF, Element, Traits
from .signals import Profile, constant
from .state import State


def add(state: State, element: Element, value: Any, *, component: bool) -> None:
    """Add an object with a value that stands still.

    Raises:
        KeyError: there is no such parent or object type.
        ValueError: there is an object with that id, or a component has no owner.
    """
    space = state.station.space
    if element.element_id in space.elements:
        raise ValueError(f"there is an object {element.element_id!r} already")
    if component and element.parent_id is None:
        raise ValueError("a component needs an owner: name it as parent_id")
    _check(state, element)
    space.add(element, Traits(), component=component)
    _make_owner(state, element)
    quality = "GoodNoData" if value is None else "Good"
    state.values.add(element.element_id, Profile(constant(value), lambda _: quality))
    state.listings.clear()


def change(state: State, element_id: str, **fields: Any) -> None:
    """Give an object another name, type or parent; a component stays one.

    Raises:
        KeyError: there is no such object, parent or object type.
        ValueError: the parent is the object itself or below it.
    """
    space = state.station.space
    element = msgspec.structs.replace(space.elements[element_id], **fields)
    _check(state, element)
    if element.parent_id is not None and element.parent_id in space.below(element_id):
        raise ValueError(f"{element.parent_id!r} is {element_id!r} itself or below it")
    space.replace(element)
    _make_owner(state, element)
    state.listings.clear()


def remove(state: State, element_id: str) -> None:
    """Remove an object and all below it.

    Raises:
        KeyError: there is no such object.
    """
    state.values.forget(state.station.space.remove(element_id))
    state.listings.clear()


def _make_owner(state: State, element: Element) -> None:
    """What has a component is a composition."""
    space = state.station.space
    for owner_id in space.edges(element.element_id).get(COMPONENT_OF, ()):
        space.replace(msgspec.structs.replace(space.elements[owner_id], is_composition=True))


def _check(state: State, element: Element) -> None:
    space = state.station.space
    if element.parent_id is not None and element.parent_id not in space.elements:
        raise KeyError(element.parent_id)
    if element.type_element_id not in space.object_types:
        raise KeyError(element.type_element_id)
