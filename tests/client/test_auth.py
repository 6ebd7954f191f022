"""Credentials: each kind of them, when they are shown, and what happens to wrong ones."""

import base64
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import anyio
import httpx
import pytest
from anyio.from_thread import BlockingPortal

import i3x
from i3x.testing import Server

from .both import Make
from .wire import received


class ApiKey(httpx.Auth):
    """Credentials of httpx's kind."""

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        request.headers["X-API-Key"] = "k3y-of-line-7"
        yield request


def _with_key(request: httpx.Request) -> httpx.Request:
    request.headers["X-API-Key"] = "k3y-of-line-7"
    return request


KINDS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "token": ({"token": "t0ken-1"}, {"token": "t0ken-1"}),
    "token function": ({"token": "t0ken-1"}, {"token": lambda: "t0ken-1"}),
    "basic": ({"basic": ("operator", "pässword")}, {"auth": ("operator", "pässword")}),
    "httpx.Auth": ({"header": ("X-API-Key", "k3y-of-line-7")}, {"auth": ApiKey()}),
    "function of the request": ({"header": ("X-API-Key", "k3y-of-line-7")}, {"auth": _with_key}),
    "header": ({"header": ("X-API-Key", "k3y-of-line-7")}, {"headers": {"X-API-Key": "k3y-of-line-7"}}),
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_credentials_opens_the_server(connect: Make, kind: str) -> None:
    protection, options = KINDS[kind]
    with Server(tick=None, **protection) as server:
        client = connect(server.url, **options)
        assert client.get_namespaces()
        assert client.get_value("sensor-001").quality == "Good"


@pytest.mark.parametrize("kind", KINDS)
def test_info_goes_out_without_credentials(connect: Make, kind: str) -> None:
    protection, options = KINDS[kind]
    with Server(tick=None, **protection) as server:
        client = connect(server.url, **options)
        client.get_info()
        for request in received(server, "getInfo"):
            assert not {"authorization", "x-api-key"} & request.headers.keys()


@pytest.mark.parametrize("status", [401, 403])
@pytest.mark.parametrize("kind", KINDS)
def test_info_carries_credentials_where_the_server_insists(connect: Make, kind: str, status: int) -> None:
    protection, options = KINDS[kind]
    with Server(tick=None, **protection) as server:
        server.fault("status", operation="getInfo", status=status, times=1)
        connect(server.url, **options)
        first, second = received(server, "getInfo")
        assert not {"authorization", "x-api-key"} & first.headers.keys()
        assert {"authorization", "x-api-key"} & second.headers.keys()


def test_credentials_can_stand_in_the_url(connect: Make) -> None:
    with Server(tick=None, basic=("operator", "p@ss/w:rd")) as server:
        client = connect(server.url.replace("://", "://operator:p%40ss%2Fw%3Ard@"))
        assert client.get_namespaces()
        assert "p@ss" not in repr(client)
        assert "p%40ss" not in repr(client)
        assert server.requests[-1].headers["host"] == server.url.split("/")[2]


def test_explicit_credentials_win_over_those_in_the_url(connect: Make) -> None:
    with Server(tick=None, token="t0ken-1") as server:
        client = connect(server.url.replace("://", "://operator:password@"), token="t0ken-1")
        assert client.get_namespaces()


def test_an_authorization_header_wins_over_credentials_in_the_url(connect: Make) -> None:
    with Server(tick=None, token="t0ken-1") as server:
        url = server.url.replace("://", "://operator:password@")
        assert connect(url, headers={"authorization": "Bearer t0ken-1"}).get_namespaces()


