"""The client for i3X 1.0 servers: an industrial plant's model, live values and history over HTTP.

::

    import i3x

    with i3x.Client("https://server.example.com/v1", token="...") as client:
        print(client.get_value("sensor-001").value)

The names below are loaded when they are first used, so that importing the package costs next to nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # which type checkers know by its name: to import it takes longer than all else here
if TYPE_CHECKING:
    from typing import Any

    from i3x.aio import AsyncClient
    from i3x.capabilities import Capabilities
    from i3x.client import Client
    from i3x.delivery.states import Status as DeliveryStatus
    from i3x.delivery.view import Delivery
    from i3x.errors import (
        AmbiguousPathError,
        AuthenticationError,
        BadRequestError,
        BulkError,
        ConnectionError,
        I3XError,
        InvalidServerResponseError,
        InvalidValueError,
        NotFoundError,
        NotListedError,
        NotSupportedError,
        ServerError,
        StreamError,
        SubscriptionError,
        TimeoutError,
        TooLargeError,
        TooManyRequestsError,
        UnsupportedVersionError,
        ValueNotKeptError,
    )
    from i3x.models import (
        VQT,
        CurrentValue,
        Gap,
        HistoricalPoint,
        HistoricalValue,
        HistoryProgress,
        HistoryWindow,
        MissingHistory,
        Namespace,
        ObjectInstance,
        ObjectInstanceMetadata,
        ObjectType,
        RelatedObject,
        RelationshipType,
        ResponseDetail,
        ServerInfo,
        Subscription,
        SyncBatch,
        ValueChange,
    )
    from i3x.navigate.asynchronous import AsyncAddressSpace
    from i3x.navigate.blocking import AddressSpace
    from i3x.navigate.changes import AddressSpaceChanges
    from i3x.navigate.traversal import Hop
    from i3x.results import BulkDict, BulkItem, BulkList

__version__ = "2.0.0"

__all__ = [
    "VQT",
    "AddressSpace",
    "AddressSpaceChanges",
    "AmbiguousPathError",
    "AsyncAddressSpace",
    "AsyncClient",
    "AuthenticationError",
    "BadRequestError",
    "BulkDict",
    "BulkError",
    "BulkItem",
    "BulkList",
    "Capabilities",
    "Client",
    "ConnectionError",
    "CurrentValue",
    "Delivery",
    "DeliveryStatus",
    "Gap",
    "HistoricalPoint",
    "HistoricalValue",
    "HistoryProgress",
    "HistoryWindow",
    "Hop",
    "I3XError",
    "InvalidServerResponseError",
    "InvalidValueError",
    "MissingHistory",
    "Namespace",
    "NotFoundError",
    "NotListedError",
    "NotSupportedError",
    "ObjectInstance",
    "ObjectInstanceMetadata",
    "ObjectType",
    "RelatedObject",
    "RelationshipType",
    "ResponseDetail",
    "ServerError",
    "ServerInfo",
    "StreamError",
    "Subscription",
    "SubscriptionError",
    "SyncBatch",
    "TimeoutError",
    "TooLargeError",
    "TooManyRequestsError",
    "UnsupportedVersionError",
    "ValueChange",
    "ValueNotKeptError",
    "__version__",
]

_HOMES = {
    "AddressSpace": "navigate.blocking",
    "AddressSpaceChanges": "navigate.changes",
    "AsyncAddressSpace": "navigate.asynchronous",
    "AsyncClient": "aio",
    "Capabilities": "capabilities",
    "Client": "client",
    "Delivery": "delivery.view",
    "DeliveryStatus": "delivery.states",
    "Hop": "navigate.traversal",
    **dict.fromkeys(("BulkDict", "BulkItem", "BulkList"), "results"),
    **{name: "errors" for name in __all__ if name.endswith("Error")},
}

_NAMES_THERE = {"DeliveryStatus": "Status"}

_MODULES = ("client", "errors", "models")  # which the released client has after `import i3x`

_RENAMED = {
    "LastKnownValue": "since 1.0 it is CurrentValue",
    "Relationship": "since 1.0 it is RelatedObject",
}


def __getattr__(name: str) -> Any:
    import importlib

    if name in _MODULES:
        return importlib.import_module(f"i3x.{name}")
    if name not in __all__:
        hint = f"; {_RENAMED[name]}" if name in _RENAMED else ""
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}{hint}")
    home = importlib.import_module(f"i3x.{_HOMES.get(name, 'models')}")
    value = getattr(home, _NAMES_THERE.get(name, name))
    globals()[name] = value  # the next look-up finds it without asking here
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
