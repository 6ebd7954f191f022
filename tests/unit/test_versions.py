"""Which servers this client can talk to."""

from typing import Any

import pytest

import i3x
from i3x import versions
from i3x.models import ServerInfo
from tests.unit.support import reply, success

URL = "https://server.example.com/v1"


def first_info(body: Any, status: int = 200, content_type: str = "application/json") -> ServerInfo:
    return versions.connecting(URL).read(reply(body, status, content_type))


def error_of(body: Any, status: int = 200, content_type: str = "application/json") -> i3x.I3XError:
    with pytest.raises(i3x.I3XError) as raised:
        first_info(body, status, content_type)
    return raised.value


def test_the_connecting_call_is_info_with_these_checks() -> None:
    call = versions.connecting(URL)
    assert (call.method, call.path, call.needs_credentials) == ("GET", "/info", False)
    with pytest.raises(i3x.UnsupportedVersionError):
        call.read(reply(success({"specVersion": "2.0"})))


@pytest.mark.parametrize(
    "version", ["1.0", "1.7", "1", "v1.0", " 1.0", "0.9", "1.0-beta", "", "draft", "10000000000.0"]
)
def test_these_versions_can_be_talked_to(version: str) -> None:
    assert first_info(success({"specVersion": version})).spec_version == version


def test_a_bare_answer_is_read() -> None:
    assert first_info({"specVersion": "1.0"}).spec_version == "1.0"


@pytest.mark.parametrize(
    "content_type", ["application/json; charset=utf-8", "APPLICATION/JSON", "application/problem+json"]
)
def test_any_content_type_of_json_will_do(content_type: str) -> None:
    assert first_info(success({"specVersion": "1.0"}), content_type=content_type).spec_version == "1.0"


@pytest.mark.parametrize("version", ["2.0", "2", "v2.1", "17.0-beta", "10.0"])
def test_a_newer_major_version_can_not_be_talked_to(version: str) -> None:
    error = error_of(success({"specVersion": version}))
    assert type(error) is i3x.UnsupportedVersionError
    assert f"the server speaks i3X {version}" in str(error)
    assert "install a newer i3x-client, or use the server's /v1" in str(error)
    assert error.operation == "getInfo"


def test_nothing_at_info_is_a_wrong_address_or_an_old_server() -> None:
    error = error_of({"detail": "no such page"}, 404)
    assert type(error) is i3x.UnsupportedVersionError
    told = str(error)
    assert 0 < told.index("base_url is wrong") < told.index("older than i3X 1.0")
    assert (error.status_code, error.detail) == (404, "no such page")


@pytest.mark.parametrize(
    ("url", "advice"),
    [
        ("https://host", "try https://host/v1."),
        ("https://host:8443/", "try https://host:8443/v1."),
        ("https://v1/", "try https://v1/v1."),
        ("https://host/plant/api", "try https://host/plant/api/v1."),
        ("https://host/api/v1/info", "try https://host/api/v1."),
        ("https://host/v1/docs/v1", "try https://host/v1."),
        ("https://host/v1", "check what is before that, the host and the port"),
        ("https://host/v2", "check what is before that, the host and the port"),
    ],
)
def test_a_wrong_address_comes_with_the_one_to_try(url: str, advice: str) -> None:
    with pytest.raises(i3x.UnsupportedVersionError) as raised:
        versions.connecting(url).read(reply({}, 404))
    assert f"there is no /info at {url} (status 404)" in str(raised.value)
    assert advice in str(raised.value)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, i3x.TooManyRequestsError), (500, i3x.ServerError), (502, i3x.ServerError), (503, i3x.ServerError)],
)
def test_overload_says_nothing_about_the_version(status: int, kind: type[i3x.I3XError]) -> None:
    error = error_of({"detail": "busy"}, status)
    assert type(error) is kind
    assert (error.status_code, error.detail, error.operation) == (status, "busy", "getInfo")
    assert "says nothing about its version" in str(error)


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, i3x.BadRequestError),
        (401, i3x.AuthenticationError),
        (403, i3x.AuthenticationError),
        (405, i3x.I3XError),
        (408, i3x.TimeoutError),
    ],
)
def test_other_failures_are_told_as_everywhere(status: int, kind: type[i3x.I3XError]) -> None:
    assert type(error_of(b"", status)) is kind


def test_a_document_without_a_content_type_is_one() -> None:
    assert first_info(b'{"success":true,"result":{"specVersion":"1.0"}}', 200, "").spec_version == "1.0"


@pytest.mark.parametrize("content_type", ["text/html", "text/plain"])
def test_a_web_page_is_no_server(content_type: str) -> None:
    error = error_of(b"<html><title>Log in</title></html>", 200, content_type)
    assert type(error) is i3x.InvalidServerResponseError
    assert "it may be a web page, a login page or a gateway" in str(error)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        {},
        {"hello": "world"},
        success({}),
        success(None),
        success({"specVersion": None}),
        success({"specVersion": 1.0}),
        success({"specVersion": "1.0", "serverName": 5}),
        success([{"specVersion": "1.0"}]),
    ],
)
def test_json_of_something_else_is_no_server(body: Any) -> None:
    error = error_of(body)
    assert type(error) is i3x.InvalidServerResponseError
    assert "check that base_url is the root of an i3X API" in str(error)


def test_a_200_that_says_no_success_is_an_error() -> None:
    error = error_of({"success": False, "responseDetail": {"status": 503, "detail": "starting"}})
    assert type(error) is i3x.ServerError
    assert "starting" in str(error)


@pytest.mark.parametrize(
    ("spec", "server", "before"),
    [
        ("1.0", None, False),
        ("1.0", "4.2.1", False),
        ("1.3", "4.2.1", False),
        ("v1.0", None, False),
        ("1.0", "beta", True),
        ("1.0", "2.0.0-Beta.3", True),
        ("1.0", "Alpha", True),
        ("1.0-alpha", None, True),
        ("0.9", "4.2.1", True),
        ("0", None, True),
        ("", None, True),
        ("draft", None, True),
    ],
)
def test_a_server_from_before_the_release_is_known_by_its_versions(
    spec: str, server: str | None, before: bool
) -> None:
    assert versions.is_before_release(ServerInfo(spec, server)) is before


def test_the_warning_names_both_versions_and_what_to_do() -> None:
    words = versions.before_release_warning(ServerInfo("1.0", "beta"))
    assert "specVersion '1.0', serverVersion 'beta'" in words
    assert "update the server" in words


def test_an_info_that_is_gone_or_not_implemented_has_its_own_outcome() -> None:
    assert type(error_of(b"", 410)) is i3x.UnsupportedVersionError
    assert type(error_of(b"", 501)) is i3x.ServerError
