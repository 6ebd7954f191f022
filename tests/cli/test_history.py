"""`history` and `export`: the past."""

import csv
import signal
import time
from pathlib import Path

import pyarrow.parquet
import pytest

import i3x as library
from i3x.testing import Server

from .running import PATIENCE, Runner, on_terminal, started

POINTS = [(float(n), "Good", f"2026-01-01T00:00:{n:02d}Z") for n in range(60)]
RANGE = ("--start", "2026-01-01T00:00:00Z", "--end", "2026-01-01T00:01:00Z")


@pytest.fixture(autouse=True)
def past(server: Server) -> None:
    server.set_history("sensor-001", POINTS)
    server.set_history("sensor-002", POINTS[::2])


@pytest.mark.parametrize(
    ("arguments", "count"),
    [
        (["sensor-001", *RANGE], 60),
        (["sensor-001", "--start", "2026-01-01T00:00:10Z", "--end", "2026-01-01T00:00:19Z"], 10),
        (["sensor-001", "Inlet Pressure", *RANGE], 90),
        (["sensor-001", "--start=-8h"], 0),
        (["sensor-001", "--start", "-8h", "--end", "now"], 0),
        (["sensor-001", "--start", "-1d12h", "--end", "-1m"], 0),
    ],
)
def test_history_gives_the_values_of_a_range(i3x: Runner, arguments: list[str], count: int) -> None:
    run = i3x("history", *arguments)

    assert (run.status, run.err) == (0, "")
    assert len(run.records) == count
    times = [record["timestamp"] for record in run.records]
    assert times == sorted(times)


def test_history_goes_on_where_the_server_cuts(bare: Runner) -> None:
    with Server(tick=None, max_history_rows=7) as server:
        server.set_history("sensor-001", POINTS)
        run = bare("history", "sensor-001", *RANGE, "--url", server.url)

    assert (run.status, len(run.records)) == (0, 60)


@pytest.mark.parametrize(
    "arguments",
    [["--start", "yesterday"], ["--end", "8h"], ["--start", "-1h", "--end", "-2h"], ["--start", "-8 years"]],
)
def test_a_range_that_is_none_is_wrong_usage(i3x: Runner, arguments: list[str]) -> None:
    run = i3x("history", "sensor-001", *arguments)

    assert (run.status, run.out) == (2, "")
    assert run.complaint


def test_history_tells_once_what_failed_and_shows_the_rest(i3x: Runner) -> None:
    run = i3x("history", "no-such-element", "sensor-001", *RANGE)

    assert (run.status, len(run.records)) == (1, 60)
    assert "no-such-element" in run.complaint


def test_history_tells_what_the_server_does_not_give(bare: Runner) -> None:
    with Server(tick=None, max_history_rows=1) as server:
        server.set_history("sensor-001", [(n, "Good", "2026-01-01T00:00:30Z") for n in range(3)])
        run = bare("history", "sensor-001", *RANGE, "--url", server.url)

    assert run.status == 1
    assert "history of sensor-001 from 2026-01-01T00:00:30" in run.complaint
    assert "is not whole" in run.complaint


def test_a_server_without_history_says_no(bare: Runner) -> None:
    with Server(tick=None, history=False) as server:
        run = bare("history", "sensor-001", "--url", server.url)

    assert (run.status, run.out) == (1, "")
    assert "501" in run.complaint


@pytest.mark.parametrize("form", ["jsonl", "csv", "json"])
def test_a_long_history_is_shown_while_it_is_read(form: str) -> None:
    count = 20_000
    with Server(tick=None, max_history_rows=1000) as server:
        points = [
            (n, "Good", f"2026-01-01T{n // 3600:02d}:{n // 60 % 60:02d}:{n % 60:02d}Z") for n in range(count)
        ]
        server.set_history("sensor-001", points)
        whole_day = ("--start", "2026-01-01T00:00:00Z", "--end", "2026-01-02T00:00:00Z")
        with started(server.url, "history", "sensor-001", *whole_day, "-o", form) as process:
            assert process.stdout is not None
            first = process.stdout.readline()
            asked = len(server.requests)  # the pipe is too small for the rest, so it can't go on yet
            rest = process.stdout.read()
            assert process.wait(PATIENCE) == 0

        assert first
        assert rest.count(b"sensor-001") >= count - 1
        assert asked < len(server.requests)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_export_writes_a_file(i3x: Runner, tmp_path: Path, suffix: str) -> None:
    file = tmp_path / f"plant.{suffix}"
    run = i3x("export", "sensor-001", "Inlet Pressure", str(file), *RANGE)

    assert (run.status, run.err) == (0, "")
    assert run.records == [
        {
            "file": str(file),
            "rows": 90,
            "startTime": "2026-01-01T00:00:00Z",
            "endTime": "2026-01-01T00:01:00Z",
            "elementIds": ["sensor-001", "sensor-002"],
            "missing": [],
            "errors": {},
        }
    ]
    if suffix == "csv":
        assert len(list(csv.DictReader(file.read_text(encoding="utf-8").splitlines()))) == 90
    else:
        assert pyarrow.parquet.read_table(file).num_rows == 90
    assert list(tmp_path.iterdir()) == [file]


