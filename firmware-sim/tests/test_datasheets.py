"""The pages in docs/datasheets are the truth: the code says the same, line by line."""

from pathlib import Path

import pytest

from lamppost.sim.registers import Register
from lamppost.sim.sheets import SHEETS, Sheet

PAGES = Path(__file__).parents[2] / "docs" / "datasheets"
COLUMNS = [
    "channel",
    "table",
    "address",
    "encoding",
    "scale",
    "offset",
    "unit",
    "low",
    "high",
    "noise",
    "quantisation",
    "class",
    "meaning",
]


def read_page(path: Path) -> list[dict[str, str]]:
    """Return the rows of the page's register table, cell by column."""
    rows = [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in path.read_text(encoding="utf-8").splitlines()
        if line.startswith("| ")
    ]
    start = rows.index(COLUMNS)
    table = []
    for row in rows[start + 1 :]:
        if len(row) != len(COLUMNS):
            break
        table.append(dict(zip(COLUMNS, row, strict=True)))
    return table


def number(cell: str, default: float) -> float:
    """Return a cell as a number; bits leave theirs empty."""
    return float(cell) if cell else default


def as_register(row: dict[str, str]) -> Register:
    """Build the register that a row of the page describes."""
    return Register(
        channel=row["channel"],
        table=row["table"],  # type: ignore[arg-type]
        address=int(row["address"]),
        encoding=row["encoding"],  # type: ignore[arg-type]
        meaning=row["meaning"],
        channel_class=row["class"],
        unit=row["unit"],
        low=number(row["low"], 0.0),
        high=number(row["high"], 1.0),
        noise=number(row["noise"], 0.0),
        quantum=number(row["quantisation"], 1.0),
        scale=number(row["scale"], 1.0),
        offset=number(row["offset"], 0.0),
    )


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=lambda sheet: sheet.model)
def test_the_page_and_the_code_are_equal(sheet: Sheet) -> None:
    """Every register of the page is in the code with every column equal, and none besides."""
    rows = read_page(PAGES / f"{sheet.model}.md")
    assert tuple(as_register(row) for row in rows) == sheet.registers


def test_every_page_has_a_model() -> None:
    """No page describes a device that cannot be simulated."""
    assert {path.stem for path in PAGES.glob("*.md")} == set(SHEETS)


@pytest.mark.parametrize("sheet", SHEETS.values(), ids=lambda sheet: sheet.model)
def test_scale_and_quantisation_agree(sheet: Sheet) -> None:
    """An integer register's smallest step is its scale."""
    steps = [(r.scale, r.quantum) for r in sheet.registers if "int" in r.encoding]
    assert all(scale == quantum for scale, quantum in steps)
