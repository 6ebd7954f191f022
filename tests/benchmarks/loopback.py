"""Calls over a real connection: all objects at once, packed; and how long one value takes."""

import functools
import statistics
import time
from collections.abc import Callable, Iterator
from typing import Any

from tests.benchmarks import bodies
from tests.benchmarks.runner import Bar, Bench, Row, serving
from tests.benchmarks.server import Settings

OBJECTS = 100_000
CALLS = 500


def rows(bench: Bench) -> Iterator[Row]:
    """Compare both."""
    count = bench.size(OBJECTS)
    with serving(Settings(objects=str(bench.bodies.path("objects", count, packed=True)))) as url:
        figures = bench.medians(__name__, ("ours", "released"), {"url": url, "objects": count})
        milliseconds = {who: 1000 * figure for who, figure in figures.items()}
        yield Row(
            f"get_objects() of {count:,}, gzip, over loopback", "ms", milliseconds, (Bar("released", 0.4),)
        )
        figures = bench.medians(
            __name__, ("ours", "released", "floor"), {"url": url, "calls": bench.size(CALLS)}
        )
        microseconds = {who: 1e6 * figure for who, figure in figures.items()}
        yield Row("get_value, median", "µs", microseconds, (Bar("released", 1.0), Bar("floor", 1.3)))


def ours(url: str, objects: int = 0, calls: int = 1) -> float:
    """Get all objects, or else one value; works with either client."""
    client = _client(url)
    if objects:
        seconds = _median(client.get_objects, calls)
        assert len(client.get_objects()) == objects
        return seconds
    return _median(lambda: client.get_value(bodies.ELEMENT), calls)


released = ours


def floor(url: str, calls: int) -> float:
    """Send the request for one value with httpx alone, and look at nothing that comes back."""
    http = _http()
    body = {"elementIds": [bodies.ELEMENT], "maxDepth": 1}
    return _median(lambda: http.post(f"{url}/v1/objects/value", json=body), calls)


def _median(call: Callable[[], object], calls: int) -> float:
    seconds = []
    for _ in range(calls):
        began = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds)


@functools.cache
def _client(url: str) -> Any:
    import i3x

    client = i3x.Client(f"{url}/v1")
    client.connect()
    return client


@functools.cache
def _http() -> Any:
    import httpx

    return httpx.Client()
