"""Exports: whole files, of whatever length, and nothing lost or doubled when one is interrupted."""

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pandas
import pyarrow as pa
import pytest
from pyarrow import parquet

import i3x
from i3x import frames, nanoseconds
from i3x.testing import Server
from i3x.testing.faults.base import FaultHandle
from tests.client.both import Make

from .endless import ELEMENTS, START, STEP, end_of, serving, value_at
from .exporting import export_all

POINTS, ROWS = 12_000, 1_000  # of the server in all, and in one answer
PART = 2_500
T0, T1 = "2026-01-31T08:00:00Z", "2026-01-31T09:00:00Z"
HOME = Path(__file__).parents[2]

unix = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no kill -9")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """The address of a server with a long history."""
    with serving(POINTS, ROWS) as address:
        yield address


@pytest.fixture
def small_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets this process go on with what another one has begun: its parts are of the same size."""
    monkeypatch.setattr("i3x.frames.export.PART_ROWS", PART)


def exporting(flavour: str, url: str, path: Path, where: str = "-", points: int = POINTS) -> list[str]:
    """Return the command that exports in another process."""
    command = [sys.executable, "-m", "tests.frames.exporting", flavour, url, str(path), str(points)]
    return [*command, str(PART), where]


def parts_of(path: Path) -> list[Path]:
    """Return the parts that an interrupted export has left."""
    return list(path.with_name(path.name + ".partial").glob("part-*"))


def check_whole(path: Path, points: int = POINTS) -> None:
    """Check that a file has each point of the server once, in the order of time."""
    table = parquet.read_table(path)
    each = points // len(ELEMENTS)
    moments: list[Any] = table["timestamp"].cast(pa.int64()).to_pylist()
    assert moments == sorted(moments)
    read = sorted(
        zip(table["element_id"].to_pylist(), moments, table["value"].to_pylist(), strict=True), key=str
    )
    first = nanoseconds.of_text(START)
    expected = [
        (element_id, first + index * STEP, value_at(index))
        for element_id in ELEMENTS
        for index in range(each)
    ]
    assert len(read) == len(expected)
    assert read == sorted(expected, key=str)
    assert table["value_other"].null_count == table["timestamp_other"].null_count == table.num_rows
    assert set(frames.elements(table)) == set(ELEMENTS)
    assert not path.with_name(path.name + ".partial").exists()


def test_a_long_history_ends_in_one_file(connect: Make, url: str, tmp_path: Path) -> None:
    progress: list[i3x.HistoryProgress] = []
    done = connect(url).export_history(
        ELEMENTS, tmp_path / "all.parquet", START, end_of(POINTS), on_progress=progress.append
    )
    assert (done.path, done.rows) == (tmp_path / "all.parquet", POINTS)
    assert (done.start_time, done.end_time) == (START, end_of(POINTS))
    assert (done.errors, done.missing) == ({}, [])
    check_whole(done.path)
    fractions = [each.fraction for each in progress]
    assert fractions == sorted(fractions)
    assert (fractions[-1], progress[-1].points) == (1.0, POINTS)


@unix
@pytest.mark.parametrize(
    "where",
    ["after write 1", "after write 2", "after flush 4", "after add 2", "after finish 1", "before clear 2"],
)
def test_an_export_that_is_killed_goes_on_where_it_was(
    url: str, tmp_path: Path, where: str, small_parts: None
) -> None:
    path = tmp_path / "all.parquet"
    killed = subprocess.run(exporting("sync", url, path, where), cwd=HOME, timeout=60)
    assert killed.returncode == -9
    export_all("sync", url, str(path), POINTS)
    check_whole(path)


@unix
@pytest.mark.parametrize(
    "where", ["after flush 3", "after name 3", "after add 1", "after add 2", "after clear 2"]
)
def test_an_export_that_is_interrupted_has_each_point_once(
    flavour: str, url: str, tmp_path: Path, where: str, small_parts: None
) -> None:
    path = tmp_path / "all.parquet"
    stopped = subprocess.run(
        exporting(flavour, url, path, f"{where} SIGINT"), cwd=HOME, timeout=60, stderr=subprocess.DEVNULL
    )
    assert stopped.returncode == -signal.SIGINT
    export_all(flavour, url, str(path), POINTS)
    check_whole(path)


