"""Breaks of subscriptions: who may see them, what they monitor, how sync acknowledges, how streams take turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from starlette.responses import Response

from ...answers import bad, bulk, encode, failure, good, success
from ...subscriptions import CLEAR, Subscription
from ..base import Fault
from ..streams import StreamFault
from .base import Document, Reply, Section, ask, asked, ignore

if TYPE_CHECKING:
    from ...exchange import Exchange
    from ...stream import EventStream

SUBSCRIBE = Section()


@SUBSCRIBE.edits("createSubscription", fails="SUB-01")
def subscription_without_id(reply: Reply) -> None:
    """Does not say the id of the subscription that it created."""
    del reply.result["subscriptionId"]


@SUBSCRIBE.edits("listSubscriptions", fails="SUB-02")
def listing_without_monitored_objects(reply: Reply) -> None:
    """Lists a subscription without what it monitors."""
    for item in reply.items:
        if item["success"]:
            del item["result"]["monitoredObjects"]


@SUBSCRIBE.edits("listSubscriptions", fails="SUB-02")
def listing_keyed_by_element_id(reply: Reply) -> None:
    """Lists subscriptions as if their ids were element ids."""
    for item in reply.items:
        if item["success"]:
            item["elementId"] = item.pop("subscriptionId")


@SUBSCRIBE.rewrites("createSubscription", fails="SUB-15")
def create_without_client_id(exchange: Exchange) -> None:
    """Creates subscriptions that belong to nobody."""
    if "clientId" not in asked(exchange):
        exchange.body = b'{"clientId": "nobody"}'


@SUBSCRIBE.rewrites("syncSubscription", fails="SUB-15")
def sync_without_client_id(exchange: Exchange) -> None:
    """Hands a subscription's updates to clients that do not say who they are."""
    if "clientId" not in asked(exchange):
        _as_owner(exchange)


@SUBSCRIBE.answers("createSubscription", fails="SUB-15")
def missing_client_id_refused_with_422(exchange: Exchange) -> Response | None:
    """Refuses a subscription without a client id with 422, where 400 is due."""
    return failure(422, "clientId is required") if "clientId" not in asked(exchange) else None


@SUBSCRIBE.rewrites("syncSubscription", fails="SUB-16")
def other_client_may_sync(exchange: Exchange) -> None:
    """Hands a subscription's updates to other clients too."""
    if "clientId" in asked(exchange):
        _as_owner(exchange)


@SUBSCRIBE.rewrites("listSubscriptions", fails="SUB-16")
def other_client_may_list(exchange: Exchange) -> None:
    """Shows a subscription to other clients too."""
    owners = [_subscription(exchange, each) for each in asked(exchange).get("subscriptionIds", [])]
    for owner in owners:
        if owner is not None:
            ask(exchange, clientId=owner.client_id)


@SUBSCRIBE.answers("syncSubscription", fails="SUB-16")
def other_client_forbidden(exchange: Exchange) -> Response | None:
    """Answers 403 to other clients, and so tells them that the subscription exists."""
    fields = asked(exchange)
    subscription = _subscription(exchange, fields.get("subscriptionId"))
    if subscription is None or fields.get("clientId") in (None, subscription.client_id):
        return None
    return failure(403, "This subscription is another client's")


@SUBSCRIBE.edits("registerMonitoredItems", fails="SUB-03")
def registration_loses_an_item(reply: Reply) -> None:
    """Answers for one item less than was asked for, where there are several and all are good."""
    if len(reply.items) > 1 and not reply.failed:
        reply.items.pop()


@SUBSCRIBE.answers("registerMonitoredItems", fails="SUB-04")
def registration_not_idempotent(exchange: Exchange) -> Response | None:
    """Refuses to register what is monitored already."""
    fields = asked(exchange)
    subscription = _subscription(exchange, fields.get("subscriptionId"))
    element_ids = fields.get("elementIds", [])
    if subscription is None or not all(element_id in subscription.monitored for element_id in element_ids):
        return None
    return bulk(bad("elementId", element_id, 409, "It is monitored already") for element_id in element_ids)


