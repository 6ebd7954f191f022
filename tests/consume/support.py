"""What the tests of consumption ask of a server, a batch and a checkpoint."""

from typing import Any

import msgspec

import i3x
from i3x.testing import Server


def asked(server: Server, operation: str) -> list[Any]:
    """The bodies of all requests for an operation that the server got, oldest first."""
    return [request.json for request in server.requests if request.operation == operation]


def acknowledged(server: Server) -> list[int | None]:
    """What each poll acknowledged."""
    return [body.get("lastSequenceNumber") for body in asked(server, "syncSubscription")]


def at_last(consumer: Any) -> i3x.SyncBatch:
    """The next batch of a consumer whose time may be up more than once before there is one."""
    for _ in range(100):
        for batch in consumer:
            found: i3x.SyncBatch = batch
            return found
    raise AssertionError("no batch came")


def values(*batches: i3x.SyncBatch) -> list[Any]:
    """The values in batches."""
    return [change.value for batch in batches for change in batch.updates]


def position(path: Any) -> Any:
    """What a checkpoint file holds."""
    return msgspec.json.decode(path.read_bytes())
