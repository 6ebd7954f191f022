"""Every operation of the document, sent by the raw layer to the test server, is answered as the document says."""

import json
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator, FormatChecker

from i3x import raw_call
from i3x.raw import Client, models
from i3x.raw.api.explore import (
    get_namespaces,
    get_object_types,
    get_objects,
    get_relationship_types,
    list_objects_by_id,
    query_object_types_by_id,
    query_related_objects,
    query_relationship_types_by_id,
)
from i3x.raw.api.info import get_info
from i3x.raw.api.query import query_historical_values, query_last_known_values
from i3x.raw.api.subscribe import (
    create_subscription,
    delete_subscriptions,
    list_subscriptions,
    register_monitored_items,
    remove_monitored_items,
    stream_subscription,
    sync_subscription,
)
from i3x.raw.api.update import update_object_history, update_object_values
from i3x.raw_call import Operation, RawReply
from i3x.testing import Server

UNKNOWN = "no such element"


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(tick=0.05) as running:
        yield running


class Caller:
    """Sends operations, and remembers which."""

    def __init__(self, url: str, document: dict[str, Any]) -> None:
        self.client = Client(base_url=url)
        self.used: set[str] = set()
        self._document = document

    def __call__(self, operation: Operation, **arguments: Any) -> Any:
        reply = raw_call.send(self.client, operation, **arguments)
        assert reply.failure is reply.parse_error is None, reply
        path, verb, described = self._described(operation)
        self.used.add(described["operationId"])
        self._validate(reply, f"/paths/{path.replace('/', '~1')}/{verb}/responses", described["responses"])
        return json.loads(reply.content) if not reply.events else reply.events

    def _described(self, operation: Operation) -> tuple[str, str, dict[str, Any]]:
        name = str(getattr(operation, "__name__", "")).rpartition(".")[2]
        return next(
            (path, verb, described)
            for path, item in self._document["paths"].items()
            for verb, described in item.items()
            if re.sub("([A-Z])", r"_\1", described["operationId"]).lower() == name
        )

    def _validate(self, reply: RawReply, pointer: str, responses: dict[str, Any]) -> None:
        status = str(reply.status_code) if str(reply.status_code) in responses else "default"
        kind = reply.headers["content-type"].partition(";")[0]
        assert kind in responses[status]["content"], f"{kind} is not documented"
        instance = reply.content.decode() if reply.events else json.loads(reply.content)
        self.validate(instance, f"{pointer}/{status}/content/{kind.replace('/', '~1')}/schema")

    def validate(self, instance: Any, pointer: str) -> None:
        # The document itself is the schema, so that its references find their way: what is no keyword of
        # JSON Schema is ignored.
        schema = {**self._document, "$ref": f"#{pointer}"}
        Draft202012Validator(schema, format_checker=FormatChecker()).validate(instance)


@pytest.fixture
def call(server: Server, corrected: dict[str, Any]) -> Iterator[Caller]:
    caller = Caller(server.url, corrected)
    with caller.client:
        yield caller


def test_every_operation_is_answered_as_the_document_says(call: Caller, corrected: dict[str, Any]) -> None:
    for part in (explore_everything, read_values, write_values, subscribe_and_poll, stream_events, fail):
        part(call)
    operations = {
        operation["operationId"] for path in corrected["paths"].values() for operation in path.values()
    }
    assert call.used == operations


def ids(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["elementId"] for entry in entries]


def explore_everything(call: Caller) -> None:
    assert call(get_info)["result"]["specVersion"]
    namespace = call(get_namespaces)["result"][0]["uri"]
    types = ids(call(get_object_types)["result"])
    call(get_object_types, namespace_uri=namespace)
    call(query_object_types_by_id, body=models.GetObjectTypesRequest(element_ids=[*types, UNKNOWN]))
    relations = ids(call(get_relationship_types)["result"])
    call(
        query_relationship_types_by_id,
        body=models.GetRelationshipTypesRequest(element_ids=[*relations, UNKNOWN]),
    )
    objects = ids(call(get_objects, include_metadata=True)["result"])
    call(get_objects, root=True)
    call(
        list_objects_by_id,
        body=models.GetObjectsRequest(element_ids=[*objects, UNKNOWN], include_metadata=True),
    )
    call(query_related_objects, body=models.GetRelatedObjectsRequest(element_ids=[*objects, UNKNOWN]))


def read_values(call: Caller) -> None:
    objects = [*ids(call(get_objects)["result"]), UNKNOWN]
    for depth in (0, 1, 2):
        call(query_last_known_values, body=models.GetObjectValueRequest(element_ids=objects, max_depth=depth))
        request = models.GetObjectHistoryRequest(
            element_ids=objects,
            start_time="2020-01-01T00:00:00Z",
            end_time="2100-01-01T00:00:00Z",
            max_depth=depth,
        )
        call(query_historical_values, body=request)


def write_values(call: Caller) -> None:
    item = models.ValueUpdateItem(element_id=UNKNOWN, value=models.VQTInput(value=1))
    assert call(update_object_values, body=models.UpdateValueRequest(updates=[item]))["success"] is False
    point = models.VQT(value=1, quality="Good", timestamp="2026-01-01T00:00:00Z")
    history = models.HistoryUpdateItem(element_id=UNKNOWN, value=point)
    assert (
        call(update_object_history, body=models.UpdateHistoryRequest(updates=[history]))["success"] is False
    )


ME = "me"


def subscribed(call: Caller) -> str:
    """The id of a subscription to everything."""
    objects = [*ids(call(get_objects)["result"]), UNKNOWN]
    created: str = call(create_subscription, body=models.CreateSubscriptionRequest(ME))["result"][
        "subscriptionId"
    ]
    request = models.RegisterMonitoredItemsRequest(client_id=ME, subscription_id=created, element_ids=objects)
    call(register_monitored_items, body=request)
    return created


def subscribe_and_poll(call: Caller) -> None:
    subscription = subscribed(call)
    several = [subscription, UNKNOWN]
    listed = call(list_subscriptions, body=models.ListSubscriptionsRequest(ME, several))
    assert listed["results"][0]["result"]["monitoredObjects"]
    wait_for(lambda: call(sync_subscription, body=models.SyncRequest(ME, subscription))["result"])
    removed = models.UnregisterMonitoredItemsRequest(
        client_id=ME, subscription_id=subscription, element_ids=[UNKNOWN]
    )
    call(remove_monitored_items, body=removed)
    call(delete_subscriptions, body=models.DeleteSubscriptionsRequest(ME, several))


def wait_for(poll: Callable[[], Any]) -> None:
    end = time.monotonic() + 60
    while not poll():
        assert time.monotonic() < end
        time.sleep(0.01)


def stream_events(call: Caller) -> None:
    events = call(
        stream_subscription, body=models.StreamRequest(ME, subscribed(call)), max_events=2, max_seconds=60
    )
    assert len(events) == 2
    for event in events:
        call.validate(json.loads(event), "/components/schemas/StreamUpdates")


def fail(call: Caller) -> None:
    assert call(create_subscription, body={})["responseDetail"]["status"] == 400
    assert call(sync_subscription, body=models.SyncRequest(ME, UNKNOWN))["responseDetail"]["status"] == 404
