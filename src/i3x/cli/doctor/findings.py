"""What an examination finds."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Verdict(enum.StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"  # it works, and could do better
    FAULT = "fault"  # it does not work
    UNREACHABLE = "unreachable"  # there is nothing to look at


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at: what was seen, and what to do about it."""

    check: str
    verdict: Verdict
    seen: str
    advice: str = ""

    @property
    def is_final(self) -> bool:
        """Whether looking further would only find the same trouble again."""
        return self.verdict in (Verdict.FAULT, Verdict.UNREACHABLE)
