"""Reading answers that are there already: 100,000 objects, values and history points; time and peak memory.

The seconds are those of the processor: nothing is waited for, and a busy machine does not blur them as much.
"""

import functools
import time
import tracemalloc
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from tests.benchmarks import bodies
from tests.benchmarks.runner import Bar, Bench, Row

COUNT = 100_000
EVERYBODY = ("ours", "released", "floor")

_answered: deque[float] = deque(maxlen=1)  # when the last answer was there, before anybody has looked at it


def rows(bench: Bench) -> Iterator[Row]:
    """Compare the decoding of each kind of answer."""
    count = bench.size(COUNT)
    for kind in ("objects", "values", "history"):
        work = {"kind": kind, "count": count, "path": str(bench.bodies.path(kind, count))}
        seconds = bench.medians(__name__, EVERYBODY, work)
        milliseconds = {who: 1000 * figure for who, figure in seconds.items()}
        yield Row(f"decode {count:,} {kind}", "ms", milliseconds, (Bar("released", 0.18), Bar("floor", 1.25)))
        memory = bench.medians(__name__, EVERYBODY, {**work, "of": "memory"}, 1)
        yield Row(f"peak memory of {count:,} {kind}", "MB", memory, (Bar("released", 0.6),))


def ours(kind: str, count: int, path: str, of: str = "time") -> float:
    """Make the call as a user does, but for values: these are asked for in one request here, as 1.0.0 does."""
    if kind != "values":
        return released(kind, count, path, of)
    from i3x import operations

    client, ids = _client(Path(path)), _ids(count)
    return _measured(lambda: client._sender.send(operations.get_values(ids, 1).whole()), count, of)


def released(kind: str, count: int, path: str, of: str = "time") -> float:
    """Make the call as a user does, from the moment when the answer is there; works with either client."""
    client = _client(Path(path))
    ids = _ids(count)
    call: Callable[[], Any] = {
        "objects": client.get_objects,
        "values": lambda: client.get_values(ids),
        "history": lambda: (
            client.get_history(bodies.ELEMENT, "2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z").values
        ),
    }[kind]
    return _measured(call, count, of)


def floor(kind: str, count: int, path: str, of: str = "time") -> float:
    """Decode with msgspec alone, and build the list or the dict."""
    from tests.benchmarks import structs

    return _measured(functools.partial(structs.READ[kind], _body(Path(path))), count, of)


def _measured(work: Callable[[], Any], count: int, of: str) -> float:
    """Return the seconds, or the megabytes at the peak, that a work takes."""
    if of == "memory":
        tracemalloc.start()
    _answered.append(time.process_time())
    result = work()
    seconds = time.process_time() - _answered.pop()
    assert len(result) == count
    if of != "memory":
        return seconds
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return peak / 1e6


@functools.cache
def _body(path: Path) -> bytes:
    return path.read_bytes()


@functools.cache
def _ids(count: int) -> list[str]:
    return list(map(bodies.element_id, range(count)))


@functools.cache
def _client(path: Path) -> Any:
    """Return a client, of whichever package is installed, to whom httpx gives a ready answer instead of sending."""
    import httpx

    import i3x

    info = b'{"success": true, "result": {"specVersion": "1.0", "capabilities": {}}}'
    answer = _body(path)

    def handle_request(self: httpx.HTTPTransport, request: httpx.Request) -> httpx.Response:
        _answered.append(time.process_time())
        content = info if request.url.path.endswith("/info") else answer
        return httpx.Response(200, headers={"Content-Type": "application/json"}, content=content)

    httpx.HTTPTransport.handle_request = handle_request  # type: ignore[method-assign]
    client = i3x.Client("http://127.0.0.1/v1")
    client.connect()
    return client
