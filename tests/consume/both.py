"""Consumers of both clients in one form, and what the tests ask of a server and of a batch."""

import functools
import inspect
from typing import Any, Protocol, Self, cast

import msgspec
from anyio.from_thread import BlockingPortal

import i3x
from i3x.delivery.consumer import AsyncConsumer, Consumer
from i3x.testing import Server
from tests.client.both import Blocking


class Connect(Protocol):
    """Builds a client that is connected; the options are those of the clients' constructors."""

    def __call__(self, url: str, **options: Any) -> i3x.Client: ...


class BlockingConsumer:
    """An `AsyncConsumer` in the form of a `Consumer`."""

    def __init__(self, consumer: AsyncConsumer, portal: BlockingPortal) -> None:
        self._consumer = consumer
        self._portal = portal

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._consumer, name)
        return functools.partial(self._portal.call, value) if inspect.iscoroutinefunction(value) else value

    def __enter__(self) -> Self:
        self._portal.call(self._consumer.__aenter__)
        return self

    def __exit__(self, *failure: object) -> None:
        self._portal.call(cast("Any", self._consumer.__aexit__), *failure)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> i3x.SyncBatch:
        try:
            return self._portal.call(self._consumer.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None


class ConsumingClient(Blocking):
    """An `AsyncClient` in the form of a `Client`, its consumers too."""

    def consume(self, *arguments: Any, **options: Any) -> Consumer:
        return cast("Consumer", BlockingConsumer(self.client.consume(*arguments, **options), self.portal))


def asked(server: Server, operation: str) -> list[Any]:
    """The bodies of all requests for an operation that the server got, oldest first."""
    return [request.json for request in server.requests if request.operation == operation]


def acknowledged(server: Server) -> list[int | None]:
    """What each poll acknowledged."""
    return [body.get("lastSequenceNumber") for body in asked(server, "syncSubscription")]


def values(*batches: i3x.SyncBatch) -> list[Any]:
    """The values in batches."""
    return [change.value for batch in batches for change in batch.updates]


def position(path: Any) -> Any:
    """What a checkpoint file holds."""
    return msgspec.json.decode(path.read_bytes())
