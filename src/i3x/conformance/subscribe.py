"""SUB: subscriptions, by polling and by stream. All that is created here is deleted at the end of the run."""

from __future__ import annotations

import contextlib
import itertools
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from i3x.conformance import document, strict_json
from i3x.conformance.context import Context
from i3x.conformance.definition import Broken, Level, Reason, Skipped, conformance_test
from i3x.conformance.exchange import Exchange
from i3x.conformance.rules import (
    Json,
    bulk,
    entries,
    failed_as_unknown,
    failure,
    good,
    is_number,
    listing,
    refuse,
    refuse_unless,
    refused_as_undeclared,
    shape,
    shown,
    success,
    vqt_problems,
)
from i3x.conformance.streams import Stream
from i3x.conformance.update import candidate, values_now, write_back
from i3x.event_stream import EventStream
from i3x.raw.api.subscribe import (
    create_subscription,
    delete_subscriptions,
    list_subscriptions,
    register_monitored_items,
    remove_monitored_items,
    sync_subscription,
)

_CLEAR = -1
"""The `lastSequenceNumber` that acknowledges all."""
_HIGHEST = 2**64 - 1
_SYNCED = (200, 206)
"""The statuses of a sync that went well."""
_PAUSE = 0.05
"""Seconds between two polls for an update that was provoked."""
_ERROR = "error"
"""The name of an event that tells of an error; others, such as one that says goodbye, are no matter of SUB-14."""
_EVENTS = 100
"""Of a stream, so many events are checked against the document."""

SUBSCRIPTIONS = "Subscribe Methods, Subscriptions"
REGISTERING = "Subscribe Methods, Registering and Unregistering Objects"
STREAMING = "Subscribe Methods, Streaming"
SYNC = "Subscribe Methods, Sync"
LIFE = "Subscribe Methods, Subscription Life Cycle"


# -- the life of a subscription


def _create(context: Context, **fields: Any) -> tuple[str, Exchange]:
    """Create a subscription and note that it is to be deleted."""
    answer = context.server.send(create_subscription, fields)
    subscription_id = _note_created(context, answer, fields)
    result = success(answer)
    if subscription_id is None or not isinstance(result, dict):
        raise Broken("`result` has no `subscriptionId` that is a text")
    return subscription_id, answer


def _note_created(context: Context, answer: Exchange, owner: dict[str, Any]) -> str | None:
    body = answer.body if answer.is_success and isinstance(answer.body, dict) else {}
    result: Json = body["result"] if isinstance(body.get("result"), dict) else {}
    subscription_id = result.get("subscriptionId")
    if not isinstance(subscription_id, str) or not subscription_id:
        return None
    client_id = owner.get("clientId", result.get("clientId"))  # one that gave none may have been given one
    context.created[subscription_id] = {} if client_id is None else {"clientId": client_id}
    return subscription_id


@conformance_test(
    "SUB-01",
    "A subscription can be created",
    guide=SUBSCRIPTIONS,
    rule="POST /subscriptions gives the `subscriptionId` of a new subscription, in the success envelope.",
)
def create(context: Context) -> None:
    """With a client id that nobody else has."""
    context.subscription_id, _ = _create(context, clientId=context.client_id, displayName="i3X conformance")


@conformance_test(
    "SUB-02",
    "A subscription can be looked up",
    guide=SUBSCRIPTIONS,
    rule="POST /subscriptions/list gives each subscription by its `subscriptionId`.",
    needs=("SUB-01",),
)
def look_up(context: Context) -> None:
    """The one that was created."""
    ids = [context.subscription_id]
    answer = context.server.send(list_subscriptions, {"clientId": context.client_id, "subscriptionIds": ids})
    (item,) = bulk(answer, ids, key="subscriptionId", check=shape("SubscriptionDetail"))
    good(item)


@conformance_test(
    "SUB-15",
    "A request without clientId is refused",
    guide=SUBSCRIPTIONS,
    rule="`clientId` is required on every request about subscriptions; one without it is refused with 400.",
    needs=("SUB-01",),
)
def client_id_is_required(context: Context) -> None:
    """Creating, and syncing."""
    answer = context.server.send(create_subscription, {"displayName": "i3X conformance, without clientId"})
    _note_created(context, answer, {})
    refuse_unless(answer, 400)
    refuse_unless(context.server.send(sync_subscription, {"subscriptionId": context.subscription_id}), 400)


