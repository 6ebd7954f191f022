"""QRY: current values and history."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from i3x.conformance import type_schemas
from i3x.conformance.context import Context
from i3x.conformance.definition import Broken, Reason, Skipped, conformance_test
from i3x.conformance.exchange import Exchange
from i3x.conformance.rules import (
    Json,
    bulk,
    detail_problems,
    failed_as_unknown,
    good,
    kind,
    moment,
    pairing_problems,
    quality_problems,
    refuse,
    refuse_unless,
    shape,
    shown,
    vqt_problems,
)
from i3x.raw.api.query import query_historical_values, query_last_known_values

_HISTORY_SAMPLE = 3
_RANGE = timedelta(hours=24)
_CHECKING_SECONDS = 1.0
"""For the values of the sample against their schemas, all together: milliseconds, if the schemas are sane."""
_TOLERANCE = timedelta(seconds=1)

VALUES = "Query Methods, POST /objects/value"
VQT = "Query Methods"
NULLS = "Query Methods, Null Value Handling"
DEPTH = "Query Methods, maxDepth Parameter Semantics"
HISTORY = "Query Methods, POST /objects/history"
BULK = "Response Format, Bulk Response"


def read_values(context: Context, ids: list[str], **fields: Any) -> tuple[list[Json], Exchange]:
    """The bulk items of current values, in the right envelope and shape."""
    answer = context.server.send(query_last_known_values, {"elementIds": ids, **fields})
    return bulk(answer, ids, check=shape("CurrentValueResult")), answer


def _check_components(element_id: str, found: Any, check: Callable[[Any], Iterable[str]]) -> None:
    """Insist that the components of an object are a map, in which `check` finds nothing wrong with any."""
    if not isinstance(found, dict):
        raise Broken(f"`components` of {shown(element_id)} is {kind(found)}, and not a map")
    refuse(f"component {shown(part)} {problem}" for part, it in found.items() for problem in check(it))


def results(items: list[Json]) -> dict[str, Json]:
    """What the good items carry, by element id: an object may fail alone, as one does that has no value."""
    return {
        item["elementId"]: item["result"]
        for item in items
        if item["success"] and item.get("result") is not None
    }


@conformance_test(
    "QRY-01",
    "Current values come with quality and timestamp",
    guide=VQT,
    rule="POST /objects/value gives each value with one of the four qualities and a UTC timestamp of RFC 3339.",
    needs=("EXP-12",),
)
def current_values(context: Context) -> None:
    """A sample of ten."""
    ids = context.sample_ids()
    items, answer = read_values(context, ids)
    context.values = results(items)
    context.values_exchange = answer
    refuse(
        f"the value of {shown(element_id)} {problem}"
        for element_id, result in context.values.items()
        for problem in quality_problems(result)
    )


@conformance_test(
    "QRY-02",
    "A null value is Bad or GoodNoData",
    guide=NULLS,
    rule="A null value has the quality Bad or GoodNoData, and no other value has.",
    needs=("QRY-01",),
)
def null_pairing(context: Context) -> None:
    """Of all values that were read."""
    if not context.values:
        raise Skipped(Reason.UNTESTABLE, "no object of the sample has a value")
    refuse(
        (
            f"{shown(element_id)} {problem}"
            for element_id, result in context.values.items()
            for problem in pairing_problems(result)
        ),
        context.values_exchange,
    )


@conformance_test(
    "QRY-03",
    "Values conform to the schema of their type",
    guide="Address Space, Objects",
    rule="The value of an object that is not extended conforms to the JSON Schema of its object type.",
    needs=("EXP-04", "EXP-12", "QRY-01"),
)
def values_and_schemas(context: Context) -> str | None:
    """Each value that is not null."""
    schemas = {item["elementId"]: item["schema"] for item in context.object_types.items}
    listed = {item["elementId"]: item for item in context.objects.items}
    checked, left_out, problems = 0, list[str](), list[str]()
    deadline = time.thread_time() + _CHECKING_SECONDS
    for element_id, result in context.values.items():
        item = listed[element_id]
        schema = schemas.get(item["typeElementId"])
        if result["value"] is None or item.get("isExtended") or schema is None:
            continue
        try:
            misfits = type_schemas.misfits(schema, result["value"], deadline - time.thread_time())
        except type_schemas.NoSchema as none:
            misfits = [f"can't conform to what is no JSON Schema: {none}"]
        except type_schemas.Unusable as unusable:
            left_out.append(f"the schema of {shown(item['typeElementId'])} was not used: {unusable}")
            continue
        checked += 1
        problems += [f"the value of {shown(element_id)}: {misfit}" for misfit in misfits]
    refuse(problems, context.values_exchange)
    if not checked:
        raise Skipped(Reason.UNTESTABLE, "; ".join(["there is no value to check", *left_out[:2]]))
    return "; ".join(left_out[:2]) or None


@conformance_test(
    "QRY-04",
    "Current values keep the order, and an unknown id fails alone",
    guide=BULK,
    rule="POST /objects/value answers in the order of the request; an unknown id fails alone, with 404.",
    needs=("EXP-12",),
)
def unknown_value(context: Context) -> None:
    """One that is known, and one that is not."""
    asked = [*context.sample_ids(1), context.unknown_id]
    items, _ = read_values(context, asked)
    failed_as_unknown(items[1])


@conformance_test(
    "QRY-05",
    "A composition is read with its components",
    guide=DEPTH,
    rule="With a `maxDepth` other than 1, a composition has `components`: a map from elementId to value. "
    "What the server's limits cut is told by 206 and a `responseDetail`.",
    needs=("EXP-12",),
)
def components(context: Context) -> str | None:
    """The first composition, with all that is below it."""
    element_id = context.composition()
    items, answer = read_values(context, [element_id], maxDepth=0)
    result = good(items[0])
    found = result.get("components") if result is not None else None
    _check_components(element_id, found, vqt_problems)
    if answer.status == 206:
        refuse(f"206, but {problem}" for problem in detail_problems(answer.body.get("responseDetail")))
    return None if found else f"{shown(element_id)} is a composition without components"


@conformance_test(
    "QRY-06",
    "A read of depth 1 has no components",
    guide=DEPTH,
    rule="With a `maxDepth` of 1, a composition is read without its components.",
    needs=("EXP-12",),
)
def no_components(context: Context) -> None:
    """The first composition alone."""
    element_id = context.composition()
    items, _ = read_values(context, [element_id], maxDepth=1)
    result = good(items[0])
    if result is not None and result.get("components"):
        raise Broken(f"{shown(element_id)} came with {len(result['components'])} components")


# -- history


def _times(now: datetime) -> Json:
    """The range that is asked for: the last 24 hours."""
    return {"startTime": _text(now - _RANGE), "endTime": _text(now)}


def _text(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def _history(context: Context, ids: list[str], **fields: Any) -> tuple[list[Json], Exchange]:
    body = {"elementIds": ids, **_times(datetime.now(UTC)), **fields}
    answer = context.server.send(query_historical_values, body)
    return bulk(answer, ids, check=shape("HistoricalValueResult")), answer


@conformance_test(
    "QRY-07",
    "History is given for a range of time",
    guide=HISTORY,
    rule="POST /objects/history gives the recorded values of each object between two times.",
    needs=("EXP-12",),
)
def history(context: Context) -> None:
    """Three objects, the last 24 hours."""
    ids = context.sample_ids(_HISTORY_SAMPLE)
    now = datetime.now(UTC).replace(microsecond=0)
    items, answer = _history(context, ids, **_times(now))
    context.histories = results(items)
    context.history_exchange = answer
    context.history_end = now


@conformance_test(
    "QRY-08",
    "Recorded values are well-formed and inside the range",
    guide=HISTORY,
    rule="Each recorded value has its quality and timestamp as any value, and lies in the range asked for.",
    needs=("QRY-07",),
)
def points(context: Context) -> None:
    """Every point that came."""
    end = context.history_end
    if not any(result["values"] for result in context.histories.values()):
        raise Skipped(Reason.UNTESTABLE, "nothing was recorded in the last 24 hours")

    def problems() -> Iterator[str]:
        for element_id, result in context.histories.items():
            for index, point in enumerate(result["values"]):
                found = vqt_problems(point) or _outside(point, end - _RANGE, end)
                yield from (f"point {index} of {shown(element_id)} {problem}" for problem in found)

    refuse(problems(), context.history_exchange)


def _outside(point: Json, start: datetime, end: datetime) -> list[str]:
    taken = moment(point["timestamp"])
    if taken is None or start - _TOLERANCE <= taken <= end + _TOLERANCE:
        return []
    return [f"is of {point['timestamp']}, outside of {_text(start)} to {_text(end)}"]


@conformance_test(
    "QRY-09",
    "An unknown id fails alone in history",
    guide=BULK,
    rule="POST /objects/history answers in the order of the request; an unknown id fails alone, with 404.",
    needs=("QRY-07",),
)
def unknown_history(context: Context) -> None:
    """One that is known, and one that is not."""
    asked = [*context.sample_ids(1), context.unknown_id]
    items, _ = _history(context, asked)
    failed_as_unknown(items[1])


@conformance_test(
    "QRY-10",
    "History needs a start and an end, in RFC 3339",
    guide=HISTORY,
    rule="`startTime` and `endTime` are both required, as timestamps of RFC 3339; anything else is refused with 400.",
    needs=("QRY-07",),
)
def times_are_required(context: Context) -> None:
    """Without the one, without the other, and with what is no time."""
    times = _times(datetime.now(UTC))
    requests: tuple[Json, ...] = (
        {"endTime": times["endTime"]},
        {"startTime": times["startTime"]},
        {"startTime": "yesterday", "endTime": "2026-13-45T99:99:99Z"},
    )
    for fields in requests:
        body = {"elementIds": context.sample_ids(1), **fields}
        refuse_unless(context.server.send(query_historical_values, body), 400)


@conformance_test(
    "QRY-11",
    "The history of a composition has that of its components",
    guide=DEPTH,
    rule="With a `maxDepth` other than 1, the history of a composition has `components`: a map from elementId to "
    "recorded values.",
    needs=("QRY-07",),
)
def history_of_components(context: Context) -> None:
    """The first composition, with what is directly below it."""
    element_id = context.composition()
    items, _ = _history(context, [element_id], maxDepth=2)
    result = good(items[0])
    found = result.get("components") if result is not None else None
    if not found and (result is None or not result["values"]):
        raise Skipped(Reason.UNTESTABLE, "nothing was recorded of it in the last 24 hours")
    _check_components(element_id, found, _component_problems)


def _component_problems(component: Any) -> Iterable[str]:
    misfits = shape("HistoricalComponent")(component)
    if misfits:
        return misfits
    return [
        f"has a point {index} that {problem}"
        for index, point in enumerate(component["values"])
        for problem in vqt_problems(point)
    ]


TESTS = (
    current_values,
    null_pairing,
    values_and_schemas,
    unknown_value,
    components,
    no_components,
    history,
    points,
    unknown_history,
    times_are_required,
    history_of_components,
)
"""In the order of the run."""
