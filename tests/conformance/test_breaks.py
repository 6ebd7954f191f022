"""Each break of one rule fails the tests whose rule it is, and no others."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from i3x.conformance import Level, Verdict
from i3x.conformance.suite import TESTS
from i3x.testing import Server
from i3x.testing.faults.rules import EXPECTED, Expectation
from tests.conformance.support import QUICK, TOKEN, examine

ALWAYS = {"CORE-05"}
"""The server under test has no certificate."""

OPTIONS = replace(QUICK, token=TOKEN)


@pytest.fixture
def sound() -> Iterator[Server]:
    """A server with nothing wrong, whose live values move on with each request: something always waits to be synced.

    Each test has its own, because all that moves is recorded, and reading long histories takes long.
    """
    with Server(tick=None, token=TOKEN) as server:
        server.fault("tick_with_every_request")
        yield server


def _name(expectation: Expectation) -> str:
    return " ".join(filter(None, (expectation.name, expectation.operation)))


def test_without_a_break_nothing_is_wrong_and_all_that_is_declared_is_exercised(sound: Server) -> None:
    found = examine(sound.url, OPTIONS)
    assert found.verdict is Verdict.FULL
    assert (found.fails, found.warns) == (set(), ALWAYS)
    assert found.skips == {"UPD-05": "untestable", "SUB-12": "untestable"}, (
        "they are about what is not declared"
    )
    assert [line for outcome in found.report.outcomes for line in outcome.deviations] == []


@pytest.mark.parametrize("expectation", EXPECTED, ids=_name)
def test_a_break_is_noticed_by_the_tests_of_its_rule_alone(sound: Server, expectation: Expectation) -> None:
    sound.fault(expectation.name, operation=expectation.operation)
    found = examine(sound.url, OPTIONS)
    assert (found.fails, found.warns - ALWAYS) == (set(expectation.fails), set(expectation.warns))
    levels = {test.id: test.level for test in TESTS}
    assert all(levels[test_id] is not Level.SHOULD for test_id in found.fails), "those only ever warn"
    assert (found.verdict is Verdict.NOT_COMPLIANT) == bool(expectation.fails)


def test_every_rule_can_be_broken() -> None:
    noticed = {test_id for entry in EXPECTED for test_id in (*entry.fails, *entry.warns)}
    unbreakable = {"CORE-05"}  # no server can choose how it is reached
    assert {test.id for test in TESTS} - noticed == unbreakable
    required = {test.id for test in TESTS if test.level is Level.MUST}
    assert required <= {test_id for entry in EXPECTED for test_id in entry.fails}
    assert len({entry.name for entry in EXPECTED}) >= 40
