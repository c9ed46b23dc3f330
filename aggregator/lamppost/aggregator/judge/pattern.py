"""Pattern memory: has this series drawn such a shape before?

A pattern is four points in a row, each the mean, or the farthest value, of some cells. Known
patterns are remembered as they were, similar ones merged, the one not seen for longest
forgotten. The novelty of a pattern is its distance to the nearest known one, in units of the
range the series had before; a pattern is learned only once it cannot be its own neighbour.
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import habit_state as h

Fine = NDArray[np.float32]
Codes = NDArray[np.int16]

MERGE = 0.1  # of the range: patterns nearer than this are one
DRIFT = 0.1  # weight of the newer of two that are one
PLACE = h.PATTERNS - 1  # the last bits of a distance give way to whose it is
NOBODY = np.int32(2**31 - 1)
STAMPS = 32_000
STAMPS_BACK = 16_000
FARTHEST = 1e3  # ranges: more is not told apart
ZERO, ONE = np.float32(0.0), np.float32(1.0)


@kernel
def add_cell(
    fine: Fine, mean: np.float32, low: np.float32, high: np.float32, doubt: np.float32
) -> None:
    """Take a cell (values are distances from the origin) into the open point of every scale."""
    for k in range(h.SCALES):
        fine[h.S_COUNT + k] += ONE
        fine[h.S_SUM + k] += mean
        fine[h.S_LOW + k] = min(fine[h.S_LOW + k], low)
        fine[h.S_HIGH + k] = max(fine[h.S_HIGH + k], high)
        fine[h.S_DOUBT + k] = max(fine[h.S_DOUBT + k], doubt)


@kernel
def end_point(fine: Fine, k: int, extreme: bool, step: int) -> float:
    """Append the open point of scale `k` to its past; returns the range before it."""
    at = h.SCALES_AT + k * h.SCALE_WIDTH
    mean = np.float64(fine[h.S_SUM + k]) / step
    low, high = np.float64(fine[h.S_LOW + k]), np.float64(fine[h.S_HIGH + k])
    points = np.float64(fine[at + h.S_POINTS])
    middle = np.float64(fine[at + h.S_MIDDLE]) if points > 0.0 else mean
    middle = 0.5 * (middle + mean)
    value = mean
    if extreme:
        value = high if abs(high - middle) >= abs(low - middle) else low
    lowest, highest = np.float64(fine[at + h.S_LOWEST]), np.float64(fine[at + h.S_HIGHEST])
    fine[at + h.S_MIDDLE] = middle
    doubt = int(fine[h.S_DOUBT + k])
    if doubt == 0:
        fine[at + h.S_LOWEST] = min(lowest, low)
        fine[at + h.S_HIGHEST] = max(highest, high)
    for j in range(h.PAST - 1):
        fine[at + h.S_PAST + j] = fine[at + h.S_PAST + j + 1]
    fine[at + h.S_PAST + h.PAST - 1] = value
    fine[at + h.S_BROKEN] = (int(fine[at + h.S_BROKEN]) << 1) & h.ALL_DOUBTS
    fine[at + h.S_DOUBTS] = (int(fine[at + h.S_DOUBTS]) << 1 | doubt) & h.ALL_DOUBTS
    fine[at + h.S_POINTS] = points + 1.0
    _open_point(fine, k)
    return float(highest - lowest)


@kernel
def _open_point(fine: Fine, k: int) -> None:
    fine[h.S_COUNT + k] = ZERO
    fine[h.S_SUM + k] = ZERO
    fine[h.S_LOW + k] = np.float32(np.inf)
    fine[h.S_HIGH + k] = np.float32(-np.inf)
    fine[h.S_DOUBT + k] = ZERO


@kernel
def settle_doubts(fine: Fine) -> None:
    """What was doubtful has turned out to be true."""
    for k in range(h.SCALES):
        fine[h.SCALES_AT + k * h.SCALE_WIDTH + h.S_DOUBTS] = ZERO
        fine[h.S_DOUBT + k] = ZERO


@kernel
def break_off(fine: Fine) -> None:
    """A sensor fault: no pattern leads over it, and the open points are dropped."""
    for k in range(h.SCALES):
        at = h.SCALES_AT + k * h.SCALE_WIDTH
        fine[at + h.S_BROKEN] = h.ALL_DOUBTS
        fine[at + h.S_DOUBTS] = ZERO
        _open_point(fine, k)
        fine[h.S_MEMBER + k] = ZERO


@kernel
def compare(
    fine: Fine, codes: Codes, scale: int, unit: float, reach: float, slack: float
) -> tuple[float, np.int32]:
    """Novelty of the newest pattern, and what is nearest to the one that may be learned now.

    Returns:
        Distance of the newest to the nearest known one, in units of `reach`, and what `learn`
        wants; both with one walk through the memory, because fetching it costs most.
    """
    known = int(fine[h.S_KNOWN + scale])
    if known == 0:
        return 0.0, NOBODY
    past = h.SCALES_AT + scale * h.SCALE_WIDTH + h.S_PAST
    newest, old = _nearest(fine, past, codes, scale, known, unit, slack * reach)
    return min(distance_of(newest) * unit / reach, FARTHEST), old


@kernel
def learn(
    fine: Fine, codes: Codes, scale: int, unit: float, reach: float, found: np.int32
) -> None:
    """Remember the pattern that ended `DELAY` points ago, unless it is in doubt or broken."""
    at = h.SCALES_AT + scale * h.SCALE_WIDTH
    unsure = int(fine[at + h.S_DOUBTS]) | int(fine[at + h.S_BROKEN])
    if unsure & h.LEARNED_DOUBTS:
        return
    known = int(fine[h.S_KNOWN + scale])
    past = at + h.S_PAST
    stamps = h.STAMPS_AT + scale * h.PATTERNS
    place, weight = known, 1.0
    if known > 0 and distance_of(found) * unit <= MERGE * reach:
        place, weight = int(found) & PLACE, DRIFT
    if place == h.PATTERNS:
        place = _oldest(codes, stamps)
    elif place == known:
        fine[h.S_KNOWN + scale] = known + 1.0
    _stamp(fine, scale, codes, stamps, place)
    codes_each = 1.0 / unit
    for j in range(h.POINTS):
        at_code = (scale * h.POINTS + j) * h.PATTERNS + place
        old = np.float64(codes[at_code])
        new = old + weight * (np.float64(fine[past + j]) * codes_each - old)
        codes[at_code] = int(np.rint(min(max(new, -h.LARGEST), h.LARGEST)))


@kernel
def distance_of(found: np.int32) -> float:
    """The distance in what `_nearest` returned, in codes."""
    return sqrt(np.float64(np.int32(found & ~PLACE).view(np.float32)))


@kernel
def _nearest(
    fine: Fine,
    past: int,
    codes: Codes,
    scale: int,
    known: int,
    unit: float,
    slack: float,
) -> tuple[np.int32, np.int32]:
    """The bits of the smallest squared distances.

    The first is that of the newest pattern, less `slack` in each point; the second that of the
    oldest one, whose last bits say which one is so near. The bits of floats that are not
    negative sort as the floats do, and the minimum of whole numbers may be taken in any order:
    so the compiler uses wide registers.
    """
    first = scale * h.POINTS * h.PATTERNS
    p0 = codes[first : first + h.PATTERNS]
    p1 = codes[first + h.PATTERNS : first + 2 * h.PATTERNS]
    p2 = codes[first + 2 * h.PATTERNS : first + 3 * h.PATTERNS]
    p3 = codes[first + 3 * h.PATTERNS : first + 4 * h.PATTERNS]
    codes_each = 1.0 / unit  # exact, as the unit is a power of two
    y0 = np.float32(np.float64(fine[past]) * codes_each)
    y1 = np.float32(np.float64(fine[past + 1]) * codes_each)
    y2 = np.float32(np.float64(fine[past + 2]) * codes_each)
    y3 = np.float32(np.float64(fine[past + 3]) * codes_each)
    past += h.DELAY
    x0 = np.float32(np.float64(fine[past]) * codes_each)
    x1 = np.float32(np.float64(fine[past + 1]) * codes_each)
    x2 = np.float32(np.float64(fine[past + 2]) * codes_each)
    x3 = np.float32(np.float64(fine[past + 3]) * codes_each)
    off = np.float32(slack * codes_each)
    newest, oldest = NOBODY, NOBODY
    for t in range(known):
        c0, c1 = np.float32(p0[t]), np.float32(p1[t])
        c2, c3 = np.float32(p2[t]), np.float32(p3[t])
        d0 = max(abs(c0 - x0) - off, ZERO)
        d1 = max(abs(c1 - x1) - off, ZERO)
        d2 = max(abs(c2 - x2) - off, ZERO)
        d3 = max(abs(c3 - x3) - off, ZERO)
        bits = np.float32((d0 * d0 + d1 * d1) + (d2 * d2 + d3 * d3)).view(np.int32)
        newest = min(bits, newest)
        e0, e1, e2, e3 = c0 - y0, c1 - y1, c2 - y2, c3 - y3
        bits = np.float32((e0 * e0 + e1 * e1) + (e2 * e2 + e3 * e3)).view(np.int32)
        oldest = min(np.int32((bits & np.int32(~PLACE)) | np.int32(t)), oldest)
    return newest & np.int32(~PLACE), oldest


@kernel
def _oldest(codes: Codes, stamps: int) -> int:
    stamp = codes[stamps : stamps + h.PATTERNS]
    best = NOBODY
    for t in range(h.PATTERNS):
        best = min(best, np.int32(np.int32(stamp[t]) * np.int32(h.PATTERNS) + np.int32(t)))
    return int(best) & PLACE


@kernel
def _stamp(fine: Fine, scale: int, codes: Codes, stamps: int, place: int) -> None:
    """Give `place` the highest number so far; all are set back before they overflow."""
    latest = int(fine[h.S_STAMP + scale])
    if latest >= STAMPS:
        for t in range(h.PATTERNS):
            codes[stamps + t] = max(int(codes[stamps + t]) - STAMPS_BACK, 0)
        latest -= STAMPS_BACK
    fine[h.S_STAMP + scale] = latest + 1.0
    codes[stamps + place] = latest + 1
