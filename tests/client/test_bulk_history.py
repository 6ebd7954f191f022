"""Writing a history of any length: in pieces, from any source, and with the outcome of each point."""

import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import zip_longest

import anyio
import pytest

import i3x
from i3x.bulk.limits import Size
from i3x.testing import Server

from .both import Make
from .wire import received

START = datetime(2026, 1, 31, 8, tzinfo=UTC)


def point(number: int, value: object = None) -> i3x.VQT:
    moment = (START + timedelta(seconds=number)).isoformat()
    return i3x.VQT(float(number) if value is None else value, "Good", moment)


def points(count: int, first: int = 0) -> list[i3x.VQT]:
    return [point(number) for number in range(first, first + count)]


def written(client: i3x.Client, element_id: str = "sensor-001") -> list[float]:
    history = client.get_history(element_id, START, START + timedelta(days=1))
    return [each.value for each in history.values]


@pytest.fixture(autouse=True)
def _hundred_a_request(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    monkeypatch.setattr("i3x.bulk.limits.START", Size(100, 100_000))


@pytest.fixture
def single(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("i3x.bulk.limits.Limits.at_once", 1)


def test_many_points_are_written_in_pieces(client: i3x.Client, server: Server) -> None:
    result = client.update_history("sensor-001", points(2050))
    assert len(result) == 2050
    assert all(item.success and item.element_id == "sensor-001" for item in result)
    assert written(client) == [float(number) for number in range(2050)]
    assert len(received(server, "updateObjectHistory")) == 21


def test_a_limit_of_the_server_is_found(connect: Make) -> None:
    with Server(tick=None, max_request_items=30) as server:
        client = connect(server.url)
        client.update_history("sensor-001", points(300))
        assert written(client) == [float(number) for number in range(300)]
        assert len(received(server, "updateObjectHistory")) <= 14


def test_points_may_come_from_a_generator_which_is_run_where_the_call_is_made(server: Server) -> None:
    threads = set()

    def produce() -> Iterator[i3x.VQT]:
        for number in range(1000):
            threads.add(threading.current_thread())
            yield point(number)

    with i3x.Client(server.url) as client:
        assert len(client.update_history("sensor-001", produce())) == 1000
        assert len(written(client)) == 1000
    assert threads == {threading.current_thread()}


def test_a_generator_is_taken_only_as_far_as_the_points_are_sent(
    server: Server, client: i3x.Client, single: None
) -> None:
    server.fault("reset", operation="updateObjectHistory", skip=2)
    source = iter(points(1000))
    with pytest.raises(i3x.ConnectionError) as caught:
        client.update_history("sensor-001", source)
    result = caught.value.result
    assert [item.success for item in result].count(True) == 200
    assert len(result) + len(list(source)) == 1000


def test_points_that_fail_are_told_by_their_place(client: i3x.Client) -> None:
    wrong = [point(number, "warm" if number in (150, 720) else None) for number in range(1000)]
    with pytest.raises(
        i3x.BadRequestError, match="2 of 1000 points failed, the first at index 150"
    ) as caught:
        client.update_history("sensor-001", wrong)
    assert caught.value.element_id == "sensor-001"
    result = caught.value.result
    assert [index for index, item in enumerate(result) if not item.success] == [150, 720]
    assert len(written(client)) == 998


def test_an_unknown_element_is_an_error_as_before(client: i3x.Client) -> None:
    with pytest.raises(i3x.NotFoundError, match="nothing") as caught:
        client.update_history("nothing", points(3))
    assert len(caught.value.result) == 3


def test_a_server_that_takes_no_history_is_asked_once(connect: Make) -> None:
    with Server(tick=None, update_history=False) as server:
        client = connect(server.url)
        with pytest.raises(i3x.NotSupportedError):
            client.update_history("sensor-001", points(1000))
        assert len(received(server, "updateObjectHistory")) == 1


@pytest.mark.parametrize("processed", [False, True])
def test_a_writing_that_was_interrupted_can_be_resumed(
    server: Server, client: i3x.Client, single: None, processed: bool
) -> None:
    all_points = points(1000)
    server.fault("reset", operation="updateObjectHistory", skip=4, processed=processed)
    with pytest.raises(
        i3x.ConnectionError, match="600 of 1000 points failed, the first at index 400"
    ) as caught:
        client.update_history("sensor-001", all_points)
    result = caught.value.result
    unknown = [index for index, item in enumerate(result) if item.error and item.error.outcome_unknown]
    assert unknown == list(range(400, 500))
    server.clear_faults()
    assert len(written(client)) == (500 if processed else 400)
    rest = [each for each, item in zip(all_points, result, strict=True) if not item.success]
    client.update_history("sensor-001", rest)
    assert written(client) == [each.value for each in all_points]


def test_a_writing_is_in_doubt_if_any_of_its_points_is(
    server: Server, client: i3x.Client, single: None
) -> None:
    server.fault("status", operation="updateObjectHistory", skip=1, times=1, status=409)
    server.fault("reset", operation="updateObjectHistory", skip=3)
    with pytest.raises(i3x.I3XError, match="the first at index 100") as caught:
        client.update_history("sensor-001", points(500))
    assert caught.value.status_code == 409
    assert caught.value.outcome_unknown
    result = caught.value.result
    unknown = [index for index, item in enumerate(result) if item.error and item.error.outcome_unknown]
    assert unknown == list(range(300, 400))


def test_a_writing_from_a_generator_is_resumed_by_reading_its_source_again(
    server: Server, client: i3x.Client, single: None
) -> None:
    server.fault("status", operation="updateObjectHistory", skip=4, status=401)
    with pytest.raises(i3x.AuthenticationError) as caught:
        client.update_history("sensor-001", iter(points(1000)))
    server.clear_faults()
    again = zip_longest(iter(points(1000)), caught.value.result)
    rest = [each for each, item in again if item is None or not item.success]
    client.update_history("sensor-001", rest)
    assert len(rest) == 600
    assert written(client) == [float(number) for number in range(1000)]


def test_a_source_that_fails_tells_what_became_of_the_points_before(
    server: Server, client: i3x.Client, single: None
) -> None:
    def produce() -> Iterator[i3x.VQT]:
        yield from points(450)
        raise LookupError("the cursor is gone")

    server.fault("status", operation="updateObjectHistory", skip=2, times=1, status=500)
    with pytest.raises(LookupError, match="the cursor is gone") as caught:
        client.update_history("sensor-001", produce())
    assert "450 items were taken before it; a request with some" in caught.value.__notes__[0]
    result = vars(caught.value)["result"]
    assert [item.success for item in result] == [True] * 200 + [False] * 100 + [True] * 150


def test_an_interrupt_tells_what_became_of_each_point(server: Server) -> None:
    server.fault("hang", operation="updateObjectHistory", skip=1, seconds=40)
    interrupt = KeyboardInterrupt()

    def produce() -> Iterator[i3x.VQT]:
        yield from points(350)
        raise interrupt

    with i3x.Client(server.url) as client, pytest.raises(KeyboardInterrupt) as caught:
        client.update_history("sensor-001", produce())
    assert caught.value is interrupt
    result = vars(interrupt)["result"]
    assert [item.success for item in result] == [True] * 100 + [False] * 200
    assert all(item.error.outcome_unknown for item in result[100:])
    assert "may be done again" in str(result[100].error)


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_an_interrupt_of_a_task_leaves_it_as_it_is(server: Server, backend: str) -> None:
    """And in no group of exceptions, which an ``except KeyboardInterrupt`` would let pass."""
    server.fault("hang", operation="updateObjectHistory", skip=1, seconds=40)
    interrupt = KeyboardInterrupt()

    def produce() -> Iterator[i3x.VQT]:
        yield from points(350)
        raise interrupt

    async def main() -> None:
        async with i3x.AsyncClient(server.url) as client:
            with pytest.raises(KeyboardInterrupt) as caught:
                await client.update_history("sensor-001", produce())
            assert caught.value is interrupt

    anyio.run(main, backend=backend)
    result = vars(interrupt)["result"]
    assert [item.success for item in result] == [True] * 100 + [False] * 200
    assert all(item.error.outcome_unknown for item in result[100:])


def test_a_wrong_point_in_a_list_raises_before_anything_is_sent(client: i3x.Client, server: Server) -> None:
    with pytest.raises(ValueError, match="point 500 has no timestamp"):
        client.update_history("sensor-001", [*points(500), i3x.VQT(1.0, "Good")])
    assert received(server, "updateObjectHistory") == []


def test_a_wrong_point_from_a_generator_raises_when_those_before_it_are_written(client: i3x.Client) -> None:
    source = iter([*points(500), i3x.VQT(1.0, "Good"), *points(500, 500)])
    with pytest.raises(ValueError, match="point 500 has no timestamp") as caught:
        client.update_history("sensor-001", source)
    assert "500 items were taken before it" in caught.value.__notes__[0]
    assert written(client) == [float(number) for number in range(500)]
