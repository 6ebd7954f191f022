"""A consumer that is killed (`kill -9`) at any moment loses nothing; what it had not acknowledged is repeated."""

import sys
from pathlib import Path

import pytest

from i3x.testing import Server

from .killing import lost_in

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")


def test_killing_the_consumer_loses_nothing(server: Server, flavour: str, tmp_path: Path) -> None:
    seed = 20260131
    lost, produced, stored = lost_in(server, flavour, tmp_path, rounds=6, seed=seed)
    assert not lost, f"{len(lost)} of {produced} were lost"
    assert stored >= produced > 100
