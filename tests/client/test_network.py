"""Time-outs, proxies and TLS, as they are set on a client or on one call."""

import contextlib
import http.client
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
import trustme
from anyio.from_thread import BlockingPortal

import i3x
from i3x.testing import Server

from .both import Make
from .wire import INFO, Request, answer, says, serve, success

# --- time-outs ---------------------------------------------------------------------------------------------------


def test_a_call_can_have_a_timeout_of_its_own(client: i3x.Client, server: Server) -> None:
    server.fault("hang", seconds=60)
    began = time.monotonic()
    with pytest.raises(i3x.TimeoutError, match="larger timeout="):
        client.get_value("sensor-001", timeout=0.1)
    assert time.monotonic() - began < 20


def test_a_call_may_take_longer_than_others(server: Server, connect: Make) -> None:
    client = connect(server.url, timeout=0.05)
    with server.fault("hang", operation="getNamespaces", seconds=0.3):
        assert client.get_namespaces(timeout=30)
    with server.fault("hang", operation="getNamespaces", seconds=60), pytest.raises(i3x.TimeoutError):
        client.get_namespaces()


def test_each_step_can_have_a_timeout_of_its_own(server: Server, connect: Make) -> None:
    client = connect(server.url, timeout=httpx.Timeout(30.0, read=0.1))
    server.fault("hang", seconds=60)
    with pytest.raises(i3x.TimeoutError):
        client.get_namespaces()
    with pytest.raises(i3x.TimeoutError):
        client.get_namespaces(timeout=httpx.Timeout(5.0, read=0.05))


def test_no_timeout_at_all(server: Server, connect: Make) -> None:
    client = connect(server.url, timeout=httpx.Timeout(None))
    assert client.get_namespaces()


def test_a_connection_that_is_not_accepted_in_time(make: Make) -> None:
    """A full queue of connections: the next one is neither accepted nor refused."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0), backlog=0))
        for _ in range(3):
            waiting = stack.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listener.getsockname())
        with pytest.raises(i3x.TimeoutError, match=r"no connection to http://127\.0\.0\.1"):
            make(f"http://127.0.0.1:{listener.getsockname()[1]}/v1", timeout=0.1).connect()


@pytest.mark.parametrize("timeout", [0, -1, True, "5", float("nan")])
def test_a_timeout_that_makes_no_sense(client: i3x.Client, make: Make, timeout: Any) -> None:
    with pytest.raises((TypeError, ValueError), match="timeout"):
        client.get_namespaces(timeout=timeout)
    with pytest.raises((TypeError, ValueError), match="timeout"):
        make("http://127.0.0.1/v1", timeout=timeout)


# --- proxies and transports --------------------------------------------------------------------------------------


def _forward(connection: socket.socket, request: Request) -> None:
    """What a proxy does: ask the server named in the request, and hand its answer back."""
    target = urlsplit(request.target)
    onward = http.client.HTTPConnection(target.hostname or "", target.port)
    headers = {name: value for name, value in request.headers.items() if name != "accept-encoding"}
    with contextlib.closing(onward):
        onward.request(request.method, target.path, request.body, headers)
        came_back = onward.getresponse()
        status = f"{came_back.status} {came_back.reason}"
        connection.sendall(answer(came_back.read(), status=status))


def test_a_proxy_is_used(server: Server, connect: Make) -> None:
    with serve(_forward) as proxy:
        client = connect(server.url, proxy=f"http://127.0.0.1:{proxy.port}")
        assert client.get_value("sensor-001").quality == "Good"
        assert [request.target for request in proxy.requests] == [
            f"{server.url}/info",
            f"{server.url}/objects/value",
        ]


def test_the_proxy_of_the_environment_is_used(
    server: Server, connect: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve(_forward) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        assert connect(server.url).get_namespaces()
        assert len(proxy.requests) == 2


def test_a_proxy_gets_its_own_credentials_only(server: Server, connect: Make) -> None:
    with serve(_forward) as proxy:
        address = httpx.Proxy(f"http://127.0.0.1:{proxy.port}", auth=("operator", "pr0xy-password"))
        connect(server.url, proxy=address).get_namespaces()
        assert all("proxy-authorization" in request.headers for request in proxy.requests)
        assert "authorization" not in server.requests[-1].headers


def test_a_proxy_that_is_not_there(server: Server, make: Make) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(i3x.ConnectionError):
        make(server.url, proxy=f"http://operator:pr0xy-password@127.0.0.1:{port}").connect()
    assert server.requests == []


def test_a_transport_can_be_injected(make: Make) -> None:
    seen: list[str] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(f"{request.method} {request.url}")
        return httpx.Response(200, json={"success": True, "result": INFO})

    with make("https://plant.example/api/v1", transport=httpx.MockTransport(handle)) as client:
        assert client.get_info().server_name == "Wire"
    assert seen == ["GET https://plant.example/api/v1/info"] * 2


def test_a_transport_that_fails_is_a_connection_error(make: Make) -> None:
    def handle(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route to host", request=request)

    with pytest.raises(i3x.ConnectionError, match="no route to host"):
        make("http://plant.example/v1", transport=httpx.MockTransport(handle)).connect()


# --- TLS ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def authority() -> trustme.CA:
    return trustme.CA()


@pytest.fixture(scope="session")
def files(authority: trustme.CA, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with certificates: of the authority, of 127.0.0.1, of another name, of a client."""
    path = tmp_path_factory.mktemp("tls")
    authority.cert_pem.write_to_path(str(path / "ca.pem"))
    for name, identity in (("server", "127.0.0.1"), ("plant", "plant.example"), ("client", "line-7@plant")):
        issued = authority.issue_cert(identity)
        issued.private_key_and_cert_chain_pem.write_to_path(str(path / f"{name}.pem"))
        issued.private_key_pem.write_to_path(str(path / f"{name}.key"))
    trustme.CA().cert_pem.write_to_path(str(path / "stranger.pem"))
    return path