def test_custom_headers_go_with_every_request_but_info(server: Server, connect: Make) -> None:
    client = connect(server.url, headers={"X-Plant": "north", "User-Agent": "line-7"})
    client.get_value("sensor-001")
    assert "x-plant" not in server.requests[0].headers
    assert server.requests[1].headers["x-plant"] == "north"
    assert server.requests[1].headers["user-agent"] == "line-7"


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"token": "wrong-token"}, "the server refused the token: "),
        ({"token": lambda: "wrong-token"}, "the server refused the token: "),
        ({"auth": ("operator", "wrong-password")}, "the server refused the user and password: "),
        ({"auth": httpx.BasicAuth("operator", "wrong")}, "the server refused the credentials of auth=: "),
        ({"headers": {"X-API-Key": "wrong-key"}}, "the server refused the headers: "),
        ({}, "the server wants credentials, and none were sent: "),
    ],
    ids=["token", "token function", "basic", "httpx.Auth", "header", "none"],
)
def test_wrong_credentials(connect: Make, options: dict[str, Any], said: str) -> None:
    with Server(
        tick=None, token="t0ken-1", basic=("operator", "password"), header=("X-API-Key", "k3y-of-line-7")
    ) as server:
        client = connect(server.url, **options)
        with pytest.raises(i3x.AuthenticationError, match="valid credentials") as caught:
            client.get_namespaces()
        assert said in str(caught.value)
        assert "wrong" not in str(caught.value)
        assert caught.value.status_code == 401
        assert client.is_connected


def test_credentials_that_do_not_allow_it(client: i3x.Client, server: Server) -> None:
    server.fault("status", status=403)
    with pytest.raises(i3x.AuthenticationError, match="do not allow it"):
        client.get_namespaces()
    assert len(received(server, "getNamespaces")) == 1


# --- a function as token -----------------------------------------------------------------------------------------


class Tokens:
    """Hands out tokens, each different from the one before, and counts."""

    def __init__(self, *tokens: str) -> None:
        self.asked = 0
        self._tokens = tokens

    def __call__(self) -> str:
        self.asked += 1
        return self._tokens[min(self.asked, len(self._tokens)) - 1]


def test_a_token_function_is_asked_when_a_token_is_needed(connect: Make) -> None:
    tokens = Tokens("t0ken-1")
    with Server(tick=None, token="t0ken-1") as server:
        client = connect(server.url, token=tokens)
        assert tokens.asked == 0
        for _ in range(3):
            client.get_namespaces()
        assert tokens.asked == 1


def test_a_token_function_is_asked_again_after_a_401(connect: Make) -> None:
    tokens = Tokens("old-token", "t0ken-2")
    with Server(tick=None, token="t0ken-2") as server:
        client = connect(server.url, token=tokens)
        client.update_value("sensor-001", 22.5)
        assert tokens.asked == 2
        assert [request.headers["authorization"] for request in received(server, "updateObjectValues")] == [
            "Bearer old-token",
            "Bearer t0ken-2",
        ]


def test_a_token_function_is_asked_again_only_once(connect: Make) -> None:
    tokens = Tokens("old-token")
    with Server(tick=None, token="t0ken-2") as server:
        client = connect(server.url, token=tokens)
        with pytest.raises(i3x.AuthenticationError):
            client.get_namespaces()
        assert tokens.asked == 2
        assert len(received(server, "getNamespaces")) == 2


def test_a_token_function_is_not_asked_again_after_a_403(connect: Make, server: Server) -> None:
    tokens = Tokens("t0ken-1")
    client = connect(server.url, token=tokens)
    server.fault("status", status=403)
    with pytest.raises(i3x.AuthenticationError):
        client.get_namespaces()
    assert tokens.asked == 1


def test_a_server_that_insists_on_credentials_for_info_gets_them_from_the_function(connect: Make) -> None:
    tokens = Tokens("t0ken-1")
    with Server(tick=None, token="t0ken-1") as server:
        server.fault("status", operation="getInfo", status=401, times=1)
        client = connect(server.url, token=tokens)
        assert received(server, "getInfo")[-1].headers["authorization"] == "Bearer t0ken-1"
        client.get_namespaces()
        assert tokens.asked == 1


def test_an_old_token_is_renewed_for_info_too(connect: Make) -> None:
    tokens = Tokens("old-token", "t0ken-2")
    with Server(tick=None, token="t0ken-2") as server:
        server.fault("status", operation="getInfo", status=401, times=2)
        connect(server.url, token=tokens)
        shown = [request.headers.get("authorization") for request in received(server, "getInfo")]
        assert shown == [None, "Bearer old-token", "Bearer t0ken-2"]


def test_many_threads_share_one_renewal(portal: BlockingPortal) -> None:
    tokens = Tokens("old-token", "t0ken-2")
    together = threading.Barrier(8)
    with Server(tick=None, token="t0ken-2") as server, i3x.Client(server.url, token=tokens) as client:

        def call(_: int) -> str:
            together.wait()
            return client.get_value("sensor-001").quality

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(call, range(8))) == ["Good"] * 8
    assert tokens.asked == 2


