"""A stream that is as fast as a socket: every one of its frames arrives."""

import pytest

import i3x
from tests.benchmarks import bodies
from tests.benchmarks.runner import serving
from tests.benchmarks.server import Settings

UPDATES = 10_000


@pytest.mark.parametrize(("per_frame", "frames_in_a_chunk"), [(1, 1), (1, 50), (100, 1)])
def test_every_frame_of_a_fast_stream_arrives(per_frame: int, frames_in_a_chunk: int) -> None:
    fast = Settings(per_frame=per_frame, frames=frames_in_a_chunk, updates=UPDATES)
    with (
        serving(fast) as url,
        i3x.Client(f"{url}/v1") as client,
        client.watch([bodies.ELEMENT], count=UPDATES, timeout=20) as changes,
    ):
        assert sum(1 for _ in changes) == UPDATES
        assert (changes.delivery.gaps, changes.delivery.dropped) == (0, 0)
