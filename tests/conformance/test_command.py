"""The command: its exit codes, its progress, its reports, and what it keeps to itself."""

import io
import json
import socket
import subprocess
import sys
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree as Xml

import pytest

from i3x.conformance.__main__ import main
from i3x.conformance.command import execute
from i3x.conformance.suite import TESTS
from i3x.testing import Server
from tests.client.wire import Request, answer, says, serve
from tests.conformance.support import TOKEN, subscriptions


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(tick=None, token=TOKEN) as running:
        running.fault("tick_with_every_request")  # so that something always waits to be synced
        yield running


def command(*arguments: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own."""
    line = [sys.executable, "-m", "i3x.conformance", *arguments]
    return subprocess.run(line, capture_output=True, text=True, check=False, timeout=60)


def test_a_compliant_server(server: Server) -> None:
    done = command(server.url, "--token", TOKEN)
    assert (done.returncode, done.stderr) == (0, "")
    assert [
        line.split()[1] for line in done.stdout.splitlines() if line[2:6].strip() in ("pass", "warn", "skip")
    ] == [test.id for test in TESTS]
    assert done.stdout.splitlines()[-1] == "Full 1.0 Compliance"


def test_a_server_that_is_not_compliant(server: Server) -> None:
    done = command(server.url, "--timeout", "5")
    assert done.returncode == 1
    assert done.stdout.splitlines()[-1] == "Not Compliant"
    for said in (
        "401",
        "sent: GET /namespaces",
        "received: 401 (application/json)",
        "rule: ",
        "guide: Exploratory",
    ):
        assert said in done.stdout


@pytest.mark.parametrize(
    ("token", "hint"),
    [
        ("wr0ng-token", "the credentials may be the cause: the server refuses them (401)"),
        (None, "no credentials were given, and the server wants some (401)"),
    ],
)
def test_credentials_that_may_be_the_cause_are_hinted_at(
    server: Server, tmp_path: Path, token: str | None, hint: str
) -> None:
    out = io.StringIO()
    assert execute(server.url, token=token, json=str(tmp_path / "a.json"), out=out) == 1
    assert out.getvalue().splitlines()[-2:] == [f"hint: {hint}", "Not Compliant"]
    report = json.loads((tmp_path / "a.json").read_text())
    assert (report["verdict"], report["hint"]) == ("Not Compliant", hint)


def test_other_failures_have_no_hint(server: Server, tmp_path: Path) -> None:
    out = io.StringIO()
    with server.fault("no_gzip"):
        execute(server.url, token=TOKEN, json=str(tmp_path / "a.json"), out=out)
    assert "hint" not in out.getvalue()
    assert json.loads((tmp_path / "a.json").read_text())["hint"] is None


def test_a_server_that_hides_its_info_alone_has_no_hint(server: Server) -> None:
    out = io.StringIO()
    with server.fault("info_needs_credentials"):
        assert execute(server.url, token=TOKEN, out=out) == 1
    assert "hint" not in out.getvalue()


@pytest.mark.parametrize("quiet", [[], ["--quiet"]])
def test_a_server_that_can_not_be_reached(tmp_path: Path, quiet: list[str]) -> None:
    files = ("--json", str(tmp_path / "a.json"), "--junit", str(tmp_path / "a.xml"))
    done = command("http://127.0.0.1:1", *files, *quiet)
    assert done.returncode == 3
    results = [
        line.split()[:2] for line in done.stdout.splitlines() if line.startswith("  ") and line[2] != " "
    ]
    assert results == [["fail", "CORE-01"]]
    assert "the server can't be reached: the other tests were skipped" in done.stdout.splitlines()
    report = json.loads((tmp_path / "a.json").read_text())
    assert (report["verdict"], len(report["tests"])) == ("Not Compliant", 60)
    assert len(list(Xml.parse(tmp_path / "a.xml").iter("testcase"))) == 60


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["server.example.com"],
        ["ftp://server.example.com"],
        ["http://user:word@server.example.com"],
        ["http://server.example.com/v1?a=b"],
        ["http://server.example.com:99999"],
        ["{url}", "--timeout", "soon"],
        ["{url}", "--timeout", "0"],
        ["{url}", "--timeout", "nan"],
        ["{url}", "--timeout", "inf"],
        ["{url}", "--basic", "no colon"],
        ["{url}", "--token", "t", "--basic", "a:b"],
        ["{url}", "--token", "t", "--header", "authorization: b"],
        ["{url}", "--token", "two\nlines"],
        ["{url}", "--token", ""],
        ["{url}", "--header", "no colon"],
        ["{url}", "--header", "Ümlaut: x"],
        ["{url}", "--header", "X-Key: a", "--header", "x-key: b"],
        ["{url}", "--json", "/no/such/folder/report.json"],
        ["{url}", "--junit", "."],
        ["{url}", "--ca", "/no/such/file.pem"],
        ["{url}", "--ca", ".", "--insecure"],
        ["{url}", "--unheard-of"],
        ["{url}", "another"],
    ],
)
def test_what_can_not_be_meant_is_refused_before_anything_is_sent(
    server: Server, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    before = len(server.requests)
    with pytest.raises(SystemExit) as stopped:
        main([part.format(url=server.url) for part in arguments])
    assert stopped.value.code == 2
    assert "error: " in capsys.readouterr().err
    assert len(server.requests) == before


def test_progress_is_shown_as_it_goes(server: Server) -> None:
    class Recorder(io.StringIO):
        """Notes how many requests the server had for each line."""

        def __init__(self) -> None:
            super().__init__()
            self.seen: list[int] = []

        def write(self, text: str) -> int:
            self.seen.append(len(server.requests))
            return super().write(text)

    out = Recorder()
    assert execute(server.url, token=TOKEN, out=out) == 0
    assert len(set(out.seen)) > 30


class Screen(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_test_that_runs_is_shown_too(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Screen()
    execute(server.url, token=TOKEN, out=out)
    assert "...  SUB-14  A second stream ends the first" in out.getvalue()
    assert "\x1b[1;32mFull 1.0 Compliance\x1b[0m" in out.getvalue()
    monkeypatch.setenv("NO_COLOR", "1")
    out = Screen()
    execute(server.url, token=TOKEN, out=out)
    assert "\x1b[1;32m" not in out.getvalue()


def test_quiet_shows_findings_and_the_verdict_alone(server: Server) -> None:
    out = io.StringIO()
    assert execute(server.url, token=TOKEN, quiet=True, out=out) == 0
    first = next(line for line in out.getvalue().splitlines() if line.startswith("  "))
    assert first.startswith("  warn  CORE-05")
    assert "pass  " not in out.getvalue()
    assert out.getvalue().endswith("Full 1.0 Compliance\n")


def test_a_server_can_not_steer_the_terminal() -> None:
    out = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with serve(says(answer('"\x1b[2J\x07 ü\u202e"'.encode()))) as wire:
        assert execute(wire.url, timeout=5, out=out) == 1
    out.seek(0)
    text = out.read()
    assert "\x1b" not in text
    assert "\x07" not in text
    assert r"\x1b[2J" in text


def test_what_nobody_could_see_is_named_beside_the_verdict(tmp_path: Path) -> None:
    out = io.StringIO()
    with Server(tick=None) as still:
        execute(still.url, no_writes=True, json=str(tmp_path / "a.json"), out=out)
    assert out.getvalue().splitlines()[-3:] == [
        "unverified: UPD-01, UPD-02, UPD-03, UPD-04",
        "untestable: SUB-07, SUB-13",
        "Full 1.0 Compliance",
    ]
    report = json.loads((tmp_path / "a.json").read_text())
    assert report["untestable"] == ["SUB-07", "SUB-13"]
    assert "SUB-07" not in report["unverified"]


def test_the_report_for_machines(server: Server, tmp_path: Path) -> None:
    with server.fault("no_gzip"):
        code = execute(server.url, token=TOKEN, json=str(tmp_path / "a.json"), out=io.StringIO())
    report = json.loads((tmp_path / "a.json").read_text())
    assert code == 1
    assert (report["verdict"], report["reached"], report["url"]) == ("Not Compliant", True, server.url)
    assert report["server"]["specVersion"] == "1.0"
    assert report["server"]["capabilities"]["subscribe"] == {"stream": True}
    assert report["counts"] == {"pass": 56, "fail": 1, "warn": 1, "skip": 2}
    assert [entry["id"] for entry in report["tests"]] == [test.id for test in TESTS]
    failed = next(entry for entry in report["tests"] if entry["result"] == "fail")
    assert failed["id"] == "CORE-04"
    assert failed["message"] == "there is no `Content-Encoding`"
    assert failed["sent"] == "GET /namespaces"
    assert failed["received"].startswith("200 (application/json) {")
    assert failed["guide"] == "Transport & Encoding"
    assert failed["rule"]


def test_the_report_for_ci_systems(server: Server, tmp_path: Path) -> None:
    with server.fault("no_gzip"):
        execute(server.url, token=TOKEN, junit=str(tmp_path / "a.xml"), out=io.StringIO())
    suite = Xml.fromstring((tmp_path / "a.xml").read_text()).find("testsuite")
    assert suite is not None
    assert (suite.get("tests"), suite.get("failures"), suite.get("skipped")) == ("60", "1", "2")
    cases = {str(case.get("name")).split()[0]: case for case in suite.findall("testcase")}
    failure = cases["CORE-04"].find("failure")
    assert failure is not None
    assert failure.get("message") == "there is no `Content-Encoding`"
    assert "sent: GET /namespaces" in str(failure.text)
    warning = cases["CORE-05"].find("system-out")
    assert warning is not None
    assert "plain HTTP" in str(warning.text)
    assert [value.get("value") for value in suite.findall("properties/property")] == [
        server.url,
        "Not Compliant",
    ]


def test_reports_of_servers_that_send_what_xml_does_not_have(tmp_path: Path) -> None:
    with serve(says(answer(b'{"success": "\\u0000\\ud800\x01"}'))) as wire:
        execute(
            wire.url,
            timeout=5,
            junit=str(tmp_path / "a.xml"),
            json=str(tmp_path / "a.json"),
            out=io.StringIO(),
        )
    assert Xml.parse(tmp_path / "a.xml") is not None
    assert json.loads((tmp_path / "a.json").read_text())["verdict"] == "Not Compliant"


@pytest.mark.parametrize(
    ("options", "secrets"),
    [
        ({"token": "t0ken-of-mine"}, ["t0ken-of-mine"]),
        ({"basic": "me:pass:word+/ü"}, ["pass:word+/ü", b64encode("me:pass:word+/ü".encode()).decode()]),
        ({"header": ["X-API-Key: k3y of 'mine'"]}, ["k3y of 'mine'"]),
    ],
    ids=["token", "basic", "header"],
)
def test_credentials_are_told_to_nobody(options: dict[str, Any], secrets: list[str], tmp_path: Path) -> None:
    """Not even if a server sends back what it was sent, in whatever spelling."""

    def echo(connection: socket.socket, request: Request) -> None:
        text = " ".join([*secrets, *request.headers.values(), *map(quote, secrets)])
        body = {"success": False, "you": text, secrets[0]: secrets}
        kind = (
            f"application/json; x={next(iter(request.headers.get('authorization', 'none').split()[1:]), '-')}"
        )
        connection.sendall(answer(json.dumps(body).encode(), kind=kind))

    files: dict[str, Any] = {"json": str(tmp_path / "a.json"), "junit": str(tmp_path / "a.xml")}
    out = io.StringIO()
    with serve(echo) as wire:
        assert execute(wire.url, timeout=5, out=out, **options, **files) == 1
    shown = out.getvalue() + (tmp_path / "a.json").read_text() + (tmp_path / "a.xml").read_text()
    assert "[hidden]" in shown
    for secret in secrets:
        for spelling in (secret, json.dumps(secret)[1:-1], quote(secret), quote(secret, safe="")):
            assert spelling not in shown


def test_without_the_extra_the_command_says_what_to_install() -> None:
    program = "import sys; sys.modules['jsonschema'] = None; from i3x.conformance.__main__ import main; main(['http://h'])"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "i3x-client[conformance]" in done.stderr


def test_an_interrupted_run_has_no_verdict(server: Server, tmp_path: Path) -> None:
    class Impatient(io.StringIO):
        """Somebody who has seen enough."""

        def write(self, text: str) -> int:
            if "SUB-06" in text:
                raise KeyboardInterrupt
            return super().write(text)

    out = Impatient()
    assert execute(server.url, token=TOKEN, json=str(tmp_path / "a.json"), out=out) == 130
    assert "interrupted" in out.getvalue()
    assert (tmp_path / "a.json").read_text() == ""
    assert subscriptions(server) == 0


def test_a_reader_that_goes_away_is_no_error(server: Server) -> None:
    line = f"{sys.executable} -m i3x.conformance {server.url} --token {TOKEN} | head -1"
    done = subprocess.run(line, shell=True, capture_output=True, text=True, check=False)
    assert done.stdout.startswith("i3X 1.0 conformance of")
    assert "Traceback" not in done.stderr