@conformance_test(
    "SUB-16",
    "A subscription is nobody else's",
    guide=SUBSCRIPTIONS,
    rule="With a `clientId` that does not own it, a subscription is answered as if it did not exist: 404.",
    needs=("SUB-01",),
)
def client_scope(context: Context) -> None:
    """Another client neither syncs it nor sees it."""
    other, ids = f"{context.client_id}-another", [context.subscription_id]
    answer = context.server.send(sync_subscription, {"clientId": other, "subscriptionId": ids[0]})
    refuse_unless(answer, 404)
    answer = context.server.send(list_subscriptions, {"clientId": other, "subscriptionIds": ids})
    results = answer.body.get("results") if answer.is_ok_json and isinstance(answer.body, dict) else None
    for item in results if isinstance(results, list) else ():
        if isinstance(item, dict) and item.get("success") is True:
            raise Broken("another client is shown the subscription")


# -- monitored items


def _register(context: Context, ids: list[str]) -> list[Json]:
    body = {**context.subscription(), "elementIds": ids, "maxDepth": 1}
    return bulk(context.server.send(register_monitored_items, body), ids)


@conformance_test(
    "SUB-03",
    "Objects can be registered",
    guide=REGISTERING,
    rule="POST /subscriptions/register registers each object, and answers with one item for each.",
    needs=("SUB-01", "EXP-12"),
)
def register(context: Context) -> None:
    """Two objects, those that read Good first."""
    ids = context.sample_ids()
    values = values_now(context, ids)
    ids.sort(key=lambda element_id: values.get(element_id, {}).get("quality") != "Good")
    context.registered = ids[:2]
    for item in _register(context, context.registered):
        good(item)


@conformance_test(
    "SUB-04",
    "Registering twice is no mistake",
    guide=REGISTERING,
    rule="If an object is registered again, the server answers with success and leaves it at that.",
    needs=("SUB-03",),
)
def register_again(context: Context) -> None:
    """The first one again."""
    (item,) = _register(context, context.registered[:1])
    good(item)


@conformance_test(
    "SUB-05",
    "An unknown object fails alone when registered",
    guide=REGISTERING,
    rule="Registering supports partial failure: an unknown id fails alone, with 404.",
    needs=("SUB-03",),
)
def register_unknown(context: Context) -> None:
    """One that is known, and one that is not."""
    known, unknown = _register(context, [context.registered[0], context.unknown_id])
    good(known)
    failed_as_unknown(unknown)


@conformance_test(
    "SUB-08",
    "Objects can be unregistered, and an unknown one fails alone",
    guide=REGISTERING,
    rule="POST /subscriptions/unregister supports partial failure: an unknown id fails alone, with 404.",
    needs=("SUB-03",),
)
def unregister(context: Context) -> None:
    """One that is registered, and one that does not exist."""
    ids = [context.registered[0], context.unknown_id]
    answer = context.server.send(remove_monitored_items, {**context.subscription(), "elementIds": ids})
    known, unknown = bulk(answer, ids)
    good(known)
    failed_as_unknown(unknown)


# -- sync


def _sent(context: Context, acknowledged: int | None = None) -> Exchange:
    body: Json = dict(context.subscription())
    if acknowledged is not None:
        body["lastSequenceNumber"] = acknowledged
    return context.server.send(sync_subscription, body)


def _sync(context: Context, acknowledged: int | None = None) -> list[Json]:
    """The batches that wait, by their numbers: what is in them is what SUB-06 is about."""
    return _numbered(_sent(context, acknowledged))


def _numbered(answer: Exchange) -> list[Json]:
    batches = entries(answer)
    refuse(
        (
            f"result[{index}] has the sequenceNumber {shown(batch.get('sequenceNumber'))}"
            for index, batch in enumerate(batches)
            if not is_number(batch.get("sequenceNumber"))
        ),
        answer,
    )
    return batches


def _batch_problems(batches: list[Json]) -> Iterator[str]:
    for index, batch in enumerate(batches):
        number = batch["sequenceNumber"]
        if not 0 <= number <= _HIGHEST:
            yield f"result[{index}] has the sequenceNumber {number}, which is no unsigned 64-bit integer"
        for at, update in enumerate(batch["updates"]):
            yield from (f"result[{index}].updates[{at}] {problem}" for problem in vqt_problems(update))


def _highest(batches: list[Json]) -> int:
    return max(int(batch["sequenceNumber"]) for batch in batches)


