"""`doctor` tells the ways in which a connection can be ill from each other, and says what to do about each."""

import datetime as dt
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import trustme

from i3x.testing import Server
from tests.client.wire import INFO, Request, answer, serve, success

from .running import Runner

PAGE = b"<!doctype html><title>Sign in</title><form>"


@dataclass(frozen=True)
class Diagnosis:
    """What the examination came to."""

    status: int
    findings: dict[str, dict[str, str]]
    """By what was looked at."""

    def told(self, check: str) -> str:
        """Verdict, what was seen, and what to do."""
        finding = self.findings[check]
        return f"{finding['verdict']}: {finding['seen']}; {finding['advice']}"


class Doctor:
    """Examines a server."""

    def __init__(self, run: Runner) -> None:
        self._run = run

    def __call__(self, url: str, *options: str) -> Diagnosis:
        run = self._run("doctor", "--url", url, *options)
        assert run.err == ""
        findings = {record["check"]: record for record in run.records}
        for finding in findings.values():
            assert finding["seen"]
            assert finding["advice"] or finding["verdict"] == "ok", finding
        return Diagnosis(run.status, findings)


@pytest.fixture
def doctor(bare: Runner) -> Doctor:
    return Doctor(bare)


def test_a_server_in_good_health(doctor: Doctor) -> None:
    with Server(tick=None, token="right") as server:
        diagnosis = doctor(server.url, "--token", "right")

    assert diagnosis.status == 0
    assert {name: finding["verdict"] for name, finding in diagnosis.findings.items()} == dict.fromkeys(
        ["route", "server", "clock", "i3X", "credentials", "gzip", "streams"], "ok"
    )
    assert server.requests[-1].operation == "deleteSubscriptions"


def test_people_get_signs_and_advice(i3x: Runner) -> None:
    lines = i3x("doctor", "-o", "table").out.splitlines()

    assert lines[0] == "✓ route       straight to 127.0.0.1"
    assert "! credentials none are needed" in lines
    assert "              → in production, everything but /info should want them" in lines


# --- what a server answers ------------------------------------------------------------------------------

ANSWERS: list[tuple[dict[str, Any], str, list[str]]] = [
    (
        {"status": 404},
        "fault",
        ["no /info at this path (HTTP 404)", "; verify the host, the port, and what is before the version"],
    ),
    ({"status": 405}, "fault", ["HTTP 405"]),
    (
        {"status": 200, "body": PAGE},
        "fault",
        ["a web page, perhaps a login page", "ask for an address without one"],
    ),
    ({"status": 401}, "fault", ["/info wants credentials (HTTP 401)", "--token"]),
    ({"status": 403, "body": PAGE}, "fault", ["/info wants credentials (HTTP 403)"]),
    ({"status": 429, "retry_after": 7}, "fault", ["overloaded", "429", "Retry-After is 7"]),
    ({"status": 503, "retry_after": 30}, "fault", ["overloaded", "503", "Retry-After is 30"]),
    ({"status": 502, "body": PAGE}, "fault", ["overloaded or broken", "502", "try again later"]),
    ({"status": 500}, "fault", ["overloaded or broken", "500"]),
    (
        {"status": 400, "body": b"sent to HTTPS port"},
        "unreachable",
        ["the port speaks TLS", "write --url https://"],
    ),
]


def test_an_address_without_a_version_and_no_server_elsewhere(doctor: Doctor, server: Server) -> None:
    server.fault("status", status=404)
    diagnosis = doctor(server.url.removesuffix("/v1"))

    assert "; the address must end with the version prefix, such as /v1;" in diagnosis.told("server")


def test_credentials_for_a_proxy_though_there_is_none(doctor: Doctor, server: Server) -> None:
    server.fault("status", status=407)
    diagnosis = doctor(server.url)

    assert diagnosis.status == 3
    told = diagnosis.told("server")
    assert "the server, or something before it, wants credentials for a proxy (HTTP 407)" in told
    assert "the environment names no proxy" in told
    assert "None" not in told
    assert "NO_PROXY" not in told


