"""Minutes of it: many subscriptions under random faults, and a consumer that is killed again and again.

`make soak` runs these; SOAK_SECONDS says how long, SOAK_SEED repeats the faults of a run.
"""

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from i3x.testing import Server
from tests.consume.killing import lost_in

from .support import SETTLING, Plant, Reports, started

TASKS_EACH = 2  # what delivers a subscription, and what reads its stream ahead
SECONDS = float(os.environ.get("SOAK_SECONDS", "120"))
SEED = int(os.environ.get("SOAK_SEED", random.randrange(2**32)))
SUBSCRIPTIONS = 200
UPDATES_PER_SECOND = 1000
LARGEST_GROWTH = 8 * 2**20

pytestmark = [
    pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from /proc"),
    pytest.mark.timeout(SECONDS + 600),
]


def _outage(server: Server) -> None:
    server.stop()
    time.sleep(1)
    server.start()


def _fault(name: str, **options: Any) -> Callable[[Server], None]:
    def strike(server: Server) -> None:
        with server.fault(name, **options):
            time.sleep(1)

    return strike


FAULTS: dict[str, Callable[[Server], None]] = {
    "restart": Server.restart,
    "outage": _outage,
    "clean end": _fault("event_close", times=50),
    "losing end": _fault("lossy_stream_close", times=50),
    "reset": _fault("stream_reset", times=50, partial=b'data: [{"elementId": "f'),
    "overload": _fault("status", operation="streamSubscription", times=50, status=503),
    "no history": _fault("status", operation="queryHistoricalValues", times=20, status=503),
    "broken answers": _fault("reset", operation="registerMonitoredItems", times=20),
}


def _strike(server: Server, seconds: float, source: random.Random) -> list[str]:
    end, struck = time.monotonic() + seconds, []
    while time.monotonic() < end:
        time.sleep(source.uniform(1, 4))
        struck.append(source.choice(list(FAULTS)))
        FAULTS[struck[-1]](server)
    return struck


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_many_subscriptions_under_random_faults(flavour: str) -> None:
    with Server(tick=None, objects=SUBSCRIPTIONS) as server:
        elements = [f"field-sensor-{number:06}" for number in range(SUBSCRIPTIONS)]
        with started("tests.soak.subscriber", flavour, server.url, "90", *elements) as process:
            reports = Reports(process)
            reports.wait_for(60, lambda report: report["threads"] > 0)
            plant = Plant(server, elements, UPDATES_PER_SECOND)
            began = time.monotonic()
            struck = _strike(server, SECONDS / 2, random.Random(SEED))
            plant.stop()
            pace = plant.last * SUBSCRIPTIONS / (time.monotonic() - began)
            reports.wait_for(SETTLING, lambda report: report["newest"] == plant.last and not report["holes"])
            last = reports.all[-1]
            left = reports.end()

    samples = reports.all[: -2 if flavour == "async" else -1]
    memory = [sample["memory"] for sample in samples]
    third = len(memory) // 3
    growth = max(memory[-third:]) - max(memory[third : 2 * third])
    print(f"\n{flavour}, seed {SEED}: {len(struck)} faults, {pace:.0f} updates/s, {last}")
    print(
        f"memory {[round(each / 2**20) for each in memory[::5]]} MiB, growth {growth / 2**20:.1f}; left {left}"
    )
    assert last["newest"] == plant.last
    assert not last["holes"] or last["open_gaps"], "values are missing, and no gap says so"
    assert growth < LARGEST_GROWTH
    assert max(sample["threads"] for sample in samples) == (4 if flavour == "sync" else 2)
    assert max(sample.get("tasks", 0) for sample in samples) <= TASKS_EACH * SUBSCRIPTIONS + 5
    assert max(sample["descriptors"] for sample in samples[third:]) <= 2 * SUBSCRIPTIONS + 30
    assert left["threads"] == 1
    assert left["descriptors"] <= 5, "sockets are left open"


@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_a_consumer_that_is_killed_again_and_again(flavour: str, tmp_path: Path) -> None:
    with Server(tick=None) as server:
        lost, produced, stored = lost_in(server, flavour, tmp_path, rounds=25, seed=SEED)
    print(f"\n{flavour}, seed {SEED}: {produced} produced, {stored} stored, {len(lost)} lost")
    assert not lost
