"""The settings of a client: wrong ones are refused before anything is opened."""

import json
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

import i3x
from i3x.transport import Options
from tests.unit.support import SECRET

URL = "https://server.example.com/v1"
both = pytest.mark.parametrize("client", [i3x.Client, i3x.AsyncClient])


@pytest.mark.parametrize(
    "url", [URL, f"{URL}/", "http://localhost:8080/api/v1", "https://[::1]:1/v1", "https://u:p@host/v1"]
)
def test_an_address_with_its_prefix_is_taken(url: str) -> None:
    assert Options(base_url=url).base_url == url


@pytest.mark.parametrize(
    "url",
    [
        "",
        "server.example.com/v1",
        "ftp://server.example.com/v1",
        "//server.example.com/v1",
        "https://",
        "https:///v1",
        "https://host:0/v1",
        "https://host:65536/v1",
        "https://host:port/v1",
        "https://host/v1?a=1",
        "https://host/v1#top",
        "https://[::1/v1",
        "https://host\n/v1",
    ],
)
@both
def test_what_is_no_address_is_refused_with_an_example(client: Callable[..., Any], url: str) -> None:
    with pytest.raises(ValueError, match=r"such as https://server\.example\.com/v1"):
        client(url)


@pytest.mark.parametrize("url", [None, 5, b"https://host/v1", httpx.URL(URL)])
def test_an_address_that_is_no_text_is_a_type_error(url: Any) -> None:
    with pytest.raises(TypeError, match="base_url must be a str"):
        i3x.Client(url)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Key", "a\r\nb"),
        ("X-Key", "a\nb"),
        ("X-Key", "a\0"),
        ("X-Kéy", "a"),
        ("X-Key", "é"),
        ("X\r\n", "a"),
        ("X Key", "a"),
        ("X-Key:", "a"),
        ("", "a"),
        ("X-Key", " a"),
        ("X-Key", "a\x01"),
    ],
)
def test_a_header_that_can_not_be_sent_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValueError, match="that HTTP headers must not hold"):
        i3x.Client(URL, headers={name: value})


@pytest.mark.parametrize("headers", [{"X-Key": 5}, {"X-Key": None}, {"X-Key": b"a"}, {5: "a"}])
def test_a_header_that_is_no_text_is_a_type_error(headers: Any) -> None:
    with pytest.raises(TypeError, match="must be str"):
        i3x.Client(URL, headers=headers)


@pytest.mark.parametrize("settings", [{"headers": {"X-Key": f"{SECRET}\n"}}, {"token": f"{SECRET}\n"}])
def test_a_secret_that_can_not_be_sent_is_not_repeated(settings: Any) -> None:
    with pytest.raises(ValueError, match="HTTP headers") as raised:
        i3x.Client(URL, **settings)
    assert SECRET not in str(raised.value)


@both
def test_an_empty_token_or_client_id_is_none(client: Callable[..., Any]) -> None:
    made = client(URL, token="", client_id="")
    assert made._options.token is None
    assert len(made.client_id) == 36


@pytest.mark.parametrize(
    "wrong", [{"token": 5}, {"auth": 5}, {"auth": ("user",)}, {"server_hostname": 5}], ids=str
)
def test_credentials_of_another_kind_are_a_type_error(wrong: dict[str, Any]) -> None:
    with pytest.raises(TypeError, match=next(iter(wrong))):
        i3x.Client(URL, **wrong)


def test_a_wrong_url_does_not_show_its_password() -> None:
    with pytest.raises(ValueError, match="percent-encoding") as raised:
        i3x.Client("https://user:sesame/42@host/v1")
    assert "sesame" not in str(raised.value)


def test_options_win_over_the_environment_whatever_the_scheme() -> None:
    environment = {"I3X_URL": URL, "I3X_TOKEN": "secret"}
    client = i3x.Client.from_env(environment, auth=("user", "password"))
    assert (client._options.token, client._options.auth) == (None, ("user", "password"))


@pytest.mark.parametrize(
    "options",
    [
        {"auth": ("user", "password")},
        {"token": "other"},
        {"headers": {"authorization": "Bearer other"}},
        {"token": None, "auth": ("user", "password")},
    ],
)
def test_options_settle_what_the_environment_leaves_open(options: Any) -> None:
    environment = {"I3X_URL": URL, "I3X_TOKEN": "secret", "I3X_USERNAME": "somebody"}

    assert i3x.Client.settings_from_env(environment, **options) == {"base_url": URL, **options}


@pytest.mark.parametrize("options", [{"auth": ("user", "password")}, {"token": "other"}])
def test_options_win_over_a_header_of_the_environment_that_authorizes(options: Any) -> None:
    environment = {"I3X_URL": URL, "I3X_HEADER": "Authorization: Bearer secret"}

    assert i3x.Client.settings_from_env(environment, **options) == {"base_url": URL, **options}


