"""Calling a user's callbacks: plain ones everywhere, asynchronous ones where there is a loop."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any


def notify(callback: Callable[..., object] | None, *arguments: Any) -> None:
    """Call a callback of the blocking client, if there is one."""
    if callback is not None:
        callback(*arguments)


async def async_notify(callback: Callable[..., object] | None, *arguments: Any) -> None:
    """Call a callback of the asynchronous client, if there is one: a plain or an ``async`` function."""
    if callback is not None:
        result = callback(*arguments)
        if isinstance(result, Awaitable):
            await result
