"""Hourly means of sensors of which nobody has said what they belong to: a ring for each."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge.profile import MAX_VALUE

Array = NDArray[np.float64]

HOUR_MS = 3_600_000.0
DAY = 24
HOURS = 10 * DAY
FIRST_LOOK = 192  # hours after the first reading
SLAB = 64
OPEN, SUM, COUNT, DUE, HEAD_WIDTH = range(5)  # OPEN: hour since 1970, -1 before the first
OUT = c.NOT_THE_LAST | c.FAULTS | c.SUSPECT | c.MAINTENANCE


@kernel
def take_hours(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    value: Array,
    flags: NDArray[np.uint32],
    slot_of: NDArray[np.int32],
    heads: Array,
    rings: NDArray[np.float32],
) -> None:
    """Take judged readings in the order given.

    Args:
        series: int32, of each reading.
        time_ms: int64, of each reading.
        value: float64, of each reading.
        flags: uint32, the verdicts'.
        slot_of: int32[series], a row of `heads` and `rings`, -1 for none.
        heads: float64[slot, HEAD_WIDTH], kept from batch to batch.
        rings: float32[slot, HOURS]; the mean of hour h stands at h % HOURS, NaN for none.
    """
    heads, rings = borrowed(heads), borrowed(rings)
    for i in range(series.shape[0]):
        s = int(series[i])
        if s >= slot_of.shape[0] or slot_of[s] < 0:
            continue
        x = value[i]
        if int(np.int64(flags[i])) & OUT or not abs(x) <= MAX_VALUE:
            continue
        slot = int(slot_of[s])
        hour = np.floor(time_ms[i] / HOUR_MS)
        if hour > heads[slot, OPEN]:
            _turn(heads, rings, slot, hour)
        if hour == heads[slot, OPEN]:
            heads[slot, SUM] += x
            heads[slot, COUNT] += 1.0


@kernel
def _turn(heads: Array, rings: NDArray[np.float32], slot: int, hour: float) -> None:
    """End the open hour; those that nobody saw are blank."""
    before = heads[slot, OPEN]
    if before < 0.0:
        heads[slot, DUE] = hour + FIRST_LOOK
    else:
        if heads[slot, COUNT] > 0.0:
            rings[slot, int(before) % HOURS] = heads[slot, SUM] / heads[slot, COUNT]
        gap = int(min(hour - before, float(HOURS)))
        for ahead in range(1, gap):
            rings[slot, (int(before) + ahead) % HOURS] = np.nan
        rings[slot, int(hour) % HOURS] = np.nan
    heads[slot, OPEN] = hour
    heads[slot, SUM] = 0.0
    heads[slot, COUNT] = 0.0


class Hours:
    """The rings of all such sensors; one thread calls it."""

    def __init__(self) -> None:
        self._slot_of = np.full(0, -1, np.int32)
        self._slots: dict[int, int] = {}
        self._free: list[int] = []
        self._heads = np.empty((0, HEAD_WIDTH))
        self._rings = np.empty((0, HOURS), np.float32)

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def bytes_a_series(self) -> int:
        """Memory that one of them takes."""
        return 8 * HEAD_WIDTH + 4 * HOURS

    def add(self, series: int) -> None:
        """Begin a ring."""
        if not self._free:
            self._grow()
        if series >= len(self._slot_of):
            longer = np.full(max(series + 1, 2 * len(self._slot_of)), -1, np.int32)
            longer[: len(self._slot_of)] = self._slot_of
            self._slot_of = longer
        slot = self._free.pop()
        self._slot_of[series] = self._slots[series] = slot
        self._heads[slot] = (-1.0, 0.0, 0.0, np.inf)
        self._rings[slot] = np.nan

    def drop(self, series: int) -> None:
        """Forget one."""
        slot = self._slots.pop(series)
        self._slot_of[series] = -1
        self._heads[slot] = (-1.0, 0.0, 0.0, np.inf)
        self._free.append(slot)

    def update(
        self,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        value: Array,
        flags: NDArray[np.uint32],
    ) -> None:
        """Take judged readings in the order given."""
        take_hours(series, time_ms, value, flags, self._slot_of, self._heads, self._rings)

    def any_due(self) -> bool:
        """Whether a look at somebody is due, by the times of the readings alone."""
        return bool((self._heads[:, OPEN] >= self._heads[:, DUE]).any())

    def due(self) -> list[int]:
        """The series at which it is time to look, in order."""
        late = self._heads[:, OPEN] >= self._heads[:, DUE]
        return sorted(series for series, slot in self._slots.items() if late[slot])

    def looked(self, series: Sequence[int], every: float) -> None:
        """The next look is `every` hours away."""
        slots = [self._slots[one] for one in series]
        begun = [slot for slot in slots if self._heads[slot, OPEN] >= 0.0]
        last = max((float(self._heads[slot, OPEN]) for slot in begun), default=0.0)
        self._heads[begun, DUE] = np.maximum(last + every, self._heads[begun, DUE])

    def of(self, series: Sequence[int]) -> Array:
        """Means side by side, float64[series, HOURS]: the days until today, NaN for none."""
        slots = [self._slots[one] for one in series]
        opened = self._heads[slots, OPEN]
        end = int(opened.max()) // DAY * DAY
        hours = np.arange(end - HOURS, end)
        known = (hours < opened[:, None]) & (hours > opened[:, None] - HOURS)
        means = self._rings[slots][:, hours % HOURS].astype(np.float64)
        return np.where(known, means, np.nan)

    def state(self) -> dict[str, NDArray[Any]]:
        """Copies of all arrays, for a checkpoint."""
        series = sorted(self._slots)
        slots = [self._slots[one] for one in series]
        return {
            "series": np.array(series, np.int32),
            "heads": self._heads[slots],
            "rings": self._rings[slots],
        }

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `state` returned, of those that have a ring now.

        Raises:
            ValueError: the rings are not those of this release.
        """
        series, heads, rings = state["series"].tolist(), state["heads"], state["rings"]
        wanted = (len(series), HEAD_WIDTH), (len(series), HOURS)
        if (heads.shape, rings.shape) != wanted:
            raise ValueError(f"hours: came {heads.shape}, {rings.shape}, allowed {wanted}")
        for at, one in enumerate(series):
            if one in self._slots:
                self._heads[self._slots[one]] = heads[at]
                self._rings[self._slots[one]] = rings[at]

    def _grow(self) -> None:
        known = len(self._heads)
        more = max(SLAB, known // 2)
        blank = np.tile(np.array((-1.0, 0.0, 0.0, np.inf)), (more, 1))
        self._heads = np.concatenate([self._heads, blank])
        nothing = np.full((more, HOURS), np.nan, np.float32)
        self._rings = np.concatenate([self._rings, nothing])
        self._free += range(known + more - 1, known - 1, -1)
