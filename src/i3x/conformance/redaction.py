"""Keeps credentials out of all that is shown: a server may send back what it was sent, in many spellings."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

HIDDEN = "[hidden]"


class Redaction:
    """Hides some secrets in any text."""

    def __init__(self, secrets: Iterable[str]) -> None:
        spellings = {spelling for secret in secrets for spelling in _spellings(secret)}
        # The longest first, or what a short one leaves of a long one would still tell most of it.
        ordered = sorted(spellings, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._longest = len(ordered[0]) if ordered else 0

    def hide(self, text: str) -> str:
        """The text without the secrets."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)

    def shorten(self, text: str, limit: int) -> str:
        """The beginning of the text without the secrets; one that the cut goes through is left out too."""
        margin = limit + self._longest
        hidden = self.hide(text[:margin])
        if len(text) > margin:
            hidden = hidden[: len(hidden) - self._longest]
        return hidden if len(text) <= margin and len(hidden) <= limit else hidden[:limit] + " ..."


def _spellings(secret: str) -> set[str]:
    return {
        secret,
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        quote(secret),
        quote(secret, safe=""),
        quote_plus(secret),
    }
