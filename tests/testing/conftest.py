"""A quiet server of its own for each test, and plain httpx to talk to it: the client has no part in these tests."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from i3x.testing import Server


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(tick=None) as running:
        yield running


@pytest.fixture
def patient_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets answers on their way have a minute when a server stops, so that a stop can't wait for one unnoticed."""
    monkeypatch.setattr("i3x.testing.hosting._GRACE", 60.0)


@pytest.fixture
def connect() -> Iterator[Callable[..., httpx.Client]]:
    """Opens plain HTTP clients that are closed after the test."""
    opened: list[httpx.Client] = []

    def connect(server: Server, **options: Any) -> httpx.Client:
        opened.append(httpx.Client(base_url=server.url, verify=False, timeout=15, **options))
        return opened[-1]

    yield connect
    for client in opened:
        client.close()


@pytest.fixture
def http(server: Server, connect: Callable[..., httpx.Client]) -> httpx.Client:
    return connect(server)


@pytest.fixture
def subscribe() -> Callable[..., dict[str, Any]]:
    """Creates a subscription that monitors some objects, and returns what every call on it carries."""

    def subscribe(http: httpx.Client, *element_ids: str, max_depth: int = 1) -> dict[str, Any]:
        created = http.post("/subscriptions", json={"clientId": "client-1"}).json()["result"]
        scope = {"clientId": "client-1", "subscriptionId": created["subscriptionId"]}
        items = {"elementIds": list(element_ids), "maxDepth": max_depth}
        assert http.post("/subscriptions/register", json=scope | items).json()["success"]
        return scope

    return subscribe
