"""Reading updates, as the answers to sync carry them.

The standard says: a list of batches, each with its number. Servers also send updates without batches. One
malformed update loses itself alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from i3x.envelopes import read_result
from i3x.errors import I3XError, InvalidServerResponseError
from i3x.failures import Reply, Subject
from i3x.models import SyncBatch, ValueChange, from_builtins
from i3x.results import BulkList


def read_batches(reply: Reply, subject: Subject) -> BulkList[SyncBatch]:
    """Return the batches of a sync answer.

    ``errors`` holds the updates that can't be read, by element id or, where that is missing, by path;
    ``partial`` is there if the server dropped updates before they could be fetched. Raises the
    :class:`~i3x.I3XError` that the answer stands for.
    """
    try:
        batches, partial = read_result(reply, list[SyncBatch], subject)
        result = BulkList(batches)
    except InvalidServerResponseError:
        entries, partial = read_result(reply, list[Any], subject)
        result = _patiently(entries, subject)
    result.partial = partial
    return result


def _patiently(entries: list[Any], subject: Subject) -> BulkList[SyncBatch]:
    result: BulkList[SyncBatch] = BulkList()
    loose = SyncBatch(None)
    for index, entry in enumerate(entries):
        path = f"$.result[{index}]"
        if not (isinstance(entry, Mapping) and isinstance(entry.get("updates"), list)):
            _read_update(entry, path, loose, result.errors, subject)
            continue
        number = entry.get("sequenceNumber")
        batch = SyncBatch(number if isinstance(number, int) and not isinstance(number, bool) else None)
        for position, update in enumerate(entry["updates"]):
            _read_update(update, f"{path}.updates[{position}]", batch, result.errors, subject)
        result.append(batch)
    if loose.updates:
        result.append(loose)
    return result


def _read_update(
    entry: Any, path: str, batch: SyncBatch, errors: dict[str, I3XError], subject: Subject
) -> None:
    try:
        batch.updates.append(from_builtins(entry, ValueChange, path))
    except InvalidServerResponseError as error:
        element_id = entry.get("elementId") if isinstance(entry, Mapping) else None
        name = element_id if isinstance(element_id, str) else path
        errors[name] = InvalidServerResponseError(
            f"{subject}: {error}", operation=subject.operation, element_id=name
        )