@SUBSCRIBE.edits("syncSubscription", fails="SUB-06")
def updates_without_batches(reply: Reply) -> None:
    """Answers the first syncs with a flat list of updates, without batches."""
    if _first(reply):
        reply.result[:] = [update for batch in reply.result for update in batch["updates"]]


@SUBSCRIBE.edits("syncSubscription", fails="SUB-06")
def batch_without_sequence_number(reply: Reply) -> None:
    """Leaves the sequence numbers out of batches, until one is acknowledged."""
    if _first(reply):
        for batch in reply.result:
            del batch["sequenceNumber"]


@SUBSCRIBE.edits("syncSubscription", fails="SUB-06")
def update_with_null_and_good_quality(reply: Reply) -> None:
    """Calls the value of an update good that is not there."""
    for update in _updates(reply):
        update["value"], update["quality"] = None, "Good"


@SUBSCRIBE.edits("syncSubscription", fails="SUB-06")
def update_timestamp_without_zone(reply: Reply) -> None:
    """Writes the timestamp of an update without its `Z`."""
    for update in _updates(reply):
        update["timestamp"] = update["timestamp"].rstrip("Z")


@SUBSCRIBE.edits("syncSubscription", fails="SUB-07")
def batches_out_of_order(reply: Reply) -> None:
    """Sends the batches that wait with the newest one first."""
    reply.result.reverse()


@SUBSCRIBE.edits("syncSubscription", fails="SUB-07")
def sequence_numbers_repeat(reply: Reply) -> None:
    """Gives all batches of an answer the same sequence number."""
    for batch in reply.result:
        batch["sequenceNumber"] = reply.result[-1]["sequenceNumber"]


@SUBSCRIBE.rewrites("syncSubscription", fails="SUB-07")
def acknowledged_batches_stay(exchange: Exchange) -> None:
    """Keeps batches, acknowledged or not; only -1 clears them."""
    if asked(exchange).get("lastSequenceNumber") != CLEAR:
        ignore(exchange, "lastSequenceNumber")


@SUBSCRIBE.rewrites("syncSubscription", fails="SUB-13")
def minus_one_clears_nothing(exchange: Exchange) -> None:
    """Takes -1 for an acknowledgement of nothing."""
    if asked(exchange).get("lastSequenceNumber") == CLEAR:
        ignore(exchange, "lastSequenceNumber")


@SUBSCRIBE.answers("syncSubscription", fails="SUB-13")
def minus_one_refused(exchange: Exchange) -> Response | None:
    """Refuses -1, as if no sequence number could be that."""
    refused = asked(exchange).get("lastSequenceNumber") == CLEAR
    return failure(400, "lastSequenceNumber must not be negative") if refused else None


@SUBSCRIBE.answers("streamSubscription", fails="SUB-09")
def declared_stream_refused(_exchange: Exchange) -> Response:
    """Refuses to open event streams, which it says it can."""
    return failure(501, "This server has no event streams")


@SUBSCRIBE.fault("stream_of_another_content_type", fails="SUB-09")
class StreamOfAnotherContentType(Fault):
    """Calls an event stream JSON."""

    operations = frozenset({"streamSubscription"})

    def head(self, headers: Sequence[tuple[str, str]], /) -> Sequence[tuple[str, str]]:
        """The headers of JSON."""
        return [(name, "application/json" if name == "content-type" else value) for name, value in headers]


@SUBSCRIBE.rewrites("streamSubscription", fails="SUB-14")
def second_stream_leaves_first_open(exchange: Exchange) -> None:
    """Opens a second stream beside the first, which stays open."""
    subscription = _subscription(exchange, asked(exchange).get("subscriptionId"))
    if subscription is not None:
        subscription.stream = None  # or it would be ended


@SUBSCRIBE.answers("streamSubscription", fails="SUB-14")
def second_stream_refused(exchange: Exchange) -> Response | None:
    """Refuses a stream where one is open."""
    subscription = _subscription(exchange, asked(exchange).get("subscriptionId"))
    if subscription is None or subscription.stream is None:
        return None
    return failure(409, "A stream of this subscription is open")


