"""What the tests of consumption share: the fixtures of the clients' tests, without long pauses, and a checkpoint."""

from pathlib import Path

import pytest

from tests.client.conftest import client, connect, flavour, make, portal, server, trust

__all__ = ["client", "connect", "flavour", "make", "portal", "server", "trust"]


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the pauses between attempts short."""
    monkeypatch.setattr("i3x.transport.exchange._FIRST_PAUSE", 0.01)
    monkeypatch.setattr("i3x.delivery.backoff.FIRST_PAUSE", 0.02)
    monkeypatch.setattr("i3x.delivery.backoff.LONGEST_PAUSE", 0.2)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the checkpoint is."""
    return tmp_path / "sensors.checkpoint"
