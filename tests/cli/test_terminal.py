"""On a terminal: tables, colour and bars; and nothing that a server sends can steer it."""

import contextlib
import subprocess
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from i3x.testing import Server

from .running import PATIENCE, on_terminal

HOSTILE = "\x1b[2J\x1b]0;owned\x07evil\x9b31m\u202e"
SHOWN = r"\x1b[2J\x1b]0;owned\x07evil\x9b31m\u202e"


@pytest.fixture
def hostile(server: Server) -> Server:
    server.add_object("bad-1", HOSTILE, "type-mode", parent_id="station-1", value=HOSTILE)
    return server


@contextlib.contextmanager
def held(server: Server, operation: str) -> Iterator[threading.Event]:
    """Keep the answers to an operation back until the event is set."""
    go_on = threading.Event()

    def hold(document: Any) -> Any:
        go_on.wait(PATIENCE)
        return document

    with server.fault("edit_json", operation=operation, edit_with=hold):
        yield go_on


@pytest.mark.parametrize(
    "arguments",
    [("tree",), ("ls", "-r"), ("get", "bad-1"), ("ls", "-r", "-o", "csv"), ("get", "bad-1", "-o", "csv")],
)
def test_what_a_server_sends_cannot_steer_the_terminal(hostile: Server, arguments: tuple[str, ...]) -> None:
    with on_terminal(hostile.url, *arguments, columns=200) as terminal:
        assert terminal.ended() == 0

    assert SHOWN in terminal.text
    for sequence in ("\x1b[2J", "\x1b]", "\x07", "\x9b", "\u202e"):
        assert sequence not in terminal.text


def test_json_on_a_terminal_is_escaped_too(hostile: Server) -> None:
    with on_terminal(hostile.url, "get", "bad-1", "-o", "jsonl", columns=300) as terminal:
        assert terminal.ended() == 0

    assert r'"value":"\u001b[2J\u001b]0;owned\u0007evil\u009b31m\u202e"' in terminal.text
    assert "\x1b" not in terminal.text


def test_a_terminal_gets_tables_with_colour(server: Server) -> None:
    with on_terminal(server.url, "ls") as terminal:
        assert terminal.ended() == 0

    assert "\x1b[1mNAME" in terminal.text
    assert "Pump Station  station-1  type-station" in terminal.text


def test_no_color_is_heeded(server: Server) -> None:
    with on_terminal(server.url, "doctor", env={"NO_COLOR": "1"}) as terminal:
        assert terminal.ended() == 0

    assert "✓ " in terminal.text
    assert "\x1b[3" not in terminal.text


def test_a_live_table_shows_the_latest_value_of_each_element(server: Server) -> None:
    with on_terminal(
        server.url, "watch", "sensor-001", "Pump Station/Inlet Pressure", "--initial"
    ) as terminal:
        terminal.read_until("sensor-002")
        server.set_value("sensor-001", 41.25)
        terminal.read_until("41.25")
        terminal.interrupt()
        assert terminal.ended() == 0

    assert "CHANGES" in terminal.text
    assert "\x1b[?25h" in terminal.text, "the cursor is there again"
    assert "Traceback" not in terminal.text
    assert server.requests[-1].operation == "deleteSubscriptions"


def test_a_bar_is_shown_once_a_second_has_passed_and_taken_back(server: Server) -> None:
    with held(server, "getObjects") as go_on, on_terminal(server.url, "ls") as terminal:
        terminal.read_until("reading the address space")
        go_on.set()
        terminal.read_until("station-1")
        assert terminal.ended() == 0

    assert terminal.text.index("reading the address space") < terminal.text.index("station-1")
    assert "\x1b[?25h" in terminal.text


def test_a_bar_is_shown_while_the_doctor_looks(server: Server) -> None:
    with (
        held(server, "getNamespaces") as go_on,
        on_terminal(server.url, "doctor") as terminal,
    ):
        terminal.read_until("examining")
        go_on.set()
        assert terminal.ended() == 0

    before, bar, after = terminal.text.partition("examining")
    assert "clock" in before
    assert bar
    assert "credentials" in after


@pytest.fixture
def slow() -> Iterator[Server]:
    """A server that takes well over a second for the history of an element."""
    with Server(tick=None, max_history_rows=7) as server:
        server.set_history("sensor-001", [(n, "Good", f"2026-01-01T00:00:{n:02d}Z") for n in range(60)])
        server.fault("hang", operation="queryHistoricalValues", seconds=0.15)
        yield server


HISTORY = ("history", "sensor-001", "--start", "2026-01-01T00:00:00Z", "--end", "2026-01-01T00:01:00Z")


def test_a_bar_leaves_the_output_where_it_was_sent(slow: Server) -> None:
    with (
        held(slow, "queryHistoricalValues") as go_on,
        on_terminal(slow.url, *HISTORY, stdout=subprocess.PIPE) as terminal,
    ):
        terminal.read_until("reading history")
        go_on.set()
        assert len(terminal.piped().splitlines()) == 60
        assert terminal.ended() == 0

    assert "reading history" in terminal.text
    assert "points" in terminal.text
    assert "sensor-001" not in terminal.text


def test_a_bar_does_not_stand_in_the_middle_of_output(slow: Server) -> None:
    with on_terminal(slow.url, *HISTORY, "-o", "jsonl") as terminal:
        assert terminal.ended() == 0

    assert terminal.text.count('"sensor-001"') == 60
    assert "\x1b" not in terminal.text


def test_a_table_waits_for_the_end_of_its_bar(slow: Server) -> None:
    with held(slow, "queryHistoricalValues") as go_on, on_terminal(slow.url, *HISTORY) as terminal:
        terminal.read_until("reading history")
        go_on.set()
        assert terminal.ended() == 0

    bar, _, table = terminal.text.rpartition("reading history")
    assert bar
    assert table.count("sensor-001") == 60


def test_a_person_is_told_that_a_value_was_written(server: Server) -> None:
    with on_terminal(server.url, "set", "sensor-001", "5") as terminal:
        assert terminal.ended() == 0

    assert "written" in terminal.text
    assert "{" not in terminal.text


def test_a_person_sees_the_tests_of_a_server(server: Server) -> None:
    with on_terminal(server.url, "conformance", "--no-writes", "--quiet") as terminal:
        terminal.read_until(" pass, ")
        assert terminal.ended() in (0, 1)

    assert '"verdict"' not in terminal.text


def test_complaints_stand_above_a_live_table(server: Server) -> None:
    with on_terminal(server.url, "watch", "sensor-001", "no-such-element", "--initial") as terminal:
        terminal.read_until("no-such-element")
        terminal.read_until("CHANGES")
        terminal.interrupt()
        assert terminal.ended() == 0
