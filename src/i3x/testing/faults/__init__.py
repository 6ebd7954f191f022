"""The table of faults: what can be made to go wrong, by name. `base` says how a fault works."""

from __future__ import annotations

from .answers import (
    Body,
    BulkNotFound,
    Busy,
    Forget,
    Hang,
    Nested,
    NotJson,
    Redirect,
    Refuse,
    Status,
    TickWithEveryRequest,
)
from .base import Fault
from .documents import (
    Beta,
    DropItem,
    EditJson,
    ExtraFields,
    MissingOptional,
    Nulls,
    Reorder,
    SuccessEnvelope,
)
from .history import HistoryCut, HistoryLongest, HistoryOpenEnd, HistoryOrder, HistoryRange, HistorySlow
from .rules import BREAKS
from .streams import (
    EventClose,
    LossyStreamClose,
    StreamChunks,
    StreamLoss,
    StreamOrphan,
    StreamRepeats,
    StreamReset,
    StreamShape,
    StreamSilence,
    StreamText,
)
from .wire import Reset, Slow, Truncate

FAULTS: dict[str, type[Fault]] = {
    # instead of the answer
    "status": Status,
    "refuse": Refuse,
    "busy": Busy,
    "redirect": Redirect,
    "hang": Hang,
    "body": Body,
    "nested": Nested,
    "bulk_not_found": BulkNotFound,
    "forget": Forget,
    "tick_with_every_request": TickWithEveryRequest,
    # the answer's JSON
    "edit_json": EditJson,
    "reorder": Reorder,
    "drop_item": DropItem,
    "success_envelope": SuccessEnvelope,
    "beta": Beta,
    "extra_fields": ExtraFields,
    "missing_optional": MissingOptional,
    "nulls": Nulls,
    # history
    "history_cut": HistoryCut,
    "history_longest": HistoryLongest,
    "history_open_end": HistoryOpenEnd,
    "history_order": HistoryOrder,
    "history_range": HistoryRange,
    "history_slow": HistorySlow,
    # the answer's bytes
    "not_json": NotJson,
    # the wire
    "truncate": Truncate,
    "reset": Reset,
    "slow": Slow,
    # open event streams
    "lossy_stream_close": LossyStreamClose,
    "stream_loss": StreamLoss,
    "event_close": EventClose,
    "stream_reset": StreamReset,
    "stream_silence": StreamSilence,
    "stream_orphan": StreamOrphan,
    "stream_repeats": StreamRepeats,
    "stream_shape": StreamShape,
    "stream_text": StreamText,
    "stream_chunks": StreamChunks,
    # one rule of the standard each
    **BREAKS,
}
"""Name -> fault. A fault's options are its class's fields, and the class says in one line what it does."""
