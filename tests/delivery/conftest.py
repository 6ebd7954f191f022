"""Fixtures of the tests of deliveries: those of the clients, without long pauses, and a plant."""

from collections.abc import Iterator
from typing import Self

import pytest

import i3x
from i3x.testing import Server
from tests.client.both import Make
from tests.client.conftest import client, connect, flavour, make, portal, server, trust

from .support import Plant, Record

__all__ = ["client", "connect", "flavour", "make", "portal", "server", "trust"]


@pytest.fixture(autouse=True)
def _hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("i3x.delivery.backoff.FIRST_PAUSE", 0.04)
    monkeypatch.setattr("i3x.transport.exchange._FIRST_PAUSE", 0.01)


@pytest.fixture
def patient_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets whatever ends have a minute, so that an end that waits for a time to be up can't be overlooked."""
    for limit in ("deletion.DELETION_TIME", "engine.DELETION_TIME", "hosting.DELETION_TIME"):
        monkeypatch.setattr(f"i3x.delivery.{limit}", 60.0)
    for limit in ("hosting._HANDLER_TIME", "blocking._HANDLER_TIME"):
        monkeypatch.setattr(f"i3x.delivery.{limit}", 60.0)


@pytest.fixture
def plant(server: Server) -> Plant:
    return Plant(server)


@pytest.fixture
def record(client: i3x.Client) -> Record:
    return Record(client)


@pytest.fixture
def world(connect: Make) -> Iterator["World"]:
    with World(connect) as world:
        yield world


class World:
    """A server with options, its plant, a client of it and what the client was told."""

    def __init__(self, connect: Make) -> None:
        self._connect = connect
        self._servers: list[Server] = []

    def begin(self, **options: object) -> tuple[Server, Plant, i3x.Client, Record]:
        given: dict[str, object] = {"tick": None, **options}
        token = given.pop("client_token", given.get("token"))
        deadline = given.pop("client_deadline", None)
        server = Server(**given)  # type: ignore[arg-type]
        server.start()
        self._servers.append(server)
        client = self._connect(server.url, token=token, deadline=deadline)
        return server, Plant(server), client, Record(client)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._servers:
            each.stop()
