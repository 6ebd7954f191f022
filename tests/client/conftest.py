"""What the tests of the clients share: a quiet server of its own for each, and both clients in one form."""

import ssl
from collections.abc import Iterator
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

import i3x
from i3x.testing import Server

from .both import Make, blocking, patiently


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture(scope="session")
def portal() -> Iterator[BlockingPortal]:
    """The event loop that every `AsyncClient` lives on."""
    with start_blocking_portal() as running:
        yield running


@pytest.fixture(scope="session")
def trust() -> ssl.SSLContext:
    """The system's authorities, loaded once: that takes longer than most tests."""
    return ssl.create_default_context()


@pytest.fixture(params=["sync", "async"])
def flavour(request: pytest.FixtureRequest) -> str:
    """Which of the two clients a test is about; it runs for both."""
    return str(request.param)


@pytest.fixture
def make(flavour: str, portal: BlockingPortal, trust: ssl.SSLContext) -> Iterator[Make]:
    """Builds clients that are closed after the test."""
    made: list[i3x.Client] = []

    def make(*arguments: Any, **options: Any) -> i3x.Client:
        if len(arguments) < 7:
            options.setdefault("verify", trust)
        if flavour == "sync":
            client = i3x.Client(*arguments, **options)
        else:
            client = blocking(i3x.AsyncClient(*arguments, **options), portal)
        made.append(client)
        return client

    yield make
    for client in made:
        client.disconnect()


@pytest.fixture
def connect(make: Make) -> Make:
    """Builds clients that are connected already."""

    def connect(*arguments: Any, **options: Any) -> i3x.Client:
        client = make(*arguments, **options)
        patiently(client.connect)
        return client

    return connect


@pytest.fixture
def server() -> Iterator[Server]:
    """A server whose values stand still."""
    with Server(tick=None) as running:
        yield running


@pytest.fixture
def client(server: Server, connect: Make) -> i3x.Client:
    """A client that is connected to the test's server, and that tries again without much of a pause."""
    return connect(server.url)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the pauses between attempts short."""
    monkeypatch.setattr("i3x.transport.exchange._FIRST_PAUSE", 0.01)
