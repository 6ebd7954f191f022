"""The files that an export ends in: Parquet and CSV, written table by table."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa
import pyarrow.compute as pc

from i3x.frames.arrow import TEXTS
from i3x.frames.tidy import TIMESTAMP


class Writer(Protocol):
    """Writes a file, one table after the other."""

    def write_table(self, table: pa.Table, /) -> object:
        """Append the rows of a table."""

    def close(self) -> object:
        """Write what ends the file."""


def checked_path(path: str | os.PathLike[str]) -> Path:
    """Return the path of a file to make, after checking that its name says which format it is to have."""
    text = os.fspath(path)
    if not isinstance(text, str):
        raise TypeError(f"path must be a path as text, not {type(text).__name__}: {text!r}")
    if Path(text).suffix.lower() not in (".parquet", ".csv"):
        raise ValueError(f"path must end with .parquet or .csv, not {text!r}")
    return Path(text).resolve()  # the working directory may change meanwhile


def writer_for(kind: str, path: Path, schema: pa.Schema) -> Writer:
    """Return the writer of a file; ``kind`` is the suffix of its later name."""
    return _CSV(path, schema) if kind.lower() == ".csv" else _parquet(path, schema)


def _parquet(path: Path, schema: pa.Schema) -> Writer:
    from pyarrow import parquet

    texts = [field.name for field in schema if field.type == TEXTS]
    return parquet.ParquetWriter(str(path), schema, compression="zstd", use_dictionary=texts)  # type: ignore[arg-type]  # the stubs know True alone


class _CSV:
    """CSV in UTF-8 with a header; timestamps are RFC 3339 text, null is nothing and an empty text is ``""``."""

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        from pyarrow import csv

        self._schema = pa.schema([pa.field(field.name, _plain(field.type)) for field in schema])
        self._writer = csv.CSVWriter(str(path), self._schema)

    def write_table(self, table: pa.Table) -> None:
        arrays = [
            _rfc_3339(column) if name == TIMESTAMP else column.cast(field.type)
            for name, column, field in zip(table.column_names, table.columns, self._schema, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if kind == TEXTS or pa.types.is_timestamp(kind) else kind


def _rfc_3339(column: pa.ChunkedArray[Any]) -> pa.ChunkedArray[Any]:
    texts: Any = column.cast(pa.string())
    replaced: pa.ChunkedArray[Any] = pc.replace_substring(texts, " ", "T", max_replacements=1)
    return replaced
