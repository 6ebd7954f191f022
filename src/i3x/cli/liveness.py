"""Waiting for a subscription to come to life."""

from __future__ import annotations

import time

import i3x

_PAUSE = 0.02  # seconds


def comes_to_life(delivery: i3x.Delivery, seconds: float) -> bool:
    """Wait until a delivery is streamed or polled; False if it is not within ``seconds``."""
    end = time.monotonic() + seconds
    while delivery.status not in (i3x.DeliveryStatus.LIVE, i3x.DeliveryStatus.POLLING):
        if time.monotonic() > end or delivery.status is i3x.DeliveryStatus.FAILED:
            return False
        time.sleep(_PAUSE)
    return True
