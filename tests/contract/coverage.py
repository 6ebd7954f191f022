"""Says what of the API document the friendly layer does not show.

After a new version of the document, `unknown_operations` and `unknown_properties` are the list of what is left to
do by hand. Give a new operation its method in METHODS, a new schema its model in MODELS, and what is to stay
hidden its reason in HIDDEN.
"""

from collections import deque
from collections.abc import Iterator
from typing import Any

import msgspec

from i3x import capabilities, models

METHODS = {
    "getInfo": "get_info",
    "getNamespaces": "get_namespaces",
    "getObjectTypes": "get_object_types",
    "queryObjectTypesById": "query_object_types",
    "getRelationshipTypes": "get_relationship_types",
    "queryRelationshipTypesById": "query_relationship_types",
    "getObjects": "get_objects",
    "listObjectsById": "list_objects",
    "queryRelatedObjects": "get_related_objects",
    "queryLastKnownValues": "get_values",
    "updateObjectValues": "update_values",
    "queryHistoricalValues": "get_histories",
    "updateObjectHistory": "update_history",
    "createSubscription": "create_subscription",
    "registerMonitoredItems": "register_items",
    "removeMonitoredItems": "unregister_items",
    "streamSubscription": "subscribe",
    "syncSubscription": "sync_subscription",
    "deleteSubscriptions": "delete_subscriptions",
    "listSubscriptions": "list_subscriptions",
}
"""The operationId of each operation and the method of `i3x.Client` that offers it."""

MODELS: dict[str, type] = {
    "CreateSubscriptionResponse": models.Subscription,
    "CurrentValueResult": models.CurrentValue,
    "ErrorDetail": models.ResponseDetail,
    "HistoricalComponent": models.HistoricalValue,
    "HistoricalValueResult": models.HistoricalValue,
    "Namespace": models.Namespace,
    "ObjectInstanceMetadata": models.ObjectInstanceMetadata,
    "ObjectInstanceResponse": models.ObjectInstance,
    "ObjectTypeResponse": models.ObjectType,
    "RelatedObjectResult": models.RelatedObject,
    "RelationshipType": models.RelationshipType,
    "ServerCapabilities": capabilities.Capabilities,
    "ServerInfo": models.ServerInfo,
    "SubscriptionDetail": models.Subscription,
    "SyncBatch": models.SyncBatch,
    "SyncUpdateEntry": models.ValueChange,
    "VQT": models.VQT,
    "_QueryCapabilities": capabilities.QueryCapabilities,
    "_SubscribeCapabilities": capabilities.SubscribeCapabilities,
    "_UpdateCapabilities": capabilities.UpdateCapabilities,
}
"""The schemas of what servers answer, and the friendly model that shows each."""

HIDDEN = {
    "MonitoredObject.elementId": "monitored objects are shown as the dicts that the server sent",
    "MonitoredObject.maxDepth": "monitored objects are shown as the dicts that the server sent",
}
"""Properties that no friendly model has, and why."""

ENVELOPES = ("SuccessResponse_", "BulkResponse_", "BulkResultItem_", "ErrorResponse")
READ_FROM_ENVELOPES = frozenset(
    {"success", "result", "results", "elementId", "subscriptionId", "responseDetail"}
)
"""Envelopes are opened and not shown. What they may hold is known all the same."""


def unknown_operations(document: dict[str, Any]) -> list[str]:
    """The operationIds that no method of the client offers."""
    return sorted({operation["operationId"] for operation in _operations(document)} - METHODS.keys())


def unknown_properties(document: dict[str, Any]) -> list[str]:
    """The properties of answers, as `Schema.property`, that no friendly model has."""
    found = {f"{schema}.{name}" for schema, name in _answered(document) if name not in _shown(schema)}
    return sorted(found - HIDDEN.keys())


def _operations(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for path in document["paths"].values():
        yield from (operation for operation in path.values() if isinstance(operation, dict))


def _shown(schema: str) -> frozenset[str]:
    """The names on the wire that the friendly layer reads from a schema."""
    if schema.startswith(ENVELOPES):
        return READ_FROM_ENVELOPES
    model = MODELS.get(schema, object)
    if issubclass(model, msgspec.Struct):
        return frozenset(field.encode_name for field in msgspec.structs.fields(model))
    return frozenset(name for name, value in vars(model).items() if isinstance(value, property))


def _answered(document: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every property that an answer can have, with the schema that it stands in."""
    waiting = deque(
        (str(operation["operationId"]), operation["responses"]) for operation in _operations(document)
    )
    waiting.append(("components.responses", document["components"].get("responses", {})))
    seen: set[str] = set()
    while waiting:
        schema, node = waiting.popleft()
        if isinstance(node, list):
            waiting.extend((schema, item) for item in node)
        if not isinstance(node, dict):
            continue
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str) and value not in seen:
                seen.add(value)
                name = value.rpartition("/")[2]
                waiting.append((name, document["components"]["schemas"].get(name)))
            elif key == "properties" and isinstance(value, dict):
                yield from ((schema, name) for name in value)
                waiting.extend((schema, item) for item in value.values())
            else:
                waiting.append((schema, value))
