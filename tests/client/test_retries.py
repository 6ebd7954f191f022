"""Trying again: what is sent a second time, when, and what never is."""

import contextlib
import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest

import i3x
from i3x.testing import Server

from .both import Make
from .wire import answer, received, says, serve, success

STAMP = "2026-01-31T08:00:00Z"

READS: dict[str, Callable[[i3x.Client], Any]] = {
    "getNamespaces": lambda client: client.get_namespaces(),
    "getObjects": lambda client: client.get_objects(),
    "queryRelatedObjects": lambda client: client.get_related_objects(["pump-101"]),
    "queryLastKnownValues": lambda client: client.get_value("sensor-001"),
    "queryHistoricalValues": lambda client: client.get_history("sensor-001"),
    "listSubscriptions": lambda client: client.list_subscriptions(["s"]),
}


@pytest.mark.parametrize("status", [429, 502, 503, 504])
@pytest.mark.parametrize("operation", READS)
def test_a_read_is_sent_again_while_the_server_is_overloaded(
    client: i3x.Client, server: Server, operation: str, status: int
) -> None:
    server.fault("status", operation=operation, status=status, retry_after=0, times=2)
    READS[operation](client)
    assert len(received(server, operation)) == 3


@pytest.mark.parametrize("operation", READS)
def test_a_read_is_sent_again_when_the_connection_breaks(
    client: i3x.Client, server: Server, operation: str, quick: None
) -> None:
    server.fault("reset", operation=operation, times=2)
    READS[operation](client)
    assert len(received(server, operation)) == 3


def test_a_read_is_sent_again_when_its_answer_is_cut_off(
    client: i3x.Client, server: Server, quick: None
) -> None:
    server.fault("truncate", operation="getObjects", times=1)
    assert client.get_objects()
    assert len(received(server, "getObjects")) == 2


def test_it_is_tried_twice_more_and_then_given_up(client: i3x.Client, server: Server) -> None:
    server.fault("status", status=503, retry_after=0)
    with pytest.raises(i3x.ServerError) as caught:
        client.get_namespaces()
    assert caught.value.status_code == 503
    assert len(received(server, "getNamespaces")) == 3


def test_a_broken_connection_is_given_up_too(client: i3x.Client, server: Server, quick: None) -> None:
    server.fault("reset")
    with pytest.raises(i3x.ConnectionError, match="broke"):
        client.get_namespaces()
    assert len(received(server, "getNamespaces")) == 3


@pytest.mark.parametrize(("retries", "requests"), [(0, 1), (1, 2), (4, 5)])
def test_the_number_of_retries_can_be_chosen(
    server: Server, connect: Make, retries: int, requests: int
) -> None:
    client = connect(server.url, retries=retries)
    server.fault("status", status=503, retry_after=0)
    with pytest.raises(i3x.ServerError):
        client.get_namespaces()
    assert len(received(server, "getNamespaces")) == requests


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 413, 500, 501])
def test_other_failures_are_final(client: i3x.Client, server: Server, status: int) -> None:
    server.fault("status", status=status, retry_after=0)
    with pytest.raises(i3x.I3XError) as caught:
        client.get_namespaces()
    assert caught.value.status_code == status
    assert len(received(server, "getNamespaces")) == 1


def test_an_answer_that_makes_no_sense_is_final(client: i3x.Client, server: Server) -> None:
    server.fault("not_json")
    with pytest.raises(i3x.InvalidServerResponseError):
        client.get_namespaces()
    assert len(received(server, "getNamespaces")) == 1


def test_connect_waits_out_an_overload(server: Server, connect: Make) -> None:
    server.fault("status", status=429, retry_after=0, times=2)
    assert connect(server.url).is_connected
    assert len(received(server, "getInfo")) == 3


# --- Retry-After -------------------------------------------------------------------------------------------------


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the client's own pauses so long that a test with one fails."""
    monkeypatch.setattr("i3x.transport.exchange._FIRST_PAUSE", 600.0)
    monkeypatch.setattr("i3x.transport.exchange._LONGEST_PAUSE", 600.0)


