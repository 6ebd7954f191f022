"""The benchmarks still run; how fast anything is, `make bench` alone says."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.timeout(300)
def test_every_kind_of_answer_is_measured_beside_the_floor() -> None:
    # This package stands in for the released one, whose calls have the same names.
    command = [sys.executable, "-m", "tests.benchmarks", "--released", sys.executable]
    command += ["--rows", "decode", "loopback", "--quick", "--rounds", "1", "--json"]
    run = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert run.stdout, run.stderr
    found = json.loads(run.stdout)
    rows = {row["work"]: row for row in found["rows"]}
    assert found["failed"] == []
    assert {"decode 100 objects", "decode 100 values", "decode 100 history"} < rows.keys()
    assert all({"ours", "released"} <= row["figures"].keys() for row in rows.values())
    assert [bar["beside"] for bar in rows["decode 100 values"]["bars"]] == ["released", "floor"]
