"""Errors of the library, in the words of whoever typed a command."""

import ast
import functools
import re
from pathlib import Path
from typing import Any

import pytest
import trustme

import i3x
from i3x.cli.naming import ARGUMENTS, NAMES
from i3x.testing import Server

from .running import Runner

PACKAGE = Path(i3x.__file__).parent
OF_THE_LIBRARY = re.compile(r"base_url|\b[a-z_]+=|[a-z_]+\(\)|\bverify names|server_info")
READ = ("get", "sensor-001")
REFUSED = """{"success": false, "results": [{"success": false, "elementId": "sensor-001",
    "responseDetail": {"title": "Not found", "status": 404, "detail": "It is gone"}}]}"""
CLOSED = "http://127.0.0.1:1/v1"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((*READ, "--url", "ftp://x/v1"), "--url must begin with http"),
        ((*READ, "--url", "http://x/v1?a=b"), "--url must have no query"),
        ((*READ, "--url", CLOSED), "check --url, and that"),
        ((*READ, "--url", CLOSED, "--token", "Bearer x"), "give the token without the word Bearer"),
        ((*READ, "--url", CLOSED, "--ca", "no-such-file.pem"), "--ca names no file"),
        (
            (*READ, "--url", CLOSED.replace("http", "https"), "--ca", __file__),
            "--ca names a file that can't be",
        ),
        (("smoke", "--url", CLOSED), "check --url, and that"),
        (("conformance", "--url", CLOSED, "--ca", "no-such-file.pem"), "--ca names no file"),
        (("conformance", "--url", "ftp://x/v1"), "http://"),
    ],
)
def test_a_mistake_in_an_option_is_told_by_its_name(
    bare: Runner, arguments: tuple[str, ...], said: str
) -> None:
    run = bare(*arguments)

    assert said in run.complaint
    assert not OF_THE_LIBRARY.search(run.complaint.replace("?a=b", ""))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("history", "sensor-001", "--start", "8h"), "--start must be RFC 3339 text"),
        (("history", "sensor-001", "--start", "8h"), "not '8h'; do you mean \"-8h\"?"),
        (("history", "sensor-001", "--end", "2026-01-31T08:00:00"), "--end is text without an offset"),
        (("history", "sensor-001", "--start", "now", "--end", "-1h"), "--start must not be after --end"),
        (("export", "sensor-001", "no-such.csv", "--end", "1d12h"), 'do you mean "-1d12h"?'),
        (("set", "sensor-001", "1", "--timestamp", "8h"), "--timestamp must be"),
        (("set", "sensor-001", '{"value": 1, "quality": "Odd"}', "--force"), "--quality must be one of Good"),
        (("set", "sensor-001", "null", "--quality", "Good", "--force"), "not 'Good'"),
        (("get", ""), "an element id must not be empty"),
        (("export", "sensor-001", "plant.xlsx"), "the file must end with .parquet or .csv"),
        (("gte", "sensor-001"), "'get'? See i3x --help"),
        (("related", "pump-101", "--type", ""), "--type must not be empty"),
    ],
)
def test_a_mistake_in_an_argument_is_told_by_its_option(
    i3x: Runner, server: Server, arguments: tuple[str, ...], said: str
) -> None:
    run = i3x(*arguments)

    assert run.status == 2
    assert said in run.complaint
    assert not re.search(r"\w_\w|<", run.complaint)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("get", "nothing"), "`i3x ls -r` lists all that there is"),
        (("set", "mode-501", "fast"), "is not one of"),
    ],
)
def test_a_server_that_says_no_is_told_of_in_verbs(
    i3x: Runner, arguments: tuple[str, ...], said: str
) -> None:
    run = i3x(*arguments)

    assert said in run.complaint
    assert not OF_THE_LIBRARY.search(run.complaint)


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"operation": "getInfo", "status": 404}, "probably the path of --url is wrong"),
        (
            {"operation": "queryLastKnownValues", "status": 200, "body": REFUSED},
            "`i3x ls -r` and `i3x types` list",
        ),
        ({"operation": "queryLastKnownValues", "status": 501}, "`i3x info` shows what it offers"),
        ({"operation": "queryLastKnownValues", "status": 401}, "--token, --token-env, --basic or --header"),
        ({"operation": "queryLastKnownValues", "status": 405}, "check that --url ends with"),
        ({"operation": "queryLastKnownValues", "status": 200, "body": "<p>"}, "check that --url is the root"),
    ],
)
def test_a_wrong_answer_is_told_in_options(
    i3x: Runner, server: Server, fault: dict[str, Any], said: str
) -> None:
    server.fault("status", **fault)
    run = i3x(*READ)

    assert said in run.complaint
    assert not OF_THE_LIBRARY.search(run.complaint)


def test_time_that_ran_out_is_told_in_options(i3x: Runner, server: Server) -> None:
    server.fault("hang", operation="getInfo", seconds=5)
    run = i3x(*READ, "--timeout", "0.05")

    assert "a larger --timeout" in run.complaint
    assert not OF_THE_LIBRARY.search(run.complaint)


def test_a_certificate_that_is_not_trusted_is_told_in_options(bare: Runner, tmp_path: Path) -> None:
    names = {name: str(tmp_path / name) for name in ("chain", "key")}
    certificate = trustme.CA().issue_cert("127.0.0.1")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(names["chain"], append=True)
    certificate.private_key_pem.write_to_path(names["key"])
    with Server(tick=None, ssl_certfile=names["chain"], ssl_keyfile=names["key"]) as server:
        run = bare(*READ, "--url", server.url)

    assert "give --ca FILE, and --insecure only to test" in run.complaint
    assert not OF_THE_LIBRARY.search(run.complaint)


def test_the_doctor_speaks_of_options_too(i3x: Runner, server: Server) -> None:
    server.fault("status", operation="getNamespaces", status=405)
    run = i3x("doctor", "-o", "jsonl")

    assert "check that --url ends with" in run.records[-1]["seen"]


@pytest.mark.parametrize("name", NAMES)
def test_every_name_is_one_that_the_library_says(name: str) -> None:
    assert any(name in text for text in _texts())


@pytest.mark.parametrize("name", ARGUMENTS)
def test_every_argument_is_one_that_the_library_has(name: str) -> None:
    assert any(name.removeprefix("each of ") in text.split(" ") for text in _texts())


@functools.cache
def _texts() -> set[str]:
    """All texts in the code of the library."""
    files = [file for file in PACKAGE.rglob("*.py") if "cli" not in file.relative_to(PACKAGE).parts]
    nodes = [node for file in files for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))]
    return {node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)}
