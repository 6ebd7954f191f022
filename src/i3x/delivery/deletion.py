"""Deleting what was made on a server, when nothing more can be done about it than to say that it failed."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import anyio

from i3x import operations
from i3x.errors import I3XError, NotFoundError

logger = logging.getLogger("i3x.delivery")

DELETION_TIME = 2.0  # seconds that deletions may take when they must not hold anything up


async def delete(
    send: Callable[..., Awaitable[Any]], client_id: str, subscription_ids: Sequence[str]
) -> None:
    """Delete subscriptions as far as that is possible in short time, even if the task is cancelled.

    What the server keeps, and goes on filling a queue for, is logged as a warning; what it no longer has is not.
    """
    failures: dict[str, I3XError | str] = dict.fromkeys(
        subscription_ids, f"no answer within {DELETION_TIME:g} s"
    )
    with anyio.move_on_after(DELETION_TIME, shield=True):
        try:
            failures = (await send(operations.delete_subscriptions(client_id, subscription_ids))).errors
        except I3XError as error:
            failures = dict.fromkeys(subscription_ids, error)
    for subscription_id, failure in failures.items():
        if not isinstance(failure, NotFoundError):
            logger.warning(
                "subscription %s may still be on the server, with a queue: %s", subscription_id, failure
            )
