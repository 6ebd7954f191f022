"""The operations that write: current values, and points of history."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import schemas
from .answers import Answer, RequestError, bad, bulk, good
from .call import Call
from .state import State
from .values import VQT, pairing_problem

NESTING_LIMIT = 100
"""Levels: what could only just be read could no longer be sent, inside an answer's envelope."""


def update_values(call: Call) -> Answer:
    """PUT /objects/value."""
    if not call.state.settings.update_current:
        raise RequestError(501, "This server takes no values")
    # All of the request is read before anything is written: a malformed one changes nothing.
    updates = [(each.string("elementId"), each.object("value").vqt_input()) for each in call.updates()]
    return bulk([_write(call.state, call.state.values.write, *update) for update in updates])


def update_history(call: Call) -> Answer:
    """PUT /objects/history."""
    if not call.state.settings.update_history:
        raise RequestError(501, "This server takes no historical values")
    updates = [(each.string("elementId"), each.object("value").vqt()) for each in call.updates()]
    return bulk([_write(call.state, call.state.values.enter, *update) for update in updates])


def _write(state: State, write: Callable[[str, VQT], None], element_id: str, point: VQT) -> dict[str, Any]:
    problem = _problem(state, element_id, point)
    if problem is not None:
        return bad("elementId", element_id, *problem)
    write(element_id, point)
    return good("elementId", element_id, None)


def _problem(state: State, element_id: str, point: VQT) -> tuple[int, str] | None:
    space = state.station.space
    if element_id not in space.elements:
        return 404, f"There is no object {element_id!r}"
    traits = space.traits(element_id)
    if not traits.writable:
        return 403, f"{element_id!r} is read-only"
    unpaired = pairing_problem(point.value, point.quality)
    if unpaired is not None:
        return 400, unpaired
    if point.value is None:
        return None  # a value that is not known has no type
    if _deeper(point.value, NESTING_LIMIT):
        return 400, f"the value is nested more than {NESTING_LIMIT} levels deep"
    schema = schemas.extended(space.schema(element_id), traits.schema_extensions)
    misfit = schemas.mismatch(point.value, schema)
    return None if misfit is None else (400, misfit)


def _deeper(value: Any, levels: int) -> bool:
    if not isinstance(value, dict | list):
        return False
    members = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_deeper(member, levels - 1) for member in members)
