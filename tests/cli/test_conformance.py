"""`conformance`: the suite, with the settings of the command."""

import json
import signal
import time
from pathlib import Path
from typing import Any

import pytest

from i3x.conformance import command
from i3x.conformance.suite import TESTS
from i3x.testing import Server

from .running import PATIENCE, Runner, started


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the suite is called with; the suite itself has its own tests, and takes its time."""
    found: dict[str, Any] = {}

    def execute(url: str, **options: Any) -> int:
        found.update(options, url=url)
        return 1

    monkeypatch.setattr(command, "execute", execute)
    return found


URL = "https://server.example.com/v1"


@pytest.mark.parametrize(
    ("arguments", "environment", "expected"),
    [
        ([URL], {}, {"url": URL, "token": None, "basic": None, "header": [], "insecure": False}),
        (["--url", URL], {}, {"url": URL}),
        ([], {"I3X_URL": URL}, {"url": URL}),
        ([URL], {"I3X_URL": "https://other"}, {"url": URL}),
        ([URL, "--token", "a"], {"I3X_TOKEN": "b"}, {"token": "a"}),
        ([URL], {"I3X_TOKEN": "b"}, {"token": "b"}),
        ([URL, "--basic", "a:b:c"], {"I3X_TOKEN": "b"}, {"basic": "a:b:c", "token": None}),
        ([URL, "--header", "X-Key: k"], {}, {"header": ["X-Key: k"]}),
        ([URL, "--insecure", "--timeout", "3"], {}, {"insecure": True, "timeout": 3.0, "ca": None}),
        ([URL, "--ca", "ca.pem"], {}, {"insecure": False, "ca": "ca.pem"}),
        ([URL], {"I3X_CA": "ca.pem"}, {"insecure": False, "ca": "ca.pem"}),
        (
            [URL, "--no-writes", "--quiet", "--json", "a.json", "--junit", "b.xml"],
            {},
            {"no_writes": True, "quiet": True, "json": "a.json", "junit": "b.xml"},
        ),
    ],
)
def test_the_suite_gets_the_settings_of_the_command(
    bare: Runner,
    asked: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
    arguments: list[str],
    environment: dict[str, str],
    expected: dict[str, Any],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)

    assert bare("conformance", *arguments).status == 1
    assert expected.items() <= asked.items()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "no server"),
        ([URL, "--ca", "no-such-file.pem"], "no-such-file.pem"),
        ([URL, "--ca", __file__], "no file or folder of certificates"),
        ([URL, "--ca", "ca.pem", "--insecure"], "contradict"),
        (["ftp://server"], "http"),
        ([URL, "--json", "no/such/folder/report.json"], "no/such/folder"),
    ],
)
def test_wrong_usage(bare: Runner, arguments: list[str], said: str) -> None:
    run = bare("conformance", *arguments)

    assert run.status == 2
    assert said in run.complaint


def test_a_server_that_is_not_there_ends_with_3(bare: Runner, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run = bare("conformance", "http://127.0.0.1:1/v1", "--json", str(report))

    assert run.status == 3
    assert run.records[-1]["reached"] is False
    assert report.exists()
    shown = bare("conformance", "http://127.0.0.1:1/v1", "-o", "table")
    assert shown.status == 3
    assert "can't be reached" in shown.out


@pytest.fixture
def compliant(server: Server) -> Server:
    server.fault("tick_with_every_request")  # so that something always waits to be synced
    return server


def test_a_pipe_gets_an_object_for_each_test_and_one_for_the_verdict(bare: Runner, compliant: Server) -> None:
    run = bare("conformance", compliant.url)
    *tests, verdict = run.records

    assert (run.status, run.err) == (0, "")
    assert [each["id"] for each in tests] == [test.id for test in TESTS]
    assert len({tuple(each) for each in tests}) == 1
    assert verdict["verdict"] == "Full 1.0 Compliance"
    assert "tests" not in verdict


def test_other_forms_have_the_same_tests(bare: Runner, compliant: Server, tmp_path: Path) -> None:
    file = tmp_path / "report.json"
    (whole,) = bare("conformance", compliant.url, "-o", "json", "--json", str(file)).records
    table = bare("conformance", compliant.url, "-o", "csv")

    assert whole == json.loads(file.read_text(encoding="utf-8"))
    assert [each["id"] for each in table.rows] == [each["id"] for each in whole["tests"]]


def test_quiet_leaves_out_what_is_well(bare: Runner, compliant: Server) -> None:
    compliant.fault("no_gzip")
    run = bare("conformance", compliant.url, "--quiet")

    assert run.status == 1
    findings = {each["id"]: each["result"] for each in run.records[:-1]}
    assert findings["CORE-04"] == "fail"
    assert set(findings.values()) <= {"fail", "warn"}
    assert run.records[-1]["verdict"] == "Not Compliant"


def test_ctrl_c_ends_it_without_a_verdict(bare: Runner, compliant: Server) -> None:
    with (
        compliant.fault("hang", operation="getNamespaces", seconds=PATIENCE),
        started(compliant.url, "conformance", "--timeout", "60") as process,
    ):
        end = time.monotonic() + PATIENCE
        while "getNamespaces" not in [each.operation for each in compliant.requests]:
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)

    assert process.returncode == 130
    assert b"no verdict" in err
    assert b"verdict" not in out
