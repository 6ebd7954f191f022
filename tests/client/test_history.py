"""Reading history of any length: what a server cuts, refuses or is too slow for is asked for in parts."""

import asyncio
import functools
import itertools
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from anyio.from_thread import BlockingPortal

import i3x
from i3x import nanoseconds
from i3x.delivery import backfill
from i3x.delivery.backfill import Delivered
from i3x.testing import Server
from i3x.testing.state import ReceivedRequest
from i3x.transport import AsyncSender

from .both import Make

START = nanoseconds.of_text("2026-01-31T08:00:00Z")
SECOND = nanoseconds.SECOND
POINTS = 2000
RANGE = ("2026-01-31T08:00:00Z", nanoseconds.to_text(START + (POINTS - 1) * SECOND))

Points = list[tuple[Any, str, str]]


@functools.cache
def every_second(count: int = POINTS) -> Points:
    return [(number, "Good", nanoseconds.to_text(START + number * SECOND)) for number in range(count)]


@pytest.fixture(autouse=True)
def _planted(server: Server) -> None:
    server.set_history("sensor-001", every_second())
    server.set_history("sensor-002", every_second()[::50])


def numbers(history: i3x.HistoricalValue) -> list[Any]:
    return [point.value for point in history.values]


def asked(server: Server) -> int:
    return sum(request.operation == "queryHistoricalValues" for request in server.requests)


# --- many elements ------------------------------------------------------------------------------------------

SENSORS = [f"field-sensor-{number:06d}" for number in range(60)]


