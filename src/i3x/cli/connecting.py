"""The options that every verb has which talks to a server: where it is, and what opens it."""

from __future__ import annotations

import functools
import inspect
import logging
import math
import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints, overload

import typer

import i3x
from i3x.cli.endings import UsageError


def _above_zero(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < math.inf:
        raise typer.BadParameter(f"{text!r} is no number of seconds above zero")
    return seconds


def _option(*names: str, **more: Any) -> Any:
    return typer.Option(*names, rich_help_panel="The server", **more)


Url = Annotated[
    str | None,
    _option("--url", "-u", metavar="URL", help="Its address, with the version prefix (or I3X_URL)."),
]
Token = Annotated[str | None, _option("--token", metavar="TOKEN", help="A bearer token (or I3X_TOKEN).")]
TokenVariable = Annotated[
    str | None, _option("--token-env", metavar="NAME", help="The environment variable with the token.")
]
Basic = Annotated[
    str | None,
    _option("--basic", metavar="USER:PASSWORD", help="User and password (or I3X_USERNAME and I3X_PASSWORD)."),
]
Headers = Annotated[
    list[str] | None,
    _option("--header", metavar="'NAME: VALUE'", help="Such as an API key; may be repeated (or I3X_HEADER)."),
]
Insecure = Annotated[
    bool, _option("--insecure", help="Verify no certificate, to test only (or I3X_INSECURE).")
]
Authorities = Annotated[
    str | None, _option("--ca", metavar="FILE", help="The certificate authorities to trust (or I3X_CA).")
]
Timeout = Annotated[
    float | None,
    _option(
        "--timeout", metavar="SECONDS", parser=_above_zero, help="For each step of a call (or I3X_TIMEOUT)."
    ),
]
Verbose = Annotated[
    int,
    _option(
        "--verbose",
        "-v",
        count=True,
        metavar="",
        show_default=False,
        help="Tell what happens; -vv tells more.",
    ),
]


@dataclass(frozen=True, slots=True)
class Connection:
    """How to reach the server, from the command line; what is not given there is taken from the environment."""

    url: Url = None
    token: Token = None
    token_env: TokenVariable = None
    basic: Basic = None
    header: Headers = None
    insecure: Insecure = False
    ca: Authorities = None
    timeout: Timeout = None
    verbose: Verbose = 0

    @overload
    def client(self) -> i3x.Client: ...
    @overload
    def client(self, kind: type[i3x.AsyncClient]) -> i3x.AsyncClient: ...
    def client(self, kind: Any = i3x.Client) -> i3x.Client | i3x.AsyncClient:
        """Return a client that is not connected yet, blocking unless another kind is asked for.

        Raises :class:`UsageError` for options that contradict each other, or can't be understood.
        """
        self._log()
        made: i3x.Client | i3x.AsyncClient = kind(**self.settings())
        return made

    def settings(self) -> dict[str, Any]:
        """Return the arguments for a client: the options given, and for the rest the environment."""
        return i3x.Client.settings_from_env(**self._where(), **self._credentials())

    def _log(self) -> None:
        level = (logging.WARNING, logging.INFO, logging.DEBUG)[min(self.verbose, 2)]
        logging.getLogger("i3x").setLevel(level)
        # What is missing of a history, the verbs tell themselves.
        logging.getLogger("i3x.history").setLevel(logging.ERROR)
        logging.getLogger("httpx").setLevel(logging.INFO if self.verbose > 1 else logging.WARNING)

    def _where(self) -> dict[str, Any]:
        if self.insecure and self.ca:
            raise UsageError("--insecure and --ca contradict each other; give one of them")
        if not (self.url or os.environ.get("I3X_URL")):
            raise UsageError(
                "no server: give --url https://server.example.com/v1, or set I3X_URL (i3x mock serves one)"
            )
        given: dict[str, Any] = {"base_url": self.url} if self.url else {}
        if self.timeout is not None:
            given["timeout"] = self.timeout
        if self.insecure or self.ca:
            given["verify"] = False if self.insecure else self.ca
        return given

    def _credentials(self) -> dict[str, Any]:
        if sum(given is not None for given in (self.token, self.token_env, self.basic)) > 1:
            raise UsageError("--token, --token-env and --basic exclude each other; give one of them")
        given: dict[str, Any] = {}
        if self.token is not None:
            given["token"] = self.token
        if self.token_env is not None:
            if not (token := os.environ.get(self.token_env)):
                raise UsageError(f"--token-env: the environment variable {self.token_env} is not set")
            given["token"] = token
        if self.basic is not None:
            user, colon, password = self.basic.partition(":")
            if not colon:
                raise UsageError("--basic must read user:password")
            given["auth"] = (user, password)
        if self.header:
            given["headers"] = dict(_header(text) for text in self.header)
        return given


def _header(text: str) -> tuple[str, str]:
    name, colon, value = text.partition(":")
    if not colon:
        raise UsageError("--header must read 'Name: value'")
    return name.strip(), value.strip()


def connected(verb: Callable[..., Any]) -> Callable[..., Any]:
    """Give a verb, whose first argument is a :class:`Connection`, the options of one."""
    signature = inspect.signature(verb)
    types = get_type_hints(verb, include_extras=True)
    _, *own = signature.parameters.values()
    shared = inspect.signature(Connection).parameters.values()
    names = get_type_hints(Connection, include_extras=True)

    @functools.wraps(verb)
    def run(**given: Any) -> Any:
        connection = Connection(**{each.name: given.pop(each.name) for each in shared})
        return verb(connection, **given)

    parameters = [each.replace(annotation=types[each.name], kind=each.KEYWORD_ONLY) for each in own]
    parameters += [each.replace(annotation=names[each.name], kind=each.KEYWORD_ONLY) for each in shared]
    run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {each.name: each.annotation for each in parameters}
    del run.__wrapped__  # typer would look at the signature of that one
    return run
