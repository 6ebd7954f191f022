"""The friendly models: frozen records with Python's names for what an i3X server sends.

They are msgspec structs, decoded straight from the bytes of an answer, and behave as frozen dataclasses too:
``dataclasses.fields``, ``asdict`` and ``replace`` work on them. Fields that a server adds are ignored, and
optional fields that it leaves out, or sends as null, take their default.
"""

from __future__ import annotations

import dataclasses
import functools
import types
import typing
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar

import msgspec
from msgspec.structs import force_setattr

from i3x.errors import InvalidServerResponseError

S = TypeVar("S", bound=msgspec.Struct)
T = TypeVar("T")

_OURS: Any = msgspec.field(default=None, name="$not-on-the-wire")
"""A field that this client fills in: its wire name is one that no server sends by accident."""


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


class _Flags(dict[str, Any]):
    """A dict of capability flags in which every flag of i3X 1.0 is present."""

    flags: ClassVar[tuple[str, ...]] = ()

    def __init__(self, content: Any = ()) -> None:
        super().__init__(content if isinstance(content, Mapping) or content else ())
        for flag in self.flags:
            self[flag] = self.get(flag) is True


class QueryCapabilities(_Flags):
    """What the server can be asked: ``history``."""

    flags = ("history",)

    @property
    def history(self) -> bool:
        """Whether ``get_history`` works."""
        return bool(self["history"])


class UpdateCapabilities(_Flags):
    """What can be written: ``current`` and ``history``."""

    flags = ("current", "history")

    @property
    def current(self) -> bool:
        """Whether ``update_value`` and ``update_values`` work."""
        return bool(self["current"])

    @property
    def history(self) -> bool:
        """Whether ``update_history`` works."""
        return bool(self["history"])


class SubscribeCapabilities(_Flags):
    """How updates can be had beside polling, which every server offers: ``stream``."""

    flags = ("stream",)

    @property
    def stream(self) -> bool:
        """Whether the server streams events."""
        return bool(self["stream"])


class Capabilities(dict[str, Any]):
    """The optional features that a server declares, as a dict that also has attributes.

    ``capabilities.subscribe.stream`` and ``capabilities["subscribe"]["stream"]`` are the same bool. A flag that
    the server leaves out is False; what it adds is kept.
    """

    def __init__(self, content: Any = ()) -> None:
        super().__init__(content if isinstance(content, Mapping) or content else ())
        for name, group in _GROUPS.items():
            sent = self.get(name)
            self[name] = group(sent if isinstance(sent, Mapping) else ())

    @property
    def query(self) -> QueryCapabilities:
        """``query.history``."""
        return typing.cast("QueryCapabilities", self["query"])

    @property
    def update(self) -> UpdateCapabilities:  # type: ignore[override]  # the standard's name, over dict.update
        """``update.current`` and ``update.history``."""
        return typing.cast("UpdateCapabilities", self["update"])

    @property
    def subscribe(self) -> SubscribeCapabilities:
        """``subscribe.stream``."""
        return typing.cast("SubscribeCapabilities", self["subscribe"])


_GROUPS: dict[str, type[_Flags]] = {
    "query": QueryCapabilities,
    "update": UpdateCapabilities,
    "subscribe": SubscribeCapabilities,
}


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


class VQT(_Timestamped, frozen=True, rename="camel", gc=False):
    """A value with its quality and its timestamp.

    ``quality`` is ``Good``, ``GoodNoData``, ``Bad`` or ``Uncertain``; ``timestamp`` is the server's RFC 3339
    text, and ``datetime`` the same as an aware datetime. To write one, ``timestamp`` may be a text or empty.
    """

    value: Any = None
    quality: str = ""
    timestamp: str = ""


_OLD_VALUE = {
    "data": "since 1.0 a value is one VQT: use `.value`, `.quality` and `.timestamp` directly",
}


class CurrentValue(_Timestamped, frozen=True, rename="camel", gc=False):
    """The last known value of an element.

    ``components`` maps the element ids of its parts to their values where ``max_depth`` reached them, else
    None; ``is_composition`` says that there are parts. ``partial`` is what a 206 answer said was cut.
    """

    renamed: ClassVar[Mapping[str, str]] = _OLD_VALUE

    element_id: str = ""
    is_composition: bool = False
    value: Any = None
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


class HistoricalValue(_Model, frozen=True, rename="camel", gc=False):
    """The values of an element over a time range, in the server's order.

    ``components`` maps the element ids of its parts to theirs where ``max_depth`` reached them, else None.
    ``partial`` is what a 206 answer said was cut, None if the range is whole.
    """

    renamed: ClassVar[Mapping[str, str]] = {"data": "since 1.0 the points are in `.values`"}

    element_id: str = ""
    is_composition: bool = False
    values: list[VQT] = msgspec.field(default_factory=list[VQT])
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