@pytest.fixture(params=[None, 25], ids=["any number", "25 a request"])
def plant(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server with many elements that have a history, which takes any number of them in a request, or few."""
    with Server(objects=60, tick=None, max_request_items=request.param) as running:
        for name in SENSORS:
            running.set_history(name, every_second()[::40])
        yield running


@pytest.mark.parametrize(
    ("fault", "options"),
    [
        ("history_longest", {"seconds": 600}),
        ("history_cut", {"rows": 1000, "status": 400}),
        ("history_cut", {"rows": 1000, "status": 413}),
        ("history_slow", {"seconds": 900, "delay": 5}),
    ],
)
def test_a_range_that_is_refused_says_nothing_about_the_number_of_elements(
    plant: Server, connect: Make, fault: str, options: dict[str, Any]
) -> None:
    client = connect(plant.url, timeout=0.5 if fault == "history_slow" else 30)
    plant.fault(fault, **options)
    histories = client.get_histories(SENSORS, *RANGE)
    assert list(histories) == SENSORS
    assert all(numbers(history) == list(range(0, POINTS, 40)) for history in histories.values())
    assert asked(plant) < 90
    before = asked(plant)
    client.get_histories(SENSORS, RANGE[0], RANGE[0])
    assert asked(plant) - before <= 3


@pytest.mark.parametrize("position", [0, 5, 9])
@pytest.mark.parametrize(("longest", "most"), [(None, 60), (600, 200)])
def test_an_element_for_which_all_is_refused_is_an_error_beside_the_others(
    plant: Server, connect: Make, position: int, longest: float | None, most: int
) -> None:
    client = connect(plant.url)
    client.get_histories(SENSORS[20:], *RANGE)
    names = SENSORS[:10]
    plant.fault("refuse", operation="queryHistoricalValues", element_id=names[position])
    if longest is not None:
        plant.fault("history_longest", seconds=longest)
    for _ in range(3):  # and what is found out meanwhile does no harm to later calls
        before = asked(plant)
        histories = client.get_histories(names, *RANGE)
        assert list(histories.errors) == [names[position]]
        assert all(numbers(history) == list(range(0, POINTS, 40)) for history in histories.values())
        assert asked(plant) - before < most


# --- what is found out of the server ------------------------------------------------------------------------


class Calls:
    """The ways to read the history of one element; each returns how many points it found."""

    def __init__(self, client: i3x.Client, portal: BlockingPortal) -> None:
        self.client = client
        self.portal = portal

    def get_history(self) -> int:
        return len(self.client.get_history("sensor-001", *RANGE).values)

    def get_histories(self) -> int:
        return len(self.client.get_histories(["sensor-001", "sensor-002"], *RANGE)["sensor-001"].values)

    def iter_history(self) -> int:
        return len(Reader(self.client, self.portal)(["sensor-001"], *RANGE))

    def read_frame(self) -> int:
        return int(self.client.read_frame(["sensor-001"], *RANGE).num_rows)

    def backfill(self) -> int:
        """Fill a gap, as the deliveries of either client do."""

        async def fill() -> int:
            server = self.client._sender.server
            sender = AsyncSender(server.options, server)
            await sender.open()
            try:
                start, end = map(datetime.fromisoformat, RANGE)
                ranges = server.limits.ranges
                found = await backfill.fill(
                    sender.send, {"sensor-001": 1}, start, end, Delivered(start, {}), ranges
                )
            finally:
                await sender.close()
            assert found.failures == []
            return len(found.changes)

        return self.portal.call(fill)


WAYS = ["get_history", "get_histories", "iter_history", "read_frame", "backfill"]


def seconds(request: ReceivedRequest) -> float:
    sent = request.json
    return (nanoseconds.of_text(sent["endTime"]) - nanoseconds.of_text(sent["startTime"])) / SECOND


def lengths(server: Server) -> list[float]:
    """The seconds of the ranges that were asked for."""
    return [seconds(request) for request in server.requests if request.operation == "queryHistoricalValues"]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("first", "status"), [("get_history", 400), ("iter_history", 413)])
def test_a_range_that_is_too_long_is_refused_in_the_first_call_alone(
    client: i3x.Client, portal: BlockingPortal, server: Server, way: str, first: str, status: int
) -> None:
    calls = Calls(client, portal)
    server.fault("history_longest", seconds=600, status=status)
    assert getattr(calls, first)() == POINTS
    assert max(lengths(server)) > 600
    before = asked(server)
    assert getattr(calls, way)() == POINTS
    again = lengths(server)[before:]
    assert 4 <= len(again) <= 12
    assert max(again) <= 600


@pytest.mark.parametrize("way", WAYS)
def test_points_that_are_too_many_are_refused_in_the_first_call_alone(
    client: i3x.Client, portal: BlockingPortal, server: Server, way: str
) -> None:
    calls = Calls(client, portal)
    server.fault("history_cut", rows=700, status=413)
    assert getattr(calls, way)() == POINTS
    before = asked(server)
    assert getattr(calls, way)() == POINTS
    again = lengths(server)[before:]
    assert 3 <= len(again) <= 12
    assert max(again) < 700


@pytest.mark.parametrize("limit", [7, 25])
def test_limits_of_elements_and_of_the_range_are_found_apart_and_met_once(connect: Make, limit: int) -> None:
    with Server(objects=60, tick=None) as plant:
        for name in SENSORS:
            plant.set_history(name, every_second()[::40])
        plant.fault("refuse", items=limit)
        plant.fault("history_longest", seconds=600)
        client = connect(plant.url)
        for most in (8, 0):
            before = len(plant.requests)
            histories = client.get_histories(SENSORS, *RANGE)
            assert all(numbers(history) == list(range(0, POINTS, 40)) for history in histories.values())
            sent = [request for request in plant.requests[before:] if request.operation != "getInfo"]
            refused = [each for each in sent if len(each.json["elementIds"]) > limit or seconds(each) > 600]
            assert len(refused) <= most
            assert len(sent) - len(refused) <= 5 * 60 // (limit // 2) + 2 * most
        asked_before = asked(plant)
        client.get_history(SENSORS[0], *RANGE)
        assert asked(plant) - asked_before <= 5


# --- get_history --------------------------------------------------------------------------------------------


def test_a_whole_answer_takes_one_request(client: i3x.Client, server: Server) -> None:
    assert numbers(client.get_history("sensor-001", *RANGE)) == list(range(POINTS))
    assert len(client.get_histories(["sensor-001", "sensor-002"], *RANGE)) == 2
    assert asked(server) == 2


@pytest.mark.parametrize("keeps", ["oldest", "newest", "random"])
@pytest.mark.parametrize("names_elements", [True, False])
def test_a_cut_answer_is_followed_up(
    client: i3x.Client, server: Server, keeps: str, names_elements: bool
) -> None:
    server.fault("history_cut", rows=300, keeps=keeps, names_elements=names_elements)
    history = client.get_history("sensor-001", *RANGE)
    assert numbers(history) == list(range(POINTS))
    assert history.partial is None
    assert history.element_id == "sensor-001"
    assert asked(server) < 20


@pytest.mark.parametrize("order", ["newest", "random"])
def test_what_is_put_together_is_in_the_order_of_time(client: i3x.Client, server: Server, order: str) -> None:
    server.fault("history_cut", rows=500)
    server.fault("history_order", order=order)
    assert numbers(client.get_history("sensor-001", *RANGE)) == list(range(POINTS))


def test_only_what_was_cut_is_asked_for_again(client: i3x.Client, server: Server) -> None:
    server.fault("history_cut", rows=300, per_element=True)
    histories = client.get_histories(["sensor-001", "nothing", "sensor-002"], *RANGE)
    assert list(histories) == ["sensor-001", "sensor-002"]
    assert numbers(histories["sensor-001"]) == list(range(POINTS))
    assert numbers(histories["sensor-002"]) == list(range(0, POINTS, 50))
    assert histories.partial is None
    assert list(histories.errors) == ["nothing"]
    later = [request.json["elementIds"] for request in server.requests[2:]]
    assert later
    assert all(ids == ["sensor-001"] for ids in later)


FAILURES = [
    ("status", {"status": 401}, i3x.AuthenticationError),
    ("status", {"status": 429, "retry_after": 7200}, i3x.TooManyRequestsError),
    ("status", {"status": 500}, i3x.ServerError),
    ("not_json", {}, i3x.InvalidServerResponseError),
    ("reset", {}, i3x.ConnectionError),
]


@pytest.mark.parametrize(("fault", "options", "kind"), FAILURES)
def test_a_failure_to_have_the_rest_of_an_element_leaves_the_others(
    client: i3x.Client,
    server: Server,
    fault: str,
    options: dict[str, Any],
    kind: type[i3x.I3XError],
    quick: None,
) -> None:
    server.fault("history_cut", rows=300, per_element=True)
    server.fault(fault, operation="queryHistoricalValues", skip=1, **options)
    histories = client.get_histories(["nothing", "sensor-001", "sensor-002"], *RANGE)
    assert list(histories) == ["sensor-002"]
    assert numbers(histories["sensor-002"]) == list(range(0, POINTS, 50))
    assert histories.partial is None
    assert {name: type(error) for name, error in histories.errors.items()} == {
        "nothing": i3x.NotFoundError,
        "sensor-001": kind,
    }


@pytest.mark.parametrize(("fault", "options", "kind"), FAILURES)
def test_a_failure_to_have_the_rest_of_all_elements_is_raised(
    client: i3x.Client,
    server: Server,
    fault: str,
    options: dict[str, Any],
    kind: type[i3x.I3XError],
    quick: None,
) -> None:
    server.fault("history_cut", rows=30, per_element=True)
    server.fault(fault, operation="queryHistoricalValues", skip=2, **options)
    with pytest.raises(kind) as caught:
        client.get_histories(["sensor-001", "sensor-002"], *RANGE)
    assert caught.value.result == {}
    assert list(caught.value.result.errors) == ["sensor-001", "sensor-002"]
    with pytest.raises(kind):
        client.get_history("sensor-001", *RANGE)


def test_a_cancellation_while_the_rest_of_an_element_is_asked_for_tells_what_is_whole(server: Server) -> None:
    async def main() -> None:
        async with i3x.AsyncClient(server.url) as client:
            server.fault("history_cut", rows=300, per_element=True)
            server.fault("hang", operation="queryHistoricalValues", skip=1, seconds=60)
            task = asyncio.ensure_future(client.get_histories(["sensor-001", "sensor-002"], *RANGE))
            while asked(server) < 2:  # noqa: ASYNC110  # of another thread
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            histories = vars(caught.value)["result"]
            assert numbers(histories["sensor-002"]) == list(range(0, POINTS, 50))
            assert "CancelledError before" in str(histories.errors["sensor-001"])

    asyncio.run(main())


@pytest.mark.parametrize("status", [400, 413])
def test_a_range_that_is_refused_for_its_length_is_read_in_parts(
    client: i3x.Client, server: Server, status: int
) -> None:
    server.fault("history_longest", seconds=600, status=status)
    history = client.get_history("sensor-001", *RANGE)
    assert numbers(history) == list(range(POINTS))
    assert history.partial is None


def test_a_range_that_takes_too_long_is_read_in_parts(client: i3x.Client, server: Server) -> None:
    server.fault("history_slow", seconds=900, delay=5)
    history = client.get_history("sensor-001", *RANGE, timeout=0.5)
    assert numbers(history) == list(range(POINTS))


def test_a_server_that_never_answers_in_time_is_asked_twice(client: i3x.Client, server: Server) -> None:
    server.fault("history_slow", seconds=0, delay=5)
    with pytest.raises(i3x.TimeoutError):
        client.get_history("sensor-001", *RANGE, timeout=0.1)
    assert asked(server) == 2


def test_a_refusal_that_is_not_about_the_size_is_raised(client: i3x.Client, server: Server) -> None:
    server.fault("status", operation="queryHistoricalValues", status=400)
    with pytest.raises(i3x.BadRequestError):
        client.get_history("sensor-001", *RANGE)
    assert asked(server) == 2


def test_points_at_the_same_moment_are_all_there(client: i3x.Client, server: Server) -> None:
    points = [
        (value, "Good", nanoseconds.to_text(START + n * SECOND)) for n in range(200) for value in (1, 1, 2)
    ]
    server.set_history("sensor-001", points)
    server.fault("history_cut", rows=30)
    assert numbers(client.get_history("sensor-001", *RANGE)) == [value for value, _, _ in points]


def test_points_a_nanosecond_apart_are_all_there(client: i3x.Client, server: Server) -> None:
    points: Points = [(n, "Good", f"2026-01-31T08:00:00.{n:09d}Z") for n in range(100)]
    server.set_history("sensor-001", points)
    server.fault("history_cut", rows=7)
    history = client.get_history("sensor-001", *RANGE)
    assert [(point.value, point.timestamp) for point in history.values] == [(v, t) for v, _, t in points]


def test_a_server_whose_ranges_have_no_end_loses_nothing_at_the_seams(
    client: i3x.Client, server: Server
) -> None:
    server.fault("history_open_end")
    server.fault("history_cut", rows=100)
    assert numbers(client.get_history("sensor-001", *RANGE)) == list(range(POINTS - 1))


def test_components_are_put_together_too(client: i3x.Client, server: Server) -> None:
    for element_id in ("tank-201", "tank-201-level"):
        server.set_history(element_id, every_second(200))
    server.fault("history_cut", rows=90)
    history = client.get_history("tank-201", *RANGE, max_depth=0)
    assert numbers(history) == list(range(200))
    assert history.is_composition
    assert history.components is not None
    assert numbers(history.components["tank-201-level"]) == list(range(200))
    assert history.components["tank-201-level"].element_id == "tank-201-level"


def test_what_the_server_does_not_give_is_told_exactly(client: i3x.Client, server: Server) -> None:
    moment = nanoseconds.to_text(START + 500 * SECOND)
    server.set_history("sensor-001", every_second() + [(n, "Good", moment) for n in range(100)])
    server.fault("history_cut", rows=50)
    histories = client.get_histories(["sensor-001"], *RANGE)
    history = histories["sensor-001"]
    assert history.partial is not None
    assert history.partial.status == 206
    assert history.partial.detail.startswith(f"not whole from {moment} to {moment} (")
    assert histories.partial is not None
    assert f"sensor-001: {history.partial.detail}" == histories.partial.detail
    assert len(history.values) == POINTS - 1 + 50


def test_a_server_that_calls_every_answer_cut_is_not_asked_for_ever(
    client: i3x.Client, server: Server
) -> None:
    def cut(document: Any) -> Any:
        from i3x.testing.answers import encode

        return encode(document | {"responseDetail": {"status": 206, "detail": "archived"}}, 206)

    server.fault("edit_json", operation="queryHistoricalValues", edit_with=cut)
    history = client.get_history("sensor-001", *RANGE)
    assert numbers(history) == list(range(POINTS))
    assert history.partial is not None
    assert "archived" in history.partial.detail
    assert asked(server) < 80


def test_a_server_that_ignores_the_range_is_not_asked_for_ever(client: i3x.Client, server: Server) -> None:
    values = [{"value": v, "quality": q, "timestamp": t} for v, q, t in every_second(100)]
    server.fault("history_range", values=values)
    server.fault("history_cut", rows=50)
    history = client.get_history("sensor-001", "2026-01-31T08:00:20Z", "2026-01-31T08:01:00Z")
    assert set(numbers(history)) <= set(range(20, 61))
    assert history.partial is not None
    assert asked(server) < 150


def test_timestamps_that_are_none_are_kept_once(client: i3x.Client, server: Server) -> None:
    def spoil(document: Any) -> Any:
        for item in document["results"]:
            item["result"]["values"].append({"value": 7, "quality": "Good", "timestamp": "yesterday"})
        return document

    server.fault("edit_json", operation="queryHistoricalValues", edit_with=spoil)
    server.fault("history_cut", rows=400)
    history = client.get_history("sensor-001", *RANGE)
    assert [point.value for point in history.values if point.timestamp == "yesterday"] == [7]
    assert len(history.values) == POINTS + 1


def test_unreadable_points_of_a_part_are_told(client: i3x.Client, server: Server) -> None:
    def spoil(document: Any) -> Any:
        for item in document["results"]:
            for point in item["result"]["values"]:
                point["value"] = float("nan") if point["value"] == 700 else point["value"]
        return document

    server.fault("history_cut", rows=400)
    server.fault("edit_json", operation="queryHistoricalValues", edit_with=spoil)
    history = client.get_history("sensor-001", *RANGE)
    assert numbers(history) == [number for number in range(POINTS) if number != 700]
    assert history.partial is not None
    assert history.partial.detail.count("can't be read") == 1


def test_the_text_of_a_time_is_sent_to_its_last_digit(client: i3x.Client, server: Server) -> None:
    client.get_history("sensor-001", "2026-01-31T08:00:00.123456789Z", "2026-01-31T10:00:00.223456789+02:00")
    sent = server.requests[-1].json
    assert sent["startTime"] == "2026-01-31T08:00:00.123456789Z"
    assert sent["endTime"] == "2026-01-31T10:00:00.223456789+02:00"


def test_times_count_back_from_now_as_text(client: i3x.Client, server: Server) -> None:
    client.get_history("sensor-001", "-1d12h", "-8h")
    sent = server.requests[-1].json
    length = nanoseconds.of_text(sent["endTime"]) - nanoseconds.of_text(sent["startTime"])
    assert length == nanoseconds.of_timedelta(timedelta(hours=28))


# --- iter_history -------------------------------------------------------------------------------------------


class Reader:
    """Reads the iterators of either client, and keeps the last one."""

    def __init__(self, client: i3x.Client, portal: BlockingPortal) -> None:
        self.client = client
        self.portal = portal
        self.found: list[Any] = []
        self.last: Any = None

    def __call__(self, *arguments: Any, windows: bool = False, **options: Any) -> list[Any]:
        self.found = []
        self.last = self.client.iter_history(*arguments, **options)
        return self.go_on(self.last.windows() if windows else self.last)

    def go_on(self, source: Any = None) -> list[Any]:
        """Read on from where an error was."""
        source = source or self.last

        async def collect() -> None:
            async for each in source:
                self.found.append(each)

        if hasattr(source, "__anext__"):
            self.portal.call(collect)
        else:
            for each in source:
                self.found.append(each)
        return self.found


@pytest.fixture
def history(client: i3x.Client, portal: BlockingPortal) -> Reader:
    return Reader(client, portal)


def test_points_come_in_the_order_of_time_over_all_elements(history: Reader) -> None:
    points = history(["sensor-001", "sensor-002"], *RANGE, window=timedelta(minutes=3))
    assert isinstance(points[0], i3x.HistoricalPoint)
    moments = [point.datetime for point in points]
    assert moments == sorted(moments)
    assert [point.value for point in points if point.element_id == "sensor-001"] == list(range(POINTS))
    assert [point.value for point in points if point.element_id == "sensor-002"] == list(range(0, POINTS, 50))


def test_windows_follow_one_on_the_other(history: Reader) -> None:
    windows = history(["sensor-002", "sensor-001"], *RANGE, windows=True, window=timedelta(minutes=1))
    assert len(windows) > 2
    assert windows[0].start_time == RANGE[0]
    assert windows[-1].end_time == RANGE[1]
    for window, following in itertools.pairwise(windows):
        assert window.end_time == following.start_time
        assert list(window.histories) == ["sensor-002", "sensor-001"]
    values = [point.value for window in windows for point in window.histories["sensor-001"].values]
    assert values == list(range(POINTS))


def test_a_window_has_no_more_than_the_server_gives(history: Reader, server: Server) -> None:
    server.fault("history_cut", rows=100)
    windows = history(["sensor-001", "sensor-002"], *RANGE, windows=True)
    sizes = [sum(len(each.values) for each in window.histories.values()) for window in windows]
    assert sum(sizes) == POINTS + POINTS // 50
    assert max(sizes) <= 200
    assert history.last.missing == []


def test_no_request_is_made_before_the_first_value_is_asked_for(client: i3x.Client, server: Server) -> None:
    iterator = client.iter_history(["sensor-001"], "-8h")
    assert asked(server) == 0
    assert iterator.end_time <= nanoseconds.to_text(
        nanoseconds.of_text(iterator.start_time) + 8 * 3600 * SECOND
    )


def test_fifty_empty_years_cost_few_requests(history: Reader, server: Server) -> None:
    assert len(history(["sensor-002"])) == POINTS // 50
    assert server.requests[1].json["startTime"] == "1970-01-01T00:00:00Z"
    assert asked(server) < 25


def test_the_times_of_windows_are_in_utc_and_those_of_the_user_are_sent_as_they_are(
    history: Reader, server: Server
) -> None:
    windows = history(
        ["sensor-001"], "2026-01-31T10:00:00.0+02:00", "2026-01-31T10:30:00+02:00", windows=True
    )
    assert windows[0].start_time == history.last.start_time == "2026-01-31T08:00:00Z"
    assert windows[-1].end_time == history.last.end_time == "2026-01-31T08:30:00Z"
    assert server.requests[1].json["startTime"] == "2026-01-31T10:00:00.0+02:00"


def test_the_progress_goes_from_nothing_to_one(history: Reader) -> None:
    told: list[i3x.HistoryProgress] = []
    points = history(["sensor-001"], *RANGE, window=timedelta(minutes=1), on_progress=told.append)
    assert [progress.requests for progress in told] == list(range(1, len(told) + 1))
    fractions = [progress.fraction for progress in told]
    assert fractions == sorted(fractions)
    assert told[-1] == i3x.HistoryProgress(1.0, len(points), RANGE[1], len(told))


def test_the_progress_is_told_to_an_async_function(
    server: Server, portal: BlockingPortal, tmp_path: Path
) -> None:
    told: list[int] = []

    async def tell(progress: i3x.HistoryProgress) -> None:
        told.append(progress.points)

    async def read() -> None:
        async with i3x.AsyncClient(server.url) as client:
            found = [point async for point in client.iter_history(["sensor-001"], *RANGE, on_progress=tell)]
            assert told[-1] == len(found) == POINTS
            told.clear()
            await client.export_history(["sensor-001"], tmp_path / "all.csv", *RANGE, on_progress=tell)
            assert told[-1] == POINTS

    portal.call(read)


def test_unknown_ids_are_errors_of_the_iterator(history: Reader) -> None:
    assert len(history(["nothing", "sensor-002"], *RANGE)) == POINTS // 50
    assert list(history.last.errors) == ["nothing"]
    assert isinstance(history.last.errors["nothing"], i3x.NotFoundError)
    assert history.last.missing == []


def test_an_unknown_id_alone_is_an_error_of_the_iterator_too(history: Reader) -> None:
    assert history(["nothing"], *RANGE) == []
    assert list(history.last.errors) == ["nothing"]


def test_no_ids_and_no_values_are_no_points(history: Reader, server: Server) -> None:
    assert history([]) == []
    assert asked(server) == 0
    assert history(["sensor-001"], "2020-01-01T00:00:00Z", "2020-01-02T00:00:00Z") == []


def test_what_is_missing_is_told_and_logged(
    history: Reader, server: Server, caplog: pytest.LogCaptureFixture
) -> None:
    moment = nanoseconds.to_text(START + 500 * SECOND)
    server.set_history("sensor-001", every_second() + [(n, "Good", moment) for n in range(100)])
    server.fault("history_cut", rows=50)
    points = history(["sensor-001"], *RANGE)
    assert len(points) == POINTS - 1 + 50
    (missing,) = history.last.missing
    assert (missing.element_ids, missing.start_time, missing.end_time) == (("sensor-001",), moment, moment)
    assert "rows were cut" in missing.detail
    assert f"history of sensor-001 from {moment} to {moment} is not whole" in caplog.text


def test_components_are_points_too(history: Reader, server: Server) -> None:
    for element_id in ("tank-201", "tank-201-level"):
        server.set_history(element_id, every_second(100))
    points = history(["tank-201", "tank-201-level"], *RANGE, max_depth=0)
    assert [point.value for point in points if point.element_id == "tank-201-level"] == list(range(100))
    assert [point.value for point in points if point.element_id == "tank-201"] == list(range(100))


def test_an_iterator_goes_on_after_an_error(history: Reader, server: Server) -> None:
    def fail_soon(progress: i3x.HistoryProgress) -> None:
        if progress.requests == 1:
            server.fault("status", status=500, times=1)

    with pytest.raises(i3x.ServerError):
        history(["sensor-001"], *RANGE, window=timedelta(minutes=5), on_progress=fail_soon)
    before = len(history.found)
    assert 0 < before < POINTS
    history.go_on()
    assert [point.value for point in history.found] == list(range(POINTS))


def test_an_answer_that_is_too_large_is_asked_for_in_parts(
    history: Reader, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("i3x.history.reading._MOST_BYTES", 20_000)
    points = history(["sensor-001"], *RANGE)
    assert [point.value for point in points] == list(range(POINTS))


@pytest.mark.parametrize(("window", "kind"), [(60, TypeError), (timedelta(0), ValueError)])
def test_a_window_is_a_timedelta(client: i3x.Client, window: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="window must be"):
        client.iter_history(["sensor-001"], window=window)


def test_a_server_without_history(connect: Make, portal: BlockingPortal) -> None:
    with Server(history=False, tick=None) as server, pytest.raises(i3x.NotSupportedError):
        Reader(connect(server.url), portal)(["sensor-001"])


def test_no_more_than_a_window_is_held_whatever_the_range(history: Reader, server: Server) -> None:
    count = 200_000
    server.set_history("sensor-001", every_second(count))
    end = nanoseconds.to_text(START + count * SECOND)
    sizes = [
        len(each.histories["sensor-001"].values)
        for each in history(["sensor-001"], RANGE[0], end, windows=True)
    ]
    assert sum(sizes) == count
    assert max(sizes) <= 60_000
