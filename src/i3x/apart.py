"""Work that keeps a processor or a disk busy: away from the event loop where there is one, at once where not."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


def apart(function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
    """Return what the function returns."""
    return function(*arguments)


async def async_apart(function: Callable[[*Arguments], T], *arguments: *Arguments) -> T:
    """Return what the function returns that is called on a thread of its own; it always comes to its end."""
    import anyio.to_thread

    return await anyio.to_thread.run_sync(function, *arguments)