@pytest.fixture
def secure(files: Path) -> Iterator[Server]:
    """A server with https and a certificate of the tests' authority."""
    path = str(files / "server.pem")
    with Server(tick=None, ssl_certfile=path, ssl_keyfile=path) as running:
        yield running


@pytest.mark.parametrize("kind", [str, Path])
def test_an_authority_can_be_given_as_a_file(secure: Server, connect: Make, files: Path, kind: Any) -> None:
    assert connect(secure.url, verify=kind(files / "ca.pem")).get_namespaces()


def test_an_authority_can_be_given_as_a_context(secure: Server, connect: Make, files: Path) -> None:
    context = ssl.create_default_context(cafile=str(files / "ca.pem"))
    assert connect(secure.url, verify=context).get_namespaces()


def test_verification_can_be_switched_off(secure: Server, connect: Make) -> None:
    assert connect(secure.url, verify=False).get_namespaces()


@pytest.mark.parametrize("verify", [True, "stranger.pem"])
def test_a_certificate_of_an_unknown_authority(
    secure: Server, make: Make, files: Path, verify: bool | str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("i3x.transport.exchange._FIRST_PAUSE", 600.0)
    client = make(secure.url, verify=verify if isinstance(verify, bool) else files / verify)
    with pytest.raises(i3x.ConnectionError, match=r"verify=.*server_hostname=.*verify=False only to test"):
        client.connect()
    assert not client.is_connected
    assert secure.requests == []


def test_a_certificate_for_another_name(make: Make, files: Path) -> None:
    path = str(files / "plant.pem")
    with (
        Server(tick=None, ssl_certfile=path, ssl_keyfile=path) as server,
        pytest.raises(i3x.ConnectionError, match="server_hostname="),
    ):
        make(server.url, verify=files / "ca.pem").connect()


def test_a_certificate_for_another_name_through_a_tunnel(connect: Make, files: Path) -> None:
    path = str(files / "plant.pem")
    with Server(tick=None, ssl_certfile=path, ssl_keyfile=path) as server:
        client = connect(server.url, verify=files / "ca.pem", server_hostname="plant.example")
        assert client.get_namespaces()
        client.disconnect()


def test_the_wrong_name_for_a_tunnel(make: Make, files: Path) -> None:
    path = str(files / "plant.pem")
    with (
        Server(tick=None, ssl_certfile=path, ssl_keyfile=path) as server,
        pytest.raises(i3x.ConnectionError, match="no trusted TLS connection"),
    ):
        make(server.url, verify=files / "ca.pem", server_hostname="other.example").connect()


def test_https_where_the_server_speaks_http(server: Server, make: Make) -> None:
    with pytest.raises(i3x.ConnectionError, match=r"https://127\.0\.0\.1"):
        make(server.url.replace("http:", "https:")).connect()


def test_http_where_the_server_speaks_https(secure: Server, make: Make) -> None:
    with pytest.raises(i3x.I3XError):
        make(secure.url.replace("https:", "http:")).connect()


@pytest.fixture
def mutual(files: Path, authority: trustme.CA) -> ssl.SSLContext:
    """What a server that asks for certificates speaks."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(files / "server.pem")
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    return context


@pytest.mark.parametrize("parts", [("client.pem",), ("client.pem", "client.key"), "client.pem"])
def test_mutual_tls(connect: Make, files: Path, mutual: ssl.SSLContext, parts: Any) -> None:
    paths = [str(files / part) for part in ([parts] if isinstance(parts, str) else parts)]
    cert: Any = paths[0] if len(paths) == 1 else tuple(paths)
    with serve(says(success([])), tls=mutual) as wire:
        client = connect(wire.url, verify=files / "ca.pem", cert=cert)
        assert client.get_namespaces() == []


def test_mutual_tls_without_a_certificate(make: Make, files: Path, mutual: ssl.SSLContext) -> None:
    with serve(says(success([])), tls=mutual) as wire:
        client = make(wire.url, verify=files / "ca.pem", retries=0)
        with pytest.raises(i3x.ConnectionError):
            client.connect()
        assert not client.is_connected
        assert wire.all_closed()
        assert wire.requests == []


@pytest.mark.parametrize(
    "options",
    [{"verify": "nowhere.pem"}, {"verify": "client.key"}, {"cert": "nowhere.pem"}, {"cert": "ca.pem"}],
)
def test_a_file_that_is_no_certificate(make: Make, files: Path, options: dict[str, str]) -> None:
    client_options = {name: str(files / value) for name, value in options.items()}
    with pytest.raises(ValueError, match="verify"):
        make("https://127.0.0.1/v1", **client_options).connect()


def test_a_connection_that_breaks_during_the_handshake(make: Make, portal: BlockingPortal) -> None:
    with serve(says(b"")) as wire:
        client = make(f"https://127.0.0.1:{wire.port}/v1", timeout=0.2)
        with pytest.raises((i3x.ConnectionError, i3x.TimeoutError)):
            client.connect()
        assert wire.all_closed()
