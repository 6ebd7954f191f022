"""Gaps in what was delivered: how one is filled, and how it is reported."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from i3x.capabilities import Capabilities
from i3x.delivery.backfill import PASSING, Backfill, Delivered, fill
from i3x.delivery.settings import Settings
from i3x.models import Gap, SyncBatch
from i3x.results import BulkList
from i3x.transport import AsyncSender

logger = logging.getLogger("i3x.delivery")

_FAILED_FILLS = 3


@dataclass(slots=True)
class OpenGap:
    """A gap that is not accounted for yet, in the delivery of ``items``: element id → depth.

    One that is not certain is reported only if history has something that is missing, or can't tell.
    """

    start: datetime
    reason: str
    items: dict[str, int] = field(default_factory=dict)
    missed: int | None = None
    is_certain: bool = True
    failed_fills: int = 0

    def report(self, subscription_id: str, end: datetime, failures: list[str]) -> Gap:
        """Return what the user is told of it, with what could not be had of its history."""
        detail = "; ".join(failures[:3])
        elements = tuple(self.items)
        return Gap(subscription_id, elements, self.start, end, self.missed, self.reason, not failures, detail)


async def fill_gap(
    gap: OpenGap,
    end: datetime,
    delivered: Delivered,
    settings: Settings,
    capabilities: Capabilities,
    sender: AsyncSender,
    send: Callable[..., Awaitable[Any]],
) -> Backfill:
    """Return what history has of a gap, and what could not be had of it.

    Raises what a later try may mend (``PASSING``); not if that has failed often enough, unless the sender is closed.
    """
    nothing = Backfill()
    if not settings.backfill:
        nothing.failures.append("filling gaps from history is switched off")
        return nothing
    if not capabilities.query.history:
        nothing.failures.append("the server keeps no history")
        return nothing
    try:
        return await fill(send, gap.items, gap.start, end, delivered, sender.server.limits.ranges)
    except PASSING as error:
        gap.failed_fills += 1
        if gap.failed_fills < _FAILED_FILLS or not sender.is_open:
            raise
        nothing.failures.append(str(error))
        return nothing


def missed(acknowledged: int | None, batches: BulkList[SyncBatch]) -> int | None:
    """Return how many updates a full queue has dropped, by the numbers; None where they do not tell."""
    first = next((batch.sequence_number for batch in batches if batch.sequence_number is not None), None)
    if acknowledged is None or first is None or first - acknowledged <= 1:
        return None
    return first - acknowledged - 1


def log_gap(name: str, gap: Gap, extra: Mapping[str, object]) -> None:
    """Log a gap that has been dealt with, under the name that its user knows the delivery by."""
    logger.log(
        logging.INFO if gap.filled else logging.WARNING,
        "gap in %s (%s) from %s to %s: %s",
        name,
        gap.reason,
        gap.start_time,
        gap.end_time,
        "filled with what the server's history has of it" if gap.filled else f"not filled: {gap.detail}",
        extra=extra,
    )
