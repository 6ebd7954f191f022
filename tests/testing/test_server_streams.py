"""Event streams: Server-Sent Events over POST."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from i3x.testing import Server

Subscribe = Callable[..., dict[str, Any]]
Connect = Callable[..., httpx.Client]


@contextmanager
def opened(http: httpx.Client, scope: dict[str, Any], **options: Any) -> Iterator[Iterator[str]]:
    """The lines of an open stream."""
    with http.stream("POST", "/subscriptions/stream", json=scope, **options) as response:
        assert response.status_code == 200
        assert response.headers["content-type"] == "text/event-stream"
        assert "content-encoding" not in response.headers
        yield response.iter_lines()


def values(lines: Iterator[str]) -> list[Any]:
    """The values of the next event."""
    for line in lines:
        if line.startswith("data: "):
            return [update["value"] for update in json.loads(line.removeprefix("data: "))]
    pytest.fail("the stream ended")


def test_an_event_is_an_array_of_updates(server: Server, http: httpx.Client, subscribe: Subscribe) -> None:
    with opened(http, subscribe(http, "sensor-001")) as lines:
        server.set_value("sensor-001", 1, quality="Uncertain", timestamp="2026-01-31T08:15:00Z")
        assert json.loads(next(lines).removeprefix("data: ")) == [
            {
                "elementId": "sensor-001",
                "value": 1,
                "quality": "Uncertain",
                "timestamp": "2026-01-31T08:15:00Z",
            }
        ]
        assert next(lines) == ""


def test_what_was_queued_is_sent_first(server: Server, http: httpx.Client, subscribe: Subscribe) -> None:
    scope = subscribe(http, "sensor-001")
    server.set_value("sensor-001", 1)
    http.post("/subscriptions/sync", json=scope)
    server.set_value("sensor-001", 2)
    with opened(http, scope) as lines:
        assert values(lines) == [1, 2]


def test_what_was_streamed_is_not_queued(server: Server, http: httpx.Client, subscribe: Subscribe) -> None:
    scope = subscribe(http, "sensor-001")
    with opened(http, scope) as lines:
        server.set_value("sensor-001", 1)
        assert values(lines) == [1]
    assert until_closed(http, scope).json()["result"] == []


def until_closed(http: httpx.Client, scope: dict[str, Any]) -> httpx.Response:
    """The first sync that is not refused: the server notices a closed stream a moment later."""
    response = http.post("/subscriptions/sync", json=scope)
    while response.status_code == 400:
        response = http.post("/subscriptions/sync", json=scope)
    return response


def test_sync_is_an_error_while_a_stream_is_open(http: httpx.Client, subscribe: Subscribe) -> None:
    scope = subscribe(http, "sensor-001")
    with opened(http, scope):
        response = http.post("/subscriptions/sync", json=scope)
        assert response.status_code == 400
        assert "stream" in response.json()["responseDetail"]["detail"]
    assert until_closed(http, scope).status_code == 200


def test_a_second_stream_ends_the_first_cleanly(
    server: Server, http: httpx.Client, subscribe: Subscribe
) -> None:
    scope = subscribe(http, "sensor-001")
    with opened(http, scope) as first, opened(http, scope) as second:
        assert list(first) == []
        server.set_value("sensor-001", 1)
        assert values(second) == [1]


def test_deleting_a_subscription_ends_its_stream_cleanly(http: httpx.Client, subscribe: Subscribe) -> None:
    scope = subscribe(http, "sensor-001")
    with opened(http, scope) as lines:
        http.post(
            "/subscriptions/delete",
            json={"clientId": "client-1", "subscriptionIds": [scope["subscriptionId"]]},
        )
        assert list(lines) == []


def test_stopping_the_server_ends_streams_cleanly(
    server: Server, http: httpx.Client, subscribe: Subscribe
) -> None:
    with opened(http, subscribe(http, "sensor-001")) as lines:
        server.stop()
        assert list(lines) == []


def test_an_idle_stream_is_kept_alive_with_comments(connect: Connect, subscribe: Subscribe) -> None:
    with Server(keep_alive=0.02, tick=None) as server:
        http = connect(server)
        with opened(http, subscribe(http)) as lines:
            assert [next(lines) for _ in range(4)] == [": keep-alive", "", ": keep-alive", ""]


def test_an_open_stream_does_not_expire(
    connect: Connect, subscribe: Subscribe, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(time_to_live=60, tick=None) as server:
        http = connect(server)
        with opened(http, subscribe(http, "sensor-001")) as lines:
            subscriptions = server._state.subscriptions
            monkeypatch.setattr(subscriptions, "_clock", lambda: time.monotonic() + 61)
            server._on_loop(subscriptions.expire)
            server.set_value("sensor-001", 1)
            assert values(lines) == [1]


def test_a_stream_is_never_compressed(http: httpx.Client, subscribe: Subscribe) -> None:
    with opened(http, subscribe(http), headers={"Accept-Encoding": "gzip"}):
        pass


def test_many_updates_arrive_in_order(server: Server, http: httpx.Client, subscribe: Subscribe) -> None:
    def count() -> None:
        for value in range(200):
            server.set_value("sensor-001", value)

    with opened(http, subscribe(http, "sensor-001")) as lines:
        writer = threading.Thread(target=count)
        writer.start()
        seen: list[Any] = []
        while len(seen) < 200:
            seen += values(lines)
        writer.join()
        assert seen == list(range(200))
