"""How the cost of `get_objects` grows from a thousand objects to a million: linear in time and in memory."""

import math
from collections.abc import Iterator, Mapping

from tests.benchmarks import decode
from tests.benchmarks.runner import Bar, Bench, Row

COUNTS = (1_000, 10_000, 100_000, 1_000_000)
ROUNDS = 3

ours = decode.ours


def rows(bench: Bench) -> Iterator[Row]:
    """Measure each size, and say by which power of the size the cost grows."""
    for of, unit, scale in (("time", "µs", 1e6), ("memory", "bytes", 1e6)):
        costs: dict[int, float] = {}
        for count in dict.fromkeys(map(bench.size, COUNTS)):
            path = str(bench.bodies.path("objects", count))
            work = {"kind": "objects", "count": count, "path": path, "of": of}
            costs[count] = bench.medians(__name__, ("ours",), work, ROUNDS if of == "time" else 1)["ours"]
            yield Row(f"{of} of each of {count:,} objects", unit, {"ours": scale * costs[count] / count})
        figures = {"ours": _exponent(costs), "linear": 1.0}
        yield Row(f"{of} grows by the power of", "", figures, (Bar("linear", 1.1),))


def _exponent(costs: Mapping[int, float]) -> float:
    """Return the slope of the line through the logarithms: 1 is linear, 2 is quadratic."""
    points = [(math.log(count), math.log(cost)) for count, cost in costs.items()]
    middle = sum(x for x, _ in points) / len(points)
    height = sum(y for _, y in points) / len(points)
    spread = sum((x - middle) ** 2 for x, _ in points)
    return sum((x - middle) * (y - height) for x, y in points) / spread