def test_a_header_that_does_not_authorize_goes_with_credentials() -> None:
    environment = {"I3X_URL": URL, "I3X_TOKEN": "secret", "I3X_HEADER": "X-Plant: north"}

    assert settings(environment).headers == {"X-Plant": "north"}
    assert settings(environment, headers={"X-Plant": "south"}).token == "secret"


@pytest.mark.parametrize("given", [{"token": "t"}, {"token": lambda: "t"}, {"auth": ("user", "password")}])
def test_an_authorization_header_and_other_credentials_contradict_each_other(given: Any) -> None:
    with pytest.raises(ValueError, match="Authorization header excludes a token"):
        i3x.Client(URL, headers={"authorization": "Bearer other"}, **given)


def test_the_settings_of_the_environment_can_be_had_without_a_client() -> None:
    environment = {"I3X_URL": URL, "I3X_TOKEN": "secret", "I3X_INSECURE": "1"}

    assert i3x.Client.settings_from_env(environment, auth=("user", "password")) == {
        "base_url": URL,
        "auth": ("user", "password"),
        "verify": False,
    }
    with pytest.raises(ValueError, match="no URL"):
        i3x.AsyncClient.settings_from_env({})


@pytest.mark.parametrize("name", ["timeout", "deadline", "max_response_bytes"])
@pytest.mark.parametrize("value", [0, -1, float("nan"), float("-inf")])
def test_a_limit_that_is_not_positive_is_refused(name: str, value: float) -> None:
    arguments: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match=f"{name}.* must be more than 0"):
        Options(base_url=URL, **arguments)


@pytest.mark.parametrize("name", ["timeout", "max_response_bytes"])
@pytest.mark.parametrize("value", ["5", True, [1]])
def test_a_limit_that_is_no_number_is_a_type_error(name: str, value: Any) -> None:
    with pytest.raises(TypeError, match=f"{name}.* must be a number"):
        i3x.Client(URL, **{name: value})


def test_the_steps_may_have_time_outs_of_their_own() -> None:
    limits = httpx.Timeout(5, read=None)
    assert Options(base_url=URL, timeout=limits).timeout is limits


@pytest.mark.parametrize("retries", [-1, 1.5, "2", True, None])
def test_retries_that_are_no_count_are_refused(retries: Any) -> None:
    with pytest.raises(ValueError, match=r"retries must be 0 \(never\) or more"):
        i3x.Client(URL, retries=retries)


def test_certificates_that_are_not_there_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="verify names no file or directory"):
        i3x.Client(URL, verify=tmp_path / "missing.pem")


# --- identity -----------------------------------------------------------------------------------------------


@both
def test_a_client_has_an_id_of_its_own_unless_given(client: Callable[..., Any]) -> None:
    first, second = client(URL), client(URL)
    assert str(uuid.UUID(first.client_id)) == first.client_id
    assert first.client_id != second.client_id
    assert client(URL, client_id="line 1").client_id == "line 1"


@both
@pytest.mark.parametrize("client_id", ["  ", "\ud800"])
def test_a_client_id_without_text_is_refused(client: Callable[..., Any], client_id: str) -> None:
    with pytest.raises(ValueError, match="client_id"):
        client(URL, client_id=client_id)


@both
@pytest.mark.parametrize("client_id", [5, b"c", ["c"], True])
def test_a_client_id_that_is_no_text_is_a_type_error(client: Callable[..., Any], client_id: Any) -> None:
    with pytest.raises(TypeError, match="client_id must be a str"):
        client(URL, client_id=client_id)


@both
def test_a_new_client_is_not_connected(client: Callable[..., Any]) -> None:
    assert (client(URL).is_connected, client(URL).server_info) == (False, None)


@both
def test_a_repr_shows_no_credentials(client: Callable[..., Any]) -> None:
    shown = repr(client(f"https://user:{SECRET}@host/v1", client_id="c", headers={"X-Key": SECRET}))
    assert SECRET not in shown
    assert "https://host/v1 not connected, client_id='c'>" in shown


@both
def test_an_operation_of_before_points_to_the_one_of_today(client: Callable[..., Any]) -> None:
    with pytest.raises(AttributeError, match=r"use list_subscriptions\(ids\)"):
        _ = client(URL).get_subscriptions


@both
def test_an_attribute_that_never_was_gets_the_usual_words(client: Callable[..., Any]) -> None:
    with pytest.raises(AttributeError, match=r"Client' object has no attribute 'colour'$"):
        _ = client(URL).colour


# --- the environment ----------------------------------------------------------------------------------------


def settings(environ: dict[str, str], **options: Any) -> Options:
    return i3x.Client.from_env(environ, **options)._options


def test_the_environment_names_the_server_and_the_credentials() -> None:
    client = i3x.Client.from_env(
        {"I3X_URL": URL, "I3X_TOKEN": "t", "I3X_CLIENT_ID": "c", "I3X_TIMEOUT": "2.5"}
    )
    options = client._options
    assert (options.base_url, options.token, options.timeout, client.client_id) == (URL, "t", 2.5, "c")


