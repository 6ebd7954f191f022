"""The two ways of carrying an exchange out: blocking, and asynchronous."""

from __future__ import annotations

import inspect
import threading
from typing import Any, TypeVar

import anyio
import httpx

from i3x.errors import AuthenticationError, ConnectionError, I3XError
from i3x.failures import Reply
from i3x.operations import Call
from i3x.transport.body import Body
from i3x.transport.exchange import Answer, Exchange, Hop
from i3x.transport.options import Options, Timeout, http_options
from i3x.transport.server import Server

T = TypeVar("T")

_EXCHANGE_FAILED = (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, OSError, UnicodeError)


class _SenderBase:
    """What both senders share: the server, and the building of requests."""

    def __init__(self, options: Options) -> None:
        self._server = Server(options)

    @property
    def url(self) -> str:
        """The address in use, without credentials; it differs from the given one after a move to https."""
        return str(self._server.url)

    def _request(self, http: httpx.Client | httpx.AsyncClient, hop: Hop, exchange: Exchange) -> httpx.Request:
        hostname = self._server.options.server_hostname
        return http.build_request(
            hop.method,
            hop.url,
            content=hop.content or None,
            headers=self._server.headers(with_credentials=hop.with_credentials),
            timeout=httpx.Timeout(**exchange.limits()),
            extensions={"sni_hostname": hostname} if hostname else None,
        )

    def _auth(self, hop: Hop) -> Any:
        return self._server.auth if hop.with_credentials else None

    def _body(self, response: httpx.Response, exchange: Exchange) -> Body:
        return Body(response.headers, exchange.call.operation, self._server.options.max_response_bytes)


class Sender(_SenderBase):
    """Sends calls and blocks until the answer is there; may be used from several threads at once."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._http: httpx.Client | None = None
        self._token_lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether calls can be sent."""
        return self._http is not None

    def open(self) -> None:
        """Get ready to send; nothing is sent yet."""
        if self._http is None:
            self._http = httpx.Client(**http_options(self._server.options))

    def close(self) -> None:
        """Close all connections."""
        http, self._http = self._http, None
        if http is not None:
            http.close()

    def send(self, call: Call[T], timeout: Timeout | None = None, *, connecting: bool = False) -> T:
        """Send a call, again where that is safe and useful, and return its result or raise its error."""
        if (http := self._http) is None:
            raise _not_connected(call)
        if not call.method:
            return call.read(Reply(200, b""))
        from tenacity import Retrying  # not above: it takes longer to import than the rest of this package

        exchange = Exchange(self._server, call, timeout, connecting=connecting)
        try:
            reply: Reply = Retrying(**exchange.retrying())(self._attempt, http, exchange)
        except I3XError:
            raise
        except _EXCHANGE_FAILED as error:
            raise exchange.told(error) from error
        except RuntimeError:
            if http.is_closed:  # by another thread
                raise _not_connected(call) from None
            raise
        return call.read(reply)

    def _attempt(self, http: httpx.Client, exchange: Exchange) -> Reply:
        steps = exchange.attempt()
        step = next(steps)
        while True:
            answer = None
            if isinstance(step, Hop):
                answer = self._fetch(http, step, exchange)
            else:
                self._renew(step.token)
            try:
                step = steps.send(answer)
            except StopIteration as end:
                reply: Reply = end.value
                return reply

    def _fetch(self, http: httpx.Client, hop: Hop, exchange: Exchange) -> Answer:
        response = http.send(self._request(http, hop, exchange), stream=True, auth=self._auth(hop))
        try:
            body = self._body(response, exchange)
            for part in response.iter_raw():
                exchange.remaining()
                body.add(part)
        finally:
            response.close()
        return Answer(response.status_code, response.headers, body.content())

    def _renew(self, stale: str | None) -> None:
        """Ask the user's function for a token, unless another thread has done so already."""
        with self._token_lock:
            if self._server.token == stale:
                try:
                    token = self._server.ask_token()
                except Exception as error:
                    raise _token_failed(error) from error
                self._server.accept_token(token)


class AsyncSender(_SenderBase):
    """Sends calls without blocking, under asyncio or trio."""

    def __init__(self, options: Options) -> None:
        super().__init__(options)
        self._http: httpx.AsyncClient | None = None
        self._token_lock = anyio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether calls can be sent."""
        return self._http is not None

    async def open(self) -> None:
        """Get ready to send; nothing is sent yet."""
        if self._http is None:
            self._http = httpx.AsyncClient(**http_options(self._server.options))

    async def close(self) -> None:
        """Close all connections."""
        http, self._http = self._http, None
        if http is not None:
            await http.aclose()

    async def send(self, call: Call[T], timeout: Timeout | None = None, *, connecting: bool = False) -> T:
        """Send a call, again where that is safe and useful, and return its result or raise its error."""
        if (http := self._http) is None:
            raise _not_connected(call)
        if not call.method:
            return call.read(Reply(200, b""))
        from tenacity import AsyncRetrying  # not above: see Sender.send

        exchange = Exchange(self._server, call, timeout, connecting=connecting)
        reply: Reply | None = None
        try:
            with anyio.move_on_after(exchange.remaining()):
                reply = await AsyncRetrying(**exchange.retrying())(self._attempt, http, exchange)
        except I3XError:
            raise
        except _EXCHANGE_FAILED as error:
            raise exchange.told(error) from error
        except RuntimeError:
            if http.is_closed:  # by another task
                raise _not_connected(call) from None
            raise
        if reply is None:
            raise exchange.expired()
        return call.read(reply)

    async def _attempt(self, http: httpx.AsyncClient, exchange: Exchange) -> Reply:
        steps = exchange.attempt()
        step = next(steps)
        while True:
            answer = None
            if isinstance(step, Hop):
                answer = await self._fetch(http, step, exchange)
            else:
                await self._renew(step.token)
            try:
                step = steps.send(answer)
            except StopIteration as end:
                reply: Reply = end.value
                return reply

    async def _fetch(self, http: httpx.AsyncClient, hop: Hop, exchange: Exchange) -> Answer:
        response = await http.send(self._request(http, hop, exchange), stream=True, auth=self._auth(hop))
        try:
            body = self._body(response, exchange)
            async for part in response.aiter_raw():
                body.add(part)
        finally:
            await response.aclose()
        return Answer(response.status_code, response.headers, body.content())

    async def _renew(self, stale: str | None) -> None:
        """Ask the user's function for a token, unless another task has done so already."""
        async with self._token_lock:
            if self._server.token == stale:
                try:
                    token = self._server.ask_token()
                    if inspect.isawaitable(token):
                        token = await token
                except Exception as error:
                    raise _token_failed(error) from error
                self._server.accept_token(token)


def _not_connected(call: Call[Any]) -> ConnectionError:
    return ConnectionError(
        f"{call.operation}: the client is not connected; call connect() first, or use it in a with block",
        operation=call.operation,
    )


def _token_failed(error: Exception) -> AuthenticationError:
    # The words of the failure stay out of the message: they may hold what must stay secret.
    return AuthenticationError(
        f"the function given as token= failed with {type(error).__name__}; see the cause of this error"
    )