@pytest.mark.parametrize(("fault", "verdict", "said"), ANSWERS, ids=lambda case: str(case)[:40])
def test_what_info_answers_has_a_cause(
    doctor: Doctor, server: Server, fault: dict[str, Any], verdict: str, said: list[str]
) -> None:
    server.fault("status", **fault)
    diagnosis = doctor(server.url)

    assert diagnosis.status == {"fault": 1, "unreachable": 3}[verdict]
    assert list(diagnosis.findings) == ["route", "server"]
    told = diagnosis.told("server")
    assert told.startswith(verdict)
    for words in said:
        assert words in told


def test_an_info_that_needs_credentials_opens_with_them(doctor: Doctor) -> None:
    def script(connection: socket.socket, request: Request) -> None:
        is_open = request.headers.get("authorization") == "Bearer right"
        connection.sendall(success(INFO) if is_open else answer(b"", status="401 Unauthorized"))

    with serve(script) as wire:
        shut, opened = doctor(wire.url, "--token", "wrong"), doctor(wire.url, "--token", "right")

    assert shut.told("server").startswith("fault: /info wants credentials (HTTP 401)")
    assert "those given are refused; verify the credentials" in shut.told("server")
    assert "give --token" not in shut.told("server")
    assert opened.told("server").startswith("warning: /info wants credentials (HTTP 401)")
    assert "i3X" in opened.findings


@pytest.mark.parametrize("path", ["", "/", "/api", "/v2"])
def test_a_wrong_path_is_told_from_a_login_page_and_the_right_one_is_found(
    doctor: Doctor, server: Server, path: str
) -> None:
    diagnosis = doctor(server.url.removesuffix("/v1") + path)

    assert diagnosis.status == 1
    assert "no /info at this path" in diagnosis.told("server")
    assert f"write --url {server.url}" in diagnosis.told("server")


@pytest.mark.parametrize(
    ("location", "said"),
    [
        ("/login?next=/v1/info", "sends callers to 127.0.0.1/login, which looks like a login page"),
        ("https://login.example.com/start", "sends callers to login.example.com/start"),
    ],
)
def test_a_redirect_to_a_login_page(doctor: Doctor, server: Server, location: str, said: str) -> None:
    server.fault("redirect", location=location, status=302)
    diagnosis = doctor(server.url)

    assert diagnosis.status == 1
    assert said in diagnosis.told("server")


def test_a_redirect_to_nowhere(doctor: Doctor) -> None:
    def script(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer(b"", "Location: http://server:nowhere/", status="302 Found"))

    with serve(script) as wire:
        diagnosis = doctor(wire.url)

    assert diagnosis.status == 3
    assert "Invalid URL in location header" in diagnosis.told("server")


def test_a_server_that_has_moved(doctor: Doctor, server: Server) -> None:
    def script(connection: socket.socket, request: Request) -> None:
        connection.sendall(answer(b"", f"Location: {server.url}/info", status="308 Permanent Redirect"))

    with serve(script) as wire:
        diagnosis = doctor(wire.url)

    assert diagnosis.status == 1
    assert f"it has moved to {server.url}; write --url {server.url}" in diagnosis.told("server")


# --- what does not answer -------------------------------------------------------------------------------


def silent(_: socket.socket, __: Request) -> None:
    """A script that never answers."""


def closing(connection: socket.socket, _: Request) -> None:
    """A script that hangs up."""
    connection.shutdown(socket.SHUT_RDWR)


def test_a_port_that_nobody_listens_at(doctor: Doctor) -> None:
    diagnosis = doctor("http://127.0.0.1:1/v1")

    assert diagnosis.status == 3
    assert "refuses connections to this port; start the server" in diagnosis.told("server")


def test_a_host_that_has_no_such_name(doctor: Doctor) -> None:
    diagnosis = doctor("http://no-such-host.invalid/v1")

    assert diagnosis.status == 3
    assert "verify the name of the host" in diagnosis.told("server")


def test_a_server_that_takes_too_long(doctor: Doctor) -> None:
    with serve(silent) as wire:
        diagnosis = doctor(wire.url, "--timeout", "0.1")

    assert diagnosis.status == 3
    assert "does not answer in time; it may be overloaded" in diagnosis.told("server")


def test_a_server_that_hangs_up(doctor: Doctor) -> None:
    with serve(closing) as wire:
        diagnosis = doctor(wire.url)

    assert diagnosis.status == 3
    assert "nothing that can be read comes back" in diagnosis.told("server")


