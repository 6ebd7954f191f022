"""What a consumer was not sent is reported once, and filled from history before anything newer."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import i3x
from i3x.testing import Server
from i3x.testing.answers import Answer, encode
from tests.client.both import Make

from .support import acknowledged, asked, at_last, position, values

OPTIONS: dict[str, Any] = {"poll_interval": 0.02, "timeout": 15}
BRIEFLY: dict[str, Any] = {"poll_interval": 0.02, "timeout": 0.3}


@pytest.fixture
def told(client: i3x.Client) -> list[i3x.Gap]:
    """The gaps that the client was told."""
    return _told(client)


def _told(client: i3x.Client) -> list[i3x.Gap]:
    gaps: list[i3x.Gap] = []
    client.on_gap = lambda _, gap: gaps.append(gap)
    return gaps


def _said_before(document: dict[str, Any]) -> Answer:
    """The batches of a 206, as a server answers them that has told of the loss already."""
    return encode({"success": True, "result": document["result"]})


def _kept_id(path: Path) -> str:
    return str(position(path)["subscriptionId"])


def _lose(server: Server, *lost: float) -> None:
    """Set values of which the subscription, forgotten by the server, knows nothing."""
    server.restart()
    for value in lost:
        server.set_value("sensor-001", value)


def test_a_restart_of_the_server_is_one_gap_filled_before_anything_newer(
    client: i3x.Client, server: Server, path: Path, told: list[i3x.Gap]
) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        assert values(next(consumer)) == [1.5]
        before = consumer.subscription_id
        _lose(server, 2.5, 3.5)
        replayed = next(consumer)
        assert replayed.sequence_number is None
        assert values(replayed)[-2:] == [2.5, 3.5]
        assert all(change.replayed for change in replayed.updates)
        server.set_value("sensor-001", 4.5)
        live = next(consumer)
        assert values(live) == [4.5]
        assert live.sequence_number is not None
        assert not live.updates[0].replayed
        assert consumer.subscription_id != before

    (gap,) = told
    assert (gap.subscription_id, gap.element_ids) == (_kept_id(path), ("sensor-001",))
    assert (gap.reason, gap.filled, gap.missed, gap.detail) == ("expired", True, None, "")
    for change in replayed.updates[-2:]:
        moment = change.datetime
        assert moment is not None
        assert gap.start_time - timedelta(seconds=2) <= moment <= gap.end_time


def test_a_subscription_that_expired_between_two_runs(server: Server, connect: Make, path: Path) -> None:
    client = connect(server.url, client_id="first")
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        next(consumer)
        consumer.commit()
    server._on_loop(server._state.subscriptions.clear)
    server.set_value("sensor-001", 2.5)

    client = connect(server.url)
    told = _told(client)
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        assert values(next(consumer))[-1] == 2.5
    assert [gap.reason for gap in told] == ["expired"]
    assert {body["clientId"] for body in asked(server, "syncSubscription")} == {"first"}


def test_a_gap_is_told_again_until_its_values_were_dealt_with(
    client: i3x.Client, server: Server, path: Path, told: list[i3x.Gap]
) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS):
        pass
    _lose(server, 2.5)
    for _ in range(2):
        with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
            assert values(next(consumer))[-1] == 2.5
    assert len(told) == 2
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        next(consumer)
        consumer.commit()
    with client.consume(["sensor-001"], path, **BRIEFLY) as consumer:
        assert list(consumer) == []
    assert len(told) == 3


def test_a_gap_goes_from_what_was_dealt_with_last(
    client: i3x.Client, server: Server, path: Path, told: list[i3x.Gap]
) -> None:
    """A batch that was fetched and not acknowledged is lost with the subscription, and so replayed."""
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        next(consumer)
    _lose(server)
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        assert values(next(consumer))[-1] == 1.5
    assert len(told) == 1


def test_a_value_that_came_late_is_replayed_too(
    client: i3x.Client, server: Server, path: Path, told: list[i3x.Gap]
) -> None:
    """Its timestamp lies before the last poll, and its delivery after that."""
    with client.consume(["sensor-001"], path, **OPTIONS):
        pass
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        next(consumer)
        moment = (datetime.now(UTC) - timedelta(seconds=1.9)).isoformat().replace("+00:00", "Z")
        server.restart()
        server.set_value("sensor-001", 2.5, timestamp=moment)
        assert 2.5 in values(next(consumer))


def test_a_queue_that_overflowed(connect: Make, path: Path) -> None:
    with Server(tick=None, queue_limit=3) as server:
        client = connect(server.url)
        told = _told(client)
        with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
            server.set_value("sensor-001", 0.0)
            first = next(consumer)
            consumer.commit()
            for value in (1.0, 2.0, 3.0, 4.0, 5.0):
                server.set_value("sensor-001", value)
            replayed, live = next(consumer), next(consumer)
        assert replayed.sequence_number is None
        assert values(replayed)[-5:] == [1.0, 2.0, 3.0, 4.0, 5.0]
        assert values(live) == [3.0, 4.0, 5.0]
        assert first.sequence_number is not None
        assert live.sequence_number is not None
        (gap,) = told
        assert (gap.reason, gap.filled) == ("overflow", True)
        assert gap.missed == live.sequence_number - first.sequence_number - 1
        assert position(path)["lost"] is False


def test_an_overflow_that_was_not_dealt_with_is_not_forgotten(connect: Make, path: Path) -> None:
    """Some servers say only once that they dropped something."""
    with Server(tick=None, queue_limit=2) as server:
        client = connect(server.url)
        told = _told(client)
        with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
            server.set_value("sensor-001", 0.0)
            next(consumer)
            consumer.commit()
            for value in (1.0, 2.0, 3.0):
                server.set_value("sensor-001", value)
            next(consumer)
        assert position(path)["lost"] is True
        server.fault("edit_json", operation="syncSubscription", edit_with=_said_before)
        with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
            assert {1.0, 2.0, 3.0} <= set(values(next(consumer)))
            assert values(next(consumer)) == [2.0, 3.0]
        assert [gap.reason for gap in told] == ["overflow"] * 2


@pytest.fixture(params=["no history", "switched off", "history fails"])
def unfilled(request: pytest.FixtureRequest) -> Iterator[tuple[Server, dict[str, Any], str]]:
    """A server, options and the words of a gap that stays open."""
    if request.param == "no history":
        with Server(tick=None, history=False) as server:
            yield server, {}, "keeps no history"
        return
    with Server(tick=None) as server:
        if request.param == "switched off":
            yield server, {"backfill": False}, "switched off"
        else:
            with server.fault("status", operation="queryHistoricalValues", status=500):
                yield server, {}, "500"


def test_a_gap_that_stays_open_says_so_and_is_told_once(
    connect: Make, path: Path, unfilled: tuple[Server, dict[str, Any], str]
) -> None:
    server, options, said = unfilled
    client = connect(server.url)
    told = _told(client)
    with client.consume(["sensor-001"], path, **BRIEFLY | options) as consumer:
        _lose(server, 2.5)
        while not told:
            assert list(consumer) == []
        server.set_value("sensor-001", 3.5)
        assert values(at_last(consumer)) == [3.5]
        consumer.commit()
    with client.consume(["sensor-001"], path, **BRIEFLY | options) as consumer:
        assert list(consumer) == []
    (gap,) = told
    assert (gap.reason, gap.filled) == ("expired", False)
    assert said in gap.detail
    assert len(asked(server, "createSubscription")) == 2


def test_a_history_that_lacks_what_was_handed_out_fills_nothing(
    client: i3x.Client, server: Server, path: Path, told: list[i3x.Gap]
) -> None:
    def without_points(document: dict[str, Any]) -> dict[str, Any]:
        for item in document["results"]:
            item["result"]["values"] = []
        return document

    server.fault("edit_json", operation="queryHistoricalValues", edit_with=without_points)
    with client.consume(["sensor-001"], path, **BRIEFLY) as consumer:
        server.set_value("sensor-001", 1.5)
        assert values(at_last(consumer)) == [1.5]
        _lose(server, 2.5)
        while not told:
            assert list(consumer) == []
    (gap,) = told
    assert not gap.filled
    assert "not even what was delivered of 'sensor-001'" in gap.detail


def test_the_new_subscription_of_a_quiet_plant_is_kept(connect: Make, path: Path) -> None:
    with Server(tick=None, history=False) as server:
        client = connect(server.url)
        told = _told(client)
        with client.consume(["sensor-001"], path, **BRIEFLY) as consumer:
            _lose(server)
            while not told or consumer.subscription_id != _kept_id(path):
                assert list(consumer) == []
        with client.consume(["sensor-001"], path, **BRIEFLY) as consumer:
            assert list(consumer) == []
    assert len(told) == 1


def test_a_history_that_is_down_for_a_moment_is_waited_for(
    client: i3x.Client,
    server: Server,
    path: Path,
    told: list[i3x.Gap],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "i3x.delivery")
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        _lose(server, 2.5)
        with server.fault("status", operation="queryHistoricalValues", times=1, status=500):
            assert values(next(consumer)) == [2.5]
    assert [gap.filled for gap in told] == [True]
    assert [each.levelname for each in caplog.records if "gap in" in each.message] == ["INFO"]
    assert len(asked(server, "createSubscription")) == 2


def test_refused_elements_are_no_part_of_a_gap(
    client: i3x.Client, server: Server, path: Path, told: list[i3x.Gap]
) -> None:
    with client.consume(["nothing", "sensor-001"], path, **OPTIONS) as consumer:
        _lose(server, 2.5)
        next(consumer)
    (gap,) = told
    assert (gap.element_ids, gap.filled) == (("sensor-001",), True)


def test_the_new_subscription_begins_with_nothing_acknowledged(
    client: i3x.Client, server: Server, path: Path, told: list[i3x.Gap]
) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        next(consumer)
        _lose(server, 2.5)
        next(consumer)
        server.set_value("sensor-001", 3.5)
        assert values(next(consumer)) == [3.5]
    assert acknowledged(server)[-1] is None
