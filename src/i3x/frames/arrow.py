"""What the modules about frames need of Arrow beside its own names."""

from __future__ import annotations

from typing import Any, TypeAlias

import pyarrow as pa

Array: TypeAlias = "pa.Array[Any]"

TEXTS = pa.dictionary(pa.int32(), pa.string())
"""Texts of which there are few different ones: element ids and qualities."""


def whole(column: pa.ChunkedArray[Any]) -> Array:
    """Return a column as one array."""
    combined: Any = column.combine_chunks()
    # Which of the two it is, depends on the version.
    return _only(combined) if isinstance(combined, pa.ChunkedArray) else combined


def _only(column: Any) -> Array:
    array: Array = column.chunk(0)
    return array


def codes(column: pa.ChunkedArray[Any]) -> Array:
    """Return for each text of a column the position in a dictionary of all its texts."""
    texts = whole(column)
    if not isinstance(texts, pa.DictionaryArray):  # another library had the table in between
        texts = texts.dictionary_encode()
    return texts.indices
