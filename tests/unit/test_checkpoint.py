"""The checkpoint file: one holder, whole positions, and nothing started over in silence."""

import io
import os
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from i3x.delivery.checkpoint import FORMAT, Checkpoint, Position
from i3x.errors import SubscriptionError
from tests.conftest import examples
from tests.unit.support import ids, outcome, texts

POSIX_ONLY = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such thing")
PLAIN = Position(
    server_url="https://plant.example/v1",
    client_id="historian-1",
    subscription_id="s-1",
    items={"pump-1": 1, "line/7 süd?": 0},
    acknowledged=41,
    last_synced="2026-01-31T08:00:00.123Z",
)
times = st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat().replace("+00:00", "Z"))
positions = st.builds(
    Position,
    server_url=texts,
    client_id=texts,
    subscription_id=ids,
    items=st.dictionaries(ids, st.integers(0, 2**31), max_size=5),
    acknowledged=st.none() | st.integers(0, 2**64 - 1),
    last_synced=st.just("") | times,
)

HOLD = """
import sys
from i3x.delivery.checkpoint import Checkpoint
with Checkpoint.open(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""
FORK = """
import os, sys, time
from i3x.delivery.checkpoint import Checkpoint
checkpoint = Checkpoint.open(sys.argv[1])
if not os.fork():
    print(os.getpid(), flush=True)  # by now the child is done with what it inherited
time.sleep(60)
"""
# The size changes with the number, so that a mixture of two positions would show.
WRITE = """
import sys
from msgspec.structs import replace
from i3x.delivery.checkpoint import Checkpoint
with Checkpoint.open(sys.argv[1]) as checkpoint:
    start = checkpoint.read()
    number = start.acknowledged
    while True:
        number += 1
        items = {f"element {number} {i}": i for i in range(number * 37 % 400)}
        checkpoint.write(replace(start, acknowledged=number, items=items))
        print(number, flush=True)
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "position.json"


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkpoint]:
    """One checkpoint for all examples of a property: what is asked is not how it is opened."""
    with Checkpoint.open(tmp_path_factory.mktemp("kept") / "position.json") as checkpoint:
        yield checkpoint


