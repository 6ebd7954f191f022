"""Connecting and disconnecting: what is open when, and who is told."""

import socket

import anyio
import anyio.lowlevel
import pytest
from anyio.from_thread import BlockingPortal

import i3x
from i3x.testing import Server

from .both import Make
from .wire import INFO, answer, serve, success


@pytest.fixture
def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_with_block_connects_and_disconnects(server: Server, make: Make) -> None:
    client = make(server.url)
    assert not client.is_connected
    with client as entered:
        assert entered is client
        assert client.is_connected
        assert client.server_info is not None
        assert client.server_info.server_name == "Pump Station"
    assert not client.is_connected
    assert client.server_info is None


def test_a_with_block_disconnects_after_an_error(server: Server, make: Make) -> None:
    client = make(server.url)
    with pytest.raises(ZeroDivisionError), client:
        raise ZeroDivisionError
    assert not client.is_connected


def test_connect_asks_for_info_once(server: Server, make: Make) -> None:
    client = make(server.url)
    client.connect()
    client.connect()
    assert [request.target for request in server.requests] == ["/v1/info"]


def test_a_client_can_be_connected_again(server: Server, make: Make) -> None:
    client = make(server.url)
    for _ in range(2):
        with client:
            assert client.get_value("sensor-001").quality == "Good"
    assert [request.operation for request in server.requests] == ["getInfo", "queryLastKnownValues"] * 2


def test_a_client_survives_a_restart_of_the_server(server: Server, client: i3x.Client) -> None:
    client.get_namespaces()
    server.restart()
    assert client.get_namespaces()


def test_a_call_before_connect_says_what_to_do(server: Server, make: Make) -> None:
    with pytest.raises(i3x.ConnectionError, match=r"call connect\(\) first"):
        make(server.url).get_value("sensor-001")
    assert server.requests == []


def test_a_call_after_disconnect_says_what_to_do(server: Server, client: i3x.Client) -> None:
    client.disconnect()
    with pytest.raises(i3x.ConnectionError, match="not connected") as caught:
        client.get_value("sensor-001")
    assert caught.value.operation == "queryLastKnownValues"
    assert isinstance(caught.value, ConnectionError)


def test_a_call_without_ids_needs_a_connection_too(make: Make, server: Server) -> None:
    with pytest.raises(i3x.ConnectionError, match="not connected"):
        make(server.url).get_values([])


def test_disconnect_twice_is_harmless(client: i3x.Client) -> None:
    client.disconnect()
    client.disconnect()
    assert not client.is_connected


def test_disconnect_closes_every_connection(make: Make) -> None:
    with serve(lambda connection, _: connection.sendall(success(INFO))) as wire:
        client = make(wire.url)
        client.connect()
        assert len(wire.connections) == 1
        client.disconnect()
        assert wire.all_closed()


def test_the_callbacks_are_told_once(server: Server, make: Make) -> None:
    told: list[tuple[str, object, bool]] = []
    client = make(server.url)
    client.on_connect = lambda it: told.append(("connect", it, it.is_connected))
    client.on_disconnect = lambda it: told.append(("disconnect", it, it.is_connected))
    client.connect()
    client.connect()
    client.disconnect()
    client.disconnect()
    assert told == [("connect", client, True), ("disconnect", client, False)]


def test_on_disconnect_is_not_called_when_connecting_failed(make: Make, free_port: int) -> None:
    told: list[object] = []
    client = make(f"http://127.0.0.1:{free_port}/v1")
    client.on_connect = client.on_disconnect = told.append
    with pytest.raises(i3x.ConnectionError):
        client.connect()
    client.disconnect()
    assert told == []


def test_a_failing_on_connect_leaves_nothing_open(make: Make) -> None:
    def fail(_: i3x.Client) -> None:
        raise ZeroDivisionError

    with serve(lambda connection, _: connection.sendall(success(INFO))) as wire:
        client = make(wire.url)
        client.on_connect = fail
        with pytest.raises(ZeroDivisionError):
            client.connect()
        assert not client.is_connected
        assert wire.all_closed()
        client.on_connect = None if isinstance(client, i3x.Client) else lambda _: None
        client.connect()
        assert client.is_connected


def test_the_callbacks_of_the_async_client_may_be_async(server: Server, portal: BlockingPortal) -> None:
    told: list[str] = []

    async def connected(client: i3x.AsyncClient) -> None:
        await anyio.lowlevel.checkpoint()
        told.append((await client.get_object("pump-101")).display_name)

    async def disconnected(_: i3x.AsyncClient) -> None:
        await anyio.lowlevel.checkpoint()
        told.append("disconnected")

    async def main() -> None:
        client = i3x.AsyncClient(server.url)
        client.on_connect, client.on_disconnect = connected, disconnected
        async with client:
            assert told == ["Pump 101"]

    portal.call(main)
    assert told == ["Pump 101", "disconnected"]


