"""What a frame knows beside its rows: the elements, what failed and what is missing, in the schema's metadata."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import pyarrow as pa

from i3x import errors
from i3x.dataclass_face import show_as_dataclass
from i3x.errors import I3XError
from i3x.models import MissingHistory, ObjectInstance, ResponseDetail
from i3x.results import BulkDict

KEY = b"i3x"
"""The key of the metadata; its value is JSON."""


class FrameElement(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """What a frame knows of an element; a text is empty, or None, where the server did not tell.

    ``eng_unit`` is the engineering unit of the value as the server writes it. ``columns`` maps the tidy columns
    that its values belong in to what its type says they are: ``integer``, ``number``, ``boolean``, ``string``, or
    ``json`` for arrays and objects, which are kept as JSON text.
    """

    element_id: str
    display_name: str = ""
    type_element_id: str = ""
    eng_unit: str | None = None
    description: str | None = None
    columns: dict[str, str] = msgspec.field(default_factory=dict[str, str])

    @classmethod
    def of(cls, instance: ObjectInstance, columns: Mapping[str, str]) -> FrameElement:
        """Return what a frame keeps of an object."""
        metadata = instance.metadata
        return cls(
            instance.element_id,
            instance.display_name,
            instance.type_element_id,
            metadata.eng_unit if metadata else None,
            metadata.description if metadata else None,
            dict(columns),
        )


show_as_dataclass(FrameElement)


class Failure(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """An error as metadata has it."""

    kind: str
    message: str
    status_code: int | None = None
    title: str | None = None
    detail: str | None = None
    operation: str | None = None
    element_id: str | None = None

    @classmethod
    def of(cls, error: I3XError) -> Failure:
        """Return what is kept of an error."""
        return cls(
            type(error).__name__,
            str(error),
            error.status_code,
            error.title,
            error.detail,
            error.operation,
            error.element_id,
        )

    @property
    def error(self) -> I3XError:
        """The error again."""
        found = getattr(errors, self.kind, I3XError)
        kind = found if isinstance(found, type) and issubclass(found, I3XError) else I3XError
        kind = I3XError if kind is errors.BulkError else kind
        return kind(
            self.message,
            self.status_code,
            title=self.title,
            detail=self.detail,
            operation=self.operation,
            element_id=self.element_id,
        )


class Report(msgspec.Struct, frozen=True, rename="camel", omit_defaults=True):
    """All that a frame knows beside its rows."""

    elements: dict[str, FrameElement] = msgspec.field(default_factory=dict[str, FrameElement])
    errors: dict[str, Failure] = msgspec.field(default_factory=dict[str, Failure])
    missing: list[MissingHistory] = msgspec.field(default_factory=list[MissingHistory])
    partial: ResponseDetail | None = None

    @classmethod
    def of(cls, table: pa.Table) -> Report:
        """Return what the metadata of a table says; an empty report if it says nothing."""
        return cls.of_metadata(table.schema.metadata)

    @classmethod
    def of_metadata(cls, metadata: Mapping[bytes, bytes] | None) -> Report:
        """Return what the metadata of a schema says; an empty report if it says nothing."""
        content = (metadata or {}).get(KEY)
        return cls() if content is None else msgspec.json.decode(content, type=cls)

    @classmethod
    def made(
        cls,
        elements: Iterable[FrameElement],
        errors: Mapping[str, I3XError],
        missing: Sequence[MissingHistory],
        partial: ResponseDetail | None = None,
    ) -> Report:
        """Return the report for what was read."""
        return cls(
            {each.element_id: each for each in elements if each.element_id not in errors},
            {element_id: Failure.of(error) for element_id, error in errors.items()},
            list(missing),
            partial,
        )

    @property
    def metadata(self) -> dict[bytes, bytes]:
        """The report as metadata of a schema."""
        return {KEY: msgspec.json.encode(self)}

    def result(self) -> BulkDict[FrameElement]:
        """Return the elements, and beside them what failed and what is missing."""
        found = BulkDict(self.elements)
        found.errors = {element_id: failure.error for element_id, failure in self.errors.items()}
        found.partial = self.partial or _partial(self.missing)
        return found


class HistoryExport(msgspec.Struct, frozen=True):
    """A finished export: the file, how many rows it has, and the time range that it covers.

    ``elements`` maps element ids to what is known of them. What failed is in its ``errors``, and what the server
    does not give in whole in ``missing``.
    """

    path: Path
    rows: int
    start_time: str
    end_time: str
    elements: BulkDict[FrameElement]
    missing: list[MissingHistory]

    @property
    def errors(self) -> dict[str, I3XError]:
        """The error of each element that failed."""
        return self.elements.errors

    def raise_for_errors(self) -> None:
        """Raise a :class:`~i3x.BulkError` if any element failed; do nothing otherwise."""
        self.elements.raise_for_errors()


show_as_dataclass(HistoryExport)


def _partial(missing: Sequence[MissingHistory]) -> ResponseDetail | None:
    """Return missing history in the words of a 206 answer, None if nothing is missing."""
    if not missing:
        return None
    first = missing[0]
    others = f" (and {len(missing) - 1} more)" if len(missing) > 1 else ""
    ids = ", ".join(first.element_ids[:3]) + (", ..." if len(first.element_ids) > 3 else "")
    detail = f"{ids} from {first.start_time} to {first.end_time}: {first.detail}{others}"
    return ResponseDetail("Missing history", 206, detail)


def report_of(table: Any) -> Report:
    """Return the report of what a user hands over as a table."""
    if not isinstance(table, pa.Table):
        raise TypeError(f"table must be a pyarrow.Table, not {type(table).__name__}")
    return Report.of(table)
