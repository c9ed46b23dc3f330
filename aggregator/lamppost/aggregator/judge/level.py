"""Process tier: a slow level with its band, and two tests for leaving it.

Only readings that the quality tier let through are judged and learned from.
"""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator import lanes as v
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.level_lanes import Told, judge_lanes
from lamppost.aggregator.judge.level_learn import predict
from lamppost.aggregator.judge.level_one import hide, judge_one
from lamppost.aggregator.judge.level_tests import scales
from lamppost.aggregator.judge.profile import Profile, profile_of

Array = NDArray[np.float64]
Singles = NDArray[np.float32]

HIDDEN = c.FAULTS | c.SUSPECT


@kernel
def level_tier(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    value: Array,
    quality: NDArray[np.int16],  # noqa: ARG001 - tiers share one signature
    now_ms: int,  # noqa: ARG001
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
    """Judge a batch in the order given, on top of what the quality tier found."""
    p = profile_of(parameters)
    channels, state = borrowed(channels), borrowed(state)
    series, time_ms, value = borrowed(series), borrowed(time_ms), borrowed(value)
    flags, onset_ms = borrowed(flags), borrowed(onset_ms)
    expected, low, high = borrowed(expected), borrowed(low), borrowed(high)
    score, severity = borrowed(score), borrowed(severity)
    told = (flags, expected, low, high, score, severity, onset_ms)
    i = 0
    while i < series.shape[0]:
        s = int(series[i])
        block, lane = s // v.LANES, s % v.LANES
        if v.fill_a_block(series, i) and judge_lanes(
            channels, state, block, i, time_ms, value, p, told
        ):
            i += v.LANES
            continue
        if channels[s, q.KIND] == c.NUMERIC and not int(np.int64(flags[i])) & c.UNJUDGED:
            time, x = float(time_ms[i]), float(value[i])
            _take(channels[s], v.block_of(state, block), lane, i, time, x, p, told)
        i += 1


@kernel
def _take(
    channel: Array,
    state: Array,
    s: int,
    i: int,
    time: float,
    x: float,
    p: Profile,
    told: Told,
) -> None:
    """One reading; `s` is the series' row of a block."""
    flags, expected, low, high, score, severity, onset_ms = told
    found = int(np.int64(flags[i]))
    single, alike = scales(state, s, p)
    single *= channel[q.LEVEL_FACTOR]
    middle = predict(state, s, time - state[s, q.L_LAST], p)
    half = p.band_sd * single
    if not found & HIDDEN:
        since, rate = float(onset_ms[i]), channel[q.FALSE_A_WEEK]
        added, evidence = judge_one(state, s, time, x, since, single, alike, rate, p)
        # After the state is done with, see quality_tier.
        flags[i] = found | added
        if added & c.ANOMALY:
            onset_ms[i] = int(state[s, q.ONSET])
        elif not found & c.SPIKE:
            onset_ms[i] = -1
        score[i] = evidence
        severity[i] = max(float(severity[i]), state[s, q.SEVERITY])
    else:
        hide(state, s, found)
    if single > 0.0 and not found & c.DRIFT:  # there, its neighbours have said
        expected[i] = middle
        low[i] = middle - half
        high[i] = middle + half
