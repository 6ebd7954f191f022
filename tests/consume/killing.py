"""A process that consumes and is killed at random moments, while the server goes on producing."""

import random
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from i3x.testing import Server
from tests.delivery.support import until

ELEMENT = "sensor-001"

CONSUMER = """
import asyncio, os, sys
import i3x

flavour, url, checkpoint, output, timeout = sys.argv[1:]
options = {"checkpoint": checkpoint, "poll_interval": 0.01, "timeout": float(timeout) or None}
file = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT)

def store(batch):
    os.write(file, "".join(f"\\n{change.value}" for change in batch.updates).encode() + b"\\n")

def consume():
    with i3x.Client(url) as client:
        for batch in client.consume(["sensor-001"], **options):
            store(batch)

async def consume_async():
    async with i3x.AsyncClient(url) as client:
        async for batch in client.consume(["sensor-001"], **options):
            store(batch)

if flavour == "sync":
    consume()
else:
    asyncio.run(consume_async())
"""


class Producer:
    """Gives an element one number after the other, until it is stopped; its context is that of a thread."""

    def __init__(self, server: Server, pause: float = 0.002) -> None:
        self._server = server
        self._pause = pause
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self.last = 0

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *failure: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._pause):
            self._server.set_value(ELEMENT, self.last + 1)
            self.last += 1


def lost_in(server: Server, flavour: str, folder: Path, rounds: int, seed: int) -> tuple[set[int], int, int]:
    """Kill a consumer again and again; return what it never stored, and how much was produced and stored."""
    random_times = random.Random(seed)
    checkpoint, output = folder / "checkpoint", folder / "stored"
    command = [sys.executable, "-c", CONSUMER, flavour, server.url, str(checkpoint), str(output)]
    _first_run(command, checkpoint)
    with Producer(server) as producer:
        for _ in range(rounds):
            before = output.stat().st_size if output.exists() else 0
            with subprocess.Popen([*command, "0"], stderr=subprocess.DEVNULL) as process:
                # Half of the times it is killed wherever it is, also before its first batch.
                if random_times.random() < 0.5:
                    time.sleep(random_times.uniform(0.2, 1.0))
                else:
                    _until_more(output, before, process)
                    time.sleep(random_times.uniform(0.0, 0.2))
                process.kill()
    with subprocess.Popen([*command, "0"]) as process:
        until(lambda: output.exists() and str(producer.last) in output.read_text().split(), seconds=60)
        process.kill()
    stored = [int(line) for line in output.read_text().split()]
    return set(range(1, producer.last + 1)) - set(stored), producer.last, len(stored)


def _first_run(command: list[str], checkpoint: Path) -> None:
    """Have the subscription made, so that all that is produced belongs to it."""
    subprocess.run([*command, "0.2"], check=True, timeout=60)
    assert checkpoint.exists()


def _until_more(output: Path, before: int, process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None and (not output.exists() or output.stat().st_size == before):
        time.sleep(0.005)
    assert process.poll() is None, "the consumer ended by itself"
