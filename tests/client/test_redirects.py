"""Redirects: where the client follows, what it takes along, and what it never shows to whom."""

import contextlib
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import trustme

import i3x
from i3x.testing import Server

from .both import Make
from .wire import received

CREDENTIALS: dict[str, dict[str, Any]] = {
    "token": {"token": "s3cret-token"},
    "token function": {"token": lambda: "s3cret-token"},
    "basic": {"auth": ("operator", "s3cret-password")},
    "header": {"headers": {"X-API-Key": "s3cret-key"}},
}
PROTECTION: dict[str, dict[str, Any]] = {
    "token": {"token": "s3cret-token"},
    "token function": {"token": "s3cret-token"},
    "basic": {"basic": ("operator", "s3cret-password")},
    "header": {"header": ("X-API-Key", "s3cret-key")},
}


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def context(authority: trustme.CA) -> ssl.SSLContext:
    """Trusts the tests' certificates."""
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.fixture(scope="session")
def certificate(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The certificate of 127.0.0.1, as a server takes it."""
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(path))
    return {"ssl_certfile": str(path), "ssl_keyfile": str(path)}


@pytest.fixture
def secure(certificate: dict[str, Any]) -> Iterator[Server]:
    """A server with https."""
    with Server(tick=None, **certificate) as running:
        yield running


def _origin(server: Server) -> str:
    return server.url.removesuffix("/v1")


def _credentials_seen(server: Server) -> list[str]:
    return [
        f"{name}: {value}"
        for request in server.requests
        for name, value in request.headers.items()
        if "s3cret" in value or name in ("authorization", "x-api-key", "proxy-authorization", "cookie")
    ]


# --- http to https ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_info_redirected_to_https_moves_the_whole_client(
    server: Server, secure: Server, connect: Make, context: ssl.SSLContext, status: int
) -> None:
    server.fault("redirect", location=f"{_origin(secure)}{{path}}", status=status)
    client = connect(server.url, verify=context)
    assert client.url == secure.url
    client.update_value("sensor-001", 22.5)
    assert client.get_value("sensor-001").value == 22.5
    assert [request.operation for request in server.requests] == ["getInfo"]
    assert [(request.method, request.operation) for request in secure.requests] == [
        ("GET", "getInfo"),
        ("PUT", "updateObjectValues"),
        ("POST", "queryLastKnownValues"),
    ]
    assert secure.requests[1].json == {"updates": [{"elementId": "sensor-001", "value": {"value": 22.5}}]}


@pytest.mark.parametrize("kind", CREDENTIALS)
def test_the_http_side_sees_no_credentials_on_the_way_to_https(
    server: Server, certificate: dict[str, Any], connect: Make, context: ssl.SSLContext, kind: str
) -> None:
    with Server(tick=None, **PROTECTION[kind], **certificate) as secure:
        server.fault("redirect", location=f"{_origin(secure)}{{path}}", status=301)
        client = connect(server.url, verify=context, **CREDENTIALS[kind])
        assert client.get_namespaces()
        assert client.update_values({"sensor-001": 1.5})[0].success
        client.disconnect()
        assert _credentials_seen(server) == []
        assert _credentials_seen(secure)


def test_userinfo_in_the_url_is_not_shown_to_the_http_side(
    server: Server, certificate: dict[str, Any], connect: Make, context: ssl.SSLContext
) -> None:
    with Server(tick=None, basic=("operator", "s3cret-password"), **certificate) as secure:
        server.fault("redirect", location=f"{_origin(secure)}{{path}}")
        url = server.url.replace("://", "://operator:s3cret-password@")
        client = connect(url, verify=context)
        assert client.get_namespaces()
        client.disconnect()
        assert _credentials_seen(server) == []


def test_a_move_to_another_path_is_kept(
    server: Server, secure: Server, connect: Make, context: ssl.SSLContext
) -> None:
    server.fault("redirect", location=f"{_origin(secure)}/v1/info")
    client = connect(server.url.replace("/v1", "/plant/api"), verify=context)
    client.get_namespaces()
    assert secure.requests[-1].target == "/v1/namespaces"
    assert len(server.requests) == 1


def test_a_call_redirected_to_https_later_keeps_method_and_body(
    server: Server, secure: Server, connect: Make, context: ssl.SSLContext
) -> None:
    client = connect(server.url, verify=context)
    server.fault("redirect", location=f"{_origin(secure)}{{path}}", status=301)
    client.update_value("sensor-001", 22.5)
    assert client.get_value("sensor-001").value == 22.5
    assert [request.operation for request in server.requests] == ["getInfo", "updateObjectValues"]
    assert secure.requests[0].json == server.requests[1].json


def test_a_client_that_moved_stays_moved_when_it_connects_again(
    server: Server, secure: Server, connect: Make, context: ssl.SSLContext
) -> None:
    server.fault("redirect", location=f"{_origin(secure)}{{path}}")
    client = connect(server.url, verify=context)
    client.disconnect()
    client.connect()
    assert len(server.requests) == 1


def test_https_redirected_to_http_is_refused(
    server: Server, secure: Server, make: Make, context: ssl.SSLContext
) -> None:
    secure.fault("redirect", location=f"{_origin(server)}{{path}}")
    with pytest.raises(i3x.ConnectionError, match="give up the encryption"):
        make(secure.url, verify=context).connect()
    assert server.requests == []


def test_https_redirected_to_http_is_refused_for_every_call(
    server: Server, secure: Server, connect: Make, context: ssl.SSLContext
) -> None:
    client = connect(secure.url, verify=context, token="s3cret-token")
    secure.fault("redirect", location=f"{_origin(server)}{{path}}")
    for call in (client.get_namespaces, lambda: client.get_values(["sensor-001"])):
        with pytest.raises(i3x.ConnectionError, match="give up the encryption"):
            call()
    assert server.requests == []


# --- another host ----------------------------------------------------------------------------------------------


@pytest.fixture
def other() -> Iterator[Server]:
    """A server under another name."""
    with Server(tick=None, host="localhost") as running:
        yield running


@pytest.mark.parametrize("kind", CREDENTIALS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_read_is_followed_to_another_host_without_credentials(
    server: Server, other: Server, connect: Make, kind: str, status: int
) -> None:
    client = connect(server.url, **CREDENTIALS[kind])
    server.fault("redirect", location=f"{_origin(other)}{{path}}", status=status)
    assert client.get_namespaces()
    assert _credentials_seen(server)
    assert [request.operation for request in other.requests] == ["getNamespaces"]
    assert _credentials_seen(other) == []


def test_another_host_that_asks_for_credentials_gets_none(server: Server, connect: Make) -> None:
    with Server(tick=None, host="localhost", token="s3cret-token") as other:
        client = connect(server.url, token="s3cret-token")
        server.fault("redirect", location=f"{_origin(other)}{{path}}")
        with pytest.raises(i3x.AuthenticationError):
            client.get_namespaces()
        assert _credentials_seen(other) == []


def test_another_port_is_another_host(server: Server, connect: Make) -> None:
    client = connect(server.url, token="s3cret-token")
    with Server(tick=None) as other:
        server.fault("redirect", location=f"{_origin(other)}{{path}}")
        assert client.get_namespaces()
        assert _credentials_seen(other) == []
        with pytest.raises(i3x.ConnectionError, match="another host"):
            client.get_value("sensor-001")
        assert [request.operation for request in other.requests] == ["getNamespaces"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_nothing_but_a_read_is_sent_to_another_host(
    server: Server, other: Server, connect: Make, method: str, status: int
) -> None:
    client = connect(server.url)
    server.fault("redirect", location=f"{_origin(other)}{{path}}", status=status)
    calls: dict[str, Callable[[], object]] = {
        "POST": lambda: client.get_value("sensor-001"),
        "PUT": lambda: client.update_value("sensor-001", 1.5, timestamp="2026-01-31T08:00:00Z"),
    }
    with pytest.raises(i3x.ConnectionError, match=r"another host.*give its address as base_url"):
        calls[method]()
    assert other.requests == []


def test_info_on_another_host_does_not_move_the_client(server: Server, other: Server, connect: Make) -> None:
    server.fault("redirect", operation="getInfo", location=f"{_origin(other)}{{path}}")
    client = connect(server.url, token="s3cret-token")
    client.get_namespaces()
    assert [request.operation for request in other.requests] == ["getInfo"]
    assert [request.operation for request in server.requests] == ["getInfo", "getNamespaces"]
    assert _credentials_seen(other) == []


def test_https_on_another_host_does_not_move_the_client(
    other: Server, secure: Server, connect: Make, context: ssl.SSLContext
) -> None:
    other.fault("redirect", operation="getInfo", location=f"{_origin(secure)}{{path}}")
    client = connect(other.url, verify=context, token="s3cret-token")
    client.get_namespaces()
    assert [request.operation for request in secure.requests] == ["getInfo"]
    assert _credentials_seen(secure) == []
    assert other.requests[-1].operation == "getNamespaces"


def test_credentials_return_only_to_the_own_host(server: Server, other: Server, connect: Make) -> None:
    """A redirect there and back again: the second request to the own host may be identified once more."""
    client = connect(server.url, token="s3cret-token")
    server.fault("redirect", location=f"{_origin(other)}{{path}}", times=1)
    other.fault("redirect", location=f"{_origin(server)}{{path}}")
    assert client.get_namespaces()
    assert _credentials_seen(other) == []


# --- the same host ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 307, 308])
@pytest.mark.parametrize("location", ["{path}", "{origin}{path}", "../../v1/objects/value"])
def test_a_redirect_on_the_same_host_keeps_method_body_and_credentials(
    connect: Make, status: int, location: str
) -> None:
    with Server(tick=None, token="s3cret-token") as server:
        client = connect(server.url, token="s3cret-token")
        target = location.replace("{origin}", _origin(server))
        for operation in ("updateObjectValues", "queryLastKnownValues"):
            server.fault("redirect", operation=operation, location=target, status=status, times=1)
        client.update_value("sensor-001", 22.5)
        assert client.get_value("sensor-001").value == 22.5
        writes = received(server, "updateObjectValues")
        assert [write.method for write in writes] == ["PUT", "PUT"]
        assert writes[0].body == writes[1].body
        assert len(received(server, "queryLastKnownValues")) == 2


def test_a_redirect_that_asks_to_turn_a_post_into_a_get_is_refused(server: Server, connect: Make) -> None:
    client = connect(server.url)
    server.fault("redirect", location="/v1/info", status=303)
    with pytest.raises(i3x.ConnectionError, match="303"):
        client.get_value("sensor-001")
    assert len(received(server, "getInfo")) == 1


@pytest.mark.parametrize("location", ["{path}", "/v1/info"])
def test_an_endless_redirect_ends(server: Server, make: Make, location: str) -> None:
    server.fault("redirect", location=location)
    with pytest.raises(i3x.ConnectionError, match="redirects without end"):
        make(server.url).connect()
    assert len(server.requests) == 6


@pytest.mark.parametrize("location", ["", "ftp://127.0.0.1/v1/info", "http://", "http://[", "data:,info"])
def test_a_redirect_to_nowhere(server: Server, make: Make, location: str) -> None:
    server.fault("redirect", location=location, times=1)
    with contextlib.suppress(i3x.InvalidServerResponseError, i3x.ConnectionError):
        make(server.url).connect()
    assert len(server.requests) <= 2


def test_userinfo_in_a_redirect_is_not_used(server: Server, other: Server, connect: Make) -> None:
    client = connect(server.url)
    target = _origin(other).replace("://", "://mallory:s3cret@")
    server.fault("redirect", location=f"{target}{{path}}")
    assert client.get_namespaces()
    assert _credentials_seen(other) == []


def test_the_credentials_file_of_the_home_directory_is_not_read(
    server: Server, connect: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login operator password s3cret-password\n")
    monkeypatch.setenv("NETRC", str(netrc))
    connect(server.url).get_namespaces()
    assert _credentials_seen(server) == []
