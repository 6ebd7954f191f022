"""What is left to ask for after an answer about a whole range, and the result once that is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from i3x.histories import is_cut
from i3x.history.questions import Question, is_refusal
from i3x.history.reading import Reading
from i3x.models import HistoricalValue, MissingHistory, ResponseDetail
from i3x.results import BulkDict

_MOST_RANGES = 20
_MOST_ELEMENTS = 5
_TITLE = "Partial Content"


def unfinished(question: Question, first: BulkDict[HistoricalValue]) -> BulkDict[HistoricalValue]:
    """Return the part of an answer of which there is more to ask for; empty if there is no such part."""
    rest = BulkDict({name: value for name, value in first.items() if is_cut(value.partial)})
    rest.errors = {name: error for name, error in first.errors.items() if is_refusal(error, question)}
    return rest


def completed(
    ids: Iterable[str], first: BulkDict[HistoricalValue], reading: Reading
) -> BulkDict[HistoricalValue]:
    """Return the first answer with what was cut of it in whole, or with what exactly is missing."""
    missing: defaultdict[str, list[MissingHistory]] = defaultdict(list)
    for entry in reading.missing:
        for name in entry.element_ids:
            missing[name].append(entry)
    values = {**first, **reading.histories()}
    for name, entries in missing.items():
        values[name] = replace(values[name], partial=_partial(entries))
    result = BulkDict({name: values[name] for name in ids if name in values})
    errors = {**first.errors, **reading.errors}
    result.errors = {name: error for name, error in errors.items() if name not in values}
    said = {name: value.partial for name, value in result.items() if value.partial is not None}
    if said:
        words = [f"{name}: {detail.detail or detail.title}" for name, detail in said.items()]
        result.partial = ResponseDetail(_TITLE, 206, _listed(words, _MOST_ELEMENTS, "elements"))
    return result


def _partial(entries: list[MissingHistory]) -> ResponseDetail:
    words = [f"from {entry.start_time} to {entry.end_time} ({entry.detail})" for entry in entries]
    return ResponseDetail(_TITLE, 206, f"not whole {_listed(words, _MOST_RANGES, 'ranges')}")


def _listed(words: list[str], most: int, what: str) -> str:
    more = f"; and {len(words) - most} more {what}" if len(words) > most else ""
    return "; ".join(words[:most]) + more
