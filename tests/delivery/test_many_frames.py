"""A stream that is as fast as a socket: every one of its frames arrives."""

import subprocess
import sys
from pathlib import Path

import pytest

import i3x

SERVER = Path(__file__).parents[1] / "benchmarks" / "stream_server.py"
UPDATES = 10_000


@pytest.mark.parametrize(("per_frame", "frames_in_a_chunk"), [(1, 1), (1, 50), (100, 1)])
def test_every_frame_of_a_fast_stream_arrives(per_frame: int, frames_in_a_chunk: int) -> None:
    command = [sys.executable, str(SERVER), str(per_frame), str(frames_in_a_chunk), str(UPDATES)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            url = f"http://127.0.0.1:{server.stdout.readline().strip()}/v1"
            with (
                i3x.Client(url) as client,
                client.watch(["sensor-001"], count=UPDATES, timeout=20) as changes,
            ):
                assert sum(1 for _ in changes) == UPDATES
                assert (changes.delivery.gaps, changes.delivery.dropped) == (0, 0)
        finally:
            server.terminate()