@contextmanager
def process(script: str, path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process at work on a checkpoint; it is killed at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", script, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as other:
        try:
            yield other
        finally:
            other.kill()


def line(other: "subprocess.Popen[str]") -> str:
    assert other.stdout
    return other.stdout.readline().strip()


@contextmanager
def fails(pattern: str, path: Path) -> Iterator[None]:
    """Expect an error that says what is wrong and names the file."""
    with pytest.raises(SubscriptionError, match=pattern) as info:
        yield
    assert str(path) in str(info.value)


@contextmanager
def without_privileges() -> Iterator[None]:
    """Give up root's right to pass every permission, for a moment; nothing to do for anyone else."""
    if sys.platform == "win32" or os.geteuid():
        yield
        return
    try:
        os.seteuid(65534)
    except OSError:
        pytest.skip("root passes every permission, and this root may not become another user")
    try:
        yield
    finally:
        os.seteuid(0)


# --- the position ---


def test_nothing_was_kept_at_first_and_then_what_was_written(path: Path) -> None:
    with Checkpoint.open(path) as checkpoint:
        assert checkpoint.read() is None
        checkpoint.write(PLAIN)
        assert checkpoint.read() == PLAIN
    with Checkpoint.open(str(path)) as checkpoint:
        assert checkpoint.read() == PLAIN
        checkpoint.write(msgspec.structs.replace(PLAIN, acknowledged=None))
        checkpoint.write(msgspec.structs.replace(PLAIN, acknowledged=42))
        assert checkpoint.read() == msgspec.structs.replace(PLAIN, acknowledged=42)
    assert {file.name for file in path.parent.iterdir()} == {"position.json", "position.json.lock"}


def test_the_file_speaks_the_standards_names(path: Path) -> None:
    with Checkpoint.open(path) as checkpoint:
        checkpoint.write(PLAIN)
    assert msgspec.json.decode(path.read_bytes()) == {
        "serverUrl": "https://plant.example/v1",
        "clientId": "historian-1",
        "subscriptionId": "s-1",
        "items": {"pump-1": 1, "line/7 süd?": 0},
        "acknowledged": 41,
        "lastSynced": "2026-01-31T08:00:00.123Z",
        "lost": False,
        "version": FORMAT,
    }


@given(position=positions)
def test_every_position_comes_back(position: Position, kept: Checkpoint) -> None:
    kept.write(position)
    assert kept.read() == position


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"acknowledged": -1}, "unsigned 64-bit"),
        ({"acknowledged": 2**64}, "unsigned 64-bit"),
        ({"last_synced": "yesterday"}, "RFC 3339"),
        ({"version": FORMAT + 1}, "version"),
    ],
)
def test_a_position_that_could_not_be_read_back_is_refused(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        msgspec.structs.replace(PLAIN, **change)


def test_text_that_is_no_unicode_leaves_the_old_position(path: Path) -> None:
    with Checkpoint.open(path) as checkpoint:
        checkpoint.write(PLAIN)
        with pytest.raises(ValueError, match="surrogates"):
            checkpoint.write(msgspec.structs.replace(PLAIN, items={"\ud800": 1}))
        assert checkpoint.read() == PLAIN


# --- what is no position ---

WHOLE = msgspec.json.encode(PLAIN)


def changed(**changes: Any) -> bytes:
    return msgspec.json.encode({**msgspec.json.decode(WHOLE), **changes})


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is empty"),
        (b" \n", "it is empty"),
        (WHOLE[:-1], "truncated"),
        (WHOLE + WHOLE, "trailing"),
        (b"\x00" * 300, "malformed"),
        (b"[]", "array"),
        (b"{}", "version"),
        (b"null", "null"),
        (WHOLE.replace(b"pump-1", b"pump-\xff"), "utf-8"),
        (b'{"version": 1, "more": ' + b"[" * 100_000, "recursion"),
        (b'{"version": ' + b"9" * 5000 + b"}", "out of range"),
        (changed(version=0), "version"),
        (changed(version="1"), "str"),
        (changed(items=["pump-1"]), "items"),
        (changed(items={"pump-1": "1"}), "items"),
        (changed(acknowledged=-1), "acknowledged"),
        (changed(acknowledged=2**64), "acknowledged"),
        (changed(acknowledged=True), "acknowledged"),
        (changed(lastSynced="yesterday"), "last_synced"),
        (changed(subscriptionId=None), "subscriptionId"),
    ],
)
def test_anything_else_is_never_started_over(path: Path, content: bytes, said: str) -> None:
    path.write_bytes(content)
    with Checkpoint.open(path) as checkpoint, fails(f"(?s)(?i){said}.*move it away", path):
        checkpoint.read()
    assert path.read_bytes() == content


def test_a_newer_format_asks_for_a_newer_client(path: Path) -> None:
    path.write_bytes(b'{"version": 2, "items": "in another file"}')
    with Checkpoint.open(path) as checkpoint, fails("format 2 .* upgrade .* move the file away", path):
        checkpoint.read()


@examples(2)
@given(
    content=st.binary(max_size=60)
    | st.integers(0, len(WHOLE)).map(lambda length: WHOLE[:length])
    | st.tuples(st.integers(0, len(WHOLE)), st.integers(0, len(WHOLE)), st.binary(max_size=3)).map(
        lambda cut: WHOLE[: cut[0]] + cut[2] + WHOLE[cut[1] :]
    )
)
@example(content=WHOLE)
def test_any_bytes_are_a_position_or_an_error(content: bytes, kept: Checkpoint) -> None:
    kept.path.write_bytes(content)
    found = outcome(kept.read)
    assert isinstance(found, (Position, SubscriptionError)), repr(found)
    if isinstance(found, Position):
        kept.write(found)
        assert kept.read() == found


# --- one holder ---


def test_a_second_holder_is_refused(path: Path) -> None:
    with Checkpoint.open(path) as checkpoint:
        checkpoint.write(PLAIN)  # the lock outlives the file that it guards
        with fails("another consumer holds .* stop it, or give each consumer a file of its own", path):
            Checkpoint.open(path)
        found: list[Any] = []
        thread = threading.Thread(target=lambda: found.append(outcome(Checkpoint.open, path)))
        thread.start()
        thread.join()
        assert isinstance(found[0], SubscriptionError)
    Checkpoint.open(path).close()


def test_another_process_holds_it_until_it_ends(path: Path) -> None:
    with process(HOLD, path) as other:
        assert line(other) == "held"
        with fails("another consumer", path):
            Checkpoint.open(path)
        other.communicate()
        assert other.returncode == 0
    Checkpoint.open(path).close()


