"""A CSV file of measurements over time, read row by row: it may be larger than memory."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from lamppost.edge.drivers.seam import DriverError

TIME_COLUMN: Final = "timestamp"
MAX_LINE: Final = 10_000
"""Longest line, in characters: a file without line ends must not fill the memory."""

MS_FROM: Final = 1e11
"""Epoch numbers from here on are milliseconds: in seconds it would be the year 5138."""


class RecordingError(DriverError):
    """The file is no recording; its text says why."""


@dataclass(frozen=True, slots=True)
class Row:
    """One cell and when it was recorded (UTC ms)."""

    time_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Recording:
    """The column `column` over the column `timestamp` of a CSV file with a header."""

    path: Path
    column: str = "value"

    def rows(self) -> Iterator[Row]:
        """The rows in file order. A row without a time cannot be placed and is left out.

        Raises:
            RecordingError: the file cannot be read, or has not these columns.
        """
        try:
            with self.path.open(encoding="utf-8-sig", newline="") as stream:
                yield from self._rows(iter(lambda: stream.readline(MAX_LINE), ""))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise RecordingError(f"{self.path.name}: {error}") from None

    def first(self) -> Row:
        """The first row.

        Raises:
            RecordingError: there is none.
        """
        for row in self.rows():
            return row
        raise RecordingError(f"{self.path.name} has no row with a time")

    def _rows(self, lines: Iterator[str]) -> Iterator[Row]:
        reader = csv.reader(lines)
        header = [name.strip() for name in next(reader, [])]
        for name in (TIME_COLUMN, self.column):
            if name not in header:
                raise RecordingError(
                    f"{self.path.name} has the columns {', '.join(header)[:200] or 'none'}; "
                    f"{name!r} is needed"
                )
        at_time, at_value = header.index(TIME_COLUMN), header.index(self.column)
        for cells in reader:
            if len(cells) > max(at_time, at_value):
                time_ms = parse_time(cells[at_time])
                if time_ms is not None:
                    yield Row(time_ms, cells[at_value])


def parse_time(text: str) -> int | None:
    """UTC ms of an ISO 8601 time (UTC if it names no zone) or an epoch in s or ms, or None."""
    cell = text.strip()
    try:
        number = float(cell)
    except ValueError:
        pass
    else:
        if not -MS_FROM * 1000 < number < MS_FROM * 1000:
            return None
        return round(number) if abs(number) >= MS_FROM else round(number * 1000)
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return round(moment.timestamp() * 1000)
