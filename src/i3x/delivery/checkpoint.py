"""The checkpoint file: where a consumer got to, kept so that the next process can go on from there.

Two files. The position itself is replaced as a whole, so a process that is killed leaves the old one or the new
one. The lock is a sibling, ``<path>.lock``: a lock on the position would be on a file that the next write
replaces. The lock file is empty and stays behind; only a living process's lock on it means anything.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import sys
import weakref
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, Self

import msgspec

from i3x import file_locks
from i3x.errors import InvalidServerResponseError, SubscriptionError
from i3x.models import to_datetime

FORMAT = 1
"""The version of the file's format; it grows when an older client would misread the file."""

_MAX_SEQUENCE_NUMBER = 2**64 - 1


class Position(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Where a consumer got to, and what it takes to go on.

    ``items`` maps each monitored element id to its maxDepth. ``acknowledged`` is the last sequence number that
    was acknowledged, None before the first. ``last_synced`` is the RFC 3339 time of the server's last answer,
    where a gap would begin; empty if there was none. ``lost`` says that the server has dropped updates since
    then, which were not accounted for yet. The file is as readable as any other that the process writes, so
    there are no credentials in it.
    """

    server_url: str
    client_id: str
    subscription_id: str
    items: dict[str, int]
    acknowledged: int | None
    last_synced: str
    lost: bool = False
    version: int = FORMAT

    def __post_init__(self) -> None:
        # Here and not in the types: what can't be read back must not be written either.
        if self.version != FORMAT:
            raise ValueError(f"the version of the format must be {FORMAT}, not {self.version}")
        if self.acknowledged is not None and not 0 <= self.acknowledged <= _MAX_SEQUENCE_NUMBER:
            raise ValueError(f"acknowledged must be an unsigned 64-bit integer, not {self.acknowledged}")
        try:
            to_datetime(self.last_synced)
        except InvalidServerResponseError as error:
            raise ValueError(
                f"last_synced must be RFC 3339 text or empty, not {self.last_synced!r}"
            ) from error


class _Format(msgspec.Struct):
    """The one field that every version of the format has."""

    version: int


class Checkpoint:
    """A checkpoint file that this object alone may use, from :meth:`open` to :meth:`close`.

    It is a context manager. Its methods block, for as long as the disk takes; one call at a time.

    What fails raises :class:`~i3x.SubscriptionError` with the file's name, and leaves the old or the new
    position in the file. Using it once it is closed is a ``ValueError``. A forked child has it closed.
    """

    def __init__(self, path: Path, lock: io.FileIO) -> None:
        self._path = path
        self._temporary = _beside(path, ".tmp")  # a fixed name: what a killed process left is used again
        self._hold(lock)
        _open_here.add(self)

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Self:
        """Lock the checkpoint at ``path`` and find out whether it can be written; it need not exist yet.

        Symbolic links are followed, so that one position has one lock. Raises
        :class:`~i3x.SubscriptionError` if another consumer holds it, in this process or another, or if no file
        can be kept there; ``TypeError`` or ``ValueError`` if ``path`` is no path.
        """
        real = _real(path)
        with _explained("open", real):
            _check_place(real)
            checkpoint = cls(real, _locked(real))
            try:
                # Whatever would stop the first write stops us now, before the server has made a subscription.
                checkpoint._fresh_temporary().close()
                checkpoint._temporary.unlink()
                file_locks.flush_directory(real.parent)
            except BaseException:
                checkpoint.close()
                raise
        return checkpoint

    @property
    def path(self) -> Path:
        """The file that holds the position, as an absolute path without links."""
        return self._path

    @property
    def closed(self) -> bool:
        """Whether the lock was given back."""
        return self._lock.closed

    def read(self) -> Position | None:
        """Return the position in the file, None if there is no file.

        A file that holds anything else is an error, an empty one too: to take it for a new one would be to
        lose, silently, everything since the last acknowledged batch.
        """
        self._check_open()
        with _explained("read", self._path):
            try:
                content = self._path.read_bytes()
            except FileNotFoundError:
                return None
        return _parsed(content, self._path)

    def write(self, position: Position) -> None:
        """Put ``position`` in the file, in one step and to the disk.

        Raises ``ValueError`` for text that is no Unicode (a lone surrogate).
        """
        self._check_open()
        content = msgspec.json.encode(position) + b"\n"
        with _explained("write", self._path):
            self._check_lock()
            try:
                with self._fresh_temporary() as file:
                    file.write(content)
                    file.flush()
                    os.fsync(file.fileno())  # before the rename, or a power cut could leave an empty file
                self._temporary.replace(self._path)
            except BaseException:
                with contextlib.suppress(OSError):
                    self._temporary.unlink()
                raise
            file_locks.flush_directory(self._path.parent)

    def delete(self) -> None:
        """Remove the position, if there is one; the lock is kept until :meth:`close`."""
        self._check_open()
        with _explained("delete", self._path):
            self._check_lock()
            self._path.unlink(missing_ok=True)
            file_locks.flush_directory(self._path.parent)

    def close(self) -> None:
        """Give the lock back; what is in the file stays. Closing twice is harmless."""
        if not self._lock.closed:
            with contextlib.suppress(OSError):  # closing it gives it back as well
                file_locks.unlock(self._lock)
            self._lock.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _check_open(self) -> None:
        if self._lock.closed:
            raise ValueError(f"the checkpoint {self._path} is closed")

    def _check_lock(self) -> None:
        """Lock again if someone tidied the lock file away: by then another consumer can hold a new one."""
        if os.fstat(self._lock.fileno()).st_nlink == 0:
            lock = _locked(self._path)
            self._lock.close()
            self._hold(lock)

    def _hold(self, lock: io.FileIO) -> None:
        self._lock = lock
        # Whoever leaves a loop with ``break`` drops the last reference; the lock must not live on for that.
        weakref.finalize(self, lock.close).atexit = False

    def _fresh_temporary(self) -> BinaryIO:
        # Exclusive creation never follows a link that someone else put there.
        try:
            return self._temporary.open("xb")
        except FileExistsError:
            self._temporary.unlink()
            return self._temporary.open("xb")


_open_here: weakref.WeakSet[Checkpoint] = weakref.WeakSet()


def _close_in_child() -> None:
    """Close, without unlocking, what a forked child inherits.

    Parent and child share the one lock. A worker that outlives its killed parent must not keep it, and an
    unlock in the child would take it from the parent.
    """
    for checkpoint in list(_open_here):
        checkpoint._lock.close()  # noqa: SLF001  # this module's own


if sys.platform != "win32":
    os.register_at_fork(after_in_child=_close_in_child)


def _beside(path: Path, suffix: str) -> Path:
    return path.with_name(path.name + suffix)


def _real(path: str | os.PathLike[str]) -> Path:
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(f"checkpoint must be a path as text, not {type(text).__name__}: {text!r}")
    if not text or "\0" in text:
        raise ValueError(f"checkpoint must be the path of a file, not {text!r}")
    return Path(os.path.realpath(text))


def _check_place(path: Path) -> None:
    if not path.parent.is_dir():
        raise SubscriptionError(
            f"can't keep the checkpoint {path}: there is no directory {path.parent}; create it first"
        )
    with contextlib.suppress(FileNotFoundError):
        if not stat.S_ISREG(path.stat().st_mode):
            raise SubscriptionError(
                f"can't keep the checkpoint {path}: it is a directory or a device; name a file, new or old"
            )


def _locked(path: Path) -> io.FileIO:
    """Return the lock file of ``path``, locked."""
    file = _lock_file(_beside(path, ".lock"))
    try:
        file_locks.lock(file)
    except BlockingIOError as error:
        file.close()
        raise SubscriptionError(
            f"another consumer holds the checkpoint {path}; stop it, or give each consumer a file of its own "
            "(removing the lock file does not help: the lock is the living process's)"
        ) from error
    except BaseException:
        file.close()
        raise
    return file


def _lock_file(path: Path) -> io.FileIO:
    try:
        return io.FileIO(path, "a")
    except PermissionError:
        # What another user left behind (a first try as root) can be locked without being written.
        if not path.exists():
            raise
        return io.FileIO(path, "r")


def _parsed(content: bytes, path: Path) -> Position:
    try:
        version = msgspec.json.decode(content, type=_Format).version
        if version > FORMAT:
            raise SubscriptionError(
                f"the checkpoint {path} has format {version} and this client reads {FORMAT}: "
                "upgrade i3x-client, or move the file away to start over"
            )
        return msgspec.json.decode(content, type=Position)
    # ValueError is what invalid UTF-8 in a name raises.
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        reason = str(error) if content.strip() else "it is empty"
        raise SubscriptionError(
            f"the checkpoint {path} does not hold a position ({reason}): restore it, or move it away to start "
            "over; updates since its last batch may then be missed"
        ) from error


@contextlib.contextmanager
def _explained(action: str, path: Path) -> Iterator[None]:
    """Raise what the operating system refuses as an error that says which file is meant."""
    try:
        yield
    except OSError as error:
        raise SubscriptionError(
            f"can't {action} the checkpoint {path}: {error}; it takes a directory in which this user may list, "
            "create and replace files, on a file system with locks and with room left"
        ) from error