def test_an_answer_that_cannot_be_decoded(doctor: Doctor, server: Server) -> None:
    server.fault("body", body=b"no gzip", headers={"Content-Encoding": "gzip"})
    diagnosis = doctor(server.url)

    assert diagnosis.status == 3
    assert "nothing that can be read comes back" in diagnosis.told("server")


def test_credentials_in_the_address_are_used_and_not_shown(doctor: Doctor) -> None:
    with Server(tick=None, basic=("user", "sesame")) as server:
        address = server.url.replace("://", "://user:sesame@")
        well, astray = doctor(address), doctor(address.removesuffix("/v1"))

    assert well.status == 0
    assert "are accepted" in well.told("credentials")
    assert f"write --url {server.url}" in astray.told("server")
    assert "sesame" not in str(astray)


def test_a_slow_server(doctor: Doctor, server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("i3x.cli.doctor.examination._SLOW", 0.05)
    server.fault("hang", operation="getInfo", seconds=0.1, times=1)
    diagnosis = doctor(server.url)

    assert diagnosis.status == 0
    assert "to say who it is; it may be overloaded, or far away" in diagnosis.told("server")


# --- TLS ------------------------------------------------------------------------------------------------


def _says_info(connection: socket.socket, _: Request) -> None:
    connection.sendall(success(INFO))


@contextmanager
def _served(
    certificate: trustme.LeafCert, change: Callable[[ssl.SSLContext], None] = lambda _: None
) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    change(context)
    with serve(_says_info, tls=context) as wire:
        yield wire.url


YEAR = dt.timedelta(days=365)
NOW = dt.datetime.now(dt.UTC)


def _any_client_certificate(context: ssl.SSLContext) -> None:
    context.maximum_version = ssl.TLSVersion.TLSv1_2  # later ones refuse only after the handshake
    context.verify_mode = ssl.CERT_REQUIRED


@pytest.mark.parametrize(
    ("certificate", "trusted", "change", "said"),
    [
        ({}, False, None, "the certificate is not trusted: "),
        ({"names": ["plant.example.com"]}, True, None, "the certificate is for another name: "),
        (
            {"not_before": NOW - YEAR, "not_after": NOW - dt.timedelta(days=1)},
            True,
            None,
            "the server's certificate has expired; have it renewed",
        ),
        (
            {"not_before": NOW + dt.timedelta(days=1), "not_after": NOW + YEAR},
            True,
            None,
            "the server's certificate is not valid yet; verify the clock",
        ),
        ({}, True, _any_client_certificate, "the TLS handshake failed: "),
    ],
)
def test_faults_of_tls(
    doctor: Doctor,
    tmp_path: Any,
    certificate: dict[str, Any],
    trusted: bool,
    change: Callable[[ssl.SSLContext], None] | None,
    said: str,
) -> None:
    authority = trustme.CA()
    names = certificate.pop("names", ["127.0.0.1"])
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    options = ["--ca", str(tmp_path / "ca.pem")] if trusted else []
    with _served(authority.issue_cert(*names, **certificate), change or (lambda _: None)) as url:
        diagnosis = doctor(url, *options)

    assert diagnosis.status == 3
    assert said in diagnosis.told("server")


def test_https_asked_of_a_port_that_does_not_speak_it(doctor: Doctor, server: Server) -> None:
    diagnosis = doctor(server.url.replace("http:", "https:"))

    assert diagnosis.status == 3
    assert f"does not speak TLS; try {server.url}, or another port" in diagnosis.told("server")


def test_http_asked_of_a_port_that_speaks_tls(doctor: Doctor) -> None:
    with _served(trustme.CA().issue_cert("127.0.0.1")) as url:
        diagnosis = doctor(url.replace("https:", "http:"))

    assert diagnosis.status == 3
    assert f"the port speaks TLS, and was asked without; write --url {url}" in diagnosis.told("server")


# --- proxies --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_is_dead(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setenv(f"{scheme}_proxy", "http://user:secret@127.0.0.1:1")
    diagnosis = doctor(f"{scheme}://plant.example.com/v1")

    assert diagnosis.status == 3
    assert "through the proxy 127.0.0.1:1 of the environment" in diagnosis.told("route")
    assert "the proxy 127.0.0.1:1 does not let us through" in diagnosis.told("server")
    assert "put plant.example.com into NO_PROXY" in diagnosis.told("server")
    assert "secret" not in str(diagnosis)


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_proxy_that_wants_credentials(doctor: Doctor, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    def script(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer(PAGE, status="407 Proxy Authentication Required", kind="text/html"))

    with serve(script) as wire:
        monkeypatch.setenv(f"{scheme}_proxy", f"http://127.0.0.1:{wire.port}")
        diagnosis = doctor(f"{scheme}://plant.example.com/v1")

    assert diagnosis.status == 3
    assert "does not let us through" in diagnosis.told("server")
    assert "407" in diagnosis.told("server")


def test_a_proxy_that_cannot_reach_the_server(doctor: Doctor, monkeypatch: pytest.MonkeyPatch) -> None:
    def script(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer(PAGE, status="502 Bad Gateway", kind="text/html"))

    with serve(script) as wire:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{wire.port}")
        diagnosis = doctor("http://plant.example.com/v1")

    assert diagnosis.status == 1
    assert f"answers 502, perhaps from the proxy 127.0.0.1:{wire.port}" in diagnosis.told("server")


@pytest.mark.parametrize("status", ["403 Forbidden", "404 Not Found", "200 OK"])
def test_a_proxy_that_answers_in_place_of_the_server(
    doctor: Doctor, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    def script(connection: socket.socket, _: Request) -> None:
        connection.sendall(answer(PAGE, status=status, kind="text/html"))

    with serve(script) as wire:
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{wire.port}")
        diagnosis = doctor("http://plant.example.com/v1")

    assert diagnosis.status == 1
    assert f", perhaps from the proxy 127.0.0.1:{wire.port}" in diagnosis.told("server")
    assert "or put plant.example.com into NO_PROXY" in diagnosis.told("server")


# --- a server that answers, and could do better ---------------------------------------------------------


def test_a_beta_server(doctor: Doctor, server: Server) -> None:
    server.fault("beta")
    diagnosis = doctor(server.url)

    assert diagnosis.status == 0
    assert "warning: " in diagnosis.told("i3X")
    assert "from before the release; have the server updated" in diagnosis.told("i3X")


def test_a_server_of_another_version(doctor: Doctor) -> None:
    with Server(tick=None, spec_version="2.0") as server:
        diagnosis = doctor(server.url)

    assert diagnosis.status == 1
    assert "the server speaks i3X 2.0" in diagnosis.told("i3X")
    assert "this client does not support that version" in diagnosis.told("i3X")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ([], "they are missing (HTTP 401); give --token"),
        (["--token", "wrong"], "they are refused (HTTP 401); the token or password is wrong or has expired"),
        (["--basic", "user:wrong"], "they are refused (HTTP 401)"),
    ],
)
def test_credentials_that_do_not_open(doctor: Doctor, options: list[str], said: str) -> None:
    with Server(tick=None, token="right") as server:
        diagnosis = doctor(server.url, *options)

    assert diagnosis.status == 1
    assert said in diagnosis.told("credentials")


@pytest.mark.parametrize(
    ("options", "advice"),
    [
        ([], "credentials that pass it (--token, --basic or --header)"),
        (["--token", "some"], "other credentials, for those given do not pass it"),
    ],
)
@pytest.mark.parametrize(
    ("location", "target"),
    [("/login", "127.0.0.1/login"), ("https://login.invalid/start?next=x", "login.invalid/start")],
)
def test_a_login_page_behind_an_open_info(
    doctor: Doctor, options: list[str], advice: str, location: str, target: str
) -> None:
    def script(connection: socket.socket, request: Request) -> None:
        if request.target.endswith("/info"):
            connection.sendall(success(INFO))
        elif request.target == "/login":
            connection.sendall(answer(PAGE, kind="text/html"))
        else:
            connection.sendall(answer(b"", f"Location: {location}", status="302 Found"))

    with serve(script) as wire:
        diagnosis = doctor(wire.url, *options)

    assert diagnosis.status == 1
    told = diagnosis.told("credentials")
    assert told.startswith(f"fault: calls are sent to {target}, which looks like a login page; ")
    assert advice in told


def test_a_web_page_behind_an_open_info(doctor: Doctor, server: Server) -> None:
    server.fault("body", operation="getNamespaces", body=PAGE, headers={"Content-Type": "text/html"})

    assert "a web page, perhaps a login page" in doctor(server.url).told("credentials")


def test_credentials_without_the_right_to_read(doctor: Doctor, server: Server) -> None:
    server.fault("status", operation="getNamespaces", status=403)
    diagnosis = doctor(server.url, "--token", "right")

    assert diagnosis.status == 1
    assert "they do not suffice (HTTP 403); ask whoever runs the server" in diagnosis.told("credentials")


def test_a_first_call_that_fails(doctor: Doctor, server: Server) -> None:
    server.fault("status", operation="getNamespaces", status=501)
    diagnosis = doctor(server.url)

    assert diagnosis.status == 1
    assert "the first call failed" in diagnosis.told("credentials")


def _plain(result: Any, *headers: str) -> Callable[[socket.socket, Request], None]:
    """A script for a server that says who it is with these headers, and has nothing else to say."""
    body = json.dumps({"success": True, "result": result}).encode()
    nothing = json.dumps({"success": True, "result": []}).encode()

    def script(connection: socket.socket, request: Request) -> None:
        connection.sendall(answer(body if request.target.endswith("/info") else nothing, *headers))

    return script


@pytest.mark.parametrize(("minutes", "word"), [(10, "behind"), (-10, "ahead of")])
def test_clocks_that_differ(doctor: Doctor, minutes: int, word: str) -> None:
    theirs = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=minutes)
    with serve(_plain(INFO, f"Date: {theirs:%a, %d %b %Y %H:%M:%S GMT}")) as wire:
        diagnosis = doctor(wire.url)

    assert diagnosis.status == 0
    assert f"s {word} the server; set both by a time server" in diagnosis.told("clock")


