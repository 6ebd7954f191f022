"""The suite inside pytest, as the CI of a server would run it."""

import json
import subprocess
import sys
from collections.abc import Iterator
from xml.etree import ElementTree

import pytest

from i3x.testing import Server
from tests.conformance.support import TOKEN, subscriptions

pytest_plugins = ("pytester",)

COMMAND = ("--pyargs", "i3x.conformance", "-p", "no:xdist", "-p", "no:cacheprovider", "-p", "no:randomly")


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(tick=None, token=TOKEN) as running:
        running.fault("tick_with_every_request")  # so that something always waits to be synced
        yield running


def run(pytester: pytest.Pytester, server: Server, *arguments: str) -> pytest.RunResult:
    reached = ("--i3x-url", server.url, "--i3x-token", TOKEN)
    return pytester.runpytest_inprocess(*COMMAND, *reached, *arguments)


def test_all_of_it(pytester: pytest.Pytester, server: Server) -> None:
    result = run(pytester, server)
    result.assert_outcomes(passed=58, skipped=2)
    result.stdout.fnmatch_lines(["*i3X 1.0 conformance of*", "CORE-05: *plain HTTP", "Full 1.0 Compliance"])
    assert result.ret == 0
    assert subscriptions(server) == 0


def test_a_failure_says_what_is_wrong_and_nothing_of_the_suite(
    pytester: pytest.Pytester, server: Server
) -> None:
    with server.fault("no_gzip"):
        result = run(pytester, server)
    result.assert_outcomes(passed=57, failed=1, skipped=2)
    result.stdout.fnmatch_lines(
        ["*there is no `Content-Encoding`", "*sent: GET /namespaces", "*Not Compliant"]
    )
    result.stdout.no_fnmatch_line("*Traceback*")
    assert result.ret == 1


def test_credentials_that_may_be_the_cause_are_hinted_at(pytester: pytest.Pytester, server: Server) -> None:
    result = pytester.runpytest_inprocess(*COMMAND, "--i3x-url", server.url, "--i3x-token", "wr0ng-token")
    result.stdout.fnmatch_lines(["hint: the credentials may be the cause: *401*", "Not Compliant"])


@pytest.mark.parametrize("test_id", ["CORE-03", "EXP-20", "QRY-11", "UPD-03", "SUB-13", "SUB-11"])
def test_one_test_alone_brings_what_it_needs(pytester: pytest.Pytester, server: Server, test_id: str) -> None:
    result = run(pytester, server, "-k", test_id, "-v")
    result.assert_outcomes(passed=1, deselected=59)
    result.stdout.fnmatch_lines([f"i3x/conformance/suite.py::{test_id} PASSED*", "no verdict: 59 of 60*"])
    assert subscriptions(server) == 0


def test_a_test_by_its_node_id(pytester: pytest.Pytester, server: Server) -> None:
    arguments = ("i3x.conformance.suite::EXP-02", *COMMAND[2:], "--i3x-url", server.url, "--i3x-token", TOKEN)
    result = pytester.runpytest_inprocess("--pyargs", *arguments)
    result.assert_outcomes(passed=1)
    result = run(pytester, server, "--deselect", "i3x/conformance/suite.py::SUB-14")
    result.assert_outcomes(passed=57, skipped=2, deselected=1)


def test_a_server_may_know_its_failures(pytester: pytest.Pytester, server: Server) -> None:
    pytester.makeconftest(
        """
        import pytest

        def pytest_collection_modifyitems(items):
            for item in items:
                if item.name == "CORE-04":
                    item.add_marker(pytest.mark.xfail(reason="a proxy unpacks"))
                if item.name == "SUB-14":
                    item.add_marker(pytest.mark.skip(reason="no time"))
        """
    )
    with server.fault("no_gzip"):
        result = run(pytester, server, "-rxs")
    result.assert_outcomes(passed=56, xfailed=1, skipped=3)
    result.stdout.fnmatch_lines(["no verdict: 1 of 60*", "XFAIL*CORE-04*a proxy unpacks"])
    assert result.ret == 0


def test_the_same_reports(pytester: pytest.Pytester, server: Server) -> None:
    run(pytester, server, "--i3x-json", "a.json", "--i3x-junit", "a.xml", "--i3x-quiet").assert_outcomes(
        passed=58, skipped=2
    )
    report = json.loads((pytester.path / "a.json").read_text())
    assert (report["verdict"], len(report["tests"])) == ("Full 1.0 Compliance", 60)
    properties = ElementTree.parse(pytester.path / "a.xml").iter("property")
    assert [each.get("value") for each in properties] == [server.url, "Full 1.0 Compliance"]


@pytest.mark.parametrize("marked", [False, True], ids=["selected", "all but one that is skipped by a marker"])
def test_the_reports_of_a_part_have_no_verdict(
    pytester: pytest.Pytester, server: Server, marked: bool
) -> None:
    files = ("--i3x-json", "a.json", "--i3x-junit", "a.xml")
    if marked:
        pytester.makeconftest(
            """
            import pytest

            def pytest_collection_modifyitems(items):
                next(item for item in items if item.name == "EXP-20").add_marker(pytest.mark.skip)
            """
        )
        run(pytester, server, *files).stdout.fnmatch_lines(["no verdict: 1 of 60 tests were not run"])
    else:
        run(pytester, server, *files, "-k", "EXP-20").assert_outcomes(passed=1, deselected=59)
    report = json.loads((pytester.path / "a.json").read_text())
    assert (report["verdict"], len(report["tests"])) == (None, 59 if marked else 1)
    properties = ElementTree.parse(pytester.path / "a.xml").iter("property")
    assert [each.get("name") for each in properties] == ["url"]


def test_on_several_workers(
    pytester: pytest.Pytester, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")  # others take their time in each worker
    plugins = ("-p", "xdist", "-p", "i3x.conformance.pytest_plugin")
    result = pytester.runpytest_subprocess(
        *plugins, "--pyargs", "i3x.conformance", "-n", "2", "--i3x-url", server.url, "--i3x-token", TOKEN
    )
    result.assert_outcomes(passed=58, skipped=2)
    result.stdout.fnmatch_lines(["Full 1.0 Compliance"])
    assert subscriptions(server) == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "give it with --i3x-url"),
        (("--i3x-token", "x"), "give its address with --i3x-url"),
        (("--i3x-url", "nowhere"), "must begin with http"),
        (("--i3x-url", "http://h", "--i3x-timeout", "soon"), "number of seconds"),
        (("--i3x-url", "http://h", "--i3x-basic", "x"), "user:password"),
        (("--i3x-url", "http://h", "--i3x-json", "/no/folder/x"), "can't write"),
        (("--i3x-url", "http://h", "--i3x-ca", "/no/file"), "no file or folder of certificates"),
    ],
)
def test_usage_errors(pytester: pytest.Pytester, arguments: tuple[str, ...], said: str) -> None:
    result = pytester.runpytest_inprocess(*COMMAND, *arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"ERROR: *{said}*"])


def test_the_plugin_costs_other_runs_nothing() -> None:
    program = (
        "import i3x.conformance.pytest_plugin, sys;"
        "heavy = {'httpx', 'msgspec', 'jsonschema', 'attrs', 'i3x.conformance.suite', 'i3x.raw'};"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
