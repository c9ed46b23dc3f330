"""The judge: gives every reading its verdict, tier by tier."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts


class Judge:
    """State of all series and the tiers that judge them. One thread calls it."""

    def __init__(self, capacity: int = 1024) -> None:
        self._capacity = capacity

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
            kind: columns.NUMERIC or columns.BOOLEAN; any other kind is only watched for silence.
        """

    def grow(self, capacity: int) -> None:
        """Make room for series up to `capacity`, in slabs."""

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
        """Judge readings in the order given; `out` (rooms for as many) receives the verdicts."""
        out.flags[: len(series)] = c.LEARNING
        for column in (out.expected, out.low, out.high):
            column[: len(series)] = np.nan
        out.score[: len(series)] = 0
        out.severity[: len(series)] = 0
        out.onset_ms[: len(series)] = -1

    def seen(self, series: NDArray[np.int32], now_ms: int) -> None:
        """Restart the silence timers of `series`: at births, and of all after a restart."""

    def sweep(self, now_ms: int) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
        """Series that have newly been silent for too long, and since when; for `Events.silent`."""
        return np.empty(0, np.int32), np.empty(0, np.int64)

    def state(self) -> dict[str, NDArray[np.generic]]:
        """Copies of all state arrays, for a checkpoint."""
        return {}

    def restore(self, state: Mapping[str, NDArray[np.generic]]) -> None:
        """Take over what `state` returned."""