def _http_date(seconds: float) -> str:
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


@pytest.mark.parametrize("after", ["0", "Sat, 31 Jan 2026 08:00:00 GMT"])
def test_retry_after_says_when(client: i3x.Client, server: Server, slow: None, after: str) -> None:
    server.fault("status", status=503, retry_after=after, times=1)
    assert client.get_namespaces()
    assert len(received(server, "getNamespaces")) == 2


def test_retry_after_is_waited_for(client: i3x.Client, server: Server, slow: None) -> None:
    server.fault("status", status=503, retry_after=1, times=1)
    began = time.monotonic()
    assert client.get_namespaces()
    assert 0.95 < time.monotonic() - began < 10


@pytest.mark.parametrize("form", ["seconds", "date"])
def test_a_retry_after_beyond_the_deadline_gives_up_at_once(server: Server, connect: Make, form: str) -> None:
    after = "120" if form == "seconds" else _http_date(3600)
    client = connect(server.url, deadline=40.0)
    server.fault("status", status=429, retry_after=after)
    began = time.monotonic()
    with pytest.raises(i3x.TooManyRequestsError):
        client.get_namespaces()
    assert time.monotonic() - began < 20
    assert len(received(server, "getNamespaces")) == 1


@pytest.mark.parametrize("skew", [-86400, 86400])
@pytest.mark.parametrize(("after", "requests"), [(0, 2), (3600, 1)])
def test_a_retry_after_that_is_a_date_is_one_by_the_clock_of_the_server(
    connect: Make, skew: int, after: int, requests: int
) -> None:
    date, moment = _http_date(skew), _http_date(skew + after)
    busy = answer(b"", f"Date: {date}", f"Retry-After: {moment}", status="429 Too Many Requests")
    with serve(says(busy, success([]))) as wire:
        client = connect(wire.url, deadline=60.0)
        with contextlib.suppress(i3x.TooManyRequestsError):
            client.get_namespaces()
        assert [request.target for request in wire.requests[1:]] == ["/v1/namespaces"] * requests


@pytest.mark.parametrize("after", ["soon", "-1", "1e3", "99999999999999999999", ""])
def test_a_retry_after_that_makes_no_sense_is_ignored(
    client: i3x.Client, server: Server, quick: None, after: str
) -> None:
    server.fault("status", status=503, retry_after=after, times=1)
    assert client.get_namespaces()


# --- writes ------------------------------------------------------------------------------------------------------

ONCE: dict[str, Callable[[i3x.Client], Any]] = {
    "update_value": lambda client: client.update_value("sensor-001", 1.5),
    "update_values": lambda client: client.update_values(
        {"sensor-001": {"value": 1.5, "timestamp": STAMP}, "sensor-002": 1.5}
    ),
    "create_subscription": lambda client: client.create_subscription(),
    "unregister_items": lambda client: client.unregister_items("s", ["sensor-001"]),
    "clearing sync": lambda client: client.sync_subscription("s", -1),
}
AGAIN: dict[str, Callable[[i3x.Client], Any]] = {
    "update_value": lambda client: client.update_value("sensor-001", 1.5, timestamp=STAMP),
    "update_values": lambda client: client.update_values({"sensor-001": i3x.VQT(1.5, "Good", STAMP)}),
    "update_history": lambda client: client.update_history("sensor-001", i3x.VQT(1.5, "Good", STAMP)),
}


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("name", ONCE)
def test_what_may_have_been_carried_out_is_not_sent_again(
    client: i3x.Client, server: Server, name: str, processed: bool, quick: None
) -> None:
    before = len(server.requests)
    server.fault("reset", processed=processed)
    with pytest.raises(i3x.ConnectionError, match="carried it out is unknown"):
        ONCE[name](client)
    assert len(server.requests) == before + 1


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("name", ONCE)
def test_what_an_overloaded_server_has_not_carried_out_is_sent_again(
    client: i3x.Client, server: Server, name: str, status: int
) -> None:
    before = len(server.requests)
    server.fault("status", status=status, retry_after=0)
    with pytest.raises(i3x.ServerError) as caught:
        ONCE[name](client)
    assert not caught.value.outcome_unknown
    assert len(server.requests) == before + (1 if name == "create_subscription" else 3)


