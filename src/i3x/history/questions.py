"""One question about a history, and what the error that answers it says."""

from __future__ import annotations

from dataclasses import dataclass

import httpx

from i3x.errors import (
    AuthenticationError,
    BadRequestError,
    ConnectionError,
    I3XError,
    ServerError,
    TimeoutError,
    TooLargeError,
)

_NO_ANSWER = (ConnectionError, AuthenticationError, ServerError)
_NOTHING_SENT = (httpx.ConnectTimeout, httpx.PoolTimeout)


@dataclass(frozen=True, slots=True)
class Question:
    """One request that has to be made: the history of these elements between two moments, both included.

    ``most_bytes`` is the largest answer that is wanted; a larger one is asked for in parts.
    """

    element_ids: list[str]
    start: int
    end: int
    start_time: str
    end_time: str
    most_bytes: int | None

    @property
    def length(self) -> int:
        """The nanoseconds between the two moments."""
        return self.end - self.start


def is_refusal(error: I3XError, question: Question) -> bool:
    """Whether asking for less may help."""
    if isinstance(error, TooLargeError):
        return question.most_bytes is not None
    return isinstance(error, BadRequestError) or (is_silence(error) and not _is_unsent(error))


def is_refused_alone(error: I3XError) -> bool:
    """Whether even single elements were refused, when a request for many was cut."""
    errors = {} if error.result is None else error.result.errors
    return any(each.element_id is not None for each in errors.values())


def is_for_range(error: I3XError, question: Question) -> bool:
    """Whether many elements were refused, of which as many pass where less of them is asked for."""
    return (
        isinstance(error, BadRequestError)
        and len(question.element_ids) > 1
        and error.result is not None
        and not is_refused_alone(error)
    )


def is_silence(error: I3XError) -> bool:
    """Whether there was no answer in time, be it that too much was asked for, or that the server is not there."""
    return isinstance(error, TimeoutError) or error.status_code == 504


def is_no_answer(error: I3XError) -> bool:
    """Whether the server was kept from answering, so that the same may be asked for again."""
    return isinstance(error, _NO_ANSWER) or _is_unsent(error)


def _is_unsent(error: I3XError) -> bool:
    """Whether nothing was sent, since no connection came about in time."""
    return isinstance(error.__cause__, _NOTHING_SENT)
