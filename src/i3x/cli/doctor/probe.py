"""Questions to a server as any program could ask them, without what the client does to make them work."""

from __future__ import annotations

import socket
import ssl
import time
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

import httpx
import msgspec

_MOST_BYTES = 64 * 1024 * 1024
_PATIENCE = 10.0  # seconds
_BRIEFLY = 2.0  # seconds
_HTTPS = 443


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: httpx.Headers
    content: bytes
    elapsed: float  # seconds

    @property
    def document(self) -> Any:
        """The JSON of the body; None if it is no JSON."""
        try:
            return msgspec.json.decode(self.content)
        except (msgspec.DecodeError, RecursionError, ValueError):
            return None

    @property
    def is_redirect(self) -> bool:
        """Whether it leads elsewhere."""
        return 300 <= self.status < 400

    @property
    def is_page(self) -> bool:
        """Whether it is a page for people rather than an answer for programs."""
        kind = self.headers.get("content-type", "").lower()
        return "html" in kind or self.content.lstrip()[:1] == b"<"


class Probe:
    """Asks a server, with credentials only where that is said, and follows no redirect."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        url = httpx.URL(settings["base_url"])
        self.url = url.copy_with(userinfo=b"")
        self.has_credentials = bool(url.userinfo) or any(map(settings.get, ("auth", "token", "headers")))
        self._auth = settings.get("auth") or ((url.username, url.password) if url.userinfo else None)
        self._headers = dict(settings.get("headers") or {})
        if token := settings.get("token"):
            self._headers["Authorization"] = f"Bearer {token}"
        self._seconds = settings.get("timeout") or _PATIENCE
        self._http = httpx.Client(
            verify=_trust(settings.get("verify", True)), timeout=self._seconds, follow_redirects=False
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def proxy(self) -> str | None:
        """Return the proxy of the environment that requests go through, without its credentials."""
        if urllib.request.proxy_bypass(self.url.host):
            return None
        proxies = urllib.request.getproxies()
        proxy = proxies.get(self.url.scheme) or proxies.get("all")
        return httpx.URL(proxy).netloc.decode() if proxy else None

    def speaks_tls(self) -> bool:
        """Whether the port understands TLS, whatever its certificate is."""
        port = self.url.port or _HTTPS
        try:
            with (
                socket.create_connection(
                    (self.url.host, port), timeout=min(self._seconds, _BRIEFLY)
                ) as plain,
                _unverified().wrap_socket(plain, server_hostname=self.url.host),
            ):
                return True
        except OSError:
            return False

    def get(self, path: str, *, base: httpx.URL | None = None, with_credentials: bool = False) -> Answer:
        """Ask for a path below the address; raises what httpx raises if there is no whole answer in time."""
        base = self.url if base is None else base
        headers = {
            "Accept": "application/json",
            "Content-Type": "application/json",
            "Accept-Encoding": "gzip",
        }
        begun = time.monotonic()
        with self._http.stream(
            "GET",
            base.copy_with(raw_path=base.raw_path.rstrip(b"/") + path.encode()),
            headers=headers | (self._headers if with_credentials else {}),
            auth=self._auth if with_credentials else None,
        ) as response:
            content = b""
            for part in response.iter_bytes():
                content += part
                if len(content) > _MOST_BYTES or time.monotonic() - begun > self._seconds:
                    raise httpx.ReadTimeout("the answer does not come to its end")
        return Answer(response.status_code, response.headers, content, time.monotonic() - begun)


def _unverified() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def _trust(verify: Any) -> ssl.SSLContext:
    if isinstance(verify, bool):
        return httpx.create_ssl_context(verify=verify)
    if Path(verify).is_dir():
        return ssl.create_default_context(capath=str(verify))
    return ssl.create_default_context(cafile=str(verify))
