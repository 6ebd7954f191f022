"""Breaks of what is read: values, their quality and time, components, ranges of history.

Most touch one element among many, so that whoever reads others sees a server that is right.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ... import timestamps
from ...answers import Answer, encode
from .base import Document, Reply, Section, ask, asked, ignore

if TYPE_CHECKING:
    from ...exchange import Exchange

QUERY = Section()

_CURRENT = "queryLastKnownValues"
_HISTORY = "queryHistoricalValues"

_IN_CURRENT = "mode-501"
"""The element whose current value is broken: a string, of a type that has no other object."""

_IN_HISTORY = "sensor-002"
"""The element whose history is broken: one without components, in a sample of three too."""

_COMPONENT = "pump-101-flow"
"""The component that is broken, of the first composition there is."""


@QUERY.edits(_CURRENT, fails="QRY-01")
def value_without_timestamp(reply: Reply) -> None:
    """Leaves the timestamp of a value out."""
    _of_one(reply, _IN_CURRENT, lambda point: point.pop("timestamp"))


@QUERY.edits(_CURRENT, fails="QRY-01")
def timestamp_without_zone(reply: Reply) -> None:
    """Writes the timestamp of a value without its `Z`."""
    _of_one(reply, _IN_CURRENT, lambda point: point.update(timestamp=point["timestamp"].rstrip("Z")))


@QUERY.edits(_CURRENT, fails="QRY-01")
def timestamp_of_no_date(reply: Reply) -> None:
    """Dates a value on the thirtieth of February."""
    _of_one(reply, _IN_CURRENT, lambda point: point.update(timestamp="2026-02-30T00:00:00Z"))


@QUERY.edits(_CURRENT, fails="QRY-01")
def quality_unknown(reply: Reply) -> None:
    """Gives a value a quality of another standard."""
    _of_one(reply, _IN_CURRENT, lambda point: point.update(quality="GoodLocalOverride"))


@QUERY.edits(_CURRENT, fails="QRY-02")
def null_with_good_quality(reply: Reply) -> None:
    """Calls a value good that is not there."""
    _of_one(reply, _IN_CURRENT, lambda point: point.update(value=None))


@QUERY.edits(_CURRENT, fails="QRY-02")
def value_with_bad_quality(reply: Reply) -> None:
    """Calls a value bad, and sends it all the same."""
    _of_one(reply, _IN_CURRENT, lambda point: point.update(quality="Bad"))


@QUERY.edits(_CURRENT, fails="QRY-03")
def value_of_another_type(reply: Reply) -> None:
    """Sends a number where the object type's schema has a string."""
    _of_one(reply, _IN_CURRENT, lambda point: point.update(value=3))


@QUERY.edits(_CURRENT, fails="QRY-03")
def value_outside_enumeration(reply: Reply) -> None:
    """Sends a string that is none of those in the object type's schema."""
    _of_one(reply, _IN_CURRENT, lambda point: point.update(value="turbo"))


@QUERY.rewrites(_CURRENT, fails="QRY-05")
def depth_ignored(exchange: Exchange) -> None:
    """Reads an element alone, however deep the client asks."""
    ignore(exchange, "maxDepth")


@QUERY.edits(_CURRENT, fails="QRY-05")
def component_with_null_and_good_quality(reply: Reply) -> None:
    """Calls the value of a component good that is not there."""
    for point in _components(reply, _COMPONENT):
        point["value"] = None


@QUERY.edits(_CURRENT, fails="QRY-05")
def component_without_timestamp(reply: Reply) -> None:
    """Leaves the timestamp of a component's value out."""
    for point in _components(reply, _COMPONENT):
        del point["timestamp"]


@QUERY.edits(_CURRENT, fails="QRY-05")
def partial_without_detail(reply: Reply) -> Answer | None:
    """Answers 206 to a read of all components, and does not say what was cut."""
    return encode(reply.document, 206) if reply.asked.get("maxDepth") == 0 else None


@QUERY.rewrites(_CURRENT, fails="QRY-06")
def depth_one_gives_components(exchange: Exchange) -> None:
    """Reads all components where the element alone is asked for."""
    if asked(exchange).get("maxDepth", 1) == 1:
        ask(exchange, maxDepth=0)


