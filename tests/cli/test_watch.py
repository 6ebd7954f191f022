"""`watch`: changes as they come."""

import threading
import time

import pytest

from i3x.testing import Server

from .running import Runner


@pytest.fixture
def moving() -> object:
    with Server(tick=0.05) as server:
        yield server


def test_watch_ends_after_so_many_changes(bare: Runner, moving: Server) -> None:
    run = bare("watch", "pump-101-flow", "Pump Station/Pump 101", "-n", "4", "--url", moving.url)

    assert (run.status, run.err) == (0, "")
    assert len(run.records) == 4
    assert {record["elementId"] for record in run.records} == {"pump-101-flow", "pump-101"}
    assert moving.requests[-1].operation == "deleteSubscriptions"


def test_watch_ends_after_a_time(i3x: Runner, server: Server) -> None:
    run = i3x("watch", "sensor-001", "--for", "200ms")

    assert (run.status, run.out, run.err) == (0, "", "")
    assert server.requests[-1].operation == "deleteSubscriptions"


@pytest.mark.parametrize("form", ["jsonl", "json", "csv", "table"])
def test_watch_shows_values_in_each_form(i3x: Runner, server: Server, form: str) -> None:
    run = i3x("watch", "sensor-001", "-n", "1", "--initial", "-o", form)

    assert (run.status, run.err) == (0, "")
    assert "sensor-001" in run.out
    assert server.requests[-1].operation == "deleteSubscriptions"


def test_a_table_in_a_pipe_is_whole_lines(i3x: Runner) -> None:
    run = i3x("watch", "sensor-001", "sensor-002", "-n", "2", "--initial", "-o", "table")

    assert [line.split()[0] for line in run.out.splitlines()] == ["ID", "sensor-001", "sensor-002"]
    assert run.out.endswith("\n")
    assert not run.out.endswith("\n\n")


def test_watch_takes_components(bare: Runner, moving: Server) -> None:
    run = bare("watch", "pump-101", "--depth", "0", "-n", "30", "--url", moving.url)

    assert {record["elementId"] for record in run.records} > {"pump-101", "pump-101-flow", "pump-101-winding"}


def test_watch_polls_a_server_without_streams(bare: Runner) -> None:
    with Server(tick=0.05, stream=False) as server:
        run = bare("watch", "pump-101-flow", "-n", "2", "--url", server.url)

    assert (run.status, len(run.records)) == (0, 2)


def test_watch_tells_once_of_an_element_that_cannot_be_watched(bare: Runner, moving: Server) -> None:
    run = bare("watch", "no-such-element", "pump-101-flow", "-n", "1", "--url", moving.url)

    assert (run.status, len(run.records)) == (1, 1)
    assert "no-such-element" in run.complaint


def test_watch_of_nothing_that_exists_is_refused(i3x: Runner) -> None:
    run = i3x("watch", "no-such-element", "--for", "2s")

    assert run.status == 1
    assert "no-such-element" in run.err


def test_watch_tells_of_a_subscription_that_stays_on_the_server(i3x: Runner, server: Server) -> None:
    server.fault("status", operation="deleteSubscriptions", status=403)
    run = i3x("watch", "sensor-001", "--initial", "-n", "1")

    assert (run.status, len(run.records)) == (0, 1)
    assert run.complaint.startswith("i3x: subscription ")
    assert "may still be on the server" in run.complaint


@pytest.mark.parametrize(("operation", "status"), [("syncSubscription", 500), ("streamSubscription", 401)])
def test_watch_that_is_refused_to_its_end_fails(bare: Runner, operation: str, status: int) -> None:
    with Server(tick=None, stream=operation == "streamSubscription") as server:
        server.fault("status", operation=operation, status=status)
        run = bare("watch", "sensor-001", "--for", "2s", "--url", server.url)

    interrupted, last = run.err.splitlines()
    assert run.status == 1
    assert "interrupted" in interrupted
    assert operation in last


def test_watch_whose_server_goes_away_for_good_ends_with_3(bare: Runner) -> None:
    with Server(tick=None, stream=False) as server:

        def go() -> None:
            while "syncSubscription" not in [request.operation for request in server.requests]:
                time.sleep(0.01)
            server.stop()

        going = threading.Thread(target=go)
        going.start()
        run = bare("watch", "sensor-001", "--for", "4s", "--url", server.url)
        going.join()

    assert run.status == 3


def test_watch_goes_on_after_a_restart_and_tells_of_the_gap(bare: Runner, moving: Server) -> None:
    def restart() -> None:
        while "streamSubscription" not in [request.operation for request in moving.requests]:
            time.sleep(0.01)
        time.sleep(0.2)
        moving.restart()

    restarting = threading.Thread(target=restart)
    restarting.start()
    run = bare("watch", "pump-101-flow", "-n", "30", "-v", "--url", moving.url)
    restarting.join()

    assert (run.status, len(run.records)) == (0, 30)
    assert "gap in " in run.err
    assert all(line.startswith("i3x: ") for line in run.err.splitlines())


@pytest.mark.parametrize("arguments", [["-n", "0"], ["--for", "0"], ["--for", "soon"], ["--depth", "-1"]])
def test_limits_that_are_none_are_wrong_usage(i3x: Runner, arguments: list[str]) -> None:
    assert i3x("watch", "sensor-001", *arguments).status == 2
