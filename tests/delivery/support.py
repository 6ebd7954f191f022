"""What the tests of deliveries share: a plant that counts what it produces, and a record of what arrives."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import i3x
from i3x.testing import Server
from tests.client.both import Blocking

PATIENCE = 15.0
"""Seconds after which something that was expected is given up; nothing takes so long that works."""

AT_ONCE = 10.0
"""Seconds that are far more than what needs no waiting takes, and less than anything that could be waited for."""


def until(condition: Callable[[], object], *, seconds: float = PATIENCE) -> bool:
    """Wait until something is so, looking often; returns whether it came to be."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.005)
    return True


class Plant:
    """Gives elements of a server values that never come twice, and remembers them."""

    def __init__(self, server: Server, *elements: str) -> None:
        self.server = server
        self.elements = elements or ("sensor-001", "sensor-002")
        self.made: dict[int, datetime] = {}

    def produce(self, count: int = 1, *, text: str | None = None) -> list[int]:
        """Produce so many values, on each element in turn."""
        numbers = range(len(self.made), len(self.made) + count)
        for number in numbers:
            self.made[number] = datetime.now(UTC)
            value: Any = number if text is None else {"number": number, "text": text}
            self.server.set_value(self.elements[number % len(self.elements)], value)
        return list(numbers)


def number_of(change: i3x.ValueChange) -> int:
    """Return the number that a plant gave a value; -1 for a value of the server's own."""
    value = change.value["number"] if isinstance(change.value, dict) else change.value
    return value if isinstance(value, int) else -1


class Record:
    """What a client's callbacks were told, in order."""

    def __init__(self, client: i3x.Client) -> None:
        self.changes: list[i3x.ValueChange] = []
        self.gaps: list[i3x.Gap] = []
        self.errors: list[i3x.I3XError] = []
        self.statuses: list[str] = []
        client.on_value_change = lambda _, change: self.changes.append(change)
        client.on_gap = lambda _, gap: self.gaps.append(gap)
        client.on_error = lambda _, error: self.errors.append(error)
        client.on_status = lambda _, delivery: self.statuses.append(str(delivery.status))

    @property
    def numbers(self) -> list[int]:
        return [number for change in list(self.changes) if (number := number_of(change)) >= 0]

    @property
    def reasons(self) -> list[str]:
        return [gap.reason for gap in self.gaps]

    def status_is(self, status: str) -> bool:
        """Wait until the last status reported is this one."""
        return until(lambda: self.statuses[-1:] == [status])

    def has_all(self, plant: Plant) -> bool:
        """Wait until everything that was produced has arrived."""
        return until(lambda: set(self.numbers) >= plant.made.keys())

    def check_order(self) -> None:
        """Check that the values of each element came in the order of time, and none twice."""
        assert len(self.numbers) == len(set(self.numbers)), self.numbers
        by_element: dict[str, list[int]] = {}
        for change in self.changes:
            by_element.setdefault(change.element_id, []).append(number_of(change))
        for numbers in by_element.values():
            assert numbers == sorted(numbers)


@contextmanager
def watching(client: Any, *arguments: Any, **options: Any) -> Iterator[Any]:
    """Open a watch of either client, to be iterated over in a plain loop."""
    watch = client.watch(*arguments, **options)
    if not isinstance(client, Blocking):
        with watch as changes:
            yield changes
        return
    try:
        yield BlockingWatch(client.portal.call(watch.__aenter__), client.portal)
    finally:
        client.portal.call(watch.__aexit__, None, None, None)


class BlockingWatch:
    """An `AsyncWatch` in a plain loop."""

    def __init__(self, watch: Any, portal: Any) -> None:
        self.watch = watch
        self._portal = portal

    @property
    def delivery(self) -> Any:
        return self.watch.delivery

    def __iter__(self) -> "BlockingWatch":
        return self

    def __next__(self) -> i3x.ValueChange:
        try:
            change: i3x.ValueChange = self._portal.call(self.watch.__anext__)
        except StopAsyncIteration:
            raise StopIteration from None
        return change


def subscriptions(server: Server) -> list[Any]:
    """Return what the server has of subscriptions."""
    return list(server._state.subscriptions)


def opens(server: Server) -> int:
    """Return how many streams were asked for."""
    return sum(request.operation == "streamSubscription" for request in server.requests)


def delivery_threads() -> list[str]:
    """Return the names of the threads that deliveries run on."""
    return [each.name for each in threading.enumerate() if each.name in ("i3x-delivery", "i3x-handlers")]
