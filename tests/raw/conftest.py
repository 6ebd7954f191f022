"""What the tests of the raw layer share."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from i3x import raw_call
from i3x.raw import Client
from i3x.raw_call import Operation, RawReply

Send = Callable[..., RawReply]


@pytest.fixture
def anyio_backend() -> str:
    """The event loop of the async tests."""
    return "asyncio"


def _send(url: str, operation: Operation, **arguments: Any) -> RawReply:
    with Client(base_url=url) as client:
        return raw_call.send(client, operation, **arguments)


def _send_async(url: str, operation: Operation, **arguments: Any) -> RawReply:
    async def run() -> RawReply:
        async with Client(base_url=url) as client:
            return await raw_call.send_async(client, operation, **arguments)

    return asyncio.run(run())


@pytest.fixture(params=[_send, _send_async], ids=["sync", "async"])
def send(request: pytest.FixtureRequest) -> Send:
    """Send an operation to a URL, in both ways that there are: what holds for one holds for the other."""
    found: Send = request.param
    return found
