"""Tables that fit the terminal, also of a hundred thousand rows: those of rich take half a millisecond a row."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len, chop_cells
from rich.segment import Segment
from rich.style import Style

_GAP = 2
_LEAST_WIDTH = 8
_HEADER = Style(bold=True)


def table(headings: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> Iterator[list[Segment]]:
    """Give the lines of a table that is ``width`` columns wide at most; cells that are too long are folded."""
    widths = _fitting([max(map(cell_len, column)) for column in zip(headings, *rows, strict=True)], width)
    yield [Segment(line, _HEADER) for line in _row(headings, widths)]
    for row in rows:
        for line in _row(row, widths):
            yield [Segment(line)]


def _fitting(widths: list[int], width: int) -> list[int]:
    """Return the widths of the columns, with the widest made narrower as far as it takes."""
    room = width - _GAP * (len(widths) - 1)
    most = max(widths)
    while most > _LEAST_WIDTH and sum(min(each, most) for each in widths) > room:
        most -= 1
    return [min(each, most) for each in widths]


def _row(cells: Sequence[str], widths: Sequence[int]) -> Iterator[str]:
    """Give the lines of one row."""
    if all(cell_len(cell) <= width for cell, width in zip(cells, widths, strict=True)):
        yield _line(cells, widths)
        return
    # chop_cells() returns nothing for a text without a width, be it empty or of combining characters alone.
    folded = [chop_cells(cell, width) or [cell] for cell, width in zip(cells, widths, strict=True)]
    for number in range(max(map(len, folded))):
        yield _line([parts[number] if number < len(parts) else "" for parts in folded], widths)


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    padded = (cell + " " * (width - cell_len(cell)) for cell, width in zip(cells, widths, strict=True))
    return (" " * _GAP).join(padded).rstrip()
