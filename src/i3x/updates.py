"""Reading updates, as the answers to sync and the events of a stream carry them.

The standard says: sync answers a list of batches, each with its number, and an event holds a list of updates.
Servers send either where the other belongs, and single ones without a list. One malformed update loses itself
alone, even where it makes the text around it no JSON.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from i3x.broken_json import UNREADABLE, decoded, fault_of, id_in_text, items, members, split_list
from i3x.conversion import from_builtins
from i3x.envelopes import cut_detail, read_result
from i3x.errors import I3XError, InvalidServerResponseError
from i3x.failures import Reply, Subject
from i3x.models import SyncBatch, ValueChange
from i3x.results import BulkList

_PLAIN: msgspec.json.Decoder[list[ValueChange] | ValueChange] = msgspec.json.Decoder(
    list[ValueChange] | ValueChange
)
_PLAIN_FRAMES: msgspec.json.Decoder[list[list[ValueChange] | ValueChange]] = msgspec.json.Decoder(
    list[list[ValueChange] | ValueChange]
)
_STREAM = Subject("streamSubscription")


class Frame(NamedTuple):
    """What an event of a stream holds, or several, in the server's order.

    ``sequence_number`` is the highest number of a batch in it, None if there is none: information only, since
    nothing is acknowledged on a stream. ``errors`` has one error for each update that can't be read.
    """

    updates: list[ValueChange]
    sequence_number: int | None
    errors: list[I3XError]


def read_frames(datas: Sequence[bytes]) -> Frame:
    """Return what the data of several events hold, as if one had held it all; never raises.

    They are decoded as one list, which costs less than one after the other: a server in a hurry sends many.
    """
    if len(datas) == 1:
        return read_frame(datas[0])
    # No string of JSON goes on over a line's end: no two halves of broken events can make up a value.
    joined = b"[%b]" % b",\n".join(datas)
    if b"updates" not in joined:
        try:
            plain = _PLAIN_FRAMES.decode(joined)
        except UNREADABLE:
            pass
        else:
            if len(plain) == len(datas):
                return Frame(_flat(plain), None, [])
    frames = list(map(read_frame, datas))
    numbers = [frame.sequence_number for frame in frames if frame.sequence_number is not None]
    return Frame(
        [update for frame in frames for update in frame.updates],
        max(numbers, default=None),
        [error for frame in frames for error in frame.errors],
    )


def _flat(frames: list[list[ValueChange] | ValueChange]) -> list[ValueChange]:
    updates: list[ValueChange] = []
    for frame in frames:
        if isinstance(frame, list):
            updates += frame
        else:
            updates.append(frame)
    return updates


def read_frame(data: bytes) -> Frame:
    """Return what the data of an event holds: a list of updates, or any other form that servers send.

    Never raises. Nothing at all, or an object without content, as the event that closes a stream has it, is an
    empty frame.
    """
    # The fast reading takes no notice of a field of this name, and so would lose what a batch holds.
    if b"updates" not in data:
        try:
            plain = _PLAIN.decode(data)
        except UNREADABLE:
            pass
        else:
            return Frame(plain if isinstance(plain, list) else [plain], None, [])
    return _read_frame_patiently(data)


def _read_frame_patiently(data: bytes) -> Frame:
    text = data.removeprefix(b"\xef\xbb\xbf").strip()
    found = _Found(_STREAM)
    if text:
        found.read_frame(text)
    updates = [update for batch in found.batches for update in batch.updates]
    numbers = [batch.sequence_number for batch in found.batches if batch.sequence_number is not None]
    return Frame(updates, max(numbers, default=None), [error for _, error in found.errors])


def read_batches(reply: Reply, subject: Subject) -> BulkList[SyncBatch]:
    """Return the batches of a sync answer.

    ``errors`` holds the updates that can't be read, by element id or, where that is missing, by path;
    ``partial`` is there if the server dropped updates before they could be fetched. Raises the
    :class:`~i3x.I3XError` that the answer stands for.
    """
    try:
        batches, partial = read_result(reply, list[SyncBatch], subject)
    except InvalidServerResponseError:
        pass
    else:
        # What seems to be a batch without updates may be an update that has a number of its own.
        if all(batch.updates for batch in batches):
            result = BulkList(batches)
            result.partial = partial
            return result
    return _read_batches_patiently(reply, subject)


def _read_batches_patiently(reply: Reply, subject: Subject) -> BulkList[SyncBatch]:
    found = _Found(subject)
    try:
        entries, partial = read_result(reply, list[Any], subject)
    except InvalidServerResponseError:
        texts = split_list(reply.body) if reply.status_code < 300 else None
        if not texts:
            raise
        partial = cut_detail(reply, None)
        found.read_texts(texts, "$.result")
        if not found.errors:  # what is broken is around the list
            raise
    else:
        found.read_entries(entries, "$.result")
    numbered = [batch for batch in found.batches if not batch.is_loose]
    loose = [update for batch in found.batches if batch.is_loose for update in batch.updates]
    result = BulkList(SyncBatch(batch.sequence_number, batch.updates) for batch in numbered)
    if loose:
        result.append(SyncBatch(None, loose))
    result.partial = partial
    for path, error in found.errors:
        result.errors[error.element_id or path] = error
    return result


# --- the patient reading of both ----------------------------------------------------------------------------


class _Batch(msgspec.Struct):
    """Updates that belong together: those of a batch, or a run of those that stand in none."""

    sequence_number: int | None = None
    updates: list[ValueChange] = msgspec.field(default_factory=list[ValueChange])
    is_loose: bool = False


class _Found:
    """What a patient reading has found so far: batches, and for each update that can't be read an error."""

    def __init__(self, subject: Subject) -> None:
        self.batches: list[_Batch] = []
        self.errors: list[tuple[str, InvalidServerResponseError]] = []
        self._subject = subject

    def read_frame(self, text: bytes) -> None:
        """Read the data of an event, which has no envelope."""
        try:
            content = msgspec.json.decode(text)
        except UNREADABLE as error:
            self._read_broken_frame(text, error)
            return
        if isinstance(content, list):
            self.read_entries(content, "$")
        elif content != {}:
            self._read_entry(content, "$")

    def _read_broken_frame(self, text: bytes, fault: Exception) -> None:
        texts = items(text)
        if texts is None:
            self._read_text(text, "$")
            return
        self.read_texts(texts, "$")
        if not self.errors:  # what is broken is around the updates: nobody shall think that this was all
            self._fail("$", None, f"`$` {fault_of(text, fault)}")

    def read_entries(self, entries: list[Any], path: str) -> None:
        """Read a list of batches, of updates, or of both."""
        for index, entry in enumerate(entries):
            self._read_entry(entry, f"{path}[{index}]")

    def read_texts(self, texts: list[bytes], path: str) -> None:
        """Read a list of batches or updates, some of which are no JSON."""
        for index, text in enumerate(texts):
            self._read_text(text, f"{path}[{index}]")

    def _read_entry(self, entry: Any, path: str) -> None:
        if not _is_batch(entry):
            self._read_update(entry, path, self._loose())
            return
        batch = self._begin(entry.get("sequenceNumber"))
        for position, update in enumerate(entry.get("updates") or ()):
            self._read_update(update, f"{path}.updates[{position}]", batch)

    def _read_text(self, text: bytes, path: str) -> None:
        try:
            entry = msgspec.json.decode(text)
        except UNREADABLE as error:
            before = len(self.errors)
            self._read_batch_text(text, path)
            if len(self.errors) == before:  # no batch, or it is broken around its updates
                self._fail_text(text, path, error)
        else:
            self._read_entry(entry, path)

    def _read_batch_text(self, text: bytes, path: str) -> None:
        found = members(text)
        updates = items(found.get("updates", b""))
        if updates is None or not _is_batch({**found, "updates": updates}):
            return
        batch = self._begin(decoded(found.get("sequenceNumber", b"")))
        for position, update in enumerate(updates):
            self._read_update_text(update, f"{path}.updates[{position}]", batch)

    def _read_update_text(self, text: bytes, path: str, batch: _Batch) -> None:
        try:
            entry = msgspec.json.decode(text)
        except UNREADABLE as error:
            self._fail_text(text, path, error)
        else:
            self._read_update(entry, path, batch)

    def _read_update(self, entry: Any, path: str, batch: _Batch) -> None:
        try:
            batch.updates.append(from_builtins(entry, ValueChange, path))
        except InvalidServerResponseError as error:
            self._fail(path, entry.get("elementId") if isinstance(entry, Mapping) else None, str(error))

    def _fail_text(self, text: bytes, path: str, error: Exception) -> None:
        self._fail(path, id_in_text(text, "elementId"), f"`{path}` {fault_of(text, error)}")

    def _fail(self, path: str, element_id: Any, what: str) -> None:
        name = element_id if isinstance(element_id, str) else None
        about = f"{self._subject}, element {name!r}" if name is not None else str(self._subject)
        error = InvalidServerResponseError(
            f"{about}: {what}", operation=self._subject.operation, element_id=name
        )
        self.errors.append((path, error))

    def _begin(self, number: Any) -> _Batch:
        is_number = isinstance(number, int) and not isinstance(number, bool)
        self.batches.append(_Batch(number if is_number else None))
        return self.batches[-1]

    def _loose(self) -> _Batch:
        if not (self.batches and self.batches[-1].is_loose):
            self.batches.append(_Batch(is_loose=True))
        return self.batches[-1]


def _is_batch(entry: Any) -> bool:
    """Tell a batch from an update, whatever else a server puts into either."""
    if not isinstance(entry, Mapping):
        return False
    of_an_update = entry.keys() & {"elementId", "value"}
    updates = entry.get("updates")
    if isinstance(updates, list):
        return len(of_an_update) < 2
    return updates is None and "sequenceNumber" in entry and not of_an_update
