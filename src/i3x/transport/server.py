"""The server as a client knows it: where it is, what opens it, and how much it takes at once."""

from __future__ import annotations

import logging
import ssl
from base64 import b64encode
from typing import Any

import httpx

from i3x import __version__
from i3x.bulk.limits import Limits
from i3x.calls import Call
from i3x.transport.options import Options, check_header, has_authorization, ssl_context, steps

logger = logging.getLogger("i3x.transport")

_MOST_URLS = 100
"""How many are remembered; more than there are operations, some of which have an id in their path."""


class Server:
    """The server as this client knows it. Shared by all threads, and by both of a client's senders."""

    def __init__(self, options: Options) -> None:
        url = httpx.URL(options.base_url)
        self.options = options
        self.limits = Limits()
        self.auth = options.auth
        is_open = options.auth is None and options.token is None and not has_authorization(options.headers)
        if url.userinfo and is_open:
            self.auth = (url.username, url.password)
        self.url = url.copy_with(userinfo=b"", raw_path=url.raw_path.rstrip(b"/") or b"/")
        self.token = options.token if isinstance(options.token, str) else None
        self._secrets = {url.password, self.token or "", *options.headers.values()}
        for value in options.headers.values():  # the secret may be all of a value, or come after its scheme
            self._secrets.update(value.split()[1:])
        if isinstance(self.auth, tuple):
            self._secrets.update(_secrets_of(*self.auth))

        self.steps = steps(options.timeout)
        self._tls: ssl.SSLContext | None = None
        # Made once: httpx takes as long to put them together as to send what they are for.
        self._urls: dict[str, httpx.URL] = {}
        self._headers: dict[tuple[bool, bool], tuple[str | None, httpx.Headers]] = {}

    def tls(self, *, anew: bool = False) -> ssl.SSLContext:
        """Return what TLS connections are made with: one for all senders, ``anew`` with the files as they are now."""
        if anew or self._tls is None:
            self._tls = ssl_context(self.options)
        return self._tls

    @property
    def credentials(self) -> str:
        """What there is to authenticate with beside TLS, in words; empty if there is nothing."""
        if isinstance(self.auth, tuple):
            return "the user and password"
        if self.auth:
            return "the credentials of auth="
        if self.options.token:
            return "the token"
        return "the headers" if self.options.headers else ""

    def ask_token(self) -> object:
        """Call the function that was given as ``token=``; an asynchronous one returns an awaitable."""
        ask = self.options.token
        return ask() if callable(ask) else ask

    def accept_token(self, token: object) -> str:
        """Keep a token that the user's function returned."""
        if not isinstance(token, str):
            raise TypeError(f"the function given as token= must return a str, not {type(token).__name__}")
        check_header("Authorization", token)
        self._secrets.add(token)
        self.token = token
        return token

    def redact(self, text: str) -> str:
        """Take every credential out of a text that a server sent."""
        for secret in sorted(self._secrets.copy(), key=len, reverse=True):
            if len(secret) > 3:  # shorter ones would make a riddle of the text
                text = text.replace(secret, "***")
        return text

    def move(self, target: httpx.URL, path: str) -> None:
        """Go on at the address that a redirect from http to https named."""
        if target.path.endswith(path):
            self.url = target.copy_with(
                raw_path=target.raw_path.partition(b"?")[0].removesuffix(path.encode()) or b"/"
            )
            self._urls = {}  # not cleared: another thread may just be adding an old one
            logger.info("moved to %s, where the server redirects to", self.url)

    def url_of(self, call: Call[Any]) -> httpx.URL:
        """Return the whole URL of a call; its path is encoded already."""
        urls = self._urls
        if (url := urls.get(call.path)) is None:
            path = self.url.raw_path.rstrip(b"/") + call.path.encode()
            url = self.url.copy_with(raw_path=path)
            if len(urls) < _MOST_URLS:
                urls[call.path] = url
        return url.copy_merge_params(call.params) if call.params else url

    def headers(self, *, with_credentials: bool, streams: bool = False) -> httpx.Headers:
        """Return the headers of a request. Custom ones count as credentials."""
        token = self.token if with_credentials else None
        known = self._headers.get((with_credentials, streams))
        if known is None or known[0] != token:
            known = token, self._made_headers(token, with_credentials=with_credentials, streams=streams)
            self._headers[with_credentials, streams] = known
        return known[1]

    def _made_headers(self, token: str | None, *, with_credentials: bool, streams: bool) -> httpx.Headers:
        headers = httpx.Headers(
            {
                "Accept": "text/event-stream, application/json" if streams else "application/json",
                # Packing holds events back until there are enough of them.
                "Accept-Encoding": "identity" if streams else "gzip",
                "Connection": "keep-alive",
                "Content-Type": "application/json",
                "User-Agent": f"i3x-client/{__version__}",
            }
        )
        if with_credentials:
            headers.update(self.options.headers)
            if token is not None:
                headers["Authorization"] = f"Bearer {token}"
        return headers


def _secrets_of(user: str, password: str) -> set[str]:
    """Return the password, plain and in the form that basic authentication gives it."""
    return {password, b64encode(f"{user}:{password}".encode()).decode()}
