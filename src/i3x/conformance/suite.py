"""The sixty tests in the order of a run. `pytest --pyargs i3x.conformance` collects them from this file."""

from __future__ import annotations

from i3x.conformance import core, explore, query, subscribe, update
from i3x.conformance.definition import Test

TESTS: tuple[Test, ...] = (*core.TESTS, *explore.TESTS, *query.TESTS, *update.TESTS, *subscribe.TESTS)
"""All tests."""

BY_ID = {each.id: each for each in TESTS}
"""The same, by id."""
