"""The server under test: every request of the suite goes through here, and so does the patience with it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from i3x import raw_call
from i3x.conformance.asked import Asked, Unparsed
from i3x.conformance.definition import Reason, Skipped
from i3x.conformance.exchange import Exchange
from i3x.conformance.options import Options
from i3x.conformance.redaction import Redaction
from i3x.raw import Client

MAX_BYTES = 64 * 1024 * 1024
"""No listing of a sane server is larger; what goes beyond is not read."""

_HEADERS = {"Accept": "application/json", "Content-Type": "application/json"}


@dataclass(slots=True)
class Patience:
    """How often the server may leave a request without a complete answer before the run gives up on it.

    A server that hangs would else cost the time limit of every single request.
    """

    in_a_row: int = 3
    in_all: int = 6
    _row: int = 0
    _all: int = 0

    def note(self, *, silent: bool) -> None:
        """Take note of one exchange."""
        self._row = self._row + 1 if silent else 0
        self._all += silent

    @property
    def is_over(self) -> bool:
        """Whether to ask no more."""
        return self._row >= self.in_a_row or self._all >= self.in_all


@dataclass
class Server:
    """The server under test."""

    base_url: str
    options: Options
    redaction: Redaction
    patience: Patience = field(default_factory=Patience)
    exchanges: list[Exchange] = field(default_factory=list[Exchange])
    """Those of the test that runs now."""
    _clients: dict[bool, Client] = field(default_factory=dict[bool, Client])

    def send(
        self,
        operation: Any,
        body: Any = None,
        *,
        anonymous: bool = False,
        headers: Mapping[str, str | None] | None = None,
        **parameters: Any,
    ) -> Exchange:
        """Send a request and give what came back, whatever it is.

        Raises:
            Skipped: The server has left too many requests without an answer.
        """
        if self.patience.is_over:
            raise Skipped(Reason.BLOCKED, "the server has stopped answering")
        seconds = self.options.timeout
        exchange = self._send(operation, body, seconds, anonymous=anonymous, headers=headers, **parameters)
        self.patience.note(silent=exchange.silent)
        self.exchanges.append(exchange)
        return exchange

    def tidy_up(self, operation: Any, body: Any, seconds: float) -> Exchange:
        """Send a request when the run is over, patience or not."""
        return self._send(operation, body, seconds, anonymous=False, headers=None)

    def move(self, base_url: str) -> None:
        """Go on at another address."""
        self.close()
        self.base_url = base_url

    def client(self, *, anonymous: bool = False, **httpx_args: Any) -> Client:
        """A raw client of its own, with credentials or without."""
        return Client(
            base_url=self.base_url,
            headers=_HEADERS if anonymous else {**_HEADERS, **self.options.credentials()},
            timeout=httpx.Timeout(self.options.timeout),
            verify_ssl=self.options.tls(),
            httpx_args=httpx_args,
        )

    def close(self) -> None:
        """Close the connections."""
        while self._clients:
            self._clients.popitem()[1].get_httpx_client().close()

    def _send(
        self,
        operation: Any,
        body: Any,
        seconds: float,
        *,
        anonymous: bool,
        headers: Mapping[str, str | None] | None,
        **parameters: Any,
    ) -> Exchange:
        if anonymous not in self._clients:
            self._clients[anonymous] = self.client(anonymous=anonymous)
        asked = Asked.of(operation, body, parameters, anonymous=anonymous)
        # As bytes, because ids and values of servers may hold what httpx refuses to encode.
        arguments = parameters if body is None else {**parameters, "body": json.dumps(body).encode()}
        try:
            reply = raw_call.send(
                self._clients[anonymous],
                Unparsed(operation),
                headers=headers,
                max_bytes=MAX_BYTES,
                max_seconds=seconds,
                **arguments,
            )
        except ValueError as error:
            return Exchange.impossible(asked, error, self.redaction)
        return Exchange.read(asked, reply, self.redaction)