def _pending(context: Context) -> list[Json]:
    """The batches that wait, or that come once a value was written back.

    Raises:
        Skipped: There are none.
    """
    batches = _numbered(_awaited(context))
    if not batches:
        raise Skipped(Reason.UNTESTABLE, _nothing(context))
    return batches


def _nothing(context: Context) -> str:
    return f"there were no updates{context.unprovoked}"


def _awaited(context: Context) -> Exchange:
    """What sync answers; where nothing waits, and writing is allowed, once a value was written back."""
    answer = _sent(context)
    if not _is_empty(answer) or context.unprovoked:
        return answer
    if not _provoke(context):
        context.unprovoked = ", and no value was written to provoke one"
        return answer
    deadline = time.monotonic() + context.server.options.update_wait
    is_over = False
    while not is_over and _is_empty(answer):
        time.sleep(_PAUSE)
        is_over = (
            time.monotonic() >= deadline
        )  # looked at first: it is asked once more when the time has passed
        answer = _sent(context)
    if _is_empty(answer):
        context.unprovoked = ", although a value was written to provoke one"
    return answer


def _is_empty(answer: Exchange) -> bool:
    """Whether sync went well, and nothing waits."""
    body = answer.body if answer.status in _SYNCED and isinstance(answer.body, dict) else {}
    return body.get("success") is True and body.get("result") == []


def _provoke(context: Context) -> bool:
    """Write the value of a registered object back to it; whether that went well: if not, UPD-01 says why."""
    if not context.server.options.writes or not context.declares("update.current"):
        return False
    try:
        element_id, result = candidate(context, context.registered)
        (item,) = write_back(context, result["value"], element_id)
    except (Broken, Skipped):
        return False
    return bool(item["success"])


@conformance_test(
    "SUB-06",
    "Sync gives well-formed batches",
    guide=SYNC,
    rule="POST /subscriptions/sync gives a list of batches, each with a 64-bit unsigned `sequenceNumber` and "
    "`updates` that are values with quality and timestamp.",
    needs=("SUB-03",),
    uses=("CORE-03",),
)
def sync(context: Context) -> str | None:
    """Without acknowledging anything; if nothing waits, a value is written back to provoke an update."""
    answer = _awaited(context)
    batches = listing(answer, "SyncBatch")
    refuse(_batch_problems(batches), answer)
    if answer.status not in _SYNCED:
        raise Broken(f"the status is {answer.status}, and neither 200 nor 206", answer)
    return None if batches else _nothing(context)


@conformance_test(
    "SUB-07",
    "What is acknowledged is gone, and numbers increase",
    guide=SYNC,
    rule="Sequence numbers strictly increase, and `lastSequenceNumber` removes all batches up to it.",
    needs=("SUB-06", "CORE-03"),
)
def acknowledge(context: Context) -> None:
    """The highest number that came."""
    numbers = [batch["sequenceNumber"] for batch in _pending(context)]
    if any(later <= earlier for earlier, later in itertools.pairwise(numbers)):
        raise Broken(f"the sequence numbers do not strictly increase: {shown(numbers)}")
    highest = numbers[-1]
    refuse(
        f"batch {batch['sequenceNumber']} is still there after {highest} was acknowledged"
        for batch in _sync(context, highest)
        if batch["sequenceNumber"] <= highest
    )


@conformance_test(
    "SUB-13",
    "-1 clears the queue",
    guide=SYNC,
    rule="A `lastSequenceNumber` of -1 acknowledges all that is pending.",
    needs=("SUB-06", "CORE-03"),
)
def clear(context: Context) -> None:
    """Nothing up to the highest number that was seen is left."""
    highest = _highest(_pending(context))
    cleared = _sync(context, _CLEAR)
    refuse(
        f"batch {batch['sequenceNumber']} is still there after -1 was acknowledged"
        for batch in [*cleared, *_sync(context)]
        if batch["sequenceNumber"] <= highest
    )


# -- streams


def _stream(context: Context, subscription_id: str | None = None) -> contextlib.closing[Stream]:
    """A stream that is closed at the end of its context."""
    options = context.server.options
    longest = 2 * options.timeout + options.takeover_grace
    return contextlib.closing(Stream(context.server, context.subscription(subscription_id), longest))


