"""How long to wait before trying again."""

from __future__ import annotations

import random

FIRST_PAUSE = 1.0
"""Seconds of the first pause, after the attempt that is made at once."""

LONGEST_PAUSE = 30.0
"""Seconds that no pause grows beyond."""


class Backoff:
    """At once the first time, then growing pauses, up to a cap; each a random part of its length."""

    def __init__(self) -> None:
        self._tries = 0

    def reset(self) -> None:
        """Begin anew, after it has gone well for long enough."""
        self._tries = 0

    def next(self, *, at_cap: bool = False) -> float:
        """Return the seconds to wait now; ``at_cap`` is for what won't be mended by trying often."""
        tries, self._tries = self._tries, self._tries + 1
        if tries == 0 and not at_cap:
            return 0.0
        length = LONGEST_PAUSE if at_cap else min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** min(tries - 1, 10))
        return length * (0.5 + random.random() / 2)  # noqa: S311  # spreads clients, protects no secret
