"""The public face of the clients: `client.py` (blocking) is generated from `aio.py` (asynchronous)."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

import anyio
import httpx

from i3x import arguments, operations, times, versions
from i3x.apart import async_apart
from i3x.arguments import Element
from i3x.callbacks import async_notify
from i3x.client_base import ClientBase
from i3x.delivery.settings import Mode, Settings, wanted
from i3x.errors import (
    AuthenticationError,
    ConnectionError,
    I3XError,
    InvalidServerResponseError,
    NotFoundError,
    TimeoutError,
)
from i3x.models import (
    VQT,
    CurrentValue,
    Gap,
    HistoricalValue,
    HistoryProgress,
    Namespace,
    ObjectInstance,
    ObjectType,
    RelatedObject,
    RelationshipType,
    ServerInfo,
    Subscription,
    SyncBatch,
    V,
    ValueChange,
)
from i3x.results import BulkDict, BulkItem, BulkList
from i3x.times import Time
from i3x.transport import AsyncSender, Certificate, Options, Timeout, Token, Verify
from i3x.value_types import AsType, ValueReader

if TYPE_CHECKING:
    import pyarrow

    # Loaded when they are first needed: a client that only reads starts twice as fast without them.
    from i3x.delivery.consumer import AsyncConsumer
    from i3x.delivery.hosting import AsyncDeliveries
    from i3x.delivery.view import Delivery
    from i3x.delivery.watch import AsyncWatch
    from i3x.frames.reading import Layout
    from i3x.frames.report import HistoryExport
    from i3x.frames.tidy import Series
    from i3x.history.asynchronous import AsyncAsk, AsyncHistoryIterator
    from i3x.history.questions import Question
    from i3x.navigate.asynchronous import AsyncAddressSpace, AsyncTraversal
    from i3x.value_schemas import ElementSchema


class AsyncClient(ClientBase):
    """A client for an i3X 1.0 server.

    ::

        async with i3x.AsyncClient("https://server.example.com/v1", token="...") as client:
            value = await client.get_value("sensor-001")

    Arguments:

    - ``base_url``: the address of the API, version prefix included.
    - ``auth``: anything httpx takes: ``(user, password)``, an ``httpx.Auth``, or a function of the request. It has
      the last word: ``(user, password)`` takes the place of a ``token``.
    - ``timeout``: seconds that each step may take (connecting, sending, waiting for the next part of an
      answer), or an ``httpx.Timeout``; every call takes its own too.
    - ``client_id``: scopes subscriptions on the server; a new UUID unless given.
    - ``token``: a bearer token, or a function that returns one and is asked again after a 401.
    - ``headers``: sent with every request; they count as credentials and go to no other host. ``Authorization``
      among them excludes a ``token``, and a user and password.
    - ``verify``: True, False (to test only), the path of the certificate authorities to trust, or an
      ``ssl.SSLContext``.
    - ``cert``: a client certificate for mutual TLS: a file, ``(certificate, key)`` or these and a password.
    - ``server_hostname``: the name to verify in the server's certificate, where the URL names a tunnel.
    - ``proxy``: the URL of a proxy, or an ``httpx.Proxy``; by default the environment's.
    - ``transport``: an httpx transport to send through, for tests and special networks.
    - ``deadline``: seconds that a whole call may take, retries and redirects included; four times the longest
      step of ``timeout`` by default. The blocking client looks at it before each request and with each part of
      an answer, so that it may be late by one step. A bulk call that needs several requests has it for each.
    - ``retries``: how often a failed call is sent again where that is safe; 0 switches it off.
    - ``max_response_bytes``: the largest answer that is read, after unpacking.

    Wrong arguments raise ``TypeError`` or ``ValueError`` at once. What a server or a network does raises only
    :class:`~i3x.I3XError` and its subclasses: any call may raise :class:`~i3x.ConnectionError`,
    :class:`~i3x.TimeoutError`, :class:`~i3x.AuthenticationError`, :class:`~i3x.BadRequestError`,
    :class:`~i3x.ServerError` and :class:`~i3x.InvalidServerResponseError`; what it raises beside them is said
    with it. The ``timeout`` of a call is in seconds, or an ``httpx.Timeout``, in place of the client's.

    Calls for many elements, subscriptions or points take any number of them, and send as many requests as the
    server needs, up to four at once. What the server refuses for its size is sent in halves, and not as large
    again. When a request fails, its items have the error in the result, beside what the others brought; when it
    is one that the others would meet too, what was not sent says so. ``outcome_unknown`` of an error says that a
    change may have been carried out. If nothing at all has worked, the call raises, and ``result`` of the error
    has what became of each item. An interrupt (Ctrl-C), or the cancellation of its task, ends a call at once: no
    other request is begun, and the exception that leaves the call (``KeyboardInterrupt``, ``CancelledError``) has a
    ``result`` too. A ``TimeoutError`` that asyncio makes of it has that as its ``__cause__``.

    The callbacks are attributes: ``on_connect(client)``, ``on_disconnect(client)``,
    ``on_value_change(client, change)``, ``on_subscribe(client, subscription)``, ``on_gap(client, gap)``,
    ``on_status(client, delivery)`` and ``on_error(client, error)``; to set one to what can't be called is a
    ``TypeError``.
    """

    def __init__(
        self,
        base_url: str,
        auth: Any = None,
        timeout: Timeout | None = 30.0,
        client_id: str | None = None,
        token: Token | None = None,
        headers: Mapping[str, str] | None = None,
        verify: Verify = True,
        *,
        cert: Certificate | None = None,
        server_hostname: str | None = None,
        proxy: str | httpx.URL | httpx.Proxy | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        deadline: float | None = None,
        retries: int = 2,
        max_response_bytes: int = 2**30,
    ) -> None:
        options = Options(
            base_url=base_url,
            auth=auth,
            token=token or None,  # an environment variable that is not set is often an empty text
            headers=dict(headers or {}),
            timeout=timeout,
            deadline=deadline,
            retries=retries,
            verify=verify,
            cert=cert,
            server_hostname=server_hostname,
            proxy=proxy,
            transport=transport,
            max_response_bytes=max_response_bytes,
        )
        super().__init__(options, client_id)
        self._sender = AsyncSender(options)
        self._connecting = anyio.Lock()
        self._running_deliveries: AsyncDeliveries | None = None
        self.on_connect: Callable[[AsyncClient], object] | None = None
        self.on_disconnect: Callable[[AsyncClient], object] | None = None
        self.on_value_change: Callable[[AsyncClient, ValueChange], object] | None = None
        self.on_subscribe: Callable[[AsyncClient, Subscription], object] | None = None
        self.on_error: Callable[[AsyncClient, I3XError], object] | None = None
        self.on_gap: Callable[[AsyncClient, Gap], object] | None = None
        self.on_status: Callable[[AsyncClient, Delivery], object] | None = None

    # --- connection -------------------------------------------------------------------------------------

    async def connect(self, *, timeout: Timeout | None = None) -> None:
        """Connect: ask the server who it is, and check that this client can talk to it.

        Calls ``on_connect(client)``. Does nothing if the client is connected already. Gives a
        ``DeprecationWarning`` for a server from before the release of i3X 1.0. After a failure nothing stays
        open. Standard: Info, getInfo.

        Raises :class:`~i3x.UnsupportedVersionError` (nothing at ``/info``, or another major version),
        :class:`~i3x.InvalidServerResponseError` (something that is no i3X server),
        :class:`~i3x.ServerError` (overload), :class:`~i3x.AuthenticationError`,
        :class:`~i3x.ConnectionError` (TLS failures included) or :class:`~i3x.TimeoutError`.
        """
        await self._connect(timeout)

    async def _connect(self, timeout: Timeout | None = None) -> None:
        async with self._connecting:
            if self.is_connected:
                return
            self._unconnected_state = "connecting"
            try:
                await self._sender.open()
                info = await self._sender.send(versions.connecting(self.url), timeout, connecting=True)
            except BaseException:
                self._unconnected_state = "failed"
                await self._sender.close()
                raise
            self._before_release = versions.is_before_release(info)
            self._server_info = info
        try:
            if self._before_release:
                # The level is that of the caller of connect() or of the with statement.
                warnings.warn(versions.before_release_warning(info), DeprecationWarning, stacklevel=3)
            await async_notify(self.on_connect, self)
        except BaseException:
            await self.disconnect()
            raise

    async def disconnect(self) -> None:
        """Disconnect and call ``on_disconnect(client)``; does nothing if the client is not connected.

        Deliveries end, and the subscriptions that ``subscribe()`` made are deleted; those of
        ``create_subscription()`` stay on the server. The client can be connected again.
        """
        with self._sender.uncancelled():
            async with self._connecting:
                was_connected, self._server_info = self.is_connected, None  # from now on nothing begins
                self._unconnected_state = "disconnected"
            try:
                if self._running_deliveries is not None:
                    await self._running_deliveries.close()
            finally:
                async with self._connecting:
                    if not self.is_connected:  # again, by somebody else
                        await self._sender.close()
        if was_connected:
            await async_notify(self.on_disconnect, self)

    async def __aenter__(self) -> Self:
        await self._connect()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.disconnect()

    # --- server -----------------------------------------------------------------------------------------

    async def get_info(self, *, timeout: Timeout | None = None) -> ServerInfo:
        """Return the server's versions, its name and the optional features it declares.

        Sent without credentials, and with them only if the server insists. Standard: Info, getInfo.
        """
        return await self._sender.send(operations.get_info(), timeout)

    # --- explore ----------------------------------------------------------------------------------------

    async def get_namespaces(self, *, timeout: Timeout | None = None) -> BulkList[Namespace]:
        """Return all namespaces. Standard: Explore, getNamespaces."""
        return await self._sender.send(operations.get_namespaces(), timeout)

    async def get_object_types(
        self, namespace_uri: str | None = None, *, timeout: Timeout | None = None
    ) -> BulkList[ObjectType]:
        """Return all object types, or those of one namespace; of one that is not there, none.

        Standard: Explore, getObjectTypes.
        """
        return await self._sender.send(operations.get_object_types(namespace_uri), timeout)

    async def query_object_types(
        self, element_ids: Iterable[str], *, timeout: Timeout | None = None
    ) -> BulkList[ObjectType]:
        """Return the object types with these ids, in the order asked for.

        Ids that the server does not know are in ``errors`` of the result, as
        :class:`~i3x.NotFoundError`. No ids: an empty list, without a request. Standard: Explore,
        queryObjectTypesById.
        """
        return await self._sender.send(operations.query_object_types(element_ids), timeout)

    async def get_relationship_types(
        self, namespace_uri: str | None = None, *, timeout: Timeout | None = None
    ) -> BulkList[RelationshipType]:
        """Return all relationship types, or those of one namespace; of one that is not there, none.

        Standard: Explore, getRelationshipTypes.
        """
        return await self._sender.send(operations.get_relationship_types(namespace_uri), timeout)

    async def query_relationship_types(
        self, element_ids: Iterable[str], *, timeout: Timeout | None = None
    ) -> BulkList[RelationshipType]:
        """Return the relationship types with these ids, in the order asked for.

        Ids that the server does not know are in ``errors`` of the result, as
        :class:`~i3x.NotFoundError`. No ids: an empty list, without a request. Standard: Explore,
        queryRelationshipTypesById.
        """
        return await self._sender.send(operations.query_relationship_types(element_ids), timeout)

    async def get_objects(
        self,
        type_element_id: str | None = None,
        include_metadata: bool = False,
        root: bool | None = None,
        *,
        timeout: Timeout | None = None,
    ) -> BulkList[ObjectInstance]:
        """Return all objects, in one answer: the standard has no paging.

        ``type_element_id`` keeps those of one type, ``root=True`` those without a parent, and
        ``include_metadata`` adds ``metadata`` to each. A type that the server does not know is no error: it has
        no objects, and the list is empty; ``query_object_types`` tells. Standard: Explore, getObjects.
        """
        call = operations.get_objects(type_element_id, include_metadata, root)
        return await self._sender.send(call, timeout)

    async def get_object(
        self, element_id: str, include_metadata: bool = False, *, timeout: Timeout | None = None
    ) -> ObjectInstance:
        """Return one object. Standard: Explore, listObjectsById.

        Raises :class:`~i3x.NotFoundError` if the server does not know it.
        """
        return await self._sender.send(operations.get_object(element_id, include_metadata), timeout)

    async def list_objects(
        self, element_ids: Iterable[str], include_metadata: bool = False, *, timeout: Timeout | None = None
    ) -> BulkList[ObjectInstance]:
        """Return the objects with these ids, in the order asked for.

        Ids that the server does not know are in ``errors`` of the result, as
        :class:`~i3x.NotFoundError`. No ids: an empty list, without a request. Standard: Explore,
        listObjectsById.
        """
        return await self._sender.send(operations.list_objects(element_ids, include_metadata), timeout)

    async def get_related_objects(
        self,
        element_ids: Iterable[str],
        relationship_type: str | None = None,
        include_metadata: bool = False,
        *,
        timeout: Timeout | None = None,
    ) -> BulkList[RelatedObject]:
        """Return what these elements are related to: hierarchy, composition and graph edges.

        Each edge names the element it starts from (``source_element_id``), the relationship
        (``source_relationship``) and the other end (``object``). ``relationship_type`` keeps the edges of one
        relationship type, by its element id; one that the server does not know has no edges, and is no error
        (``query_relationship_types`` tells). Elements that it does not know are in ``errors`` of the result.
        Standard: Explore, queryRelatedObjects.
        """
        call = operations.get_related_objects(element_ids, relationship_type, include_metadata)
        return await self._sender.send(call, timeout)

    async def address_space(
        self, include_metadata: bool = False, *, timeout: Timeout | None = None
    ) -> AsyncAddressSpace:
        """Read all objects and types, and return them as an :class:`~i3x.AsyncAddressSpace` to find one's way in.

        These are three requests, each of which may take ``timeout``; all that the address space is asked
        afterwards is local, but ``refresh()``, which reads it again and tells what has changed.
        ``include_metadata`` tells components from other children. Standard: Explore, getObjects,
        getObjectTypes, getRelationshipTypes.
        """
        from i3x.navigate.asynchronous import AsyncAddressSpace

        return await AsyncAddressSpace.read(self, bool(include_metadata), timeout)

    def traverse(
        self,
        start: Element | Iterable[Element],
        relationship_types: str | Iterable[str] | None = None,
        max_hops: int | None = None,
        *,
        include_metadata: bool = False,
        timeout: Timeout | None = None,
    ) -> AsyncTraversal:
        """Return an iterator of what elements are related to, breadth first, with one request a level.

        ::

            async for hop in client.traverse("pump-101", "SuppliesTo"):
                print(hop.depth, hop.edge.source_element_id, hop.object.display_name)

        Each :class:`~i3x.Hop` has an object, how many edges away it is (from 1) and the edge it came by; each
        object comes once, and ``start``, which is an element or several, does not come. ``relationship_types``
        is the element id of one relationship type or of several to follow, None for all, and nothing comes by one
        that the server does not know; ``max_hops`` is how many edges to follow at most, None for no limit.
        Standard: Explore, queryRelatedObjects.

        A level is asked for when the iteration reaches it; ``timeout`` is that of each request. Elements that
        the server does not know are in ``errors`` of the iterator, and what it cut in ``partial``. Where
        ``start`` is one element that it does not know, the iteration raises :class:`~i3x.NotFoundError`.
        """
        from i3x.navigate.asynchronous import AsyncTraversal

        return AsyncTraversal(self, start, relationship_types, max_hops, include_metadata, timeout)

    # --- values -----------------------------------------------------------------------------------------

    async def get_value(
        self,
        element_id: str,
        max_depth: int = 1,
        *,
        as_type: AsType[V] = None,
        strict: bool = True,
        timeout: Timeout | None = None,
    ) -> CurrentValue[V]:
        """Return the last known value of an element.

        ``max_depth``: 1 is this element alone, N adds N - 1 levels of its components, 0 all of them.
        ``as_type`` is the type to read the element's own value as: a class that was generated with
        ``i3x.typegen``, or whatever msgspec converts to (structs, dataclasses, attrs classes, ``TypedDict``,
        ``float``, ``list[int]``). Null stays None. A value that does not fit is an error, or stays as the server
        sent it with ``strict=False``. Standard: Query, queryLastKnownValues.

        Raises :class:`~i3x.NotFoundError` if the server does not know the element, and
        :class:`~i3x.InvalidServerResponseError`, naming the path, if its value does not fit ``as_type``.
        """
        reader = ValueReader(as_type, strict)
        return reader.value(await self._sender.send(operations.get_value(element_id, max_depth), timeout))

    async def get_values(
        self,
        element_ids: Iterable[str],
        max_depth: int = 1,
        *,
        as_type: AsType[V] = None,
        strict: bool = True,
        timeout: Timeout | None = None,
    ) -> BulkDict[CurrentValue[V]]:
        """Return the last known values of elements, as a dict by element id in the order asked for.

        An id that is given twice is asked for once. ``max_depth``: 1 is the elements alone, N adds N - 1 levels of
        their components, 0 all of them. ``as_type`` and ``strict`` are as for ``get_value``. What failed is in
        ``errors`` of the result, values that do not fit ``as_type`` included, and what a 206 answer cut in
        ``partial``. No ids: an empty dict, without a request. Standard: Query, queryLastKnownValues.
        """
        reader = ValueReader(as_type, strict)
        # Of an id that is asked for twice, one could fail: it would be in the dict and in its errors.
        ids = dict.fromkeys(arguments.element_ids(element_ids))
        return reader.values(await self._sender.send(operations.get_values(ids, max_depth), timeout))

    async def get_history(
        self,
        element_id: str,
        start_time: Time | None = None,
        end_time: Time | None = None,
        max_depth: int = 1,
        *,
        as_type: AsType[V] = None,
        strict: bool = True,
        timeout: Timeout | None = None,
    ) -> HistoricalValue[V]:
        """Return the values of an element over a time range, both ends included.

        A time is an aware ``datetime``, RFC 3339 text, or counts back from now: a ``timedelta``, or text such as
        ``"-8h"``, ``"-1d12h"`` (weeks ``w``, ``d``, ``h``, ``m``, ``s``) and ``"now"``. Without a start the range
        begins at the epoch (1970), without an end it ends now. ``max_depth``: 1 is this element alone, N adds N - 1
        levels of its components, 0 all of them.

        One request asks for the whole range. If the server cuts the answer (206), refuses it for its size (400,
        413) or takes too long, shorter ranges are asked for until all is there; what the server refuses is
        remembered, and later calls begin with less. ``timeout`` and the client's ``deadline`` are for each request.
        ``partial`` of the result is None then, or says which times the server does not give. ``as_type`` and
        ``strict`` are as for ``get_value``, for each of the values. Standard: Query, queryHistoricalValues.

        Raises :class:`~i3x.NotFoundError` if the server does not know the element,
        :class:`~i3x.NotSupportedError` if it keeps no history, and
        :class:`~i3x.InvalidServerResponseError`, naming the path, if a value does not fit ``as_type``.
        """
        found = await self.get_histories(
            [arguments.element_id(element_id)],
            start_time,
            end_time,
            max_depth,
            as_type=as_type,
            strict=strict,
            timeout=timeout,
        )
        for error in found.errors.values():
            raise error
        return found[element_id]

    async def get_histories(
        self,
        element_ids: Iterable[str],
        start_time: Time | None = None,
        end_time: Time | None = None,
        max_depth: int = 1,
        *,
        as_type: AsType[V] = None,
        strict: bool = True,
        timeout: Timeout | None = None,
    ) -> BulkDict[HistoricalValue[V]]:
        """Return the values of several elements over one time range, as a dict by element id.

        Arguments, and what is done about cut answers, are as for ``get_history``. What failed is in ``errors`` of
        the result, also if it failed only after a part of it was there, and what the server does not give in
        ``partial``, of the result and of each value. Standard: Query, queryHistoricalValues.
        """
        from i3x.history.asynchronous import read_whole

        reader, ranges = ValueReader(as_type, strict), self._sender.server.limits.ranges
        ids, bounds = arguments.element_ids(element_ids), times.time_range(start_time, end_time)
        return reader.histories(await read_whole(self._asking(max_depth, timeout), ids, *bounds, ranges))

    def iter_history(
        self,
        element_ids: Iterable[str],
        start_time: Time | None = None,
        end_time: Time | None = None,
        max_depth: int = 1,
        *,
        window: timedelta | None = None,
        on_progress: Callable[[HistoryProgress], object] | None = None,
        timeout: Timeout | None = None,
    ) -> AsyncHistoryIterator:
        """Return the values of elements over a time range of any length as an iterator, in the order of time.

        ::

            async for point in client.iter_history(["sensor-001"], "-30d"):
                print(point.element_id, point.timestamp, point.value)

        The range is read in windows that grow and shrink with what the server gives in one answer, so that no more
        than a window is held in memory; ``windows()`` of the result gives whole windows, for bulk work. ``window``
        is the length of the first one. ``on_progress(progress)`` is called after each request. Times,
        ``max_depth`` and ``timeout`` (of each request) are as for ``get_history``. What failed is in ``errors`` of
        the iterator, and what the server does not give in ``missing``; both are logged as warnings. Nothing is
        asked before the first value is. Standard: Query, queryHistoricalValues.

        Raises, while it is iterated over, :class:`~i3x.NotSupportedError` if the server keeps no history, and
        :class:`~i3x.TimeoutError` if it does not answer in time even for next to nothing. After an error it can be
        asked again, and goes on where it was.
        """
        from i3x.history.asynchronous import AsyncHistoryIterator
        from i3x.history.reading import Reading

        ids, bounds = arguments.element_ids(element_ids), times.time_range(start_time, end_time)
        ranges, length = self._sender.server.limits.ranges, times.window(window)
        reading = Reading(ids, *bounds, ranges, in_windows=True, window=length)
        told = arguments.callback(on_progress, "on_progress")
        return AsyncHistoryIterator(self._asking(max_depth, timeout), reading, told)

    def _asking(self, max_depth: int, timeout: Timeout | None) -> AsyncAsk:
        """Return what sends the questions of the engine that reads history."""
        depth = arguments.max_depth(max_depth)

        async def ask(question: Question) -> BulkDict[HistoricalValue]:
            call = operations.get_histories(
                question.element_ids, question.start_time, question.end_time, depth
            )
            return await self._sender.send(call.limited(question.most_bytes), timeout)

        return ask

    # --- frames -----------------------------------------------------------------------------------------

    async def read_frame(
        self,
        element_ids: Iterable[str],
        start_time: Time | None = None,
        end_time: Time | None = None,
        *,
        layout: Layout = "tidy",
        tz: str | None = None,
        max_depth: int = 1,
        timeout: Timeout | None = None,
    ) -> pyarrow.Table:
        """Return the values of elements over a time range as an Arrow table; needs the extra ``frames``.

        Times and ``max_depth`` are as for ``get_history``; the range may be of any length that fits in memory. The
        rows are in the order of ``element_ids`` (components after them), and then of time. Columns:

        - ``element_id``
        - ``timestamp``: nanoseconds in UTC, or shown in the time zone ``tz`` ("Europe/Berlin").
        - ``value``: a number (64-bit float), integer (64 bits), boolean or text, as the object types say, or the
          first values where a type says nothing. A structured value has one column a field (``value.speed``).
          Where the elements differ in kind, each kind has a column (``value_number``, ``value_string``); numbers
          and integers are one. Arrays, and objects without declared fields, are JSON text.
        - ``quality``
        - ``value_other``, ``timestamp_other``: as text, what does not fit, or not exactly, in the columns before:
          a value of another type than declared, an undeclared field, an integer beyond 64 bits, a time beyond
          the years 1677 to 2262. They are left out if there is nothing in them.

        ``layout="wide"`` gives one row a timestamp and one column an element (``sensor-001``,
        ``pump-101.speed``), with its quality beside it (``sensor-001:quality``). Points of one element with the same
        timestamp have a row each.

        ``i3x.frames.elements(table)`` has names, units and types of the elements, what failed in its ``errors``
        and what is missing in its ``partial``; both are logged as warnings too. Standard: Query,
        queryHistoricalValues.

        Raises :class:`~i3x.NotSupportedError` if the server keeps no history, and ``ImportError`` without pyarrow.
        """
        from i3x.frames.reading import Reading
        from i3x.frames.tidy import series_of_histories

        ids = arguments.element_ids(element_ids)
        frame = Reading(ids, layout, tz)
        history = self.iter_history(ids, start_time, end_time, max_depth, timeout=timeout)
        async for window in history.windows():
            series = list(series_of_histories(window.histories))
            if not frame.is_planned:
                frame.plan(*await self._described(ids, series, timeout), series)
            await async_apart(frame.add, series)
        if not frame.is_planned:
            frame.plan(*await self._described(ids, [], timeout), [])
        return await async_apart(frame.table, history.errors, history.missing)

    async def read_current_frame(
        self,
        element_ids: Iterable[str],
        *,
        layout: Layout = "tidy",
        tz: str | None = None,
        max_depth: int = 1,
        timeout: Timeout | None = None,
    ) -> pyarrow.Table:
        """Return the last known values of elements as an Arrow table; needs the extra ``frames``.

        The table is as that of ``read_frame``, with one row an element. Standard: Query, queryLastKnownValues.

        Raises ``ImportError`` without pyarrow.
        """
        from i3x.frames.reading import Reading
        from i3x.frames.tidy import series_of_values

        ids = arguments.element_ids(element_ids)
        frame = Reading(ids, layout, tz)
        values = await self.get_values(ids, max_depth, timeout=timeout)
        series = list(series_of_values(values))
        frame.plan(*await self._described(ids, series, timeout), series)
        return await async_apart(frame.current_table, values)

    async def export_history(
        self,
        element_ids: Iterable[str],
        path: str | os.PathLike[str],
        start_time: Time | None = None,
        end_time: Time | None = None,
        max_depth: int = 1,
        *,
        resume: bool = True,
        on_progress: Callable[[HistoryProgress], object] | None = None,
        timeout: Timeout | None = None,
    ) -> HistoryExport:
        """Write the values of elements over a time range of any length to a file; needs the extra ``frames``.

        ``path`` ends with ``.parquet`` or ``.csv``. The columns are those of ``read_frame`` in the tidy layout, the
        last two included; the rows are in the order of time, with those that have none at the end of the stretch
        that they came with. Memory is bounded, however long the range is. An existing file is replaced when the
        new one is whole.

        What has come is kept in a folder beside it (``<path>.partial``), so that the same call goes on where an
        earlier one was stopped, by an error or by a crash: no row is lost or there twice. "Now" is then what it
        was at first. An element that only one of several such calls could have is in ``missing`` for the time of the
        others. With other arguments it raises ``ValueError``; ``resume=False`` begins anew.

        Returns an ``i3x.frames.HistoryExport``, which has what failed and what is missing. ``on_progress(progress)``
        is called with an :class:`~i3x.HistoryProgress` after each request. Times, ``max_depth`` and ``timeout`` (of
        each request) are as for ``get_history``. Standard: Query, queryHistoricalValues.

        Raises :class:`~i3x.NotSupportedError` if the server keeps no history, ``BlockingIOError`` if another
        process is at the same export, any ``OSError`` of the disk, and ``ImportError`` without pyarrow.
        """
        from i3x.frames.export import Export, job_of
        from i3x.frames.files import checked_path
        from i3x.frames.tidy import series_of_histories

        ids, target = arguments.element_ids(element_ids), checked_path(path)
        arguments.callback(on_progress, "on_progress")
        history = self.iter_history(ids, start_time, end_time, max_depth)  # checks, and settles what "now" is
        settled = history.start_time, history.end_time
        job = job_of(self._address(), ids, max_depth, (start_time, end_time), settled)
        export = await async_apart(Export.open, target, job, resume)
        try:
            if export.left is not None:
                told = export.reporting(on_progress)
                history = self.iter_history(ids, *export.left, max_depth, on_progress=told, timeout=timeout)
                async for window in history.windows():
                    series = list(series_of_histories(window.histories))
                    if not export.is_planned:
                        await async_apart(export.plan, *await self._described(ids, series, timeout), series)
                    await async_apart(export.add, window, history.errors, history.missing)
            if not export.is_planned:
                await async_apart(export.plan, *await self._described(ids, [], timeout), [])
            return await async_apart(export.finish, history.errors, history.missing)
        except I3XError as error:
            await async_apart(export.explain, error)
            raise
        finally:
            export.close()

    async def _described(
        self, element_ids: Iterable[str], series: Iterable[Series], timeout: Timeout | None
    ) -> tuple[BulkList[ObjectInstance], BulkList[ObjectType]]:
        """Return the objects of elements, and of those that points have come for, and the types of them all."""
        ids = dict.fromkeys((*element_ids, *(element_id for element_id, _ in series)))
        instances = await self.list_objects(ids, include_metadata=True, timeout=timeout)
        type_ids = dict.fromkeys(each.type_element_id for each in instances if each.type_element_id.strip())
        return instances, await self.query_object_types(type_ids, timeout=timeout)

    # --- update -----------------------------------------------------------------------------------------

    async def update_value(
        self,
        element_id: str,
        value: Any,
        quality: str | None = None,
        timestamp: Time | None = None,
        *,
        timeout: Timeout | None = None,
    ) -> None:
        """Write the current value of an element; it replaces the whole value.

        ``value`` is any JSON data. A :class:`~i3x.VQT`, or a dict with ``value`` and no keys but ``value``,
        ``quality`` and ``timestamp``, is written as a value with its quality and timestamp. Without them the
        server sets ``Good`` and its own time. Only a write with a timestamp is sent again after it was lost on
        the way. Standard: Update, updateObjectValues.

        Raises the error of the element, such as :class:`~i3x.NotFoundError`, and
        :class:`~i3x.NotSupportedError` if the server takes no writes. Raises ``ValueError`` for NaN and
        infinities.
        """
        await self._sender.send(self._writing(element_id, value, quality, timestamp), timeout)

    async def update_values(
        self, updates: Mapping[str, Any], *, timeout: Timeout | None = None
    ) -> BulkList[BulkItem]:
        """Write the current values of several elements, from a dict of element id and value.

        The values are as for ``update_value``. Returns one item for each element, in the same order; what
        failed is in ``errors`` of the result too. Standard: Update, updateObjectValues.
        """
        call = operations.update_values(updates)
        if not self._before_release:
            return await self._sender.send(call, timeout)
        return await self._write_one_by_one(updates, timeout)

    def _writing(
        self, element_id: str, value: Any, quality: str | None = None, timestamp: Time | None = None
    ) -> operations.Call[BulkItem]:
        if self._before_release:
            return operations.update_value_before_release(element_id, value, quality, timestamp)
        return operations.update_value(element_id, value, quality, timestamp)

    async def _write_one_by_one(
        self, updates: Mapping[str, Any], timeout: Timeout | None
    ) -> BulkList[BulkItem]:
        """Write values to a server from before the release, which takes one at a time."""
        result: BulkList[BulkItem] = BulkList()
        lost: I3XError | None = None
        for element_id, value in updates.items():
            error = lost
            if error is None:
                try:
                    await self._sender.send(self._writing(element_id, value), timeout)
                except I3XError as failure:
                    error = failure
                if isinstance(error, (ConnectionError, TimeoutError, AuthenticationError)):
                    lost = error  # the others would only meet it too
            if error is not None:
                result.errors[element_id] = error
            result.append(BulkItem.of("elementId", element_id, error))
        return result

    async def check_value(self, element_id: str, value: Any, *, timeout: Timeout | None = None) -> None:
        """Check a value against the schema of the element's type, and what the element adds to it.

        ``value`` is as for ``update_value``: of a :class:`~i3x.VQT` its value is checked, and None with the quality
        ``Bad`` or ``GoodNoData`` fits any type. Nothing is written: ``update_value`` writes what it is given, and
        leaves the check to the server. A field that may be null may be left out too: by the standard that means the
        same. Parts of a schema that lie outside of it, keywords that mean nothing there and patterns that may take
        long are not looked at. It takes two requests, and the extra ``[types]``. Standard: Explore, listObjectsById
        and queryObjectTypesById.

        Raises :class:`~i3x.InvalidValueError`, whose ``problems`` name the paths, if the value does not fit, and
        :class:`~i3x.NotFoundError` if the server does not know the element or its type.
        """
        from i3x.writing import new_value

        vqt = new_value(value)
        schema = await self._get_schema(element_id, timeout)
        is_empty = vqt["value"] is None and "quality" in vqt  # which then is one that says so
        if not is_empty:
            schema.check(vqt["value"])

    async def update_fields(
        self,
        element_id: str,
        changes: Mapping[str, Any] | None = None,
        /,
        *,
        verify: bool = False,
        timeout: Timeout | None = None,
        **fields: Any,
    ) -> dict[str, Any]:
        """Change some fields of an element's value, and return the whole value that was written.

        ::

            await client.update_fields("pump-102", speed=1480, mode="manual")

        Fields whose names are no keywords, or those of other arguments, go into the dict ``changes``. The protocol
        replaces whole values: the value is read, changed, checked as by ``check_value`` and written. If somebody
        else writes in between, the last write wins; the standard has no way to notice. ``verify=True`` reads the
        value again, since some servers accept writes and drop them. Standard: Update, updateObjectValues.

        The other fields are as good as they were: if the quality that was read is ``Uncertain`` or ``Bad``, it is
        written again. ``update_value(element_id, value, "Good")`` writes a whole value that is known to be good.

        Raises, before anything is written, :class:`~i3x.InvalidValueError` for unknown fields, for values that do
        not fit and for elements without fields, and afterwards :class:`~i3x.ValueNotKeptError` if ``verify`` finds
        another value. Otherwise the errors of ``get_value`` and ``update_value``.
        """
        from i3x.writing import new_fields

        wanted_fields = new_fields(changes, fields)
        schema = await self._get_schema(element_id, timeout)
        current = await self.get_value(element_id, timeout=timeout)
        value = schema.changed(current.value, wanted_fields)
        kept_quality = current.quality if current.quality in ("Uncertain", "Bad") else ""
        await self.update_value(element_id, VQT(value, kept_quality), timeout=timeout)
        if verify:
            found = await self.get_value(element_id, timeout=timeout)
            schema.check_kept(wanted_fields, value, found.value)
        return value

    async def _get_schema(self, element_id: str, timeout: Timeout | None) -> ElementSchema:
        from i3x.value_schemas import ElementSchema, load

        load()
        element = await self.get_object(element_id, include_metadata=True, timeout=timeout)
        if not element.type_element_id:
            raise InvalidServerResponseError(
                f"element {element_id!r} has no type by which its value could be checked; update_value() writes "
                "without a check",
                element_id=element_id,
            )
        types = await self.query_object_types([element.type_element_id], timeout=timeout)
        for error in types.errors.values():
            raise error
        return ElementSchema(element, types[0])

    async def update_history(
        self, element_id: str, values: Any, *, timeout: Timeout | None = None
    ) -> BulkList[BulkItem]:
        """Write historical values of an element: one :class:`~i3x.VQT` (or dict), or any number of them.

        Each must have its timestamp; a quality that is left out is ``Good``. Returns one item for each point, in
        their order. The points of an iterator are taken only as they are sent, so that they need not be in memory
        together. Standard: Update, updateObjectHistory.

        Raises the error of the first point that failed; all others are written all the same, unless the server
        is lost. ``result`` of the error has one item for each point, up to the last one that was taken of an
        iterator. To resume, write those that have no ``success``; a point that is written twice is one point.
        An iterator that was taken from does not give these points again: keep them in a list, or read their
        source anew, from its begin. What else ends the call, such as an exception of the iterator, has ``result`` too.
        Raises :class:`~i3x.NotSupportedError` if the server takes no historical values.
        """
        return await self._sender.send(operations.update_history(element_id, values), timeout)

    # --- subscribe --------------------------------------------------------------------------------------

    async def create_subscription(
        self, display_name: str | None = None, *, timeout: Timeout | None = None
    ) -> str:
        """Make an empty subscription and return its id, which must be kept: nothing lists them all.

        It stays on the server until it is deleted with ``unsubscribe()`` or was not fetched for the server's
        time to live. It is never sent twice. Standard: Subscribe, createSubscription.
        """
        call = operations.create_subscription(self._client_id, display_name)
        return (await self._sender.send(call, timeout)).subscription_id

    async def register_items(
        self,
        subscription_id: str,
        element_ids: Iterable[str],
        max_depth: int = 1,
        *,
        timeout: Timeout | None = None,
    ) -> BulkList[BulkItem]:
        """Add elements to a subscription; adding one again changes nothing.

        ``max_depth``: 1 is the elements alone, N adds N - 1 levels of their components, 0 all of them. Returns
        one item for each element; those that failed are in ``errors`` of the result too. Standard: Subscribe,
        registerMonitoredItems.

        Raises :class:`~i3x.NotFoundError` if the subscription is not there.
        """
        call = operations.register_items(self._client_id, subscription_id, element_ids, max_depth)
        return await self._sender.send(call, timeout)

    async def unregister_items(
        self, subscription_id: str, element_ids: Iterable[str], *, timeout: Timeout | None = None
    ) -> BulkList[BulkItem]:
        """Take elements out of a subscription; their queued values stay in it.

        Returns one item for each element; those that failed are in ``errors`` of the result too. Standard:
        Subscribe, removeMonitoredItems.

        Raises :class:`~i3x.NotFoundError` if the subscription is not there.
        """
        call = operations.unregister_items(self._client_id, subscription_id, element_ids)
        return await self._sender.send(call, timeout)

    async def get_subscription(self, subscription_id: str, *, timeout: Timeout | None = None) -> Subscription:
        """Return a subscription and its monitored items. Standard: Subscribe, listSubscriptions.

        Raises :class:`~i3x.NotFoundError` if it is not there, has expired or is another client's.
        """
        return await self._sender.send(operations.get_subscription(self._client_id, subscription_id), timeout)

    async def list_subscriptions(
        self, subscription_ids: Iterable[str], *, timeout: Timeout | None = None
    ) -> BulkList[Subscription]:
        """Return the subscriptions with these ids, in the order asked for.

        Those that are not there, have expired or are another client's are in ``errors`` of the result.
        Standard: Subscribe, listSubscriptions.
        """
        call = operations.list_subscriptions(self._client_id, subscription_ids)
        return await self._sender.send(call, timeout)

    async def sync_subscription(
        self,
        subscription: Subscription | str,
        last_sequence_number: int | None = None,
        *,
        timeout: Timeout | None = None,
    ) -> BulkList[SyncBatch]:
        """Return the batches of updates that wait in a subscription; an empty list if there are none.

        They stay on the server until they are acknowledged: pass the highest ``sequence_number`` that was
        dealt with. Omit it on the first call; -1 clears the queue. ``partial`` of the result is there if the
        server dropped updates (206), and ``errors`` holds updates that can't be read. Standard: Subscribe,
        syncSubscription.

        Raises :class:`~i3x.NotFoundError` if the subscription is not there or has expired.
        """
        call = operations.sync_subscription(self._client_id, subscription, last_sequence_number)
        return await self._sender.send(call, timeout)

    @property
    def _deliveries(self) -> AsyncDeliveries:
        with self._making_deliveries:
            if self._running_deliveries is None:
                from i3x.delivery.hosting import AsyncDeliveries

                self._running_deliveries = AsyncDeliveries(self, self._sender, self._capabilities)
            return self._running_deliveries

    async def subscribe(
        self,
        element_ids: Iterable[str],
        max_depth: int = 1,
        display_name: str | None = None,
        *,
        handler: Callable[[AsyncClient, ValueChange[V]], object] | None = None,
        as_type: AsType[V] = None,
        strict: bool = True,
        delivery: Mode = "auto",
        poll_interval: float = 1.0,
        silence: float = 90.0,
        backfill: bool = True,
    ) -> Subscription:
        """Make a subscription and deliver its changes until ``unsubscribe()`` or ``disconnect()``.

        Each change goes to ``handler(client, change)``, or to ``on_value_change`` if none is given. The
        delivery heals itself: after a lost connection, a restart of the server or an expired subscription it
        begins anew, reports the gap to ``on_gap`` and, unless ``backfill`` is False, fills it from history.

        - ``as_type`` and ``strict`` are as for ``get_value``, for the changes of the elements themselves; one that
          does not fit goes to ``on_error`` instead, and is logged.
        - ``delivery``: ``stream``, ``sync`` (polling), or ``auto``: a stream where the server serves it, else
          polling, with the stream tried again every five minutes.
        - ``poll_interval``: seconds between two polls.
        - ``silence``: seconds after which a stream that brings nothing at all is no longer trusted.

        Elements that the server does not know are reported to ``on_error``, and the others are delivered.
        Calls ``on_subscribe(client, subscription)``. Standard: Subscribe.

        Raises :class:`~i3x.SubscriptionError` if none of the elements can be monitored.
        """
        settings = Settings(
            delivery=delivery, poll_interval=poll_interval, silence=silence, backfill=backfill
        )
        reader = ValueReader(as_type, strict)
        items, handler = wanted(element_ids, max_depth), arguments.callback(handler, "handler")
        self._check_connected()
        if reader.has_type:
            from i3x.delivery.parcels import typed

            handler = typed(reader, items, handler)
        subscription = await self._deliveries.subscribe(items, display_name, handler, settings)
        await async_notify(self.on_subscribe, self, subscription)
        return subscription

    def watch(
        self,
        element_ids: Iterable[str],
        max_depth: int = 1,
        *,
        as_type: AsType[V] = None,
        strict: bool = True,
        timeout: float | None = None,
        count: int | None = None,
        initial: bool = False,
        delivery: Mode = "auto",
        poll_interval: float = 1.0,
        silence: float = 90.0,
        backfill: bool = True,
    ) -> AsyncWatch[V]:
        """Return the changes of some elements as an iterator, for a ``with`` block.

        ::

            async with client.watch(["sensor-001"]) as changes:
                async for change in changes:
                    print(change.element_id, change.value)

        Leaving the block stops it at once and deletes the subscription. The iteration ends when nothing has
        come for ``timeout`` seconds, and after ``count`` changes; without them it does not end. ``initial=True``
        gives the present values first. ``as_type`` and ``strict`` are as for ``get_value``, for the changes of
        the elements themselves; one that does not fit is raised where the loop comes to it. The other arguments
        are as for ``subscribe()``. Callbacks for gaps, errors and the status are called between two changes.
        Standard: Subscribe.

        Raises :class:`~i3x.SubscriptionError` if none of the elements can be monitored.
        """
        settings = Settings(
            delivery=delivery, poll_interval=poll_interval, silence=silence, backfill=backfill
        )
        reader = ValueReader(as_type, strict)
        from i3x.delivery.watch import AsyncWatch

        items = wanted(element_ids, max_depth)
        self._check_connected()
        return AsyncWatch(
            self, self._deliveries, items, settings, reader, timeout=timeout, count=count, initial=initial
        )

    def consume(
        self,
        element_ids: Iterable[str],
        checkpoint: str | os.PathLike[str],
        max_depth: int = 1,
        *,
        poll_interval: float = 1.0,
        timeout: float | None = None,
        backfill: bool = True,
    ) -> AsyncConsumer:
        """Return the batches of a subscription as an iterator that survives a crash.

        ::

            async for batch in client.consume(["sensor-001"], checkpoint="sensors.checkpoint"):
                store(batch.updates)

        Each :class:`~i3x.SyncBatch` is acknowledged only when the loop comes back for the next one (or on
        ``commit()``): it is delivered at least once. The file ``checkpoint`` holds how far it got; the next
        process that names it goes on from there. ``disconnect()`` leaves the subscription on the server, and
        the consumer's ``delete()`` ends it. What filled a gap from history is a batch without a number.

        ``poll_interval`` is the seconds between two polls, at most half of ``timeout``; the iteration ends when
        nothing has come for ``timeout`` seconds, by default never. Standard: Subscribe, syncSubscription.

        Raises :class:`~i3x.SubscriptionError`, on the first batch, if the checkpoint is held by another
        consumer, is corrupt, or belongs to another server, or if none of the elements can be monitored.
        """
        from i3x.delivery.consumer import AsyncConsumer

        items = wanted(element_ids, max_depth)
        self._check_connected()
        return AsyncConsumer(
            self,
            self._deliveries,
            items,
            checkpoint,
            poll_interval=poll_interval,
            timeout=timeout,
            backfill=backfill,
        )

    async def start_stream(self, subscription_id: str) -> None:
        """Deliver a subscription that exists to ``on_value_change``; does nothing if it is being delivered.

        Standard: Subscribe, streamSubscription.

        Raises :class:`~i3x.NotFoundError` if the subscription is not there.
        """
        self._check_connected()
        await self._deliveries.start(arguments.subscription_id(subscription_id), Settings())

    async def stop_stream(self, subscription_id: str) -> None:
        """End the delivery of a subscription, and leave the subscription on the server."""
        await self._deliveries.stop(arguments.subscription_id(subscription_id))

    def delivery(self, subscription: Subscription | str) -> Delivery:
        """Return the live view of how a subscription is delivered: its status and its counters.

        Raises :class:`~i3x.SubscriptionError` if it is not being delivered.
        """
        return self._deliveries.delivery(arguments.subscription_id(subscription))

    async def unsubscribe(self, subscription: Subscription | str, *, timeout: Timeout | None = None) -> None:
        """End the delivery of a subscription, and delete it with all that is queued in it.

        Standard: Subscribe, deleteSubscriptions.

        Raises :class:`~i3x.NotFoundError` if it is not there.
        """
        subscription_id = arguments.subscription_id(subscription)
        current = await self._deliveries.stop(subscription_id)
        try:
            call = operations.delete_subscription(self._client_id, current or subscription_id)
            await self._sender.send(call, timeout)
        except NotFoundError:
            if current is None:  # else the server has lost it by itself, before the delivery noticed
                raise

    async def delete_subscriptions(
        self, subscriptions: Iterable[Subscription | str], *, timeout: Timeout | None = None
    ) -> BulkList[BulkItem]:
        """End the deliveries of subscriptions, and delete these with all that is queued in them.

        Returns one item for each subscription, in the order given; those that failed, or are not there, are in
        ``errors`` of the result too. No subscriptions: an empty list, without a request. Standard: Subscribe,
        deleteSubscriptions.
        """
        ids = arguments.subscription_ids(subscriptions)
        present = {each: await self._deliveries.stop(each) for each in dict.fromkeys(ids)}
        call = operations.delete_subscriptions(self._client_id, [present[each] or each for each in ids])
        delivered = {each for each, current in present.items() if current is not None}
        return operations.ended(ids, delivered, await self._sender.send(call, timeout))

    @property
    def url(self) -> str:
        """The address in use, without credentials; another than the given one after a move to https."""
        return self._sender.url

    @property
    def connection_state(self) -> str:
        """``disconnected``, ``connecting``, ``connected``, ``reconnecting`` (a delivery is) or ``failed``."""
        if self.is_connected:
            deliveries = self._running_deliveries
            return "reconnecting" if deliveries and deliveries.is_recovering else "connected"
        return self._unconnected_state
