"""Quality as a small picture: a row for each stream or part, a column for each day.

Colour only repeats the number in a cell; what nobody can tell is an empty cell with a dash.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from math import floor

from lamppost.register import words
from lamppost.register.markup import Markup, tag

CELL_W, CELL_H, GAP = 44, 24, 3
LEFT, TOP = 116, 22
LABEL_CHARS = 15
GOOD, FAIR = 0.9, 0.7
"""Grades from which a cell is good, or fair."""

NEARLY = 1e-9
"""0.29 x 100 is a bit less than 29."""

Row = tuple[str, Mapping[int, float | None]]
"""The name of a row, and its grades by day; a day that is not there was not kept."""


def svg(rows: Sequence[Row], days: Sequence[int]) -> Markup:
    """Return the picture.

    Args:
        rows: From the top.
        days: First moments of the days, UTC ms, the oldest first.
    """
    width, height = LEFT + len(days) * CELL_W, TOP + len(rows) * CELL_H
    drawn = [
        tag("text", day_name(day), x=_x(n) + (CELL_W - GAP) / 2, y=14, text_anchor="middle")
        for n, day in enumerate(days)
    ]
    for n, (name, grades) in enumerate(rows):
        y = TOP + n * CELL_H
        drawn.append(tag("text", _short(name), x=LEFT - 8, y=y + 15, text_anchor="end"))
        drawn += [_cell(_x(m), y, grades.get(day)) for m, day in enumerate(days)]
    return tag(
        "svg.grades",
        *drawn,
        viewBox=f"0 0 {width} {height}",
        role="img",
        aria_label="Quality by day; the table below says the newest",
        style=f"max-width: {width}px",
    )


def level(grade: float | None) -> str:
    """Return in a word how good a grade is."""
    if grade is None:
        return "none"
    return "good" if grade >= GOOD else "fair" if grade >= FAIR else "poor"


def per_cent(grade: float | None) -> str:
    """Return a grade as a person reads it; what is nearly all is not all."""
    return words.DASH if grade is None else str(floor(grade * 100 + NEARLY))


def day_name(day_ms: int) -> str:
    """Return a day in few letters."""
    return f"{datetime.fromtimestamp(day_ms / 1_000, UTC):%m-%d}"


def _x(number: int) -> int:
    return LEFT + number * CELL_W


def _short(name: str) -> str:
    return name if len(name) <= LABEL_CHARS else f"…{name[1 - LABEL_CHARS :]}"


def _cell(x: int, y: int, grade: float | None) -> Markup:
    box = tag("rect", x=x, y=y, width=CELL_W - GAP, height=CELL_H - GAP, rx=4)
    told = tag(
        "text", per_cent(grade), x=x + (CELL_W - GAP) / 2, y=y + 15, text_anchor="middle"
    )
    return tag(f"g.{level(grade)}", box, told)
