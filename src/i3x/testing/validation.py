"""Reads requests as strictly as the standard asks: what is wrong is refused with a 400 that says so.

A field that is not known is no mistake: the standard lets both sides add fields.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import msgspec

from . import timestamps
from .answers import RequestError
from .values import QUALITIES, VQT

_MISSING = object()


class Fields:
    """The fields of one JSON object of a request; `path` is where it stands, for the messages."""

    def __init__(self, document: object, path: str = "") -> None:
        if not isinstance(document, dict):
            raise RequestError(400, f"{path or 'The body'} must be a JSON object")
        self._fields = cast("dict[str, Any]", document)
        self._path = path

    def string(self, name: str) -> str:
        """A required string."""
        value = self._required(name)
        if not isinstance(value, str):
            raise self._wrong(name, "must be a string")
        return value

    def client_id(self) -> str:
        """The required `clientId`, which has to name somebody: an empty one is as good as none."""
        client_id = self.string("clientId")
        if not client_id:
            raise self._wrong("clientId", "must not be empty")
        return client_id

    def optional_string(self, name: str) -> str | None:
        """A string; left out and null mean the same."""
        return None if self._fields.get(name) is None else self.string(name)

    def strings(self, name: str) -> list[str]:
        """A required array of strings."""
        value = self._required(name)
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, "must be an array of strings")
        return cast("list[str]", value)

    def boolean(self, name: str, *, default: bool) -> bool:
        """An optional boolean."""
        value = self._fields.get(name, default)
        if not isinstance(value, bool):
            raise self._wrong(name, "must be true or false")
        return value

    def integer(self, name: str, *, minimum: int, maximum: int | None = None) -> int | None:
        """An optional integer from `minimum` to `maximum`; null means that it was left out."""
        value = self._fields.get(name)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # JSON has one kind of number: 2.0 is an integer
        if isinstance(value, bool) or not isinstance(value, int):
            raise self._wrong(name, "must be an integer")
        if value < minimum or (maximum is not None and value > maximum):
            limits = f"at least {minimum}" if maximum is None else f"from {minimum} to {maximum}"
            raise self._wrong(name, f"must be {limits}, and is {value}")
        return value

    def max_depth(self, *, nullable: bool = False) -> int:
        """`maxDepth`: 0 for everything below, 1 (the default) for the element alone, N for N levels."""
        if not nullable and self._fields.get("maxDepth", 1) is None:
            raise self._wrong("maxDepth", "must be an integer")
        depth = self.integer("maxDepth", minimum=0)
        return 1 if depth is None else depth

    def moment(self, name: str) -> int:
        """A required RFC 3339 timestamp, in nanoseconds since 1970."""
        text = self.string(name)
        try:
            return timestamps.parse(text)
        except ValueError as error:
            raise self._wrong(name, str(error)) from None

    def objects(self, name: str) -> list[Fields]:
        """A required array of JSON objects."""
        value = self._required(name)
        if not isinstance(value, list):
            raise self._wrong(name, "must be an array")
        return [Fields(item, f"{self._full(name)}[{index}]") for index, item in enumerate(value)]

    def object(self, name: str) -> Fields:
        """A required JSON object."""
        return Fields(self._required(name), self._full(name))

    def vqt(self) -> VQT:
        """These fields as a VQT, all three of them required."""
        return VQT(self._required("value"), self._quality(self.string("quality")), self._timestamp())

    def vqt_input(self) -> VQT:
        """These fields as a VQT for a current value: the quality defaults to Good, the time to now."""
        quality = self.optional_string("quality")
        stamped = self._fields.get("timestamp") is not None
        return VQT(
            self._required("value"),
            self._quality("Good" if quality is None else quality),
            self._timestamp() if stamped else timestamps.render(timestamps.now()),
        )

    def _timestamp(self) -> str:
        self.moment("timestamp")
        return timestamps.normalise(self.string("timestamp"))

    def _quality(self, quality: str) -> str:
        if quality not in QUALITIES:
            raise self._wrong("quality", f"must be one of {', '.join(QUALITIES)}, and is {quality!r}")
        return quality

    def _required(self, name: str) -> Any:
        value = self._fields.get(name, _MISSING)
        if value is _MISSING:
            raise self._wrong(name, "is required")
        return value

    def _wrong(self, name: str, what: str) -> RequestError:
        return RequestError(400, f"{self._full(name)} {what}")

    def _full(self, name: str) -> str:
        return f"{self._path}.{name}" if self._path else name


def body(headers: Mapping[str, str], content: bytes) -> Fields:
    """The JSON object that a request carries.

    Raises:
        RequestError: 415 if it is not declared as JSON, 400 if it is none or holds no object.
    """
    media_type = headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise RequestError(415, f"The body must be application/json, and is {media_type or 'not declared'}")
    if headers.get("content-encoding", "identity").lower() != "identity":
        raise RequestError(415, "The body must not be compressed")
    try:
        document = msgspec.json.decode(content)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RequestError(400, f"The body is not valid JSON: {error}") from None
    return Fields(document)


def query_boolean(query: Mapping[str, str], name: str) -> bool:
    """A query parameter that is `true` or `false`; false if it was left out."""
    text = query.get(name, "false")
    if text not in ("true", "false"):
        raise RequestError(400, f"The query parameter {name} must be true or false, and is {text!r}")
    return text == "true"
