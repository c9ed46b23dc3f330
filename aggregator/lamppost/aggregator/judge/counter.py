"""Counters: what only ever rises has been reset, or has rolled over, when it falls."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import instrument_state as w
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import Profile
from lamppost.aggregator.judge.scale import LANDING, THOUSANDTH, set_right

Array = NDArray[np.float64]

LOW_SHARE = 0.1  # of what it stood at: a reset begins near zero


@kernel
def judge_counter(
    channels: Array, state: Array, s: int, time: float, x: float, believed: bool, p: Profile
) -> int:
    """RESET on the reading that confirms a fall, SUSPECT on the fall itself, or 0."""
    if state[s, w.C_SINCE] >= 0.0:
        fallen = state[s, w.C_LOW] <= x <= LOW_SHARE * state[s, w.C_TOP]
        if fallen and time > state[s, w.C_SINCE]:
            state[s, w.I_VALUE] = x
            return c.RESET
        state[s, w.C_SINCE] = -1.0
        return 0
    last = state[s, w.I_VALUE]
    other_unit = abs(set_right(x, THOUSANDTH) - last) <= LANDING * state[s, w.MOVE]
    low = 0.0 <= x <= LOW_SHARE * last and not other_unit
    if x < last and low and _only_rises(channels, state, s, time, p):
        state[s, w.C_SINCE] = time
        state[s, w.C_LOW] = x
        state[s, w.C_TOP] = last
        return c.SUSPECT
    if believed:
        if x > last:
            state[s, w.RISES] += 1.0
        elif x < last:
            state[s, w.RISES] = 0.0
            state[s, w.FELL_AT] = time
    return 0


@kernel
def _only_rises(channels: Array, state: Array, s: int, time: float, p: Profile) -> bool:
    if state[s, w.RISES] < p.counter_rises:
        return False
    since = max(state[s, w.FELL_AT], state[s, w.I_FIRST])
    return bool(channels[s, q.COUNTER] != 0.0 or time - since >= p.counter_ms)