def _opened(context: Context, stream: Stream) -> None:
    """Insist that a stream opens."""
    answer = stream.opened(context.server.options.timeout)
    if answer is None:
        context.server.exchanges.append(stream.exchange())
        return
    context.server.exchanges.append(answer)
    context.server.patience.note(silent=answer.silent)
    if answer.is_success:
        kind = answer.headers.get("content-type", "not declared")
        raise Broken(f"the answer is {kind}, and no event stream, with the status {answer.status}")
    answer.json()


@conformance_test(
    "SUB-09",
    "A stream can be opened",
    guide=STREAMING,
    rule="POST /subscriptions/stream answers 200 with an event stream.",
    level=Level.MAY,
    needs=("SUB-01",),
    capability="subscribe.stream",
)
def stream(context: Context) -> None:
    """It opens; nobody knows when something will be on it."""
    with _stream(context) as opened:
        _opened(context, opened)


@conformance_test(
    "SUB-14",
    "A second stream ends the first",
    guide=STREAMING,
    rule="A subscription has one stream: when another is opened, the server ends the first, without an error.",
    level=Level.MAY,
    needs=("SUB-09",),
    capability="subscribe.stream",
)
def takeover(context: Context) -> None:
    """The second opens, and the first comes to a clean end."""
    grace = context.server.options.takeover_grace
    with _stream(context) as first:
        _opened(context, first)
        with _stream(context) as second:
            _opened(context, second)
            end = first.ended(grace)
            if end is None:
                raise Broken(f"the first stream is still open {grace:g} seconds after the second was opened")
            ended = _with_events(first.exchange(), end.events)
            context.server.exchanges.append(ended)
            if end.failure is not None:
                raise Broken(f"the first stream broke off: {end.failure}", first.exchange())
            told = EventStream().feed(end.content)
            errors = [event.data.decode(errors="replace") for event in told if event.name == _ERROR]
            if errors:
                raise Broken(f"the first stream was sent an error event: {shown(errors[0])}", ended)


def _with_events(exchange: Exchange, events: tuple[str, ...]) -> Exchange:
    """The exchange, with what the document says of the events: the tests have no rule about them."""
    deviations: list[str] = []
    for event in events[:_EVENTS]:
        try:
            read = strict_json.read(event.encode())
            found = [*read.remarks, *document.misfits("StreamUpdates", read.value)]
        except strict_json.NotJsonError as error:
            found = [f"the data is no JSON: {error}"]
        deviations += [f"an event of POST /subscriptions/stream: {misfit}" for misfit in found]
    return replace(exchange, deviations=tuple(deviations[:1]))


@conformance_test(
    "SUB-12",
    "A stream that is not declared is refused with 501",
    guide=STREAMING,
    rule="A server that declares to have no streams answers a request for one with 501.",
    level=Level.SHOULD,
    needs=("CORE-03", "SUB-01"),
)
def undeclared_stream(context: Context) -> None:
    """On a subscription of its own, since the other one is deleted by now."""
    if context.declares("subscribe.stream"):
        raise Skipped(Reason.UNTESTABLE, "streams are declared")
    subscription_id, _ = _create(context, clientId=context.client_id)
    with _stream(context, subscription_id) as opened:
        answer = opened.opened(context.server.options.timeout) or opened.exchange()
        context.server.exchanges.append(answer)
        refused_as_undeclared(answer, "a stream")


# -- the end


@conformance_test(
    "SUB-10",
    "A subscription can be deleted",
    guide=SUBSCRIPTIONS,
    rule="POST /subscriptions/delete deletes each subscription, and answers with one item for each.",
    needs=("SUB-01",),
)
def delete(context: Context) -> None:
    """The one that was created."""
    ids = [context.subscription_id]
    answer = context.server.send(
        delete_subscriptions, {"clientId": context.client_id, "subscriptionIds": ids}
    )
    (item,) = bulk(answer, ids, key="subscriptionId")
    good(item)
    context.created.pop(ids[0], None)


@conformance_test(
    "SUB-11",
    "A deleted subscription is gone",
    guide=LIFE,
    rule="Sync on a subscription that was deleted, or never existed, is answered with 404 in the failure envelope.",
    needs=("SUB-10",),
)
def gone(context: Context) -> None:
    """Sync the one that was deleted."""
    failure(context.server.send(sync_subscription, context.subscription()), 404)


TESTS = (
    create,
    look_up,
    client_id_is_required,
    client_scope,
    register,
    register_again,
    register_unknown,
    sync,
    acknowledge,
    clear,
    unregister,
    stream,
    takeover,
    delete,
    gone,
    undeclared_stream,
)
"""In the order of the run."""
