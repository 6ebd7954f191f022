"""One open event stream, watched from outside: when it opens, and how it ends."""

from __future__ import annotations

import contextlib
import json
import socket
import threading
from typing import Any

import httpx

from i3x import raw_call
from i3x.conformance.asked import Asked, Unparsed
from i3x.conformance.exchange import Exchange
from i3x.conformance.server import MAX_BYTES, Server
from i3x.raw.api.subscribe import stream_subscription
from i3x.raw_call import RawReply

_HEADERS = {"Accept": "text/event-stream, application/json", "Accept-Encoding": "identity"}
_REST = 0.5
"""Seconds for the rest of an answer that is no event stream."""
_HANG_UP = 2.0
"""Seconds for the thread to notice that it was hung up on."""


class Stream:
    """A stream on a thread of its own, read until it ends, is closed, or has lasted `longest` seconds."""

    def __init__(self, server: Server, body: dict[str, str], longest: float) -> None:
        self._server = server
        self._body = body
        self._longest = longest
        self._asked = Asked.of(stream_subscription, body, {}, anonymous=False)
        self._client = server.client(event_hooks={"response": [self._on_response]})
        self._begun = threading.Event()
        self._over = threading.Event()
        self._response: httpx.Response | None = None
        self._reply: RawReply | None = None
        self._thread = threading.Thread(target=self._run, name="i3x.conformance stream", daemon=True)
        self._thread.start()

    def opened(self, seconds: float) -> Exchange | None:
        """Wait until the server answers: None if an event stream is open, else the answer that is there instead."""
        self._begun.wait(seconds)
        if self.is_open:
            return None
        self._over.wait(min(seconds, _REST))
        if self._reply is None:
            self.close()
        return self.exchange()

    @property
    def is_open(self) -> bool:
        """Whether the answer is an event stream."""
        response = self._response
        if response is None or response.status_code != 200:
            return False
        kind: str = response.headers.get("content-type", "")
        return kind.lower().startswith("text/event-stream")

    def ended(self, seconds: float) -> RawReply | None:
        """Wait for the stream's end: None if it goes on."""
        self._over.wait(seconds)
        return self._reply

    def exchange(self) -> Exchange:
        """The answer so far."""
        if self._reply is not None:
            return Exchange.read(self._asked, self._reply, self._server.redaction)
        problem = "an event stream is open" if self.is_open else "there was no answer"
        status = None if self._response is None else self._response.status_code
        headers = httpx.Headers() if self._response is None else self._response.headers
        sent = self._server.redaction.hide(self._asked.text)
        return Exchange(
            sent=sent,
            received=problem,
            status=status,
            headers=headers,
            problem=problem,
            silent=status is None,
        )

    def close(self) -> None:
        """Hang up, if the stream is still open."""
        # A thread that reads is not woken when its socket is closed, only when that is shut down.
        response = self._response
        network = response.extensions.get("network_stream") if response is not None else None
        wire = network.get_extra_info("socket") if network is not None else None
        if isinstance(wire, socket.socket) and not self._over.is_set():
            with contextlib.suppress(OSError):
                wire.shutdown(socket.SHUT_RDWR)
            self._over.wait(_HANG_UP)

    def _on_response(self, response: httpx.Response) -> None:
        self._response = response
        self._begun.set()

    def _run(self) -> None:
        operation: Any = Unparsed(stream_subscription)
        try:
            with self._client as client:
                self._reply = raw_call.send(
                    client,
                    operation,
                    headers=_HEADERS,
                    max_bytes=MAX_BYTES,
                    max_seconds=self._longest,
                    body=json.dumps(self._body).encode(),
                )
        finally:
            self._over.set()
            self._begun.set()
