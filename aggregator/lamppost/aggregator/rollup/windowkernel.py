"""Kernels that put readings into tumbling windows of several widths at once."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel

# counts[width, series, ...]
START = 0  # of the open window, NONE when there is none
N = 1
BAD = 2
ALARM = 3
GOOD = 4
DONE = 5  # where the last closed window ended
COUNTS = 6
# numbers[width, series, ...]
MIN = 0
MAX = 1
SUM = 2
LAST = 3
NUMBERS = 4
# rows_i[row, ...] and rows_f[row, ...]
ROW_WIDTH, ROW_SERIES, ROW_START, ROW_N, ROW_BAD, ROW_ALARM, ROW_COUNTS = range(7)
ROW_MIN, ROW_MAX, ROW_MEAN, ROW_LAST, ROW_P95, ROW_NUMBERS = range(6)

NONE = -(1 << 62)
KEPT = 64
"""Values a window keeps for its 95th percentile; of more, a random sample of so many."""

UNTRUSTED = c.RANGE | c.RATE | c.STUCK | c.SPIKE | c.BAD | c.NOISE | c.SCALE | c.DRIFT
MIX_A = np.uint64(0x9E3779B97F4A7C15)
MIX_B = np.uint64(0xBF58476D1CE4E5B9)
MIX_C = np.uint64(0x94D049BB133111EB)


@kernel
def emit(
    width: int,
    series: int,
    counts: NDArray[np.int64],
    numbers: NDArray[np.float64],
    kept: NDArray[np.float32],
    rows_i: NDArray[np.int64],
    rows_f: NDArray[np.float64],
    row: int,
) -> None:
    """Write the open window of a series as a row."""
    rows_i[row, ROW_WIDTH] = width
    rows_i[row, ROW_SERIES] = series
    rows_i[row, ROW_START] = counts[width, series, START]
    rows_i[row, ROW_N] = counts[width, series, N]
    rows_i[row, ROW_BAD] = counts[width, series, BAD]
    rows_i[row, ROW_ALARM] = counts[width, series, ALARM]
    good = counts[width, series, GOOD]
    for place in range(ROW_NUMBERS):
        rows_f[row, place] = np.nan
    if good > 0:
        low, high = numbers[width, series, MIN], numbers[width, series, MAX]
        rows_f[row, ROW_MIN] = low
        rows_f[row, ROW_MAX] = high
        rows_f[row, ROW_MEAN] = numbers[width, series, SUM] / good
        rows_f[row, ROW_LAST] = numbers[width, series, LAST]
        some = np.sort(kept[width, series, : min(good, KEPT)])
        # Of a sample the rank whose expectation is nearest to 95 %.
        rank = (95 * len(some) + 99) // 100 if good <= KEPT else (95 * (KEPT + 1) + 50) // 100
        p95 = float(some[rank - 1])
        rows_f[row, ROW_P95] = min(max(p95, low), high)  # float32 may round beyond them


@kernel
def put(
    w: int,
    s: int,
    value: float,
    counts: NDArray[np.int64],
    numbers: NDArray[np.float64],
    kept: NDArray[np.float32],
) -> None:
    """Put a trusted value into the open window of a series."""
    good = counts[w, s, GOOD]
    if good == 0 or value < numbers[w, s, MIN]:
        numbers[w, s, MIN] = value
    if good == 0 or value > numbers[w, s, MAX]:
        numbers[w, s, MAX] = value
    numbers[w, s, SUM] += value
    numbers[w, s, LAST] = value
    counts[w, s, GOOD] = good + 1
    if good < KEPT:
        kept[w, s, good] = value
        return
    # splitmix64 (Steele, Lea, Flood 2014): the same draw for the same reading, in any chunks.
    mixed = np.uint64(good) * MIX_A + np.uint64(s) * MIX_C
    mixed = (mixed ^ (mixed >> np.uint64(30))) * MIX_B
    mixed = (mixed ^ (mixed >> np.uint64(27))) * MIX_C
    mixed ^= mixed >> np.uint64(31)
    place = np.int64(mixed % np.uint64(good + 1))
    if place < KEPT:
        kept[w, s, place] = value


@kernel
def open_window(
    w: int,
    s: int,
    start: int,
    counts: NDArray[np.int64],
    numbers: NDArray[np.float64],
) -> None:
    """Begin an empty window."""
    counts[w, s, START] = start
    for place in range(N, DONE):
        counts[w, s, place] = 0
    numbers[w, s, SUM] = 0.0


@kernel
def take(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    value: NDArray[np.float64],
    flags: NDArray[np.uint32],
    widths: NDArray[np.int64],
    counts: NDArray[np.int64],
    numbers: NDArray[np.float64],
    kept: NDArray[np.float32],
    late: NDArray[np.bool_],
    rows_i: NDArray[np.int64],
    rows_f: NDArray[np.float64],
) -> int:
    """Put readings into the open windows of their series; a newer one closes the window.

    Args:
        series: int32 (n,).
        time_ms: int64 (n,), UTC; readings of a clock that is ahead are passed over.
        value: float64 (n,).
        flags: uint32 (n,), the verdicts.
        widths: int64 (w,), milliseconds, ascending.
        counts: int64 (w, s, COUNTS).
        numbers: float64 (w, s, NUMBERS).
        kept: float32 (w, s, KEPT).
        late: bool (n,), filled: the reading belongs to a window that is closed.
        rows_i: int64 (w * n or more, ROW_COUNTS), filled with closed windows.
        rows_f: float64 (w * n or more, ROW_NUMBERS), the same.

    Returns:
        How many windows were closed.
    """
    row = 0
    for i in range(len(series)):
        late[i] = False
        if flags[i] & c.CLOCK:
            continue
        s = series[i]
        for w in range(len(widths)):
            start = time_ms[i] // widths[w] * widths[w]
            if start < counts[w, s, DONE] or start < counts[w, s, START]:
                late[i] = True
                continue
            if start > counts[w, s, START]:
                if counts[w, s, START] != NONE:
                    emit(w, s, counts, numbers, kept, rows_i, rows_f, row)
                    counts[w, s, DONE] = counts[w, s, START] + widths[w]
                    row += 1
                open_window(w, s, start, counts, numbers)
            counts[w, s, N] += 1
            if flags[i] & c.ALARM:
                counts[w, s, ALARM] += 1
            if flags[i] & UNTRUSTED or not np.isfinite(value[i]):
                counts[w, s, BAD] += 1
            else:
                put(w, s, value[i], counts, numbers, kept)
    return row


@kernel
def close(
    until_ms: int,
    size: int,
    widths: NDArray[np.int64],
    counts: NDArray[np.int64],
    numbers: NDArray[np.float64],
    kept: NDArray[np.float32],
    rows_i: NDArray[np.int64],
    rows_f: NDArray[np.float64],
) -> int:
    """Close the windows of the first `size` series that ended by a time; return how many."""
    row = 0
    for w in range(len(widths)):
        for s in range(size):
            start = counts[w, s, START]
            if start == NONE or start + widths[w] > until_ms:
                continue
            emit(w, s, counts, numbers, kept, rows_i, rows_f, row)
            row += 1
            counts[w, s, START] = NONE
            counts[w, s, DONE] = start + widths[w]
    return row
