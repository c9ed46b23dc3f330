"""Columns as lines of line protocol, a million and more a second."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.store.decimals import MAGNITUDE_MAX, NUMBER_BYTES, powers_of_ten
from lamppost.aggregator.store.linekernel import NAME_ROOM, ROOM, write_lines
from lamppost.wire.series import FieldType, Measurement

COUNT_BYTES = 22  # an int64, its i and its comma
END_BYTES = 24  # blanks, time, newline
FIRST_SERIES = 1024
FIRST_BYTES = 65_536
POWERS = powers_of_ten()

Number = TypeVar("Number", np.uint8, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Block:
    """Lines in one buffer.

    Attributes:
        data: uint8, the lines, each with its newline.
        ends: int64, where each line ends in `data`.
        start: where the first line begins.
    """

    data: NDArray[np.uint8]
    ends: NDArray[np.int64]
    start: int = 0

    def __len__(self) -> int:
        return len(self.ends)

    @classmethod
    def of(cls, lines: Sequence[str]) -> "Block":
        """Return lines of text as a block; none of them may hold a newline of its own."""
        written = [line.encode() + b"\n" for line in lines]
        ends = np.cumsum([len(line) for line in written], dtype=np.int64)
        return cls(np.frombuffer(b"".join(written), np.uint8), ends)

    def part(self, first: int, behind: int) -> "Block":
        """Return some of the lines, without copying."""
        start = int(self.ends[first - 1]) if first else self.start
        return Block(self.data, self.ends[first:behind], start)

    @property
    def body(self) -> bytes:
        """The lines as one body, without the last newline."""
        if not len(self):
            return b""
        return self.data[self.start : int(self.ends[-1]) - 1].tobytes()

    def texts(self) -> list[str]:
        """The lines as text."""
        return [self.part(i, i + 1).body.decode() for i in range(len(self))]


class TagBook:
    """The escaped tags of each series in one buffer, by the series' index."""

    def __init__(self) -> None:
        self.buffer = np.empty(FIRST_BYTES, np.uint8)
        self.spans = np.zeros((FIRST_SERIES, 2), np.int64)
        self._used = 0

    def put(self, index: int, tags: str) -> None:
        """Enter a series, or its new tags."""
        text = np.frombuffer(tags.encode(), np.uint8)
        if index >= len(self.spans):
            self.spans = _grown(self.spans, index + 1)
        if self._used + len(text) + ROOM > len(self.buffer):
            self.buffer = _grown(self.buffer, self._used + len(text) + ROOM)
        self.buffer[self._used : self._used + len(text)] = text
        self.spans[index] = self._used, len(text)
        self._used += len(text)


def _grown(array: NDArray[Number], least: int) -> NDArray[Number]:
    wider = np.zeros((max(least, 2 * len(array)), *array.shape[1:]), array.dtype)
    wider[: len(array)] = array
    return wider


class ColumnLines:
    """Writes the rows of one measurement.

    Args:
        measurement: its floats and integers are written, the integers of every row.
        single: names of the floats that are float32, which nine digits tell.
    """

    def __init__(self, measurement: Measurement, single: Iterable[str] = ()) -> None:
        self.floats = measurement.names(FieldType.FLOAT)
        self.integers = measurement.names(FieldType.INTEGER)
        texts = [measurement.name, *(f",{name}=" for name in (*self.floats, *self.integers))]
        known = set(single)
        self._single = np.array([name in known for name in self.floats])
        self._names = _words(texts)
        fixed = sum(map(len, texts)) + NUMBER_BYTES * len(self.floats)
        self._row_bytes = fixed + COUNT_BYTES * len(self.integers) + END_BYTES

    def of(
        self,
        tags: TagBook,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        column: Callable[[str], NDArray[np.generic]],
    ) -> Block:
        """Return one line a row.

        Args:
            tags: knows all the series.
            series: int32 (n,).
            time_ms: int64 (n,).
            column: returns the column of a field, (n,).
        """
        rows = len(series)
        numbers = np.empty((len(self.floats), rows))
        for place, name in enumerate(self.floats):
            numbers[place] = column(name)
        counts = np.empty((len(self.integers), rows), np.int64)
        for place, name in enumerate(self.integers):
            counts[place] = column(name)
        rare, rare_spans = _rare(numbers, self._single)
        room = ROOM + rows * self._row_bytes + int(tags.spans[series, 1].sum())
        out = np.empty(room, np.uint8)
        ends = np.empty(rows, np.int64)
        write_lines(
            series, time_ms, numbers, self._single, counts, tags.buffer, tags.spans,
            self._names, rare, rare_spans, POWERS, out, ends,
        )  # fmt: skip
        return Block(out, ends)


def _words(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return short texts as two words each, with their lengths behind them."""
    rows = np.zeros((len(texts), 3), np.int64)
    for row, text in zip(rows, texts, strict=True):
        if len(text) > NAME_ROOM:
            raise ValueError(f"name {text!r} came, allowed: {NAME_ROOM} bytes")
        row[:2] = np.frombuffer(text.encode().ljust(NAME_ROOM, b"\0"), "<i8")
        row[2] = len(text)
    return rows


def _joined(texts: Iterable[str]) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return texts in one buffer, and start and length of each."""
    written = [text.encode() for text in texts]
    lengths = np.array([len(text) for text in written], np.int64)
    starts = np.cumsum(lengths) - lengths
    room = bytes(ROOM)
    return np.frombuffer(b"".join((*written, room)), np.uint8), np.column_stack(
        (starts, lengths)
    )


def _rare(
    numbers: NDArray[np.float64], single: NDArray[np.bool_]
) -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """Return the texts of the numbers that are too large or too small for the kernel."""
    size = np.abs(numbers[~single])
    beyond = (size >= 10.0**MAGNITUDE_MAX) | ((size <= 10.0**-MAGNITUDE_MAX) & (size > 0.0))
    if not beyond.any():
        return np.empty(0, np.uint8), np.empty((0, 3), np.int64)
    there = np.zeros(numbers.shape, np.bool_)
    there[~single] = beyond & np.isfinite(size)
    found = np.flatnonzero(there.T)
    texts, spans = _joined(map(repr, numbers.T.ravel()[found].tolist()))
    return texts, np.column_stack((found.astype(np.int64), spans))
