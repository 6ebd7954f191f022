"""A generated module beside the file that holds it."""

from __future__ import annotations

import difflib
import os
import tempfile
from pathlib import Path


def difference(source: str, path: str | os.PathLike[str]) -> str:
    """Return what would change in a file, as a unified diff; empty if the file is current.

    Raises ``OSError`` if the file can't be read; one that is not there counts as empty.
    """
    file = Path(path)
    current = file.read_text(encoding="utf-8", errors="replace") if file.exists() else ""
    lines = difflib.unified_diff(
        current.splitlines(keepends=True),
        source.splitlines(keepends=True),
        str(file),
        f"{file} (current types)",
    )
    return "".join(lines)


def save(source: str, path: str | os.PathLike[str]) -> None:
    """Write a module to a file, whole or not at all. Raises ``OSError`` if it can't be written."""
    file = Path(path).resolve()
    handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as stream:
            stream.write(source)
        Path(name).chmod(file.stat().st_mode & 0o777 if file.exists() else 0o644)
        Path(name).replace(file)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
