"""Checks credentials: bearer token, basic, or a header with a key, whichever the server was started with."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Mapping
from typing import TYPE_CHECKING

from .answers import RequestError

if TYPE_CHECKING:
    from .state import Settings


def check(settings: Settings, headers: Mapping[str, str]) -> None:
    """Let a request pass that shows one of the credentials the server knows.

    Raises:
        RequestError: 401, with the schemes that would be accepted.
    """
    if not settings.protected or any(_matches(headers, *pair) for pair in accepted(settings)):
        return
    raise RequestError(
        401, "This request needs valid credentials", {"WWW-Authenticate": _challenge(settings)}
    )


def accepted(settings: Settings) -> list[tuple[str, str]]:
    """The headers that would let a request pass, each on its own."""
    headers: list[tuple[str, str]] = []
    if settings.token is not None:
        headers.append(("authorization", f"Bearer {settings.token}"))
    if settings.basic is not None:
        pair = ":".join(settings.basic).encode()
        headers.append(("authorization", f"Basic {base64.b64encode(pair).decode()}"))
    if settings.header is not None:
        headers.append(settings.header)
    return headers


def _matches(headers: Mapping[str, str], name: str, expected: str) -> bool:
    shown = headers.get(name, "")
    if name == "authorization":
        scheme, _, rest = shown.partition(" ")  # a scheme's name has no case
        shown = f"{scheme.capitalize()} {rest.strip()}"
    return hmac.compare_digest(shown.encode(), expected.encode())


def _challenge(settings: Settings) -> str:
    schemes = ['Basic realm="i3X"'] if settings.basic is not None else []
    if settings.token is not None or not schemes:
        schemes.insert(0, 'Bearer realm="i3X"')
    return ", ".join(schemes)
