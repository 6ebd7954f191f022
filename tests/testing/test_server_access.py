"""Credentials and compression."""

import gzip
import ssl
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
import trustme

from i3x.testing import Server

Connect = Callable[..., httpx.Client]


def test_a_token_is_asked_for(connect: Connect) -> None:
    with Server(token="secret", tick=None) as server:
        response = connect(server).get("/namespaces")
        assert response.status_code == 401
        assert response.json()["responseDetail"]["status"] == 401
        assert response.headers["www-authenticate"] == 'Bearer realm="i3X"'


@pytest.mark.parametrize(
    ("shown", "status"),
    [("Bearer secret", 200), ("bearer  secret", 200), ("Bearer wrong", 401), ("secret", 401)],
)
def test_the_right_token_is_let_in(connect: Connect, shown: str, status: int) -> None:
    with Server(token="secret", tick=None) as server:
        assert connect(server).get("/namespaces", headers={"Authorization": shown}).status_code == status


def test_user_and_password_are_let_in(connect: Connect) -> None:
    with Server(basic=("anna", "pass:wörd"), tick=None) as server:
        http = connect(server)
        assert http.get("/namespaces").headers["www-authenticate"] == 'Basic realm="i3X"'
        assert http.get("/namespaces", auth=("anna", "pass:wörd")).status_code == 200
        assert http.get("/namespaces", auth=("anna", "wrong")).status_code == 401


def test_a_header_is_let_in(connect: Connect) -> None:
    with Server(header=("X-API-Key", "secret"), tick=None) as server:
        http = connect(server)
        assert http.get("/namespaces").status_code == 401
        assert http.get("/namespaces", headers={"x-api-key": "secret"}).status_code == 200
        assert http.get("/namespaces", headers={"x-api-key": "wrong"}).status_code == 401


def test_any_of_several_credentials_is_let_in(connect: Connect) -> None:
    with Server(token="t", header=("X-API-Key", "k"), tick=None) as server:
        http = connect(server)
        assert http.get("/namespaces", headers={"X-API-Key": "k"}).status_code == 200
        assert http.get("/namespaces", headers={"Authorization": "Bearer t"}).status_code == 200


def test_info_needs_no_credentials(connect: Connect) -> None:
    with Server(token="secret", tick=None) as server:
        assert connect(server).get("/info").status_code == 200


def test_a_request_without_credentials_changes_nothing(connect: Connect) -> None:
    with Server(token="secret", tick=None) as server:
        http = connect(server)
        updates = [{"elementId": "sensor-001", "value": {"value": 99}}]
        assert http.put("/objects/value", json={"updates": updates}).status_code == 401
        http.headers["Authorization"] = "Bearer secret"
        answer = http.post("/objects/value", json={"elementIds": ["sensor-001"]}).json()
        assert answer["results"][0]["result"]["value"] == 18.5


def raw(http: httpx.Client, path: str, accept: str) -> tuple[httpx.Response, bytes]:
    with http.stream("GET", path, headers={"Accept-Encoding": accept}) as response:
        return response, b"".join(response.iter_raw())


@pytest.mark.parametrize("accept", ["gzip", "deflate, gzip;q=0.5", "*", "GZIP"])
def test_gzip_is_sent_when_it_is_accepted(http: httpx.Client, accept: str) -> None:
    response, body = raw(http, "/namespaces", accept)
    assert response.headers["content-encoding"] == "gzip"
    assert int(response.headers["content-length"]) == len(body)
    assert gzip.decompress(body) == http.get("/namespaces").content


@pytest.mark.parametrize("accept", ["identity", "", "deflate", "gzip;q=0", "gzip; q=0.0", "*;q=0"])
def test_gzip_is_not_sent_when_it_is_not_accepted(http: httpx.Client, accept: str) -> None:
    response, body = raw(http, "/namespaces", accept)
    assert "content-encoding" not in response.headers
    assert response.headers["vary"] == "Accept-Encoding"
    assert body.startswith(b"{")


def test_failures_are_compressed_too(http: httpx.Client) -> None:
    assert raw(http, "/nothing", "gzip")[0].headers["content-encoding"] == "gzip"


def test_a_big_listing_is_compressed_once(connect: Connect) -> None:
    with Server(objects=10_000, tick=None) as server:
        http = connect(server)
        first, second = (raw(http, "/objects", "gzip")[1] for _ in range(2))
        assert first == second
        assert len(gzip.decompress(first)) > 1 << 20


def test_https_is_served_with_a_certificate(tmp_path: Path) -> None:
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"
    certificate.cert_chain_pems[0].write_to_path(chain)
    certificate.private_key_pem.write_to_path(key)
    context = ssl.create_default_context()
    authority.configure_trust(context)
    with (
        Server(ssl_certfile=str(chain), ssl_keyfile=str(key), tick=None) as server,
        httpx.Client(verify=context) as http,
    ):
        assert server.url.startswith("https://127.0.0.1:")
        assert http.get(f"{server.url}/info").status_code == 200
        with server.fault("reset"), pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
            http.get(f"{server.url}/info")
        with server.fault("truncate"), pytest.raises(httpx.RemoteProtocolError):
            http.get(f"{server.url}/info")
