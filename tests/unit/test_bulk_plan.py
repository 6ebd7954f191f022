"""Cutting a bulk call into requests, against every kind of server: without I/O, so that all of it can be tried."""

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import i3x
from i3x.bulk.chunks import Chunk
from i3x.bulk.limits import MOST_AT_ONCE, START, Limits, Size
from i3x.bulk.plan import Outcome, Plan, Wait
from i3x.calls import Bulk, Call, Repeat
from i3x.errors import error_class

Part = i3x.BulkList[str]


def _error(status: int, detail: str = "no") -> i3x.I3XError:
    return error_class(status)(f"status {status}: {detail}", status, detail=detail)


def _failed(ids: Sequence[str], error: i3x.I3XError) -> Part:
    result = Part()
    result.errors.update(dict.fromkeys(ids, error))
    return result


def bulk(ids: Iterable[str], operation: str = "queryLastKnownValues", **options: Any) -> Bulk[Part]:
    """Return a bulk call whose items are their ids."""
    items = ((each, each.encode()) for each in ids)
    call = options.pop("call", _unused)
    return Bulk(operation, items, call, 20, Part, _failed, **options)


def _unused(ids: Sequence[str], texts: Sequence[bytes]) -> Any:
    raise AssertionError("a plan sends nothing")


def _call(ids: Sequence[str], texts: Sequence[bytes]) -> Call[Part]:
    return Call("updateObjectValues", "PUT", "/objects/value", lambda _: Part(ids), changes=True)


def names(count: int, length: int = 6) -> list[str]:
    return [f"{number:0{length}d}" for number in range(count)]


@dataclass
class Site:
    """A server, as far as a plan sees it: how it answers a request is ``answer``."""

    answer: Callable[[Chunk], i3x.I3XError | None]
    limits: Limits = field(default_factory=Limits)
    chance: random.Random = field(default_factory=lambda: random.Random(1))
    sent: list[Chunk] = field(default_factory=list[Chunk])
    refused: list[Chunk] = field(default_factory=list[Chunk])
    running: list[Chunk] = field(default_factory=list[Chunk])
    most_at_once: int = 0
    now: float = 0.0

    def run(self, call: Bulk[Part]) -> Part:
        """Carry a call out, with answers that come in any order."""
        plan = Plan(call, self.limits, patience=100.0)
        running = self.running
        while (step := plan.next(self.now)) is not None:
            if isinstance(step, Chunk):
                self.sent.append(step)
                running.append(step)
                self.most_at_once = max(self.most_at_once, len(running))
                assert len(running) == 1 or not plan.is_alone
                continue
            self.now += step.seconds or 0.0
            if running:
                chunk = running.pop(self.chance.randrange(len(running)))
                error = self.answer(chunk)
                if error is not None:
                    self.refused.append(chunk)
                plan.settle(chunk, _outcome(chunk, error), self.now)
        assert not running
        return plan.result()


def _outcome(chunk: Chunk, error: i3x.I3XError | None) -> Outcome[Part]:
    return Outcome(Part(chunk.ids)) if error is None else Outcome(error=error)


def takes(count: int = 10**9, size: int = 10**9, *, status: int = 400, detail: str = "no") -> Any:
    """Return how a server answers that takes so many items and bytes in a request."""

    def answer(chunk: Chunk) -> i3x.I3XError | None:
        if chunk.size.bytes > size:
            return _error(413, detail)
        return _error(status, detail) if chunk.size.count > count else None

    return answer


def refuses(bad: Iterable[str], status: int = 400) -> Any:
    """Return how a server answers that refuses every request with one of these items in it."""
    those = set(bad)
    return lambda chunk: _error(status, "malformed") if those.intersection(chunk.ids) else None


def halvings(count: int) -> int:
    return math.ceil(math.log2(max(count, 2)))


# --- sizes --------------------------------------------------------------------------------------------------


def test_what_fits_is_one_request() -> None:
    site = Site(takes())
    assert site.run(bulk(names(5000))) == names(5000)
    assert len(site.sent) == 1


def test_no_items_are_no_request() -> None:
    site = Site(takes())
    assert site.run(bulk([])) == []
    assert site.sent == []


