"""Silence by timer: channels that owe a reading."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import lanes as v
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import Profile, profile_of

Array = NDArray[np.float64]

MIN_INTERVALS = 10.0


@kernel
def find_silent(
    count: int,
    now_ms: int,
    channels: Array,
    state: Array,
    parameters: Array,
    series: NDArray[np.int32],
    since_ms: NDArray[np.int64],
) -> int:
    """Fill in the series newly silent, or BAD, for too long; returns how many."""
    p = profile_of(parameters)
    channels, state = borrowed(channels), borrowed(state)
    now = float(now_ms)
    found = 0
    for s in range(count):
        mine, lane = v.block_of(state, s // v.LANES), s % v.LANES
        if mine[lane, q.SEEN] < 0.0 or mine[lane, q.SILENT] != 0.0:
            continue
        since = -1.0
        if mine[lane, q.BAD_SINCE] >= 0.0 and now - mine[lane, q.BAD_SEEN] >= p.bad_hold_ms:
            since = mine[lane, q.BAD_SINCE]
        elif now - mine[lane, q.SEEN] > channels[s, q.SILENCE_FACTOR] * _allowed(
            channels[s], mine, lane, p
        ):
            since = mine[lane, q.SEEN]
        if since >= 0.0:
            mine[lane, q.SILENT] = 1.0
            series[found] = s
            since_ms[found] = int(since)
            found += 1
    return found


@kernel
def _allowed(channel: Array, mine: Array, lane: int, p: Profile) -> float:
    """The silence (ms) a channel may keep."""
    interval = mine[lane, q.INTERVAL]
    heartbeat = channel[q.HEARTBEAT]
    if heartbeat > 0.0:
        allowed = p.silence_heartbeats * max(heartbeat, interval)
        return float(max(allowed, p.silence_min_ms))
    if mine[lane, q.INTERVALS] < MIN_INTERVALS:
        return np.inf
    return float(max(p.silence_intervals * interval, p.silence_undeclared_ms))
