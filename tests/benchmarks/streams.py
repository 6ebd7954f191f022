"""Streams: how many updates a second arrive in the caller's loop, or in the released client's callback."""

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks import bodies
from tests.benchmarks.runner import Bar, Bench, Row, serving
from tests.benchmarks.server import Settings


@dataclass(frozen=True)
class Shape:
    """What a server sends, and what we have to make of it."""

    name: str
    per_frame: int
    frames: int
    updates: int
    bars: tuple[Bar, ...]


SHAPES = (
    Shape("1 update a frame", 1, 1, 50_000, (Bar("floor", 0.8, True), Bar("released", 1.0, True))),
    Shape("20 frames a chunk", 1, 20, 200_000, (Bar("released", 2.0, True),)),
    Shape("100 updates a frame", 100, 1, 300_000, (Bar("released", 1.2, True),)),
)


def rows(bench: Bench) -> Iterator[Row]:
    """Compare each shape of a stream."""
    for shape in SHAPES:
        updates = bench.size(shape.updates) // 100 * 100 or 100
        with serving(Settings(per_frame=shape.per_frame, frames=shape.frames, updates=updates)) as url:
            work = {"url": f"{url}/v1", "updates": updates}
            figures = bench.medians(__name__, ("ours", "released", "floor"), work)
        yield Row(f"stream, {shape.name}", "updates/s", figures, shape.bars, one_is_enough=True)


def ours(url: str, updates: int) -> float:
    """Read with `watch`."""
    import i3x

    with i3x.Client(url) as client:
        began = time.perf_counter()
        with client.watch([bodies.ELEMENT], count=updates) as changes:
            for _ in changes:
                pass
            return updates / (time.perf_counter() - began)


def released(url: str, updates: int) -> float:
    """Read with the callback of the released client, whose stream is left open: ending it takes five seconds."""
    import i3x

    client, seen, all_seen = i3x.Client(url), 0, threading.Event()

    def count(*_: object) -> None:
        nonlocal seen
        seen += 1
        if seen == updates:
            all_seen.set()

    client.on_value_change = count
    client.connect()
    began = time.perf_counter()
    client.subscribe([bodies.ELEMENT])
    all_seen.wait()
    return updates / (time.perf_counter() - began)


def floor(url: str, updates: int) -> float:
    """Take the bytes off the wire and do nothing with them."""
    import httpx

    seen, began = 0, time.perf_counter()
    with httpx.stream("POST", f"{url}/subscriptions/stream", json={}) as response:
        for part in response.iter_raw():
            seen += part.count(b"}")  # one an update, and never cut in two
            if seen >= updates:
                break
        return updates / (time.perf_counter() - began)
