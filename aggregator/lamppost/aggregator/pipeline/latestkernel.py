"""Keeps the last reading of each series: eight indexed writes of NumPy would cost 50 us."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel

Singles = NDArray[np.float32]
Flags = NDArray[np.uint32]
Times = NDArray[np.int64]
Doubles = NDArray[np.float64]


@kernel
def keep_last(
    series: NDArray[np.int32],
    time_ms: Times,
    value: Doubles,
    flags: Flags,
    expected: Singles,
    low: Singles,
    high: Singles,
    severity: Singles,
    chance: Singles,
    last_time_ms: Times,
    last_value: Doubles,
    last_flags: Flags,
    last_expected: Singles,
    last_low: Singles,
    last_high: Singles,
    last_severity: Singles,
    last_chance: Singles,
) -> None:
    """Copy readings `[n]` in their order to the rows of their series; late ones stay out."""
    for i in range(series.shape[0]):
        if int(np.int64(flags[i])) & c.NOT_THE_LAST:
            continue
        s = int(series[i])
        last_time_ms[s] = time_ms[i]
        last_value[s] = value[i]
        last_flags[s] = flags[i]
        last_expected[s] = expected[i]
        last_low[s] = low[i]
        last_high[s] = high[i]
        last_severity[s] = severity[i]
        last_chance[s] = chance[i]
