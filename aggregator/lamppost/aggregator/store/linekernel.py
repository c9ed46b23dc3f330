"""The kernel that writes columns as lines of line protocol."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.store.decimals import write_double, write_int, write_single
from lamppost.aggregator.store.words import get_word, put_word

NAME_ROOM = 16
ROOM = 32
"""So many bytes must lie behind the texts that are copied, and behind the lines."""


@kernel
def copy(
    source: NDArray[np.uint8], start: int, length: int, out: NDArray[np.uint8], at: int
) -> int:
    """Copy bytes to a place, sixteen at a time; return the place behind them."""
    for i in range(0, length, 16):
        put_word(out, at + i, get_word(source, start + i))
        put_word(out, at + i + 8, get_word(source, start + i + 8))
    return at + length


@kernel
def put_name(names: NDArray[np.int64], row: int, out: NDArray[np.uint8], at: int) -> int:
    """Copy a name with all of its room, which is faster than to look how long it is."""
    put_word(out, at, names[row, 0])
    put_word(out, at + 8, names[row, 1])
    return at + int(names[row, 2])


@kernel
def write_lines(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    numbers: NDArray[np.float64],
    single: NDArray[np.bool_],
    counts: NDArray[np.int64],
    tags: NDArray[np.uint8],
    tag_spans: NDArray[np.int64],
    names: NDArray[np.int64],
    rare: NDArray[np.uint8],
    rare_spans: NDArray[np.int64],
    powers: NDArray[np.float64],
    out: NDArray[np.uint8],
    ends: NDArray[np.int64],
) -> int:
    """Write one line a row: measurement, tags, numbers, counts, time.

    Args:
        series: int32 (n,), row of `tag_spans`.
        time_ms: int64 (n,), milliseconds.
        numbers: float64 (f, n); what is not finite is left out.
        single: bool (f,), whether the column holds float32 numbers.
        counts: int64 (i, n), i of 1 or more, all of them written.
        tags: uint8, escaped tags of all series, each with its comma in front.
        tag_spans: int64 (s, 2), start and length in `tags`.
        names: int64 (1 + f + i, 3), the words of the measurement and of the names, each of
            these with a comma in front and "=" behind; and how many bytes they are.
        rare: uint8, texts of numbers beyond MAGNITUDE_MAX.
        rare_spans: int64 (r, 3), row * f + column, start and length, in that order.
        powers: `powers_of_ten()`.
        out: uint8, room for all lines and ROOM.
        ends: int64 (n,), filled: where each line ends, behind its newline.

    Returns:
        How many bytes were written.
    """
    at, columns, stamp = 0, len(numbers), 0
    rares, next_rare = len(rare_spans), 0
    for row in range(len(series)):
        at = put_name(names, 0, out, at)
        s = series[row]
        head = at = copy(tags, tag_spans[s, 0], tag_spans[s, 1], out, at)
        for column in range(columns):
            number = numbers[column, row]
            if not np.isfinite(number):
                continue
            at = put_name(names, 1 + column, out, at)
            if next_rare < rares and rare_spans[next_rare, 0] == row * columns + column:
                at = copy(rare, rare_spans[next_rare, 1], rare_spans[next_rare, 2], out, at)
                next_rare += 1
            elif single[column]:
                at = write_single(number, powers, out, at)
            else:
                at = write_double(number, powers, out, at)
        at = put_counts(counts, row, names, 1 + columns, out, at)
        out[head] = 32  # instead of the first name's comma
        end = put_stamp(time_ms, row, ends, stamp, out, at)
        stamp, at = end - at, end
        ends[row] = at
    return at


@kernel
def put_counts(
    counts: NDArray[np.int64],
    row: int,
    names: NDArray[np.int64],
    first: int,
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Write the counts of a row; their names begin at `first`."""
    for column in range(len(counts)):
        at = put_name(names, first + column, out, at)
        at = write_int(counts[column, row], out, at)
        out[at] = 105
        at += 1
    return at


@kernel
def put_stamp(
    time_ms: NDArray[np.int64],
    row: int,
    ends: NDArray[np.int64],
    stamp: int,
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """End a line; one poll has many readings, so the last row's end is often the same."""
    if row > 0 and time_ms[row] == time_ms[row - 1]:
        return copy(out, ends[row - 1] - stamp, stamp, out, at)
    out[at] = 32
    time = time_ms[row]
    at = write_int(time, out, at + 1)
    out[at] = 10
    return at + 1
