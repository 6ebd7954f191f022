"""From what a person writes to the object that is meant: paths of display names, names, and globs.

A display name may hold a slash itself. Nothing escapes it: every way to read a text as names is tried, and what
several objects answer to is ambiguous.
"""

from __future__ import annotations

import fnmatch
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from i3x.errors import AmbiguousPathError, NotListedError
from i3x.navigate.reading import SEPARATOR, Reading
from i3x.navigate.tree import NOWHERE

_WILD = re.compile(r"[*?\[]")
_SHOWN = 5


def text_of(reading: Reading, position: int) -> str:
    """Return the path of an object as a text."""
    return SEPARATOR.join(reading.objects[each].display_name for each in reading.tree.path(position))


def by_path(reading: Reading, path: str | Sequence[str]) -> int:
    """Return the position of the one object at a path.

    Raises :class:`~i3x.NotListedError` or :class:`~i3x.AmbiguousPathError`.
    """
    found, furthest = _at_text(reading, path) if isinstance(path, str) else _at_names(reading, path)
    if not found:
        place = "at the top" if furthest == NOWHERE else f"below {text_of(reading, furthest)!r}"
        raise NotListedError(
            f"no object is at the path {path!r}: what was found of it ends {place}; "
            "a path is made of display names, from the root down"
        )
    return _only(reading, found, path)


def find(reading: Reading, text: str) -> int:
    """Return the position of the one object with an element id, else at a path, else with a display name.

    Raises :class:`~i3x.NotListedError` or :class:`~i3x.AmbiguousPathError`.
    """
    if (position := reading.positions.get(text)) is not None:
        return position
    at_path, furthest = _at_text(reading, text)
    found = at_path or list(reading.by_name[text])
    if not found:
        way = (
            ""
            if furthest == NOWHERE
            else f"; as a path, it is there as far as {text_of(reading, furthest)!r}"
        )
        raise NotListedError(
            f"{text!r} is neither an element id nor a path nor a display name of the address space{way}",
            element_id=text,
        )
    return _only(reading, found, text)


def by_name(reading: Reading, pattern: str) -> Iterable[int]:
    """Return the positions of the objects with a display name, or with one that a glob matches."""
    exact = reading.by_name[pattern]
    if not _WILD.search(pattern):
        return exact
    matches = re.compile(fnmatch.translate(pattern)).match
    globbed = (each for each, entry in enumerate(reading.objects) if matches(entry.display_name))
    return sorted({*exact, *globbed})  # a name may itself look like a glob


def _only(reading: Reading, found: Sequence[int], wanted: str | Sequence[str]) -> int:
    if len(found) == 1:
        return found[0]
    candidates = tuple(reading.objects[each].element_id for each in sorted(found))
    shown = ", ".join(map(repr, candidates[:_SHOWN]))
    more = f" and {len(candidates) - _SHOWN} more (see `.candidates`)" if len(candidates) > _SHOWN else ""
    raise AmbiguousPathError(
        f"{wanted!r} stands for {len(candidates)} objects: {shown}{more}; use the element id", candidates
    )


def _at_names(reading: Reading, names: Sequence[str]) -> tuple[list[int], int]:
    """Return what is at a path, and the last object on the way to it that was found."""
    found, furthest = [NOWHERE], NOWHERE
    for name in names:
        found = [below for above in found for below in reading.by_name_below[above, name]]
        if not found:
            break
        furthest = found[0]
    return found, furthest


def _at_text(reading: Reading, text: str) -> tuple[list[int], int]:
    """Return what is at a path by any reading of its text, and the last object on the way that was found."""
    found: list[int] = []
    furthest, reached = NOWHERE, 0
    waiting = [(NOWHERE, 0)]
    while waiting:
        above, start = waiting.pop()
        if start > reached:
            furthest, reached = above, start
        for end in islice(_ends_of_a_name(text, start), reading.most_parts):
            for position in reading.by_name_below[above, text[start:end]]:
                if end == len(text):
                    found.append(position)
                else:
                    waiting.append((position, end + 1))
    return found, furthest


def _ends_of_a_name(text: str, start: int) -> Iterator[int]:
    end = text.find(SEPARATOR, start)
    while end != -1:
        yield end
        end = text.find(SEPARATOR, end + 1)
    yield len(text)