def test_a_failing_async_on_connect_leaves_nothing_open(portal: BlockingPortal) -> None:
    async def fail(_: i3x.AsyncClient) -> None:
        await anyio.lowlevel.checkpoint()
        raise ZeroDivisionError

    async def main(url: str) -> None:
        client = i3x.AsyncClient(url)
        client.on_connect = fail
        with pytest.raises(ZeroDivisionError):
            await client.connect()
        assert not client.is_connected

    with serve(lambda connection, _: connection.sendall(success(INFO))) as wire:
        portal.call(main, wire.url)
        assert wire.all_closed()


def test_a_refused_connection_fails_at_once(
    make: Make, free_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("i3x.transport.exchange._FIRST_PAUSE", 60.0)
    client = make(f"http://127.0.0.1:{free_port}/v1")
    with pytest.raises(i3x.ConnectionError, match=f"can't connect to http://127.0.0.1:{free_port}"):
        client.connect()
    assert not client.is_connected


def test_a_name_that_does_not_resolve(make: Make) -> None:
    with pytest.raises(i3x.ConnectionError, match=r"can't connect to http://nowhere\.invalid"):
        make("http://nowhere.invalid/v1").connect()


@pytest.mark.parametrize(
    "said",
    [
        answer(b"{}"),
        answer(status="404 Not Found"),
        answer(b"<html>", kind="text/html"),
        answer(status="500 Internal Server Error"),
        success({**INFO, "specVersion": "2.0"}),
        b"SSH-2.0-OpenSSH_9.9\r\n\r\n",
    ],
    ids=["no info", "404", "page", "500", "other version", "no HTTP"],
)
def test_a_failed_connect_leaves_nothing_open(make: Make, said: bytes) -> None:
    with serve(lambda connection, _: connection.sendall(said)) as wire:
        client = make(wire.url)
        with pytest.raises(i3x.I3XError):
            client.connect()
        assert not client.is_connected
        assert client.server_info is None
        assert wire.all_closed()
        with pytest.raises(i3x.ConnectionError, match="not connected"):
            client.get_namespaces()


def test_a_failed_connect_can_be_tried_again(server: Server, make: Make) -> None:
    client = make(server.url)
    server.fault("status", status=500, times=1)
    with pytest.raises(i3x.ServerError):
        client.connect()
    client.connect()
    assert client.is_connected


def test_from_env_reads_the_environment(make: Make, flavour: str) -> None:
    kind = i3x.Client if flavour == "sync" else i3x.AsyncClient
    with Server(tick=None, token="s3cret-token") as server:
        settings = {
            "I3X_URL": server.url,
            "I3X_TOKEN": "s3cret-token",
            "I3X_CLIENT_ID": "line-7",
            "I3X_TIMEOUT": "2.5",
        }
        client = kind.from_env(settings)
        assert isinstance(client, kind)
        assert client.client_id == "line-7"
        assert "s3cret" not in repr(client)


def test_a_client_from_the_environment_connects(monkeypatch: pytest.MonkeyPatch) -> None:
    with Server(tick=None, token="s3cret-token") as server:
        monkeypatch.setenv("I3X_URL", server.url)
        monkeypatch.setenv("I3X_TOKEN", "s3cret-token")
        with i3x.Client.from_env() as client:
            assert client.get_namespaces()


@pytest.mark.parametrize(
    ("name", "value", "protection"),
    [
        ("I3X_HEADER", "X-API-Key: k3y-of-line-7", {"header": ("X-API-Key", "k3y-of-line-7")}),
        ("I3X_USERNAME", "operator", {"basic": ("operator", "")}),
    ],
)
def test_credentials_from_the_environment(
    name: str, value: str, protection: dict[str, tuple[str, str]]
) -> None:
    with (
        Server(tick=None, header=protection.get("header"), basic=protection.get("basic")) as server,
        i3x.Client.from_env({"I3X_URL": server.url, name: value}) as client,
    ):
        assert client.get_namespaces()


def test_options_win_over_the_environment(server: Server) -> None:
    settings = {"I3X_URL": "http://nowhere.invalid/v1", "I3X_CLIENT_ID": "line-7"}
    with i3x.Client.from_env(settings, base_url=server.url, client_id="line-8") as client:
        assert client.client_id == "line-8"


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "set I3X_URL"),
        ({"I3X_URL": "http://h/v1", "I3X_TIMEOUT": "soon"}, "I3X_TIMEOUT must be a number"),
        ({"I3X_URL": "http://h/v1", "I3X_HEADER": "no colon"}, "Name: value"),
        ({"I3X_URL": "h/v1"}, "must begin with http"),
    ],
)
def test_an_environment_that_makes_no_sense(settings: dict[str, str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        i3x.Client.from_env(settings)


def test_the_repr_says_where_and_whether_connected(server: Server, make: Make, flavour: str) -> None:
    client = make(server.url, client_id="line-7")
    name = {"sync": "Client", "async": "AsyncClient"}[flavour]
    assert repr(client) == f"<i3x.{name} {server.url} not connected, client_id='line-7'>"
    client.connect()
    assert " connected" in repr(client)
    assert "not connected" not in repr(client)


def test_a_renamed_method_points_to_its_new_name(make: Make) -> None:
    with pytest.raises(AttributeError, match="list_subscriptions"):
        make("http://127.0.0.1/v1").get_subscriptions  # type: ignore[attr-defined]  # noqa: B018
