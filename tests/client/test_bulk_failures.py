"""Bulk calls that fail on the way: what has worked stays, and of every item is told what became of it."""

import asyncio
import signal
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import anyio
import pytest

import i3x
from i3x.bulk.limits import Size
from i3x.testing import Server
from i3x.testing.answers import Answer, encode

from .both import Make
from .wire import received

SENSORS = [f"field-sensor-{number:06d}" for number in range(60)]
VALUES = dict.fromkeys(SENSORS, 1.5)
NOON = "2026-01-31T12:00:00Z"
STAMPED = dict.fromkeys(SENSORS, i3x.VQT(1.5, "Good", NOON))


@pytest.fixture
def server() -> Iterator[Server]:
    with Server(objects=60, tick=None) as running:
        yield running


@pytest.fixture(autouse=True)
def _ten_a_request(monkeypatch: pytest.MonkeyPatch, quick: None) -> None:
    monkeypatch.setattr("i3x.bulk.limits.START", Size(10, 10_000))


@pytest.fixture
def single(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes clients send one request at a time."""
    monkeypatch.setattr("i3x.bulk.limits.MOST_AT_ONCE", 1)
    monkeypatch.setattr("i3x.bulk.limits.Limits.at_once", 1)


def sent(server: Server, operation: str) -> set[str]:
    """The elements that an operation was asked for."""
    found: set[str] = set()
    for request in received(server, operation):
        body = request.json
        found.update(body.get("elementIds") or [update["elementId"] for update in body["updates"]])
    return found


@pytest.mark.parametrize("status", [500, 400])
def test_a_read_that_fails_in_the_middle_keeps_the_others(
    server: Server, client: i3x.Client, status: int
) -> None:
    server.fault("status", operation="queryLastKnownValues", skip=2, times=1, status=status)
    values = client.get_values(SENSORS)
    assert len(values) + len(values.errors) == 60
    assert len(values.errors) == (10 if status == 500 else 0)  # what is refused is asked for again, in parts
    assert all("Switched on by a fault" in str(error) for error in values.errors.values())


def test_an_id_that_is_given_twice_is_a_value_or_a_failure(server: Server, client: i3x.Client) -> None:
    server.fault("status", operation="queryLastKnownValues", skip=2, times=1, status=500)
    values = client.get_values(SENSORS + SENSORS)
    assert (len(values), len(values.errors)) == (50, 10)
    assert values.keys() | values.errors.keys() == set(SENSORS)
    assert list(values) == [each for each in SENSORS if each not in values.errors]


def test_an_answer_that_makes_no_sense_in_the_middle_keeps_the_others(
    server: Server, client: i3x.Client
) -> None:
    server.fault("not_json", operation="queryLastKnownValues", skip=2, times=1)
    values = client.get_values(SENSORS)
    assert (len(values), len(values.errors)) == (50, 10)
    with pytest.raises(i3x.BulkError) as caught:
        values.raise_for_errors()
    assert caught.value.result is values


def test_a_read_whose_connection_breaks_in_the_middle_is_sent_again(
    server: Server, client: i3x.Client
) -> None:
    server.fault("reset", operation="queryLastKnownValues", skip=2, times=2)
    assert list(client.get_values(SENSORS)) == SENSORS


def test_a_read_after_which_the_server_is_gone_keeps_what_came_before(
    server: Server, client: i3x.Client, single: None
) -> None:
    server.fault("reset", operation="queryLastKnownValues", skip=3)
    values = client.get_values(SENSORS)
    assert list(values) == SENSORS[:30]
    assert list(values.errors) == SENSORS[30:]
    assert all(isinstance(error, i3x.ConnectionError) for error in values.errors.values())
    assert ["not sent" in str(error) for error in values.errors.values()] == [False] * 10 + [True] * 20
    assert not any(error.outcome_unknown for error in values.errors.values())


@pytest.mark.parametrize("values", [VALUES, STAMPED], ids=["without timestamps", "with timestamps"])
@pytest.mark.parametrize("processed", [False, True])
def test_a_write_that_is_lost_in_the_middle_says_what_is_unknown_and_what_was_not_sent(
    server: Server, client: i3x.Client, single: None, values: dict[str, object], processed: bool
) -> None:
    server.fault("reset", operation="updateObjectValues", skip=3, processed=processed)
    written = client.update_values(values)
    assert [item.element_id for item in written] == SENSORS
    assert [item.success for item in written] == [True] * 30 + [False] * 30
    errors = [item.error for item in written[30:]]
    assert [error.outcome_unknown for error in errors if error] == [True] * 10 + [False] * 20
    assert all("carried it out is unknown" in str(error) for error in errors[:10])
    assert all("not sent" in str(error) for error in errors[10:])
    assert sent(server, "updateObjectValues") == set(SENSORS[:40])
    requests = 4 if values is VALUES else 6  # with its timestamp, a value may be sent again
    assert len(received(server, "updateObjectValues")) == requests


def test_a_write_that_the_server_fails_at_is_in_doubt_too(server: Server, client: i3x.Client) -> None:
    server.fault("status", operation="updateObjectValues", skip=2, times=1, status=500)
    written = client.update_values(VALUES)
    assert len(written.errors) == 10
    assert all(error.outcome_unknown for error in written.errors.values())
    assert all("carried it out is unknown" in str(error) for error in written.errors.values())


def test_a_write_that_the_server_refuses_is_not_in_doubt(server: Server, client: i3x.Client) -> None:
    server.fault("refuse", operation="updateObjectValues", element_id=SENSORS[25], detail="malformed")
    written = client.update_values(VALUES)
    assert list(written.errors) == [SENSORS[25]]
    assert not written.errors[SENSORS[25]].outcome_unknown
    assert [item.element_id for item in written if not item.success] == [SENSORS[25]]


def test_what_is_cut_after_it_was_lost_stays_in_doubt(
    server: Server, client: i3x.Client, single: None
) -> None:
    server.fault("reset", operation="updateObjectValues", skip=2, times=1, processed=True)
    server.fault("refuse", operation="updateObjectValues", skip=3, items=5, status=413)
    server.fault("status", operation="updateObjectValues", skip=4, status=401)
    written = client.update_values(STAMPED)
    assert [item.success for item in written] == [True] * 20 + [False] * 40
    errors = [item.error for item in written[20:]]
    assert [error.outcome_unknown for error in errors if error] == [True] * 10 + [False] * 30
    assert ["not sent" in str(error) for error in errors] == [False] * 5 + [True] * 35
    assert all("it may be done again" in str(error) for error in errors[:10])


def test_the_error_of_a_whole_call_is_in_doubt_if_any_of_its_items_is(
    server: Server, client: i3x.Client
) -> None:
    server.fault("reset", operation="updateObjectValues", skip=1, times=1)
    server.fault("status", operation="updateObjectValues", status=409)
    with pytest.raises(i3x.I3XError) as caught:
        client.update_values(STAMPED)
    assert caught.value.outcome_unknown
    unknown = [item.error.outcome_unknown for item in caught.value.result]
    assert unknown == [False] * 10 + [True] * 10 + [False] * 40


def test_credentials_that_expire_in_the_middle_end_a_call(
    server: Server, connect: Make, single: None
) -> None:
    client = connect(server.url, token="t0ken-1")
    server.fault("status", operation="updateObjectValues", skip=2, status=401)
    written = client.update_values(VALUES)
    assert [item.success for item in written] == [True] * 20 + [False] * 40
    assert all(isinstance(error, i3x.AuthenticationError) for error in written.errors.values())
    assert sent(server, "updateObjectValues") == set(SENSORS[:30])
    assert not any(error.outcome_unknown for error in written.errors.values())


def test_credentials_that_expire_in_the_middle_are_renewed(server: Server, connect: Make) -> None:
    tokens = iter(f"t0ken-{number}" for number in range(10))
    client = connect(server.url, token=lambda: next(tokens))
    server.fault("status", operation="queryLastKnownValues", skip=2, times=1, status=401)
    assert list(client.get_values(SENSORS)) == SENSORS


def test_a_subscription_that_is_gone_in_the_middle_ends_a_registration(
    server: Server, client: i3x.Client, single: None
) -> None:
    subscription_id = client.create_subscription()
    server.fault("forget", operation="registerMonitoredItems", skip=2)
    registered = client.register_items(subscription_id, SENSORS)
    assert [item.success for item in registered] == [True] * 20 + [False] * 40
    assert all(isinstance(error, i3x.NotFoundError) for error in registered.errors.values())
    assert len(received(server, "registerMonitoredItems")) == 3


def test_deletions_that_fail_in_the_middle_leave_the_others(
    server: Server, client: i3x.Client, single: None
) -> None:
    made = [client.create_subscription() for _ in range(18)]
    server.fault("status", operation="deleteSubscriptions", skip=1, times=1, status=500)
    gone = client.delete_subscriptions(made)
    assert [item.success for item in gone] == [True] * 10 + [False] * 8
    assert list(gone.errors) == made[10:]
    assert all(error.outcome_unknown for error in gone.errors.values())
    assert [each.subscription_id for each in client.list_subscriptions(made)] == made[10:]


def test_one_subscription_is_not_taken_for_several(client: i3x.Client, server: Server) -> None:
    with pytest.raises(TypeError, match="a list of ids"):
        client.delete_subscriptions("nothing")
    assert client.delete_subscriptions([]) == []
    assert received(server, "deleteSubscriptions") == []


def test_deletions_of_which_none_works_raise(server: Server, client: i3x.Client) -> None:
    server.fault("status", operation="deleteSubscriptions", status=401)
    with pytest.raises(i3x.AuthenticationError) as caught:
        client.delete_subscriptions(["a", "b"])
    assert list(caught.value.result.errors) == ["a", "b"]


def test_a_call_of_which_nothing_works_raises_and_has_the_outcome_of_each(
    server: Server, client: i3x.Client
) -> None:
    server.fault("reset", operation="updateObjectValues")
    with pytest.raises(i3x.ConnectionError, match="carried it out is unknown") as caught:
        client.update_values(VALUES)
    outcome = caught.value.result
    assert [item.error.outcome_unknown for item in outcome] == [True] * 10 + [False] * 50
    assert len(received(server, "updateObjectValues")) == 1


@pytest.mark.parametrize(
    ("status", "error"),
    [(401, i3x.AuthenticationError), (404, i3x.NotFoundError), (501, i3x.NotSupportedError)],
)
def test_what_concerns_the_whole_call_raises_after_one_request(
    server: Server, client: i3x.Client, status: int, error: type[i3x.I3XError]
) -> None:
    server.fault("status", operation="queryLastKnownValues", status=status)
    with pytest.raises(error):
        client.get_values(SENSORS)
    assert len(received(server, "queryLastKnownValues")) == 1


def test_a_server_that_is_not_there_is_asked_once(server: Server, connect: Make) -> None:
    client = connect(server.url, retries=0)
    server.stop()
    with pytest.raises(i3x.ConnectionError, match="can't connect") as caught:
        client.update_values(VALUES)
    assert not any(item.error.outcome_unknown for item in caught.value.result)


def test_a_server_that_is_killed_in_the_middle_of_a_write(
    server: Server, client: i3x.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("i3x.bulk.limits.START", Size(3, 10_000))  # so many that not all are on their way
    server.fault("hang", operation="updateObjectValues", skip=2, seconds=60)

    def kill() -> None:
        while len(received(server, "updateObjectValues")) < 3:
            time.sleep(0.001)
        server.stop()

    killing = threading.Thread(target=kill)
    killing.start()
    written = client.update_values(VALUES)
    killing.join()
    server.start()
    server.clear_faults()
    assert [item.element_id for item in written] == SENSORS
    values = client.get_values(SENSORS)
    for item in written:
        is_written = values[item.element_id or ""].value == 1.5
        if item.error is None:
            assert is_written
        elif not item.error.outcome_unknown:
            assert not is_written
    assert written.errors


def test_a_client_that_is_disconnected_in_the_middle_says_so(server: Server) -> None:
    is_asked, is_disconnected = threading.Event(), threading.Event()

    def hold(document: Any) -> Any:
        is_asked.set()
        is_disconnected.wait(60)
        return document

    server.fault("edit_json", operation="queryLastKnownValues", skip=1, edit_with=hold)
    # Not long: a thread that reads may not be woken by the end of its socket.
    client = i3x.Client(server.url, timeout=2)
    client.connect()

    def disconnect() -> None:
        is_asked.wait(60)
        client.disconnect()
        is_disconnected.set()

    disconnecting = threading.Thread(target=disconnect)
    disconnecting.start()
    values = client.get_values(SENSORS)
    disconnecting.join()
    assert values.errors
    assert all(isinstance(error, i3x.ConnectionError) for error in values.errors.values())


def test_a_bulk_call_that_is_cancelled_leaves_nothing_behind(server: Server) -> None:
    async def main() -> None:
        async with i3x.AsyncClient(server.url) as client:
            server.fault("hang", operation="queryLastKnownValues", skip=1, seconds=30)
            task = asyncio.ensure_future(client.get_values(SENSORS))
            while len(received(server, "queryLastKnownValues")) < 4:  # noqa: ASYNC110  # of another thread
                await anyio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            server.clear_faults()
            assert list(await client.get_values(SENSORS)) == SENSORS

    asyncio.run(main())


async def begun(server: Server) -> None:
    """Return when several requests of a write are on their way, of which the server answers the first alone."""
    while len(received(server, "updateObjectValues")) < 4:  # noqa: ASYNC110  # of another thread
        await anyio.sleep(0.001)


def assert_told(failure: BaseException, server: Server) -> None:
    """Assert that the exception that ended a write tells of each item what became of it."""
    written = vars(failure)["result"]
    assert [item.element_id for item in written] == SENSORS
    assert [item.success for item in written] == [True] * 10 + [False] * 50
    unknown = {each for each, error in written.errors.items() if error.outcome_unknown}
    assert sent(server, "updateObjectValues") <= unknown | set(SENSORS[:10])
    assert unknown == {each for each, error in written.errors.items() if "not sent" not in str(error)}
    assert "what became of each is in `result`" in failure.__notes__[0]


def test_a_write_whose_task_is_cancelled_tells_what_became_of_each_item(server: Server) -> None:
    async def main() -> None:
        async with i3x.AsyncClient(server.url) as client:
            server.fault("hang", operation="updateObjectValues", skip=1, seconds=60)
            task = asyncio.ensure_future(client.update_values(VALUES))
            await begun(server)
            task.cancel()
            with pytest.raises(asyncio.CancelledError) as caught:
                await task
            assert_told(caught.value, server)

    asyncio.run(main())


def test_a_write_that_runs_into_a_timeout_of_asyncio_tells_what_became_of_each_item(server: Server) -> None:
    async def main() -> None:
        async with i3x.AsyncClient(server.url) as client:
            server.fault("hang", operation="updateObjectValues", skip=1, seconds=60)

            async def expire(timeout: asyncio.Timeout) -> None:
                await begun(server)
                timeout.reschedule(0)

            async def write() -> None:
                async with asyncio.timeout(None) as timeout, asyncio.TaskGroup() as tasks:
                    tasks.create_task(expire(timeout))
                    await client.update_values(VALUES)

            with pytest.raises(TimeoutError) as caught:
                await write()
            assert isinstance(caught.value.__cause__, asyncio.CancelledError)
            assert_told(caught.value.__cause__, server)

    asyncio.run(main())


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_a_write_whose_scope_is_cancelled_tells_what_became_of_each_item(
    server: Server, backend: str
) -> None:
    told: list[BaseException] = []

    async def main() -> None:
        async with i3x.AsyncClient(server.url) as client, anyio.create_task_group() as tasks:
            server.fault("hang", operation="updateObjectValues", skip=1, seconds=60)

            async def write() -> None:
                try:
                    await client.update_values(VALUES)
                except anyio.get_cancelled_exc_class() as error:
                    told.append(error)
                    raise

            tasks.start_soon(write)
            await begun(server)
            tasks.cancel_scope.cancel()

    anyio.run(main, backend=backend)
    assert len(told) == 1
    assert_told(told[0], server)


def interrupted(server: Server, call: Callable[[], object]) -> list[threading.Thread]:
    """Interrupt a call, as Ctrl-C does, when two of its requests were received; return what it has left running."""
    main = threading.get_ident()

    def interrupt() -> None:
        while len(received(server, "queryLastKnownValues")) < 2:
            time.sleep(0.001)
        signal.pthread_kill(main, signal.SIGINT)

    interrupting = threading.Thread(target=interrupt)
    interrupting.start()
    with pytest.raises(KeyboardInterrupt) as caught:
        call()
    interrupting.join()
    values = vars(caught.value)["result"]
    assert [*values, *values.errors] == SENSORS
    assert list(values) == SENSORS[:10]
    assert "not sent" not in str(values.errors[SENSORS[10]])
    assert "not sent" in str(values.errors[SENSORS[59]])
    assert not any(error.outcome_unknown for error in values.errors.values())
    return [thread for thread in threading.enumerate() if thread.name == "i3x-bulk" and thread.is_alive()]


def test_a_pause_for_an_overloaded_server_does_not_hold_up_an_interrupt(server: Server) -> None:
    server.fault("status", operation="queryLastKnownValues", skip=1, status=429, retry_after=40)
    with i3x.Client(server.url) as client:
        for thread in interrupted(server, lambda: client.get_values(SENSORS)):
            thread.join(20)
            assert not thread.is_alive()
        first = [request.json["elementIds"][0] for request in received(server, "queryLastKnownValues")]
        assert len(set(first)) == len(first) < 6  # none was sent again, nor all of them


def test_a_request_that_gets_no_answer_does_not_hold_up_an_interrupt(server: Server) -> None:
    server.fault("hang", operation="queryLastKnownValues", skip=1, seconds=40)
    with i3x.Client(server.url) as client:
        left = interrupted(server, lambda: client.get_values(SENSORS))
        assert left
        assert all(thread.daemon for thread in left)
        server.stop()  # now, since a thread that reads is not woken when the client closes its socket
        for thread in left:
            thread.join(20)
            assert not thread.is_alive()


def test_answers_that_were_cut_are_told_with_the_elements_concerned(
    client: i3x.Client, server: Server, single: None
) -> None:
    server.fault("edit_json", operation="queryLastKnownValues", times=1, edit_with=cut)
    values = client.get_values(SENSORS[:20])
    assert list(values) == SENSORS[:20]
    assert values.partial is not None
    assert values.partial.status == 206
    assert f"{SENSORS[0]} to {SENSORS[9]}" in values.partial.detail
    assert SENSORS[10] not in values.partial.detail


def cut(document: dict[str, Any]) -> Answer:
    return encode(document | {"responseDetail": {"status": 206, "detail": "cut at 1 MB"}}, 206)
