"""The start: importing the package and making a client, in a process that has done nothing yet.

The seconds are those of the processor: all that is waited for are files, which are in memory after the first run.
"""

import statistics
import subprocess
from collections.abc import Iterator

from tests.benchmarks.runner import Bar, Bench, Row

RUNS = 15
_CODE = """
import time
began = time.process_time()
{}
print(time.process_time() - began)
"""
_CLIENT = "import i3x; i3x.Client('http://127.0.0.1/v1')"
_CODES = {"ours": _CLIENT, "released": _CLIENT, "floor": "import httpx, msgspec"}


def rows(bench: Bench) -> Iterator[Row]:
    """Compare it; what nobody can do without is shown beside."""
    figures: dict[str, list[float]] = {who: [] for who in _CODES}
    for _ in range(1 if bench.quick else RUNS):
        for who, code in _CODES.items():
            command = [bench.python(who), "-I", "-c", _CODE.format(code)]
            run = subprocess.run(command, capture_output=True, text=True, check=True)
            figures[who].append(1000 * float(run.stdout))
    medians = {who: statistics.median(found) for who, found in figures.items()}
    yield Row("import i3x and a constructed Client, cold", "ms", medians, (Bar("released", 1.2),))
