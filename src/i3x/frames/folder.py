"""What an export has on the disk while it is made, so that the next process goes on where one was stopped.

Beside the file that is to be made stands a folder, ``<path>.partial``, with the *job* (what is exported), the
*plan* (the columns) and the *parts*. A part holds all points of a stretch of time, and says itself where the
stretch ends. It appears under its name in one step, when all of it is on the disk: a process that is killed at any
moment leaves whole parts, and no part is ever changed.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Self

import msgspec
import pyarrow as pa
from pyarrow import ipc

from i3x import file_locks
from i3x.frames.plan import Plan
from i3x.frames.report import Report

FORMAT = 1
"""The version of the folder's format; it grows when an older client would misread it."""

_JOB, _PLAN, _LOCK = "job.json", "plan.json", "lock"
_UNTIL = b"i3x-until"
_OPTIONS = ipc.IpcWriteOptions(compression="lz4")


class Job(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What is exported. ``asked_start`` and ``asked_end`` are what the caller passed, before "now" was settled."""

    server_url: str
    element_ids: list[str]
    max_depth: int
    asked_start: str
    asked_end: str
    start_time: str
    end_time: str
    version: int = FORMAT

    def check_same(self, other: Job, folder: Path) -> None:
        """Raise ``ValueError`` if the other job would export something else."""
        different = [told for name, told in _TOLD.items() if getattr(self, name) != getattr(other, name)]
        if different:
            raise ValueError(
                f"{folder} holds an export that was interrupted, and differs in {', '.join(different)}: call with "
                "the same arguments to go on with it, or with resume=False to begin anew"
            )


_TOLD = {
    "server_url": "the server",
    "element_ids": "element_ids",
    "max_depth": "max_depth",
    "asked_start": "start_time",
    "asked_end": "end_time",
    "version": "the version of i3x-client",
}
"""What makes a job another one, in the caller's words."""


class Folder:
    """The folder of one export, which is this process's alone from :meth:`open` to :meth:`close`.

    Its methods block for as long as the disk takes, and raise ``OSError`` for what it refuses.
    """

    def __init__(self, path: Path, lock: io.FileIO, job: Job) -> None:
        self.path = path
        self.job = job
        self.plan = _read(path / _PLAN, Plan)
        self.until = job.start_time
        self.rows = 0
        self.is_begun = False
        self._lock = lock
        self._parts: list[Path] = []
        for part in sorted(path.glob("part-*.arrow")):
            with _reader(part) as reader:
                rows = sum(reader.get_batch(index).num_rows for index in range(reader.num_record_batches))
                self._note(part, rows, _metadata(reader)[_UNTIL].decode())

    @classmethod
    def open(cls, path: Path, job: Job, *, resume: bool) -> Self:
        """Make the folder for a job, or open the one that an earlier process left; its job is the one that counts.

        Raises ``ValueError`` if another job was interrupted, and ``BlockingIOError`` if a process is at it.
        """
        path.mkdir(exist_ok=True)
        lock = _locked(path)
        try:
            begun = _read(path / _JOB, Job) if resume else None
            if begun is None:
                _clear(path)
                _write(path / _JOB, msgspec.json.encode(job))
            else:
                begun.check_same(job, path)
            for left in path.glob("*.tmp"):  # what a killed process was about to write
                left.unlink()
            return cls(path, lock, begun or job)
        except BaseException:
            lock.close()
            raise

    def settle(self, plan: Plan) -> None:
        """Keep the plan, which all parts follow."""
        _write(self.path / _PLAN, msgspec.json.encode(plan))
        self.plan = plan

    def add(self, table: pa.Table, until: str, report: Report) -> None:
        """Keep the points from the end of the last part to ``until`` as one part, with what is to be said of them."""
        part = self.path / f"part-{len(self._parts) + 1:06d}.arrow"
        metadata = {**report.metadata, _UNTIL: until.encode()}
        with _replacing(part) as temporary:
            schema = table.schema.with_metadata(metadata)
            with ipc.new_file(str(temporary), schema, options=_OPTIONS) as writer:
                writer.write_table(table)
        self._note(part, table.num_rows, until)

    def _note(self, part: Path, rows: int, until: str) -> None:
        self._parts.append(part)
        self.rows += rows
        self.until = until
        self.is_begun = True

    def tables(self) -> Iterator[pa.Table]:
        """Yield the parts, one after the other."""
        for part in self._parts:
            with _reader(part) as reader:
                yield reader.read_all()

    def reports(self) -> Iterator[tuple[Report, str]]:
        """Yield what is to be said of each part, and the time at which it ends."""
        for part in self._parts:
            with _reader(part) as reader:
                metadata = _metadata(reader)
                yield Report.of_metadata(metadata), metadata[_UNTIL].decode()

    def replace(self, target: Path, finished: Path) -> None:
        """Give the finished file its name, and remove what it was made of."""
        _flush(finished)
        finished.replace(target)
        file_locks.flush_directory(target.parent)
        _clear(self.path)
        with contextlib.suppress(OSError):  # Windows removes nothing that is open
            (self.path / _LOCK).unlink()
        self.close()
        with contextlib.suppress(OSError):  # another process has begun the next export
            (self.path / _LOCK).unlink(missing_ok=True)
            self.path.rmdir()

    def close(self) -> None:
        """Let other processes at the folder; what is in it stays."""
        self._lock.close()


@contextlib.contextmanager
def _replacing(path: Path) -> Iterator[Path]:
    """Give a path to write to; when that is done, and on the disk, the file takes its name in one step."""
    temporary = path.with_name(path.name + ".tmp")
    yield temporary
    _flush(temporary)
    temporary.replace(path)
    file_locks.flush_directory(path.parent)


def _write(path: Path, content: bytes) -> None:
    with _replacing(path) as temporary:
        temporary.write_bytes(content)


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _read(path: Path, kind: type[Any]) -> Any:
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except FileNotFoundError:
        return None
    except msgspec.DecodeError as error:
        raise ValueError(
            f"{path} was not written by this version of i3x-client ({error}); export with resume=False to begin anew"
        ) from error


def _clear(path: Path) -> None:
    """Remove what an export has left. The job goes first: without it the rest means nothing."""
    (path / _JOB).unlink(missing_ok=True)
    for pattern in ("part-*.arrow", _PLAN, "*.tmp"):
        for file in path.glob(pattern):
            file.unlink()


def _locked(path: Path) -> io.FileIO:
    lock = io.FileIO(path / _LOCK, "a")
    try:
        file_locks.lock(lock)
    except BlockingIOError as error:
        lock.close()
        raise BlockingIOError(
            error.errno, f"another export holds {path}; wait for it, or export to another file"
        ) from error
    except BaseException:
        lock.close()
        raise
    return lock


@contextlib.contextmanager
def _reader(part: Path) -> Iterator[ipc.RecordBatchFileReader]:
    with pa.memory_map(str(part)) as source, ipc.open_file(source) as reader:
        yield reader


def _metadata(reader: ipc.RecordBatchFileReader) -> dict[bytes, bytes]:
    return dict(reader.schema.metadata or {})