def test_many_tasks_share_one_renewal(portal: BlockingPortal) -> None:
    asked: list[str] = []

    async def token() -> str:
        asked.append("asked")
        await anyio.sleep(0.01)
        return "old-token" if len(asked) == 1 else "t0ken-2"

    async def main(url: str) -> None:
        async with i3x.AsyncClient(url, token=token) as client, anyio.create_task_group() as tasks:
            for _ in range(20):
                tasks.start_soon(client.get_value, "sensor-001")

    with Server(tick=None, token="t0ken-2") as server:
        portal.call(main, server.url)
    assert len(asked) == 2


def test_the_async_client_takes_a_plain_function_too(portal: BlockingPortal) -> None:
    async def main(url: str) -> int:
        async with i3x.AsyncClient(url, token=lambda: "t0ken-1") as client:
            return len(await client.get_namespaces())

    with Server(tick=None, token="t0ken-1") as server:
        assert portal.call(main, server.url) == 3


def test_a_token_function_that_fails(connect: Make, server: Server) -> None:
    def token() -> str:
        raise RuntimeError("no luck with s3cret-refresh-token")

    client = connect(server.url, token=token)
    with pytest.raises(i3x.AuthenticationError, match="token= failed with RuntimeError") as caught:
        client.get_namespaces()
    assert "s3cret" not in str(caught.value)
    assert received(server, "getNamespaces") == []


@pytest.mark.parametrize("token", [b"s3cret-token", None, "s3cret\ntoken"])
def test_a_token_function_that_returns_no_token(connect: Make, server: Server, token: Any) -> None:
    client = connect(server.url, token=lambda: token)
    with pytest.raises(i3x.AuthenticationError, match="given as token= failed") as caught:
        client.get_namespaces()
    assert "s3cret" not in str(caught.value)
    assert received(server, "getNamespaces") == []


def test_a_token_function_may_recover(connect: Make) -> None:
    asked = 0

    def token() -> str:
        nonlocal asked
        asked += 1
        if asked == 1:
            raise RuntimeError
        return "t0ken-1"

    with Server(tick=None, token="t0ken-1") as server:
        client = connect(server.url, token=token)
        with pytest.raises(i3x.AuthenticationError):
            client.get_namespaces()
        assert client.get_namespaces()


# --- secrets stay secret -----------------------------------------------------------------------------------------

SECRETS: dict[str, dict[str, Any]] = {
    "token": {"token": "s3cret-token"},
    "token function": {"token": lambda: "s3cret-token"},
    "basic": {"auth": ("operator", "s3cret-password")},
    "header": {"headers": {"X-API-Key": "s3cret-key"}},
}


def _leaks(*texts: object) -> list[str]:
    basic = base64.b64encode(b"operator:s3cret-password").decode()
    return [text for text in map(str, texts) if "s3cret" in text or basic in text]


@pytest.mark.parametrize("kind", SECRETS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 500, 503])
def test_a_server_that_echoes_credentials_gives_nothing_away(
    connect: Make, server: Server, caplog: pytest.LogCaptureFixture, kind: str, status: int
) -> None:
    caplog.set_level("DEBUG")
    client = connect(server.url, retries=0, **SECRETS[kind])

    def echo(_: object) -> object:
        shown = ", ".join(f"{name}: {value}" for name, value in server.requests[-1].headers.items())
        detail = {"title": f"Refused {shown}", "status": status, "detail": f"You sent {shown}"}
        return {"success": False, "responseDetail": detail}

    server.fault("status", status=status)
    server.fault("edit_json", edit_with=echo)
    with pytest.raises(i3x.I3XError, match="You sent") as caught:
        client.get_namespaces()
    error = caught.value
    assert not _leaks(error, repr(error), error.title, error.detail, vars(error), repr(client))
    assert not _leaks(*(record.getMessage() for record in caplog.records))


@pytest.mark.parametrize("kind", SECRETS)
def test_an_item_that_echoes_credentials_gives_nothing_away(connect: Make, server: Server, kind: str) -> None:
    client = connect(server.url, **SECRETS[kind])

    def echo(document: dict[str, list[dict[str, Any]]]) -> object:
        document["results"][0]["responseDetail"]["detail"] = f"You sent {server.requests[-1].headers}"
        return document

    server.fault("edit_json", edit_with=echo)
    values = client.get_values(["nothing"])
    assert not _leaks(values.errors["nothing"], values.errors["nothing"].detail)
    items = client.update_values({"nothing": 1.0})
    assert not _leaks(items, items.errors)


