"""A historian that answers as the standard allows, and as servers do: limits, cuts, orders and refusals."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

import i3x
from i3x import nanoseconds
from i3x.history.questions import Question
from i3x.history.reading import Reading
from i3x.models import ResponseDetail

Stored = tuple[int, object, str]
Series = dict[str, list[Stored]]


@dataclass
class Historian:
    """Elements with their points, and the limits of the server that keeps them."""

    series: Series
    most_rows: int | None = None
    per_element: bool = False
    keeps: str = "oldest"
    order: str = "oldest first"
    has_start: bool = True
    has_end: bool = True
    keeps_time_to: int = 1
    rounds: str = "down"
    tells_time_to: int = 1
    names_cut: bool = True
    refuses_cut: bool = False
    silent_when_cut: bool = False
    longest: int | None = None
    slow_from: int | None = None
    ignores_range: bool = False
    always_cut: bool = False
    broken: tuple[int, int] | None = None
    fails: Callable[[str, Question], i3x.I3XError | None] | None = None
    text: Callable[[int], str] = nanoseconds.to_text
    requests: int = 0
    refused: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(1))

    def __call__(self, question: Question) -> i3x.BulkDict[i3x.HistoricalValue]:
        self.requests += 1
        asked = nanoseconds.of_text(question.start_time), nanoseconds.of_text(question.end_time)
        if self.is_exact:
            assert asked == (question.start, question.end)
        assert asked[0] <= question.start <= question.end <= asked[1]
        if self.longest is not None and question.length > self.longest:
            raise self.refusal(question, "the range is too long")
        if self.slow_from is not None and question.length > self.slow_from:
            raise i3x.TimeoutError("no answer in time")
        if self.broken is not None and question.start <= self.broken[1] and question.end >= self.broken[0]:
            raise self.refusal(question, "a block can't be read")
        answer: i3x.BulkDict[i3x.HistoricalValue] = i3x.BulkDict()
        left = self.most_rows
        cut = {}
        for element_id in question.element_ids:
            if (failure := self.failure(element_id, question)) is not None:
                answer.errors[element_id] = failure
                continue
            found = self.matching(element_id, question)
            kept = self.kept(found, left)
            cut[element_id] = self.always_cut or len(kept) < len(found)
            if left is not None and not self.per_element:
                left -= len(kept)
            answer[element_id] = i3x.HistoricalValue(
                element_id,
                False,
                [
                    i3x.VQT(value, quality, self.text(at // self.tells_time_to * self.tells_time_to))
                    for at, value, quality in kept
                ],
            )
        if self.refuses_cut and any(cut.values()):
            raise self.refusal(question, "too many rows")
        if self.silent_when_cut and any(cut.values()):
            raise i3x.TimeoutError("no answer in time")
        return self.told(answer, cut)

    def failure(self, element_id: str, question: Question) -> i3x.I3XError | None:
        if self.fails is not None and (failure := self.fails(element_id, question)) is not None:
            return failure
        return None if element_id in self.series else i3x.NotFoundError("unknown", 404)

    @property
    def is_exact(self) -> bool:
        """Whether it keeps and tells times as they are, and no point is in neither of two ranges that meet."""
        return max(self.keeps_time_to, self.tells_time_to) == 1 and self.has_start

    def kept_time(self, text: str) -> int:
        moment, unit = nanoseconds.of_text(text), self.keeps_time_to
        more = {"down": 0, "up": unit - 1, "to the nearest": unit // 2}[self.rounds]
        return (moment + more) // unit * unit

    def refusal(self, question: Question, words: str) -> i3x.BadRequestError:
        """Return the error of a request that was refused, as it comes out of a call for all of its elements."""
        self.refused += 1
        error = i3x.BadRequestError(words, 400)
        error.result = i3x.BulkDict()
        error.result.errors = dict.fromkeys(question.element_ids, error)
        return error

    def matching(self, element_id: str, question: Question) -> list[Stored]:
        stored = sorted(self.series[element_id], key=lambda point: point[0])
        if self.ignores_range:
            return stored
        start, end = self.kept_time(question.start_time), self.kept_time(question.end_time)
        first, last = start if self.has_start else start + 1, end if self.has_end else end - 1
        return [point for point in stored if first <= point[0] <= last]

    def kept(self, found: list[Stored], left: int | None) -> list[Stored]:
        kept = found
        if left is not None and len(found) > left:
            if self.keeps == "oldest":
                kept = found[:left]
            elif self.keeps == "newest":
                kept = found[len(found) - left :]
            else:
                kept = [found[index] for index in sorted(self.chance.sample(range(len(found)), left))]
        if self.order == "newest first":
            return kept[::-1]
        if self.order == "random":
            return self.chance.sample(kept, len(kept))
        return kept

    def told(
        self, answer: i3x.BulkDict[i3x.HistoricalValue], cut: dict[str, bool]
    ) -> i3x.BulkDict[i3x.HistoricalValue]:
        if not any(cut.values()):
            return answer
        for element_id, history in list(answer.items()):
            if cut[element_id] or not self.names_cut:
                answer[element_id] = i3x.HistoricalValue(
                    element_id, False, history.values, None, ResponseDetail("Partial Content", 206, "cut")
                )
        return answer


def read_all(
    historian: Historian,
    reading: Reading,
    most_requests: int = 2000,
    windows: list[i3x.HistoryWindow] | None = None,
) -> list[i3x.HistoryWindow]:
    """Read everything, as the drivers do."""
    windows = [] if windows is None else windows
    while True:
        while (window := reading.take()) is not None:
            windows.append(window)
        if (question := reading.question()) is None:
            return windows
        assert historian.requests < most_requests, "the engine does not come to an end"
        try:
            answer = historian(question)
        except i3x.I3XError as error:
            reading.failed(question, error)
        else:
            reading.answered(question, answer)


def points_in(windows: list[i3x.HistoryWindow]) -> dict[str, Counter[tuple[int, str, str]]]:
    """What was given out: element id -> (moment, value, quality), each as often as it came."""
    found: dict[str, Counter[tuple[int, str, str]]] = {}
    for window in windows:
        for element_id, history in window.histories.items():
            found.setdefault(element_id, Counter()).update(
                (nanoseconds.of_text(point.timestamp), repr(point.value), point.quality)
                for point in history.values
            )
    return found


def points_of(points: list[Stored]) -> Counter[tuple[int, str, str]]:
    """The same of what is stored."""
    return Counter((at, repr(value), quality) for at, value, quality in points)
