"""The friendly models: frozen records with Python's names for what an i3X server sends.

They are msgspec structs, decoded straight from the bytes of an answer, and behave as frozen dataclasses too:
``dataclasses.fields``, ``asdict`` and ``replace`` work on them. Fields that a server adds are ignored, and
optional fields that it leaves out, or sends as null, take their default.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Protocol, Self

import msgspec
from msgspec.structs import force_setattr

from i3x.capabilities import Capabilities
from i3x.conversion import from_builtins
from i3x.dataclass_face import show_as_dataclass
from i3x.errors import InvalidServerResponseError

if TYPE_CHECKING:
    from typing_extensions import TypeVar  # known to type checkers without being installed

    V = TypeVar("V", default=Any)
else:
    from typing import TypeVar

    V = TypeVar("V")

_OURS: Any = msgspec.field(default=None, name="$not-on-the-wire")
"""A field that this client fills in: its wire name is one that no server sends by accident."""

_NONE: Any = None
"""The default of a value of any type."""


def to_datetime(timestamp: str) -> datetime | None:
    """Return an RFC 3339 text as an aware datetime in UTC, None if it is empty.

    Digits beyond the microsecond are cut, a leap second becomes the first instant of the next minute, and a
    text without an offset is taken as UTC. Raises :class:`~i3x.InvalidServerResponseError` for anything else.
    """
    if not timestamp:
        return None
    text = timestamp.upper()
    leap = text[16:19] == ":60"
    try:
        moment = datetime.fromisoformat(text.replace(":60", ":59", 1) if leap else text)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
        return moment + timedelta(seconds=1) if leap else moment
    except (ValueError, OverflowError) as error:
        raise InvalidServerResponseError(
            f"the timestamp {timestamp!r} is no RFC 3339 text, so there is no datetime for it; "
            "`timestamp` holds the server's own text"
        ) from error


class _Model(msgspec.Struct, frozen=True, rename="camel"):
    """What all models share: reading from a dict, and pointing to today's names."""

    renamed: ClassVar[Mapping[str, str]] = {}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Self:
        """Return the model for a JSON object with the standard's names, as a server sends it.

        Raises :class:`~i3x.InvalidServerResponseError`, naming the path, if something required is missing or
        has another type.
        """
        return from_builtins(data, cls)

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            hint = type(self).renamed.get(name)
            raise AttributeError(
                f"{type(self).__name__} has no attribute {name!r}" + (f"; {hint}" if hint else "")
            )


class _HasTimestamp(Protocol):
    @property
    def timestamp(self) -> str: ...


class _Timestamped(_Model, frozen=True, rename="camel"):
    """What the models with a timestamp share."""

    @property
    def datetime(self: _HasTimestamp) -> datetime | None:
        """``timestamp`` as an aware datetime in UTC, to the microsecond; None if the server sent none.

        Raises :class:`~i3x.InvalidServerResponseError` if the text is no RFC 3339.
        """
        return to_datetime(self.timestamp)


class ResponseDetail(_Model, frozen=True, rename="camel", gc=False):
    """What a server says about a failure or a cut answer, in the vocabulary of RFC 9457."""

    title: str = ""
    status: int | None = None
    detail: str = ""


class ServerInfo(_Model, frozen=True, rename="camel"):
    """What a server says of itself: its versions, its name, and the optional features it declares."""

    spec_version: str
    server_version: str | None = None
    server_name: str | None = None
    capabilities: Capabilities = msgspec.field(default_factory=Capabilities)


class Namespace(_Model, frozen=True, rename="camel", gc=False):
    """A namespace: the scope in which types have their names."""

    uri: str
    display_name: str = ""


class ObjectType(_Model, frozen=True, rename="camel"):
    """A type of objects. ``schema`` is the JSON Schema of its values; ``related`` names its supertypes."""

    element_id: str
    display_name: str = ""
    namespace_uri: str = ""
    source_type_id: str = ""
    version: str | None = None
    schema: dict[str, Any] = msgspec.field(default_factory=dict[str, Any])
    related: dict[str, Any] | None = None


class RelationshipType(_Model, frozen=True, rename="camel", gc=False):
    """A type of relationship. ``reverse_of`` is the element id of its inverse."""

    element_id: str
    display_name: str = ""
    namespace_uri: str = ""
    relationship_id: str = ""
    reverse_of: str = ""


