"""What is not whole of a history: points that can't be read, and what a server says that it has cut.

One NaN must not cost a year of values, and what was cut must be known of each element, to be asked for again.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec.structs import force_setattr

from i3x import nanoseconds
from i3x.broken_json import UNREADABLE, decoded, fault_of, items, members
from i3x.conversion import from_builtins
from i3x.errors import InvalidServerResponseError
from i3x.models import VQT, HistoricalValue, ResponseDetail
from i3x.results import BulkDict

PROBE = nanoseconds.SECOND
"""A time range so short that a server which refuses it does not do so because of its length."""

_UNREADABLE = "Unreadable values"
_UNREADABLE_AND_CUT = "Unreadable values in a cut answer"


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
        "responseDetail": {"title": _UNREADABLE, "status": 206, "detail": detail},
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


def tell_cut(found: BulkDict[HistoricalValue], whole: ResponseDetail | None) -> BulkDict[HistoricalValue]:
    """Say of each element of an answer whether it may have been cut; ``whole`` is what a 206 said of all.

    A 206 that names the elements it has cut is believed; one that names none may have cut any.
    """
    if whole is None:
        return found
    names_some = any(is_cut(value.partial) for value in found.values())
    for value in found.values():
        if value.partial is None and not names_some:
            force_setattr(value, "partial", whole)
        elif value.partial is not None and value.partial.title == _UNREADABLE:
            # What the server said of the element has given way to what can't be read.
            detail = f"{whole.detail}; {value.partial.detail}"
            force_setattr(value, "partial", ResponseDetail(_UNREADABLE_AND_CUT, 206, detail))
    return found


def is_cut(partial: ResponseDetail | None) -> bool:
    """Whether a server has cut a history, so that there is more to ask for."""
    return partial is not None and partial.title != _UNREADABLE


def is_unreadable(partial: ResponseDetail | None) -> bool:
    """Whether a history has points that can't be read, and never will be."""
    return partial is not None and partial.title in (_UNREADABLE, _UNREADABLE_AND_CUT)
