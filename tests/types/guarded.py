"""Generates and runs the types of every attack in a process that reads no file, opens no socket and starts nothing.

Prints what came of each, as JSON: the module, or the error. Run by `test_attacks.py`.
"""

from __future__ import annotations

import contextlib
import json
import sys
import sysconfig
from pathlib import Path
from typing import Any

import msgspec

import i3x
from i3x.typegen import generate_types
from tests.types.attacks import ATTACKS, NAMES

_FORBIDDEN = (
    "socket.",
    "subprocess.",
    "os.",
    "shutil.",
    "ctypes.",
    "urllib.",
    "http.",
    "pty.",
    "webbrowser.",
)
_HARMLESS = ("os.listdir", "os.scandir", "os.walk", "os.putenv", "os.unsetenv")  # by which modules are found
_INSTALLED = [str(Path(path).resolve()) for path in {*sysconfig.get_paths().values(), sys.base_prefix}]

_violations: list[str] = []
_is_strict = False


def _watch(event: str, arguments: tuple[Any, ...]) -> None:
    if event == "open":
        path = str(arguments[0])
        is_installed = not isinstance(arguments[0], int) and any(path.startswith(root) for root in _INSTALLED)
        if _is_strict or not is_installed:
            _violations.append(f"{event} {path}")
    elif event.startswith(_FORBIDDEN) and (_is_strict or event not in _HARMLESS):
        _violations.append(f"{event} {arguments!r}")


def _outcome(object_types: list[i3x.ObjectType]) -> dict[str, Any]:
    global _is_strict
    _violations.clear()
    source = generate_types(object_types)
    _is_strict = True  # what is generated needs not even the files of modules: they are all loaded
    try:
        module: dict[str, Any] = {"__name__": "plant"}
        exec(compile(source, "plant.py", "exec"), module)
        sys.modules["plant"] = type(sys)("plant")
        vars(sys.modules["plant"]).update(module)
        for kind in module["OBJECT_TYPES"].values():
            _touch(kind)
    finally:
        _is_strict = False
    return {"source": source, "violations": list(_violations)}


def _touch(kind: Any) -> None:
    """Have msgspec resolve all annotations of a type."""
    with contextlib.suppress(msgspec.ValidationError):
        msgspec.convert({}, kind)


def main() -> None:
    """Go through all attacks."""
    generate_types([i3x.ObjectType("first", schema={"type": "object", "properties": {"x": {"enum": ["a"]}}})])
    sys.addaudithook(_watch)
    outcomes = {
        name: _outcome([i3x.ObjectType("victim", "Victim", schema=schema)])
        for name, schema in ATTACKS.items()
    }
    for name in NAMES:
        types = [i3x.ObjectType(f"{name}{number}", name, schema=ATTACKS["constant"]) for number in range(2)]
        outcomes[f"name {name!r}"] = _outcome(types)
    _violations.clear()
    with contextlib.suppress(OSError), Path("/etc/hostname").open():
        pass
    outcomes["the guard itself"] = {"violations": list(_violations)}
    sys.stdout.write(json.dumps(outcomes))


if __name__ == "__main__":
    main()
