"""How a run ends: Ctrl-C, SIGTERM, readers that go away, closed streams, packages that are not there."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest

from i3x.testing import Server

from .running import COMMAND, PATIENCE, Runner, started


def _wait_until(condition: object) -> None:
    end = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < end:  # type: ignore[operator]
        time.sleep(0.02)
    assert condition()  # type: ignore[operator]


def _operations(server: Server) -> list[str]:
    return [request.operation or "" for request in server.requests]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_interrupted_watch_deletes_its_subscription_and_succeeds(server: Server, number: int) -> None:
    with started(server.url, "watch", "sensor-001") as process:
        _wait_until(lambda: "streamSubscription" in _operations(server))
        server.set_value("sensor-001", 1.5)
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["value"] == 1.5
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, out, err) == (0, b"", b"")
    assert _operations(server)[-1] == "deleteSubscriptions"


VERBS = [
    ("get", "sensor-001", "queryLastKnownValues"),
    ("ls", "-r", "getObjects"),
    ("history", "sensor-001", "queryHistoricalValues"),
    ("doctor", "-ojsonl", "getInfo"),
    ("smoke", "-n3", "queryLastKnownValues"),
]


@pytest.mark.parametrize(("verb", "argument", "operation"), VERBS)
def test_an_interrupted_verb_ends_with_130_and_no_traceback(
    server: Server, verb: str, argument: str, operation: str
) -> None:
    server.fault("hang", operation=operation, seconds=PATIENCE)
    with started(server.url, verb, argument) as process:
        _wait_until(lambda: operation in _operations(server))
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, err) == (130, b"")


def test_an_interrupted_smoke_deletes_its_subscription(server: Server) -> None:
    with started(server.url, "smoke", "-n9") as process:
        _wait_until(lambda: "streamSubscription" in _operations(server))
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert _operations(server)[-1] == "deleteSubscriptions"


@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "table"])
def test_a_reader_that_has_seen_enough_is_no_error(form: str) -> None:
    with Server(tick=None, objects=3000) as server:
        command = f"{sys.executable} -m i3x.cli ls -r -o {form} | head -n 1"
        run = subprocess.run(
            ["bash", "-o", "pipefail", "-c", command],
            env={**os.environ, "I3X_URL": server.url},
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )

    assert (run.returncode, run.stderr) == (0, "")
    assert len(run.stdout.splitlines()) == 1


def test_a_watch_whose_reader_goes_away_deletes_its_subscription(server: Server) -> None:
    with started(server.url, "watch", "sensor-001") as process:
        _wait_until(lambda: "streamSubscription" in _operations(server))
        assert process.stdout is not None
        process.stdout.close()
        server.set_value("sensor-001", 1.5)
        assert process.wait(PATIENCE) == 0
        assert process.stderr is not None
        assert process.stderr.read() == b""

    assert _operations(server)[-1] == "deleteSubscriptions"


def test_complaints_that_nobody_reads_change_nothing(server: Server) -> None:
    command = f"{sys.executable} -m i3x.cli get no-such-element sensor-001 2>&1 >/dev/null | true"
    run = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command],
        env={**os.environ, "I3X_URL": server.url},
        timeout=PATIENCE,
        check=False,
    )

    assert run.returncode == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_mock_serves_until_it_is_interrupted(bare: Runner, number: int) -> None:
    with started("", "mock", "--port", "0", "--token", "right", "--objects", "3", "--tick", "0") as process:
        assert process.stdout is not None
        url = process.stdout.readline().decode().strip()
        assert bare("get", "field-sensor-000002", "--url", url, "--token", "right").status == 0
        process.send_signal(number)
        out, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, out, err) == (0, b"", b"")


def test_a_port_that_is_taken_is_told(server: Server) -> None:
    port = server.url.split(":")[2].removesuffix("/v1")
    with started("", "mock", "--port", port) as process:
        out, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, out) == (2, b"")
    (line,) = err.decode().splitlines()
    assert line.startswith(f"i3x: port {port} is in use")
    assert "--port 0" in line


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&-"])
def test_closed_streams_are_no_trouble(server: Server, closed: str) -> None:
    run = subprocess.run(
        f"{sys.executable} -m i3x.cli get sensor-001 {closed}",
        shell=True,
        env={**os.environ, "I3X_URL": server.url},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (run.returncode, run.stderr) == (0, b"")


def test_a_closed_stdin_names_no_element(server: Server) -> None:
    run = subprocess.run(
        f"{sys.executable} -m i3x.cli get - <&-",
        shell=True,
        env={**os.environ, "I3X_URL": server.url},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert run.returncode == 2
    assert run.stderr == "i3x: no element: name at least one, or give some on stdin for -\n"


INTERRUPTED = """
import signal, sys