class ValueChange(_Timestamped, frozen=True, rename="camel", gc=False):
    """One update of a subscription: the element and its new value, quality and timestamp.

    ``replayed`` says that it comes from history, to fill a gap, and not from the subscription itself.
    """

    renamed: ClassVar[Mapping[str, str]] = _OLD_VALUE

    element_id: str
    value: Any = None
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
    dropped, between ``start_time`` and ``end_time`` (aware datetimes in UTC) may be missing. ``missed`` is how
    many updates that were, None where that is unknown. ``reason`` is ``reconnect`` (a stream was interrupted),
    ``silence`` (a stream was silent for too long), ``overflow`` (the server's queue was full) or ``expired`` (the
    server no longer had the subscription).
    ``filled`` says that history has given what was missing; where it is False, ``detail`` says why.
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


def decode_hook(expected: type, value: Any) -> Any:
    """Build the one model that is no struct; msgspec asks for it while it decodes."""
    if expected is Capabilities:
        return Capabilities(value if isinstance(value, Mapping) else ())
    raise NotImplementedError(expected)


def from_builtins(data: Any, expected: type[S], path: str = "$") -> S:
    """Return a struct for parsed JSON, with null taken as "left out" where the field has a default.

    Raises :class:`~i3x.InvalidServerResponseError`; ``path`` is where ``data`` stood in the answer.
    """
    try:
        return converted(data, expected)
    except msgspec.ValidationError as error:
        raise InvalidServerResponseError(f"not what i3X 1.0 says: {at_path(error, path)}") from error


def converted(data: Any, expected: type[T]) -> T:
    """Return parsed JSON as ``expected``, with null taken as "left out" where a field has a default.

    Raises ``msgspec.ValidationError`` for what does not fit, and for what is nested too deep to tell.
    """
    try:
        return msgspec.convert(without_nulls(data, expected), expected, dec_hook=decode_hook)
    except RecursionError as error:
        raise msgspec.ValidationError("nested too deep to be read") from error


def at_path(error: msgspec.ValidationError, path: str) -> str:
    """Return msgspec's message with its path (``$.values[3]``) moved below ``path``."""
    message, separator, place = str(error).rpartition(" - at `$")
    return f"{message} - at `{path}{place}" if separator else f"{error} - at `{path}`"


def without_nulls(data: Any, expected: Any) -> Any:
    """Return ``data`` less the nulls that stand where ``expected`` has a default and does not take null."""
    return _cleaner(expected)(data)


def _unchanged(data: Any) -> Any:
    return data


@functools.cache
def _cleaner(expected: Any) -> Callable[[Any], Any]:
    """Return the function that cleans values of one type; made once a type, since types are few."""
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin in (typing.Union, types.UnionType):
        return _cleaner(next((member for member in arguments if member is not types.NoneType), Any))
    if origin is list:
        inner = functools.partial(without_nulls, expected=arguments[0])
        return lambda data: list(map(inner, data)) if isinstance(data, list) else data
    if origin is dict:
        inner = functools.partial(without_nulls, expected=arguments[1])
        return lambda data: {k: inner(v) for k, v in data.items()} if isinstance(data, Mapping) else data
    struct = origin or expected
    if isinstance(struct, type) and issubclass(struct, msgspec.Struct):
        return _struct_cleaner(expected)
    return _unchanged


def _struct_cleaner(expected: Any) -> Callable[[Any], Any]:
    plan = {field.encode_name: field for field in msgspec.structs.fields(expected)}

    def clean(data: Any) -> Any:
        if not isinstance(data, Mapping):
            return data
        return {
            name: without_nulls(value, plan[name].type) if name in plan else value
            for name, value in data.items()
            if not (value is None and name in plan and _refuses_null(plan[name]))
        }

    return clean


def _refuses_null(field: msgspec.structs.FieldInfo) -> bool:
    takes_null = field.type is Any or types.NoneType in typing.get_args(field.type)
    return not (field.required or takes_null)


@dataclasses.dataclass(frozen=True)
class _Frozen:
    """Lends its parameters to the models: they behave as dataclasses with ``frozen=True``."""


def _show_as_dataclass(cls: Any) -> None:
    """Let the functions of `dataclasses` work on a struct, with the fields of a shadow dataclass."""
    shadow = dataclasses.make_dataclass(
        cls.__name__,
        [(field.name, field.type, _dataclass_field(field)) for field in msgspec.structs.fields(cls)],
        # Nothing of the shadow but its fields is used, and generating methods is what costs import time.
        init=False,
        repr=False,
        eq=False,
    )
    cls.__dataclass_fields__ = vars(shadow)["__dataclass_fields__"]
    cls.__dataclass_params__ = vars(_Frozen)["__dataclass_params__"]


def _dataclass_field(field: msgspec.structs.FieldInfo) -> Any:
    if field.default_factory is not msgspec.NODEFAULT:
        return dataclasses.field(default_factory=field.default_factory)
    if field.default is not msgspec.NODEFAULT:
        return dataclasses.field(default=field.default)
    return dataclasses.field()


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
    ValueChange,
    SyncBatch,
    Gap,
    Subscription,
):
    _show_as_dataclass(_model)
