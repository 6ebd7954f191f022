"""What is left to ask for after an answer about a whole range, and the result once that is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from msgspec.structs import replace

from i3x.errors import I3XError
from i3x.failures import retold
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
    return _told_partial(result)


def broken_off(
    first: BulkDict[HistoricalValue], asked: list[str], reading: Reading, failure: BaseException
) -> BulkDict[HistoricalValue]:
    """Return what is whole of the first answer where something ends the asking for the others; they have the error."""
    error = failure
    if not isinstance(error, I3XError):
        operation = "queryHistoricalValues"
        words = f"{operation}: {type(failure).__name__} before all of it was there"
        error = I3XError(words, operation=operation)
    about = error.element_id if len(asked) == 1 else None
    told = retold(error, str(error), element_id=about)
    told.__cause__ = error.__cause__
    failed = dict.fromkeys(asked, told)
    result = BulkDict({name: value for name, value in first.items() if name not in failed})
    result.errors = {**first.errors, **failed, **reading.errors}
    return _told_partial(result)


def _told_partial(result: BulkDict[HistoricalValue]) -> BulkDict[HistoricalValue]:
    """Say of the result what is said of its elements."""
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
