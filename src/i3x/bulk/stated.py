"""The limit that a server names in the words of a refusal."""

from __future__ import annotations

import re

from i3x.bulk.limits import Size
from i3x.errors import I3XError

_NUMBER = r"(?<![\w.,:/-])([0-9]{1,9})(?![\w:/-]|[.,][0-9])"
_BYTES = re.compile(_NUMBER + r"(?! *[kmg])", re.IGNORECASE)
_COUNT = re.compile(
    _NUMBER
    + r"(?! *(%|[kmg]?i?b\b|(kilo|mega|giga)?bytes?|(milli)?sec|minutes?|hours?|days?|weeks?|months?|years?|level))",
    re.IGNORECASE,
)
_WORD = re.compile(r"[a-z]+|[^\sa-z]")
_LIMITING = re.compile(r"limit|max|exceed|allow|accept|permit|takes?$|(most|up|more|only|per)$|[<>]")
_BETWEEN = re.compile(
    r"([:=(_]|an?|are|be|by|is|of|set|than|the|to|batch|body|count|number|request|size"
    r"|bytes|elementids|elements|entries|ids|items|objects|points|subscriptions|updates|values)$"
)
_AT_ONCE = frozenset((("at", "most"), ("at", "once"), ("in", "a"), ("in", "one")))


def stated_limit(error: I3XError, refused: Size) -> Size | None:
    """Return the limit that the server's words name, None if they name none that this size is above."""
    words = error.detail or ""
    if error.status_code in (413, 414):
        found = [number for number in _numbers(_BYTES, words) if 1024 <= number < refused.bytes]
        return Size(refused.count, max(found)) if found else None
    found = [number for number in _numbers(_COUNT, words) if 1 < number < refused.count]
    return Size(max(found), refused.bytes) if found else None


def _numbers(pattern: re.Pattern[str], words: str) -> list[int]:
    return [int(found[1]) for found in pattern.finditer(words) if _is_limit(words, found)]


def _is_limit(words: str, number: re.Match[str]) -> bool:
    """Whether the words beside a number say that it is a limit: "at most 500 ids", or "500 ids per request".

    A message may have other numbers, of an error or of a paragraph. A limit that is none would stay, and cut all calls
    into far too many requests.
    """
    before = _WORD.findall(words[: number.start()].lower())
    while before and _BETWEEN.match(before[-1]):
        before.pop()
    if before and _LIMITING.match(before[-1]):
        return True
    after = _WORD.findall(words[number.end() :].lower())
    while after and _BETWEEN.match(after[0]):
        after.pop(0)
    return bool(after) and (bool(_LIMITING.match(after[0])) or tuple(after[:2]) in _AT_ONCE)
