"""What a run can be told: checked before anything is sent, for the command, for pytest and for programs alike."""

from __future__ import annotations

import base64
import functools
import math
import re
import ssl
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

import httpx

from i3x.conformance.option_help import DEFAULT_TIMEOUT

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_HEADER_VALUE = re.compile(r"[!-~]([ \t!-~]*[!-~])?")
_SHORT = 3
"""A header's value of so few characters is no secret; hiding it would blacken half of a report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to reach and to treat the server.

    Raises:
        ValueError: An option can't be right. The message never repeats a credential.
    """

    token: str | None = field(default=None, repr=False)
    """A bearer token."""
    basic: tuple[str, str] | None = field(default=None, repr=False)
    """A user and a password."""
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    """Headers of the vendor's own, such as an API key."""
    ca: str | None = None
    """The file or folder with the certificate authorities to trust; None for those of the environment."""
    insecure: bool = False
    """Whether to accept any certificate."""
    writes: bool = True
    """Whether values may be written; each is only ever written back to where it was read right before."""
    timeout: float = DEFAULT_TIMEOUT
    """Seconds that one request may take in all, whatever the server does meanwhile."""
    takeover_grace: float = 15.0
    """Seconds that the server has to end a stream when another one takes its place."""
    update_wait: float = 2.0
    """Seconds to wait for an update that was provoked, or that a live source may send by itself."""

    def __post_init__(self) -> None:
        for name, seconds in (
            ("timeout", self.timeout),
            ("takeover_grace", self.takeover_grace),
            ("update_wait", self.update_wait),
        ):
            if not 0 < seconds < math.inf:
                raise ValueError(f"{name} must be a number of seconds above zero, not {seconds!r}")
        if self.ca is not None:
            _check_authorities(self)
        given = [name.lower() for name in self.headers]
        if self.token is not None and self.basic is not None:
            raise ValueError("give either a token or basic credentials: both go into the same header")
        if "authorization" in given and not (self.token is None and self.basic is None):
            raise ValueError("give Authorization once: as a header, as a token, or as basic credentials")
        if self.basic is not None and ":" in self.basic[0]:
            raise ValueError("the user of basic credentials can't contain a colon")
        for name, value in self.credentials().items():
            if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(value):
                raise ValueError(f"{name!r} has a name or a value that HTTP headers can't have")

    @classmethod
    def read(
        cls,
        *,
        token: str | None = None,
        basic: str | None = None,
        header: Iterable[str] = (),
        ca: str | None = None,
        insecure: bool = False,
        no_writes: bool = False,
        timeout: str | float = DEFAULT_TIMEOUT,
    ) -> Self:
        """The options as they are written on a command line.

        Raises:
            ValueError: One of them is malformed.
        """
        return cls(
            token=token,
            basic=None if basic is None else _basic(basic),
            headers=_headers(header),
            ca=ca,
            insecure=insecure,
            writes=not no_writes,
            timeout=_seconds(timeout),
        )

    def tls(self) -> ssl.SSLContext:
        """What connections are made with."""
        return _tls(self.ca, insecure=self.insecure)

    def credentials(self) -> dict[str, str]:
        """The headers that go with every request but the anonymous ones."""
        headers = dict(self.headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        if self.basic is not None:
            headers["Authorization"] = f"Basic {base64.b64encode(':'.join(self.basic).encode()).decode()}"
        return headers

    def secrets(self) -> list[str]:
        """What must not be shown to anybody, in no message and no report."""
        values = self.credentials().values()
        secrets = [value for value in values if len(value) > _SHORT]
        secrets += [value.split(" ", 1)[1].strip() for value in values if " " in value]
        if self.basic is not None:
            secrets += [":".join(self.basic), self.basic[1]]
        return [secret for secret in secrets if secret]


def checked_url(url: str) -> str:
    """The address without slashes at its end.

    Raises:
        ValueError: It is no address that a server can have.
    """
    example = "give the server's address, such as https://server.example.com/v1"
    try:
        parsed = httpx.URL(url)
        port = parsed.port
    except (httpx.InvalidURL, ValueError, TypeError):
        raise ValueError(f"the URL is none; {example}") from None
    if parsed.userinfo:
        raise ValueError(f"the URL must hold no credentials: use --basic; {example}")
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"the URL must begin with http:// or https:// and name a host; {example}")
    if port is not None and not 0 < port < 1 << 16:
        raise ValueError(f"there is no port {port}; {example}")
    if parsed.query or parsed.fragment:
        raise ValueError(f"the URL must have no query and no fragment; {example}")
    return url.rstrip("/")


def checked_file(name: str | None) -> Path | None:
    """The file of a report, which can be written to.

    Raises:
        ValueError: It can't.
    """
    if name is None:
        return None
    file = Path(name)
    try:
        with file.open("a", encoding="utf-8"):
            pass
    except (OSError, ValueError) as error:
        raise ValueError(f"can't write a report to {name}: {error}") from error
    return file


def _check_authorities(options: Options) -> None:
    if options.insecure:
        raise ValueError("give either certificate authorities or insecure: who accepts any needs none")
    try:
        options.tls()
    except (OSError, ValueError) as error:
        raise ValueError(f"ca names no file or folder of certificates: {options.ca!r} ({error})") from error


@functools.cache
def _tls(ca: str | None, *, insecure: bool) -> ssl.SSLContext:
    if ca is None:
        return httpx.create_ssl_context(verify=not insecure)
    if Path(ca).is_dir():
        return ssl.create_default_context(capath=ca)
    return ssl.create_default_context(cafile=ca)


def _basic(text: str) -> tuple[str, str]:
    user, colon, password = text.partition(":")
    if not colon:
        raise ValueError("basic credentials read user:password")
    return user, password


def _headers(lines: Iterable[str]) -> dict[str, str]:
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip()
        if not colon or not name or not value:
            raise ValueError("a header reads 'Name: value'")
        if name.lower() in {known.lower() for known in headers}:
            raise ValueError(f"the header {name!r} is given twice")
        headers[name] = value
    return headers


def _seconds(text: str | float) -> float:
    try:
        return float(text)
    except ValueError:
        raise ValueError(f"timeout must be a number of seconds, not {text!r}") from None
