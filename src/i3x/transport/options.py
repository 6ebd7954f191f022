"""How to reach and to treat a server: what a client is told once, checked before anything is opened."""

from __future__ import annotations

import re
import ssl
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import httpx

_MOST_SECONDS = 1e9  # 30 years; operating systems do not take much more
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"([!-~]([ \t!-~]*[!-~])?)?")  # printable, and no blank at either end

Timeout: TypeAlias = float | httpx.Timeout
"""Seconds for each step (connecting, sending, waiting for the next part of an answer), or one for each."""

Token: TypeAlias = str | Callable[[], str | Awaitable[str]]
"""A bearer token, or a function that returns one and is asked again after a 401."""

Verify: TypeAlias = bool | str | Path | ssl.SSLContext
"""Whether to verify certificates, or the path of the certificate authorities to trust, or a context."""

Certificate: TypeAlias = str | tuple[str, str] | tuple[str, str, str]
"""A client certificate for mutual TLS: its file; or certificate and key; or these and the key's password."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Options:
    """How to reach and to treat a server; the arguments of :class:`~i3x.Client` that concern HTTP."""

    base_url: str
    auth: Any = None
    token: Token | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    timeout: Timeout | None = 30.0
    deadline: float | None = None
    retries: int = 2
    verify: Verify = True
    cert: Certificate | None = None
    server_hostname: str | None = None
    proxy: str | httpx.URL | httpx.Proxy | None = None
    transport: Any = None
    max_response_bytes: int = 2**30

    def __post_init__(self) -> None:
        """Refuse what can't work, before anything is opened."""
        _check_url(self.base_url)
        _check_auth(self.auth)
        if isinstance(self.token, str):
            check_header("Authorization", self.token)
            if self.token.lower().startswith("bearer "):
                raise ValueError("give token= without the word Bearer, which is added")
        elif self.token is not None and not callable(self.token):
            raise TypeError(f"token must be a str or a function, not {type(self.token).__name__}")
        if not isinstance(self.server_hostname, (str, type(None))):
            raise TypeError(f"server_hostname must be a str, not {type(self.server_hostname).__name__}")
        for name, value in self.headers.items():
            check_header(name, value)
        if has_authorization(self.headers) and (self.token is not None or isinstance(self.auth, tuple)):
            raise ValueError(
                "an Authorization header excludes a token, and a user and password, which make one too; give one"
            )
        steps(self.timeout)
        if self.deadline is not None:
            _check_seconds("deadline", self.deadline)
        if isinstance(self.retries, bool) or not isinstance(self.retries, int) or self.retries < 0:
            raise ValueError(f"retries must be 0 (never) or more, not {self.retries!r}")
        _check_positive("max_response_bytes", self.max_response_bytes)
        if isinstance(self.verify, (str, Path)) and not Path(self.verify).exists():
            raise ValueError(f"verify names no file or directory of certificates: {str(self.verify)!r}")


def _check_url(base_url: str) -> None:
    if not isinstance(base_url, str):
        raise TypeError(f"base_url must be a str, not {type(base_url).__name__}")
    example = "give the whole address with its version prefix, such as https://server.example.com/v1"
    try:
        url = httpx.URL(base_url)
        port = url.port
    except (httpx.InvalidURL, ValueError) as error:
        # What is wrong may be a part of a password.
        reason = "its user or password needs percent-encoding" if "@" in base_url else str(error)
        raise ValueError(f"base_url is no URL ({reason}); {example}") from None
    if url.scheme not in ("http", "https"):
        raise ValueError(f"base_url must begin with http:// or https://; {example}")
    if not url.host or (port is not None and not 0 < port < 65536):
        raise ValueError(f"base_url must name a host, and a port from 1 to 65535 if any; {example}")
    if url.query or url.fragment:
        raise ValueError(f"base_url must have no query and no fragment; {example}")


def _check_auth(auth: Any) -> None:
    if isinstance(auth, tuple):
        if tuple(map(type, auth)) != (str, str):
            raise TypeError("auth as a tuple must be (user, password), both of them str")
    elif auth is not None and not isinstance(auth, httpx.Auth) and not callable(auth):
        raise TypeError(
            f"auth must be (user, password), an httpx.Auth or a function, not {type(auth).__name__}"
        )


def check_header(name: str, value: str) -> None:
    """Refuse a header that can't be sent, without repeating its value: it may be a secret."""
    if not isinstance(name, str) or not isinstance(value, str):
        raise TypeError(f"the name and the value of a header must be str: {name!r}")
    if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
        raise ValueError(f"the header {name!r} holds characters, or blanks, that HTTP headers must not hold")


def has_authorization(headers: Mapping[str, str] | None) -> bool:
    """Return whether some headers hold credentials of a standard scheme; those of a vendor's own don't count."""
    return any(name.lower() == "authorization" for name in headers or ())


def _check_positive(name: str, value: float) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise TypeError(f"{name} must be a number, not {type(value).__name__}")
    if not value > 0:
        raise ValueError(f"{name} must be more than 0, not {value!r}")


def _check_seconds(name: str, value: float) -> None:
    _check_positive(name, value)
    if value > _MOST_SECONDS:
        raise ValueError(
            f"{name} must be no more than {_MOST_SECONDS:g}, not {value!r}; httpx.Timeout(None) sets no limit"
        )


def steps(timeout: Timeout | None) -> httpx.Timeout:
    """Return the time-outs of the single steps of a request; None sets no limits, as in httpx."""
    if isinstance(timeout, httpx.Timeout):
        return timeout
    if timeout is None:
        return httpx.Timeout(None)
    _check_seconds("timeout (in seconds)", timeout)
    return httpx.Timeout(timeout)


def http_options(options: Options, context: ssl.SSLContext) -> dict[str, Any]:
    """Return the arguments that both of httpx's clients take."""
    return {
        "verify": context,
        "proxy": options.proxy,
        "transport": options.transport,
        "timeout": None,  # each request has its own
        "follow_redirects": False,  # httpx would turn POST into GET and show custom headers to other hosts
    }


def ssl_context(options: Options) -> ssl.SSLContext:
    """Return what TLS connections are made with; reading the certificates takes longer than most calls."""
    verify, cert = options.verify, options.cert
    try:
        if isinstance(verify, ssl.SSLContext):
            context = verify
        elif isinstance(verify, bool):
            context = httpx.create_ssl_context(verify=verify)
        elif Path(verify).is_dir():
            context = ssl.create_default_context(capath=str(verify))
        else:
            context = ssl.create_default_context(cafile=str(verify))
        if cert is not None:
            context.load_cert_chain(*((cert,) if isinstance(cert, str) else cert))
    except OSError as error:
        raise ValueError(f"verify= or cert= names a file that can't be used: {error}") from error
    return context