def test_another_process_is_kept_out(path: Path) -> None:
    with Checkpoint.open(path), process(HOLD, path) as other:
        assert line(other) == ""
        assert other.wait() == 1


@POSIX_ONLY
def test_a_forked_worker_does_not_keep_the_lock_of_its_killed_parent(path: Path) -> None:
    with process(FORK, path) as other:
        child = int(line(other))
        try:
            with fails("another consumer", path):  # nor does it take it from a living one
                Checkpoint.open(path)
            other.kill()
            other.wait()
            Checkpoint.open(path).close()
        finally:
            os.kill(child, 9)


@POSIX_ONLY
def test_one_file_under_two_names_has_one_lock(path: Path, tmp_path: Path) -> None:
    link = tmp_path / "elsewhere.json"
    link.symlink_to(path)
    with Checkpoint.open(link) as checkpoint:
        assert checkpoint.path == path
        with fails("another consumer", path):
            Checkpoint.open(path)
        checkpoint.write(PLAIN)
    assert link.is_symlink()
    assert path.is_file()


@POSIX_ONLY
def test_a_removed_lock_file_is_made_anew(path: Path) -> None:
    lock = path.with_name("position.json.lock")
    with Checkpoint.open(path) as checkpoint:
        lock.unlink()
        checkpoint.write(PLAIN)
        with fails("another consumer", path):
            Checkpoint.open(path)


@POSIX_ONLY
def test_whoever_lost_the_lock_writes_nothing(path: Path) -> None:
    with Checkpoint.open(path) as first:
        path.with_name("position.json.lock").unlink()
        with Checkpoint.open(path) as second:
            second.write(PLAIN)
            with fails("another consumer", path):
                first.write(msgspec.structs.replace(PLAIN, acknowledged=1))
            with fails("another consumer", path):
                first.delete()
            assert second.read() == PLAIN


