"""Silence by timer: channels that owe a reading."""

import numpy as np
from numpy.typing import NDArray

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
        if state[s, q.SEEN] < 0.0 or state[s, q.SILENT] != 0.0:
            continue
        since = -1.0
        if state[s, q.BAD_SINCE] >= 0.0 and now - state[s, q.BAD_SEEN] >= p.bad_hold_ms:
            since = state[s, q.BAD_SINCE]
        elif now - state[s, q.SEEN] > channels[s, q.SILENCE_FACTOR] * _allowed(
            channels, state, s, p
        ):
            since = state[s, q.SEEN]
        if since >= 0.0:
            state[s, q.SILENT] = 1.0
            series[found] = s
            since_ms[found] = int(since)
            found += 1
    return found


@kernel
def _allowed(channels: Array, state: Array, s: int, p: Profile) -> float:
    """The silence (ms) a channel may keep."""
    interval = state[s, q.INTERVAL]
    heartbeat = channels[s, q.HEARTBEAT]
    if heartbeat > 0.0:
        allowed = p.silence_heartbeats * max(heartbeat, interval)
        return float(max(allowed, p.silence_min_ms))
    if state[s, q.INTERVALS] < MIN_INTERVALS:
        return np.inf
    return float(max(p.silence_intervals * interval, p.silence_undeclared_ms))
