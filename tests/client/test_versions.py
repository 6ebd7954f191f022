"""The check on connecting: each kind of answer to `GET /info` has an outcome of its own."""

import warnings
from pathlib import Path

import pytest
from anyio.from_thread import BlockingPortal

import i3x
from i3x.testing import Server
from i3x.testing.pump_station import ODD_ID

from .both import Make
from .wire import INFO, answer, serve, success

BEFORE = "before the release of i3X 1.0"
PAGE = b"<!doctype html><title>Sign in</title><h1>Sign in to continue</h1>"


def test_nothing_at_info_means_a_wrong_base_url_or_an_alpha(make: Make) -> None:
    with Server(tick=None) as server, pytest.raises(i3x.UnsupportedVersionError) as caught:
        make(server.url.removesuffix("/v1").replace("://", "://user:secret@")).connect()
    assert "alpha" in str(caught.value)
    assert "base_url" in str(caught.value)
    assert f"try {server.url}. " in str(caught.value)
    assert caught.value.status_code == 404


@pytest.mark.parametrize(
    ("said", "status", "kind"),
    [
        (answer(PAGE, kind="text/html; charset=utf-8"), 200, "text/html"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, "not given"),
        (answer(b""), 200, "application/json"),
        (answer(b" \r\n"), 200, "application/json"),
        (
            answer(b'{"success": true, "result": {"specVersion": "1.0"}}', kind="text/plain"),
            200,
            "text/plain",
        ),
        (answer(b'{"success": true, "result": {}}'), 200, "application/json"),
        (answer(b'{"hello": "world"}'), 200, "application/json"),
        (answer(b"[]"), 200, "application/json"),
        (answer(b"null"), 200, "application/json"),
        (answer(b'{"success": true, "result": {"specVersion": null}}'), 200, "application/json"),
        (answer(b"not JSON at all"), 200, "application/json"),
        (answer(status="304 Not Modified"), 304, "application/json"),
    ],
    ids=[
        "page",
        "204",
        "empty",
        "blank",
        "text",
        "no specVersion",
        "other JSON",
        "list",
        "null",
        "null specVersion",
        "no JSON",
        "304",
    ],
)
def test_no_i3x_server_is_named_with_status_and_content_type(
    make: Make, said: bytes, status: int, kind: str
) -> None:
    with serve(lambda connection, _: connection.sendall(said)) as wire:
        with pytest.raises(i3x.InvalidServerResponseError) as caught:
            make(wire.url).connect()
        assert f"HTTP {status}" in str(caught.value)
        assert kind in str(caught.value)
        assert caught.value.status_code == status
        assert not isinstance(caught.value, i3x.UnsupportedVersionError)


def test_a_redirect_to_a_login_page_is_no_i3x_server(make: Make, server: Server) -> None:
    server.fault("redirect", operation="getInfo", location="/login", status=302)
    server.fault("status", status=200, body=PAGE)
    with pytest.raises(i3x.InvalidServerResponseError, match=r"HTTP 200, content type text/html"):
        make(server.url).connect()


@pytest.mark.parametrize("status", [429, 500, 502, 503, 504])
def test_overload_says_nothing_about_the_version(make: Make, server: Server, status: int) -> None:
    server.fault("status", status=status, retry_after=0)
    with pytest.raises(i3x.ServerError, match="says nothing about its version") as caught:
        make(server.url).connect()
    assert caught.value.status_code == status
    assert "overload" in str(caught.value)
    assert isinstance(caught.value, i3x.TooManyRequestsError) == (status == 429)


def test_a_proxy_page_with_an_error_is_told_by_its_title(make: Make, server: Server) -> None:
    server.fault("status", status=502, body="<html><title>502 Bad Gateway</title>", retry_after=0)
    with pytest.raises(i3x.ServerError, match="502 Bad Gateway"):
        make(server.url).connect()


@pytest.mark.parametrize("status", [401, 403])
def test_a_server_that_refuses_is_no_question_of_the_version(make: Make, server: Server, status: int) -> None:
    server.fault("status", status=status)
    with pytest.raises(i3x.AuthenticationError) as caught:
        make(server.url).connect()
    assert caught.value.status_code == status


@pytest.mark.parametrize("version", ["2.0", "3.1", "v2.0"])
def test_a_higher_major_version_is_not_supported(make: Make, version: str) -> None:
    with Server(tick=None, spec_version=version) as server:
        client = make(server.url)
        with pytest.raises(i3x.UnsupportedVersionError, match="newer i3x-client") as caught:
            client.connect()
        assert version in str(caught.value)
        assert not client.is_connected


@pytest.mark.parametrize("version", ["1.0", "1.1", "1.27", "v1.0"])
def test_a_higher_minor_version_is_the_same_standard(connect: Make, version: str) -> None:
    with Server(tick=None, spec_version=version) as server:
        assert connect(server.url).is_connected


BEFORE_RELEASE = [
    ("0.9", "1.0.0"),
    ("1.0-beta", "1.0.0"),
    ("1.0", "beta"),
    ("1.0", "2.1.0-ALPHA.3"),
    ("alpha", "1.0.0"),
    ("unknown", "1.0.0"),
]