@pytest.mark.parametrize("kind", SECRETS)
def test_a_page_that_echoes_credentials_gives_nothing_away(connect: Make, server: Server, kind: str) -> None:
    client = connect(server.url, **SECRETS[kind])
    client.get_namespaces()
    shown = server.requests[-1].headers
    text = f"Bad gateway: {shown.get('authorization')} {shown.get('x-api-key')}"
    server.fault("status", status=502, body=text, content_type="text/plain", retry_after=0)
    with pytest.raises(i3x.ServerError, match="Bad gateway") as caught:
        client.get_namespaces()
    assert not _leaks(caught.value, caught.value.detail)


@pytest.mark.parametrize("kind", SECRETS)
def test_a_redirect_that_echoes_credentials_gives_nothing_away(
    connect: Make, server: Server, kind: str
) -> None:
    client = connect(server.url, **SECRETS[kind])
    client.get_namespaces()
    shown = server.requests[-1].headers
    text = shown.get("authorization", shown.get("x-api-key", "")).split()[-1]
    server.fault("redirect", location=f"http://localhost/{text}")
    with pytest.raises(i3x.ConnectionError, match="another host") as caught:
        client.get_value("sensor-001")
    assert not _leaks(caught.value)


@pytest.mark.parametrize("kind", SECRETS)
def test_nothing_is_given_away_while_all_is_well(
    make: Make, server: Server, caplog: pytest.LogCaptureFixture, kind: str, quick: None
) -> None:
    caplog.set_level("DEBUG")
    client = make(server.url, **SECRETS[kind])
    server.fault("reset", operation="getNamespaces", times=1)
    with client:
        client.get_namespaces()
        texts = [repr(client), repr(vars(client)), repr(client.server_info)]
    assert any(record.name.startswith("i3x") for record in caplog.records)
    assert not _leaks(*texts, *(record.getMessage() for record in caplog.records))


@pytest.mark.parametrize(
    "options",
    [
        {"token": "s3cret\r\ntoken"},
        {"token": "s3cret-tökén-€"},
        {"token": "s3cret\x01token"},
        {"token": " s3cret-token"},
        {"headers": {"X-API-Key": "s3cret\nkey"}},
        {"headers": {"X-API-Key": "s3cret\x7fkey"}},
        {"headers": {"X-API-Key": "s3cret-key "}},
        {"headers": {"X API Key": "s3cret-key"}},
        {"headers": {"": "s3cret-key"}},
    ],
)
def test_credentials_that_http_cannot_carry_are_refused_at_once(make: Make, options: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="header") as caught:
        make("http://127.0.0.1/v1", **options)
    assert not _leaks(caught.value)


def test_auth_has_the_last_word_over_a_token(connect: Make) -> None:
    with Server(tick=None, basic=("operator", "s3cret-password")) as server:
        client = connect(server.url, auth=("operator", "s3cret-password"), token="s3cret-token")
        assert client.get_namespaces()


def test_a_custom_header_replaces_ours_whatever_its_case(connect: Make, server: Server) -> None:
    connect(server.url, headers={"user-agent": "plant/1"}).get_namespaces()
    assert received(server, "getNamespaces")[-1].headers["user-agent"] == "plant/1"


def test_a_strange_challenge_is_no_strange_exception(connect: Make) -> None:
    with Server(tick=None) as server:
        client = connect(server.url, auth=httpx.DigestAuth("operator", "s3cret-password"))
        challenge = {"WWW-Authenticate": 'Digest realm="x", nonce="y", algorithm="FOO"'}
        with (
            server.fault("status", operation="getNamespaces", status=401, headers=challenge),
            pytest.raises(i3x.I3XError) as caught,
        ):
            client.get_namespaces()
        assert not _leaks(caught.value)


@pytest.mark.parametrize("auth", [("operator",), ("operator", None), ("operator", "a", "b")])
def test_a_tuple_that_is_no_user_and_password_is_refused(make: Make, auth: Any) -> None:
    with pytest.raises(TypeError, match="user, password"):
        make("http://127.0.0.1/v1", auth=auth)
