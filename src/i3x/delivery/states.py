"""The states of a delivery, and what leads from one to the next."""

from __future__ import annotations

import enum


class Status(enum.StrEnum):
    """How a subscription is being delivered at the moment."""

    CONNECTING = "connecting"
    LIVE = "live"
    POLLING = "polling"
    RECOVERING = "recovering"
    STOPPED = "stopped"
    FAILED = "failed"


class Event(enum.Enum):
    """What happens to a delivery."""

    OPENED = "a stream was opened"
    POLLED = "a poll was answered"
    LOST = "the stream or the poll failed, or ended"
    REFUSED = "what was asked for can't be had"
    STOP = "the user wants no more"


_RUNNING = (Status.CONNECTING, Status.LIVE, Status.POLLING, Status.RECOVERING)

TRANSITIONS: dict[tuple[Status, Event], Status] = {
    **{(status, Event.OPENED): Status.LIVE for status in _RUNNING},
    **{(status, Event.POLLED): Status.POLLING for status in _RUNNING},
    **{(status, Event.LOST): Status.RECOVERING for status in _RUNNING},
    **{(status, Event.REFUSED): Status.FAILED for status in _RUNNING},
    **{(status, Event.STOP): Status.STOPPED for status in _RUNNING},
    # The end is the end: what comes late changes nothing.
    **{(status, event): status for status in (Status.STOPPED, Status.FAILED) for event in Event},
}