class ObjectInstanceMetadata(_Model, frozen=True, rename="camel", gc=False):
    """What ``include_metadata=True`` adds to an object; every field is None if the server left it out.

    ``eng_unit`` is the engineering unit of the value as the server writes it, ``relationships`` maps a
    relationship type to one element id or a list of them.
    """

    type_namespace_uri: str | None = None
    source_type_id: str | None = None
    description: str | None = None
    relationships: dict[str, Any] | None = None
    schema_extensions: dict[str, Any] | None = None
    system: dict[str, Any] | None = None
    eng_unit: str | None = None


class ObjectInstance(_Model, frozen=True, rename="camel", gc=False):
    """An object of the address space.

    ``parent_id`` is as the server sends it: None for a root, though some servers send ``""`` or ``"/"``.
    ``is_composition`` says that the object has components, ``is_extended`` that its value has more fields than
    its type says, ``metadata`` is there if it was asked for.
    """

    element_id: str
    display_name: str = ""
    type_element_id: str = ""
    parent_id: str | None = None
    is_composition: bool = False
    is_extended: bool = False
    metadata: ObjectInstanceMetadata | None = None


class RelatedObject(_Model, frozen=True, rename="camel", gc=False):
    """One edge of the graph: ``object``, and the relationship by which ``source_element_id`` reaches it."""

    source_relationship: str
    object: ObjectInstance
    source_element_id: str = msgspec.field(default="", name="$not-on-the-wire")


class VQT(_Timestamped, Generic[V], frozen=True, rename="camel", gc=False):
    """A value with its quality and its timestamp.

    ``quality`` is ``Good``, ``GoodNoData``, ``Bad`` or ``Uncertain``; ``timestamp`` is the server's RFC 3339
    text, and ``datetime`` the same as an aware datetime. To write one, ``timestamp`` may be a text or empty.
    """

    value: V = _NONE
    quality: str = ""
    timestamp: str = ""


_OLD_VALUE = {
    "data": "since 1.0 a value is one VQT: use `.value`, `.quality` and `.timestamp` directly",
}


class CurrentValue(_Timestamped, Generic[V], frozen=True, rename="camel", gc=False):
    """The last known value of an element.

    ``components`` maps the element ids of its parts to their values where ``max_depth`` reached them, else
    None; ``is_composition`` says that there are parts. ``partial`` is what a 206 answer said was cut.
    """

    renamed: ClassVar[Mapping[str, str]] = _OLD_VALUE

    element_id: str = ""
    is_composition: bool = False
    value: V = _NONE
    quality: str = ""
    timestamp: str = ""
    components: dict[str, VQT] | None = None
    partial: ResponseDetail | None = _OURS

    @classmethod
    def from_dict(cls, element_id: str, data: Mapping[str, Any]) -> Self:  # type: ignore[override]
        """Return the value of ``element_id`` for a JSON object with the standard's names.

        Raises :class:`~i3x.InvalidServerResponseError`, naming the path, if something has another type.
        """
        value = from_builtins(data, cls)
        force_setattr(value, "element_id", element_id)
        return value


class HistoricalValue(_Model, Generic[V], frozen=True, rename="camel", gc=False):
    """The values of an element over a time range.

    They are in the server's order if it gave them in one answer, else in the order of time. ``components`` maps the
    element ids of its parts to theirs where ``max_depth`` reached them, else None. ``partial`` says what the server
    does not give, None if the range is whole.
    """

    renamed: ClassVar[Mapping[str, str]] = {"data": "since 1.0 the points are in `.values`"}

    element_id: str = ""
    is_composition: bool = False
    values: list[VQT[V]] = msgspec.field(default_factory=list[VQT[V]])
    components: dict[str, HistoricalValue] | None = None
    partial: ResponseDetail | None = _OURS

    @classmethod
    def from_dict(cls, element_id: str, data: Mapping[str, Any]) -> Self:  # type: ignore[override]
        """Return the history of ``element_id`` for a JSON object with the standard's names.

        Raises :class:`~i3x.InvalidServerResponseError`, naming the path, if something has another type.
        """
        return from_builtins(data, cls).of(element_id)

    def of(self, element_id: str) -> Self:
        """Return this history with the element ids filled in that the wire carries outside of it."""
        unnamed: list[tuple[str, HistoricalValue]] = [(element_id, self)]
        while unnamed:  # no recursion: a server decides how deep this is
            name, history = unnamed.pop()
            force_setattr(history, "element_id", name)
            unnamed.extend((history.components or {}).items())
        return self


