"""What a delivery makes of each fault: its states, its gaps, and that nothing is lost without being said."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest

import i3x
from i3x.testing import Server

from .conftest import World
from .support import Plant, subscriptions, until


def clean_close(server: Server, plant: Plant) -> None:
    server.fault("lossy_stream_close", times=1)
    plant.produce(3)


def loss(server: Server, plant: Plant) -> None:
    server.fault("stream_loss", times=1)
    plant.produce(3)


def loss_by_reset(server: Server, plant: Plant) -> None:
    server.fault("stream_loss", times=1, after=1, reset=True)
    plant.produce(5)


def close_after_two(server: Server, plant: Plant) -> None:
    server.fault("lossy_stream_close", times=1, after=2)
    plant.produce(9)


def event_close(server: Server, plant: Plant) -> None:
    server.fault("event_close", times=1)
    plant.produce(3)


def reset(server: Server, plant: Plant) -> None:
    server.fault("stream_reset", times=1, after=1, partial=b'data: [{"elementId": "sens')
    plant.produce(4)


def silence(server: Server, plant: Plant) -> None:
    server.fault("stream_silence", times=1)
    plant.produce(3)


def orphan(server: Server, plant: Plant) -> None:
    server.fault("stream_orphan", times=1)
    plant.produce(3)


def outage(server: Server, plant: Plant) -> None:
    server.stop()
    plant.produce(3)


def takeover(server: Server, plant: Plant) -> None:
    body = next(each.json for each in server.requests if each.operation == "streamSubscription")
    with httpx.Client(base_url=server.url) as other, other.stream("POST", "/subscriptions/stream", json=body):
        plant.produce(3)  # to whoever has the stream just now


def repeats(server: Server, plant: Plant) -> None:
    with server.fault("stream_repeats", count=5):
        plant.produce(4)
        server.fault("lossy_stream_close", times=1, after=1)
        plant.produce(4)


def history_fails_once(server: Server, plant: Plant) -> None:
    server.fault("status", operation="queryHistoricalValues", status=500, times=1)
    loss(server, plant)


def history_gives_nothing(server: Server, plant: Plant) -> None:
    server.fault("history_cut", rows=0)
    loss(server, plant)


def history_knows_nothing(server: Server, plant: Plant) -> None:
    def without_points(document: dict[str, Any]) -> dict[str, Any]:
        for item in document["results"]:
            item["result"]["values"] = []
        return document

    server.fault("edit_json", operation="queryHistoricalValues", edit_with=without_points)
    loss(server, plant)


def forget(server: Server, plant: Plant) -> None:
    server.fault("forget", operation="syncSubscription", times=1)
    plant.produce(3)


def overflow(server: Server, plant: Plant) -> None:
    server._on_loop(lambda: plant.produce(10))  # between two polls
    assert until(lambda: not any(each.queue for each in subscriptions(server)))  # acknowledged


def lost_answer(server: Server, plant: Plant) -> None:
    server.fault("reset", operation="syncSubscription", processed=True, times=2)
    plant.produce(3)


def to_polling(server: Server, plant: Plant) -> None:
    """The stream ends, none can be had any more, and sync is refused as if it were still open."""
    server.fault("status", operation="streamSubscription", status=501)
    server.fault("status", operation="syncSubscription", status=400, times=2)
    loss(server, plant)


def flat(server: Server, plant: Plant) -> None:
    def flatten(document: dict[str, Any]) -> dict[str, Any]:
        batches = document.get("result") or []
        return {**document, "result": [update for batch in batches for update in batch["updates"]]}

    server.fault("edit_json", operation="syncSubscription", edit_with=flatten)
    plant.produce(3)


def numbered_by_the_last(server: Server, plant: Plant) -> None:
    def renumber(document: dict[str, Any]) -> dict[str, Any]:
        for batch in document.get("result") or []:
            batch["sequenceNumber"] *= 1000
        return document

    server.fault("edit_json", operation="syncSubscription", edit_with=renumber)
    plant.produce(3)


@dataclass(frozen=True)
class Case:
    """A fault, and what is to become of it."""

    strike: Callable[[Server, Plant], None]
    statuses: list[str]
    reasons: list[str]
    server: dict[str, Any] = field(default_factory=dict[str, Any])
    options: dict[str, Any] = field(default_factory=dict[str, Any])
    missed: int | None = None
    filled: bool = True
    told: list[type[i3x.I3XError]] = field(default_factory=list[type[i3x.I3XError]])
    mend: Callable[[Server], None] | None = None  # what ends it, when all errors have been told


LIVE_AGAIN = ["live", "recovering", "live"]
POLLING = {"delivery": "sync", "poll_interval": 0.02}
ALIVE = {"keep_alive": 0.05}

CASES = {
    "the stream ends": Case(clean_close, LIVE_AGAIN, ["reconnect"]),
    "drained and lost": Case(loss, LIVE_AGAIN, ["reconnect"]),
    "drained and lost by a reset": Case(loss_by_reset, LIVE_AGAIN, ["reconnect"], told=[i3x.StreamError]),
    "the stream ends after two events": Case(close_after_two, LIVE_AGAIN, ["reconnect"]),
    "event: close": Case(event_close, LIVE_AGAIN, ["reconnect"]),
    "reset in mid-frame": Case(reset, LIVE_AGAIN, ["reconnect"], told=[i3x.StreamError]),
    "silence": Case(silence, LIVE_AGAIN, ["silence"], ALIVE, {"silence": 0.8}),
    "deleted under the stream": Case(orphan, LIVE_AGAIN, ["expired"], ALIVE, {"silence": 0.8}),
    "restart": Case(
        outage, LIVE_AGAIN, ["expired"], told=[i3x.ConnectionError], mend=lambda server: server.restart()
    ),
    "repeats": Case(repeats, LIVE_AGAIN, ["reconnect"]),
    "filling fails once": Case(history_fails_once, LIVE_AGAIN, ["reconnect"], told=[i3x.ServerError]),
    "no history": Case(loss, LIVE_AGAIN, ["reconnect"], server={"history": False}, filled=False),
    "history switched off": Case(loss, LIVE_AGAIN, ["reconnect"], options={"backfill": False}, filled=False),
    "history is cut": Case(loss, LIVE_AGAIN, ["reconnect"], server={"max_history_rows": 1}),
    "history gives nothing": Case(history_gives_nothing, LIVE_AGAIN, ["reconnect"], filled=False),
    "history knows nothing": Case(history_knows_nothing, LIVE_AGAIN, ["reconnect"], filled=False),
    "forgotten between polls": Case(
        forget, ["polling", "recovering", "polling"], ["expired"], options=POLLING, told=[i3x.NotFoundError]
    ),
    "overflow": Case(overflow, ["polling"], ["overflow"], {"queue_limit": 4}, POLLING, missed=6),
    "overflow without history": Case(
        overflow, ["polling"], ["overflow"], {"queue_limit": 4, "history": False}, POLLING, 6, filled=False
    ),
    "an answer is lost": Case(lost_answer, ["polling"], [], options=POLLING),
    "flat sync": Case(flat, ["polling"], [], options=POLLING),
    "numbers jump": Case(numbered_by_the_last, ["polling"], [], options=POLLING),
    "from stream to polling": Case(
        to_polling, ["live", "recovering", "polling"], ["reconnect"], options={"poll_interval": 0.02}
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_a_fault_costs_nothing_but_what_is_reported(world: World, name: str) -> None:
    case = CASES[name]
    server, plant, client, record = world.begin(**case.server)
    subscription = client.subscribe(plant.elements, **case.options)
    assert record.status_is(case.statuses[0])
    plant.produce(2)
    assert record.has_all(plant)
    before = datetime.now(UTC)
    case.strike(server, plant)
    if case.mend is not None:
        assert until(lambda: len(record.errors) == len(case.told)), record.errors
        case.mend(server)
    after = datetime.now(UTC)
    assert until(lambda: len(record.gaps) == len(case.reasons)), record.gaps
    assert record.status_is(case.statuses[-1])
    plant.produce(2)  # the delivery goes on
    if case.filled:
        assert record.has_all(plant), (record.numbers, plant.made, record.gaps)
    else:
        assert until(lambda: record.numbers[-2:] == list(plant.made)[-2:])
    assert record.statuses == case.statuses
    assert record.reasons == case.reasons
    assert [type(error) for error in record.errors] == case.told
    record.check_order()
    for gap in record.gaps:
        assert gap.start_time <= after
        assert gap.end_time >= before
        assert (gap.filled, gap.missed) == (case.filled, case.missed)
        assert bool(gap.detail) is not case.filled
        assert set(gap.element_ids) == set(plant.elements)
    for number in plant.made.keys() - set(record.numbers):
        assert any(gap.start_time <= plant.made[number] <= gap.end_time for gap in record.gaps)
    view = client.delivery(subscription)
    replayed = sum(change.replayed for change in record.changes)
    assert (view.gaps, view.replayed) == (len(record.gaps), replayed)
    assert view.changes == len(record.changes) - replayed
    if not case.filled:
        assert record.numbers != list(plant.made)


def test_two_clients_that_take_the_stream_from_each_other(world: World) -> None:
    server, plant, client, record = world.begin()
    client.subscribe(plant.elements)
    assert record.status_is("live")
    threads = set(threading.enumerate())
    takeover(server, plant)
    assert until(lambda: record.gaps)
    assert record.status_is("live")
    plant.produce(2)
    assert record.has_all(plant)
    assert set(record.reasons) == {"reconnect"}
    assert record.errors == []
    record.check_order()
    assert set(threading.enumerate()) <= threads


def test_a_loss_while_a_gap_is_filled(world: World) -> None:
    server, plant, client, record = world.begin()
    client.subscribe(plant.elements)
    assert record.status_is("live")
    server.fault("stream_loss", times=1)
    with server.fault("hang", operation="queryHistoricalValues", seconds=0.5, times=1) as hang:
        plant.produce(3)
        assert until(lambda: hang.applied)
        server.fault("stream_loss", times=1, reset=True)
        plant.produce(3)
        assert record.has_all(plant)
    assert record.status_is("live")
    plant.produce(2)
    assert record.has_all(plant)
    record.check_order()
    assert set(record.reasons) == {"reconnect"}
    assert all(gap.filled for gap in record.gaps)


@pytest.mark.parametrize("times", [1, 2, 3, 4])
def test_filling_that_fails_is_tried_three_times(world: World, times: int) -> None:
    server, plant, client, record = world.begin()
    client.subscribe(plant.elements)
    assert record.status_is("live")
    server.fault("body", operation="queryHistoricalValues", body=b"", status=500, times=times)
    server.fault("stream_loss", times=1)
    plant.produce(5)
    assert until(lambda: record.gaps)
    assert record.status_is("live")
    plant.produce(2)
    (gap,) = record.gaps
    assert gap.filled is (times < 3)
    if gap.filled:
        assert record.has_all(plant)
    else:
        assert until(lambda: record.numbers[-2:] == [5, 6])
        missing = plant.made.keys() - set(record.numbers)
        assert missing
        assert all(gap.start_time <= plant.made[number] <= gap.end_time for number in missing)
        assert gap.detail
    assert len(record.errors) == 1
    record.check_order()


SHAPES = [
    {"shape": shape, "text": text, "size": size}
    for shape, text, size in [
        ("array", {}, 0),
        ("bare", {}, 0),
        ("batch", {}, 0),
        ("batches", {}, 0),
        ("array", {"line_end": "\r\n"}, 1),
        ("array", {"line_end": "\r"}, 3),
        ("bare", {"line_end": "\r\n", "mark": True}, 2),
        ("batch", {"before": ": a comment\nid: 7\nretry: 100\nevent: update\n"}, 5),
        ("array", {"lines": True, "mark": True, "before": "unknown: x\n"}, 7),
    ]
]


@pytest.mark.parametrize("form", SHAPES, ids=str)
def test_every_form_of_a_stream_is_read(world: World, form: dict[str, Any]) -> None:
    server, plant, client, record = world.begin()
    server.fault("stream_shape", shape=form["shape"])
    server.fault("stream_text", **form["text"])
    if form["size"]:
        server.fault("stream_chunks", size=form["size"])
    client.subscribe(plant.elements)
    assert record.status_is("live")
    plant.produce(10, text="größe ✓ 𝄞")
    assert record.has_all(plant)
    assert record.numbers == list(plant.made)
    assert {change.value["text"] for change in record.changes} == {"größe ✓ 𝄞"}
    assert (record.errors, record.gaps, record.statuses) == ([], [], ["live"])


def test_large_frames_are_read(world: World) -> None:
    _, plant, client, record = world.begin()
    client.subscribe(plant.elements)
    assert record.status_is("live")
    plant.produce(5, text="ä" * 50_000)
    assert record.has_all(plant)
    assert record.numbers == list(plant.made)


def test_one_malformed_update_loses_itself_alone(world: World) -> None:
    server, plant, client, record = world.begin()
    server.fault("stream_shape", shape="bare")
    server.fault(
        "stream_text", before='data: [{"elementId": 5}, {"elementId": "sensor-001", "value": -5}]\n\n'
    )
    client.subscribe(plant.elements)
    assert record.status_is("live")
    plant.produce(2)
    assert record.has_all(plant)
    assert [change.value for change in record.changes][:2] == [-5, 0]
    assert {type(error) for error in record.errors} == {i3x.InvalidServerResponseError}
    assert record.statuses == ["live"]


def test_a_gap_brings_back_nothing_older_than_what_was_delivered(world: World) -> None:
    """Where the clock is known by the second only, history goes back to before the subscription."""
    server, _, client, record = world.begin()
    plant = Plant(server, "sensor-001")
    plant.produce(3)
    client.subscribe(plant.elements)
    assert record.status_is("live")
    (lived,) = plant.produce(1)
    assert until(lambda: record.numbers == [lived])
    server.fault("stream_loss", times=1)
    plant.produce(2)
    assert until(lambda: record.numbers[-1] == list(plant.made)[-1])
    assert record.numbers == list(plant.made)[3:]
