"""Whatever a server sends, what is shown is one line, fit for a terminal, and JSON is still the same JSON."""

import json
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from i3x.cli.durations import seconds
from i3x.cli.tables import table
from i3x.cli.words import cell, compact, one_line, printable
from tests.conftest import examples

texts = st.text(st.characters(exclude_categories=()), max_size=20)
values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=5,
)


@examples(2)
@given(values)
def test_json_is_one_printable_line_that_reads_back_the_same(value: Any) -> None:
    line = compact(value)

    assert line.isprintable()
    assert json.loads(line) == value


@examples(2)
@given(texts)
def test_texts_are_printable_and_those_that_were_stay_as_they_are(text: str) -> None:
    shown = printable(text)

    assert shown.isprintable()
    assert (shown == text) is text.isprintable()


@pytest.mark.parametrize(
    ("message", "line"),
    [
        ("one\ntwo", "one two"),
        ("one  \r\n\n  two\n", "one two"),
        ("tab\tbell\a", r"tab\tbell\x07"),
        ("lone \ud800 surrogate", r"lone \ud800 surrogate"),
        ("Förderpumpe 漢字", "Förderpumpe 漢字"),
    ],
)
def test_a_message_is_one_line(message: str, line: str) -> None:
    assert one_line(message) == line


@examples(2)
@given(values)
def test_cells_are_printable(value: Any) -> None:
    assert cell(value).isprintable()


rows = st.integers(1, 5).flatmap(
    lambda size: st.lists(
        st.lists(texts.map(printable), min_size=size, max_size=size), min_size=1, max_size=4
    )
)


@examples(2)
@given(rows, st.integers(60, 200))
def test_a_table_fits_the_terminal_and_loses_nothing(cells: list[list[str]], width: int) -> None:
    headings = ["NAME"] * len(cells[0])
    lines = ["".join(part.text for part in line) for line in table(headings, cells, width)]

    assert max(map(cell_len, lines)) <= width
    shown = Counter("".join(lines[1:]))
    for char, count in Counter("".join(text for row in cells for text in row)).items():
        assert shown[char] >= count or char == " "


@pytest.mark.parametrize("text", ["\U0001f3fb", "e\u0301", "\U0001f468\u200d\U0001f469", "\u0301"])
def test_characters_that_join_others_are_kept(text: str) -> None:
    (_, row) = table(["A", "B"], [[printable(text), "x"]], 80)

    assert row[0].text.startswith(printable(text))


def test_a_character_without_a_width_is_kept_beside_a_cell_that_is_folded() -> None:
    (_, *lines) = table(["A", "B"], [["\U0001f3fb", "x" * 80]], 60)

    assert sum(line[0].text.count("\U0001f3fb") for line in lines) == 1


def test_wide_characters_keep_columns_straight() -> None:
    lines = [
        "".join(part.text for part in line) for line in table(["A", "B"], [["漢字", "x"], ["ab", "y"]], 80)
    ]

    assert lines == ["A     B", "漢字  x", "ab    y"]


def test_a_narrow_terminal_folds_the_widest_column() -> None:
    rows = [["sensor-001", "x" * 30]]
    lines = ["".join(part.text for part in line) for line in table(["ID", "VALUE"], rows, 32)]

    assert lines == ["ID          VALUE", "sensor-001  " + "x" * 20, " " * 12 + "x" * 10]


@pytest.mark.parametrize(
    ("text", "length"), [("30s", 30), ("1.5m", 90), ("2h", 7200), ("1d", 86400), ("45", 45), ("250 ms", 0.25)]
)
def test_lengths_of_time(text: str, length: float) -> None:
    assert seconds(text) == length


@pytest.mark.parametrize("text", ["", "0", "0s", "-5s", "5 weeks", "s", "1e3", "nan", "٣s"])
def test_what_is_no_length_of_time(text: str) -> None:
    with pytest.raises(Exception, match="no length of time"):
        seconds(text)