@pytest.mark.parametrize(("spec_version", "server_version"), BEFORE_RELEASE)
def test_a_server_from_before_the_release_is_warned_of(
    make: Make, spec_version: str, server_version: str
) -> None:
    with Server(tick=None, spec_version=spec_version, server_version=server_version) as server:
        client = make(server.url)
        with pytest.warns(DeprecationWarning, match=BEFORE):
            client.connect()
        assert client.is_connected


def test_the_warning_of_connect_points_at_its_caller(portal: BlockingPortal) -> None:
    async def asynchronous(url: str) -> None:
        client = i3x.AsyncClient(url)
        await client.connect()
        await client.disconnect()

    with Server(tick=None, server_version="beta") as server:
        client = i3x.Client(server.url)
        with pytest.warns(DeprecationWarning, match=BEFORE) as caught:
            client.connect()
        client.disconnect()
        assert [Path(warning.filename) for warning in caught] == [Path(__file__)]
        with pytest.warns(DeprecationWarning, match=BEFORE) as caught:
            portal.call(asynchronous, server.url)
        assert [Path(warning.filename) for warning in caught] == [Path(__file__)]


def test_the_warning_of_a_with_block_points_at_it(portal: BlockingPortal) -> None:
    async def asynchronous(url: str) -> None:
        async with i3x.AsyncClient(url):
            pass

    with Server(tick=None, server_version="beta") as server:
        with pytest.warns(DeprecationWarning, match=BEFORE) as caught, i3x.Client(server.url):
            pass
        assert [Path(warning.filename) for warning in caught] == [Path(__file__)]
        with pytest.warns(DeprecationWarning, match=BEFORE) as caught:
            portal.call(asynchronous, server.url)
        assert [Path(warning.filename) for warning in caught] == [Path(__file__)]


def test_a_warning_made_an_error_leaves_nothing_open(make: Make) -> None:
    info = success({**INFO, "serverVersion": "beta"})
    with serve(lambda connection, _: connection.sendall(info)) as wire:
        client = make(wire.url)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(DeprecationWarning):
                client.connect()
        assert not client.is_connected
        assert wire.all_closed()


@pytest.fixture
def beta(server: Server, make: Make) -> i3x.Client:
    """A client that is connected to a server from before the release."""
    server.fault("beta")
    client = make(server.url)
    with pytest.warns(DeprecationWarning, match=BEFORE):
        client.connect()
    return client


def test_before_the_release_a_value_is_written_to_its_own_address(beta: i3x.Client, server: Server) -> None:
    beta.update_value("sensor-001", 22.5, "Good", "2026-01-31T08:00:00Z")
    request = server.requests[-1]
    assert (request.method, request.target) == ("PUT", "/v1/objects/sensor-001/value")
    assert request.json == {"value": 22.5, "quality": "Good", "timestamp": "2026-01-31T08:00:00Z"}
    assert beta.get_value("sensor-001").value == 22.5


def test_before_the_release_an_id_is_percent_encoded(beta: i3x.Client, server: Server) -> None:
    beta.update_value(ODD_ID, 6.5)
    assert server.requests[-1].target == (
        "/v1/objects/F%C3%B6rderpumpe%207%2FDruck%20%231%3F50%25%3Bns%3D2%3A%C3%9F/value"
    )
    assert beta.get_value(ODD_ID).value == 6.5


@pytest.mark.parametrize("element_id", ["..", ".", "../info", "a/../b", "%2e%2e", "a//b"])
def test_before_the_release_an_id_leads_nowhere_else(
    beta: i3x.Client, server: Server, element_id: str
) -> None:
    with pytest.raises(i3x.NotFoundError):
        beta.update_value(element_id, 6.5)
    assert server.requests[-1].path == f"/v1/objects/{element_id}/value"


def test_before_the_release_values_are_written_one_by_one(beta: i3x.Client, server: Server) -> None:
    before = len(server.requests)
    items = beta.update_values({"sensor-001": 1.5, "nothing": 2.5, "sensor-002": 3.5})
    assert [item.success for item in items] == [True, False, True]
    assert list(items.errors) == ["nothing"]
    assert len(server.requests) == before + 3


def test_before_the_release_a_lost_connection_stops_the_rest(beta: i3x.Client, server: Server) -> None:
    before = len(server.requests)
    server.fault("reset")
    items = beta.update_values({"sensor-001": 1.5, "sensor-002": 3.5, "valve-401": True})
    assert [type(error) for error in items.errors.values()] == [i3x.ConnectionError] * 3
    assert len(server.requests) == before + 1


def test_before_the_release_errors_are_told_in_the_same_way(beta: i3x.Client) -> None:
    with pytest.raises(i3x.BadRequestError, match="sensor-001"):
        beta.update_value("sensor-001", "warm")
    with pytest.raises(i3x.NotFoundError, match="nothing"):
        beta.sync_subscription("nothing")


def test_get_info_later_does_not_judge_the_version(client: i3x.Client, server: Server) -> None:
    def other(document: dict[str, dict[str, str]]) -> object:
        document["result"]["specVersion"] = "2.0"
        return document

    server.fault("edit_json", operation="getInfo", edit_with=other)
    assert client.get_info().spec_version == "2.0"
