"""What the tests of the command share: a server of its own for each, and runs in this process."""

import os
from collections.abc import Iterator
from io import StringIO

import pytest
import trustme

from i3x.cli.entry import main
from i3x.testing import Server

from .running import Run, Runner


@pytest.fixture(scope="session")
def one_authority(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A file with one certificate authority: loading all that a system trusts takes longer than most tests."""
    file = tmp_path_factory.mktemp("authority") / "ca.pem"
    trustme.CA().cert_pem.write_to_path(str(file))
    return str(file)


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, one_authority: str) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", one_authority)
    for name in list(os.environ):
        if name.startswith("I3X_") or name.lower().endswith("_proxy"):
            monkeypatch.delenv(name)
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def server() -> Iterator[Server]:
    """A server whose values stand still."""
    with Server(tick=None) as running:
        yield running


@pytest.fixture
def bare(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs the command in this process, with nothing in its environment."""

    def run(*arguments: str, stdin: str = "") -> Run:
        capsys.readouterr()
        monkeypatch.setattr("sys.stdin", StringIO(stdin))
        status = main(arguments)
        written = capsys.readouterr()
        return Run(status, written.out, written.err)

    return run


@pytest.fixture
def i3x(bare: Runner, server: Server, monkeypatch: pytest.MonkeyPatch) -> Runner:
    """Runs the command in this process, with the address of the server in the environment."""
    monkeypatch.setenv("I3X_URL", server.url)
    return bare
