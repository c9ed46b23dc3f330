"""Seasonal nearest neighbour: was it ever so at this time of day?

The smoothed value is kept for each quarter of an hour of the last two weeks. What is judged is
its distance to the nearest of them within a quarter or two on the clock, on any other day.
"""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import habit_state as h

Head = NDArray[np.float64]
Codes = NDArray[np.int16]

DAY_MS = 86_400_000
SLOT_MS = DAY_MS // h.SLOTS
KEPT_WEIGHT = 0.2
FAST_WEIGHT = 0.3
SLOW_WEIGHT = 0.1
ANEW_CELLS = 10.0  # until the slowest of them has found its value
FAR = np.int32(1_000_000)
BEYOND = 2e6  # codes: a value so far out, withheld, has no neighbours
LAST_PLACE = h.DAY_PLACES - 1
OWN_AT = h.AROUND * h.DAY_PLACES
PLACES = 2 * OWN_AT + h.DAY_PLACES
COUNTED = np.int32(1 << 20)  # more than twice the sum of all codes, so one number holds both


@kernel
def smooth(head: Head, x: float) -> None:
    """Follow a cell's mean with all three."""
    anew = max(head[h.ANEW] - 1.0, 0.0)
    known = ANEW_CELLS - head[h.ANEW] if head[h.ANEW] > 0.0 else head[h.CELLS]
    head[h.ANEW] = anew
    least = 1.0 / (min(known, head[h.CELLS]) + 1.0)
    head[h.KEPT] += max(KEPT_WEIGHT, least) * (x - head[h.KEPT])
    head[h.FAST] += max(FAST_WEIGHT, least) * (x - head[h.FAST])
    head[h.SLOW] += max(SLOW_WEIGHT, least) * (x - head[h.SLOW])


@kernel
def open_slot(head: Head, codes: Codes, time_ms: int) -> None:
    """Turn to the bin of this time; bins of two weeks ago, and those left out, become empty."""
    slot = time_ms // SLOT_MS
    old = int(head[h.SLOT])
    if slot == old and head[h.CELLS] > 0.0:
        return
    passed = min(slot - old, h.SLOTS * h.DAYS)
    for one in range(slot - passed + 1, slot + 1):
        codes[_place(one)] = h.NONE
    head[h.SLOT] = slot
    head[h.SLOT_SUM] = 0.0
    head[h.SLOT_COUNT] = 0.0


@kernel
def keep(head: Head, codes: Codes) -> None:
    """Put the smoothed value into the open bin."""
    head[h.SLOT_SUM] += head[h.KEPT]
    head[h.SLOT_COUNT] += 1.0
    mean = head[h.SLOT_SUM] / head[h.SLOT_COUNT]
    codes[_place(int(head[h.SLOT]))] = int(np.rint(mean / head[h.UNIT]))


@kernel
def _place(slot: int) -> int:
    """Days of one time of day lie side by side."""
    return h.DAYS_AT + OWN_AT + (slot % h.SLOTS) * h.DAY_PLACES + (slot // h.SLOTS) % h.DAYS


@kernel
def other_days(head: Head, codes: Codes) -> tuple[float, float, float]:
    """Distances of FAST and SLOW to the nearest of the other days, and these days' mean.

    FAST is compared with one slot more on each side of the present one, SLOW with two; the mean
    is that of the present slot. Distances are negative, the mean NaN, when there is none. All
    is one loop over all slots and days, as the compiler lays out one over 16 days as so many
    single steps, and a walk for each of the three would take twice the time.
    """
    slot = int(head[h.SLOT])
    today = np.int32((slot // h.SLOTS) % h.DAYS)
    unit = head[h.UNIT]
    fast, slow = _code_of(head[h.FAST], unit), _code_of(head[h.SLOW], unit)
    first = h.DAYS_AT + (slot % h.SLOTS) * h.DAY_PLACES
    near = codes[first : first + PLACES]
    to_fast, to_slow, packed = FAR, FAR, np.int32(0)
    for j in range(PLACES):
        code = np.int32(near[j])
        gone = (code == h.NONE) | (np.int32(j & LAST_PLACE) == today)
        away = np.int32(abs(np.int32(code - slow)))
        to_slow = min(FAR if gone else away, to_slow)
        away = np.int32(abs(np.int32(code - fast)))
        beside = (j < h.DAY_PLACES) | (j >= PLACES - h.DAY_PLACES)
        to_fast = min(FAR if gone | beside else away, to_fast)
        other = (j < OWN_AT) | (j >= OWN_AT + h.DAY_PLACES)
        packed = np.int32(packed + (np.int32(0) if gone | other else np.int32(code + COUNTED)))
    count = (packed + COUNTED // 2) // COUNTED
    mean = (packed - count * COUNTED) * unit / count if count > 0 else np.nan
    return (
        -1.0 if to_fast == FAR else float(to_fast) * unit,
        -1.0 if to_slow == FAR else float(to_slow) * unit,
        mean,
    )


@kernel
def _code_of(value: float, unit: float) -> np.int32:
    return np.int32(np.rint(min(max(value / unit, -BEYOND), BEYOND)))
