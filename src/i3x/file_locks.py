"""Locks on files and flushed directories: what it takes to keep a position on a disk, on every system."""

from __future__ import annotations

import errno
import io
import os
import sys
from pathlib import Path

if sys.platform == "win32":
    import msvcrt

    def lock(file: io.FileIO) -> None:
        """Lock a file for this process alone. Raises ``BlockingIOError`` if another one has it."""
        file.seek(0)  # the byte that is locked is the one at the file's position
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        except PermissionError as error:
            raise BlockingIOError(*error.args) from error

    def unlock(file: io.FileIO) -> None:
        """Give a lock back."""
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

    def flush_directory(directory: Path) -> None:
        """Do nothing: Windows opens no directories, and its file systems log renames."""

else:
    import fcntl

    def lock(file: io.FileIO) -> None:
        """Lock a file for this process alone. Raises ``BlockingIOError`` if another one has it."""
        # flock and not lockf: POSIX record locks let a second one of the same process in.
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def unlock(file: io.FileIO) -> None:
        """Give a lock back."""
        fcntl.flock(file, fcntl.LOCK_UN)

    def flush_directory(directory: Path) -> None:
        """Put the names in a directory to the disk."""
        descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        except OSError as error:
            if error.errno not in (errno.EINVAL, errno.ENOTSUP):  # how network file systems say "not here"
                raise
        finally:
            os.close(descriptor)