@unix
def test_an_export_that_is_killed_at_any_moment(
    flavour: str, url: str, tmp_path: Path, small_parts: None
) -> None:
    path, moments = tmp_path / "all.parquet", random.Random(20260131)
    folder = path.with_name("all.parquet.partial")
    for _ in range(3):
        with subprocess.Popen(exporting(flavour, url, path), cwd=HOME) as process:
            before = len(list(folder.glob("part-*")))
            while process.poll() is None and len(list(folder.glob("part-*"))) == before:
                time.sleep(0.005)
            time.sleep(moments.uniform(0.0, 0.1))
            process.kill()
    export_all(flavour, url, str(path), POINTS)
    check_whole(path)


def test_an_export_goes_on_after_the_server_failed(
    client: i3x.Client, server: Server, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "all.parquet"
    with (
        server.fault("status", operation="queryHistoricalValues", status=503),
        pytest.raises(i3x.ServerError) as told,
    ):
        client.export_history(["sensor-001"], path, timedelta(hours=3))
    assert not hasattr(told.value, "__notes__")  # nothing has come
    assert not path.exists()
    done = client.export_history(["sensor-001"], path, timedelta(hours=3))
    assert done.rows == parquet.read_table(path).num_rows > 0


def test_nothing_is_said_to_be_kept_where_there_is_no_history(connect: Make, tmp_path: Path) -> None:
    with Server(tick=None, history=False) as server, pytest.raises(i3x.NotSupportedError) as told:
        connect(server.url).export_history(["sensor-001"], tmp_path / "all.parquet", T0, T1)
    assert not hasattr(told.value, "__notes__")


def test_what_came_before_a_failure_is_not_asked_for_again(
    connect: Make, tmp_path: Path, quick: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "all.parquet"
    points = [i3x.VQT(float(n), "Good", f"2026-01-31T08:{n // 60:02}:{n % 60:02}Z") for n in range(3600)]
    with Server(tick=None, max_history_rows=500) as server:
        client = connect(server.url)
        client.update_history("sensor-001", points)

        def fail_in_the_middle(progress: i3x.HistoryProgress) -> None:
            if progress.fraction > 0.5:
                server.fault("status", operation="queryHistoricalValues", status=503)

        with pytest.raises(i3x.ServerError) as told:
            client.export_history(["sensor-001"], path, T0, T1, on_progress=fail_in_the_middle)
        assert "the same call goes on" in told.value.__notes__[0]
        assert parts_of(path)
        server.clear_faults()
        before = len(server.requests)
        progress: list[i3x.HistoryProgress] = []
        done = client.export_history(["sensor-001"], path, T0, T1, on_progress=progress.append)
        asked = [each.json["startTime"] for each in list(server.requests)[before:] if "history" in each.path]

    assert done.rows == 3600
    assert parquet.read_table(path)["value"].to_pylist() == [float(n) for n in range(3600)]
    assert min(asked) > "2026-01-31T08:20"
    assert progress[0].fraction > 0.4
    assert progress[-1].points == 3600


@pytest.mark.parametrize("way", ["silent", "out of reach"])
def test_an_export_goes_on_after_the_server_fell_silent(tmp_path: Path, way: str) -> None:
    path = tmp_path / "all.parquet"
    points = [i3x.VQT(float(n), "Good", f"2026-01-31T08:{n // 60:02}:{n % 60:02}Z") for n in range(3600)]
    network = Network()
    with (
        Server(tick=None, max_history_rows=500) as server,
        i3x.Client(server.url, transport=network, retries=0) as client,
    ):
        client.update_history("sensor-001", points)

        def fall_silent(progress: i3x.HistoryProgress) -> None:
            if progress.fraction > 0.5:
                if way == "silent":
                    server.fault("hang", operation="queryHistoricalValues", seconds=60)
                network.is_down = way == "out of reach"

        with pytest.raises(i3x.TimeoutError) as told:
            client.export_history(["sensor-001"], path, T0, T1, on_progress=fall_silent, timeout=0.5)
        assert "the same call goes on" in told.value.__notes__[0]
        assert parts_of(path)
        assert not path.exists()
        network.is_down = False
        server.clear_faults()
        done = client.export_history(["sensor-001"], path, T0, T1)
    assert (done.rows, done.missing, done.errors) == (3600, [], {})
    assert parquet.read_table(path)["value"].to_pylist() == [float(n) for n in range(3600)]


class Network(httpx.HTTPTransport):
    """A network that can be down, so that no connection comes about."""

    is_down = False

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if self.is_down:
            raise httpx.ConnectTimeout("timed out", request=request)
        return super().handle_request(request)


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("history_cut", {"rows": 150, "keeps": "newest"}),
        ("history_cut", {"rows": 60, "keeps": "random", "per_element": True}),
        ("history_order", {"order": "random"}),
        ("history_longest", {"seconds": 120.0}),
    ],
)
def test_what_a_server_gives_in_pieces_is_whole(
    client: i3x.Client, server: Server, tmp_path: Path, fault: str, options: dict[str, Any]
) -> None:
    points = [i3x.VQT(float(n), "Good", f"2026-01-31T08:{n // 60:02}:{n % 60:02}Z") for n in range(600)]
    for element_id in ("sensor-001", "sensor-002"):
        client.update_history(element_id, points)
    with server.fault(fault, **options):
        done = client.export_history(["sensor-001", "sensor-002"], tmp_path / "all.parquet", T0, T1)
        frame = client.read_frame(["sensor-001", "sensor-002"], T0, T1)
    assert parquet.read_table(done.path)["value"].to_pylist() == [
        float(n) for n in range(600) for _ in range(2)
    ]
    assert frame["value"].to_pylist() == [float(n) for n in range(600)] * 2
    assert done.missing == frames.missing(frame) == []


