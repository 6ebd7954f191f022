"""What a run has found so far: tests leave here what later ones stand on."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from i3x.conformance.definition import Reason, Skipped
from i3x.conformance.exchange import Exchange
from i3x.conformance.rules import Json
from i3x.conformance.server import Server
from i3x.raw.api.subscribe import delete_subscriptions

_SAMPLE = 10
_TIDYING_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Found:
    """A listing, and the exchange that brought it."""

    items: list[Json]
    exchange: Exchange

    @property
    def ids(self) -> list[str]:
        """The element ids, in the order of the listing."""
        return [item["elementId"] for item in self.items]


@dataclass
class Context:
    """The findings of one run; who needs one names in `needs` the test that brings it."""

    server: Server
    client_id: str = field(default_factory=lambda: f"i3x-conformance-{uuid.uuid4()}")
    """The run's own name on all subscriptions."""
    unknown_id: str = field(default_factory=lambda: f"no-such-element-of-i3x-conformance-{uuid.uuid4()}")
    """An id that no server has."""
    anonymous_info: Exchange | None = None
    """What `/info` answered without credentials, from finding the server's address."""
    authenticated_info: Exchange | None = None
    """What it answered with credentials, where that was needed to find the server."""
    created: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """The subscriptions that are to be deleted, each with the client id that goes with it, if any."""
    capabilities: Json = field(default_factory=dict[str, Any])
    """CORE-03; empty if it failed."""
    unprovoked: str = ""
    """Why no update could be provoked, where that was tried; no test tries it, and waits for it, again."""

    info: Exchange = field(init=False)
    """CORE-01."""
    namespaces: Found = field(init=False)
    """EXP-01."""
    object_types: Found = field(init=False)
    """EXP-04."""
    relationship_types: Found = field(init=False)
    """EXP-09."""
    objects: Found = field(init=False)
    """EXP-12."""
    edges: list[tuple[str, Json]] = field(init=False)
    """EXP-19: the source of each edge and the edge."""
    values: dict[str, Json] = field(init=False)
    """QRY-01: the current values of the sample."""
    values_exchange: Exchange = field(init=False)
    """QRY-01."""
    histories: dict[str, Json] = field(init=False)
    """QRY-07."""
    history_exchange: Exchange = field(init=False)
    """QRY-07."""
    history_end: datetime = field(init=False)
    """QRY-07: the end of the range that was asked for."""
    written: tuple[str, Any] = field(init=False)
    """UPD-01: the object that takes writes, and the value that it was given, its own."""
    subscription_id: str = field(init=False)
    """SUB-01."""
    registered: list[str] = field(init=False)
    """SUB-03."""

    def declares(self, capability: str) -> bool:
        """Whether the server declares a capability such as `update.current`, as far as CORE-03 could tell."""
        group, _, name = capability.partition(".")
        return bool(self.capabilities) and self.capabilities[group][name] is True

    def sample(self, count: int = _SAMPLE) -> list[Json]:
        """Some objects: one of each type first, then more in the order of the listing.

        Raises:
            Skipped: There are no objects.
        """
        if not self.objects.items:
            raise Skipped(Reason.UNTESTABLE, "the server lists no objects")
        by_type: dict[str, Json] = {}
        for item in self.objects.items:
            by_type.setdefault(item["typeElementId"], item)
        first = {item["elementId"]: item for item in by_type.values()}
        rest = (item for item in self.objects.items if item["elementId"] not in first)
        return [*first.values(), *rest][:count]

    def sample_ids(self, count: int = _SAMPLE) -> list[str]:
        """The element ids of a sample."""
        return [item["elementId"] for item in self.sample(count)]

    def composition(self) -> str:
        """The first object that has components.

        Raises:
            Skipped: There is none.
        """
        for item in self.objects.items:
            if item["isComposition"]:
                return str(item["elementId"])
        raise Skipped(Reason.UNTESTABLE, "no object is a composition")

    def subscription(self, subscription_id: str | None = None) -> dict[str, str]:
        """The fields that name a subscription of this run."""
        return {"clientId": self.client_id, "subscriptionId": subscription_id or self.subscription_id}

    def tidy_up(self) -> None:
        """Delete what the run has created and not deleted; a server that does not let go has its own limit."""
        while self.created:
            subscription_id, owner = self.created.popitem()
            body = {**owner, "subscriptionIds": [subscription_id]}
            if self.server.tidy_up(delete_subscriptions, body, _TIDYING_SECONDS).silent:
                return
