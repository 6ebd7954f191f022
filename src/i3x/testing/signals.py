"""Where values come from: functions of a step number alone, so that two runs give the same values.

Step 0 is the moment the server started; negative steps are its seeded history, positive ones its live values.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Signal = Callable[[int], Any]
"""Step number -> value."""


@dataclass(frozen=True, slots=True)
class Profile:
    """How one object's value comes about; a `live` one changes with every tick."""

    signal: Signal
    quality: Callable[[int], str] = lambda _step: "Good"
    live: bool = False


def constant(value: Any) -> Signal:
    """Always the same value."""
    return lambda _step: value


def wave(middle: float, swing: float, period: int = 60, phase: float = 0.0) -> Signal:
    """A sine around `middle`, one period in `period` steps, rounded to three digits."""
    return lambda step: round(middle + swing * math.sin(math.tau * (step / period + phase)), 3)


def counter(start: int, stride: int = 1) -> Signal:
    """A count that grows by `stride` with each step."""
    return lambda step: start + stride * step


def cycle(*values: Any, hold: int = 10) -> Signal:
    """The values one after the other, each for `hold` steps."""
    return lambda step: values[step // hold % len(values)]


def record(**fields: Any) -> Signal:
    """A structured value; a field may be a signal of its own."""
    return lambda step: {name: field(step) if callable(field) else field for name, field in fields.items()}
