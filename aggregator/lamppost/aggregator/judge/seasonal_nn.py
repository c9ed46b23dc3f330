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
    return h.DAYS_AT + (slot % h.SLOTS) * h.DAY_PLACES + (slot // h.SLOTS) % h.DAYS


@kernel
def other_days(head: Head, codes: Codes, value: float, around: int) -> float:
    """Distance to the nearest of the other days; negative when there is none.

    One loop over all bins and days, because the compiler lays out one over 16 days as so many
    single steps, which took a third of the tier's time.
    """
    slot = int(head[h.SLOT]) % h.SLOTS
    today = np.int32((int(head[h.SLOT]) // h.SLOTS) % h.DAYS)
    x = np.int32(np.rint(min(max(value / head[h.UNIT], -BEYOND), BEYOND)))
    first = h.DAYS_AT + max(slot - around, 0) * h.DAY_PLACES
    end = h.DAYS_AT + min(slot + around + 1, h.SLOTS) * h.DAY_PLACES
    near = codes[first:end]
    nearest = FAR
    for j in range(near.shape[0]):
        away = np.int32(abs(np.int32(np.int32(near[j]) - x)))
        gone = (near[j] == h.NONE) | (np.int32(j & LAST_PLACE) == today)
        nearest = min(FAR if gone else away, nearest)
    return -1.0 if nearest == FAR else float(nearest) * head[h.UNIT]


@kernel
def days_mean(head: Head, codes: Codes) -> float:
    """Mean of the other days at this time of day; NaN when there is none."""
    first = h.DAYS_AT + (int(head[h.SLOT]) % h.SLOTS) * h.DAY_PLACES
    today = (int(head[h.SLOT]) // h.SLOTS) % h.DAYS
    total, count = 0, 0
    for day in range(h.DAYS):
        if day != today and codes[first + day] != h.NONE:
            total += int(codes[first + day])
            count += 1
    return total * head[h.UNIT] / count if count > 0 else np.nan