@pytest.mark.parametrize("status", [500, 502, 504])
@pytest.mark.parametrize("name", ONCE)
def test_what_a_server_may_have_failed_at_is_not_sent_again(
    client: i3x.Client, server: Server, name: str, status: int
) -> None:
    before = len(server.requests)
    server.fault("status", status=status, retry_after=0)
    with pytest.raises(i3x.ServerError, match="carried it out is unknown"):
        ONCE[name](client)
    assert len(server.requests) == before + 1


def test_a_write_that_an_overloaded_server_refused_before_it_was_gone_is_not_in_doubt(
    connect: Make, quick: None, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Server(tick=None) as server:
        client = connect(server.url)
        server.fault("status", status=429, retry_after=0)

        class Stop(logging.Handler):
            def emit(self, record: logging.LogRecord) -> None:
                server.stop()

        caplog.set_level(logging.INFO, "i3x.transport")
        monkeypatch.setattr(logging.getLogger("i3x.transport"), "handlers", [Stop()])
        with pytest.raises(i3x.ConnectionError, match="can't connect") as caught:
            client.update_value("sensor-001", 1.5)
    assert not caught.value.outcome_unknown


@pytest.mark.parametrize("status", [429, 503])
def test_a_deletion_after_an_overload_is_the_first_one(
    client: i3x.Client, server: Server, status: int
) -> None:
    server.fault("status", operation="deleteSubscriptions", status=status, retry_after=0, times=1)
    with pytest.raises(i3x.NotFoundError):
        client.unsubscribe("nothing")


@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("name", AGAIN)
def test_a_write_with_its_timestamp_is_sent_again(
    client: i3x.Client, server: Server, name: str, processed: bool, quick: None
) -> None:
    before = len(server.requests)
    server.fault("reset", processed=processed, times=1)
    AGAIN[name](client)
    first, second = server.requests[before:]
    assert first.body == second.body


REPEATED: dict[str, Callable[[i3x.Client], Any]] = {
    **AGAIN,
    "register_items": lambda client: client.register_items(client.create_subscription(), ["sensor-001"]),
    "delete_subscriptions": lambda client: client.delete_subscriptions(
        [client.create_subscription(), client.create_subscription()]
    ),
}
OPERATIONS = {
    "update_value": "updateObjectValues",
    "update_values": "updateObjectValues",
    "update_history": "updateObjectHistory",
    "register_items": "registerMonitoredItems",
    "delete_subscriptions": "deleteSubscriptions",
}


@pytest.mark.parametrize("status", [400, 401, 429, 501, 503])
@pytest.mark.parametrize("processed", [False, True])
@pytest.mark.parametrize("name", REPEATED)
def test_a_refusal_does_not_tell_what_became_of_what_was_sent_before_it(
    client: i3x.Client, server: Server, name: str, processed: bool, status: int, quick: None
) -> None:
    server.fault("reset", operation=OPERATIONS[name], processed=processed, times=1)
    server.fault("status", operation=OPERATIONS[name], skip=1, status=status, retry_after=0)
    for error in _errors(lambda: REPEATED[name](client)):
        assert error.status_code == status
        assert error.outcome_unknown
        assert str(error).count("carried it out is unknown; it may be done again") == 1


def _errors(write: Callable[[], Any]) -> list[i3x.I3XError]:
    """All errors of a write of which nothing works: the one that is raised, if one is, and those of its items."""
    try:
        errors = [item.error for item in write()]
    except i3x.I3XError as error:
        errors = [error, *(item.error for item in error.result or ())]
    assert errors
    return errors


def _refused(document: dict[str, Any]) -> dict[str, Any]:
    detail = {"title": "Conflict", "status": 409, "detail": "it is there already"}
    items = [{**item, "success": False, "responseDetail": detail} for item in document["results"]]
    return {**document, "success": False, "results": items}


@pytest.mark.parametrize("sent_before", [False, True])
@pytest.mark.parametrize("name", REPEATED)
def test_a_refusal_of_items_does_not_tell_what_became_of_what_was_sent_before_it(
    client: i3x.Client, server: Server, name: str, sent_before: bool, quick: None
) -> None:
    if sent_before:
        server.fault("reset", operation=OPERATIONS[name], processed=True, times=1)
    server.fault("edit_json", operation=OPERATIONS[name], skip=int(sent_before), edit_with=_refused)
    for error in _errors(lambda: REPEATED[name](client)):
        assert error.status_code == 409
        assert error.outcome_unknown is sent_before
        assert str(error).count("carried it out is unknown") == sent_before


def test_a_redirect_that_is_refused_does_not_tell_what_became_of_what_was_sent_before_it(
    client: i3x.Client, server: Server, quick: None
) -> None:
    server.fault("reset", processed=True, times=1)
    server.fault("redirect", skip=1, location="http://other.invalid/v1")
    with pytest.raises(i3x.ConnectionError, match=r"redirects to .* is unknown") as caught:
        client.update_value("sensor-001", 1.5, timestamp=STAMP)
    assert caught.value.outcome_unknown


def test_a_token_that_can_not_be_had_does_not_tell_what_became_of_what_was_sent_before_it(
    server: Server, connect: Make, quick: None
) -> None:
    tokens = iter(["t0ken-1"])
    client = connect(server.url, token=lambda: next(tokens))
    server.fault("reset", processed=True, times=1)
    server.fault("status", skip=1, status=401)
    with pytest.raises(i3x.AuthenticationError, match=r"token= failed .* is unknown") as caught:
        client.update_value("sensor-001", 1.5, timestamp=STAMP)
    assert caught.value.outcome_unknown


@pytest.mark.parametrize("fault", ["not_json", "truncate"])
def test_an_answer_that_can_not_be_read_leaves_a_write_in_doubt(
    client: i3x.Client, server: Server, fault: str, quick: None
) -> None:
    server.fault(fault)
    with pytest.raises(i3x.I3XError, match="carried it out is unknown") as caught:
        client.update_value("sensor-001", 1.5)
    assert caught.value.outcome_unknown


def test_an_answer_that_is_too_large_leaves_a_write_in_doubt(server: Server, connect: Make) -> None:
    client = connect(server.url, max_response_bytes=2000)
    server.fault("status", status=200, body="x" * 3000)
    with pytest.raises(i3x.InvalidServerResponseError, match=r"max_response_bytes.* is unknown") as caught:
        client.update_value("sensor-001", 1.5)
    assert caught.value.outcome_unknown


def test_a_write_whose_client_is_disconnected_before_the_answer_is_in_doubt(
    client: i3x.Client, server: Server
) -> None:
    server.fault("hang", operation="updateObjectValues", seconds=60)

    def disconnect() -> None:
        while not received(server, "updateObjectValues"):
            time.sleep(0.001)
        client.disconnect()
        server.stop()  # since a thread that reads is not woken when the client closes its socket

    disconnecting = threading.Thread(target=disconnect)
    disconnecting.start()
    with pytest.raises(i3x.ConnectionError, match=r"not connected.* is unknown") as caught:
        client.update_value("sensor-001", 1.5)
    disconnecting.join()
    assert caught.value.outcome_unknown


def test_a_write_whose_time_ran_out_is_not_sent_again(server: Server, connect: Make) -> None:
    client = connect(server.url, timeout=0.1)
    server.fault("hang", seconds=60)
    with pytest.raises(i3x.TimeoutError, match="carried it out is unknown"):
        client.update_value("sensor-001", 1.5)
    assert len(received(server, "updateObjectValues")) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda client: client.update_value("sensor-001", 1.5),
        lambda client: client.unregister_items("s", ["sensor-001"]),
    ],
)
def test_a_write_of_which_nothing_was_sent_is_sent_again(
    connect: Make, quick: None, call: Callable[[i3x.Client], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server is not there at first, so that nothing can have reached it."""
    attempts: list[Any] = []
    with Server(tick=None) as server:
        client = connect(server.url)
        server.stop()

        def announce(_: object, state: object) -> None:
            attempts.append(state)
            server.start()

        monkeypatch.setattr("i3x.transport.exchange.Exchange._announce", announce)
        with contextlib.suppress(i3x.NotFoundError):
            call(client)
    assert len(attempts) == 1


def test_create_subscription_is_not_sent_again_even_when_nothing_was_sent(connect: Make, quick: None) -> None:
    with Server(tick=None) as server:
        client = connect(server.url)
        server.stop()
        with pytest.raises(i3x.ConnectionError, match="can't connect"):
            client.create_subscription()


def test_a_repeated_delete_that_meets_404_has_succeeded(
    client: i3x.Client, server: Server, quick: None
) -> None:
    subscription_id = client.create_subscription()
    server.fault("reset", operation="deleteSubscriptions", processed=True, times=1)
    client.unsubscribe(subscription_id)
    assert len(received(server, "deleteSubscriptions")) == 2
    with pytest.raises(i3x.NotFoundError):
        client.get_subscription(subscription_id)


def test_a_repeated_delete_that_meets_404_as_a_whole_has_succeeded(
    client: i3x.Client, server: Server, quick: None
) -> None:
    subscription_id = client.create_subscription()
    server.fault("bulk_not_found")
    server.fault("reset", operation="deleteSubscriptions", processed=True, times=1)
    client.unsubscribe(subscription_id)
    assert len(received(server, "deleteSubscriptions")) == 2


def test_registering_again_is_harmless(client: i3x.Client, server: Server, quick: None) -> None:
    subscription_id = client.create_subscription()
    server.fault("reset", operation="registerMonitoredItems", processed=True, times=1)
    assert client.register_items(subscription_id, ["sensor-001"])[0].success
    assert len(client.get_subscription(subscription_id).monitored_objects) == 1


# --- the deadline ------------------------------------------------------------------------------------------------


def test_the_deadline_ends_the_retries(server: Server, connect: Make) -> None:
    client = connect(server.url, deadline=0.3, retries=100)
    server.fault("status", status=503)
    began = time.monotonic()
    with pytest.raises((i3x.ServerError, i3x.TimeoutError)):
        client.get_namespaces()
    assert time.monotonic() - began < 20
    assert len(received(server, "getNamespaces")) < 4


def test_the_deadline_bounds_one_long_answer(server: Server, connect: Make) -> None:
    client = connect(server.url, timeout=0.2, deadline=0.3)
    server.fault("slow", interval=0.02, chunk=1)
    began = time.monotonic()
    with pytest.raises(i3x.TimeoutError):
        client.get_objects()
    assert time.monotonic() - began < 20


def test_the_deadline_bounds_a_step_with_a_longer_timeout(server: Server, connect: Make) -> None:
    client = connect(server.url, timeout=30.0, deadline=0.2)
    server.fault("hang", seconds=60)
    began = time.monotonic()
    with pytest.raises(i3x.TimeoutError, match=r"within 0\.2 s"):
        client.get_namespaces()
    assert time.monotonic() - began < 20


def test_the_deadline_bounds_redirects(server: Server, connect: Make) -> None:
    client = connect(server.url, deadline=0.3)
    server.fault("redirect", operation="getNamespaces", location="{path}")
    server.fault("hang", seconds=60)
    with pytest.raises((i3x.TimeoutError, i3x.ConnectionError)):
        client.get_namespaces()


def test_the_deadline_is_four_times_the_longest_step_by_default(server: Server, connect: Make) -> None:
    client = connect(server.url, timeout=httpx.Timeout(None, connect=0.1))
    server.fault("slow", interval=0.05, chunk=1)
    began = time.monotonic()
    with pytest.raises(i3x.TimeoutError, match=r"within 0\.4 s"):
        client.get_objects()
    assert 0.3 < time.monotonic() - began < 20
