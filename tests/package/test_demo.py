"""The demonstration tours every call and ends by itself."""

import subprocess
import sys


def test_the_demonstration_ends_by_itself_and_shows_every_part() -> None:
    run = subprocess.run(
        [sys.executable, "-m", "i3x.cli.demo"], capture_output=True, text=True, timeout=100, check=False
    )

    assert run.returncode == 0, run.stdout + run.stderr
    for shown in (
        "history can be read",
        "Pump 101",
        "SuppliesTo",
        "read back 72.5",
        "= 23.5",
        "batch 1",
        "every call",
    ):
        assert shown in run.stdout
