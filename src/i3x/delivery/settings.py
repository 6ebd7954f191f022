"""What a user may ask of a delivery, checked before anything is sent."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeAlias

import msgspec

from i3x import arguments

Mode: TypeAlias = Literal["auto", "stream", "sync"]

_MODES = ("auto", "stream", "sync")


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """How a subscription is to be delivered; times in seconds."""

    delivery: Mode = "auto"
    poll_interval: float = 1.0
    silence: float = 90.0
    backfill: bool = True

    def __post_init__(self) -> None:
        """Refuse what makes no sense."""
        if self.delivery not in _MODES:
            raise ValueError(f"delivery must be one of {', '.join(_MODES)}, not {self.delivery!r}")
        for name in ("poll_interval", "silence"):
            if not getattr(self, name) > 0:
                raise ValueError(f"{name} must be more than 0 seconds, not {getattr(self, name)!r}")


def wanted(element_ids: Iterable[str], max_depth: int) -> dict[str, int]:
    """Return element id → depth of a subscription to be, after checking both."""
    ids, depth = arguments.element_ids(element_ids), arguments.max_depth(max_depth)
    if not ids:
        raise ValueError("element_ids is empty: a subscription needs at least one element")
    return dict.fromkeys(ids, depth)
