"""A batch is acknowledged when the loop comes back for the next one, or on commit(), and never before."""

import time
from pathlib import Path
from typing import Any

import pytest

import i3x
from i3x.testing import Server
from tests.client.both import Make

from .support import acknowledged, position, values

OPTIONS: dict[str, Any] = {"poll_interval": 0.02, "timeout": 15}


def test_a_batch_is_acknowledged_when_the_loop_comes_back(
    client: i3x.Client, server: Server, path: Path
) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        first = next(consumer)
        assert values(first) == [1.5]
        assert set(acknowledged(server)) == {None}
        assert consumer.acknowledged is None
        assert position(path)["acknowledged"] is None

        server.set_value("sensor-001", 2.5)
        second = next(consumer)
        assert values(second) == [2.5]
        assert acknowledged(server)[-1] == first.sequence_number
        assert consumer.acknowledged == first.sequence_number
        assert position(path)["acknowledged"] == first.sequence_number


def test_commit_acknowledges_at_once(client: i3x.Client, server: Server, path: Path) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        batch = next(consumer)
        consumer.commit()
        consumer.commit()  # there is nothing left to acknowledge
        assert position(path)["acknowledged"] == batch.sequence_number
    server.set_value("sensor-001", 2.5)
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        assert values(next(consumer)) == [2.5]
    assert acknowledged(server)[-1] == batch.sequence_number


def test_what_was_not_acknowledged_comes_again(client: i3x.Client, server: Server, path: Path) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        first = next(consumer)
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        assert next(consumer) == first


def test_a_batch_in_which_the_loop_failed_comes_again(client: i3x.Client, server: Server, path: Path) -> None:
    def run() -> None:
        with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
            server.set_value("sensor-001", 1.5)
            for _ in consumer:
                raise RuntimeError("the disk is full")

    with pytest.raises(RuntimeError, match="disk"):
        run()
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        assert values(next(consumer)) == [1.5]


def test_of_two_batches_that_wait_the_first_alone_is_acknowledged(
    client: i3x.Client, server: Server, path: Path
) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        next(consumer)
    server.set_value("sensor-001", 2.5)
    synced = position(path)["lastSynced"]
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        first, second = next(consumer), next(consumer)
        assert position(path)["lastSynced"] == synced, "a gap would begin where all has been dealt with"
        assert (values(first), values(second)) == ([1.5], [2.5])
        assert consumer.acknowledged == first.sequence_number
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        assert next(consumer) == second


def test_batches_out_of_order_are_put_in_order(client: i3x.Client, server: Server, path: Path) -> None:
    """A number acknowledges all those below it, so a later one must not be acknowledged first."""

    def turned(document: dict[str, object]) -> dict[str, object]:
        batches = [
            {"sequenceNumber": number, "updates": [{"elementId": "sensor-001", "value": number}]}
            for number in (9, 8)
        ]
        return {**document, "result": batches}

    with (
        server.fault("edit_json", operation="syncSubscription", times=1, edit_with=turned),
        client.consume(["sensor-001"], path, **OPTIONS) as consumer,
    ):
        assert [next(consumer).sequence_number, next(consumer).sequence_number] == [8, 9]


def test_batches_without_numbers_acknowledge_nothing_and_keep_the_pace(
    client: i3x.Client, server: Server, path: Path
) -> None:
    def flat(document: dict[str, object]) -> dict[str, object]:
        return {**document, "result": [{"elementId": "sensor-001", "value": 1, "quality": "Good"}]}

    with (
        server.fault("edit_json", operation="syncSubscription", edit_with=flat),
        client.consume(["sensor-001"], path, poll_interval=0.05, timeout=15) as consumer,
    ):
        batches = [next(consumer) for _ in range(4)]
    assert [batch.sequence_number for batch in batches] == [None] * 4
    assert acknowledged(server) == [None] * 4


def test_the_pace_of_polling_holds_while_there_is_something(connect: Make, path: Path) -> None:
    with (
        Server(tick=0.005) as server,
        connect(server.url).consume(["meter-301"], path, poll_interval=0.2, timeout=15) as consumer,
    ):
        begun = time.monotonic()
        for _ in range(4):
            assert next(consumer).updates
        assert time.monotonic() - begun >= 3 * 0.2