@QUERY.edits(_HISTORY, fails="QRY-07")
def history_without_composition_flag(reply: Reply) -> None:
    """Does not say, with an element's history, whether it is a composition."""
    found = reply.result_of(_IN_HISTORY)
    if found:
        del found["isComposition"]


@QUERY.edits(_HISTORY, fails="QRY-08")
def history_with_null_and_good_quality(reply: Reply) -> None:
    """Calls a point of history good that has no value."""
    _of_history(reply, lambda points: points[0].update(value=None))


@QUERY.edits(_HISTORY, fails="QRY-08")
def history_timestamp_without_zone(reply: Reply) -> None:
    """Writes the timestamp of a point of history without its `Z`."""
    _of_history(reply, lambda points: points[0].update(timestamp=points[0]["timestamp"].rstrip("Z")))


@QUERY.edits(_HISTORY, fails="QRY-08")
def history_before_start_time(reply: Reply) -> None:
    """Begins a history an hour before its start time."""
    early = timestamps.render(timestamps.parse(reply.asked["startTime"]) - 3600 * timestamps.SECOND)
    _of_history(reply, lambda points: points.insert(0, points[0] | {"timestamp": early}))


@QUERY.edits(_HISTORY, fails="QRY-08")
def history_after_end_time(reply: Reply) -> None:
    """Goes on with a history for an hour after its end time."""
    late = timestamps.render(timestamps.parse(reply.asked["endTime"]) + 3600 * timestamps.SECOND)
    _of_history(reply, lambda points: points.append(points[-1] | {"timestamp": late}))


@QUERY.rewrites(_HISTORY, fails="QRY-10")
def history_without_start_time(exchange: Exchange) -> None:
    """Reads history from the beginning if no start time is given."""
    if "startTime" not in asked(exchange):
        ask(exchange, startTime="1970-01-01T00:00:00Z")


@QUERY.rewrites(_HISTORY, fails="QRY-10")
def history_without_end_time(exchange: Exchange) -> None:
    """Reads history up to now if no end time is given."""
    if "endTime" not in asked(exchange):
        ask(exchange, endTime=timestamps.render(timestamps.now()))


@QUERY.rewrites(_HISTORY, fails="QRY-10")
def history_of_any_time(exchange: Exchange) -> None:
    """Takes a time that is not RFC 3339 for some other time."""
    for name in ("startTime", "endTime"):
        text = asked(exchange).get(name)
        if isinstance(text, str) and not _is_time(text):
            ask(exchange, **{name: timestamps.render(timestamps.now())})


@QUERY.rewrites(_HISTORY, fails="QRY-11")
def history_depth_ignored(exchange: Exchange) -> None:
    """Reads the history of an element alone, however deep the client asks."""
    ignore(exchange, "maxDepth")


@QUERY.edits(_HISTORY, fails="QRY-11")
def history_component_with_null_and_good_quality(reply: Reply) -> None:
    """Calls a point in a component's history good that has no value."""
    for history in _components(reply, _COMPONENT):
        history["values"][0]["value"] = None


@QUERY.edits(_HISTORY, fails="QRY-11")
def history_component_without_values(reply: Reply) -> None:
    """Sends an object without values for a component's history."""
    for history in _components(reply, _COMPONENT):
        del history["values"]


def _of_one(reply: Reply, element_id: str, change: Callable[[Document], object]) -> None:
    found = reply.result_of(element_id)
    if found is not None:
        change(found)


def _of_history(reply: Reply, change: Callable[[list[Document]], object]) -> None:
    found = reply.result_of(_IN_HISTORY)
    if found and found["values"]:
        change(found["values"])


def _components(reply: Reply, element_id: str) -> list[Document]:
    """What stands for this component in the answer, wherever it stands."""
    carried = [item["result"].get("components", {}) for item in reply.items if item["success"]]
    return [components[element_id] for components in carried if element_id in components]


def _is_time(text: str) -> bool:
    try:
        timestamps.parse(text)
    except ValueError:
        return False
    return True
