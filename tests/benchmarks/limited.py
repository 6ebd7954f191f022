"""Many values from a server that takes 500 ids a request, beside asking for one after the other."""

import time
import urllib.request
from collections.abc import Iterator

from tests.benchmarks import bodies
from tests.benchmarks.runner import Bar, Bench, Row, serving
from tests.benchmarks.server import Settings

IDS, MOST = 10_000, 500
ROUNDS = 3
SHARE = 10  # of one after the other only each tenth is asked for: they are all alike


def rows(bench: Bench) -> Iterator[Row]:
    """Compare requests and time."""
    count = bench.size(IDS)
    some = max(1, count // SHARE)
    with serving(Settings(most_ids=bench.size(MOST))) as url:
        seconds = bench.medians(__name__, ("ours",), {"url": url, "count": count}, ROUNDS)
        requests = _count(url) / (ROUNDS + 1)
        seconds |= bench.medians(__name__, ("one_each",), {"url": url, "count": some}, ROUNDS)
    seconds["one_each"] *= count / some
    about = f"get_values of {count:,} ids, {bench.size(MOST)} a request"
    yield Row(f"{about}: requests", "", {"ours": requests, "one_each": count}, (Bar("one_each", 1 / 50),))
    yield Row(f"{about}: time", "s", seconds, (Bar("one_each", 1 / 10),))


def _count(url: str) -> int:
    with urllib.request.urlopen(f"{url}/count") as answer:
        return int(answer.read())


def ours(url: str, count: int) -> float:
    """Ask for all values at once."""
    import i3x

    ids = list(map(bodies.element_id, range(count)))
    with i3x.Client(f"{url}/v1") as client:
        began = time.perf_counter()
        values = client.get_values(ids)
        seconds = time.perf_counter() - began
    assert list(values) == ids
    return seconds


def one_each(url: str, count: int) -> float:
    """Ask for one value after the other."""
    import i3x

    with i3x.Client(f"{url}/v1") as client:
        began = time.perf_counter()
        for number in range(count):
            client.get_value(bodies.element_id(number))
        return time.perf_counter() - began