@pytest.mark.parametrize("headers", [[], ["Date: soon"]])
def test_a_server_without_gzip_streams_history_or_a_clock(doctor: Doctor, headers: list[str]) -> None:
    without = INFO | {"capabilities": {}}
    with serve(_plain(without, *headers)) as wire:
        diagnosis = doctor(wire.url)

    assert diagnosis.status == 0
    assert "the server does not tell its time" in diagnosis.told("clock")
    assert "the server does not compress" in diagnosis.told("gzip")
    assert "the server keeps none" in diagnosis.told("history")
    assert "the server has none" in diagnosis.told("streams")


def test_streams_that_are_promised_and_do_not_open(
    doctor: Doctor, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("i3x.cli.doctor.examination._STREAM_LIMIT", 0.3)
    server.fault("hang", operation="streamSubscription", seconds=60)
    diagnosis = doctor(server.url)

    assert diagnosis.status == 0
    assert "none opened within 0.3 s; a proxy may hold events back" in diagnosis.told("streams")


@pytest.mark.parametrize("status", [501, 502])
def test_streams_that_are_promised_and_refused(
    i3x: Runner, server: Server, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr("i3x.cli.doctor.examination._STREAM_LIMIT", 1.0)
    server.fault("status", operation="streamSubscription", status=status)
    run = i3x("doctor")

    finding = run.records[-1]
    assert (run.status, finding["check"], finding["verdict"]) == (0, "streams", "warning")
    assert finding["seen"] == f"the server declares them, and refuses one (HTTP {status})"
    assert "updates are fetched by polling" in finding["advice"]


@pytest.mark.parametrize("element_id", ["", " "])
def test_objects_without_an_id_are_told_and_the_examination_goes_on(
    doctor: Doctor, server: Server, element_id: str
) -> None:
    def without(answer: dict[str, Any]) -> dict[str, Any]:
        first, *others = answer["result"]
        return answer | {"result": [first | {"elementId": element_id}, *others]}

    server.fault("edit_json", operation="getObjects", edit_with=without)
    diagnosis = doctor(server.url)

    assert diagnosis.status == 0
    assert diagnosis.told("objects").startswith("warning: 1 has an empty element id; ")
    assert diagnosis.findings["streams"]["verdict"] == "ok"


def test_a_server_without_objects(doctor: Doctor, server: Server) -> None:
    server.fault("edit_json", operation="getObjects", edit_with=lambda found: found | {"result": []})

    assert "there are no objects" in doctor(server.url).told("streams")