def test_an_export_tells_what_is_not_in_the_file(bare: Runner, tmp_path: Path) -> None:
    with Server(tick=None, max_history_rows=1) as server:
        server.set_history("sensor-001", [(n, "Good", "2026-01-01T00:00:30Z") for n in range(3)])
        server.fault("refuse", operation="queryHistoricalValues", element_id="sensor-002")
        run = bare("export", "sensor-001", "sensor-002", str(tmp_path / "a.csv"), *RANGE, "--url", server.url)

    (record,) = run.records
    assert run.status == 1
    assert record["rows"] == 1
    assert [each["elementIds"] for each in record["missing"]] == [["sensor-001"]]
    assert list(record["errors"]) == ["sensor-002"]


@pytest.mark.parametrize(("form", "shown"), [("json", '"rows":60'), ("csv", ",60,"), ("table", "")])
def test_an_export_is_told_in_the_form_asked_for(i3x: Runner, tmp_path: Path, form: str, shown: str) -> None:
    run = i3x("export", "sensor-001", str(tmp_path / "plant.csv"), *RANGE, "-o", form)

    assert (run.status, run.err) == (0, "")
    assert shown in run.out
    assert bool(run.out) == (form != "table")


def test_output_has_the_names_of_the_standard_and_an_export_those_of_a_frame(
    i3x: Runner, server: Server, tmp_path: Path
) -> None:
    shown = ["elementId", "value", "quality", "timestamp"]
    assert list(i3x("history", "sensor-001", *RANGE, "-o", "csv").rows[0]) == shown
    assert list(i3x("history", "sensor-001", *RANGE, "-o", "jsonl").records[0]) == shown
    for name in ("plant.csv", "plant.parquet"):
        i3x("export", "sensor-001", str(tmp_path / name), *RANGE)
    with (tmp_path / "plant.csv").open(encoding="utf-8") as file, library.Client(server.url) as client:
        columns = client.read_frame(["sensor-001"]).column_names
        written = next(csv.reader(file))
    assert written == [*columns, "value_other", "timestamp_other"]
    assert pyarrow.parquet.read_table(tmp_path / "plant.parquet").column_names == written


def test_export_goes_on_where_it_was_interrupted(server: Server, tmp_path: Path) -> None:
    file = tmp_path / "plant.csv"
    arguments = (
        "export",
        "sensor-001",
        str(file),
        "--start",
        "2026-01-01T00:00:00Z",
        "--end",
        "2026-01-02T00:00:00Z",
    )
    with (
        server.fault("hang", operation="queryHistoricalValues", seconds=PATIENCE),
        started(server.url, *arguments) as process,
    ):
        end = time.monotonic() + PATIENCE
        while "queryHistoricalValues" not in [each.operation for each in server.requests]:
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)

    assert (process.returncode, out) == (130, b"")
    assert b"the same command goes on" in err
    assert not file.exists()
    with on_terminal(server.url, *arguments) as terminal:
        assert terminal.ended() == 0
    assert f"60 rows written to {file}" in terminal.text.replace("\r\n", "")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["sensor-001", "plant.txt"], 2, ".parquet"),
        ([], 2, "Missing argument 'ID... FILE'"),
        (["sensor-001"], 2, "name a file after the elements, as in i3x export sensor-001"),
        (["plant.csv"], 2, "name elements before the file, as in i3x export sensor-001"),
        (["sensor-001", "no/such/folder/plant.csv"], 2, "no/such/folder"),
        (["no-such-element", "plant.csv"], 1, "no-such-element"),
    ],
)
def test_what_cannot_be_exported(
    i3x: Runner,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    status: int,
    said: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    run = i3x("export", *arguments)

    assert (run.status, run.out) == (status, "")
    assert said in run.complaint
