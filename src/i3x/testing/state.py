"""What one server is: its settings and its state, for whoever answers requests."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from .answers import Encoded
from .faults import FAULTS
from .faults.base import FaultTable
from .paths import OPERATIONS
from .pump_station import PumpStation
from .subscriptions import Subscriptions
from .values import Values


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a server was started with; every duration is in seconds."""

    objects: int
    token: str | None
    basic: tuple[str, str] | None
    header: tuple[str, str] | None
    history: bool
    update_current: bool
    update_history: bool
    stream: bool
    max_request_items: int | None
    max_body_bytes: int
    max_history_rows: int
    queue_limit: int
    time_to_live: float
    tick: float | None
    keep_alive: float
    spec_version: str
    server_version: str
    server_name: str

    @property
    def protected(self) -> bool:
        """Whether requests need credentials."""
        return not (self.token is None and self.basic is None and self.header is None)


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A request as it came in. `target` is the path and query as they were sent, percent-escapes and all."""

    method: str
    target: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """Keys in lower case; of a header that was sent twice, the last."""
    body: bytes
    operation: str | None
    """The operation's id in the API document, such as `getObjects`; None for an unknown route."""

    @property
    def json(self) -> Any:
        """The body, read as JSON; None if there is no body.

        Raises:
            msgspec.DecodeError: it is no JSON.
        """
        return msgspec.json.decode(self.body) if self.body else None


@dataclass(slots=True)
class State:
    """Everything that requests read and change. It belongs to the event loop's thread."""

    settings: Settings
    faults: FaultTable = field(default_factory=lambda: FaultTable(FAULTS, OPERATIONS))
    requests: deque[ReceivedRequest] = field(default_factory=lambda: deque(maxlen=1000))
    listings: dict[object, Encoded] = field(default_factory=dict)
    """Encoded bodies of listings, until the address space changes."""
    station: PumpStation = field(init=False)
    values: Values = field(init=False)
    subscriptions: Subscriptions = field(init=False)

    def __post_init__(self) -> None:
        self.station = PumpStation(self.settings.objects)
        self.subscriptions = Subscriptions(
            queue_limit=self.settings.queue_limit, time_to_live=self.settings.time_to_live
        )
        self.values = Values(self.station.profiles, self.subscriptions.publish)
