"""How a test is written down, and what can come out of it.

A test is a function over what the run has found so far, with its id, level, rule and place in the guide beside it::

    @conformance_test(
        "EXP-02",
        "There is at least one namespace",
        guide="Address Space, Namespaces",
        rule="A server has at least one namespace.",
        needs=("EXP-01",),
    )
    def at_least_one_namespace(context: Context) -> str | None:
        ...

It returns None when the server passes, or a remark that goes with the pass. It raises `Broken` when the rule is broken,
`Doubtful` for what is a warning, and `Skipped` when it can't be exercised.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from i3x.conformance.context import Context
    from i3x.conformance.exchange import Exchange


class Level(StrEnum):
    """How binding a rule is, in the words of RFC 2119."""

    MUST = "MUST"
    SHOULD = "SHOULD"
    MAY = "MAY"


class Result(StrEnum):
    """What came out of a test."""

    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    WARN = "warn"
    SKIP = "skip"


class Reason(StrEnum):
    """Why a test was skipped."""

    OMITTED = "omitted"
    """An optional feature that the server declares not to have."""
    BLOCKED = "blocked"
    """Something that it needs failed before."""
    UNTESTABLE = "untestable"
    """The server has nothing there to observe."""
    DISABLED = "disabled"
    """Writes were switched off."""


UNREACHED = "the server can't be reached"
"""Why all tests but the first are skipped where nobody answers."""


class Broken(Exception):  # noqa: N818 - it is the server that has an error
    """The server broke the test's rule."""

    def __init__(self, message: str, exchange: Exchange | None = None) -> None:
        super().__init__(message)
        self.exchange = exchange
        """Where it showed; None for the last exchange of the test."""


class Doubtful(Broken):
    """Not forbidden, and not as it should be."""


class Skipped(Exception):  # noqa: N818
    """The test can't be exercised."""

    def __init__(self, reason: Reason, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Test:
    """One test, as it is declared."""

    id: str
    title: str
    guide: str
    """The section of the Implementation Guide that states the rule."""
    rule: str
    level: Level
    needs: tuple[str, ...]
    """The tests without which this one has nothing to stand on."""
    uses: tuple[str, ...]
    """The tests whose findings this one takes if they are there, and does without if they are not."""
    capability: str | None
    """What the server must declare for this test to make sense, such as `update.current`."""
    writes: bool
    """Whether it writes values."""
    function: Callable[[Context], str | None]

    @property
    def section(self) -> str:
        """The part of the suite, such as `EXP`."""
        return self.id.partition("-")[0]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came out of one test; all of its texts are free of credentials."""

    test: Test
    result: Result
    reason: Reason | None = None
    """Of a skip."""
    message: str = ""
    """What is wrong, why it was skipped, or a remark on a pass."""
    sent: str = ""
    """The request, for what is wrong."""
    received: str = ""
    """The answer, shortened, for what is wrong."""
    deviations: tuple[str, ...] = ()
    """Where answers break the API document without breaking the test's rule: warnings that change no verdict."""
    seconds: float = field(default=0.0, compare=False)


def conformance_test(
    test_id: str,
    title: str,
    *,
    guide: str,
    rule: str,
    level: Level = Level.MUST,
    needs: Iterable[str] = (),
    uses: Iterable[str] = (),
    capability: str | None = None,
    writes: bool = False,
) -> Callable[[Callable[[Context], str | None]], Test]:
    """Declare a test; the function becomes a `Test`."""

    def declare(function: Callable[[Context], str | None]) -> Test:
        return Test(
            test_id, title, guide, rule, level, tuple(needs), tuple(uses), capability, writes, function
        )

    return declare
