"""Ten million points to one file, in bounded memory. SOAK_POINTS says how many; `make soak` runs it."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from pyarrow import parquet

from tests.frames.endless import ELEMENTS, serving, value_at

POINTS = int(os.environ.get("SOAK_POINTS", "10_000_000"))
LARGEST_MEMORY = 400 * 2**20
HOME = Path(__file__).parents[2]

EXPORTER = """
import resource
from tests.frames.exporting import main
main()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
"""

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="the unit of ru_maxrss is another one elsewhere"),
    pytest.mark.timeout(1800),
]


@pytest.mark.parametrize("flavour", ["sync", "async"])
@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_ten_million_points(flavour: str, suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"all.{suffix}"
    with serving(POINTS, 100_000) as url:
        began = time.monotonic()
        arguments = [flavour, url, str(path), str(POINTS), "250000", "-"]
        done = subprocess.run(
            [sys.executable, "-c", EXPORTER, *arguments], cwd=HOME, stdout=subprocess.PIPE, check=True
        )
        seconds = time.monotonic() - began
    peak = int(done.stdout)
    print(
        f"\n{flavour}, {suffix}: {POINTS} points in {seconds:.0f} s, {peak / 2**20:.0f} MiB, "
        f"file of {path.stat().st_size / 2**20:.0f} MiB"
    )
    assert peak <= LARGEST_MEMORY
    if suffix == "parquet":
        _check(path)
    else:
        with path.open("rb") as file:
            assert sum(1 for _ in file) == POINTS + 1


def _check(path: Path) -> None:
    """Check that each point is there once, a row group at a time."""
    file = parquet.ParquetFile(path)
    seen = dict.fromkeys(ELEMENTS, 0)
    for index in range(file.num_row_groups):
        group = file.read_row_group(index, ["element_id", "value"])
        for element_id, value in zip(*(column.to_pylist() for column in group.columns), strict=True):
            assert value == value_at(seen[element_id])
            seen[element_id] += 1
    assert set(seen.values()) == {POINTS // len(ELEMENTS)}
