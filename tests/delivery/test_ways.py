"""Stream or polling, how often it is tried, and what is said about it."""

import logging
import time
from typing import Any

import pytest

import i3x
from i3x.testing import Server

from .conftest import World
from .support import Plant, Record, opens, until, watching


@pytest.fixture
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `auto` try the stream again soon."""
    monkeypatch.setattr("i3x.delivery.engine.STREAM_AGAIN_AFTER", 0.2)


POLLING: dict[str, Any] = {"poll_interval": 0.02}


def test_a_server_without_streams_is_polled(world: World) -> None:
    server, plant, client, record = world.begin(stream=False)
    client.subscribe(plant.elements, **POLLING)
    plant.produce(3)
    assert record.has_all(plant)
    assert opens(server) == 0
    assert (record.statuses, record.errors, record.gaps) == (["polling"], [], [])
    record.check_order()


def test_a_server_without_streams_is_asked_for_one_again_and_again(world: World, soon: None) -> None:
    server, plant, client, record = world.begin(stream=False)
    client.subscribe(plant.elements, **POLLING)
    plant.produce(3)
    assert until(lambda: opens(server) >= 2)
    plant.produce(3)
    assert record.has_all(plant)
    assert (record.statuses, record.errors, record.gaps) == (["polling"], [], [])
    record.check_order()


def test_the_stream_is_taken_up_when_there_is_one(world: World, soon: None) -> None:
    server, plant, client, record = world.begin()
    handle = server.fault("status", operation="streamSubscription", status=501)
    client.subscribe(plant.elements, **POLLING)
    assert record.status_is("polling")
    plant.produce(3)
    handle.clear()
    assert record.status_is("live")
    plant.produce(3)
    assert record.has_all(plant)
    assert (record.statuses, record.errors, record.gaps) == (["polling", "live"], [], [])
    record.check_order()


def test_after_three_failed_streams_the_server_is_polled(world: World, soon: None) -> None:
    server, plant, client, record = world.begin()
    handle = server.fault("status", operation="streamSubscription", status=503)
    client.subscribe(plant.elements, **POLLING)
    assert record.status_is("polling")
    operations = [request.operation for request in server.requests]
    assert operations[: operations.index("syncSubscription")].count("streamSubscription") == 3
    plant.produce(2)
    assert record.has_all(plant)
    assert until(lambda: opens(server) >= 5)  # one by one from now on: polling works
    handle.clear()
    assert record.status_is("live")
    assert record.statuses == ["recovering", "polling", "live"]
    assert [type(error) for error in record.errors] == [i3x.ServerError]
    assert record.gaps == []


def test_two_failed_streams_are_no_reason_to_poll(world: World) -> None:
    server, plant, client, record = world.begin()
    server.fault("status", operation="streamSubscription", status=503, times=2)
    client.subscribe(plant.elements, **POLLING)
    assert record.status_is("live")
    assert record.statuses == ["recovering", "live"]
    assert record.gaps == []


def test_what_a_queue_drops_that_waits_for_a_stream_is_filled_in(world: World) -> None:
    server, plant, client, record = world.begin(queue_limit=3)
    with server.fault("status", operation="streamSubscription", status=503) as refused:
        client.subscribe(plant.elements, delivery="stream")
        assert until(lambda: refused.applied)
        plant.produce(10)
    assert record.has_all(plant)
    record.check_order()
    assert record.reasons == ["overflow"]


def test_a_server_that_asks_to_be_left_alone_is(world: World) -> None:
    server, _, client, record = world.begin()
    server.fault("status", operation="streamSubscription", status=503, retry_after=1, times=1)
    begun = time.monotonic()
    client.subscribe(["sensor-001"])
    assert record.status_is("live")
    assert time.monotonic() - begun >= 1


def test_a_stream_that_does_not_begin_is_given_up_after_the_silence(world: World) -> None:
    server, _, client, record = world.begin()
    server.fault("hang", operation="streamSubscription", seconds=60)
    client.subscribe(["sensor-001"], silence=0.4, poll_interval=0.02)
    assert record.status_is("polling")
    assert [type(error) for error in record.errors] == [i3x.TimeoutError]
    assert "began no event stream within 0.4 s" in str(record.errors[0])


def test_a_quiet_stream_outlasts_the_deadline_of_calls(world: World) -> None:
    server, plant, client, record = world.begin(client_deadline=1)
    client.subscribe(plant.elements)
    assert record.status_is("live")
    time.sleep(1.3)  # the server says nothing
    plant.produce(2)
    assert record.has_all(plant)
    assert record.statuses == ["live"]
    assert opens(server) == 1


@pytest.mark.parametrize("flavour", ["async"], indirect=True)
def test_a_program_that_stands_still_takes_that_for_no_silence(world: World, portal: Any) -> None:
    server, plant, client, record = world.begin(keep_alive=0.05)
    client.subscribe(plant.elements, silence=0.3)
    assert record.status_is("live")
    portal.call(time.sleep, 0.6)  # the event loop, and all on it
    plant.produce(2)
    assert record.has_all(plant)
    assert record.statuses == ["live"]
    assert opens(server) == 1


def test_a_stream_that_must_be_and_is_not_to_be_had(world: World) -> None:
    _, _, client, record = world.begin(stream=False)
    subscription = client.subscribe(["sensor-001"], delivery="stream")
    assert record.status_is("failed")
    assert record.statuses == ["failed"]
    assert [type(error) for error in record.errors] == [i3x.NotSupportedError]
    assert client.delivery(subscription).status == "failed"
    assert isinstance(client.delivery(subscription).failure, i3x.NotSupportedError)


def test_a_delivery_tells_its_trouble_as_long_as_it_has_some(world: World) -> None:
    server, _, client, record = world.begin(stream=False)
    refusal = server.fault("status", operation="syncSubscription", status=500)
    delivery = client.delivery(client.subscribe(["sensor-001"], **POLLING))
    assert until(lambda: isinstance(delivery.trouble, i3x.ServerError))
    assert delivery.failure is None
    refusal.clear()
    assert record.status_is("polling")
    assert delivery.trouble is None


def test_a_watch_raises_when_its_delivery_fails(world: World) -> None:
    server, _, client, _ = world.begin(stream=False)
    with watching(client, ["sensor-001"], delivery="stream") as changes:
        for _ in range(2):
            with pytest.raises(i3x.NotSupportedError):
                next(changes)
    assert list(server._state.subscriptions) == []


def test_a_server_that_ends_every_stream_does_not_make_us_spin(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("i3x.delivery.backoff.FIRST_PAUSE", 0.2)
    server, plant, client, record = world.begin()
    server.fault("lossy_stream_close", after=1)
    begun = time.monotonic()
    client.subscribe(plant.elements)
    while opens(server) < 5:
        plant.produce()
        time.sleep(0.01)
    # Again at once, then after 0.1, 0.2 and 0.4 seconds at the least.
    assert time.monotonic() - begun >= 0.7
    server.clear_faults()
    assert record.has_all(plant)
    record.check_order()


def test_a_new_token_is_asked_for(world: World) -> None:
    tokens = ["first"]

    def token() -> str:
        return tokens[-1]

    server, plant, client, record = world.begin(token="first", client_token=token)
    client.subscribe(plant.elements)
    assert record.status_is("live")
    object.__setattr__(server._state.settings, "token", "second")
    tokens.append("second")
    server.fault("stream_loss", times=1)
    plant.produce(3)
    assert record.has_all(plant)
    assert record.status_is("live")
    assert record.errors == []


def test_a_token_that_is_no_longer_good_is_not_tried_often(world: World) -> None:
    server, plant, client, record = world.begin(token="first")
    client.subscribe(plant.elements)
    assert record.status_is("live")
    object.__setattr__(server._state.settings, "token", "second")
    server.fault("stream_loss", times=1)
    sent = len(server.requests)
    plant.produce(3)
    assert until(lambda: record.errors)
    assert isinstance(record.errors[0], i3x.AuthenticationError)
    assert not until(lambda: len(server.requests) > sent + 1, seconds=0.5)
    assert record.statuses[-1] == "recovering"


def test_an_outage_is_told_once(
    client: i3x.Client,
    server: Server,
    plant: Plant,
    record: Record,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("i3x.delivery.backoff.LONGEST_PAUSE", 0.1)
    caplog.set_level(logging.DEBUG, "i3x.delivery")

    def outage(number: int) -> None:
        with server.fault("status", operation="listSubscriptions", status=500) as refused:
            server.fault("stream_loss", times=1, reset=True)
            plant.produce(3)
            assert until(lambda: refused.applied >= 3)
        assert until(lambda: record.statuses.count("live") == number + 1)
        assert record.has_all(plant)

    client.subscribe(plant.elements)
    assert record.status_is("live")
    outage(1)
    outage(2)
    assert [type(error) for error in record.errors] == [i3x.StreamError] * 2
    records = [each for each in caplog.records if "delivery of" in each.getMessage()]
    levels = [each.levelname for each in records]
    assert levels.count("WARNING") == 2
    assert levels.count("INFO") == 2
    assert levels[0] == "WARNING"
    assert levels[-1] == "INFO"
    assert levels.count("DEBUG") >= 4
    for each in records:
        assert each.__dict__["status"] in ("recovering", "live")
        assert each.__dict__["subscription_id"]