def test_what_the_server_does_not_give_is_told(client: i3x.Client, server: Server, tmp_path: Path) -> None:
    server.set_history("sensor-001", [(float(n), "Good", T0) for n in range(50)])
    with server.fault("history_cut", rows=20):
        done = client.export_history(["sensor-001"], tmp_path / "all.parquet", T0, T1)
        frame = client.read_frame(["sensor-001"], T0, T1)
    assert done.rows == frame.num_rows == 20
    assert done.missing == frames.missing(frame) == frames.missing(parquet.read_table(done.path))
    assert [(each.element_ids, each.start_time) for each in done.missing] == [(("sensor-001",), T0)]
    partial = frames.elements(frame).partial
    assert partial is not None
    assert "sensor-001" in partial.detail


def test_a_point_that_has_no_place_in_time_is_there_once(connect: Make, tmp_path: Path, quick: None) -> None:
    def add_one(document: Any) -> Any:
        for item in document.get("results", ()):
            item["result"]["values"].append({"value": 7, "quality": "Good", "timestamp": "never"})
        return document

    points = [i3x.VQT(float(n), "Good", f"2026-01-31T08:{n // 60:02}:{n % 60:02}Z") for n in range(600)]
    with Server(tick=None, max_history_rows=200) as server:
        client = connect(server.url)
        client.update_history("sensor-001", points)
        server.fault("edit_json", operation="queryHistoricalValues", edit_with=add_one)
        down: list[FaultHandle] = []

        def fail_in_the_middle(progress: i3x.HistoryProgress) -> None:
            if progress.fraction > 0.05:
                down.append(server.fault("status", operation="queryHistoricalValues", status=503))

        path = tmp_path / "all.parquet"
        with pytest.raises(i3x.ServerError) as told:
            client.export_history(["sensor-001"], path, T0, T1, on_progress=fail_in_the_middle)
        assert "the same call goes on" in told.value.__notes__[0]
        assert parts_of(path)
        for fault in down:
            fault.clear()
        done = client.export_history(["sensor-001"], path, T0, T1)
    assert done.rows == 601
    table = parquet.read_table(path)
    assert table["timestamp_other"].drop_null().to_pylist() == ["never"]


