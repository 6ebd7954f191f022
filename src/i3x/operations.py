"""What each operation of i3X is, once: the request, how often it may be sent, and how its answer is read.

Nothing here does I/O, so that the blocking and the asynchronous client share every line. Requests are built by
the functions that are generated from the OpenAPI document, which are imported when they are first used.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from itertools import repeat
from typing import Any, TypeVar, cast
from urllib.parse import quote

import msgspec
from msgspec.structs import force_setattr, replace

from i3x import arguments, histories, nanoseconds
from i3x.calls import Bulk as Bulk
from i3x.calls import Call as Call
from i3x.calls import Repeat as Repeat
from i3x.envelopes import Key, Outcomes, read_bulk, read_nothing, read_result
from i3x.errors import I3XError, NotFoundError, SubscriptionError
from i3x.failures import Reply, Subject, invalid, retold
from i3x.models import (
    CurrentValue,
    HistoricalValue,
    Namespace,
    ObjectInstance,
    ObjectType,
    RelatedObject,
    RelationshipType,
    ServerInfo,
    Subscription,
    SyncBatch,
)
from i3x.results import BulkDict, BulkItem, BulkList
from i3x.times import Time, time_range
from i3x.updates import read_batches

T = TypeVar("T")
R = TypeVar("R", BulkList[Any], BulkDict[Any])


def _call(
    operation: str,
    request: Mapping[str, Any],
    read: Callable[[Reply], T],
    *,
    repeat: Repeat = Repeat.ALWAYS,
    needs_credentials: bool = True,
    streams: bool = False,
    changes: bool = False,
) -> Call[T]:
    """Build a call from what a generated ``_get_kwargs`` returned."""
    content = b""
    if "json" in request:
        content = _json(request["json"])
    return Call(
        operation,
        request["method"].upper(),
        request["url"],
        read,
        request.get("params", {}),
        content,
        repeat,
        needs_credentials,
        streams,
        changes or repeat is not Repeat.ALWAYS,
    )


_ENCODER = json.JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"))


def _json(body: Any) -> bytes:
    try:
        return _ENCODER.encode(body).encode()
    except RecursionError as error:
        raise ValueError("the value is nested too deep to be sent") from error


def _bulk(
    operation: str,
    request: Mapping[str, Any],
    items: Iterable[tuple[str, bytes]],
    read: Callable[[Reply, Sequence[str]], R],
    empty: Callable[[], R],
    *,
    failed: Callable[[Sequence[str], I3XError], R] | None = None,
    repeat: Repeat = Repeat.ALWAYS,
    changes: bool = False,
) -> Bulk[R]:
    """Build a bulk call from what a generated ``_get_kwargs`` returned for no items.

    Each request has some of the items in its one list, and ``read`` gets their ids with its reply.
    """
    method, url = request["method"].upper(), request["url"]
    name = next(name for name in _LISTS if name in request["json"])
    before, middle, after = _json(request["json"]).partition(f'"{name}":[]'.encode())
    before += middle[:-1]
    after = middle[-1:] + after

    def call(ids: Sequence[str], texts: Sequence[bytes]) -> Call[R]:
        content = b"".join((before, b",".join(texts), after))
        return Call(
            operation,
            method,
            url,
            lambda reply: read(reply, ids),
            content=content,
            repeat=repeat,
            changes=changes,
        )

    def fail(ids: Sequence[str], error: I3XError) -> R:
        result = empty()
        result.errors.update(dict.fromkeys(ids, error))
        return result

    return Bulk(operation, items, call, len(before) + len(after), empty, failed or fail, repeat=repeat)


_LISTS = ("elementIds", "subscriptionIds", "updates")  # what a bulk request has its items in


def _encoded(ids: Iterable[str]) -> Iterable[tuple[str, bytes]]:
    return [(each, msgspec.json.encode(each)) for each in ids]


def _listing(operation: str, request: Mapping[str, Any], model: type[T]) -> Call[BulkList[T]]:
    def read(reply: Reply) -> BulkList[T]:
        entries, partial = read_result(reply, list[model], Subject(operation))  # type: ignore[valid-type]
        result = BulkList(entries)
        result.partial = partial
        return result

    return _call(operation, request, read)


def _bulk_list(
    operation: str, request: Mapping[str, Any], ids: list[str], model: type[T]
) -> Bulk[BulkList[T]]:
    def read(reply: Reply, ids: Sequence[str]) -> BulkList[T]:
        return _as_list(read_bulk(reply, model, ids, "elementId", Subject(operation), required=True))

    return _bulk(operation, request, _encoded(ids), read, BulkList[T])


def _as_list(outcomes: Outcomes[T]) -> BulkList[T]:
    return _with_rest(BulkList([entry for entry in outcomes.results if entry is not None]), outcomes)


def _as_items(outcomes: Outcomes[Any], ids: Sequence[str], key: Key) -> BulkList[BulkItem]:
    items = [
        BulkItem.of(key, item_id, outcomes.failures.get(position), result, outcomes.explained.get(position))
        for position, (item_id, result) in enumerate(zip(ids, outcomes.results, strict=True))
    ]
    return _with_rest(BulkList(items), outcomes)


def _bulk_items(
    operation: str,
    request: Mapping[str, Any],
    items: Iterable[tuple[str, bytes]],
    *,
    key: Key = "elementId",
    subject: Subject | None = None,
    repeat: Repeat = Repeat.ALWAYS,
) -> Bulk[BulkList[BulkItem]]:
    """Build a bulk call that changes something, with one item in its result for each that was asked for."""
    about = subject or Subject(operation)

    def read(reply: Reply, ids: Sequence[str]) -> BulkList[BulkItem]:
        return _as_items(read_bulk(reply, Any, ids, key, about), ids, key)

    def failed(ids: Sequence[str], error: I3XError) -> BulkList[BulkItem]:
        result = BulkList(BulkItem.of(key, item_id, error) for item_id in ids)
        result.errors.update(dict.fromkeys(ids, error))
        return result

    return _bulk(
        operation, request, items, read, BulkList[BulkItem], failed=failed, repeat=repeat, changes=True
    )


def _with_rest(result: R, outcomes: Outcomes[Any]) -> R:
    """Put beside the good part of a bulk answer what failed and what was cut."""
    result.errors, result.partial = outcomes.errors, outcomes.partial
    return result


def _only(many: Bulk[BulkList[T]] | Bulk[BulkDict[T]]) -> Call[T]:
    """Turn a bulk call for one id into a call that returns its result or raises its error."""
    call = many.whole()

    def read(reply: Reply) -> T:
        result = call.read(reply)
        for error in result.errors.values():
            raise error
        return next(iter(result.values() if isinstance(result, dict) else result))

    return Call(
        call.operation,
        call.method,
        call.path,
        read,
        call.params,
        call.content,
        call.repeat,
        changes=call.changes,
    )


# --- server -------------------------------------------------------------------------------------------------


def get_info() -> Call[ServerInfo]:
    """``GET /info``, the one operation that needs no credentials."""
    from i3x.raw.api.info import get_info as endpoint

    operation = "getInfo"
    return _call(
        operation,
        endpoint._get_kwargs(),
        lambda reply: read_result(reply, ServerInfo, Subject(operation))[0],
        needs_credentials=False,
    )


# --- explore ------------------------------------------------------------------------------------------------


def get_namespaces() -> Call[BulkList[Namespace]]:
    """``GET /namespaces``."""
    from i3x.raw.api.explore import get_namespaces as endpoint

    return _listing("getNamespaces", endpoint._get_kwargs(), Namespace)


def get_object_types(namespace_uri: str | None) -> Call[BulkList[ObjectType]]:
    """``GET /objecttypes``."""
    from i3x.raw.api.explore import get_object_types as endpoint

    uri = arguments.optional_text(namespace_uri, "namespace_uri")
    return _listing("getObjectTypes", endpoint._get_kwargs(**_given(namespace_uri=uri)), ObjectType)


def query_object_types(element_ids: Iterable[str]) -> Bulk[BulkList[ObjectType]]:
    """``POST /objecttypes/query``."""
    from i3x.raw.api.explore import query_object_types_by_id as endpoint
    from i3x.raw.models import GetObjectTypesRequest

    ids = arguments.element_ids(element_ids)
    request = endpoint._get_kwargs(body=GetObjectTypesRequest(element_ids=[]))
    return _bulk_list("queryObjectTypesById", request, ids, ObjectType)


def get_relationship_types(namespace_uri: str | None) -> Call[BulkList[RelationshipType]]:
    """``GET /relationshiptypes``."""
    from i3x.raw.api.explore import get_relationship_types as endpoint

    uri = arguments.optional_text(namespace_uri, "namespace_uri")
    return _listing(
        "getRelationshipTypes", endpoint._get_kwargs(**_given(namespace_uri=uri)), RelationshipType
    )


def query_relationship_types(element_ids: Iterable[str]) -> Bulk[BulkList[RelationshipType]]:
    """``POST /relationshiptypes/query``."""
    from i3x.raw.api.explore import query_relationship_types_by_id as endpoint
    from i3x.raw.models import GetRelationshipTypesRequest

    ids = arguments.element_ids(element_ids)
    request = endpoint._get_kwargs(body=GetRelationshipTypesRequest(element_ids=[]))
    return _bulk_list("queryRelationshipTypesById", request, ids, RelationshipType)


def get_objects(
    type_element_id: str | None, include_metadata: bool, root: bool | None
) -> Call[BulkList[ObjectInstance]]:
    """``GET /objects``."""
    from i3x.raw.api.explore import get_objects as endpoint

    type_id = arguments.optional_text(type_element_id, "type_element_id")
    given = _given(type_element_id=type_id, root=None if root is None else bool(root))
    request = endpoint._get_kwargs(include_metadata=bool(include_metadata), **given)
    return _listing("getObjects", request, ObjectInstance)


def list_objects(element_ids: Iterable[str], include_metadata: bool) -> Bulk[BulkList[ObjectInstance]]:
    """``POST /objects/list``."""
    from i3x.raw.api.explore import list_objects_by_id as endpoint
    from i3x.raw.models import GetObjectsRequest

    ids = arguments.element_ids(element_ids)
    body = GetObjectsRequest(element_ids=[], include_metadata=bool(include_metadata))
    return _bulk_list("listObjectsById", endpoint._get_kwargs(body=body), ids, ObjectInstance)


def get_object(element_id: str, include_metadata: bool) -> Call[ObjectInstance]:
    """``POST /objects/list`` for one element."""
    return _only(list_objects([arguments.element_id(element_id)], include_metadata))


def get_related_objects(
    element_ids: Iterable[str], relationship_type: str | None, include_metadata: bool
) -> Bulk[BulkList[RelatedObject]]:
    """``POST /objects/related``."""
    from i3x.raw.api.explore import query_related_objects as endpoint
    from i3x.raw.models import GetRelatedObjectsRequest

    operation = "queryRelatedObjects"
    ids = arguments.element_ids(element_ids)
    given = _given(relationship_type=arguments.optional_text(relationship_type, "relationship_type"))
    body = GetRelatedObjectsRequest(element_ids=[], include_metadata=bool(include_metadata), **given)

    def read(reply: Reply, ids: Sequence[str]) -> BulkList[RelatedObject]:
        outcomes = read_bulk(reply, list[RelatedObject], ids, "elementId", Subject(operation))
        result: BulkList[RelatedObject] = BulkList()
        for element_id, edges in zip(ids, outcomes.results, strict=True):
            for edge in edges or ():
                force_setattr(edge, "source_element_id", element_id)
                result.append(edge)
        return _with_rest(result, outcomes)

    return _bulk(operation, endpoint._get_kwargs(body=body), _encoded(ids), read, BulkList[RelatedObject])


# --- values -------------------------------------------------------------------------------------------------


def get_values(element_ids: Iterable[str], max_depth: int) -> Bulk[BulkDict[CurrentValue]]:
    """``POST /objects/value``."""
    from i3x.raw.api.query import query_last_known_values as endpoint
    from i3x.raw.models import GetObjectValueRequest

    operation = "queryLastKnownValues"
    ids, depth = arguments.element_ids(element_ids), arguments.max_depth(max_depth)
    request = endpoint._get_kwargs(body=GetObjectValueRequest(element_ids=[], max_depth=depth))

    def read(reply: Reply, ids: Sequence[str]) -> BulkDict[CurrentValue]:
        outcomes = read_bulk(reply, CurrentValue, ids, "elementId", Subject(operation), required=True)
        return _as_dict(outcomes, ids)

    return _bulk(operation, request, _encoded(ids), read, BulkDict[CurrentValue])


def get_value(element_id: str, max_depth: int) -> Call[CurrentValue]:
    """``POST /objects/value`` for one element."""
    return _only(get_values([arguments.element_id(element_id)], max_depth))


def get_histories(
    element_ids: Iterable[str], start_time: Time | None, end_time: Time | None, max_depth: int
) -> Bulk[BulkDict[HistoricalValue]]:
    """``POST /objects/history``; both times are always sent."""
    from i3x.raw.api.query import query_historical_values as endpoint
    from i3x.raw.models import GetObjectHistoryRequest

    operation = "queryHistoricalValues"
    ids, depth = arguments.element_ids(element_ids), arguments.max_depth(max_depth)
    start, end = time_range(start_time, end_time)

    def read(reply: Reply, ids: Sequence[str]) -> BulkDict[HistoricalValue]:
        subject = Subject(operation)
        outcomes = read_bulk(
            reply, HistoricalValue, ids, "elementId", subject, required=True, salvage=histories.salvage
        )
        for element_id, history in zip(ids, outcomes.results, strict=True):
            if history is not None:
                history.of(element_id)
        return histories.tell_cut(_as_dict(outcomes, ids), outcomes.whole)

    def until(end: str) -> Bulk[BulkDict[HistoricalValue]]:
        body = GetObjectHistoryRequest(element_ids=[], start_time=start, end_time=end, max_depth=depth)
        request = endpoint._get_kwargs(body=body)
        return _bulk(operation, request, _encoded(ids), read, BulkDict[HistoricalValue])

    soon = nanoseconds.of_text(start) + histories.PROBE
    if nanoseconds.of_text(end) <= soon:
        return until(end)
    return replace(until(end), trial=until(nanoseconds.to_text(soon)).call)


V = TypeVar("V", CurrentValue, HistoricalValue)


def _as_dict(outcomes: Outcomes[V], ids: Sequence[str]) -> BulkDict[V]:
    """Build the dict of results, each with its element id, and with what was cut of it."""
    values = cast("list[V]", outcomes.results)  # none is missing but those that failed
    if outcomes.failures:
        ids = [element_id for position, element_id in enumerate(ids) if position not in outcomes.failures]
        values = [value for value in outcomes.results if value is not None]
    # The wire has the id outside of the result. There may be many: a loop would take three times as long.
    deque(map(force_setattr, values, repeat("element_id"), ids), maxlen=0)
    result: BulkDict[V] = BulkDict(zip(ids, values, strict=True))
    cut = dict(outcomes.details)
    if len(outcomes.ids) == 1 and outcomes.whole is not None:
        cut.setdefault(outcomes.ids[0], outcomes.whole)
    for element_id, detail in cut.items():
        if element_id in result:
            result[element_id] = replace(result[element_id], partial=detail)
    return _with_rest(result, outcomes)


# --- update -------------------------------------------------------------------------------------------------


def update_values(updates: Mapping[str, Any]) -> Bulk[BulkList[BulkItem]]:
    """``PUT /objects/value``."""
    from i3x.writing import new_values

    return _update_values(new_values(updates))


def update_value(element_id: str, value: Any, quality: str | None, timestamp: Time | None) -> Call[BulkItem]:
    """``PUT /objects/value`` for one element."""
    from i3x.writing import new_value

    vqt = new_value(value, quality, timestamp)
    return _only(_update_values({arguments.element_id(element_id): vqt}))


def _update_values(vqts: Mapping[str, dict[str, Any]]) -> Bulk[BulkList[BulkItem]]:
    from i3x.raw.api.update import update_object_values as endpoint
    from i3x.raw.models import UpdateValueRequest, ValueUpdateItem, VQTInput
    from i3x.raw.types import UNSET

    def text(element_id: str, vqt: Mapping[str, Any]) -> bytes:
        value = VQTInput(
            value=vqt["value"], quality=vqt.get("quality", UNSET), timestamp=vqt.get("timestamp", UNSET)
        )
        return _json(ValueUpdateItem(element_id=element_id, value=value).to_dict())

    return _bulk_items(
        "updateObjectValues",
        endpoint._get_kwargs(body=UpdateValueRequest(updates=[])),
        [(element_id, text(element_id, vqt)) for element_id, vqt in vqts.items()],
        # With its own timestamp a value is the same one when it arrives twice.
        repeat=Repeat.ALWAYS if all("timestamp" in vqt for vqt in vqts.values()) else Repeat.UNSENT,
    )


def update_value_before_release(
    element_id: str, value: Any, quality: str | None, timestamp: Time | None
) -> Call[BulkItem]:
    """``PUT /objects/{elementId}/value``, where servers before the release take a bare VQT."""
    from i3x.writing import new_value

    operation, item_id = "updateObjectValues", arguments.element_id(element_id)
    vqt = new_value(value, quality, timestamp)

    def read(reply: Reply) -> BulkItem:
        read_nothing(reply, Subject(operation, element_id=item_id))
        return BulkItem.of("elementId", item_id, None)

    return _call(
        operation,
        {"method": "put", "url": f"/objects/{_segment(item_id)}/value", "json": vqt},
        read,
        repeat=Repeat.ALWAYS if "timestamp" in vqt else Repeat.UNSENT,
        changes=True,
    )


def _segment(text: str) -> str:
    """Return a text as one segment of a path; one of dots alone would lead to another place."""
    return quote(text, safe="") if text.strip(".") else text.replace(".", "%2E")


def update_history(element_id: str, values: Any) -> Bulk[BulkList[BulkItem]]:
    """``PUT /objects/history``, one entry per point; points that come from an iterator are taken as they are sent."""
    from i3x.raw.api.update import update_object_history as endpoint
    from i3x.raw.models import VQT, HistoryUpdateItem, UpdateHistoryRequest
    from i3x.writing import new_points

    operation, item_id = "updateObjectHistory", arguments.element_id(element_id)
    items = (
        (item_id, _json(HistoryUpdateItem(element_id=item_id, value=VQT(**point)).to_dict()))
        for point in new_points(values)
    )
    is_whole = not isinstance(values, Iterator)
    good = BulkItem.of("elementId", item_id, None)  # one for all: there may be a million points

    def read(reply: Reply, ids: Sequence[str]) -> BulkList[BulkItem]:
        outcomes = read_bulk(reply, Any, ids, "elementId", Subject(operation))
        if outcomes.failures or outcomes.explained or any(outcomes.results):
            return _as_items(outcomes, ids, "elementId")
        return _with_rest(BulkList([good] * len(ids)), outcomes)

    def failed(ids: Sequence[str], error: I3XError) -> BulkList[BulkItem]:
        result = BulkList([BulkItem.of("elementId", item_id, error)] * len(ids))
        result.errors[item_id] = error
        return result

    bulk = _bulk(
        operation,
        endpoint._get_kwargs(body=UpdateHistoryRequest(updates=[])),
        list(items) if is_whole else items,
        read,
        BulkList[BulkItem],
        failed=failed,
        changes=True,
    )
    return replace(bulk, settled=_raise_for_points, is_whole=is_whole)


def _raise_for_points(result: BulkList[BulkItem]) -> BulkList[BulkItem]:
    """Raise the first error of a written history; its ``result`` is what became of each point."""
    failures = [(index, item.error) for index, item in enumerate(result) if item.error is not None]
    if not failures:
        return result
    index, first = failures[0]
    count = f"{len(failures)} of {len(result)} points failed, the first at index {index}"
    error = retold(first, f"{first}; {count}", element_id=result[index].element_id)
    error.outcome_unknown = any(each.outcome_unknown for _, each in failures)
    error.result = result
    raise error from first.__cause__


# --- subscribe ----------------------------------------------------------------------------------------------


def create_subscription(client_id: str, display_name: str | None) -> Call[Subscription]:
    """``POST /subscriptions``; never sent twice, since a second one would stay on the server unused."""
    from i3x.raw.api.subscribe import create_subscription as endpoint
    from i3x.raw.models import CreateSubscriptionRequest

    operation = "createSubscription"
    given = _given(display_name=arguments.optional_text(display_name, "display_name"))
    body = CreateSubscriptionRequest(client_id=client_id, **given)

    def read(reply: Reply) -> Subscription:
        subscription, _ = read_result(reply, Subscription, Subject(operation))
        if not subscription.subscription_id:
            raise SubscriptionError(
                f"{operation}: the server made a subscription and gave it no id, so that it can't be used",
                operation=operation,
            )
        return replace(subscription, client_id=client_id)

    return _call(operation, endpoint._get_kwargs(body=body), read, repeat=Repeat.NEVER)


def register_items(
    client_id: str, subscription: Subscription | str, element_ids: Iterable[str], max_depth: int
) -> Bulk[BulkList[BulkItem]]:
    """``POST /subscriptions/register``; ``maxDepth`` is always sent, since its default differs on servers."""
    from i3x.raw.api.subscribe import register_monitored_items as endpoint
    from i3x.raw.models import RegisterMonitoredItemsRequest

    operation, ids = "registerMonitoredItems", arguments.element_ids(element_ids)
    subscription_id, depth = arguments.subscription_id(subscription), arguments.max_depth(max_depth)
    body = RegisterMonitoredItemsRequest(
        client_id=client_id, subscription_id=subscription_id, element_ids=[], max_depth=depth
    )
    # A failure of the whole is one of the subscription.
    subject = Subject(operation, subscription_id=subscription_id)
    return _bulk_items(operation, endpoint._get_kwargs(body=body), _encoded(ids), subject=subject)


def unregister_items(
    client_id: str, subscription: Subscription | str, element_ids: Iterable[str]
) -> Bulk[BulkList[BulkItem]]:
    """``POST /subscriptions/unregister``; a second time it would fail per item, so it is sent once."""
    from i3x.raw.api.subscribe import remove_monitored_items as endpoint
    from i3x.raw.models import UnregisterMonitoredItemsRequest

    operation, ids = "removeMonitoredItems", arguments.element_ids(element_ids)
    subscription_id = arguments.subscription_id(subscription)
    body = UnregisterMonitoredItemsRequest(
        client_id=client_id, subscription_id=subscription_id, element_ids=[]
    )
    subject, request = Subject(operation, subscription_id=subscription_id), endpoint._get_kwargs(body=body)
    return _bulk_items(operation, request, _encoded(ids), subject=subject, repeat=Repeat.UNSENT)


def list_subscriptions(client_id: str, subscription_ids: Iterable[str]) -> Bulk[BulkList[Subscription]]:
    """``POST /subscriptions/list``."""
    from i3x.raw.api.subscribe import list_subscriptions as endpoint
    from i3x.raw.models import ListSubscriptionsRequest

    operation, ids = "listSubscriptions", arguments.element_ids(subscription_ids, "subscription_ids")
    body = ListSubscriptionsRequest(client_id=client_id, subscription_ids=[])

    def read(reply: Reply, ids: Sequence[str]) -> BulkList[Subscription]:
        outcomes = read_bulk(reply, Subscription, ids, "subscriptionId", Subject(operation), required=True)
        for subscription in filter(None, outcomes.results):
            force_setattr(subscription, "client_id", client_id)
        return _as_list(outcomes)

    return _bulk(operation, endpoint._get_kwargs(body=body), _encoded(ids), read, BulkList[Subscription])


def get_subscription(client_id: str, subscription: Subscription | str) -> Call[Subscription]:
    """``POST /subscriptions/list`` for one subscription."""
    return _only(list_subscriptions(client_id, [arguments.subscription_id(subscription)]))


def sync_subscription(
    client_id: str, subscription: Subscription | str, last_sequence_number: int | None
) -> Call[BulkList[SyncBatch]]:
    """``POST /subscriptions/sync``."""
    from i3x.raw.api.subscribe import sync_subscription as endpoint
    from i3x.raw.models import SyncRequest

    operation = "syncSubscription"
    subscription_id = arguments.subscription_id(subscription)
    number = arguments.sequence_number(last_sequence_number)
    body = SyncRequest(
        client_id=client_id, subscription_id=subscription_id, **_given(last_sequence_number=number)
    )
    return _call(
        operation,
        endpoint._get_kwargs(body=body),
        lambda reply: read_batches(reply, Subject(operation, subscription_id=subscription_id)),
        # Acknowledging twice is harmless; clearing twice would lose what arrived in between.
        repeat=Repeat.UNSENT if number == -1 else Repeat.ALWAYS,
    )


def stream_subscription(client_id: str, subscription_id: str) -> Call[None]:
    """``POST /subscriptions/stream``; ``read`` raises the error of an answer that is no stream."""
    from i3x.raw.api.subscribe import stream_subscription as endpoint
    from i3x.raw.models import StreamRequest

    operation = "streamSubscription"
    body = StreamRequest(client_id=client_id, subscription_id=subscription_id)

    def read(reply: Reply) -> None:
        subject = Subject(operation, subscription_id=subscription_id)
        read_nothing(reply, subject)
        raise invalid(reply, subject, "the answer is no event stream")

    return _call(operation, endpoint._get_kwargs(body=body), read, repeat=Repeat.NEVER, streams=True)


def delete_subscriptions(client_id: str, subscription_ids: Iterable[str]) -> Bulk[BulkList[BulkItem]]:
    """``POST /subscriptions/delete``; one that was sent twice has succeeded when it is no longer there.

    Some servers refuse a deletion whole for one subscription that they do not have.
    """
    from i3x.raw.api.subscribe import delete_subscriptions as endpoint
    from i3x.raw.models import DeleteSubscriptionsRequest

    operation, ids = "deleteSubscriptions", arguments.element_ids(subscription_ids, "subscription_ids")
    body = DeleteSubscriptionsRequest(client_id=client_id, subscription_ids=[])
    bulk = _bulk_items(operation, endpoint._get_kwargs(body=body), _encoded(ids), key="subscriptionId")

    def read(reply: Reply, ids: Sequence[str]) -> BulkList[BulkItem]:
        outcomes = _deleted(reply, ids, operation)
        if reply.attempts > 1:
            failures = outcomes.failures.items()
            outcomes.failures = {at: error for at, error in failures if not isinstance(error, NotFoundError)}
        return _as_items(outcomes, ids, "subscriptionId")

    def call(ids: Sequence[str], texts: Sequence[bytes]) -> Call[BulkList[BulkItem]]:
        return replace(bulk.call(ids, texts), read=lambda reply: read(reply, ids))

    return replace(bulk, call=call, one_by_one=frozenset((404, 410)))


def ended(ids: Sequence[str], delivered: Container[str], gone: BulkList[BulkItem]) -> BulkList[BulkItem]:
    """Tell a deletion by the ids that the caller has; some may have become others while they were delivered.

    One that was delivered and is not there has been lost by the server before the delivery noticed.
    """
    result: BulkList[BulkItem] = BulkList()
    for subscription_id, item in zip(ids, gone, strict=True):
        error = item.error
        if isinstance(error, NotFoundError) and subscription_id in delivered:
            error = None
        detail = item.response_detail if error is item.error else None
        result.append(BulkItem.of("subscriptionId", subscription_id, error, item.result, detail))
        if error is not None:
            result.errors[subscription_id] = error
    result.partial = gone.partial
    return result


def _deleted(reply: Reply, ids: Sequence[str], operation: str) -> Outcomes[Any]:
    """Read a deletion; the failure of the whole is that of the one subscription, if it is only one."""
    subject = Subject(operation, subscription_id=ids[0] if len(ids) == 1 else None)
    try:
        return read_bulk(reply, Any, ids, "subscriptionId", subject)
    except I3XError as error:
        if len(ids) > 1:
            raise
        return Outcomes(list(ids), [None], failures={0: error})


def delete_subscription(client_id: str, subscription: Subscription | str) -> Call[BulkItem]:
    """``POST /subscriptions/delete`` for one subscription."""
    return _only(delete_subscriptions(client_id, [arguments.subscription_id(subscription)]))


def _given(**values: Any) -> dict[str, Any]:
    """Return the arguments that have a value: what a caller leaves out is not sent."""
    return {name: value for name, value in values.items() if value is not None}