@SUBSCRIBE.fault("second_stream_resets_first", fails="SUB-14")
class SecondStreamResetsFirst(StreamFault):
    """Resets the connection of a stream that another one takes over."""

    async def strike(self, stream: EventStream, /) -> None:
        """Break off, once it is time to end."""
        if stream.ended:
            await stream.reset()


@SUBSCRIBE.fault("second_stream_sends_first_an_error", fails="SUB-14")
class SecondStreamSendsFirstAnError(StreamFault):
    """Tells a stream that another one takes over of an error, before it ends."""

    async def strike(self, stream: EventStream, /) -> None:
        """Say so, once it is time to end."""
        if stream.ended:
            await stream.write(b'event: error\ndata: {"error": "another stream was opened"}\n\n')


@SUBSCRIBE.answers("deleteSubscriptions", fails="SUB-11")
def deleted_subscription_stays(exchange: Exchange) -> Response | None:
    """Says that subscriptions are deleted, and keeps them."""
    fields = asked(exchange)
    ids = fields.get("subscriptionIds", [])
    if not all(_subscription(exchange, each) for each in ids):
        return None
    return bulk(good("subscriptionId", each, None) for each in ids)


@SUBSCRIBE.answers("syncSubscription", fails="SUB-11")
def unknown_subscription_gone(exchange: Exchange) -> Response | None:
    """Answers 410 for a subscription that does not exist, where 404 is due."""
    return failure(410, "This subscription is gone") if _nowhere(exchange) else None


@SUBSCRIBE.answers("syncSubscription", fails="SUB-11")
def unknown_subscription_without_envelope(exchange: Exchange) -> Response | None:
    """Answers 404 for a subscription that does not exist without the failure envelope."""
    return encode({"detail": "Not Found"}, 404) if _nowhere(exchange) else None


@SUBSCRIBE.answers("syncSubscription", fails="SUB-11")
def unknown_subscription_is_empty(exchange: Exchange) -> Response | None:
    """Answers that nothing waits in a subscription that does not exist."""
    return success([]) if _nowhere(exchange) else None


@SUBSCRIBE.edits("getInfo", warns="SUB-12")
def undeclared_stream_opens(reply: Reply) -> None:
    """Opens event streams, which it says it does not have."""
    reply.result["capabilities"]["subscribe"]["stream"] = False


@SUBSCRIBE.fault("undeclared_stream_not_found", warns="SUB-12")
class UndeclaredStreamNotFound(Fault):
    """Answers 404 for event streams, which it says it does not have."""

    operations = frozenset({"getInfo", "streamSubscription"})
    edits = True

    async def instead(self, exchange: Exchange, /) -> Response | None:
        """The refusal."""
        refused = exchange.request.operation == "streamSubscription"
        return failure(404, "There is nothing here") if refused else None

    def edit(self, exchange: Exchange, document: Any, /) -> Any:
        """What `/info` says."""
        if exchange.request.operation == "getInfo":
            document["result"]["capabilities"]["subscribe"]["stream"] = False
        return document


def _subscription(exchange: Exchange, subscription_id: object) -> Subscription | None:
    """The subscription of this id, whoever it belongs to."""
    every = exchange.state.subscriptions
    return next((each for each in every if each.subscription_id == subscription_id), None)


def _nowhere(exchange: Exchange) -> bool:
    fields = asked(exchange)
    return "clientId" in fields and _subscription(exchange, fields.get("subscriptionId")) is None


def _as_owner(exchange: Exchange) -> None:
    subscription = _subscription(exchange, asked(exchange).get("subscriptionId"))
    if subscription is not None:
        ask(exchange, clientId=subscription.client_id)


def _first(reply: Reply) -> bool:
    return reply.asked.get("lastSequenceNumber") is None


def _updates(reply: Reply) -> list[Document]:
    return [update for batch in reply.result for update in batch["updates"]]
