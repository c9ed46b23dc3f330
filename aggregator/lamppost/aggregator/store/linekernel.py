"""The kernel that writes columns as lines of line protocol."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.store.decimals import write_double, write_int, write_single

NAME_ROOM = 16


@kernel
def copy(
    source: NDArray[np.uint8], start: int, length: int, out: NDArray[np.uint8], at: int
) -> int:
    """Copy bytes to a place; return the place behind them."""
    for i in range(length):
        out[at + i] = source[start + i]
    return at + length


@kernel
def put_name(names: NDArray[np.uint8], row: int, out: NDArray[np.uint8], at: int) -> int:
    """Copy a name with all of its room, which is faster than to look how long it is."""
    for i in range(NAME_ROOM):
        out[at + i] = names[row, i]
    return at + int(names[row, NAME_ROOM])


@kernel
def write_lines(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    numbers: NDArray[np.float64],
    single: NDArray[np.bool_],
    counts: NDArray[np.int64],
    tags: NDArray[np.uint8],
    tag_spans: NDArray[np.int64],
    names: NDArray[np.uint8],
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
        names: uint8 (1 + f + i, NAME_ROOM + 1), measurement, names with "="; last the length.
        rare: uint8, texts of numbers beyond MAGNITUDE_MAX.
        rare_spans: int64 (r, 3), row * f + column, start and length, in that order.
        powers: `powers_of_ten()`.
        out: uint8, room for all lines and a name.
        ends: int64 (n,), filled: where each line ends, behind its newline.

    Returns:
        How many bytes were written.
    """
    at, next_rare, columns, stamp = 0, 0, len(numbers), 0
    for row in range(len(series)):
        at = put_name(names, 0, out, at)
        s = series[row]
        at = copy(tags, tag_spans[s, 0], tag_spans[s, 1], out, at)
        out[at] = 32
        at += 1
        for column in range(columns):
            number = numbers[column, row]
            if not np.isfinite(number):
                continue
            at = put_name(names, 1 + column, out, at)
            place = row * columns + column
            if next_rare < len(rare_spans) and rare_spans[next_rare, 0] == place:
                at = copy(rare, rare_spans[next_rare, 1], rare_spans[next_rare, 2], out, at)
                next_rare += 1
            else:
                at = put_number(number, single[column], powers, out, at)
            out[at] = 44
            at += 1
        at = put_counts(counts, row, names, 1 + columns, out, at)
        end = put_stamp(time_ms, row, ends, stamp, out, at)
        stamp, at = end - at, end
        ends[row] = at
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
    """Write a row's time; one poll has many readings, so the last row's is often the same."""
    if row == 0 or time_ms[row] != time_ms[row - 1]:
        return put_time(time_ms[row], out, at)
    out[at - 1] = 32
    return copy(out, ends[row - 1] - stamp, stamp, out, at)


@kernel
def put_number(
    number: float, is_single: bool, powers: NDArray[np.float64], out: NDArray[np.uint8], at: int
) -> int:
    """Write a number as short as it comes back the same."""
    if is_single:
        return write_single(number, powers, out, at)
    return write_double(number, powers, out, at)


@kernel
def put_time(time_ms: int, out: NDArray[np.uint8], at: int) -> int:
    """End a line: the last comma becomes a space, then time and newline."""
    out[at - 1] = 32
    at = write_int(time_ms, out, at)
    out[at] = 10
    return at + 1


@kernel
def put_counts(
    counts: NDArray[np.int64],
    row: int,
    names: NDArray[np.uint8],
    first: int,
    out: NDArray[np.uint8],
    at: int,
) -> int:
    """Write the counts of a row, a comma behind each; their names begin at `first`."""
    for column in range(len(counts)):
        at = put_name(names, first + column, out, at)
        at = write_int(counts[column, row], out, at)
        out[at] = 105
        out[at + 1] = 44
        at += 2
    return at
