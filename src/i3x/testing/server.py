"""`Server`: what programs and tests use to start an i3X server, look at it and make it misbehave."""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import ipaddress
import os
import socket
import weakref
from collections.abc import AsyncIterator, Iterable
from types import TracebackType
from typing import Any, Self

from . import changing, timestamps
from .address_space import Element
from .app import build
from .faults.base import FaultHandle
from .hosting import Host
from .state import ReceivedRequest, Settings, State
from .values import QUALITIES, VQT, pairing_problem


class Server:
    """An i3X 1.0 server with a pump station in memory, on a thread of its own.

    Use it as a context manager, or call `start` and `stop`; every method may be called from any thread.

    Args:
        objects: how many scalar sensors to add to the pump station (`field-sensor-000000` and so on).
        token: a bearer token that requests must show, except `GET /info`.
        basic: user and password that requests must show.
        header: name and value of a header that requests must show. If several kinds of credentials are
            given, any one of them will do.
        history: whether `POST /objects/history` is supported; 501 if not, as with the three that follow.
        update_current: whether `PUT /objects/value` is supported.
        update_history: whether `PUT /objects/history` is supported.
        stream: whether `POST /subscriptions/stream` is supported.
        max_request_items: the most ids or updates in one request (400 beyond that); None for no limit.
        max_body_bytes: the largest body of a request (413 beyond that).
        max_history_rows: the most rows that one history request returns (206 beyond that).
        queue_limit: the most updates that wait in one subscription; the oldest are dropped beyond that.
        time_to_live: seconds after which a subscription without a sync or a stream is forgotten.
        tick: seconds between changes of the live values; None for no changes.
        keep_alive: seconds between comment lines on an idle stream.
        host: the address to listen on; one that others can reach needs `token`, `basic` or `header`.
        port: the port to listen on; 0 picks one.
        ssl_certfile: path of a certificate chain in PEM, to serve https.
        ssl_keyfile: path of its private key in PEM.
        spec_version: what `GET /info` says.
        server_version: what `GET /info` says.
        server_name: what `GET /info` says.

    Raises:
        ValueError: the host is not a loopback address and there are no credentials, or the port is none.
    """

    def __init__(
        self,
        *,
        objects: int = 0,
        token: str | None = None,
        basic: tuple[str, str] | None = None,
        header: tuple[str, str] | None = None,
        history: bool = True,
        update_current: bool = True,
        update_history: bool = True,
        stream: bool = True,
        max_request_items: int | None = None,
        max_body_bytes: int = 64 * 1024 * 1024,
        max_history_rows: int = 100_000,
        queue_limit: int = 10_000,
        time_to_live: float = 300.0,
        tick: float | None = 1.0,
        keep_alive: float = 15.0,
        host: str = "127.0.0.1",
        port: int = 0,
        ssl_certfile: str | None = None,
        ssl_keyfile: str | None = None,
        spec_version: str = "1.0",
        server_version: str = "1.0.0",
        server_name: str = "Pump Station",
    ) -> None:
        settings = Settings(
            objects=objects,
            token=token,
            basic=basic,
            header=header,
            history=history,
            update_current=update_current,
            update_history=update_history,
            stream=stream,
            max_request_items=max_request_items,
            max_body_bytes=max_body_bytes,
            max_history_rows=max_history_rows,
            queue_limit=queue_limit,
            time_to_live=time_to_live,
            tick=tick,
            keep_alive=keep_alive,
            spec_version=spec_version,
            server_version=server_version,
            server_name=server_name,
        )
        if not 0 <= port < 1 << 16:
            raise ValueError(f"there is no port {port}")
        if not settings.protected and not _is_loopback(host):
            raise ValueError(f"a server on {host} can be reached by others, so it needs a token")
        self._state = State(settings)
        self._address = host
        self._port = port
        self._ssl_certfile = ssl_certfile
        self._ssl_keyfile = ssl_keyfile
        self._host: Host | None = None

    @property
    def url(self) -> str:
        """The base URL, `/v1` included.

        Raises:
            RuntimeError: the server was never started on a port yet.
        """
        if not self._port:
            raise RuntimeError("the server has no port yet: start it first")
        scheme = "http" if self._ssl_certfile is None else "https"
        host = f"[{self._address}]" if ":" in self._address else self._address
        return f"{scheme}://{host}:{self._port}/v1"

    @property
    def requests(self) -> list[ReceivedRequest]:
        """What was received, oldest first: the last thousand requests."""
        return list(self._state.requests)

    def start(self) -> None:
        """Listen, and return when requests are answered; a server that runs already goes on.

        Raises:
            OSError: the address or the port is not to be had.
            RuntimeError: the server did not come up.
        """
        if self._host is not None:
            return
        bound = _bind(self._address, self._port)
        self._port = bound.getsockname()[1]
        host = Host(
            build(self._state),
            bound,
            ssl_certfile=self._ssl_certfile,
            ssl_keyfile=self._ssl_keyfile,
            background=self._background,
        )
        host.start()
        self._host = host
        _running.add(self)

    def stop(self) -> None:
        """End open streams, close every connection, and return when the thread is gone; twice is fine."""
        host, self._host = self._host, None
        if host is not None:
            host.stop()
            _running.discard(self)

    def restart(self) -> None:
        """Stop and start again on the same port: subscriptions are forgotten, values and faults stay."""
        self.stop()
        self._state.subscriptions.clear()
        self.start()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def set_value(
        self, element_id: str, value: Any, *, quality: str = "Good", timestamp: str | None = None
    ) -> None:
        """Give an object a value, read-only or not and whatever its type; whoever watches it is told.

        Args:
            element_id: the object.
            value: any JSON value. A live object holds it, and stops changing by itself.
            quality: Good, GoodNoData, Bad or Uncertain.
            timestamp: RFC 3339; None for now.

        Raises:
            KeyError: there is no such object.
            ValueError: the quality does not exist or does not go with the value, or the timestamp is none.
        """
        if element_id not in self._state.station.space.elements:
            raise KeyError(element_id)
        problem = (
            pairing_problem(value, quality) if quality in QUALITIES else f"there is no quality {quality!r}"
        )
        if problem is not None:
            raise ValueError(problem)
        text = timestamps.render(timestamps.now()) if timestamp is None else timestamps.normalise(timestamp)
        self._on_loop(lambda: self._state.values.write(element_id, VQT(value, quality, text)))

    def add_object(
        self,
        element_id: str,
        display_name: str,
        type_element_id: str,
        *,
        parent_id: str | None = None,
        component: bool = False,
        value: Any = None,
    ) -> None:
        """Add an object; its value stands still.

        Args:
            element_id: its id, which no other object has.
            display_name: its name.
            type_element_id: its type.
            parent_id: what it is below; None for a root.
            component: whether it is a component of its parent, and not a child.
            value: any JSON value; None for no data.

        Raises:
            KeyError: there is no such parent or object type.
            ValueError: there is an object with that id, or a component has no owner.
        """
        element = Element(element_id, display_name, type_element_id, parent_id)
        self._on_loop(lambda: changing.add(self._state, element, value, component=component))

    def move_object(self, element_id: str, parent_id: str | None) -> None:
        """Put an object, with all below it, below another parent, or among the roots; a component stays one.

        Raises:
            KeyError: there is no such object or parent.
            ValueError: the parent is the object itself or below it.
        """
        self._on_loop(lambda: changing.change(self._state, element_id, parent_id=parent_id))

    def rename_object(self, element_id: str, display_name: str) -> None:
        """Give an object another display name.

        Raises:
            KeyError: there is no such object.
        """
        self._on_loop(lambda: changing.change(self._state, element_id, display_name=display_name))

    def retype_object(self, element_id: str, type_element_id: str) -> None:
        """Give an object another type; its value stays as it is, whether it fits or not.

        Raises:
            KeyError: there is no such object or object type.
        """
        self._on_loop(lambda: changing.change(self._state, element_id, type_element_id=type_element_id))

    def remove_object(self, element_id: str) -> None:
        """Remove an object, all below it, and every relationship with them.

        Raises:
            KeyError: there is no such object.
        """
        self._on_loop(lambda: changing.remove(self._state, element_id))

    def set_history(self, element_id: str, points: Iterable[tuple[Any, str, str]]) -> None:
        """Give an object this history in place of its own: a value, a quality and a timestamp for each point.

        Args:
            element_id: the object.
            points: in any order. Several may have the same timestamp, whose text is sent as it is.

        Raises:
            KeyError: there is no such object.
            ValueError: a timestamp is not RFC 3339.
        """
        if element_id not in self._state.station.space.elements:
            raise KeyError(element_id)
        history = [VQT(*point) for point in points]
        self._on_loop(lambda: self._state.values.plant(element_id, history))

    def fault(
        self,
        name: str,
        *,
        operation: str | None = None,
        times: int | None = None,
        skip: int = 0,
        **options: Any,
    ) -> FaultHandle:
        """Switch a fault on, until it is cleared; `i3x.testing.faults.FAULTS` lists them with their options.

        Args:
            name: the fault's name.
            operation: the operation it applies to, such as `queryLastKnownValues`; None for all it fits.
            times: how many requests (or streams) it applies to; None for no limit.
            skip: how many of them it lets pass before.
            **options: the fault's own options.

        Returns:
            A handle to clear it with; as a context manager, it clears the fault at the end.

        Raises:
            ValueError: there is no such fault or operation, or the one does not go with the other.
            TypeError: the fault has no such option, or one that it needs is missing.
        """
        handle = self._state.faults.switch_on(name, operation, times, skip, options)
        self._on_loop(self._state.subscriptions.wake_streams)  # streams that are open meet it too
        return handle

    def clear_faults(self) -> None:
        """Switch all faults off."""
        self._state.faults.clear()

    def _on_loop(self, function: Any) -> None:
        if self._host is None:
            function()
        else:
            self._host.call(function)

    @contextlib.asynccontextmanager
    async def _background(self) -> AsyncIterator[None]:
        """What goes on beside the requests: values change, and subscriptions expire."""
        tasks = [asyncio.create_task(self._expire())]
        if self._state.settings.tick is not None:
            tasks.append(asyncio.create_task(self._tick(self._state.settings.tick)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()

    async def _tick(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            self._state.values.tick()

    async def _expire(self) -> None:
        while True:
            await asyncio.sleep(max(self._state.settings.time_to_live / 2, 0.05))
            self._state.subscriptions.expire()


_running: weakref.WeakSet[Server] = weakref.WeakSet()


@atexit.register
def _stop_all() -> None:
    # A thread that still serves while the interpreter goes away would be killed in the middle of something.
    for server in list(_running):
        server.stop()


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # The protocol is named because asyncio sends small answers at once (TCP_NODELAY) only where it is.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        if os.name == "posix":  # on Windows it would let two servers share a port
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(256)
    except OSError:
        bound.close()
        raise
    return bound


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
