"""Every exception that leaves this package because of what a server or a network did.

They all descend from :class:`I3XError`. Mistakes in the arguments of a call are the builtin ``TypeError``
and ``ValueError`` instead, and are raised before anything is sent.
"""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any


class I3XError(Exception):
    """The root of all errors of this package.

    ``str(error)`` says what happened and what to do next. The attributes hold the parts:

    - ``status_code``: the HTTP status, or the status of one item of a bulk answer; None if there was none.
    - ``title``, ``detail``: the server's own words (RFC 9457), None if it gave none.
    - ``operation``: the operationId of the call, for example ``queryLastKnownValues``.
    - ``element_id``: the element (or the subscription) that the error is about, None if it is about the call.
    - ``outcome_unknown``: True if the server may have carried the change out all the same, when it was sent this time
      or before; of a call for many items, if that is so of any of them.
    - ``result``: what a bulk call that failed has achieved, item by item; None for other errors.
    """

    outcome_unknown = False
    result: Any = None

    def __init__(
        self,
        message: str,
        status_code: int | None = None,
        *,
        title: str | None = None,
        detail: str | None = None,
        operation: str | None = None,
        element_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status_code = status_code
        self.title = title
        self.detail = detail
        self.operation = operation
        self.element_id = element_id


class ConnectionError(I3XError, builtins.ConnectionError):
    """The server can't be reached, the connection broke, or the client is not connected."""


class TimeoutError(I3XError, builtins.TimeoutError):
    """The server did not answer in the time allowed (``timeout`` and ``deadline``, in seconds)."""


class AuthenticationError(I3XError):
    """The server wants credentials, or others than it got (401), or these do not allow the call (403)."""


class BadRequestError(I3XError):
    """The server finds the request wrong (400, 422) or too large (413)."""


class NotFoundError(I3XError):
    """An element, a subscription or an endpoint does not exist (404) or no longer does (410)."""


class NotListedError(NotFoundError, KeyError):
    """What was asked of an address space that has been read is not in it; a ``KeyError`` too."""

    def __str__(self) -> str:
        return Exception.__str__(self)  # a KeyError shows the repr of its message


class AmbiguousPathError(I3XError, ValueError):
    """A path or a display name stands for several objects; ``candidates`` are their element ids."""

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class NotSupportedError(I3XError):
    """The server does not offer this optional feature (501)."""


class ServerError(I3XError):
    """The server failed or is overloaded (5xx)."""


class TooManyRequestsError(ServerError):
    """The server asks for fewer requests (429); it is overload, and so a :class:`ServerError`."""


class SubscriptionError(I3XError):
    """A subscription can't be made or kept."""


class StreamError(I3XError):
    """An event stream broke or can't be opened."""


class UnsupportedVersionError(I3XError):
    """The server speaks another version of i3X than this client, or is no i3X server at this URL."""


class InvalidServerResponseError(I3XError):
    """The answer is not what i3X 1.0 says it must be; the message names the place."""


class InvalidValueError(I3XError, builtins.ValueError):
    """A value is not what the schema of its element's type says; nothing was written.

    ``problems`` holds what is wrong, each with its path (``$.speed``).
    """

    problems: tuple[str, ...] = ()


class ValueNotKeptError(I3XError):
    """A server accepted a write, and has another value.

    ``written`` is the value that was written, ``found`` the one that was read afterwards.
    """

    written: object = None
    found: object = None


class TooLargeError(InvalidServerResponseError):
    """The answer is larger than what is to be read at once."""


class BulkError(I3XError):
    """Some items of a bulk call failed; raised by ``raise_for_errors()`` of its result.

    ``errors`` maps each failed id to its :class:`I3XError`, and ``result`` is the result that it was raised for.
    ``status_code`` is theirs where they agree.
    """

    def __init__(self, message: str, errors: Mapping[str, I3XError]) -> None:
        statuses = {error.status_code for error in errors.values()}
        super().__init__(message, statuses.pop() if len(statuses) == 1 else None)
        self.errors = dict(errors)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (str(self), self.errors), self.__dict__


_BY_STATUS: dict[int, type[I3XError]] = {
    400: BadRequestError,
    401: AuthenticationError,
    403: AuthenticationError,
    404: NotFoundError,
    408: TimeoutError,
    410: NotFoundError,
    413: BadRequestError,
    422: BadRequestError,
    429: TooManyRequestsError,
    501: NotSupportedError,
}


def error_class(status_code: int) -> type[I3XError]:
    """Return the class of error that an HTTP status stands for."""
    return _BY_STATUS.get(status_code, ServerError if status_code >= 500 else I3XError)
