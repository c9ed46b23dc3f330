"""Quality tier: may a reading be believed? It runs first; what fails, no tier learns from."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import lanes as v
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge.profile import profile_of
from lamppost.aggregator.judge.quality_lanes import judge_lanes
from lamppost.aggregator.judge.quality_one import judge_one, severity_of

Array = NDArray[np.float64]
Singles = NDArray[np.float32]


@kernel
def quality_tier(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    value: Array,
    quality: NDArray[np.int16],
    now_ms: int,
    channels: Array,
    state: Array,
    parameters: Array,
    flags: NDArray[np.uint32],
    expected: Singles,
    low: Singles,
    high: Singles,
    score: Singles,
    severity: Singles,
    onset_ms: NDArray[np.int64],
) -> None:
    """Judge a batch in the order given; every verdict column gets at least its blank."""
    p, now = profile_of(parameters), float(now_ms)
    channels, state = borrowed(channels), borrowed(state)
    series, time_ms = borrowed(series), borrowed(time_ms)
    value, quality = borrowed(value), borrowed(quality)
    flags, onset_ms = borrowed(flags), borrowed(onset_ms)
    expected, low, high = borrowed(expected), borrowed(low), borrowed(high)
    score, severity = borrowed(score), borrowed(severity)
    i = 0
    while i < series.shape[0]:
        s = int(series[i])
        block, lane = s // v.LANES, s % v.LANES
        if v.fill_a_block(series, i) and judge_lanes(
            channels, state, block, i, time_ms, value, quality, now, p
        ):
            v.put(expected, i, np.nan)
            v.put(low, i, np.nan)
            v.put(high, i, np.nan)
            v.put(score, i, 0.0)
            v.put(flags, i, 0)
            v.put(severity, i, 0.0)
            v.put(onset_ms, i, -1)
            i += v.LANES
            continue
        mine = v.block_of(state, block)
        time, x = float(time_ms[i]), float(value[i])
        found, since = judge_one(channels[s], mine, lane, time, x, int(quality[i]), now, p)
        # Columns last: the compiler cannot know that they are no part of the state, and would
        # read that anew after each.
        expected[i] = np.nan
        low[i] = np.nan
        high[i] = np.nan
        score[i] = 0.0
        flags[i] = found
        severity[i] = severity_of(found)
        onset_ms[i] = int(since)
        i += 1
