"""Parts of the habit tier as one would write them first: lists and loops, no codes, no bits."""

import math
from dataclasses import dataclass, field

import numpy as np


@dataclass
class Memory:
    """Known patterns of one scale, as plain values; the oldest is forgotten."""

    room: int
    known: list[list[float]] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)
    count: int = 0

    def distance(self, pattern: list[float], reach: float, slack: float) -> float:
        """To the nearest known pattern, in units of `reach`."""
        if not self.known:
            return 0.0
        return min(_apart(pattern, one, reach, slack) for one in self.known)

    def learn(self, pattern: list[float], reach: float) -> None:
        """Merge with what is near, else remember."""
        self.count += 1
        apart = [_apart(pattern, one, reach, 0.0) for one in self.known]
        if apart and min(apart) <= 0.1:
            place = apart.index(min(apart))
            self.known[place] = [
                a + 0.1 * (b - a) for a, b in zip(self.known[place], pattern, strict=True)
            ]
        elif len(self.known) < self.room:
            place = len(self.known)
            self.known.append(list(pattern))
            self.seen.append(0)
        else:
            place = self.seen.index(min(self.seen))
            self.known[place] = list(pattern)
        self.seen[place] = self.count


def _apart(one: list[float], other: list[float], reach: float, slack: float) -> float:
    gaps = [max(abs(a - b) / reach - slack, 0.0) for a, b in zip(one, other, strict=True)]
    return math.sqrt(sum(gap * gap for gap in gaps))


@dataclass
class Scale:
    """One scale of the pattern memory: cells in, novelty of each finished point out."""

    step: int
    extreme: bool
    slack: float
    memory: Memory
    cells: list[float] = field(default_factory=list)
    past: list[float] = field(default_factory=list)
    middle: float = 0.0
    low: float = 0.0
    high: float = 0.0

    def take(self, cell: float) -> float | None:
        """Novelty once a pattern is there; every cell is a single reading."""
        self.cells.append(cell)
        if len(self.cells) < self.step:
            return None
        mean, low, high = float(np.mean(self.cells)), min(self.cells), max(self.cells)
        self.cells = []
        self.middle = 0.5 * ((self.middle if self.past else mean) + mean)
        far = high if abs(high - self.middle) >= abs(low - self.middle) else low
        reach = self.high - self.low
        self.low, self.high = min(self.low, low), max(self.high, high)
        self.past.append(float(far if self.extreme else mean))
        if len(self.past) < 4 or reach <= 0:
            return None
        found = self.memory.distance(self.past[-4:], reach, self.slack)
        if len(self.past) >= 9:
            self.memory.learn(self.past[-9:-5], reach)
        return found


def other_days(kept: dict[int, float], slot: int, value: float, around: int) -> float | None:
    """Distance to what was kept near this time of day, on any of the last thirteen days."""
    day, bin_ = divmod(slot, 96)
    gaps = [
        abs(kept[one] - value)
        for one in kept
        if day - 13 <= one // 96 < day and abs(one % 96 - bin_) <= around
    ]
    return min(gaps) if gaps else None


def mean_of_days(kept: dict[int, float], slot: int) -> float:
    """Of what was kept at this time of day on the last thirteen days; NaN: there is nothing."""
    before = [kept[slot - 96 * days] for days in range(1, 14) if slot - 96 * days in kept]
    return float(np.mean(before)) if before else math.nan