def test_more_than_fits_is_several_requests_at_once() -> None:
    site = Site(takes())
    assert site.run(bulk(names(100_000))) == names(100_000)
    assert len(site.sent) == 10
    assert site.most_at_once == MOST_AT_ONCE


def test_an_item_that_is_larger_than_any_request_goes_alone() -> None:
    items = ["a", "x" * START.bytes, "b"]
    site = Site(takes())
    assert site.run(bulk(items)) == items
    assert [len(chunk.ids) for chunk in site.sent] == [1, 1, 1]


@given(
    count=st.integers(1, 3000), limit=st.integers(1, 1000), size=st.integers(60, 20_000), seed=st.integers()
)
def test_limits_are_found_with_few_requests_and_not_met_again(
    count: int, limit: int, size: int, seed: int
) -> None:
    site = Site(takes(limit, size), chance=random.Random(seed))
    assert site.run(bulk(names(count))) == names(count)
    assert len(site.refused) <= 2 * halvings(count) + 2  # each of the two limits is found by halving
    smallest = min(limit, (size - 20) // 7)
    assert len(site.sent) - len(site.refused) <= math.ceil(count / max(smallest // 2, 1)) + 2 * halvings(
        count
    )
    seen = len(site.refused)
    assert site.run(bulk(names(count))) == names(count)
    assert len(site.refused) == seen


@given(
    calls=st.lists(
        st.tuples(st.integers(1, 2000), st.integers(4, 40), st.sampled_from(["read", "write"])), max_size=6
    ),
    limit=st.integers(1, 500),
    size=st.integers(100, 20_000),
    status=st.sampled_from([400, 413]),
)
def test_nothing_as_large_as_what_was_refused_is_sent_again(
    calls: list[tuple[int, int, str]], limit: int, size: int, status: int
) -> None:
    site = Site(takes(limit, size, status=status))
    refused: dict[str, list[Size]] = {"read": [], "write": []}
    for count, length, operation in calls:
        first = len(site.sent)
        assert site.run(bulk(names(count, length), operation)) == names(count, length)
        known = refused[operation]
        assert not [chunk for chunk in site.sent[first:] if any(size.fits(chunk.size) for size in known)]
        refused[operation] += [chunk.size for chunk in site.sent[first:] if chunk in site.refused]


@pytest.mark.parametrize("status", [400, 422])
def test_a_limit_that_the_server_states_is_used_at_once(status: int) -> None:
    site = Site(takes(500, status=status, detail="10000 entries; this server takes 500 in one request"))
    site.run(bulk(names(10_000)))
    assert [chunk.size.count for chunk in site.refused] == [10_000]
    assert len(site.sent) == 21


@pytest.mark.parametrize(
    "detail",
    [
        "At most 500 ids per request, got 10000",
        "too many ids (error 2048); maximum is 500",
        "Too many elementIds: 10000 > 500",
        "List should have at most 500 items after validation, not 10000",
        "max_items=500",
        "the limit of 500 elements is exceeded",
        "Maximum number of elementIds per request: 500",
        "more than 500",
        "500 ids per request",
        "only 500 elements are allowed",
        "500 items at once",
    ],
)
def test_words_for_a_limit_are_understood(detail: str) -> None:
    site = Site(takes(500, detail=detail))
    site.run(bulk(names(10_000)))
    assert max(chunk.size.count for chunk in site.sent if chunk not in site.refused) == 500
    assert len(site.refused) == 1


def test_a_limit_in_bytes_that_the_server_states_is_used_at_once() -> None:
    site = Site(takes(size=20_000, detail="the limit is 20000 bytes"))
    site.run(bulk(names(10_000)))
    assert len(site.refused) == 1
    assert max(chunk.size.bytes for chunk in site.sent[1:]) <= 20_000


@pytest.mark.parametrize(
    "detail",
    [
        "sensor-17 is malformed",
        "at most 7 days",
        "the maximum is 5 kB",
        "limit 1,000",
        "HTTP/1.1 takes no more",
        "Limit exceeded (code 2)",
        "Limit exceeded in rule 7 of policy 42",
        "Request too large. See section 3 of the manual",
        "Maximum payload exceeded, retry in 30",
        "Maximum exceeded at index 400",
    ],
)
def test_numbers_that_are_no_limit_are_not_taken_for_one(detail: str) -> None:
    site = Site(takes(500, detail=detail))
    site.run(bulk(names(10_000)))
    assert max(chunk.size.count for chunk in site.sent if chunk not in site.refused) == 313


def test_a_stated_limit_that_is_wrong_does_no_harm() -> None:
    site = Site(takes(100, detail="the maximum is 500"))
    assert site.run(bulk(names(2000))) == names(2000)
    assert [chunk.size.count for chunk in site.refused][:3] == [2000, 500, 250]


def test_a_limit_of_one_operation_is_where_another_begins() -> None:
    site = Site(takes(500, detail="takes 500"))
    site.run(bulk(names(2000), "queryLastKnownValues"))
    before = len(site.sent)
    site.run(bulk(names(2000), "updateObjectValues"))
    assert [chunk.size.count for chunk in site.sent[before:]] == [500] * 4
    assert len(site.refused) == 1


def test_what_has_worked_for_an_operation_weighs_more_than_a_limit_of_another() -> None:
    site = Site(takes())
    site.run(bulk(names(2000), "queryLastKnownValues"))
    site.answer = takes(500)
    site.run(bulk(names(2000), "updateObjectValues"))
    site.answer = takes()
    before = len(site.sent)
    site.run(bulk(names(2000), "queryLastKnownValues"))
    assert len(site.sent) == before + 1


def test_a_limit_of_history_is_none_for_others() -> None:
    site = Site(takes(10))
    site.run(bulk(names(100), "queryHistoricalValues"))
    before = len(site.sent)
    site.answer = takes()
    site.run(bulk(names(100), "queryLastKnownValues"))
    assert len(site.sent) == before + 1


def test_a_size_that_is_not_known_to_work_goes_alone() -> None:
    site = Site(takes(500))
    plan = Plan(bulk(names(40_000)), site.limits)
    first = plan.next(0)
    assert isinstance(first, Chunk)
    assert plan.next(0) == Wait()
    plan.settle(first, Outcome(Part(first.ids)), 0)
    assert isinstance(plan.next(0), Chunk)
    assert isinstance(plan.next(0), Chunk)


def test_a_size_that_worked_in_an_earlier_call_goes_at_once() -> None:
    site = Site(takes())
    site.run(bulk(names(20_000)))
    plan = Plan(bulk(names(20_000)), site.limits)
    assert isinstance(plan.next(0), Chunk)
    assert isinstance(plan.next(0), Chunk)


def test_only_one_request_at_a_time_is_larger_than_what_has_worked() -> None:
    ids = [
        *names(1000, 300),
        *names(100_000),
    ]  # a few long ones, which fill a request, and then many short ones
    site = Site(takes(6000))
    assert site.run(bulk(ids)) == ids
    assert [chunk.size.count for chunk in site.refused] == [10_000]
    before = len(site.sent)
    site.most_at_once = 0
    assert site.run(bulk(ids)) == ids
    assert len(site.refused) == 1
    assert site.most_at_once == MOST_AT_ONCE
    assert len(site.sent) - before < 25


def test_requests_that_are_hardly_larger_than_what_has_worked_go_at_once() -> None:
    ids = [each for number in range(10) for each in names(10_000, 10 + number % 2)]
    site = Site(takes())
    plan = Plan(bulk(ids), site.limits)
    first = plan.next(0)
    assert isinstance(first, Chunk)
    plan.settle(first, Outcome(Part(first.ids)), 0)
    on_their_way = [plan.next(0) for _ in range(MOST_AT_ONCE)]
    assert all(isinstance(step, Chunk) for step in on_their_way)


# --- items that are to blame --------------------------------------------------------------------------------


@given(
    count=st.integers(2, 3000), bad=st.sets(st.integers(0, 2999), min_size=1, max_size=3), seed=st.integers()
)
def test_an_item_for_which_all_are_refused_fails_alone(count: int, bad: set[int], seed: int) -> None:
    ids = names(count)
    wrong = [ids[number] for number in sorted(bad) if number < count]
    site = Site(refuses(wrong), chance=random.Random(seed))
    good = [each for each in ids if each not in wrong]
    if not good:
        return
    result = site.run(bulk(ids))
    assert result == good
    assert sorted(result.errors) == wrong
    assert all(error.element_id == each for each, error in result.errors.items())
    assert len(site.sent) <= 1 + len(wrong) * (2 * halvings(count) + 2)


def test_an_item_that_is_to_blame_says_nothing_about_sizes() -> None:
    site = Site(refuses(["000000"]))
    site.run(bulk(names(10_000)))
    site.answer = takes()
    before = len(site.sent)
    site.run(bulk(names(10_000)))
    assert len(site.sent) == before + 1


@given(limit=st.integers(2, 600), bad=st.integers(0, 2999), seed=st.integers())
def test_a_limit_and_an_item_to_blame_are_told_apart(limit: int, bad: int, seed: int) -> None:
    ids = names(3000)
    both = (takes(limit), refuses([ids[bad]]))
    site = Site(lambda chunk: both[0](chunk) or both[1](chunk), chance=random.Random(seed))
    result = site.run(bulk(ids))
    assert list(result.errors) == [ids[bad]]
    assert len(result) == 2999
    assert len(site.sent) <= 3000 / max(limit // 2, 1) + 6 * halvings(3000)


def test_items_that_are_all_to_blame_are_not_sought_out_one_by_one() -> None:
    ids = names(10_000)
    site = Site(refuses(ids[5000:]))
    result = site.run(bulk(ids))
    assert result == ids[:5000]
    assert sorted(result.errors) == ids[5000:]
    assert len(site.sent) < 60


def test_every_second_item_to_blame_ends_with_few_requests() -> None:
    ids = names(10_000)
    site = Site(refuses(ids[::2]))
    result = site.run(bulk(ids))
    assert sorted([*result, *result.errors]) == ids
    assert len(site.sent) < 500


@pytest.mark.parametrize("count", [1, 2, 10, 10_000])
def test_a_call_that_is_refused_whatever_its_size_raises_the_servers_error(count: int) -> None:
    site = Site(lambda _: _error(400, "startTime must not be after endTime"))
    with pytest.raises(i3x.BadRequestError, match="startTime") as caught:
        site.run(bulk(names(count)))
    assert sorted(caught.value.result.errors) == names(count)
    assert len(site.sent) <= halvings(count) + 6
    assert site.limits.largest("queryLastKnownValues") == START


def test_a_deletion_that_is_refused_for_one_goes_on_one_by_one() -> None:
    ids = names(10)
    site = Site(lambda chunk: _error(404) if len(chunk.ids) > 1 else None)
    assert site.run(bulk(ids, one_by_one=frozenset((404,)))) == ids
    assert len(site.sent) == 11


# --- failures -----------------------------------------------------------------------------------------------


def fails(at: int, error: i3x.I3XError) -> Any:
    """Return how a server answers that takes 10 items a request, and fails one request."""
    return lambda chunk: error if chunk.start <= at < chunk.end else None


def ten_a_request() -> Limits:
    limits = Limits()
    for operation in ("queryLastKnownValues", "updateObjectValues"):
        limits.note_refused(operation, Size(20, 200), Size(10, 100), 400)
    return limits


@given(at=st.integers(0, 199), status=st.sampled_from([500, 502, 504]), seed=st.integers())
def test_a_failure_of_one_request_leaves_the_others_intact(at: int, status: int, seed: int) -> None:
    ids = names(200)
    site = Site(fails(at, _error(status)), ten_a_request(), random.Random(seed))
    result = site.run(bulk(ids))
    first = at // 10 * 10
    assert list(result.errors) == ids[first : first + 10]
    assert result == ids[:first] + ids[first + 10 :]


FATAL = [
    i3x.ConnectionError("it broke"),
    i3x.TimeoutError("no answer"),
    _error(401),
    _error(403),
    _error(404),
    _error(501),
    _error(503),
    _error(429),
]


@pytest.mark.parametrize("fatal", FATAL, ids=lambda error: f"{type(error).__name__} {error.status_code}")
@given(at=st.integers(10, 199), seed=st.integers())
def test_what_all_others_would_meet_too_ends_the_call(fatal: i3x.I3XError, at: int, seed: int) -> None:
    ids = names(200)
    site = Site(lambda chunk: fatal if chunk.end > at else None, ten_a_request(), random.Random(seed))
    result = site.run(bulk(ids, repeat=Repeat.NEVER))
    assert sorted([*result, *result.errors]) == ids
    sent = {each for chunk in site.sent for each in chunk.ids}
    for each, error in result.errors.items():
        assert isinstance(error, type(fatal))
        assert ("not sent" in str(error)) == (each not in sent)
        assert error.element_id is None
    assert len(site.refused) <= MOST_AT_ONCE


@pytest.mark.parametrize("fatal", FATAL, ids=lambda error: f"{type(error).__name__} {error.status_code}")
def test_a_call_of_which_nothing_worked_raises(fatal: i3x.I3XError) -> None:
    site = Site(lambda _: fatal, ten_a_request())
    with pytest.raises(type(fatal)) as caught:
        site.run(bulk(names(200)))
    assert caught.value is fatal
    assert len(site.sent) == 1
    assert list(caught.value.result.errors) == names(200)
    assert "not sent" in str(caught.value.result.errors["000199"])


def test_a_server_that_fails_every_request_is_not_sent_all_of_them() -> None:
    site = Site(lambda _: _error(500), ten_a_request())
    with pytest.raises(i3x.ServerError):
        site.run(bulk(names(2000)))
    assert len(site.sent) < 10


def test_failures_of_several_kinds_are_told_apart() -> None:
    site = Site(lambda chunk: _error(500) if not chunk.start else _error(401), ten_a_request())
    result = site.run(bulk(names(30)))
    assert [error.status_code for error in result.errors.values()] == [500] * 10 + [401] * 20


def test_what_was_not_sent_has_no_unknown_outcome() -> None:
    lost = i3x.ConnectionError("it broke")
    lost.outcome_unknown = True
    site = Site(fails(15, lost), ten_a_request(), random.Random(3))
    result = site.run(bulk(names(200), "updateObjectValues"))
    unknown = [each for each, error in result.errors.items() if error.outcome_unknown]
    assert unknown == names(200)[10:20]


def _lost_before_an_overload() -> tuple[Plan[Part], Chunk, Chunk]:
    """A plan with a request that was lost before the server was overloaded, and another one on its way."""
    plan = Plan(bulk(names(30), "updateObjectValues", call=_call), ten_a_request())
    first = plan.next(0)
    assert isinstance(first, Chunk)
    plan.settle(first, Outcome(Part(first.ids)), 0)
    lost, other = plan.next(0), plan.next(0)
    assert isinstance(lost, Chunk)
    assert isinstance(other, Chunk)
    doubted = _error(503)
    doubted.outcome_unknown = True
    plan.settle(lost, Outcome(error=doubted, retry_after=0.0), 0)
    return plan, lost, other


def test_what_was_lost_before_an_overload_is_sent_again_in_doubt() -> None:
    plan, lost, other = _lost_before_an_overload()
    assert plan.next(0) is lost
    assert plan.call(lost).in_doubt
    assert not plan.call(other).in_doubt


def test_what_was_lost_before_an_overload_and_then_not_sent_stays_in_doubt() -> None:
    plan, lost, other = _lost_before_an_overload()
    plan.settle(other, Outcome(error=_error(503), retry_after=0.0), 0)
    assert plan.next(0) is None
    errors = plan.result().errors
    assert "not sent" in str(errors[lost.ids[0]])
    assert [each for each, error in errors.items() if error.outcome_unknown] == lost.ids


# --- overload -----------------------------------------------------------------------------------------------


def test_an_overload_halves_what_is_sent_at_once_and_holds_all_back() -> None:
    limits = ten_a_request()
    plan = Plan(bulk(names(200)), limits)
    first = plan.next(0)
    assert isinstance(first, Chunk)
    plan.settle(first, Outcome(Part(first.ids)), 0)
    assert isinstance(plan.next(0), Chunk)
    plan.overloaded(0, 5.0)
    assert plan.next(1) == Wait(4.0)
    assert isinstance(plan.next(5), Chunk)
    assert plan.next(5) == Wait()
    assert limits.at_once == MOST_AT_ONCE // 2


@given(most=st.integers(1, 3), repeat=st.sampled_from([Repeat.ALWAYS, Repeat.UNSENT]), seed=st.integers())
def test_a_server_that_takes_only_so_many_at_once_is_served_to_the_end(
    most: int, repeat: Repeat, seed: int
) -> None:
    site = Site(takes(), ten_a_request(), random.Random(seed))
    site.answer = lambda _: _error(429) if len(site.running) >= most else None
    assert site.run(bulk(names(500), repeat=repeat)) == names(500)
    assert site.limits.at_once < MOST_AT_ONCE


def test_one_more_at_once_is_dared_after_a_calm() -> None:
    limits = Limits()
    limits.note_overload()
    for _ in range(100):
        limits.note_worked("queryLastKnownValues", Size(1, 1))
    assert limits.at_once == 3


@pytest.mark.parametrize("pause", [200.0, None])
def test_a_server_that_wants_to_be_left_alone_for_too_long_is_given_up(pause: float | None) -> None:
    plan = Plan(bulk(names(30)), ten_a_request(), patience=100.0)
    for _ in range(2):
        chunk = plan.next(0)
        assert isinstance(chunk, Chunk)
        is_first = chunk.start == 0
        plan.settle(
            chunk, Outcome(Part(chunk.ids)) if is_first else Outcome(error=_error(503), retry_after=pause), 0
        )
    assert plan.next(0) is None
    assert list(plan.result()) == names(10)


# --- what comes out -----------------------------------------------------------------------------------------


def _cut(ids: Sequence[str], detail: str | None) -> Outcome[Part]:
    part = Part(ids)
    part.partial = i3x.ResponseDetail("Partial Content", 206, detail) if detail is not None else None
    return Outcome(part)


@pytest.mark.parametrize(
    ("details", "words"),
    [
        ([None, None], None),
        (["cut at 1 MB", "cut at 1 MB"], "cut at 1 MB"),
        (["cut at 1 MB", None], "000000 to 000009, items 0 to 9: cut at 1 MB"),
        (["cut", "lost"], "000000 to 000009, items 0 to 9: cut; 000010 to 000019, items 10 to 19: lost"),
    ],
)
def test_what_was_cut_is_told_with_the_items_concerned(details: list[str | None], words: str | None) -> None:
    plan = Plan(bulk(names(20)), ten_a_request())
    for detail in details:
        chunk = plan.next(0)
        assert isinstance(chunk, Chunk)
        plan.settle(chunk, _cut(chunk.ids, detail), 0)
    assert plan.next(0) is None
    partial = plan.result().partial
    assert (partial and partial.detail) == words


def test_duplicates_are_items_of_their_own() -> None:
    site = Site(takes(), ten_a_request())
    ids = ["a", "b"] * 15
    assert site.run(bulk(ids)) == ids


def test_items_are_taken_only_as_far_as_they_are_sent() -> None:
    taken = 0

    def endless() -> Iterator[str]:
        nonlocal taken
        while True:
            taken += 1
            yield f"{taken:06d}"

    site = Site(lambda chunk: None if chunk.start < 100 else i3x.ConnectionError("it broke"), ten_a_request())
    result = site.run(bulk(endless(), is_whole=False))
    assert len(result) >= 100
    assert len(result) + len(result.errors) == taken <= 160


def test_items_that_raise_on_the_way_raise_when_the_ones_before_are_dealt_with() -> None:
    def broken() -> Iterator[str]:
        yield from names(25)
        raise ValueError("point 25 is wrong")

    site = Site(takes(), ten_a_request())
    with pytest.raises(ValueError, match="point 25") as caught:
        site.run(bulk(broken(), is_whole=False))
    assert sum(len(chunk.ids) for chunk in site.sent) == 25
    assert "25 items" in caught.value.__notes__[0]


# --- what may be refused for something else than its items ----------------------------------------------------


def asked_too_much(chunk: Chunk) -> i3x.I3XError | None:
    """Answer as a server that refuses what is asked for of any number of items, but no trial."""
    return None if chunk.is_trial else _error(400, "too much")


def test_a_refusal_that_fewer_items_would_not_mend_is_not_cut() -> None:
    site = Site(asked_too_much)
    for _ in range(2):
        with pytest.raises(i3x.BadRequestError, match="too much") as caught:
            site.run(bulk(names(1000), "queryHistoricalValues", trial=_unused))
        assert list(caught.value.result.errors) == names(1000)
    assert [(len(chunk.ids), chunk.is_trial) for chunk in site.sent] == [
        (1000, False),
        (1000, True),
        (1000, False),  # that as many work is known by now
    ]
    assert site.limits.largest("queryHistoricalValues") == START


@pytest.mark.parametrize("detail", ["no", "at most 500 at once"])
def test_a_refusal_for_the_number_of_items_is_cut_when_a_trial_is_refused_too(detail: str) -> None:
    site = Site(takes(500, detail=detail))
    for _ in range(2):
        assert site.run(bulk(names(1000), "queryHistoricalValues", trial=_unused)) == names(1000)
    assert [len(chunk.ids) for chunk in site.refused] == ([1000, 1000] if detail == "no" else [1000])


def test_one_trial_is_enough_for_a_call_that_is_wrong() -> None:
    site = Site(refuses(names(1000)))
    with pytest.raises(i3x.BadRequestError, match="malformed"):
        site.run(bulk(names(1000), trial=_unused))
    assert sum(chunk.refusal is not None for chunk in site.sent) == 1
    assert len(site.sent) <= halvings(1000) + 6


def test_the_number_of_items_is_found_with_trials_before_all_is_asked_of_few() -> None:
    site = Site(lambda chunk: takes(30)(chunk) or asked_too_much(chunk))
    for _ in range(2):
        with pytest.raises(i3x.BadRequestError):
            site.run(bulk(names(1000), "queryHistoricalValues", trial=_unused))
    sizes = [(len(chunk.ids), chunk.is_trial) for chunk in site.sent]
    trials = [(count, True) for count in (1000, 500, 250, 125, 63, 32, 16, 16)]
    assert sizes == [(1000, False), *trials, (16, False), (16, False)]


def test_a_limit_that_only_the_refusal_of_a_trial_states_is_used_at_once() -> None:
    limit = takes(30, detail="at most 30 at once")
    site = Site(lambda chunk: limit(chunk) if chunk.is_trial or chunk.size.count <= 30 else _error(400))
    assert site.run(bulk(names(100), "queryHistoricalValues", trial=_unused)) == names(100)
    assert [(len(chunk.ids), chunk.is_trial) for chunk in site.sent][:4] == [
        (100, False),
        (100, True),
        (30, True),
        (30, False),
    ]
    assert len(site.refused) == 2


@given(
    count=st.integers(2, 2000),
    limit=st.integers(1, 600),
    bad=st.integers(0, 1999),
    has_bad=st.booleans(),
    seed=st.integers(),
)
def test_a_limit_and_an_item_to_blame_are_told_apart_with_trials(
    count: int, limit: int, bad: int, has_bad: bool, seed: int
) -> None:
    ids = names(count)
    wrong = ids[bad : bad + 1] if has_bad else []
    both = (takes(limit), refuses(wrong))
    site = Site(lambda chunk: both[0](chunk) or both[1](chunk), chance=random.Random(seed))
    result = None
    try:
        result = site.run(bulk(ids, "queryHistoricalValues", trial=_unused))
    except i3x.BadRequestError as error:
        assert wrong
        result = error.result
    assert sorted([*result, *result.errors]) == ids
    assert set(wrong) <= set(result.errors)
    assert wrong or list(result) == ids
    assert len(site.refused) <= 4 * halvings(count) + 4


def test_what_worked_before_stays_and_the_rest_is_not_sent_when_a_later_part_asks_too_much() -> None:
    dense = names(100)[40]
    site = Site(
        lambda chunk: _error(400, "too much") if dense in chunk.ids and not chunk.is_trial else None,
        ten_a_request(),
    )
    site.limits._at_once = 1
    result = site.run(bulk(names(100), trial=_unused))
    assert result == names(100)[:40]
    assert list(result.errors) == names(100)[40:]
    assert all(isinstance(error, i3x.BadRequestError) for error in result.errors.values())