@POSIX_ONLY
def test_a_lock_file_that_another_user_left_still_locks(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Checkpoint.open(path).close()
    file_io = io.FileIO

    def refuses_writers(name: Path, mode: str) -> io.FileIO:
        if mode == "a":
            raise PermissionError(13, "Permission denied", str(name))
        return file_io(name, mode)

    monkeypatch.setattr(io, "FileIO", refuses_writers)  # as the file's mode would, but for root too
    with Checkpoint.open(path), fails("another consumer", path):
        Checkpoint.open(path)


# --- kill -9, and a disk that fails ---


def test_a_killed_writer_leaves_a_position_that_it_wrote(path: Path) -> None:
    with Checkpoint.open(path) as checkpoint:
        checkpoint.write(msgspec.structs.replace(PLAIN, acknowledged=0, items={}))
    for seconds in (0.0, 0.001, 0.005, 0.015, 0.03):
        with process(WRITE, path) as other:
            first = int(line(other))
            time.sleep(seconds)  # killed soon, or later
            other.kill()
            rest, _nothing = other.communicate()
        announced = max([first, *map(int, rest.split("\n")[:-1])])
        with Checkpoint.open(path) as checkpoint:
            position = checkpoint.read()
        assert position
        number = position.acknowledged
        assert number in (announced, announced + 1)  # killed between the rename and the announcement
        assert position.items == {f"element {number} {i}": i for i in range(number * 37 % 400)}


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_write_that_fails_half_way_leaves_the_old_position(
    path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def full(*_: Any) -> None:
        raise OSError(28, "No space left on device")

    with Checkpoint.open(path) as checkpoint:
        checkpoint.write(PLAIN)
        with monkeypatch.context() as patch:
            patch.setattr(os if step == "fsync" else Path, step, full)
            with fails("No space left", path):
                checkpoint.write(msgspec.structs.replace(PLAIN, acknowledged=42))
        assert checkpoint.read() == PLAIN
        assert not path.with_name("position.json.tmp").exists()
        checkpoint.write(msgspec.structs.replace(PLAIN, acknowledged=42))


def test_what_a_killed_writer_left_is_in_nobodys_way(path: Path) -> None:
    temporary = path.with_name("position.json.tmp")
    temporary.write_bytes(b'{"serv')
    with Checkpoint.open(path) as checkpoint:
        assert not temporary.exists()
        temporary.write_bytes(b'{"serv')
        checkpoint.write(PLAIN)
        assert checkpoint.read() == PLAIN


@POSIX_ONLY
def test_a_write_flushes_the_file_and_the_directory_once(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    flushed: list[str] = []
    fsync = os.fsync

    def counted(descriptor: int) -> None:
        flushed.append("directory" if stat.S_ISDIR(os.fstat(descriptor).st_mode) else "file")
        fsync(descriptor)

    with Checkpoint.open(path) as checkpoint:
        monkeypatch.setattr(os, "fsync", counted)
        checkpoint.write(PLAIN)
    assert flushed == ["file", "directory"]


@POSIX_ONLY
def test_a_file_system_that_can_not_flush_directories_is_good_enough(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(descriptor: int) -> None:
        raise OSError(22, "Invalid argument")

    with Checkpoint.open(path) as checkpoint:
        monkeypatch.setattr(os, "fsync", refused)
        checkpoint.delete()


# --- places where nothing can be kept ---


def test_no_directory(tmp_path: Path) -> None:
    path = tmp_path / "none" / "position.json"
    with fails("there is no directory .*none; create it first", path):
        Checkpoint.open(path)


def test_a_file_where_the_directory_should_be(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    path = tmp_path / "file" / "position.json"
    with fails("there is no directory", path):
        Checkpoint.open(path)


def test_a_directory_where_the_file_should_be(tmp_path: Path) -> None:
    with fails("a directory or a device", tmp_path):
        Checkpoint.open(tmp_path)
    assert not tmp_path.with_name(tmp_path.name + ".lock").exists()


@POSIX_ONLY
def test_a_pipe_is_not_waited_for(path: Path) -> None:
    os.mkfifo(path)
    with fails("a directory or a device", path):
        Checkpoint.open(path)


def test_a_name_too_long(tmp_path: Path) -> None:
    path = tmp_path / ("n" * 300)
    with fails("can't open", path):
        Checkpoint.open(path)


@POSIX_ONLY
def test_no_permission(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir(mode=0o500)
    path = place / "position.json"
    with without_privileges(), fails("Permission denied", path):
        Checkpoint.open(path)


@POSIX_ONLY
def test_a_place_without_room_for_the_next_position_is_found_at_once(path: Path) -> None:
    """The lock file is there and can be opened, but nothing new can be made beside it."""
    Checkpoint.open(path).close()
    path.with_name("position.json.tmp").mkdir()
    with fails("can't open", path):
        Checkpoint.open(path)
    path.with_name("position.json.tmp").rmdir()
    Checkpoint.open(path).close()  # the refused one does not hold the lock


def test_a_directory_that_goes_away(tmp_path: Path) -> None:
    place = tmp_path / "place"
    place.mkdir()
    path = place / "position.json"
    with Checkpoint.open(path) as checkpoint:
        checkpoint.write(PLAIN)
        place.rename(tmp_path / "moved")
        with fails("can't write", path):
            checkpoint.write(PLAIN)


@pytest.mark.parametrize("path", ["", "a\0b"])
def test_no_path(path: str) -> None:
    with pytest.raises(ValueError, match="must be the path of a file"):
        Checkpoint.open(path)


@pytest.mark.parametrize("path", [None, 3, True, b"position.json"])
def test_no_text(path: Any) -> None:
    with pytest.raises(TypeError):
        Checkpoint.open(path)


# --- the end ---


def test_deleted_and_opened_again(path: Path) -> None:
    with Checkpoint.open(path) as checkpoint:
        checkpoint.delete()  # nothing there yet
        checkpoint.write(PLAIN)
        checkpoint.delete()
        assert checkpoint.read() is None
        with fails("another consumer", path):
            Checkpoint.open(path)
        checkpoint.write(PLAIN)
        checkpoint.delete()
    with Checkpoint.open(path) as checkpoint:
        assert checkpoint.read() is None


def test_closed_is_closed(path: Path) -> None:
    checkpoint = Checkpoint.open(path)
    assert not checkpoint.closed
    checkpoint.close()
    checkpoint.close()
    assert checkpoint.closed
    for use in (checkpoint.read, checkpoint.delete, lambda: checkpoint.write(PLAIN)):
        with pytest.raises(ValueError, match="is closed"):
            use()
    assert not path.exists()