def times_of(element_id: str, table: pa.Table) -> list[str]:
    """Return the timestamps of an element."""
    moments: list[Any] = table["timestamp"].cast(pa.int64()).to_pylist()
    ids = table["element_id"].to_pylist()
    return [nanoseconds.to_text(each) for name, each in zip(ids, moments, strict=True) if name == element_id]


@pytest.mark.parametrize("times", [1, 2])
def test_an_element_that_only_a_later_process_finds_is_missing_until_then(
    connect: Make, tmp_path: Path, quick: None, times: int
) -> None:
    path = tmp_path / "all.parquet"
    ids = ["sensor-001", "late"]
    points = [(float(n), "Good", f"2026-01-31T08:{n // 60:02}:{n % 60:02}Z") for n in range(3600)]
    with Server(tick=None, max_history_rows=500) as server:
        client = connect(server.url)
        server.set_history("sensor-001", points)
        until = ""
        for _ in range(times):
            with (
                server.fault("status", operation="queryHistoricalValues", status=503, skip=4),
                pytest.raises(i3x.ServerError) as told,
            ):
                client.export_history(ids, path, T0, T1)
            before, until = until, told.value.__notes__[0].split()[4]
            assert before < until < T1
        server.add_object("late", "Late", "type-temperature", value=1.0)
        server.set_history("late", points)
        done = client.export_history(ids, path, T0, T1)
    table = parquet.read_table(path)
    assert times_of("sensor-001", table) == [each for *_, each in points]
    assert times_of("late", table) == [each for *_, each in points if each >= until]
    assert done.errors == frames.elements(table).errors == {}
    assert list(done.elements) == ids
    (missing,) = done.missing
    assert (missing.element_ids, missing.start_time, missing.end_time) == (("late",), T0, until)
    assert "late" in missing.detail
    assert frames.missing(table) == done.missing


def test_an_element_that_only_an_earlier_process_found_is_missing_from_then_on(
    connect: Make, tmp_path: Path, quick: None
) -> None:
    path = tmp_path / "all.parquet"
    ids = ["sensor-001", "sensor-002"]
    points = [(float(n), "Good", f"2026-01-31T08:{n // 60:02}:{n % 60:02}Z") for n in range(3600)]
    with Server(tick=None, max_history_rows=500) as server:
        client = connect(server.url)
        for element_id in ids:
            server.set_history(element_id, points)
        with (
            server.fault("status", operation="queryHistoricalValues", status=503, skip=6),
            pytest.raises(i3x.ServerError) as told,
        ):
            client.export_history(ids, path, T0, T1)
        until = told.value.__notes__[0].split()[4]
        server.remove_object("sensor-002")
        done = client.export_history(ids, path, T0, T1)
    table = parquet.read_table(path)
    assert times_of("sensor-002", table) == [each for *_, each in points if each < until]
    assert (list(done.errors), list(done.elements)) == (["sensor-002"], ["sensor-001"])
    (missing,) = done.missing
    assert (missing.element_ids, missing.start_time, missing.end_time) == (("sensor-002",), until, T1)


def test_an_element_that_goes_away_and_comes_back_is_missing_in_between(
    connect: Make, tmp_path: Path, quick: None
) -> None:
    path = tmp_path / "all.parquet"
    ids = ["sensor-001", "sensor-002"]
    points = [(float(n), "Good", f"2026-01-31T08:{n // 60:02}:{n % 60:02}Z") for n in range(3600)]
    gone: list[FaultHandle] = []

    def go_away(document: Any) -> Any:
        for item in document.get("results", ()):
            if item["elementId"] == "sensor-002":
                item.update(success=False, responseDetail={"title": "gone", "status": 404, "detail": "gone"})
                item.pop("result", None)
        return document

    with Server(tick=None, max_history_rows=500) as server:
        client = connect(server.url)
        for element_id in ids:
            server.set_history(element_id, points)

        def fail(progress: i3x.HistoryProgress) -> None:
            if progress.fraction > 0.3 and not gone:
                gone.append(server.fault("edit_json", operation="queryHistoricalValues", edit_with=go_away))
            if progress.fraction > 0.6:
                gone.append(server.fault("status", operation="queryHistoricalValues", status=503))

        with pytest.raises(i3x.ServerError) as told:
            client.export_history(ids, path, T0, T1, on_progress=fail)
        until = told.value.__notes__[0].split()[4]
        server.clear_faults()
        done = client.export_history(ids, path, T0, T1)
    table = parquet.read_table(path)
    (missing,) = done.missing
    assert (missing.element_ids, missing.end_time) == (("sensor-002",), until)
    assert T0 < missing.start_time < until
    assert times_of("sensor-002", table) == [
        each for *_, each in points if not missing.start_time < each < until
    ]
    assert (done.errors, list(done.elements)) == ({}, ids)


