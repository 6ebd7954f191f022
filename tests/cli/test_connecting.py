"""Where the server is and what opens it: options win over the environment."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import trustme

from i3x.testing import Server

from .running import Runner

JSON = "application/json"
READ = ("get", "sensor-001")


@pytest.fixture
def protected() -> Iterator[Server]:
    with Server(tick=None, token="right", basic=("user", "pass:word"), header=("X-API-Key", "key")) as server:
        yield server


@pytest.mark.parametrize(
    ("options", "environment"),
    [
        (["--token", "right"], {}),
        (["--token-env", "PLANT"], {"PLANT": "right"}),
        (["--basic", "user:pass:word"], {}),
        (["--header", "X-API-Key: key"], {}),
        (["--header", "X-Other: 1", "--header", "x-api-key:key"], {}),
        ([], {"I3X_TOKEN": "right"}),
        ([], {"I3X_USERNAME": "user", "I3X_PASSWORD": "pass:word"}),
        ([], {"I3X_HEADER": "X-API-Key: key"}),
        (["--token", "right"], {"I3X_TOKEN": "wrong"}),
        (["--token", "right"], {"I3X_USERNAME": "user", "I3X_PASSWORD": "wrong"}),
        (["--basic", "user:pass:word"], {"I3X_TOKEN": "wrong"}),
        (["--token-env", "PLANT"], {"PLANT": "right", "I3X_TOKEN": "wrong"}),
        (["--header", "Authorization: Bearer right"], {"I3X_TOKEN": "wrong"}),
        (["--header", "Authorization: Bearer right"], {"I3X_USERNAME": "user", "I3X_PASSWORD": "wrong"}),
        (["--token", "right"], {"I3X_HEADER": "Authorization: Bearer wrong"}),
    ],
)
def test_credentials_open_a_server(
    bare: Runner,
    protected: Server,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    environment: dict[str, str],
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run = bare(*READ, "--url", protected.url, *options)

    assert (run.status, run.err) == (0, "")


@pytest.mark.parametrize("options", [[], ["--token", "wrong"], ["--basic", "user:wrong"]])
def test_a_server_that_says_no_ends_the_run_with_1(
    bare: Runner, protected: Server, options: list[str]
) -> None:
    run = bare(*READ, "--url", protected.url, *options)

    assert (run.status, run.out) == (1, "")
    assert "401" in run.complaint
    assert "wrong" not in run.err


def test_the_address_of_the_options_wins(
    bare: Runner, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("I3X_URL", "http://127.0.0.1:1/v1")

    assert bare(*READ).status == 3
    assert bare(*READ, "-u", server.url).status == 0


@pytest.mark.parametrize(
    ("options", "environment", "said"),
    [
        ([], {}, "no server: give --url"),
        (["--url", "server.example.com"], {}, "http"),
        (["--url", "http://x/v1", "--token", "a", "--basic", "b:c"], {}, "exclude each other"),
        (["--url", "http://x/v1", "--token", "a", "--token-env", "B"], {}, "exclude each other"),
        (
            ["--url", "http://x/v1", "--token", "a", "--header", "Authorization: b"],
            {},
            "Authorization header",
        ),
        (["--url", "http://x/v1", "--token-env", "NOT_SET"], {}, "NOT_SET is not set"),
        (["--url", "http://x/v1", "--basic", "user"], {}, "user:password"),
        (["--url", "http://x/v1", "--header", "key"], {}, "Name: value"),
        (["--url", "http://x/v1", "--insecure", "--ca", "ca.pem"], {}, "contradict"),
        (["--url", "http://x/v1", "--timeout", "soon"], {}, "seconds"),
        (["--url", "http://x/v1", "--timeout", "-1"], {}, "seconds"),
        (["--url", "http://x/v1"], {"I3X_TIMEOUT": "soon"}, "I3X_TIMEOUT"),
        (["--url", "http://x/v1"], {"I3X_INSECURE": "none"}, "I3X_INSECURE must be one of"),
        (["--url", "https://127.0.0.1:1/v1", "--ca", "no-such-file.pem"], {}, "no-such-file.pem"),
    ],
)
def test_wrong_usage_ends_the_run_with_2_and_says_what_to_do(
    bare: Runner,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    environment: dict[str, str],
    said: str,
) -> None:
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    run = bare(*READ, *options)

    assert (run.status, run.out) == (2, "")
    assert said in run.complaint


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://127.0.0.1:1/v1", "refused"),
        ("http://no-such-host.invalid/v1", "no-such-host.invalid"),
    ],
)
def test_a_server_that_cannot_be_reached_ends_the_run_with_3(bare: Runner, url: str, said: str) -> None:
    run = bare(*READ, "--url", url)

    assert (run.status, run.out) == (3, "")
    assert said in run.complaint


def test_a_server_that_does_not_answer_ends_the_run_with_3(i3x: Runner, server: Server) -> None:
    server.fault("hang", operation="getInfo", seconds=5)
    run = i3x(*READ, "--timeout", "0.05")

    assert run.status == 3
    assert "time" in run.complaint


def test_tls_is_verified_unless_told_otherwise(bare: Runner, tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    names = {name: str(tmp_path / name) for name in ("chain", "key", "ca")}
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(names["chain"], append=True)
    certificate.private_key_pem.write_to_path(names["key"])
    authority.cert_pem.write_to_path(names["ca"])

    with Server(tick=None, ssl_certfile=names["chain"], ssl_keyfile=names["key"]) as server:
        assert bare(*READ, "-u", server.url).status == 3
        assert bare(*READ, "-u", server.url, "--ca", names["ca"]).status == 0
        assert bare(*READ, "-u", server.url, "--insecure").status == 0


def test_a_beta_server_is_warned_of_in_one_line(i3x: Runner, server: Server) -> None:
    server.fault("beta")
    for verb in (READ, ("watch", "sensor-001", "--initial", "-n", "1")):
        run = i3x(*verb)

        assert run.status == 0
        assert run.complaint.startswith("i3x: warning: ")


def test_verbose_tells_what_happens_a_line_each(i3x: Runner, server: Server) -> None:
    quiet, once, twice = (i3x(*READ, *options) for options in ([], ["-v"], ["-vv"]))
    with server.fault("status", operation="queryLastKnownValues", times=1, status=503):
        retried = i3x(*READ, "-v")

    assert (quiet.err, once.err) == ("", "")
    assert "POST" in twice.err
    assert "trying again" in retried.complaint
    assert all(line.startswith("i3x: ") for line in (twice.err + retried.err).splitlines())


def test_the_line_of_an_error_cannot_be_broken_by_a_server(i3x: Runner, server: Server) -> None:
    detail = {"success": False, "responseDetail": {"title": "No", "detail": "a\nb\x1b[2J\x9b"}}
    server.fault(
        "status", operation="queryLastKnownValues", status=400, body=json.dumps(detail), content_type=JSON
    )
    run = i3x(*READ)

    assert run.status == 1
    assert "a b" in run.complaint
    assert run.complaint.isprintable()
