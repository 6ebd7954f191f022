"""The report of a run: all outcomes, what they amount to, and both as data for machines."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from i3x.conformance.definition import Outcome, Reason, Result
from i3x.conformance.suite import BY_ID
from i3x.conformance.verdict import Verdict, untestable, unverified, verdict

FORMAT = 1
"""Of the machine-readable report; it changes when something in it changes its meaning or goes away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a run has found."""

    url: str
    """The address as it was given."""
    base_url: str
    """The address that was tested, with its version prefix."""
    started: str
    """When the run began: RFC 3339, UTC."""
    seconds: float
    """How long it took."""
    reached: bool
    """Whether the server was there at all."""
    structured: bool
    """Whether some object type has structure."""
    hint: str
    """What failures may have as their cause beside the server, such as a wrong token; empty for none."""
    server: dict[str, Any]
    """What the server says of itself: `specVersion`, `serverVersion`, `serverName`, `capabilities`."""
    outcomes: tuple[Outcome, ...]
    """In the order of the run."""

    @property
    def verdict(self) -> Verdict | None:
        """What it amounts to; None if tests were left out, as pytest may: nobody knows what they would have found."""
        if self._missing:
            return None
        return verdict(self.outcomes, reached=self.reached, structured=self.structured)

    @property
    def conclusion(self) -> str:
        """The verdict in words, or why there is none."""
        if self.verdict is None:
            return f"no verdict: {self._missing} of {len(BY_ID)} tests were not run"
        return self.verdict.value

    @property
    def exit_code(self) -> int:
        """0 for any compliant or compatible server, 1 for one that is not, 3 for one that can't be reached."""
        if not self.reached:
            return 3
        return int(self.verdict is Verdict.NOT_COMPLIANT)

    @property
    def unverified(self) -> list[str]:
        """The optional tests of which nobody knows whether they would pass."""
        return unverified(self.outcomes)

    @property
    def untestable(self) -> list[str]:
        """The required tests for which the server had nothing to observe."""
        return untestable(self.outcomes)

    def counts(self) -> dict[str, int]:
        """How many tests had which result."""
        counted = Counter(outcome.result for outcome in self.outcomes)
        return {result.value: counted[result] for result in Result}

    @property
    def _missing(self) -> int:
        return len(BY_ID) - len(self.outcomes)

    def to_dict(self) -> dict[str, Any]:
        """The report as JSON; `verdict` is null where there is none."""
        return {
            "suite": "i3X 1.0 conformance",
            "format": FORMAT,
            "url": self.url,
            "baseUrl": self.base_url,
            "started": self.started,
            "seconds": round(self.seconds, 3),
            "reached": self.reached,
            "server": self.server,
            "verdict": self.verdict and self.verdict.value,
            "hint": self.hint or None,
            "counts": self.counts(),
            "unverified": self.unverified,
            "untestable": self.untestable,
            "tests": [to_dict(outcome) for outcome in self.outcomes],
        }


def to_dict(outcome: Outcome) -> dict[str, Any]:
    """One outcome as JSON."""
    test = outcome.test
    return {
        "id": test.id,
        "level": test.level.value,
        "title": test.title,
        "result": outcome.result.value,
        "reason": outcome.reason.value if outcome.reason else None,
        "message": outcome.message,
        "rule": test.rule,
        "guide": test.guide,
        "sent": outcome.sent,
        "received": outcome.received,
        "deviations": list(outcome.deviations),
        "seconds": round(outcome.seconds, 3),
    }


def from_dict(data: dict[str, Any]) -> Outcome:
    """One outcome from JSON."""
    return Outcome(
        BY_ID[data["id"]],
        Result(data["result"]),
        Reason(data["reason"]) if data["reason"] else None,
        data["message"],
        data["sent"],
        data["received"],
        tuple(data["deviations"]),
        data["seconds"],
    )


def explanation(outcome: Outcome) -> list[tuple[str, str]]:
    """All that a finding has to say: what is wrong, what was sent, what came back, the rule and its place."""
    lines = [("", outcome.message)]
    if outcome.result in (Result.FAIL, Result.WARN):
        lines += [
            ("sent", outcome.sent),
            ("received", outcome.received),
            ("rule", outcome.test.rule),
            ("guide", outcome.test.guide),
        ]
    return [(name, text) for name, text in lines if text]


def is_finding(outcome: Outcome) -> bool:
    """Whether somebody should look at an outcome."""
    return outcome.result in (Result.FAIL, Result.WARN) or bool(outcome.deviations)
