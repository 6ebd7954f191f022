"""The two ways of carrying an exchange out: blocking, and asynchronous."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar, cast

import anyio
import httpx

from i3x.calls import Bulk, Call
from i3x.errors import AuthenticationError, ConnectionError, I3XError
from i3x.failures import Reply
from i3x.transport.body import Body
from i3x.transport.exchange import BROKEN, Answer, Exchange, Hop, Opening
from i3x.transport.options import Options, Timeout, http_options
from i3x.transport.server import Server

if TYPE_CHECKING:
    from i3x.transport.streams import EventSource

T = TypeVar("T")
_Fetch: TypeAlias = Callable[[httpx.AsyncClient, Hop, Exchange], Awaitable[Answer]]


class _SenderBase:
    """What both senders share: the server, and the building of requests."""

    def __init__(self, options: Options, server: Server | None = None) -> None:
        self._server = server or Server(options)
        self._is_first = server is None

    @property
    def server(self) -> Server:
        """The server as it is known; two senders that share it move, and renew their token, together."""
        return self._server

    @property
    def url(self) -> str:
        """The address in use, without credentials; it differs from the given one after a move to https."""
        return str(self._server.url)

    def _request(self, http: httpx.Client | httpx.AsyncClient, hop: Hop, exchange: Exchange) -> httpx.Request:
        at_home = hop.url.host == self._server.url.host
        hostname = self._server.options.server_hostname if at_home else None
        extensions: dict[str, Any] = {"timeout": exchange.limits()}
        if hostname:
            extensions["sni_hostname"] = hostname
        # Not build_request(): it would merge in, at some cost, defaults of which there are none but the cookies.
        return httpx.Request(
            hop.method,
            hop.url,
            content=hop.content or None,
            headers=self._server.headers(
                with_credentials=hop.with_credentials, streams=exchange.call.streams
            ),
            cookies=http.cookies if at_home and http.cookies else None,  # a session is a credential too
            extensions=extensions,
        )

    def _auth(self, hop: Hop) -> Any:
        return self._server.auth if hop.with_credentials else None

    def _body(self, response: httpx.Response, exchange: Exchange) -> Body:
        most = self._server.options.max_response_bytes
        if exchange.call.most_bytes is not None:
            most = min(most, exchange.call.most_bytes)
        return Body(response.headers, exchange.call.operation, most, failed=response.status_code >= 400)


class Sender(_SenderBase):
    """Sends calls and blocks until the answer is there; may be used from several threads at once."""

    def __init__(self, options: Options, server: Server | None = None) -> None:
        super().__init__(options, server)
        self._http: httpx.Client | None = None
        self._token_lock = threading.Lock()

    @property
    def is_open(self) -> bool:
        """Whether calls can be sent."""
        return self._http is not None

    def open(self) -> None:
        """Get ready to send; nothing is sent yet."""
        if self._http is None:
            self._http = _made(httpx.Client, self._server, anew=self._is_first)

    def uncancelled(self) -> AbstractContextManager[object]:
        """Return the frame of a block that must go on to its end; nothing cancels a thread."""
        return nullcontext()

    def close(self) -> None:
        """Close all connections."""
        http, self._http = self._http, None
        if http is not None:
            http.close()

    def send(self, call: Call[T] | Bulk[T], timeout: Timeout | None = None, *, connecting: bool = False) -> T:
        """Send a call, again where that is safe and useful, and return its result or raise its error.

        A bulk call becomes as many requests as the server needs; ``timeout`` is that of each.
        """
        if (http := self._http) is None:
            raise _not_connected(call)
        if isinstance(call, Bulk):
            return self._send_all(http, call, timeout)
        if not call.method:
            return call.read(Reply(200, b""))
        result: T = self._carried_out(http, Exchange(self._server, call, timeout, connecting=connecting))
        return result

    def _send_all(self, http: httpx.Client, bulk: Bulk[T], timeout: Timeout | None) -> T:
        from i3x.bulk.plan import Outcome, Plan, Wait  # not above: nor are these needed to begin with
        from i3x.transport.crew import Crew

        plan: Plan[T] = Plan(bulk, self._server.limits, Exchange.patience(self._server, timeout))

        def carry_out(call: Call[T]) -> Outcome[T]:
            exchange = Exchange(
                self._server,
                call,
                timeout,
                overloaded=lambda pause: plan.overloaded(time.monotonic(), pause),
                stopped=crew.stopped,
            )
            try:
                return Outcome(self._carried_out(http, exchange))
            except I3XError as error:
                return Outcome(error=error, retry_after=exchange.retry_after)

        try:
            with Crew(plan) as crew:
                while (step := plan.next(time.monotonic())) is not None:
                    if isinstance(step, Wait):
                        crew.wait(step.seconds)
                    elif plan.is_alone:
                        plan.settle(step, carry_out(plan.call(step)), time.monotonic())
                    else:
                        crew.start(step, carry_out, plan.call(step))
        except BaseException as error:
            plan.abandon(error)
            raise
        return plan.result()

    def _carried_out(self, http: httpx.Client, exchange: Exchange) -> Any:
        """Return the result of an exchange, or raise the error that it failed with."""
        try:
            return exchange.result(self._reply(http, exchange))
        except I3XError as error:
            exchange.judge(error)
            raise

    def _reply(self, http: httpx.Client, exchange: Exchange) -> Reply:
        """Return the reply, or raise the error of an exchange that failed on the way."""
        try:
            return self._attempts(http, exchange)
        except I3XError:
            raise
        except Exception as error:  # whatever a server or a network can make httpx, or an auth= of it, raise
            if http.is_closed:  # by another thread
                raise exchange.doubted(_not_connected(exchange.call)) from None
            raise exchange.told(error) from error

    def _attempts(self, http: httpx.Client, exchange: Exchange) -> Reply:
        """Make attempts until one is final; tenacity, which takes a while to get going, only if the first is not."""
        outcome: Reply | Exception
        try:
            outcome = self._attempt(http, exchange)
        except BROKEN as error:
            outcome = error
        else:
            if exchange.is_final(outcome):
                return outcome
        from tenacity import Retrying

        retrying = Retrying(**exchange.retrying(), sleep=exchange.sleep)
        reply: Reply = retrying(self._next_attempt, [outcome], http, exchange)
        return reply

    def _next_attempt(self, made: list[Reply | Exception], http: httpx.Client, exchange: Exchange) -> Reply:
        """Make an attempt, or tell the outcome of the one that was made already."""
        return _told(made) if made else self._attempt(http, exchange)

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
            # iter_raw() would refuse the ready-made responses of transports for tests.
            for part in cast("httpx.SyncByteStream", response.stream):
                exchange.remaining()
                body.add(part)
                if body.is_complete:
                    break
        finally:
            response.close()
            if http.is_closed and (left := response.extensions.get("network_stream")):
                left.close()  # a connection that came up after another thread had closed those there were
        return Answer(response.status_code, response.headers, body.content())

    def _renew(self, stale: str | None) -> None:
        """Ask the user's function for a token, unless another thread has done so already."""
        with self._token_lock:
            if self._server.token == stale:
                try:
                    self._server.accept_token(self._server.ask_token())
                except Exception as error:
                    raise _token_failed(error) from error