@pytest.mark.parametrize(
    "other",
    [
        {"element_ids": ["sensor-002"]},
        {"element_ids": ["sensor-001", "sensor-002"]},
        {"start_time": "2026-01-31T08:00:01Z"},
        {"end_time": None},
        {"max_depth": 0},
    ],
)
def test_an_export_is_not_mixed_with_another(
    client: i3x.Client, server: Server, tmp_path: Path, quick: None, other: dict[str, Any]
) -> None:
    path = tmp_path / "all.parquet"
    given: dict[str, Any] = {"element_ids": ["sensor-001"], "path": path, "start_time": T0, "end_time": T1}
    with (
        server.fault("status", operation="queryHistoricalValues", status=503),
        pytest.raises(i3x.ServerError),
    ):
        client.export_history(**given)
    with pytest.raises(ValueError, match=f"differs in {next(iter(other))}: .*resume=False"):
        client.export_history(**given | other)
    assert client.export_history(**given | other, resume=False).path == path


def test_an_export_is_not_mixed_with_that_of_another_server(
    client: i3x.Client, server: Server, connect: Make, tmp_path: Path, quick: None
) -> None:
    path = tmp_path / "all.parquet"
    with (
        server.fault("status", operation="queryHistoricalValues", status=503),
        pytest.raises(i3x.ServerError),
    ):
        client.export_history(["sensor-001"], path, T0, T1)
    with Server(tick=None) as another, pytest.raises(ValueError, match="the server"):
        connect(another.url).export_history(["sensor-001"], path, T0, T1)


def test_now_stays_what_it_was(client: i3x.Client, server: Server, tmp_path: Path, quick: None) -> None:
    path = tmp_path / "all.parquet"
    with (
        server.fault("status", operation="queryHistoricalValues", status=503),
        pytest.raises(i3x.ServerError),
    ):
        client.export_history(["sensor-001"], path, timedelta(hours=1))
    before = nanoseconds.to_text(time.time_ns())
    done = client.export_history(["sensor-001"], path, timedelta(hours=1))
    assert done.end_time < before


def test_two_exports_do_not_write_the_same_file(
    client: i3x.Client, url: str, server: Server, tmp_path: Path
) -> None:
    path = tmp_path / "all.parquet"
    refused: list[BaseException] = []

    def again(_: i3x.HistoryProgress) -> None:
        if not refused:
            with (
                i3x.Client(server.url) as other,
                pytest.raises(BlockingIOError, match="another export") as told,
            ):
                other.export_history(["sensor-001"], path, T0, T1)
            refused.append(told.value)

    client.export_history(["sensor-001"], path, T0, T1, on_progress=again)
    assert refused


def test_a_finished_file_is_replaced(client: i3x.Client, tmp_path: Path) -> None:
    path = tmp_path / "all.parquet"
    first = client.export_history(["sensor-001"], path, timedelta(hours=1))
    second = client.export_history(["sensor-001", "sensor-002"], path, timedelta(hours=1))
    assert (first.rows, second.rows) == (6, 12)
    assert parquet.read_table(path).num_rows == 12
    assert [each.name for each in tmp_path.iterdir()] == ["all.parquet"]


