"""One way of talking to both clients, so that each behaviour is written down, and holds, once for the two."""

import functools
import inspect
import time
from collections.abc import Callable
from typing import Any, Protocol, Self, TypeVar, cast

from anyio.from_thread import BlockingPortal

import i3x
from i3x.delivery.consumer import AsyncConsumer, Consumer

Result = TypeVar("Result")


def patiently(call: Callable[[], Result]) -> Result:
    """Make a call until the time-out that a test has chosen for another one is long enough for it, too.

    It is short so that the test is, and a busy machine may take longer for whatever should work.
    """
    end = time.monotonic() + 20
    while True:
        try:
            return call()
        except i3x.TimeoutError:
            if time.monotonic() > end:
                raise


class Make(Protocol):
    """Builds a client that is not connected yet; the arguments are those of the clients' constructors."""

    def __call__(self, *arguments: Any, **options: Any) -> i3x.Client: ...


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


class Blocking:
    """An `AsyncClient` with the calls of a `Client`: each runs on an event loop on another thread."""

    def __init__(self, client: i3x.AsyncClient, portal: BlockingPortal) -> None:
        self.__dict__.update(client=client, portal=portal)

    def __getattr__(self, name: str) -> Any:
        value = getattr(self.client, name)
        return functools.partial(self._run, value) if inspect.iscoroutinefunction(value) else value

    def __setattr__(self, name: str, value: Any) -> None:
        # A callback is handed the client of the test, which is this one.
        setattr(self.client, name, lambda _, *arguments: value(self, *arguments))

    def __enter__(self) -> Self:
        self._run(self.client.__aenter__)
        return self

    def __exit__(self, *failure: object) -> None:
        self._run(self.client.__aexit__, *failure)

    def __repr__(self) -> str:
        return repr(self.client)

    def consume(self, *arguments: Any, **options: Any) -> Consumer:
        return cast("Consumer", BlockingConsumer(self.client.consume(*arguments, **options), self.portal))

    def _run(self, function: Callable[..., Any], *arguments: Any, **options: Any) -> Any:
        return self.portal.call(functools.partial(function, *arguments, **options))


def blocking(client: i3x.AsyncClient, portal: BlockingPortal) -> i3x.Client:
    """Return an `AsyncClient` in the form of a `Client`."""
    return cast("i3x.Client", Blocking(client, portal))
