"""The ASGI application: routes, and the way of a request from the socket to an operation and back."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from . import credentials, explore, query, subscribe, update
from .answers import EXCHANGE, Answer, RequestError, failure
from .call import Call
from .connection import connection_of
from .exchange import Exchange
from .paths import PATHS, PREFIX, methods_at, operation_at
from .state import ReceivedRequest, State

Handler = Callable[[Call], Response]

HANDLERS: dict[str, Handler] = {
    "getInfo": explore.get_info,
    "getNamespaces": explore.get_namespaces,
    "getObjectTypes": explore.get_object_types,
    "queryObjectTypesById": explore.query_object_types,
    "getRelationshipTypes": explore.get_relationship_types,
    "queryRelationshipTypesById": explore.query_relationship_types,
    "getObjects": explore.get_objects,
    "listObjectsById": explore.list_objects,
    "queryRelatedObjects": explore.query_related,
    "queryLastKnownValues": query.query_values,
    "updateObjectValues": update.update_values,
    "queryHistoricalValues": query.query_history,
    "updateObjectHistory": update.update_history,
    "createSubscription": subscribe.create,
    "listSubscriptions": subscribe.list_by_id,
    "registerMonitoredItems": subscribe.register,
    "removeMonitoredItems": subscribe.unregister,
    "streamSubscription": subscribe.stream,
    "syncSubscription": subscribe.sync,
    "deleteSubscriptions": subscribe.delete,
}

WITHOUT_CREDENTIALS = frozenset({"getInfo"})


def build(state: State) -> ASGIApp:
    """The application that answers for `state`."""
    app = Starlette(
        routes=[
            Route(PREFIX + path, _endpoint(state, HANDLERS[name]), methods=[method], name=name)
            for name, (method, path) in PATHS.items()
        ],
        middleware=[Middleware(_Entrance, state=state)],
        exception_handlers={RequestError: _on_failure, HTTPException: _on_http, Exception: _on_error},
    )
    app.router.redirect_slashes = False  # an address with a slash too many is another address
    return app


def _endpoint(state: State, handler: Handler) -> Callable[[Request], Awaitable[Response]]:
    async def endpoint(request: Request) -> Response:
        exchange: Exchange = request.scope[EXCHANGE]
        return handler(Call(state, exchange.headers, request.query_params, exchange.body))

    return endpoint


class _Entrance:
    """Where every request comes in: read, written down, shown to the faults, asked for credentials."""

    def __init__(self, app: ASGIApp, state: State) -> None:
        self._app = app
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        try:
            body = await _read(receive, self._state.settings.max_body_bytes)
        except ClientDisconnect:
            return
        request = _received(scope, body or b"")
        self._state.requests.append(request)
        faults = self._state.faults.take(request.operation)
        exchange = Exchange(self._state, request, scope, send, connection_of(scope), faults)
        scope[EXCHANGE] = exchange
        response = await self._early(exchange, too_big=body is None)
        await (response or self._app)(scope, receive, send)

    async def _early(self, exchange: Exchange, *, too_big: bool) -> Response | None:
        """An answer that needs no operation, if there is one."""
        try:
            for fault in exchange.faults:
                fault.rewrite(exchange)
                response = await fault.instead(exchange)
                if response is not None:
                    return response
            self._check(exchange, too_big=too_big)
        except RequestError as refused:
            return failure(refused.status, refused.detail, refused.headers)
        return None

    def _check(self, exchange: Exchange, *, too_big: bool) -> None:
        settings = self._state.settings
        if too_big:
            raise RequestError(413, f"This server takes {settings.max_body_bytes} bytes in one request")
        if exchange.request.operation not in WITHOUT_CREDENTIALS:
            credentials.check(settings, exchange.headers)


async def _read(receive: Receive, limit: int) -> bytes | None:
    """The whole body; None if it is larger than `limit`, in which case it was not kept."""
    size, chunks, more = 0, list[bytes](), True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        size += len(message.get("body", b""))
        if size <= limit:
            chunks.append(message.get("body", b""))
        more = message.get("more_body", False)
    return b"".join(chunks) if size <= limit else None


def _received(scope: Scope, body: bytes) -> ReceivedRequest:
    raw_path, query_string = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
    path = unquote(raw_path)
    return ReceivedRequest(
        method=scope["method"],
        target=f"{raw_path}?{query_string}" if query_string else raw_path,
        path=path,
        query=dict(QueryParams(query_string)),
        headers=dict(Headers(scope=scope)),
        body=body,
        operation=operation_at(scope["method"], path),
    )


async def _on_failure(_request: Request, error: Exception) -> Answer:
    if not isinstance(error, RequestError):
        raise error
    return failure(error.status, error.detail, error.headers)


async def _on_http(request: Request, error: Exception) -> Answer:
    if not isinstance(error, HTTPException):
        raise error
    path = request.scope["path"]
    if error.status_code == 405:
        allowed = ", ".join(methods_at(path))
        return failure(405, f"{path} answers to {allowed} only", {"Allow": allowed})
    return failure(error.status_code, f"There is nothing at {path}")


async def _on_error(_request: Request, error: Exception) -> Answer:
    return failure(500, f"The server has a defect: {type(error).__name__}")
