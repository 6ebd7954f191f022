"""Faults in any mixture: whatever the server produced arrives, or belongs to a gap that is reported."""

import asyncio
import itertools
import ssl
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, note, settings
from hypothesis import strategies as st

import i3x
from i3x.testing import Server
from tests.conftest import examples

from .support import number_of

ELEMENTS = ("sensor-001", "sensor-002", "pump-101")

STREAM_FAULTS = st.one_of(
    st.builds(
        lambda name, after: (name, {"after": after, "times": 1}),
        st.sampled_from(
            ["lossy_stream_close", "stream_loss", "event_close", "stream_reset", "stream_orphan"]
        ),
        st.integers(0, 2),
    ),
    st.builds(lambda after: ("stream_loss", {"after": after, "times": 1, "reset": True}), st.integers(0, 2)),
    st.just(("stream_silence", {"times": 1})),
    st.just(("stream_repeats", {"times": 2, "count": 4})),
    st.builds(lambda size: ("stream_chunks", {"times": 1, "size": size}), st.integers(1, 9)),
    st.builds(
        lambda shape: ("stream_shape", {"times": 1, "shape": shape}),
        st.sampled_from(["array", "bare", "batch", "batches"]),
    ),
)
OPERATIONS = (
    "streamSubscription",
    "syncSubscription",
    "listSubscriptions",
    "queryHistoricalValues",
    "createSubscription",
    "registerMonitoredItems",
)
ANSWER_FAULTS = st.builds(
    lambda operation, times, fault: (fault[0], {**fault[1], "operation": operation, "times": times}),
    st.sampled_from(OPERATIONS),
    st.integers(1, 4),
    st.sampled_from(
        [
            ("status", {"status": 503}),
            ("status", {"status": 500}),
            ("status", {"status": 401}),
            ("reset", {}),
            ("reset", {"processed": True}),
            ("truncate", {}),
            ("not_json", {}),
            ("forget", {}),
            ("hang", {"seconds": 0.05}),
        ]
    ),
)
STEPS = st.lists(
    st.one_of(
        st.builds(lambda count: ("produce", count), st.integers(1, 5)),
        st.builds(lambda fault: ("fault", fault), STREAM_FAULTS),
        st.builds(lambda fault: ("fault", fault), ANSWER_FAULTS),
        st.just(("forget", None)),
        st.just(("restart", None)),
        st.builds(lambda seconds: ("wait", seconds), st.sampled_from([0.01, 0.05, 0.15])),
    ),
    min_size=2,
    max_size=14,
)


class Story:
    """One server, one client and what became of the values that were produced."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.made: dict[int, tuple[str, datetime]] = {}
        self.changes: list[i3x.ValueChange] = []
        self.gaps: list[i3x.Gap] = []
        self._elements = itertools.cycle(ELEMENTS)

    def step(self, kind: str, argument: Any) -> None:
        if kind == "produce":
            for _ in range(argument):
                self.produce()
        elif kind == "fault":
            self.server.fault(argument[0], **argument[1])
        elif kind == "forget":
            self.server._on_loop(self.server._state.subscriptions.clear)
        elif kind == "restart":
            self.server.restart()

    def produce(self) -> None:
        element, number = next(self._elements), len(self.made)
        self.made[number] = element, datetime.now(UTC)
        self.server.set_value(element, number)

    @property
    def missing(self) -> set[int]:
        """Return what neither arrived nor belongs to a gap that could not be filled."""
        arrived = {number_of(change) for change in self.changes}
        return {number for number in self.made.keys() - arrived if not self._is_accounted_for(number)}

    def _is_accounted_for(self, number: int) -> bool:
        element, moment = self.made[number]
        return any(
            not gap.filled and element in gap.element_ids and gap.start_time <= moment <= gap.end_time
            for gap in self.gaps
        )

    def check(self) -> None:
        assert not self.missing, (self.missing, self.gaps)
        numbers = [number_of(change) for change in self.changes if number_of(change) >= 0]
        assert len(numbers) == len(set(numbers)), numbers
        for element in ELEMENTS:
            own = [number_of(change) for change in self.changes if change.element_id == element]
            assert own == sorted(own), own


async def live(
    steps: list[tuple[str, Any]],
    trust: ssl.SSLContext,
    *,
    history: bool,
    backfill: bool,
    delivery: Any,
    queue_limit: int,
) -> None:
    with Server(tick=None, history=history, queue_limit=queue_limit) as server:
        story = Story(server)
        async with i3x.AsyncClient(server.url, retries=1, verify=trust) as client:
            client.on_value_change = lambda _, change: story.changes.append(change)
            client.on_gap = lambda _, gap: story.gaps.append(gap)
            subscription = await client.subscribe(
                ELEMENTS, delivery=delivery, backfill=backfill, silence=0.2, poll_interval=0.01
            )
            for kind, argument in steps:
                if kind == "wait":
                    await asyncio.sleep(argument)
                else:
                    await asyncio.to_thread(story.step, kind, argument)
            server.clear_faults()
            # The last value tells when all before it has had its chance: each element gets one.
            deadline = asyncio.get_running_loop().time() + 15
            last: list[int] = []
            while asyncio.get_running_loop().time() < deadline:
                if client.delivery(subscription).status in ("live", "polling"):
                    if not last:
                        await asyncio.to_thread(story.step, "produce", len(ELEMENTS))
                        last = list(story.made)[-len(ELEMENTS) :]
                    arrived = {number_of(change) for change in story.changes}
                    if arrived.issuperset(last) or (not (history and backfill) and not story.missing):
                        break
                await asyncio.sleep(0.01)
            note(f"{client.delivery(subscription)}")
    story.check()


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("i3x.delivery.backoff.FIRST_PAUSE", 0.01)
    monkeypatch.setattr("i3x.delivery.backoff.LONGEST_PAUSE", 0.05)
    monkeypatch.setattr("i3x.delivery.engine.STREAM_AGAIN_AFTER", 0.1)


@given(
    steps=STEPS,
    history=st.sampled_from([True, True, False]),
    backfill=st.sampled_from([True, True, True, False]),
    # A stream does not tell what a server drops while it is open, so only what is polled has a small queue.
    way=st.sampled_from(
        [("auto", 10_000), ("auto", 10_000), ("stream", 10_000), ("sync", 10_000), ("sync", 3)]
    ),
)
@settings(examples(0.8), suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_nothing_is_lost_without_a_word(
    trust: ssl.SSLContext, steps: list[tuple[str, Any]], history: bool, backfill: bool, way: tuple[Any, int]
) -> None:
    delivery, queue_limit = way
    asyncio.run(
        live(steps, trust, history=history, backfill=backfill, delivery=delivery, queue_limit=queue_limit)
    )
