"""The server's clock, as far as its answers tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_RESOLUTION = timedelta(seconds=2)
"""A Date header has whole seconds, and some servers write a new one only once a second."""


class ServerClock:
    """Tells the server's time from the Date headers of its answers; this machine's, where it sends none."""

    def __init__(self) -> None:
        self._ahead = timedelta(0)

    def observe(self, date: datetime | None) -> None:
        """Take in what the server said just now."""
        if date is not None:
            self._ahead = date - datetime.now(UTC)

    def earliest(self) -> datetime:
        """Return a moment that the server's clock has reached for certain."""
        return datetime.now(UTC) + self._ahead

    def latest(self) -> datetime:
        """Return a moment that the server's clock has not reached yet."""
        return self.earliest() + _RESOLUTION
