"""The judge: gives every reading its verdict, tier by tier."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge import habit_state as h
from lamppost.aggregator.judge import instrument_state as w
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.clocks import find_clocks, watch_clocks
from lamppost.aggregator.judge.habit import habit_tier
from lamppost.aggregator.judge.habit_profile import HABITS, HabitProfile
from lamppost.aggregator.judge.instrument import instrument_tier
from lamppost.aggregator.judge.level import level_tier
from lamppost.aggregator.judge.maintenance import maintenance_tier
from lamppost.aggregator.judge.neighbours import (
    LEAST,
    MAX_NEAR,
    NEAR_WIDTH,
    neighbours_tier,
)
from lamppost.aggregator.judge.odds import ODDS_WIDTH, odds_tier
from lamppost.aggregator.judge.profile import DEFAULT, Profile, packed
from lamppost.aggregator.judge.quality import quality_tier
from lamppost.aggregator.judge.room import as_rows, bytes_of, on_lines, put_rows, taller
from lamppost.aggregator.judge.silence import find_silent
from lamppost.aggregator.lanes import LANES

Array = NDArray[np.float64]
AnyArray = NDArray[Any]

SLAB = 1024  # series; room grows by whole slabs, and at least by half
UNSET = -1.0


@dataclass(frozen=True, slots=True)
class Tier:
    """A kernel and what it keeps: some arrays `[series, width]`.

    Tiers are called one after the other over the same batch, with one signature (see
    `quality.quality_tier`; each of the tier's arrays is an argument). A tier reads the verdict
    columns the ones before it filled, and its own state; never another's state.

    Attributes:
        name: told to operators and in figures.
        run: the kernel.
        blanks: by name of its array, the row every series begins with; its type is the array's.
    """

    name: str
    run: Callable[..., None]
    blanks: Mapping[str, AnyArray]


SIDE_BY_SIDE = {"quality", "level"}
"""Arrays `[block, column, lane]`: their tiers judge the series of a block at once."""


def _lanes_of(name: str) -> int:
    return LANES if name in SIDE_BY_SIDE else 1


def _blank(width: int, unset: tuple[int, ...] = ()) -> Array:
    row = np.zeros(width)
    row[list(unset)] = UNSET
    return row


CHANNELS, QUALITY, MAINTENANCE, LEVEL, HABIT = (
    "channels",
    "quality",
    "maintenance",
    "level",
    "habit",
)
INSTRUMENT, NEIGHBOURS, CLOCKS, ODDS = "instrument", "neighbours", "clocks", "odds"
NEAR = "near"
TIERS = (
    Tier(
        QUALITY,
        quality_tier,
        {
            QUALITY: _blank(
                q.QUALITY_WIDTH,
                (q.LAST, q.SEEN, q.BAD_SINCE, q.BAD_SEEN, q.OUT_SINCE, q.FIRST, q.HELD_SINCE),
            )
        },
    ),
    Tier(
        INSTRUMENT,
        instrument_tier,
        {INSTRUMENT: _blank(w.INSTRUMENT_WIDTH, (w.C_SINCE,))},
    ),
    Tier(
        NEIGHBOURS,
        neighbours_tier,
        {NEIGHBOURS: _blank(w.NEIGHBOURS_WIDTH), NEAR: np.full(NEAR_WIDTH, -1, np.int32)},
    ),
    Tier(MAINTENANCE, maintenance_tier, {MAINTENANCE: _blank(q.MAINTENANCE_WIDTH)}),
    Tier(LEVEL, level_tier, {LEVEL: _blank(q.LEVEL_WIDTH)}),
    Tier(
        HABIT,
        habit_tier,
        {HABIT: h.HEAD_BLANK, "habit-fine": h.FINE_BLANK, "habit-codes": h.CODES_BLANK},
    ),
    Tier(ODDS, odds_tier, {ODDS: _blank(ODDS_WIDTH)}),
)
CHANNEL_BLANK = np.zeros(q.CHANNEL_WIDTH)
CHANNEL_BLANK[[q.LOW, q.HIGH]] = np.nan
CHANNEL_BLANK[q.LEVEL_FACTOR : q.FALSE_A_WEEK] = 1.0
BLANKS: dict[str, AnyArray] = {CHANNELS: CHANNEL_BLANK, CLOCKS: _blank(w.CLOCKS_WIDTH)}
for _tier in TIERS:
    BLANKS.update(_tier.blanks)


class Judge:
    """State of all series and the tiers that judge them. One thread calls it.

    Args:
        capacity: series to make room for at once; more is made as they come.
        profile: parameters of the quality and the level tier.
        habits: parameters of the habit tier.
    """

    def __init__(
        self, capacity: int = SLAB, profile: Profile = DEFAULT, habits: HabitProfile = HABITS
    ) -> None:
        self.profile = profile
        self.habits = habits
        self._parameters = packed(profile)
        self._habits = packed(habits)
        self._count = 0
        self._arrays: dict[str, AnyArray] = {
            name: on_lines(0, blank, _lanes_of(name)) for name, blank in BLANKS.items()
        }
        self.grow(capacity)

    def __len__(self) -> int:
        return self._count

    @property
    def capacity(self) -> int:
        """Series there is room for."""
        return len(self._arrays[CHANNELS])

    @property
    def bytes_per_series(self) -> int:
        """Memory that one series takes, all tiers together."""
        return bytes_of(BLANKS)

    def add_series(
        self,
        index: int,
        low: float | None,
        high: float | None,
        heartbeat_ms: int | None,
        kind: int,
        *,
        rate_per_s: float | None = None,
    ) -> None:
        """Prepare a series, or take a birth's new limits for a known one (its memory stays).

        Args:
            index: dense number of the series; room grows as needed.
            low: lowest plausible value, None when undeclared.
            high: highest plausible value, None when undeclared.
            heartbeat_ms: longest silence by contract, None when there is none.
            kind: columns.NUMERIC or columns.BOOLEAN; others are only watched for silence.
            rate_per_s: largest plausible change a second, None when undeclared.
        """
        if index >= self.capacity:
            self.grow(max(index + 1, self.capacity * 3 // 2))
        self._count = max(self._count, index + 1)
        self._arrays[CHANNELS][index, : q.COUNTER] = (
            np.nan if low is None else low,
            np.nan if high is None else high,
            rate_per_s or 0.0,
            heartbeat_ms or 0.0,
            kind,
        )

    def relate(
        self, index: int, lead: int, *, counter: bool = False, temperature: bool = False
    ) -> None:
        """Say what a series, once added, is and belongs to.

        Args:
            index: the series.
            lead: the first series of its node; a node's clock is kept with that.
            counter: it only ever rises, by declaration.
            temperature: it may be read in Fahrenheit instead of Celsius, or the other way.
        """
        channels = self._arrays[CHANNELS]
        channels[index, q.COUNTER] = counter
        channels[index, q.TEMPERATURE] = temperature
        channels[index, q.LEAD] = lead + 1

    def compare(self, index: int, neighbours: Sequence[int], least: int = 1) -> None:
        """Say which others measure the same as a series, once all of them are added.

        Args:
            index: the series.
            neighbours: at most MAX_NEAR, itself not among them; none for none.
            least: so many of them have to speak before it is compared with them.
        """
        row = self._arrays[NEAR][index]
        row[:] = -1
        row[: len(neighbours)] = neighbours[:MAX_NEAR]
        row[LEAST] = least
        self._arrays[CHANNELS][index, q.NEAR] = len(neighbours)

    def tune(
        self,
        index: int,
        *,
        level_factor: float = 1.0,
        spike_factor: float = 1.0,
        stuck_factor: float = 1.0,
        silence_factor: float = 1.0,
        false_a_week: float = 0.0,
        rate_per_s: float = 0.0,
    ) -> None:
        """Give a series, once added, a profile of its own.

        Args:
            index: the series.
            level_factor: times its noise, as far as the level tier and its band go.
            spike_factor: times the height at which an excursion is one.
            stuck_factor: times the time a healthy value may stand.
            silence_factor: times the silence allowed.
            false_a_week: process alarms told of healthy readings; 0 for what the profiles say.
            rate_per_s: largest plausible change a second; 0 for what was declared.
        """
        channels = self._arrays[CHANNELS]
        if rate_per_s > 0.0:
            channels[index, q.RATE] = rate_per_s
        channels[index, q.LEVEL_FACTOR :] = (
            level_factor,
            spike_factor,
            stuck_factor,
            silence_factor,
            false_a_week,
        )

    def grow(self, capacity: int) -> None:
        """Make room for series up to `capacity`, in whole slabs; never shrinks."""
        rows = -(-capacity // SLAB) * SLAB
        if rows <= self.capacity:
            return
        self._arrays = {
            name: taller(array, rows, BLANKS[name], _lanes_of(name))
            for name, array in self._arrays.items()
        }

    def update(
        self,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        quality: NDArray[np.int16],
        historical: NDArray[np.uint8],
        now_ms: int,
        out: Verdicts,
    ) -> None:
        """Judge readings in the order given; `out` (room for as many) receives the verdicts.

        Every index in `series` must have been added. The result is the same under any chunking
        of the stream, except that `now_ms` bounds how far ahead a stamp may be.
        """
        for tier in TIERS:
            self.run_tier(tier, series, time_ms, value, quality, now_ms, out)
        watch_clocks(
            series,
            time_ms,
            historical,
            now_ms,
            self._arrays[CHANNELS],
            self._arrays[QUALITY],
            self._arrays[CLOCKS],
            self._parameters,
        )

    def run_tier(
        self,
        tier: Tier,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        quality: NDArray[np.int16],
        now_ms: int,
        out: Verdicts,
    ) -> None:
        """One tier's part of `update`, which calls all of them in order; for measurements."""
        tier.run(
            series,
            time_ms,
            value,
            quality,
            now_ms,
            self._arrays[CHANNELS],
            *(self._arrays[name] for name in tier.blanks),
            self._habits if tier.name == HABIT else self._parameters,
            out.flags,
            out.expected,
            out.low,
            out.high,
            out.score,
            out.severity,
            out.onset_ms,
            *((out.p,) if tier.name == ODDS else ()),
        )

    def seen(self, series: NDArray[np.int32], now_ms: int) -> None:
        """Restart silence timers as if `series` had spoken: births, texts, a restart."""
        array, block, lane = self._arrays[QUALITY], series // LANES, series % LANES
        array[block, q.SEEN, lane] = now_ms
        array[block, q.SILENT, lane] = 0.0

    def unwatch(self, series: NDArray[np.int32]) -> None:
        """Expect nothing more of `series` until they speak again: a birth has left them out."""
        self._arrays[QUALITY][series // LANES, q.SEEN, series % LANES] = UNSET

    def pause(self, series: NDArray[np.int32], *, paused: bool) -> None:
        """Begin or end maintenance of `series`: meanwhile no process tier judges or learns."""
        self._arrays[MAINTENANCE][series, q.PAUSED] = float(paused)

    def sweep(self, now_ms: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Series newly silent for too long, and since when; for `Events.silent`."""
        series = np.empty(self._count, np.int32)
        since_ms = np.empty(self._count, np.int64)
        found = find_silent(
            self._count,
            now_ms,
            self._arrays[CHANNELS],
            self._arrays[QUALITY],
            self._parameters,
            series,
            since_ms,
        )
        return series[:found], since_ms[:found]

    def clocks(self) -> tuple[NDArray[np.int32], NDArray[np.int64], Array]:
        """Nodes whose clock went wrong or right again since the last call.

        Returns:
            Their first series, since when by our clock, and by how many ms the clock is ahead
            of what it was (behind when negative); 0 when it is right again.
        """
        series = np.empty(self._count, np.int32)
        since_ms = np.empty(self._count, np.int64)
        ahead_ms = np.empty(self._count)
        found = find_clocks(self._count, self._arrays[CLOCKS], series, since_ms, ahead_ms)
        return series[:found], since_ms[:found], ahead_ms[:found]

    def disorder(self, index: int) -> tuple[int, int]:
        """How many readings of a series repeated a time, and how many were older."""
        row = self._arrays[QUALITY][index // LANES, :, index % LANES]
        return int(row[q.REPEATED]), int(row[q.DISORDERED])

    def state(self) -> dict[str, AnyArray]:
        """Copies of all state arrays, for a checkpoint."""
        return {
            name: as_rows(array)[: self._count].copy() for name, array in self._arrays.items()
        }

    def restore(self, state: Mapping[str, AnyArray]) -> None:
        """Take over what `state` returned.

        Raises:
            ValueError: the arrays are not those of this release's tiers.
        """
        wanted = {name: (len(blank), blank.dtype.str) for name, blank in BLANKS.items()}
        came = {name: (array.shape[-1], array.dtype.str) for name, array in state.items()}
        lengths = {len(array) for array in state.values()}
        if came != wanted or len(lengths) != 1:
            raise ValueError(f"judging state: came columns {came}, allowed {wanted}")
        count = lengths.pop()
        self.grow(count)
        self._count = count
        for name, array in self._arrays.items():
            put_rows(array, state[name])
