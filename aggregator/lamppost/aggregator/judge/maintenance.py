"""Maintenance: readings of an asset that people work on say nothing of how it lives."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge import state as q

Array = NDArray[np.float64]
Singles = NDArray[np.float32]


@kernel
def maintenance_tier(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],  # noqa: ARG001 - one signature for all tiers
    value: Array,  # noqa: ARG001
    quality: NDArray[np.int16],  # noqa: ARG001
    now_ms: int,  # noqa: ARG001
    channels: Array,  # noqa: ARG001
    state: Array,
    parameters: Array,  # noqa: ARG001
    flags: NDArray[np.uint32],
    expected: Singles,  # noqa: ARG001
    low: Singles,  # noqa: ARG001
    high: Singles,  # noqa: ARG001
    score: Singles,  # noqa: ARG001
    severity: Singles,  # noqa: ARG001
    onset_ms: NDArray[np.int64],  # noqa: ARG001
) -> None:
    """Mark the readings of paused series; the process tiers after it neither judge nor learn.

    It stands behind the quality tier, which goes on: that a sensor is dead is true also while
    somebody works on it.
    """
    state = borrowed(state)
    for i in range(series.shape[0]):
        if state[int(series[i]), q.PAUSED] != 0.0:
            flags[i] = int(np.int64(flags[i])) | c.MAINTENANCE
