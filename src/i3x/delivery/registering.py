"""The items of a subscription: what the server has of them, and how they are registered."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from i3x import operations
from i3x.calls import Bulk
from i3x.errors import I3XError, SubscriptionError
from i3x.results import BulkItem, BulkList


def monitored(objects: list[dict[str, Any]]) -> dict[str, int]:
    """Return element id → depth, as far as a server says."""
    found: dict[str, int] = {}
    for entry in objects:
        element_id, depth = entry.get("elementId"), entry.get("maxDepth", 1)
        if isinstance(element_id, str):
            found[element_id] = depth if isinstance(depth, int) else 1
    return found


def lacking(has: Mapping[str, int], items: Mapping[str, int]) -> dict[str, int]:
    """Return the items that a server does not have, or not with their depth."""
    return {element_id: depth for element_id, depth in items.items() if has.get(element_id) != depth}


def registrations(
    client_id: str, subscription_id: str, items: Mapping[str, int]
) -> Iterator[tuple[list[str], Bulk[BulkList[BulkItem]]]]:
    """Return the ids of each depth, with the call that registers them."""
    for depth in sorted(set(items.values())):
        ids = [element_id for element_id, wanted in items.items() if wanted == depth]
        yield ids, operations.register_items(client_id, subscription_id, ids, depth)


def check_any(items: Mapping[str, int], errors: Mapping[str, I3XError]) -> None:
    """Raise :class:`~i3x.SubscriptionError` if no item at all could be registered."""
    if errors and not items.keys() - errors.keys():
        first = next(iter(errors.values()))
        raise SubscriptionError(
            f"none of the elements can be monitored; the first: {first}",
            first.status_code,
            operation="registerMonitoredItems",
        ) from first
