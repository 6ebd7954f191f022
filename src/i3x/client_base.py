"""What both clients have in common beside the calls: their settings, their identity, and old names."""

from __future__ import annotations

import os
import threading
import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self, TypedDict, Unpack

import httpx

from i3x.arguments import callback, element_id
from i3x.capabilities import Capabilities
from i3x.errors import ConnectionError
from i3x.models import ServerInfo
from i3x.transport.options import Certificate, Options, Timeout, Token, Verify, has_authorization

_RENAMED = {
    "get_subscriptions": "since 1.0 no server lists all subscriptions: use list_subscriptions(ids)",
}

_ON = ("1", "true", "yes", "on")
_OFF = ("0", "false", "no", "off")


class ClientOptions(TypedDict, total=False):
    """The arguments of a client's constructor, for ``from_env``."""

    base_url: str
    auth: Any
    timeout: Timeout
    client_id: str | None
    token: Token | None
    headers: Mapping[str, str] | None
    verify: Verify
    cert: Certificate | None
    server_hostname: str | None
    proxy: str | httpx.URL | httpx.Proxy | None
    transport: Any
    deadline: float | None
    retries: int
    max_response_bytes: int


class ClientBase:
    """The part of a client that does no I/O."""

    def __init__(self, options: Options, client_id: str | None) -> None:
        if client_id:
            element_id(client_id, "client_id")
        self._options = options
        self._client_id = client_id or str(uuid.uuid4())
        self._server_info: ServerInfo | None = None
        self._before_release = False
        self._unconnected_state = "disconnected"
        self._making_deliveries = threading.Lock()

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None, **options: Unpack[ClientOptions]) -> Self:
        """Return a client with the settings of the environment; ``options`` win over them, credentials of any kind
        over those of another.

        Read are ``I3X_URL``, ``I3X_TOKEN``, ``I3X_USERNAME`` and ``I3X_PASSWORD``, ``I3X_HEADER`` (as
        ``Name: value``), ``I3X_CLIENT_ID``, ``I3X_TIMEOUT`` (seconds), ``I3X_CA`` (a file or directory of
        certificate authorities) and ``I3X_INSECURE`` (``1``, ``true``, ``yes`` or ``on`` turns verification off, to
        test; ``0``, ``false``, ``no`` or ``off`` does not).

        Raises ``ValueError`` if there is no URL, or a setting can't be understood.
        """
        return cls(**cls.settings_from_env(environ, **options))

    @staticmethod
    def settings_from_env(
        environ: Mapping[str, str] | None = None, **options: Unpack[ClientOptions]
    ) -> dict[str, Any]:
        """Return the arguments that ``from_env`` would make a client with.

        Raises ``ValueError`` as ``from_env`` does.
        """
        settings = {**_from_environment(os.environ if environ is None else environ), **options}
        opening = _credentials(settings)
        if given := _credentials(options):
            for argument in opening.keys() - given:
                del settings[argument]
        elif len(opening) > 1:
            raise ValueError(
                f"{' and '.join(opening.values())} exclude each other: unset all but one of them"
            )
        if "base_url" not in settings:
            raise ValueError("no URL: set I3X_URL, such as https://server.example.com/v1, or pass base_url=")
        return settings

    @property
    def client_id(self) -> str:
        """The id that scopes this client's subscriptions on the server: the one given, or a new UUID."""
        return self._client_id

    @property
    def server_info(self) -> ServerInfo | None:
        """What the server said of itself on ``connect()``; None while not connected."""
        return self._server_info

    @property
    def is_connected(self) -> bool:
        """Whether ``connect()`` has succeeded and ``disconnect()`` was not called since."""
        return self._server_info is not None

    def _check_connected(self) -> None:
        if not self.is_connected:
            raise ConnectionError(
                "the client is not connected; call connect() first, or use it in a with block"
            )

    def _capabilities(self) -> Capabilities:
        return self._server_info.capabilities if self._server_info is not None else Capabilities()

    def _address(self) -> str:
        """Return the address of the API without the credentials that it may hold."""
        return str(httpx.URL(self._options.base_url).copy_with(userinfo=b""))

    def __repr__(self) -> str:
        state = "connected" if self.is_connected else "not connected"
        return f"<i3x.{type(self).__name__} {self._address()} {state}, client_id={self._client_id!r}>"

    if not TYPE_CHECKING:

        def __setattr__(self, name: str, value: Any) -> None:
            # The thread or the task that would call it is no place to find out that it can't.
            super().__setattr__(name, callback(value, name) if name.startswith("on_") else value)

        def __getattr__(self, name: str) -> Any:
            hint = _RENAMED.get(name)
            raise AttributeError(
                f"{type(self).__name__!r} object has no attribute {name!r}" + (f"; {hint}" if hint else "")
            )


def _from_environment(environ: Mapping[str, str]) -> dict[str, Any]:
    """Return the constructor's arguments that the environment sets; empty variables count as not set."""
    values = {name: value for name, value in environ.items() if name.startswith("I3X_") and value}
    settings: dict[str, Any] = {
        argument: values[name]
        for name, argument in (
            ("I3X_URL", "base_url"),
            ("I3X_TOKEN", "token"),
            ("I3X_CLIENT_ID", "client_id"),
        )
        if name in values
    }
    if "I3X_USERNAME" in values or "I3X_PASSWORD" in values:
        settings["auth"] = (values.get("I3X_USERNAME", ""), values.get("I3X_PASSWORD", ""))
    if "I3X_HEADER" in values:
        name, colon, value = values["I3X_HEADER"].partition(":")
        if not colon:
            raise ValueError("I3X_HEADER must read 'Name: value'")
        settings["headers"] = {name.strip(): value.strip()}
    if "I3X_TIMEOUT" in values:
        try:
            settings["timeout"] = float(values["I3X_TIMEOUT"])
        except ValueError as error:
            raise ValueError("I3X_TIMEOUT must be a number of seconds") from error
    if "I3X_CA" in values:
        settings["verify"] = values["I3X_CA"]
    if _is_on(values.get("I3X_INSECURE", "0"), "I3X_INSECURE"):
        settings["verify"] = False
    return settings


def _credentials(settings: Mapping[str, Any]) -> dict[str, str]:
    """Return which arguments of some settings make an Authorization header, each with what sets it."""
    names = {"token": "I3X_TOKEN", "auth": "I3X_USERNAME or I3X_PASSWORD"}
    found = {argument: name for argument, name in names.items() if settings.get(argument) is not None}
    if has_authorization(settings.get("headers")):
        found["headers"] = "Authorization in I3X_HEADER"
    return found


def _is_on(text: str, name: str) -> bool:
    """Return what a switch says; a word that is not known may mean either, and is refused."""
    if (word := text.lower()) not in (*_ON, *_OFF):
        raise ValueError(f"{name} must be one of {', '.join((*_ON, *_OFF))}, not {text!r}")
    return word in _ON
