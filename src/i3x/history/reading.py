"""What to ask next, and what to make of the answer: the engine that reads history, without I/O.

Each element is a track that is read from the start of the range to its end. The engine asks for those that lag
behind, over a window; whole answers move them on, to the window's end. An answer that was cut (206) is never
pieced together, since nothing says which part of it was kept: a shorter window, or fewer elements at once, are
asked for instead, until answers are whole. What is cut even so, at a single moment of a single element, is kept as
far as it goes and told as missing. Windows overlap by the moment that they share, since servers differ in whether
a range has its ends.

Nor is an answer that is said to be whole taken at its word where one that was cut has more of the same window. The
server may round the times that it is asked for, or those that it tells, or have neither end of a range: it is asked
again for times of a larger unit, or from a moment earlier. What is lacking even so is kept as far as it is known, and
told as missing, and so is what was read before in windows that such a server may not give in whole.

Where the server refuses many elements at once for the range, its length is found with one of them before all are
asked for. What was found out goes to the ranges that all calls of a client share, so that the next call keeps to it.

A server may call each answer cut, or refuse for ever. Patience ends therefore: each window that is given up halves
what is left of it, until whole answers restore it. Silence is no refusal: where a server does not answer in time
even for next to nothing of an element that it has answered for, or can't be reached at all, that is raised, so that
the range is asked for again.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from i3x import nanoseconds
from i3x.bulk.limits import Ranges
from i3x.errors import BadRequestError, I3XError
from i3x.histories import PROBE, is_cut, is_unreadable
from i3x.history.front import Front
from i3x.history.missing import tell_missing
from i3x.history.pace import SEAMS, Pace
from i3x.history.patience import Patience
from i3x.history.questions import Question, is_no_answer, is_refusal, is_refused_alone, is_silence
from i3x.history.scouting import Scout
from i3x.history.tracks import Kept, Lost, Track
from i3x.models import HistoricalValue, HistoryProgress, HistoryWindow, MissingHistory
from i3x.results import BulkDict

logger = logging.getLogger("i3x.history")

_TARGET = 50_000  # points that a window should have
_MOST_BYTES = 32 * 2**20  # of an answer for a window
_FIRST_ROWS = 5_000  # that the first window has if every element has one value a second
_SHORTEST = 1_000  # nanoseconds of a window that is refused; nothing shorter is tried then


class Reading:
    """The history of some elements over one range.

    ``in_windows`` says that it is given out window by window: these have a limited number of points, and what
    keeps the server from answering is raised. Otherwise all is kept until the end, and the first question is
    about the whole range, unless ``ranges``, which is what is known of the server, says that it takes no such.
    """

    def __init__(
        self,
        element_ids: Iterable[str],
        start_time: str,
        end_time: str,
        ranges: Ranges,
        *,
        in_windows: bool = False,
        window: int | None = None,
    ) -> None:
        self._texts = start_time, end_time
        self.errors: dict[str, I3XError] = {}
        self.missing: list[MissingHistory] = []
        self._start, self._end = map(nanoseconds.of_text, self._texts)
        self.start_time, self.end_time = map(nanoseconds.to_text, (self._start, self._end))
        self._in_windows = in_windows
        self._tracks = {element_id: Track(element_id) for element_id in element_ids}
        self._front = Front(self._tracks.values(), self._start, self._end)
        self._given_time = self.start_time
        self._looked_until: int | None = self._start
        self._elements = max(len(self._tracks), 1)
        self._is_limit_shared = False
        """Whether fewer elements at once help as shorter windows do; these are no shorter than a second then."""
        self._is_one_too_much = False
        """Whether even one element at a time needs shorter ones."""
        self._unit = 1
        """Of what times are asked for; larger than a nanosecond once a server does not seem to keep these."""
        self._margin = 0
        """How much earlier than a window is asked from, once ranges do not seem to have their ends."""
        self._are_seams_in_doubt = False
        self._window = window
        self._ranges = ranges
        self._scout = Scout(ranges)
        self._patience = Patience()
        self._points = 0
        self._requests = 0

    @cached_property
    def _pace(self) -> Pace:
        """How long the windows are; made when the first one is asked for, with what is known by then."""
        whole = length = self._end - self._start
        if self._in_windows:
            seconds = max(1, min(_FIRST_ROWS // max(len(self._tracks), 1), 3600))
            length = self._window or seconds * nanoseconds.SECOND
        target = _TARGET if self._in_windows else None
        return Pace(length, target, whole, len(self._tracks), self._ranges)

    # --- asking -----------------------------------------------------------------------------------------

    def question(self) -> Question | None:
        """Return what to ask next, None if everything is there that can be had."""
        if (start := self._front.start) is None:
            return None
        tracks = self._front.hindmost(1 if self._scout.is_out else self._elements)
        if tracks[0].is_narrowed:
            end, tracks = start, [track for track in tracks if track.is_narrowed]
        else:
            end = self._window_end(start, len(tracks)) if start < self._end else start
        is_last_try = len(tracks) == 1 and end - start <= self._unit
        return Question(
            [track.element_id for track in tracks],
            start,
            end,
            self._text(self._asked_from(start)),
            self._text(self._asked_until(end)),
            _MOST_BYTES if self._in_windows and not is_last_try else None,
        )

    def is_about_all(self, question: Question) -> bool:
        """Whether a question is about the whole range of all elements."""
        return question.length == self._end - self._start

    def _window_end(self, start: int, elements: int) -> int:
        latest, unit = self._front.next_level(start), self._least(elements)
        end = self._pace.end(start, latest)
        return end if unit == 1 else min(max(end // unit, start // unit + 1) * unit, latest)

    def _least(self, elements: int) -> int:
        """Return the shortest window of some elements."""
        is_second_enough = elements > 1 or not self._is_one_too_much
        return PROBE if self._is_limit_shared and is_second_enough else self._unit

    def _asked_from(self, start: int) -> int:
        return max((start - self._margin) // self._unit * self._unit, self._start)

    def _asked_until(self, end: int) -> int:
        return min(-(-end // self._unit) * self._unit, self._end)

    def _text(self, moment: int) -> str:
        """Return the text to send for a moment; the ends of the range are sent as the user gave them."""
        if moment == self._start:
            return self._texts[0]
        return self._texts[1] if moment == self._end else nanoseconds.to_text(moment)

    # --- answers ----------------------------------------------------------------------------------------

    def answered(self, question: Question, histories: BulkDict[HistoricalValue]) -> None:
        """Take in an answer.

        Raises an error of single elements that keeps the server from answering for them, unless all is kept until
        the end; they are asked for again.
        """
        self._requests += 1
        if self._scout.is_out:
            self._scouted(question, histories)
            return
        whole: dict[Track, Kept] = {}
        cut: dict[Track, Kept] = {}
        sizes = [0]
        for element_id, history in histories.items():
            kept = Kept(history, question.start, question.end)
            sizes += kept.sizes
            (cut if is_cut(history.partial) else whole)[self._tracks[element_id]] = kept
        lost = self._lost(question, whole)
        if lost and self._distrusts(question):
            return
        if whole and self._are_seams_in_doubt:
            self._settle_seams(has_helped=not lost)
        for track, kept in cut.items():
            track.remember(kept)
        if whole and not cut and not histories.errors:
            self._scout.note_answered(question, sizes)
        if whole:
            self._take_in(question, whole, lost, sum(sizes))
        if cut:
            self._cut(question, cut, sum(sizes))
        self._patience.note_sizes(sizes)
        if histories.errors:
            self._failed_elements(question, histories.errors)

    def _lost(self, question: Question, whole: dict[Track, Kept]) -> dict[Track, Lost]:
        """Return what answers that are said to be whole lack, as others before them tell, which were cut.

        The last moment of a window may be told by the next one.
        """
        is_last = question.end in (question.start, self._end)
        last = question.end if is_last else question.end - 1
        lost = {
            track: track.lost(kept, question.start, last) for track, kept in whole.items() if track.evidence
        }
        return {track: each for track, each in lost.items() if each}

    def _distrusts(self, question: Question) -> bool:
        """Ask again in another way if the server may have lost points for how it was asked; False if it can't have.

        Where times may have been rounded, these are of a larger unit from now on, and windows whose ends are no
        multiples of it may have lost points too. Where not, ranges may have neither of their ends.
        """
        unit, whole = max(self._unit_of(question), self._unit), SEAMS[0]
        if not question.length or (self._margin and self._unit == whole):
            return False
        if unit == whole and not self._margin:
            self._margin, self._are_seams_in_doubt = 1, True
            return True
        self._unit = min((larger for larger in SEAMS if larger > unit), default=whole)
        for track in self._tracks.values():
            track.widen()
            for start, end, unit in track.unsure:
                if unit < self._unit:
                    self._miss(
                        [track.element_id], start, end, "the server does not keep times of so small a unit"
                    )
            track.unsure = [each for each in track.unsure if each[2] >= self._unit]
        return True

    def _settle_seams(self, *, has_helped: bool) -> None:
        """Tell where windows met before, if what was lacking there has come once that moment was within a window."""
        self._are_seams_in_doubt = False
        for track in self._tracks.values() if has_helped else ():
            if track.seams is not None and track.seams[0] < track.seams[1]:
                detail = (
                    "ranges of the server have none of their ends: what is at those of requests did not come"
                )
                self._miss([track.element_id], *track.seams, detail)

    def _unit_of(self, question: Question) -> int:
        """Return the unit of time that both ends of a window are multiples of; the user's own are."""
        ends = [moment for moment in (question.start, question.end) if moment not in (self._start, self._end)]
        return next((unit for unit in SEAMS if not any(moment % unit for moment in ends)), 1)

    def _take_in(
        self, question: Question, whole: dict[Track, Kept], lost: dict[Track, Lost], rows: int
    ) -> None:
        """Move the tracks on whose answer is whole."""
        self._patience.restore()
        share, left = len(whole) / len(self._tracks), self._end - question.end
        self._pace.whole(question.length, rows, share, left)
        if len(question.element_ids) == self._elements and self._pace.may_take_more(rows):
            self._elements = min(self._elements * 2, len(self._tracks))
        unit = max(self._unit_of(question), self._unit)
        for track, kept in whole.items():
            track.is_proven = True
            if track in lost:
                kept.supply(lost[track])
            self._points += track.add(kept, question.start)
            track.forget(question.end)
            track.note_window(question.start, question.end, unit)
            if is_unreadable(kept.partial):
                self._miss([track.element_id], question.start, question.end, kept.words)
            is_doubtful = track.is_doubtful and not any(kept.sizes)
            track.widen()
            if track in lost or is_doubtful:
                detail = "the server knows more of this as part of a longer range, and cuts it there"
                self._miss([track.element_id], question.start, question.end, detail)
        self._front.move(whole, question.start, question.end)

    # --- answers that were cut --------------------------------------------------------------------------

    def _cut(self, question: Question, cut: dict[Track, Kept], rows: int) -> None:
        """Ask for less, or give up where less can't be asked for."""
        sizes = [size for kept in cut.values() for size in kept.sizes if size]
        for track in cut:
            track.is_proven = True
        self._patience.spend()
        self._is_limit_shared |= any(not any(kept.sizes) for kept in cut.values()) and bool(sizes)
        self._note_one_too_much(question)
        least = self._least(len(question.element_ids))
        if self._patience.is_in_vain(sum(sizes)):
            self._accept(question, cut)
        elif question.length <= least and len(cut) < len(question.element_ids):
            pass  # the others are whole, and leave more room in the next answer
        elif len(cut) > 1 and (question.length <= least or sum(sizes) < 2 * len(sizes)):
            self._elements = max(1, len(cut) // 2)
        elif question.length == 0:
            self._patience.note_cut_moment(sum(sizes))
            self._accept(question, cut)
        elif question.length <= self._unit > 1:
            self._accept(question, cut)
        elif question.length == 1:
            for track in cut:
                track.narrow(to_nothing=not rows)
        else:
            self._shorten(question, cut, rows)

    def _note_one_too_much(self, question: Question) -> None:
        self._is_one_too_much |= len(question.element_ids) == 1 and question.length <= PROBE

    def _shorten(self, question: Question, cut: dict[Track, Kept], rows: int) -> None:
        spans = [span for kept in cut.values() for span in kept.spans()]
        gap = min((first for first, _ in spans), default=question.start) - question.start
        span = min((last - first for first, last in spans if last > first), default=0)
        self._pace.cut(question.length, rows, gap, span)

    def _accept(self, question: Question, cut: dict[Track, Kept]) -> None:
        """Keep what there is of a window, and tell the rest as missing."""
        self._give_up(question, cut, next(iter(cut.values())).words)

    def _give_up(self, question: Question, tracks: Mapping[Track, Kept], detail: str) -> None:
        """Go on after a window, with what there is of it."""
        self._patience.give_up()
        self._pace.skip(question.length)
        for track, kept in tracks.items():
            kept.supply(track.lost(kept, question.start, question.end))
            self._points += track.add(kept, question.start)
            track.forget(question.end)
            track.widen()
        self._miss([track.element_id for track in tracks], question.start, question.end, detail)
        self._front.move(tracks, question.start, question.end)

    # --- one element ahead of many ----------------------------------------------------------------------

    def note_answered(self, question: Question, sizes: Sequence[int]) -> None:
        """Remember what the server takes; ``sizes`` are the points that it gave of each series."""
        self._scout.note_answered(question, sizes)

    def _scouted(self, question: Question, histories: BulkDict[HistoricalValue]) -> None:
        """Take in the answer for the one element that is asked for in the place of all."""
        (element_id,) = question.element_ids
        if (history := histories.get(element_id)) is None:
            self._scout.come_back()
            self._failed_elements(question, histories.errors)
            return
        self._patience.rest()
        self._tracks[element_id].is_proven = True
        self._scout.answered(question, history, self._pace)

    def _is_scouts_matter(self, question: Question, track: Track, error: I3XError) -> bool:
        """Whether a refusal only sends out the one element that finds the length, or is one that it has met."""
        if not self._scout.is_out:
            return self._scout.goes_out(question, track, error)
        if question.length > PROBE:
            self._scout.refused(question, track, self._pace)
        elif track.is_proven:
            return False
        else:
            self._scout.come_back()  # it may be this element alone: next to nothing is asked of all
        return True

    # --- failures ---------------------------------------------------------------------------------------

    def failed(self, question: Question, error: I3XError) -> None:
        """Take in that a question failed; raises the error if asking for less would not help.

        After that the same can be asked for again.
        """
        self._requests += 1
        if not is_refusal(error, question):
            raise error
        tracks = [self._tracks[element_id] for element_id in question.element_ids]
        if isinstance(error, BadRequestError):
            self._scout.note_refused(question)
        if self._is_scouts_matter(question, tracks[0], error):
            return
        unproven = [track for track in tracks if not track.is_proven]
        if unproven and question.length <= PROBE and len(tracks) == 1:
            if not any(track.is_proven for track in self._tracks.values()):
                raise error
            if is_silence(error):
                self._bear(error)
            self._lose(question, tracks[0], error)
        elif unproven:
            if question.length <= PROBE or is_refused_alone(error):
                self._elements = 1
            self._probe(question)
        else:
            self._refused(question, tracks, error)

    def _failed_elements(self, question: Question, errors: dict[str, I3XError]) -> None:
        refused: list[Track] = []
        raised: I3XError | None = None
        for element_id, error in errors.items():
            track = self._tracks[element_id]
            is_least = question.length <= PROBE and (len(question.element_ids) == 1 or not is_silence(error))
            if is_refusal(error, question) and (track.is_proven or not is_least):
                refused.append(track)
            elif self._in_windows and is_no_answer(error):
                raised = error
            else:
                self._lose(question, track, error)
        if refused:
            first = errors[refused[0].element_id]
            if all(track.is_proven for track in refused):
                self._refused(question, refused, first)
            else:
                if question.length <= PROBE:
                    self._elements = 1
                self._probe(question)
        if raised is not None:
            raise raised

    def _probe(self, question: Question) -> None:
        """Ask for so little that a refusal must have another reason than the size."""
        self._pace.refused(max(question.length, 1))
        self._pace.probe()

    def _refused(self, question: Question, tracks: list[Track], error: I3XError) -> None:
        """Ask for less, or give up the window after it was refused for too long; raises the error of silence."""
        if is_silence(error):
            self._bear(error, is_enough=question.length <= PROBE and len(tracks) == 1)
        else:
            self._patience.spend_on_refusal()
            self._is_limit_shared |= len(tracks) > 1
        self._note_one_too_much(question)
        is_least = question.length <= max(_SHORTEST, self._unit)
        if self._patience.is_over or question.length <= _SHORTEST or (is_least and len(tracks) == 1):
            nothing = {track: Kept(HistoricalValue(), question.start, question.end) for track in tracks}
            self._give_up(question, nothing, str(error))
        elif question.length <= PROBE and len(tracks) > 1:
            self._elements = max(1, len(tracks) // 2)
        else:
            self._pace.refused(question.length)

    def _bear(self, error: I3XError, *, is_enough: bool = False) -> None:
        """Raise the error of a server that does not answer, if it has not for long; it is met afresh after that."""
        self._patience.spend_on_refusal()
        if is_enough or self._patience.is_over:
            self._patience.rest()
            self._meet_afresh()
            raise error

    def _meet_afresh(self) -> None:
        """Forget what this reading has found out of the server's pace; the next question begins anew."""
        vars(self).pop("_pace", None)

    def _lose(self, question: Question, track: Track, error: I3XError) -> None:
        """Go on without an element."""
        self.errors[track.element_id] = error
        logger.warning("no history of %s: %s", track.element_id, error)
        if track.is_proven:
            self._miss([track.element_id], question.start, self._end, str(error))
        else:
            self._meet_afresh()  # what was refused before may have been refused for it alone
        self._front.leave([track], question.start)

    def _miss(self, element_ids: list[str], start: int, end: int, detail: str) -> None:
        tell_missing(self.missing, element_ids, start, end, detail)

    # --- giving out -------------------------------------------------------------------------------------

    def take(self) -> HistoryWindow | None:
        """Return the next window that is whole and has values, None if there is none yet, or any more."""
        end = self._front.start
        if end in (self._looked_until, self._end):
            return None  # a window up to the end of the range is the last one, and has the end itself
        self._looked_until = end
        found = {name: track.take(end) for name, track in self._tracks.items() if track.has_any(end)}
        if not found:
            return None
        since, self._given_time = self._given_time, nanoseconds.to_text(self._end if end is None else end)
        return HistoryWindow(since, self._given_time, found)

    def histories(self) -> dict[str, HistoricalValue]:
        """Return all there is, of the elements for which the server has answered at all."""
        return {name: track.take(None) for name, track in self._tracks.items() if track.is_proven}

    def progress(self) -> HistoryProgress:
        """Return how far it has come."""
        done = self._end if self._front.start is None else self._front.start
        length = self._end - self._start
        fraction = (done - self._start) / length if length else float(self._front.start is None)
        return HistoryProgress(fraction, self._points, nanoseconds.to_text(done), self._requests)
