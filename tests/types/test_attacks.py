"""A server can't do anything by its schemas: nothing is run, read or fetched, and what comes out is types alone."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
import unicodedata
from typing import Any

import pytest

import i3x
from i3x.typegen.safety import check_source
from tests.types.attacks import ATTACKS, NAMES, UNREADABLE

HARMLESS = sorted(ATTACKS) + [f"name {name!r}" for name in NAMES]
MAY_BE_IMPORTED = {"__future__", "collections.abc", "enum", "typing", "msgspec"}


@pytest.fixture(scope="session")
def outcomes() -> dict[str, Any]:
    """What came of each attack, in a process that watches what the generator and the module do."""
    command = [sys.executable, "-m", "tests.types.guarded"]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)
    assert finished.returncode == 0, finished.stderr
    found: dict[str, Any] = json.loads(finished.stdout)
    return found


def test_there_is_a_guard(outcomes: dict[str, Any]) -> None:
    assert outcomes["the guard itself"]["violations"]


@pytest.mark.parametrize("name", HARMLESS)
def test_an_attack_makes_harmless_types(outcomes: dict[str, Any], name: str) -> None:
    source = outcomes[name]["source"]
    for node in ast.walk(ast.parse(source)):
        assert not isinstance(node, (ast.Import, ast.FunctionDef, ast.Lambda, ast.Attribute, ast.JoinedStr))
        if isinstance(node, ast.ImportFrom):
            assert node.module in MAY_BE_IMPORTED
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) == "field"
    assert not {char for char in source if unicodedata.category(char) in ("Cc", "Cf", "Zl", "Zp")} - {"\n"}
    assert outcomes[name]["violations"] == []


@pytest.mark.parametrize("name", sorted(ATTACKS))
def test_what_can_not_be_read_is_any_and_says_why(outcomes: dict[str, Any], name: str) -> None:
    says_why = "Any, since no class can be made of its schema: " in outcomes[name]["source"]
    assert says_why is (name in UNREADABLE)
    if says_why:
        assert "\nVictim: TypeAlias = Any\n" in outcomes[name]["source"]


HEAD = "from __future__ import annotations\nfrom msgspec import Struct, field, UNSET\n"


@pytest.mark.parametrize(
    "code",
    [
        "import os",
        "from os import system",
        "from msgspec import json",
        "from msgspec import Struct as int",
        "from . import x",
        "print(1)",
        "x = 1",
        "def f(): ...",
        "if True: pass",
        "class Other(Struct): pass",
        "class Pump(Exception): pass",
        "class Pump(Struct, Struct): pass",
        "class Pump(Struct, tag=str): pass",
        "@print\nclass Pump(Struct): pass",
        "class Pump(Struct):\n    def f(self): ...",
        "class Pump(Struct):\n    x: int = print(1)",
        "class Pump(Struct):\n    x: int = field(default_factory=list)",
        "class Pump(Struct):\n    x: int = field(1)",
        "class Pump(Struct):\n    x: print(1)",
        "class Pump(Struct):\n    x: list[print(1)]",
        "class Pump(Struct):\n    x: print[int]",
        "class Pump(Struct):\n    x: int & str",
        "class Pump(Struct):\n    x: 'int'",
        "class Pump(Struct):\n    x.y: int",
        "class Pump(StrEnum):\n    A = print(1)",
        "class Pump(StrEnum):\n    A = f'{1}'",
        "class Pump(StrEnum):\n    A.b = 'x'",
        "Pump: TypeAlias = print(1)",
        "Pump: TypeAlias",
        "Pump.x: TypeAlias = int",
        "OBJECT_TYPES: Any = {'a': print}",
        "OBJECT_TYPES: Any = {print(1): Pump}",
        "OBJECT_TYPES: Any = {**Pump}",
        "OBJECT_TYPES: Any = []",
        "class Pump(Struct:",
    ],
)
def test_a_module_that_is_more_than_declarations_is_refused(code: str) -> None:
    with pytest.raises(i3x.InvalidServerResponseError, match="refused"):
        check_source(HEAD + code, {"Pump": "type-pump"})


def test_a_module_of_declarations_passes() -> None:
    check_source(HEAD + "class Pump(Struct, frozen=True):\n    x: int = UNSET\n", {"Pump": "type-pump"})
