"""The twenty operations: the name of each in the API document, and where it is found."""

from __future__ import annotations

PREFIX = "/v1"

PATHS: dict[str, tuple[str, str]] = {
    "getInfo": ("GET", "/info"),
    "getNamespaces": ("GET", "/namespaces"),
    "getObjectTypes": ("GET", "/objecttypes"),
    "queryObjectTypesById": ("POST", "/objecttypes/query"),
    "getRelationshipTypes": ("GET", "/relationshiptypes"),
    "queryRelationshipTypesById": ("POST", "/relationshiptypes/query"),
    "getObjects": ("GET", "/objects"),
    "listObjectsById": ("POST", "/objects/list"),
    "queryRelatedObjects": ("POST", "/objects/related"),
    "queryLastKnownValues": ("POST", "/objects/value"),
    "updateObjectValues": ("PUT", "/objects/value"),
    "queryHistoricalValues": ("POST", "/objects/history"),
    "updateObjectHistory": ("PUT", "/objects/history"),
    "createSubscription": ("POST", "/subscriptions"),
    "listSubscriptions": ("POST", "/subscriptions/list"),
    "registerMonitoredItems": ("POST", "/subscriptions/register"),
    "removeMonitoredItems": ("POST", "/subscriptions/unregister"),
    "streamSubscription": ("POST", "/subscriptions/stream"),
    "syncSubscription": ("POST", "/subscriptions/sync"),
    "deleteSubscriptions": ("POST", "/subscriptions/delete"),
}

OPERATIONS = frozenset(PATHS)

BULK_OPERATIONS = OPERATIONS - {
    "getInfo",
    "getNamespaces",
    "getObjectTypes",
    "getRelationshipTypes",
    "getObjects",
    "createSubscription",
    "streamSubscription",
    "syncSubscription",
}

_NAMES = {(method, PREFIX + path): name for name, (method, path) in PATHS.items()}


def operation_at(method: str, path: str) -> str | None:
    """The operation that a request asks for, or None."""
    return _NAMES.get((method, path))


def methods_at(path: str) -> list[str]:
    """The methods that a path answers to; none for an unknown one."""
    methods = {method for method, known in _NAMES if known == path}
    return sorted(methods | ({"HEAD"} if "GET" in methods else set()))