class Dropping:
    def __del__(self):  # where exceptions are dropped, as in the callbacks of importing
        signal.raise_signal(signal.SIGINT)

class Interrupting:
    def find_spec(self, name, *_):
        if name == sys.argv[1]:
            Dropping() if sys.argv[2:] else signal.raise_signal(signal.SIGINT)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Interrupting())
from i3x.cli.entry import main
sys.exit(main(["--version"]))
"""


@pytest.mark.parametrize(
    "where",
    [
        ["i3x.cli.start"],
        ["i3x.cli.application"],
        ["rich.console"],
        ["rich.console", "dropped"],
        ["i3x.cli.verbs.watch"],
    ],
    ids=" ".join,
)
def test_an_interrupt_while_the_command_is_loaded_leaves_no_traceback(where: list[str]) -> None:
    run = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, *where], capture_output=True, timeout=PATIENCE, check=False
    )

    assert (run.returncode, run.stdout, run.stderr) == (130, b"", b"")


def test_nothing_is_loaded_before_an_interrupt_is_dealt_with() -> None:
    program = (
        "import sys; before = {*sys.modules}; import i3x.cli.entry; print(*sorted({*sys.modules} - before))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert {*run.stdout.split()} <= {"__future__", "i3x", "i3x.cli", "i3x.cli.entry"}


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no such device")  # noqa: PTH110
def test_a_full_disk_is_told_in_one_line(server: Server) -> None:
    run = subprocess.run(
        f"{sys.executable} -m i3x.cli get sensor-001 > /dev/full",
        shell=True,
        env={**os.environ, "I3X_URL": server.url},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert run.returncode == 2
    assert run.stderr == "i3x: [Errno 28] No space left on device\n"


@pytest.mark.parametrize(
    ("package", "extra", "arguments"),
    [
        ("typer", "cli", ["info"]),
        ("rich", "cli", ["info"]),
        ("starlette", "testing", ["mock", "--port", "0"]),
        ("uvicorn", "testing", ["mock", "--port", "0"]),
        ("pyarrow", "frames", ["export", "sensor-001", "plant.parquet"]),
        ("datamodel_code_generator", "types", ["types", "-o", "plant.py"]),
        ("jsonschema", "types", ["set", "sensor-001", "1"]),
        ("jsonschema", "conformance", ["conformance"]),
    ],
)
def test_what_needs_more_packages_names_what_to_install(
    server: Server, package: str, extra: str, arguments: list[str]
) -> None:
    program = f"import sys; sys.modules[{package!r}] = None; from i3x.cli.entry import main; sys.exit(main())"
    run = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        env={**os.environ, "I3X_URL": server.url},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )

    assert (run.returncode, run.stdout) == (2, "")
    (line,) = run.stderr.splitlines()
    assert "pip install" in line
    assert f"i3x-client[{extra}]" in line


def test_the_script_and_the_module_are_the_same_command() -> None:
    script = os.path.join(os.path.dirname(sys.executable), "i3x")  # noqa: PTH118, PTH120
    for command in ([script], list(COMMAND)):
        run = subprocess.run([*command, "--version"], capture_output=True, text=True, check=True)
        assert run.stdout.startswith("i3x-client 2.")
