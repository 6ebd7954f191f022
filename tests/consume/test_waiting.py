"""What a consumer does while nothing comes: it waits out what passes, and ends at once when it is told to."""

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

import i3x
from i3x.testing import Server
from tests.client.both import Make
from tests.delivery.support import until

from .support import asked, at_last, position, values

OPTIONS: dict[str, Any] = {"poll_interval": 0.02, "timeout": 15}

INTERRUPTED = """
import sys, i3x
with i3x.Client(sys.argv[1]) as client:
    try:
        for batch in client.consume(["sensor-001"], sys.argv[2], poll_interval=float(sys.argv[3])):
            print("batch", flush=True)
    except KeyboardInterrupt:
        print("interrupted", flush=True)
"""


@contextmanager
def _meanwhile(action: Callable[[], None]) -> Iterator[None]:
    thread = threading.Thread(target=action)
    thread.start()
    yield
    thread.join()


def test_a_server_that_is_down_for_a_while_is_waited_out(
    client: i3x.Client, server: Server, path: Path
) -> None:
    told: list[i3x.I3XError] = []
    client.on_error = lambda _, error: told.append(error)

    def come_back() -> None:
        assert until(lambda: told), "it must be told while it lasts"
        time.sleep(0.3)  # it lasts on, and is not told again
        server.start()
        server.set_value("sensor-001", 2.5)

    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        assert values(next(consumer)) == [1.5]
        server.stop()
        with _meanwhile(come_back):
            assert values(next(consumer)) == [2.5]
    (error,) = told
    assert isinstance(error, i3x.ConnectionError)


def test_each_time_of_trouble_is_told_once(client: i3x.Client, server: Server, path: Path) -> None:
    told: list[i3x.I3XError] = []
    client.on_error = lambda _, error: told.append(error)
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        for value in (1.5, 2.5):
            with server.fault("status", operation="syncSubscription", times=4, status=500):
                server.set_value("sensor-001", value)
                assert values(next(consumer)) == [value]
    assert [error.status_code for error in told] == [500, 500]


def test_a_server_that_makes_no_new_subscription_is_told_and_waited_out(
    client: i3x.Client, server: Server, path: Path
) -> None:
    told: list[i3x.I3XError] = []
    client.on_error = lambda _, error: told.append(error)
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.restart()
        server.set_value("sensor-001", 2.5)
        with server.fault("status", operation="createSubscription", times=3, status=404):
            assert values(next(consumer)) == [2.5]
    assert [error.operation for error in told] == ["createSubscription"]


def test_what_does_not_pass_ends_the_loop_and_loses_nothing(
    client: i3x.Client, server: Server, path: Path
) -> None:
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.set_value("sensor-001", 1.5)
        with (
            server.fault("status", operation="syncSubscription", times=1, status=403),
            pytest.raises(i3x.AuthenticationError),
        ):
            next(consumer)
        assert values(next(consumer)) == [1.5]


def test_timeout_ends_the_iteration_and_it_can_go_on(client: i3x.Client, server: Server, path: Path) -> None:
    with client.consume(["sensor-001"], path, poll_interval=60, timeout=0.3) as consumer:
        assert list(consumer) == []
        server.set_value("sensor-001", 1.5)
        assert values(at_last(consumer)) == [1.5]
        assert list(consumer) == []


def test_timeout_ends_the_wait_for_a_server_that_hangs(
    client: i3x.Client, server: Server, path: Path
) -> None:
    with client.consume(["sensor-001"], path, poll_interval=0.02, timeout=0.3) as consumer:
        server.set_value("sensor-001", 1.5)
        with server.fault("hang", operation="syncSubscription", times=1, seconds=20):
            assert list(consumer) == []
        assert values(at_last(consumer)) == [1.5]


def test_timeout_ends_the_wait_for_a_server_that_is_down(
    client: i3x.Client, server: Server, path: Path
) -> None:
    with client.consume(["sensor-001"], path, poll_interval=0.02, timeout=0.3) as consumer:
        server.stop()
        assert list(consumer) == []


def _here(flavour: str) -> object:
    return threading.current_thread() if flavour == "sync" else asyncio.current_task()


