"""Formats generated code, the same on every machine.

The ruff of this virtual environment does it, at its pinned version and with a fixed set of rules, deaf to
whatever configuration a user or a folder above has.
"""

import os
import subprocess
import sys
from pathlib import Path

from codegen.errors import CodegenError

LINE_LENGTH = 110
RULES = "I001,F401"
"""Sorted and used imports, nothing else: ruff's other fixes change meaning, and some break the types."""


def tidy(*paths: Path) -> None:
    """Format files, or all the files of a folder, in place."""
    _ruff("check", "--fix-only", "--select", RULES, *map(str, paths))
    _ruff("format", *map(str, paths))


def _ruff(command: str, *arguments: str) -> None:
    fixed = ("--isolated", "--no-cache", "--quiet", "--target-version=py311", f"--line-length={LINE_LENGTH}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("RUFF_")}
    done = subprocess.run(
        [sys.executable, "-m", "ruff", command, *fixed, *arguments],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    if done.returncode:
        raise CodegenError(f"ruff {command} failed on generated code: {done.stderr or done.stdout}")
