"""What runs in the background can be stopped at any moment, and finishes what must be finished."""

import asyncio

import anyio
import anyio.lowlevel

from i3x.transport.tasks import Background


def test_what_is_shielded_goes_on_to_its_end_and_no_further() -> None:
    done: list[str] = []
    begun = anyio.Event()

    async def work() -> None:
        with anyio.CancelScope(shield=True):  # as httpx closes its connections
            begun.set()
            await anyio.sleep(0.01)
            done.append("closed")
        await anyio.lowlevel.checkpoint()
        done.append("more")

    async def begin_and_stop() -> None:
        background = Background(work, "work")
        await begun.wait()
        await background.stop()

    asyncio.run(begin_and_stop())
    assert done == ["closed"]


def test_what_has_not_begun_comes_no_further_than_its_first_wait() -> None:
    done: list[str] = []

    async def work() -> None:
        await anyio.lowlevel.checkpoint()
        done.append("more")

    async def begin_and_stop() -> None:
        await Background(work, "work").stop()

    asyncio.run(begin_and_stop())
    assert done == []
