"""UPD: writing. A value is only ever written back to where it was read, and read right before: a plant is at work, and
what a test found earlier may have been changed since."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from i3x.conformance.context import Context
from i3x.conformance.definition import Broken, Doubtful, Level, Reason, Skipped, conformance_test
from i3x.conformance.query import read_values, results
from i3x.conformance.rules import Json, bulk, failed_as_unknown, good, refused_as_undeclared, shown
from i3x.raw.api.update import update_object_history, update_object_values

_REFUSALS = (501, 405)
"""A server may as well not know the method."""

VALUE = "Update Methods, PUT /objects/value"
HISTORY = "Update Methods, PUT /objects/history"
BULK = "Response Format, Bulk Response"


def values_now(context: Context, ids: Sequence[str]) -> dict[str, Json]:
    """The values that can be read of some objects; what is wrong with others, QRY-01 says."""
    try:
        items, _ = read_values(context, list(ids))
    except Broken:
        return {}
    return results(items)


def candidate(context: Context, ids: Sequence[str]) -> tuple[str, Json]:
    """What to write right now, and where: the first of some objects that reads Good and can be sent as it came.

    Raises:
        Skipped: There is nothing that could be written back.
    """
    for element_id, result in values_now(context, ids).items():
        if result["quality"] == "Good" and result["value"] is not None and _is_json(result["value"]):
            return element_id, result
    raise Skipped(Reason.UNTESTABLE, "no good value was read that could be written back")


def write_back(context: Context, value: Any, *ids: str) -> list[Json]:
    """Write a value to one object, and perhaps to one that does not exist."""
    updates = [{"elementId": element_id, "value": {"value": value, "quality": "Good"}} for element_id in ids]
    answer = context.server.send(update_object_values, {"updates": updates})
    return bulk(answer, ids)


def _with_time(element_id: str, result: Json) -> Json:
    """The update that writes a value at its own timestamp."""
    point = {name: result[name] for name in ("value", "quality", "timestamp")}
    return {"updates": [{"elementId": element_id, "value": point}]}


@conformance_test(
    "UPD-01",
    "Values can be written",
    guide=VALUE,
    rule="PUT /objects/value accepts a value and answers with one item for each update, whose `result` is null.",
    level=Level.MAY,
    needs=("QRY-01",),
    capability="update.current",
    writes=True,
)
def write(context: Context) -> None:
    """The first object of the sample that reads Good."""
    element_id, result = candidate(context, list(context.values))
    (item,) = write_back(context, result["value"], element_id)
    good(item)
    context.written = element_id, result["value"]
    if item.get("result") is not None:
        raise Doubtful(f"`result` is {shown(item['result'])}, and not null")


@conformance_test(
    "UPD-02",
    "What was written can be read",
    guide=VALUE,
    rule="A value that was written replaces the current value, and is read from then on.",
    level=Level.MAY,
    needs=("UPD-01",),
    capability="update.current",
    writes=True,
)
def read_back(context: Context) -> str | None:
    """Another value is no failure: the source may be live."""
    element_id, value = context.written
    items, _ = read_values(context, [element_id])
    result = good(items[0])
    if result is None:
        raise Broken(f"{shown(element_id)} has no value after it was written")
    if result["value"] == value:
        return None
    return (
        f"{shown(element_id)} reads {shown(result['value'])} after {shown(value)} was written: a live source?"
    )


@conformance_test(
    "UPD-03",
    "An unknown id fails alone in a write",
    guide=BULK,
    rule="Of a bulk request, each item succeeds or fails by itself; an unknown id fails with 404.",
    level=Level.MAY,
    needs=("UPD-01",),
    capability="update.current",
    writes=True,
)
def unknown_write(context: Context) -> None:
    """One that is known, and one that is not."""
    element_id, result = candidate(context, context.written[:1])
    items = write_back(context, result["value"], element_id, context.unknown_id)
    good(items[0])
    failed_as_unknown(items[1])


@conformance_test(
    "UPD-04",
    "History can be written",
    guide=HISTORY,
    rule="PUT /objects/history accepts a value at its timestamp and answers with one item for each update.",
    level=Level.MAY,
    needs=("QRY-01",),
    capability="update.history",
    writes=True,
)
def write_history(context: Context) -> None:
    """The current value of an object, at its own timestamp."""
    element_id, result = candidate(context, list(context.values))
    answer = context.server.send(update_object_history, _with_time(element_id, result))
    (item,) = bulk(answer, [element_id])
    good(item)


@conformance_test(
    "UPD-05",
    "Writes that are not declared are refused with 501",
    guide="Response Format, Failure",
    rule="A server that declares not to take writes answers them with 501.",
    level=Level.SHOULD,
    needs=("CORE-03", "QRY-01"),
    writes=True,
)
def undeclared_writes(context: Context) -> None:
    """Both kinds, as far as they are declared false; what is sent would change nothing."""
    operations = {"update.current": update_object_values, "update.history": update_object_history}
    undeclared = [operation for name, operation in operations.items() if not context.declares(name)]
    if not undeclared:
        raise Skipped(Reason.UNTESTABLE, "all writes are declared")
    for operation in undeclared:
        update = _with_time(*candidate(context, list(context.values)))
        refused_as_undeclared(context.server.send(operation, update), "a write", _REFUSALS)


def _is_json(value: Any) -> bool:
    """Whether a value can be sent: a server may have sent a number that is too large for one."""
    try:
        json.dumps(value, allow_nan=False)
    except (ValueError, RecursionError):
        return False
    return True


TESTS = (write, read_back, unknown_write, write_history, undeclared_writes)
"""In the order of the run."""