@pytest.mark.parametrize("suffix", [".parquet", ".csv"])
def test_an_empty_range_gives_a_file_with_columns(client: i3x.Client, tmp_path: Path, suffix: str) -> None:
    done = client.export_history(
        ["sensor-001"], tmp_path / f"none{suffix}", "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z"
    )
    assert done.rows == 0
    read = parquet.read_table(done.path) if suffix == ".parquet" else pandas.read_csv(done.path)
    names = read.column_names if isinstance(read, pa.Table) else list(read.columns)
    assert names == ["element_id", "timestamp", "value", "quality", "value_other", "timestamp_other"]


def test_a_file_has_what_a_frame_has(client: i3x.Client, tmp_path: Path) -> None:
    ids = ["sensor-001", "meter-301", "valve-401", "pump-101", "no-such-element"]
    start, end = timedelta(hours=3), timedelta(0)
    done = client.export_history(ids, tmp_path / "all.parquet", start, end, max_depth=0)
    frame = client.read_frame(ids, start, end, max_depth=0)
    table = parquet.read_table(done.path)
    order: Any = [("element_id", "ascending"), ("timestamp", "ascending")]
    plain = pa.schema([(field.name, _plain(field.type)) for field in frame.schema])
    assert table.select(frame.column_names).cast(plain).sort_by(order) == frame.cast(plain).sort_by(order)
    assert frames.elements(table) == frames.elements(frame)
    assert done.elements == frames.elements(frame)
    assert isinstance(done.errors["no-such-element"], i3x.NotFoundError)
    with pytest.raises(i3x.BulkError):
        done.raise_for_errors()
    wide = frames.wide(table)
    assert wide.num_rows < table.num_rows


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_dictionary(kind) else kind


def test_csv_has_the_same_rows(client: i3x.Client, server: Server, tmp_path: Path) -> None:
    server.set_value("mode-501", 'a "b",\nc', timestamp="2026-01-31T08:00:00.123456789Z")
    server.set_value("mode-501", "", timestamp="2026-01-31T08:00:01Z")
    server.set_value("mode-501", None, quality="Bad", timestamp="2026-01-31T08:00:02Z")
    done = client.export_history(["mode-501"], tmp_path / "all.csv", T0, T1)
    text = done.path.read_text()
    assert text.splitlines()[0].startswith('"element_id","timestamp","value","quality"')
    assert "2026-01-31T08:00:00.123456789Z" in text
    assert ',"","Good"' in text
    assert ',,"Bad"' in text
    read = pandas.read_csv(done.path, parse_dates=["timestamp"])
    assert read["value"].iloc[0] == 'a "b",\nc'
    assert str(read["timestamp"].dtype) == "datetime64[ns, UTC]"


def test_points_that_do_not_fit_are_in_the_file(client: i3x.Client, server: Server, tmp_path: Path) -> None:
    server.set_value("sensor-001", "N/A", timestamp=T0)
    done = client.export_history(["sensor-001"], tmp_path / "all.parquet", T0, T1)
    assert parquet.read_table(done.path)["value_other"].to_pylist() == ['"N/A"']


@pytest.mark.parametrize(
    ("path", "kind"), [("all.xlsx", ValueError), ("all", ValueError), (b"all.csv", TypeError), (3, TypeError)]
)
def test_a_path_that_says_no_format_is_refused(
    client: i3x.Client,
    server: Server,
    path: Any,
    kind: type[Exception],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    before = len(server.requests)
    with pytest.raises(kind):
        client.export_history(["sensor-001"], path, T0, T1)
    assert len(server.requests) == before
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_does_not_exist_is_told(client: i3x.Client, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        client.export_history(["sensor-001"], tmp_path / "nowhere" / "all.csv", T0, T1)


MEASURED = """
import resource
from tests.frames.exporting import main
main()
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@unix
def test_memory_does_not_grow_with_the_range(tmp_path: Path) -> None:
    peaks = []
    with serving(120_000, 10_000) as url:
        for points in (30_000, 120_000):
            command = exporting("sync", url, tmp_path / "all.parquet", points=points)
            done = subprocess.run(
                [sys.executable, "-c", MEASURED, *command[3:]],
                cwd=HOME,
                capture_output=True,
                check=True,
                timeout=60,
            )
            peaks.append(int(done.stdout))
    assert peaks[1] < 1.25 * peaks[0]
