"""Legal Python names for the names that a server uses, each given out once.

The names are made of letters, digits and underscores. Letters of Latin script lose their accents; letters of other
scripts are kept, but not beside Latin ones, which they could imitate.
"""

from __future__ import annotations

import keyword
import re
import unicodedata
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

_LONGEST = 80
_WORD = re.compile(r"[^\W_]+")
_RESERVED = frozenset(("bool", "dict", "float", "int", "list", "str"))
_HUMP = re.compile(r"(?<=[^\W\d_A-Z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][^\W\d_A-Z])")


def class_name(*texts: str) -> str:
    """Return texts as the name of a class (``PumpStation``), empty if nothing is left of them."""
    words = [word for text in texts for word in _words(text)]
    name = "".join(word[0].upper() + word[1:] for word in words)[:_LONGEST]
    return f"Type{name}" if name[:1].isdigit() else name


def field_name(text: str) -> str:
    """Return a text as the name of a field (``flow_rate``)."""
    return _lower(text) or "field"


def member_name(value: str | int) -> str:
    """Return a value as the name of a member of an enumeration (``AUTO``)."""
    if isinstance(value, int):
        return f"VALUE_{value}" if value >= 0 else f"VALUE_MINUS_{-value}"
    name = _lower(value).removeprefix("field_").upper()
    if name.isidentifier():
        return name
    return f"VALUE_{name}" if name else "VALUE"


def _lower(text: str) -> str:
    name = "_".join(_HUMP.sub("_", word).lower() for word in _words(text))[:_LONGEST].strip("_")
    return f"field_{name}" if name[:1].isdigit() else name


def _words(text: str) -> list[str]:
    folded = "".join(map(_folded, unicodedata.normalize("NFKC", text[:1000])))
    if any(char.isascii() and char.isalpha() for char in folded):
        folded = "".join(char if char.isascii() else " " for char in folded)
    return [word for word in _WORD.findall(folded) if f"x{word}".isidentifier()]


def _folded(char: str) -> str:
    """Return a Latin letter without its accents, and any other character as it is."""
    if char.isascii():
        return char
    if char in "ßẞ":
        return "ss"
    base = unicodedata.normalize("NFD", char)[0]
    return base if base.isascii() else char


class Names:
    """Gives each name out once, and none that is reserved: the second one of the same name gets a number."""

    def __init__(self, reserved: AbstractSet[str] = frozenset(), taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self._reserved = reserved  # not copied: the fields of each class have the names of all classes here
        self._reached: dict[str, int] = {}  # up to which number each wish is taken: many may share one

    def take(self, wish: str, otherwise: str = "Type") -> str:
        """Return a name that is as near to the wish as is free."""
        wish = wish if wish.isidentifier() else otherwise
        wish = f"{wish}_" if keyword.iskeyword(wish) or wish in _RESERVED else wish
        number = self._reached.get(wish, 1)
        name = wish
        while name in self.taken or name in self._reserved:
            number += 1
            name = f"{wish}{number}" if wish[-1].isalpha() and wish[0].isupper() else f"{wish}_{number}"
        self.taken.add(name)
        self._reached[wish] = number
        return name
