"""The network cable is pulled and plugged in again, between two hosts of Linux's making."""

import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from functools import partial
from typing import Any

import pytest

from .support import SETTLING, Reports, started

PLANT, DESK = "i3x-soak-plant", "i3x-soak-desk"
ADDRESS = "10.213.0.1"
PACE = "200"  # updates a second: the server remembers the last 10,000 of each element
ELEMENTS = ["sensor-001", "sensor-002"]

pytestmark = [
    pytest.mark.skipif(
        not shutil.which("ip") or os.geteuid() != 0, reason="network namespaces need iproute2, and root"
    ),
    pytest.mark.timeout(600),
]


def _ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


class Cable:
    """What connects the two hosts."""

    def pull(self) -> None:
        _ip("-n", PLANT, "link", "set", "cable", "down")

    def plug_in(self) -> None:
        _ip("-n", PLANT, "link", "set", "cable", "up")


@pytest.fixture
def cable() -> Iterator[Cable]:
    try:
        for host in (PLANT, DESK):
            _ip("netns", "add", host)
        _ip("link", "add", "cable", "netns", PLANT, "type", "veth", "peer", "name", "cable", "netns", DESK)
        for host, address in ((PLANT, ADDRESS), (DESK, "10.213.0.2")):
            _ip("-n", host, "address", "add", f"{address}/24", "dev", "cable")
            _ip("-n", host, "link", "set", "cable", "up")
        yield Cable()
    finally:
        for host in (PLANT, DESK):
            subprocess.run(["ip", "netns", "delete", host], check=False, capture_output=True)


def _on(host: str, module: str, *arguments: str) -> Any:
    return started(module, *arguments, within=("ip", "netns", "exec", host))


def _tell(process: Any) -> None:
    process.stdin.write("\n")
    process.stdin.flush()


def _has_more(known: int, report: dict[str, int]) -> bool:
    return report["changes"] > known


@pytest.mark.parametrize("silence", ["5", "90"])
@pytest.mark.parametrize("flavour", ["sync", "async"])
def test_a_cable_that_is_pulled_and_plugged_in_again(cable: Cable, flavour: str, silence: str) -> None:
    """For so short that nobody notices, for so long that a silence is noticed, and for longer than that."""
    with (
        _on(PLANT, "tests.soak.plant", ADDRESS, "desk", "s3cr3t", PACE, *ELEMENTS) as plant,
        _on(
            DESK,
            "tests.soak.subscriber",
            flavour,
            plant.stdout.readline().strip().replace("//", "//desk:s3cr3t@"),
            silence,
            *ELEMENTS,
        ) as desk,
    ):
        reports = Reports(desk)
        reports.wait_for(SETTLING, lambda report: report["threads"] > 0)
        _tell(plant)
        for seconds in (2, 10, 25):
            known = reports.all[-1]["changes"] if reports.all else 0
            reports.wait_for(SETTLING, partial(_has_more, known))
            cable.pull()
            time.sleep(seconds)
            cable.plug_in()
        _tell(plant)
        last = int(plant.stdout.readline())
        reports.wait_for(SETTLING, lambda report: report["newest"] == last and not report["holes"])
        found = reports.all[-1]
        reports.end()
        plant.stdin.close()
    print(f"\n{flavour}, silence {silence} s: {last} values of each element, {found}")
    assert (found["newest"], found["holes"], found["open_gaps"], found["repeats"]) == (last, 0, 0, 0)
    assert found["gaps"] >= (1 if silence == "5" else 0)
