"""The built package works in a clean environment, without any extra."""

import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PINS = [f"--constraint={ROOT / folder / 'constraints.txt'}" for folder in ("codegen", "tests")]
PROGRAM = """
import sys, warnings
warnings.simplefilter("error")
import i3x
assert not {"httpx", "msgspec"} & set(sys.modules), "importing the package must cost next to nothing"
for name in i3x.__all__:
    getattr(i3x, name)
try:
    i3x.Client("http://127.0.0.1:1/v1").connect()
except i3x.ConnectionError as error:
    print("refused as it should be:", error)
import i3x.raw_call
from i3x.raw.api.info import get_info
try:
    import i3x.testing
    i3x.testing.Server()
except ImportError as error:
    assert "i3x-client[testing]" in str(error), error
else:
    raise AssertionError("the extra is not there, and nothing says so")
"""


def _run(*command: object, cwd: Path | None = None) -> str:
    run = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, cwd=cwd)
    assert run.returncode == 0, run.stdout + run.stderr
    return run.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    _run(sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--wheel-dir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.timeout(300)
def test_the_wheel_works_in_a_clean_environment_without_the_extras(wheel: Path, tmp_path: Path) -> None:
    venv.create(tmp_path / "clean", with_pip=False)
    python = tmp_path / "clean" / ("Scripts" if sys.platform == "win32" else "bin") / "python"
    _run(sys.executable, "-m", "pip", "--python", python, "install", "--quiet", *PINS, wheel)

    assert "refused as it should be" in _run(python, "-c", PROGRAM, cwd=tmp_path)
    command = subprocess.run([python.with_name("i3x"), "info"], capture_output=True, text=True, check=False)
    assert (command.returncode, command.stdout) == (2, "")
    assert command.stderr == "i3x: the command needs more packages: pip install 'i3x-client[cli]'\n"


def test_the_wheel_is_typed_and_holds_the_package_alone(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith("METADATA"))).decode()
        entry_points = archive.read(
            next(name for name in names if name.endswith("entry_points.txt"))
        ).decode()

    assert "i3x/py.typed" in names
    assert {name.split("/")[0].split("-")[0] for name in names} == {"i3x", "i3x_client"}
    for field in ("Summary", "License-Expression", "Requires-Python", "Author", "Keywords", "Classifier"):
        assert f"\n{field}: " in metadata
    assert "Provides-Extra: testing" in metadata
    assert "i3x.testing.pytest_plugin" in entry_points
    assert "[console_scripts]\ni3x = i3x.cli.entry:main\n" in entry_points
    assert "i3x.conformance.pytest_plugin" in entry_points
    assert "i3x/raw/schemas.json" in names, "the conformance suite reads it"