class HistoricalPoint(_Timestamped, frozen=True, rename="camel", gc=False):
    """One value of the history of an element, as ``iter_history()`` gives them."""

    element_id: str
    value: Any = None
    quality: str = ""
    timestamp: str = ""


class HistoryWindow(_Model, frozen=True):
    """The whole history of some elements over one stretch of time, as ``iter_history().windows()`` gives them.

    Both times are RFC 3339 text in UTC, exact to the nanosecond. What was recorded at ``end_time`` itself belongs
    to the next window, except for the last one. ``histories`` has the elements that have values in the window, by
    element id, each with its ``values`` in the order of time.
    """

    start_time: str
    end_time: str
    histories: dict[str, HistoricalValue]


class MissingHistory(_Model, frozen=True):
    """A stretch of history that a server does not give in whole, and why.

    Both times are RFC 3339 text in UTC, exact to the nanosecond, and both belong to it. What the server did give
    of it is not held back.
    """

    element_ids: tuple[str, ...]
    start_time: str
    end_time: str
    detail: str = ""


class HistoryProgress(_Model, frozen=True, gc=False):
    """How far ``iter_history()`` has come.

    ``fraction`` is the part of the time range that is done, from 0 to 1, ``points`` how many values were given
    out or wait to be, ``time`` the RFC 3339 text up to which everything is there, and ``requests`` how many
    requests were made.
    """

    fraction: float
    points: int
    time: str
    requests: int


class ValueChange(_Timestamped, Generic[V], frozen=True, rename="camel", gc=False):
    """One update of a subscription: the element and its new value, quality and timestamp.

    ``replayed`` says that it comes from history, to fill a gap, and not from the subscription itself.
    """

    renamed: ClassVar[Mapping[str, str]] = _OLD_VALUE

    element_id: str
    value: V = _NONE
    quality: str = ""
    timestamp: str = ""
    replayed: bool = msgspec.field(default=False, name="$not-on-the-wire")


class SyncBatch(_Model, frozen=True, rename="camel"):
    """A batch of queued updates; passing its number to the next sync acknowledges it and all before it.

    ``sequence_number`` is an unsigned 64-bit integer, or None from servers that do not number their updates
    (there is nothing to acknowledge then).
    """

    sequence_number: int | None
    updates: list[ValueChange] = msgspec.field(default_factory=list[ValueChange])


class Gap(_Model, frozen=True):
    """A stretch of a subscription in which updates may have been lost.

    It is an interval of *delivery*, by the server's clock where the server tells it: what the server sent, or
    dropped, between ``start_time`` and ``end_time`` (aware datetimes in UTC) may be missing. The end has a margin
    and may lie up to two seconds ahead, since servers tell their time in whole seconds. ``missed`` is how many
    updates that were, None where that is unknown. ``reason`` is ``reconnect`` (a stream was interrupted),
    ``silence`` (a stream was silent for too long), ``overflow`` (the server's queue was full) or ``expired`` (the
    server no longer had the subscription).
    ``filled`` says that everything has been replayed that the server's history has of it, and that nothing speaks
    against its having all; where it is False, ``detail`` says why. ``subscription_id`` is the one that
    ``subscribe()`` returned.
    """

    subscription_id: str
    element_ids: tuple[str, ...]
    start_time: datetime
    end_time: datetime
    missed: int | None
    reason: str
    filled: bool = False
    detail: str = ""


class Subscription(_Model, frozen=True, rename="camel"):
    """A subscription as the server knows it.

    ``monitored_objects`` is a list of dicts with ``elementId`` and ``maxDepth``.
    """

    renamed: ClassVar[Mapping[str, str]] = {
        "created": "since 1.0 servers do not say when a subscription was created",
    }

    subscription_id: str
    client_id: str | None = None
    display_name: str | None = None
    monitored_objects: list[dict[str, Any]] = msgspec.field(default_factory=list[dict[str, Any]])


# Last, because a model may name one that is defined after it.
for _model in (
    ResponseDetail,
    ServerInfo,
    Namespace,
    ObjectType,
    RelationshipType,
    ObjectInstanceMetadata,
    ObjectInstance,
    RelatedObject,
    VQT,
    CurrentValue,
    HistoricalValue,
    HistoricalPoint,
    HistoryWindow,
    MissingHistory,
    HistoryProgress,
    ValueChange,
    SyncBatch,
    Gap,
    Subscription,
):
    show_as_dataclass(_model)
