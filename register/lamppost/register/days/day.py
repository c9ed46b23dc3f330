"""One day of one channel: its readings laid on the minutes of a day. Pure.

A reading holds until the next one, or for as long as its channel may be silent (never less than
a minute): who reports a change only, and says so, has no gaps. A minute without a reading is a
gap; it counts for nothing and is never filled.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from lamppost.register.live import History

DAY_MS = 86_400_000
MINUTE_MS = 60_000
MINUTES_A_DAY = 1_440
HOUR_MINUTES = 60
HOLD_MAX_MS = 6 * 3_600_000
"""No reading tells of more than a quarter of a day, whatever was promised."""

FAULTY = frozenset({"range", "rate", "stuck", "spike", "gap", "bad", "noise", "drift"})
LATE = "late"


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one channel; the numbers are those of the good minutes.

    Attributes:
        minutes: Minutes with a good reading, at most 1,440.
        flagged: Minutes with a flag of a fault, left out.
        mean: Mean of the good minutes; None without any, like the others.
        p95: 95th percentile.
        p99: 99th percentile.
        peak: Highest.
        rise: Sum of all increases: what a counter has counted, also over a new beginning.
        low: Lowest.
        total: Sum of the good minutes' values.
        integral_h: Value times hours, in the unit times h: power to energy, flow to volume.
        first: The first good value: the count before the day's first increase.
        last: The last good value.
        late: Readings that came late, in minutes.
        gaps: How often a silence began.
        falls: How often the value was lower than the one before.
        flags: Minutes by flag of a fault.
    """

    minutes: int
    flagged: int = 0
    mean: float | None = None
    p95: float | None = None
    p99: float | None = None
    peak: float | None = None
    rise: float | None = None
    low: float | None = None
    total: float | None = None
    integral_h: float | None = None
    first: float | None = None
    last: float | None = None
    late: int = 0
    gaps: int = 0
    falls: int = 0
    flags: Mapping[str, int] = field(default_factory=dict)


def quantile(values: Sequence[float], q: float) -> float:
    """Return a quantile by linear interpolation between the sorted values.

    Args:
        values: At least one; any order.
        q: 0 to 1.
    """
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def good_values(history: History) -> tuple[list[float], int]:
    """Return the values of points without a fault, and how many were left out."""
    values, flagged = [], 0
    for value, flags in zip(history.value, history.flags, strict=True):
        if FAULTY.intersection(flags):
            flagged += 1
        elif isinstance(value, int | float) and math.isfinite(value):
            values.append(float(value))
    return values, flagged


def day_of(history: History, day_ms: int, interval_ms: int | None = None) -> Day:
    """Return one day of points as a row.

    Args:
        history: Points of the day, oldest first; others are left out.
        day_ms: The day's first moment.
        interval_ms: The longest silence the channel promised, or None.
    """
    hold = min(max(interval_ms or 0, MINUTE_MS), HOLD_MAX_MS) // MINUTE_MS
    grid: list[float | str | None] = [None] * MINUTES_A_DAY
    good: list[float] = []
    flags: Counter[str] = Counter()
    late, until = 0, [0] * MINUTES_A_DAY
    for at_ms, value, words in zip(history.time_ms, history.value, history.flags, strict=True):
        minute = (at_ms - day_ms) // MINUTE_MS
        if not 0 <= minute < MINUTES_A_DAY:
            continue
        late += LATE in words
        faults = FAULTY.intersection(words)
        until[minute] = hold
        if faults:
            grid[minute] = "faulty"
            flags.update(faults)
        elif isinstance(value, int | float) and math.isfinite(value):
            grid[minute] = float(value)
            good.append(float(value))
        elif isinstance(value, str):
            grid[minute] = "text"
        else:
            until[minute] = 0
    _hold(grid, until)
    return _row(grid, good, late, dict(sorted(flags.items())))


def _hold(grid: list[float | str | None], until: list[int]) -> None:
    """Let each reading hold for its minutes, or until the next one."""
    left, held = 0, None
    for minute, here in enumerate(grid):
        if here is not None:
            left, held = until[minute], here
        left -= 1
        if here is None and left >= 0:
            grid[minute] = held


def _row(
    grid: list[float | str | None], good: list[float], late: int, flags: dict[str, int]
) -> Day:
    values = [one for one in grid if isinstance(one, float)]
    told = sum(one == "text" for one in grid)
    flagged = sum(one == "faulty" for one in grid)
    gaps = sum(
        here is None and before is not None for before, here in pairwise(["start", *grid])
    )
    if not values:
        return Day(told, flagged, late=late, gaps=gaps, flags=flags)
    total = math.fsum(values)
    steps = list(pairwise(good))
    return Day(
        minutes=len(values) + told,
        flagged=flagged,
        mean=total / len(values),
        p95=quantile(values, 0.95),
        p99=quantile(values, 0.99),
        peak=max(values),
        rise=math.fsum(now - then if now >= then else max(now, 0.0) for then, now in steps),
        low=min(values),
        total=total,
        integral_h=total / HOUR_MINUTES,
        first=good[0],
        last=good[-1],
        late=late,
        gaps=gaps,
        falls=sum(now < then for then, now in steps),
        flags=flags,
    )