def test_a_user_of_the_environment_has_a_password() -> None:
    assert settings({"I3X_URL": URL, "I3X_USERNAME": "u", "I3X_PASSWORD": "p"}).auth == ("u", "p")


def test_a_header_of_the_environment_has_a_name_and_a_value() -> None:
    assert settings({"I3X_URL": URL, "I3X_HEADER": "X-Key:  a:b "}).headers == {"X-Key": "a:b"}


@pytest.mark.parametrize(
    ("text", "verify"),
    [
        *((text, False) for text in ("1", "true", "yes", "on", "On", "TRUE")),
        *((text, True) for text in ("0", "false", "no", "off", "OFF", "False", "")),
    ],
)
def test_the_environment_may_switch_verification_off(text: str, verify: bool) -> None:
    assert settings({"I3X_URL": URL, "I3X_INSECURE": text}).verify is verify


@pytest.mark.parametrize("text", ["n", "f", "none", "disabled", "y", "2", "öff"])
def test_a_word_that_is_no_switch_turns_verification_neither_on_nor_off(text: str) -> None:
    with pytest.raises(ValueError, match=f"I3X_INSECURE must be one of 1, .* not '{text}'"):
        settings({"I3X_URL": URL, "I3X_INSECURE": text})


def test_the_environment_may_name_certificates(tmp_path: Path) -> None:
    assert settings({"I3X_URL": URL, "I3X_CA": str(tmp_path)}).verify == str(tmp_path)


def test_arguments_win_over_the_environment() -> None:
    assert (
        settings({"I3X_URL": "https://other/v1", "I3X_TIMEOUT": "1"}, base_url=URL, timeout=9.0).timeout
        == 9.0
    )


def test_empty_variables_count_as_not_set() -> None:
    assert settings({"I3X_URL": URL, "I3X_TOKEN": "", "I3X_TIMEOUT": ""}).token is None


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({}, "set I3X_URL"),
        ({"I3X_URL": ""}, "set I3X_URL"),
        ({"I3X_URL": URL, "I3X_TIMEOUT": "soon"}, "I3X_TIMEOUT must be a number of seconds"),
        ({"I3X_URL": URL, "I3X_HEADER": "X-Key"}, "I3X_HEADER must read 'Name: value'"),
        ({"I3X_URL": URL, "I3X_TOKEN": "t", "I3X_USERNAME": "u"}, "I3X_TOKEN and I3X_USERNAME .* exclude"),
        ({"I3X_URL": URL, "I3X_TOKEN": "t", "I3X_PASSWORD": "p"}, "exclude each other"),
        (
            {"I3X_URL": URL, "I3X_TOKEN": "t", "I3X_HEADER": "authorization: Bearer u"},
            "I3X_TOKEN and Authorization in I3X_HEADER exclude each other",
        ),
        ({"I3X_URL": URL, "I3X_CA": "/no/such/file"}, "verify names no file"),
    ],
)
def test_an_environment_that_can_not_be_understood_is_refused(environ: dict[str, str], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        i3x.Client.from_env(environ)


def test_the_environment_of_the_process_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("I3X_URL", URL)
    assert json.dumps(URL.partition("//")[2])[1:-1] in repr(i3x.AsyncClient.from_env())


CALLBACKS = [
    "on_connect",
    "on_disconnect",
    "on_value_change",
    "on_subscribe",
    "on_error",
    "on_gap",
    "on_status",
]


@pytest.mark.parametrize("name", CALLBACKS)
@both
def test_a_callback_that_cannot_be_called_is_refused_where_it_is_set(
    client: Callable[..., Any], name: str
) -> None:
    made = client(URL)
    with pytest.raises(TypeError, match=f"{name} must be a function or None, not str: 'x'"):
        setattr(made, name, "x")
    assert getattr(made, name) is None
    setattr(made, name, print)
    setattr(made, name, None)


@pytest.mark.parametrize(
    ("name", "call"),
    [
        ("handler", lambda client: client.subscribe(["sensor-001"], handler="x")),
        ("on_progress", lambda client: client.iter_history(["sensor-001"], on_progress=5)),
        ("on_progress", lambda client: client.export_history(["a"], "no-such.csv", on_progress=[])),
    ],
)
def test_so_is_one_that_is_an_argument_before_anything_is_sent(
    name: str, call: Callable[[Any], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def ask() -> None:
        await call(i3x.AsyncClient(URL))

    monkeypatch.chdir(tmp_path)
    with pytest.raises(TypeError, match=f"{name} must be a function or None"):
        call(i3x.Client(URL))  # it is not connected, which would be another error
    with pytest.raises(TypeError, match=f"{name} must be a function or None"):
        anyio.run(ask)
    assert list(tmp_path.iterdir()) == []
