"""Patterns of a server are tried where they are sure to end soon, and only there."""

import pytest

from i3x.patterns import Budget


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^[A-Z]{2}-[0-9]+$", "NW-4711"),
        (r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z$", "2025-01-08T10:30:00.123Z"),
        ("^(auto|manual|off)$", "manual"),
        (r"[a-z]+@[a-z]+", "somebody@example"),
        ("^(ab)*$", "ab" * 100),
        ("^[a-z]+$", "a" * 100_000),
    ],
)
def test_what_ends_soon_is_tried(pattern: str, text: str) -> None:
    assert Budget().allows(pattern, [text])


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("^(a+)+$", "a"),
        ("(.*)*x", "a"),
        ("(?:x?){30}x{30}", "x"),
        ("(?x)(a+) +$", "a"),
        ("(a+)(?#never)+$", "a"),
        (r"(a|a)(a|a)*\1+$", "a"),
        ("x?" * 30 + "x" * 30 + "y", "x" * 50),
        ("(?:x|xx)" * 30 + "y", "x" * 50),
        ("x*x*x*y", "x" * 1000),
        (r"(x*)\1\1y", "x" * 1000),
        ("x*y", "x" * 100_000),
        ("x{0,}x{0,}y", "x" * 1000),
        ("*" * 1_000_000, "x"),
        ("(", "a"),
        (r"\p{L}", "a"),
    ],
)
def test_what_may_take_for_ever_or_is_not_pythons_is_not_tried(pattern: str, text: str) -> None:
    assert not Budget().allows(pattern, [text])


def test_what_has_been_searched_counts() -> None:
    budget = Budget()
    tried = [budget.allows("x*y", ["x" * 1000]) for _ in range(1000)]
    assert tried[0]
    assert not tried[-1]
    assert not Budget().allows("x*y", ["x" * 1000] * 1000)
