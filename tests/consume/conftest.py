"""What the tests of consumption share: both clients in one form, and a server whose values stand still."""

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from anyio.from_thread import BlockingPortal, start_blocking_portal

import i3x
from i3x.testing import Server

from .both import Connect, ConsumingClient


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the pauses between attempts short."""
    monkeypatch.setattr("i3x.transport.exchange._FIRST_PAUSE", 0.01)
    monkeypatch.setattr("i3x.delivery.backoff.FIRST_PAUSE", 0.02)
    monkeypatch.setattr("i3x.delivery.backoff.LONGEST_PAUSE", 0.2)


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
def connect(flavour: str, portal: BlockingPortal, trust: ssl.SSLContext) -> Iterator[Connect]:
    """Builds clients that are connected, and disconnected after the test."""
    made: list[i3x.Client] = []

    def connect(url: str, **options: Any) -> i3x.Client:
        if flavour == "sync":
            client = i3x.Client(url, verify=trust, **options)
        else:
            inner = i3x.AsyncClient(url, verify=trust, **options)
            client = cast("i3x.Client", ConsumingClient(inner, portal))
        made.append(client)
        client.connect()
        return client

    yield connect
    for client in made:
        client.disconnect()


@pytest.fixture
def server() -> Iterator[Server]:
    """A server whose values stand still."""
    with Server(tick=None) as running:
        yield running


@pytest.fixture
def client(server: Server, connect: Connect) -> i3x.Client:
    """A client that is connected to the test's server."""
    return connect(server.url)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the checkpoint is."""
    return tmp_path / "sensors.checkpoint"
