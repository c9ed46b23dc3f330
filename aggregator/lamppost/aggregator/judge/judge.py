"""The judge: gives every reading its verdict, tier by tier."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.level import level_tier
from lamppost.aggregator.judge.maintenance import maintenance_tier
from lamppost.aggregator.judge.profile import DEFAULT, Profile
from lamppost.aggregator.judge.quality import quality_tier
from lamppost.aggregator.judge.silence import find_silent

Array = NDArray[np.float64]

SLAB = 1024  # series; room grows by whole slabs, and at least by half
UNSET = -1.0


@dataclass(frozen=True, slots=True)
class Tier:
    """A kernel and what it keeps: `state[series, width]`, each row beginning as `blank`.

    Tiers are called one after the other over the same batch, with one signature (see
    `quality.quality_tier`). A tier reads the verdict columns the ones before it filled, and its
    own state; never another's state.
    """

    name: str
    run: Callable[..., None]
    blank: tuple[float, ...]


def _blank(width: int, unset: tuple[int, ...]) -> tuple[float, ...]:
    return tuple(UNSET if column in unset else 0.0 for column in range(width))


TIERS = (
    Tier(
        "quality",
        quality_tier,
        _blank(
            q.QUALITY_WIDTH,
            (q.LAST, q.SEEN, q.BAD_SINCE, q.BAD_SEEN, q.OUT_SINCE, q.FIRST, q.HELD_SINCE),
        ),
    ),
    Tier("maintenance", maintenance_tier, _blank(q.MAINTENANCE_WIDTH, ())),
    Tier("level", level_tier, _blank(q.LEVEL_WIDTH, ())),
)
QUALITY, MAINTENANCE = 0, 1


class Judge:
    """State of all series and the tiers that judge them. One thread calls it.

    Args:
        capacity: series to make room for at once; more is made as they come.
        profile: parameters of all tiers.
    """

    def __init__(self, capacity: int = SLAB, profile: Profile = DEFAULT) -> None:
        self.profile = profile
        self._count = 0
        self._channels: Array = np.empty((0, q.CHANNEL_WIDTH))
        self._states: list[Array] = [np.empty((0, len(tier.blank))) for tier in TIERS]
        self.grow(capacity)

    def __len__(self) -> int:
        return self._count

    @property
    def capacity(self) -> int:
        """Series there is room for."""
        return len(self._channels)

    @property
    def bytes_per_series(self) -> int:
        """Memory that one series takes, all tiers together."""
        return sum(array.itemsize * array.shape[1] for array in [self._channels, *self._states])

    def add_series(
        self,
        index: int,
        low: float | None,
        high: float | None,
        heartbeat_ms: int | None,
        kind: int,
    ) -> None:
        """Prepare a series, or take a birth's new limits for a known one (its memory stays).

        Args:
            index: dense number of the series; room grows as needed.
            low: lowest plausible value, None when undeclared.
            high: highest plausible value, None when undeclared.
            heartbeat_ms: longest silence by contract, None when there is none.
            kind: columns.NUMERIC or columns.BOOLEAN; others are only watched for silence.
        """
        if index >= self.capacity:
            self.grow(max(index + 1, self.capacity * 3 // 2))
        self._count = max(self._count, index + 1)
        self._channels[index] = (
            np.nan if low is None else low,
            np.nan if high is None else high,
            heartbeat_ms or 0.0,
            kind,
        )

    def grow(self, capacity: int) -> None:
        """Make room for series up to `capacity`, in whole slabs; never shrinks."""
        rows = -(-capacity // SLAB) * SLAB
        if rows <= self.capacity:
            return
        self._channels = _taller(
            self._channels, rows, (np.nan, np.nan, *(0.0,) * (q.CHANNEL_WIDTH - 2))
        )
        self._states = [
            _taller(array, rows, tier.blank)
            for tier, array in zip(TIERS, self._states, strict=True)
        ]

    def update(
        self,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        quality: NDArray[np.int16],
        historical: NDArray[np.uint8],  # noqa: ARG002 - order decides, not the flag
        now_ms: int,
        out: Verdicts,
    ) -> None:
        """Judge readings in the order given; `out` (room for as many) receives the verdicts.

        Every index in `series` must have been added. The result is the same under any chunking
        of the stream, except that `now_ms` bounds how far ahead a stamp may be.
        """
        for tier, array in zip(TIERS, self._states, strict=True):
            tier.run(
                series,
                time_ms,
                value,
                quality,
                now_ms,
                self._channels,
                array,
                self.profile,
                out.flags,
                out.expected,
                out.low,
                out.high,
                out.score,
                out.severity,
                out.onset_ms,
            )

    def seen(self, series: NDArray[np.int32], now_ms: int) -> None:
        """Restart silence timers as if `series` had spoken: births, texts, a restart."""
        array = self._states[QUALITY]
        array[series, q.SEEN] = now_ms
        array[series, q.SILENT] = 0.0

    def unwatch(self, series: NDArray[np.int32]) -> None:
        """Expect nothing more of `series` until they speak again: a birth has left them out."""
        self._states[QUALITY][series, q.SEEN] = UNSET

    def pause(self, series: NDArray[np.int32], *, paused: bool) -> None:
        """Begin or end maintenance of `series`: meanwhile no process tier judges or learns."""
        self._states[MAINTENANCE][series, q.PAUSED] = float(paused)

    def sweep(self, now_ms: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Series newly silent for too long, and since when; for `Events.silent`."""
        series = np.empty(self._count, np.int32)
        since_ms = np.empty(self._count, np.int64)
        found = find_silent(
            self._count,
            now_ms,
            self._channels,
            self._states[QUALITY],
            self.profile,
            series,
            since_ms,
        )
        return series[:found], since_ms[:found]

    def state(self) -> dict[str, NDArray[np.float64]]:
        """Copies of all state arrays, for a checkpoint."""
        arrays = {tier.name: array for tier, array in zip(TIERS, self._states, strict=True)}
        arrays["channels"] = self._channels
        return {name: array[: self._count].copy() for name, array in arrays.items()}

    def restore(self, state: Mapping[str, NDArray[np.float64]]) -> None:
        """Take over what `state` returned.

        Raises:
            ValueError: the arrays are not those of this release's tiers.
        """
        wanted = {tier.name: len(tier.blank) for tier in TIERS} | {"channels": q.CHANNEL_WIDTH}
        came = {name: array.shape[-1] for name, array in state.items()}
        lengths = {len(array) for array in state.values()}
        if came != wanted or len(lengths) != 1:
            raise ValueError(f"judging state: came columns {came}, allowed {wanted}")
        count = lengths.pop()
        self.grow(count)
        self._count = count
        self._channels[:count] = state["channels"]
        for tier, array in zip(TIERS, self._states, strict=True):
            array[:count] = state[tier.name]


def _taller(array: Array, rows: int, blank: tuple[float, ...]) -> Array:
    taller = np.empty((rows, array.shape[1]))
    taller[: len(array)] = array
    taller[len(array) :] = blank
    return taller
