"""The verdict: what the outcomes of all tests say of the server as a whole."""

from __future__ import annotations

from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from i3x.conformance.definition import Level, Outcome, Reason, Result


class Verdict(StrEnum):
    """How far a server conforms to i3X 1.0."""

    FULL = "Full 1.0 Compliance"
    """All that is required and all that is declared works, and object types have structure."""
    IMMATURE = "1.0 Compliance, Immature Type System"
    """All works, and every object type is a bare scalar or an object without properties."""
    COMPATIBLE = "1.0 Compatible"
    """All that is required works; optional features are left out."""
    NOT_COMPLIANT = "Not Compliant"
    """Something that is required or declared does not work."""


def verdict(outcomes: Iterable[Outcome], *, reached: bool, structured: bool) -> Verdict:
    """The verdict on a server: whether it was reached, and whether some object type has structure."""
    binding = [outcome for outcome in outcomes if outcome.test.level is not Level.SHOULD]
    if not reached or any(outcome.result is Result.FAIL for outcome in binding):
        return Verdict.NOT_COMPLIANT
    if any(outcome.reason is Reason.OMITTED for outcome in binding if outcome.test.level is Level.MAY):
        return Verdict.COMPATIBLE
    return Verdict.FULL if structured else Verdict.IMMATURE


def unverified(outcomes: Iterable[Outcome]) -> list[str]:
    """The ids of the optional tests that are neither passed nor left out: nobody knows whether they would pass."""
    return [
        outcome.test.id
        for outcome in outcomes
        if outcome.test.level is Level.MAY
        and outcome.result is Result.SKIP
        and outcome.reason is not Reason.OMITTED
    ]


def untestable(outcomes: Iterable[Outcome]) -> list[str]:
    """The ids of the required tests for which the server had nothing to observe: the verdict is without them."""
    return [
        outcome.test.id
        for outcome in outcomes
        if outcome.test.level is Level.MUST and outcome.reason is Reason.UNTESTABLE
    ]


def is_structured(schema: Any) -> bool:
    """Whether the schema of an object type says how its values are made up."""
    if not isinstance(schema, dict):
        return False
    kinds = schema.get("type")
    is_object = kinds == "object" or (isinstance(kinds, list) and "object" in kinds)
    return bool(schema.get("allOf")) or (is_object and bool(schema.get("properties")))
