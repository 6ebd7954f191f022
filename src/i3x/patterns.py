"""Regular expressions of a server: some take for ever, nothing can interrupt them, and not all are Python's."""

from __future__ import annotations

import re
from collections.abc import Iterable

_MOST_STEPS = 1e8  # well below a second
_COMPILING = 100  # steps that each character of a pattern takes
_MOST_WAYS = 30  # repeats and choices in one pattern
_REPEATED = re.compile(r"[*+]|\{\d*,|\)\{|\\[1-9]|\(\?P=")
_REPEATED_GROUP = re.compile(r"\)[*+{]")
_CHOICE = re.compile(r"(?<!\()\?|\|")
# Comments, and the flags that allow more of them, can stand between a group and what repeats it.
_MISLEADING = re.compile(r"\(\?[aiLmsux#-]")


class Budget:
    """How much may be searched for, in all: what would go beyond a second is not to be tried."""

    def __init__(self) -> None:
        self._left = _MOST_STEPS

    def allows(self, pattern: str, texts: Iterable[str]) -> bool:
        """Tell whether a pattern is Python's too and can be searched for in all these texts, and count that as done.

        A search may begin, and each repeat in it end, at every character; what is optional and each alternative
        may double the ways; and a repeat of a repeat has no bound at all. What is escaped counts like what is not:
        some patterns are held to be slower than they are.
        """
        repeats, choices = len(_REPEATED.findall(pattern)), len(_CHOICE.findall(pattern))
        most = 1 if _REPEATED_GROUP.search(pattern) else _MOST_WAYS
        if repeats + choices > most or _MISLEADING.search(pattern):
            return False
        places = repeats if pattern.startswith("^") and "|" not in pattern else 1 + repeats
        ways = sum((1.0 + len(text)) ** places * 2.0**choices for text in texts)
        cost = len(pattern) * (_COMPILING + ways)
        if cost > self._left:
            return False
        self._left -= cost
        try:
            re.compile(pattern)
        except (re.error, OverflowError, RecursionError):
            return False
        return True
