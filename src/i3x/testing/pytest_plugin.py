"""The pytest fixture `i3x_server`. pytest loads this in every run, so it imports nothing that costs time."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from . import Server


@pytest.fixture
def i3x_server() -> Iterator[Server]:
    """An i3X 1.0 server of the test's own, running; `i3x_server.url` is its base URL."""
    try:
        from . import Server
    except ImportError as error:
        pytest.fail(f"the fixture i3x_server cannot start a server: {error}", pytrace=False)
    with Server() as server:
        yield server
