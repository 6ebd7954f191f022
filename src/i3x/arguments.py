"""What callers may pass: ids and numbers.

Everything wrong with an argument is found here, before a request exists: ``TypeError`` for the wrong kind of
thing, ``ValueError`` for a wrong value of the right kind.
"""

from __future__ import annotations

import numbers
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias, TypeVar

from i3x.models import ObjectInstance, Subscription

Element: TypeAlias = ObjectInstance | str
"""An object, or its element id."""

Callback = TypeVar("Callback", bound=Callable[..., object])


def element_id(value: str, name: str = "element_id") -> str:
    """Return an id after checking that it is a text with something in it."""
    if not isinstance(value, str):
        raise TypeError(f"{name} must be a str, not {type(value).__name__}: {value!r}")
    if not value.strip():
        raise ValueError(f"{name} must not be empty: the standard's ids are printable text")
    return _unicode(value, name)


def element_ids(values: Iterable[str], name: str = "element_ids") -> list[str]:
    """Return ids as a list, in order, duplicates included."""
    if isinstance(values, (str, bytes)):
        raise TypeError(
            f"{name} must be a list of ids, not a single {type(values).__name__}: use [{values!r}]"
        )
    if not isinstance(values, Iterable):
        raise TypeError(f"{name} must be a list of ids, not {type(values).__name__}")
    ids = list(values)
    if not _all_are_ids(ids):
        each = f"each of {name}"
        ids = [element_id(value, each) for value in ids]
    return ids


def _all_are_ids(values: list[Any]) -> bool:
    """Whether nothing is wrong with any of them; asked of all at once, since a plant has many."""
    if set(map(type, values)) != {str} or not all(map(str.strip, values)):
        return False
    try:
        "".join(values).encode()
    except UnicodeEncodeError:
        return False
    return True


def start_elements(start: Element | Iterable[Element]) -> list[str]:
    """Return the ids of the elements where a traversal begins, each once; they are given as objects or by id."""
    if isinstance(start, (ObjectInstance, str)):
        start = [start]
    elif not isinstance(start, Iterable) or isinstance(start, bytes):
        raise TypeError(f"start must be an element or several, not {type(start).__name__}")
    ids = [each.element_id if isinstance(each, ObjectInstance) else each for each in start]
    return list(dict.fromkeys(element_ids(ids, "start")))


def relationship_types(wanted: str | Iterable[str] | None) -> frozenset[str] | None:
    """Return the ids of the relationship types to follow; None for all."""
    if wanted is None:
        return None
    ids = element_ids([wanted] if isinstance(wanted, str) else wanted, "relationship_types")
    if not ids:
        raise ValueError("relationship_types must not be empty; None follows all of them")
    return frozenset(ids)


def max_hops(value: int | None) -> int | None:
    """Return how many edges to follow at most; None for no limit."""
    if value is None:
        return None
    return _whole_number(value, "max_hops", "1 (direct neighbours), N (N edges away), or None (no limit)", 1)


def subscription_id(subscription: Subscription | str) -> str:
    """Return the id of a subscription that is given as a record or by its id."""
    if isinstance(subscription, Subscription):
        return subscription.subscription_id
    return element_id(subscription, "subscription")


def subscription_ids(subscriptions: Iterable[Subscription | str]) -> list[str]:
    """Return the ids of subscriptions that are given as records or by their ids, in order."""
    several = isinstance(subscriptions, Iterable) and not isinstance(subscriptions, (str, bytes))
    ids: Any = subscriptions
    if several:
        ids = [each.subscription_id if isinstance(each, Subscription) else each for each in subscriptions]
    return element_ids(ids, "subscriptions")


def optional_text(value: str | None, name: str) -> str | None:
    """Return an optional text after checking its type."""
    if value is not None and not isinstance(value, str):
        raise TypeError(f"{name} must be a str or None, not {type(value).__name__}")
    return None if value is None else _unicode(value, name)


def callback(value: Callback | None, name: str) -> Callback | None:
    """Return an optional callback after checking that it can be called."""
    if value is not None and not callable(value):
        raise TypeError(f"{name} must be a function or None, not {type(value).__name__}: {value!r}")
    return value


def _unicode(text: str, name: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise ValueError(
            f"{name} holds text that is no valid Unicode (a lone surrogate): {text!r}"
        ) from error
    return text


def max_depth(value: int) -> int:
    """Return a depth: 1 is the element alone, N is N levels of components, 0 is all of them."""
    return _whole_number(
        value, "max_depth", "1 (this element alone), N (N levels), or 0 (everything below)", 0
    )


def sequence_number(value: int | None) -> int | None:
    """Return the number to acknowledge: an unsigned 64-bit integer, -1 to clear the queue, or None."""
    if value is None:
        return None
    number = _whole_number(
        value, "last_sequence_number", "a batch's sequence_number, or -1 to clear the queue", -1
    )
    if number >= 2**64:
        raise ValueError(f"last_sequence_number must fit in 64 bits, not {number}")
    return number


def _whole_number(value: int, name: str, meaning: str, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, numbers.Integral):
        raise TypeError(f"{name} must be an int, not {type(value).__name__}: {meaning}")
    if value < least:
        raise ValueError(f"{name} must be {meaning}, not {value}")
    return int(value)
