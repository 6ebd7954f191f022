"""The interpreter exits at once and in silence, whatever is still being delivered."""

import subprocess
import sys
import textwrap
import time

import pytest

from i3x.testing import Server

from .support import subscriptions, until

PROGRAMS = {
    "a subscription": "client.subscribe(['sensor-001'])",
    "a poll": "client.subscribe(['sensor-001'], delivery='sync')",
    "a watch": "client.watch(['sensor-001']).__enter__()",
    "a handler that sleeps": """
        import threading
        begun = threading.Event()
        client.subscribe(['sensor-001'], handler=lambda *_: (begun.set(), time.sleep(60)))
        print('ready', flush=True)
        begun.wait(20)
        """,
    "a recovery": """
        import logging
        logging.getLogger('i3x').setLevel('ERROR')  # the interruption may be told before the exit, or not
        client.subscribe(['sensor-001'])
        server_gone()
        """,
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_the_interpreter_exits(server: Server, name: str) -> None:
    body = textwrap.dedent(PROGRAMS[name]).replace("server_gone()", "client.get_objects()")
    if name == "a recovery":
        server.fault("status", operation="streamSubscription", status=503)
    program = f"import time, i3x\nclient = i3x.Client({server.url!r})\nclient.connect()\n{body}\n"
    program += "print(time.monotonic())\n"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        if name == "a handler that sleeps":
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            server.set_value("sensor-001", 1)
        ended, errors = process.communicate(timeout=45)
        over = time.monotonic()
    assert process.returncode == 0
    if name == "a handler that sleeps":
        assert "is still running" in errors
        assert len(errors.splitlines()) == 1
    else:
        assert errors == ""
    assert over - float(ended) < 5
    assert until(lambda: subscriptions(server) == [])
