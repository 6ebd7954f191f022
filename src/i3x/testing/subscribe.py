"""The operations on subscriptions: create, watch, poll, stream, delete."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from .answers import Answer, RequestError, bad, bulk, good, success
from .call import Call
from .stream import EventStream
from .subscriptions import CLEAR, HIGHEST_SEQUENCE_NUMBER, Subscription


def create(call: Call) -> Answer:
    """POST /subscriptions."""
    subscription = call.state.subscriptions.create(
        call.fields.client_id(), call.fields.optional_string("displayName")
    )
    return success(
        {
            "clientId": subscription.client_id,
            "subscriptionId": subscription.subscription_id,
            "displayName": subscription.display_name,
        }
    )


def list_by_id(call: Call) -> Answer:
    """POST /subscriptions/list."""
    client_id = call.fields.client_id()

    def item(subscription_id: str) -> dict[str, Any]:
        subscription = call.state.subscriptions.find(client_id, subscription_id)
        if subscription is None:
            return _no_subscription(subscription_id)
        return good("subscriptionId", subscription_id, _shown(subscription))

    return bulk([item(subscription_id) for subscription_id in call.subscription_ids()])


def delete(call: Call) -> Answer:
    """POST /subscriptions/delete."""
    client_id = call.fields.client_id()

    def item(subscription_id: str) -> dict[str, Any]:
        subscription = call.state.subscriptions.find(client_id, subscription_id)
        if subscription is None:
            return _no_subscription(subscription_id)
        call.state.subscriptions.delete(subscription)
        return good("subscriptionId", subscription_id, None)

    return bulk([item(subscription_id) for subscription_id in call.subscription_ids()])


def register(call: Call) -> Answer:
    """POST /subscriptions/register."""
    depth = call.fields.max_depth(nullable=True)
    element_ids = call.element_ids()
    subscription = _subscription(call)
    space = call.state.station.space

    def item(element_id: str) -> dict[str, Any]:
        if element_id not in space.elements:
            return bad("elementId", element_id, 404, f"There is no object {element_id!r}")
        watched = [element_id, *space.descend(element_id, depth)]
        call.state.subscriptions.register(subscription, element_id, depth, watched)
        return good("elementId", element_id, None)

    return bulk([item(element_id) for element_id in element_ids])


def unregister(call: Call) -> Answer:
    """POST /subscriptions/unregister."""
    element_ids = call.element_ids()
    subscription = _subscription(call)

    def item(element_id: str) -> dict[str, Any]:
        if not call.state.subscriptions.unregister(subscription, element_id):
            return bad("elementId", element_id, 404, f"{element_id!r} is not monitored")
        return good("elementId", element_id, None)

    return bulk([item(element_id) for element_id in element_ids])


def sync(call: Call) -> Answer:
    """POST /subscriptions/sync."""
    acknowledged = call.fields.integer("lastSequenceNumber", minimum=CLEAR, maximum=HIGHEST_SEQUENCE_NUMBER)
    subscription = _subscription(call)
    if subscription.stream is not None:
        raise RequestError(400, "A stream of this subscription is open; close it before the first sync")
    call.state.subscriptions.touch(subscription)
    if acknowledged is not None:
        subscription.queue.acknowledge(acknowledged)
    batches, dropped = subscription.queue.batches()
    result = [{"sequenceNumber": batch.sequence_number, "updates": list(batch.updates)} for batch in batches]
    partial = f"{dropped} updates were dropped: the queue holds {call.state.settings.queue_limit}"
    return success(result, partial if dropped else None)


def stream(call: Call) -> Response:
    """POST /subscriptions/stream."""
    if not call.state.settings.stream:
        raise RequestError(501, "This server has no event streams; use sync")
    return EventStream(call.state, _subscription(call))


def _subscription(call: Call) -> Subscription:
    client_id, subscription_id = call.fields.client_id(), call.fields.string("subscriptionId")
    subscription = call.state.subscriptions.find(client_id, subscription_id)
    if subscription is None:
        raise RequestError(404, f"There is no subscription {subscription_id!r}")
    return subscription


def _shown(subscription: Subscription) -> dict[str, Any]:
    return {
        "subscriptionId": subscription.subscription_id,
        "displayName": subscription.display_name,
        "monitoredObjects": [
            {"elementId": element_id, "maxDepth": monitored.max_depth}
            for element_id, monitored in subscription.monitored.items()
        ],
    }


def _no_subscription(subscription_id: str) -> dict[str, Any]:
    return bad("subscriptionId", subscription_id, 404, f"There is no subscription {subscription_id!r}")