def test_callbacks_are_called_where_the_loop_runs(
    client: i3x.Client, server: Server, path: Path, flavour: str
) -> None:
    called: list[object] = []

    def note(_: i3x.Client, news: object) -> None:
        called.append(_here(flavour))

    client.on_gap = client.on_error = note
    with client.consume(["sensor-001", "nothing"], path, **OPTIONS) as consumer:
        server.restart()
        server.set_value("sensor-001", 1.5)
        next(consumer)
    assert len(called) == 3  # the unknown element twice, and the gap
    if flavour == "sync":
        assert set(called) == {threading.current_thread()}


def test_callbacks_are_called_in_the_task_that_consumes(server: Server, path: Path) -> None:
    async def run() -> list[object]:
        called: list[object] = []
        async with i3x.AsyncClient(server.url) as client:

            async def note(_: i3x.AsyncClient, gap: i3x.Gap) -> None:
                await client.get_value("sensor-001")
                called.append(asyncio.current_task())

            client.on_gap = note
            async with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
                await asyncio.to_thread(server.restart)
                await asyncio.to_thread(server.set_value, "sensor-001", 1.5)
                await anext(consumer)
            assert called == [asyncio.current_task()]
        return called

    assert asyncio.run(run())


def test_callbacks_of_the_blocking_client_may_use_it(server: Server, path: Path) -> None:
    read: list[object] = []
    with i3x.Client(server.url) as client:
        client.on_gap = lambda client, _: read.append(client.get_value("sensor-001").value)
        with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
            server.restart()
            server.set_value("sensor-001", 1.5)
            next(consumer)
    assert read == [1.5]


def test_a_callback_that_fails_ends_the_loop_and_loses_nothing(
    client: i3x.Client, server: Server, path: Path
) -> None:
    def fail(_: object, gap: i3x.Gap) -> None:
        raise RuntimeError("nobody reads this")

    client.on_gap = fail
    with client.consume(["sensor-001"], path, **OPTIONS) as consumer:
        server.restart()
        server.set_value("sensor-001", 1.5)
        with pytest.raises(RuntimeError, match="nobody"):
            next(consumer)
        assert values(next(consumer)) == [1.5]


def test_disconnect_is_not_held_up_by_a_consumer_and_ends_it(
    connect: Make, server: Server, path: Path
) -> None:
    client = connect(server.url)
    ended: list[BaseException] = []

    def consume() -> None:
        try:
            for _ in client.consume(["sensor-001"], path, poll_interval=60):
                pass
        except i3x.I3XError as error:
            ended.append(error)

    thread = threading.Thread(target=consume)
    thread.start()
    while not asked(server, "syncSubscription"):
        time.sleep(0.01)
    began = time.monotonic()
    client.disconnect()
    thread.join(30)
    assert time.monotonic() - began < 30
    assert [type(error) for error in ended] == [i3x.ConnectionError]
    assert asked(server, "deleteSubscriptions") == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a child alone")
@pytest.mark.parametrize("wait", ["idle", "hanging"])
def test_ctrl_c_ends_the_wait_at_once(server: Server, path: Path, wait: str) -> None:
    if wait == "hanging":
        server.fault("hang", operation="syncSubscription", seconds=60)
    command = [sys.executable, "-c", INTERRUPTED, server.url, str(path), "60"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        while not asked(server, "syncSubscription"):
            time.sleep(0.01)
        time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert (process.returncode, out, err) == (0, "interrupted\n", "")
    assert asked(server, "deleteSubscriptions") == []
    assert position(path)["subscriptionId"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no SIGINT to a process alone")
@pytest.mark.parametrize("wait", ["idle", "hanging"])
def test_an_interrupted_consumer_can_go_on(server: Server, path: Path, wait: str) -> None:
    with (
        i3x.Client(server.url) as client,
        client.consume(["sensor-001"], path, poll_interval=0.02) as consumer,
    ):
        server.set_value("sensor-001", 1.5)
        assert values(next(consumer)) == [1.5]
        fault = server.fault("hang", operation="syncSubscription", seconds=60) if wait == "hanging" else None
        polls = len(asked(server, "syncSubscription"))

        def interrupt() -> None:
            if until(lambda: len(asked(server, "syncSubscription")) > polls):
                time.sleep(0.1)
                os.kill(os.getpid(), signal.SIGINT)

        with _meanwhile(interrupt), pytest.raises(KeyboardInterrupt):
            next(consumer)
        if fault is not None:
            fault.clear()
        server.set_value("sensor-001", 2.5)
        assert values(next(consumer)) == [2.5]