class AsyncSender(_SenderBase):
    """Sends calls without blocking, under asyncio or trio."""

    def __init__(self, options: Options, server: Server | None = None) -> None:
        super().__init__(options, server)
        self._http: httpx.AsyncClient | None = None
        self._streaming: httpx.AsyncClient | None = None
        self._token_lock = anyio.Lock()

    @property
    def is_open(self) -> bool:
        """Whether calls can be sent."""
        return self._http is not None

    async def open(self) -> None:
        """Get ready to send; nothing is sent yet."""
        if self._http is None:
            self._http = _made(httpx.AsyncClient, self._server, anew=self._is_first)

    def uncancelled(self) -> AbstractContextManager[object]:
        """Return the frame of a block that must go on to its end, also when its task is cancelled."""
        return anyio.CancelScope(shield=True)

    async def close(self) -> None:
        """Close all connections."""
        clients = self._http, self._streaming
        self._http = self._streaming = None
        for http in clients:
            if http is not None:
                await http.aclose()

    async def send(
        self, call: Call[T] | Bulk[T], timeout: Timeout | None = None, *, connecting: bool = False
    ) -> T:
        """Send a call, again where that is safe and useful, and return its result or raise its error.

        A bulk call becomes as many requests as the server needs; ``timeout`` is that of each.
        """
        if (http := self._http) is None:
            raise _not_connected(call)
        if isinstance(call, Bulk):
            return await self._send_all(http, call, timeout)
        if not call.method:
            return call.read(Reply(200, b""))
        exchange = Exchange(self._server, call, timeout, connecting=connecting)
        result: T = await self._carried_out(http, exchange)
        return result

    async def _send_all(self, http: httpx.AsyncClient, bulk: Bulk[T], timeout: Timeout | None) -> T:
        from i3x.bulk.plan import Outcome, Plan, Wait  # not above: see Sender._send_all
        from i3x.transport.crew import AsyncCrew

        plan: Plan[T] = Plan(bulk, self._server.limits, Exchange.patience(self._server, timeout))

        async def carry_out(call: Call[T]) -> Outcome[T]:
            exchange = Exchange(
                self._server, call, timeout, overloaded=lambda pause: plan.overloaded(time.monotonic(), pause)
            )
            try:
                return Outcome(await self._carried_out(http, exchange))
            except I3XError as error:
                return Outcome(error=error, retry_after=exchange.retry_after)

        try:
            async with AsyncCrew(plan) as crew:
                while (step := plan.next(time.monotonic())) is not None:
                    if isinstance(step, Wait):
                        await crew.wait(step.seconds)
                    elif plan.is_alone:
                        outcome = await carry_out(plan.call(step))
                        plan.settle(step, outcome, time.monotonic())
                    else:
                        await crew.start(step, carry_out, plan.call(step))
        except BaseException as error:
            plan.abandon(error)
            raise
        return plan.result()

    async def _carried_out(self, http: httpx.AsyncClient, exchange: Exchange) -> Any:
        """Return the result of an exchange, or raise the error that it failed with."""
        attempts, seconds = self._attempts(http, exchange), exchange.remaining()
        try:
            return exchange.result(await self._reply(http, exchange, attempts, seconds))
        except I3XError as error:
            exchange.judge(error)
            raise

    @asynccontextmanager
    async def stream(self, call: Call[None], silence: float) -> AsyncIterator[EventSource]:
        """Open an event stream, once: whoever reads it has a rhythm of its own for trying again.

        The server has ``silence`` seconds to begin. Raises the :class:`~i3x.I3XError` that an answer stands
        for which is no stream.
        """
        from i3x.transport.streams import EventSource, is_event_stream  # not above: it needs asyncio

        http = self._for_streams(call)
        exchange = Opening(self._server, call, silence)
        source: EventSource | None = None

        async def open_stream(http: httpx.AsyncClient, hop: Hop, exchange: Exchange) -> Answer:
            nonlocal source
            response = await self._begin(http, hop, exchange)
            if not is_event_stream(response):
                return await self._receive(http, response, exchange)
            source = EventSource(response, exchange)
            return Answer(response.status_code, response.headers, b"")

        try:
            attempt = self._attempt(http, exchange, open_stream)
            reply = await self._reply(http, exchange, attempt, exchange.remaining())
            if source is None:
                call.read(reply)
            else:
                yield source
        finally:
            if source is not None:
                with anyio.CancelScope(shield=True):
                    await source.close()

    def _for_streams(self, call: Call[None]) -> httpx.AsyncClient:
        """Return what opens streams: each holds a connection for long, which calls must not have to wait for."""
        if self._http is None:
            raise _not_connected(call)
        options = self._server.options
        if options.transport is not None:  # it has its own ideas about connections
            return self._http
        if self._streaming is None:
            self._streaming = _made(
                httpx.AsyncClient, self._server, limits=httpx.Limits(max_connections=None)
            )
        return self._streaming

    async def _reply(
        self, http: httpx.AsyncClient, exchange: Exchange, attempts: Awaitable[Reply], seconds: float | None
    ) -> Reply:
        """Return the reply, or raise the error of an exchange that failed on the way or took too long."""
        reply: Reply | None = None
        try:
            with anyio.move_on_after(seconds):
                reply = await attempts
        except I3XError:
            raise
        except Exception as error:  # see Sender._reply
            if http.is_closed:  # by another task
                raise exchange.doubted(_not_connected(exchange.call)) from None
            raise exchange.told(error) from error
        if reply is None:
            raise exchange.expired()
        return reply

    async def _attempts(self, http: httpx.AsyncClient, exchange: Exchange) -> Reply:
        """Make attempts until one is final; see :class:`Sender`."""
        outcome: Reply | Exception
        try:
            outcome = await self._attempt(http, exchange, self._fetch)
        except BROKEN as error:
            outcome = error
        else:
            if exchange.is_final(outcome):
                return outcome
        from tenacity import AsyncRetrying

        retrying = AsyncRetrying(**exchange.retrying())
        reply: Reply = await retrying(self._next_attempt, [outcome], http, exchange)
        return reply

    async def _next_attempt(
        self, made: list[Reply | Exception], http: httpx.AsyncClient, exchange: Exchange
    ) -> Reply:
        """Make an attempt, or tell the outcome of the one that was made already."""
        return _told(made) if made else await self._attempt(http, exchange, self._fetch)

    async def _attempt(self, http: httpx.AsyncClient, exchange: Exchange, fetch: _Fetch) -> Reply:
        steps = exchange.attempt()
        step = next(steps)
        while True:
            answer = None
            if isinstance(step, Hop):
                answer = await fetch(http, step, exchange)
            else:
                await self._renew(step.token)
            try:
                step = steps.send(answer)
            except StopIteration as end:
                reply: Reply = end.value
                return reply

    async def _fetch(self, http: httpx.AsyncClient, hop: Hop, exchange: Exchange) -> Answer:
        return await self._receive(http, await self._begin(http, hop, exchange), exchange)

    async def _begin(self, http: httpx.AsyncClient, hop: Hop, exchange: Exchange) -> httpx.Response:
        return await http.send(self._request(http, hop, exchange), stream=True, auth=self._auth(hop))

    async def _receive(self, http: httpx.AsyncClient, response: httpx.Response, exchange: Exchange) -> Answer:
        try:
            body = self._body(response, exchange)
            async for part in cast("httpx.AsyncByteStream", response.stream):
                body.add(part)
                if body.is_complete:
                    break
        finally:
            await response.aclose()
            if http.is_closed and (left := response.extensions.get("network_stream")):
                await left.aclose()  # see Sender._fetch
        return Answer(response.status_code, response.headers, body.content())

    async def _renew(self, stale: str | None) -> None:
        """Ask the user's function for a token, unless another task has done so already."""
        async with self._token_lock:
            if self._server.token == stale:
                try:
                    token = self._server.ask_token()
                    if inspect.isawaitable(token):
                        token = await token
                    self._server.accept_token(token)
                except Exception as error:
                    raise _token_failed(error) from error


C = TypeVar("C", httpx.Client, httpx.AsyncClient)


def _made(kind: type[C], server: Server, *, anew: bool = False, **more: Any) -> C:
    """Return an httpx client; raises ``ValueError`` for a proxy that needs what is not installed."""
    try:
        return kind(**http_options(server.options, server.tls(anew=anew)), **more)
    except ImportError as error:
        raise ValueError(f"the proxy can't be used: {error}") from error


def _not_connected(call: Call[Any] | Bulk[Any]) -> ConnectionError:
    return ConnectionError(
        f"{call.operation}: the client is not connected; call connect() first, or use it in a with block",
        operation=call.operation,
    )


def _token_failed(error: Exception) -> AuthenticationError:
    # The words of the failure stay out of the message: they may hold what must stay secret.
    return AuthenticationError(
        f"the function given as token= failed with {type(error).__name__}; see the cause of this error"
    )


def _told(made: list[Reply | Exception]) -> Reply:
    outcome = made.pop()
    if isinstance(outcome, Exception):
        raise outcome
    return outcome
