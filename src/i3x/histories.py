"""Saving a history of which some points can't be read: one NaN must not cost a year of values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from i3x.broken_json import UNREADABLE, decoded, fault_of, items, members
from i3x.conversion import from_builtins
from i3x.errors import InvalidServerResponseError
from i3x.models import VQT


def salvage(text: bytes, path: str) -> Mapping[str, Any] | None:
    """Return a bulk item with the points of its history that can be read, None if there is no such history.

    What can't be read is told in its ``responseDetail`` as if the server had cut it (206), so that it ends in
    ``partial`` of the value.
    """
    outer = members(text)
    inner = members(outer.get("result", b""))
    points = items(inner.get("values", b""))
    if points is None:
        return None
    path += ".result"
    values, faults = [], []
    for index, point in enumerate(points):
        fault = _fault_of_point(point, f"{path}.values[{index}]")
        if fault is None:
            values.append(msgspec.json.decode(point))
        else:
            faults.append(fault)
    rest = {
        name: _member(value, f"{path}.{name}", faults) for name, value in inner.items() if name != "values"
    }
    detail = f"{len(faults)} parts can't be read and are left out; the first: {faults[0]}" if faults else ""
    return {
        **{name: decoded(value) for name, value in outer.items() if name != "result"},
        "result": {**rest, "values": values},
        "responseDetail": {"title": "Unreadable values", "status": 206, "detail": detail},
    }


def _fault_of_point(text: bytes, path: str) -> str | None:
    """Return what is wrong with the text of a point, None if it is good."""
    try:
        from_builtins(msgspec.json.decode(text), VQT, path)
    except InvalidServerResponseError as error:
        return str(error)
    except UNREADABLE as error:
        return f"`{path}` {fault_of(text, error)}"
    return None


def _member(text: bytes, path: str, faults: list[str]) -> Any:
    try:
        return msgspec.json.decode(text)
    except UNREADABLE as error:
        faults.append(f"`{path}` {fault_of(text, error)}")
        return None
