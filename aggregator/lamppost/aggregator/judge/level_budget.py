"""How many of its anomalies the level tier tells: what a series does often is its way.

The level knows no time of day and no cycle: each start of a pump and each dusk of a lamp leaves
it. Anomalies count against the rate that is set, and some more are free, so that a new channel
may tell; beyond that, one is told only if it is larger than those before.
"""

from math import exp

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import Profile

Array = NDArray[np.float64]

WEEK_MS = 604_800_000.0


@kernel
def may_tell(state: Array, s: int, time: float, size: float, rate: float, p: Profile) -> bool:
    """Whether an anomaly that begins with a residual of this size is told; counts it."""
    if rate == 0.0:
        rate = p.level_false_a_week
    elapsed = time - state[s, q.L_OVER_AT]
    over = max(state[s, q.L_OVER] - rate * elapsed / WEEK_MS, 0.0)
    known = state[s, q.L_TALLEST] * exp(-max(elapsed, 0.0) / p.span_memory_ms)
    known = max(known, state[s, q.L_PEAK])
    state[s, q.L_OVER] = min(over + 1.0, p.level_most)
    state[s, q.L_OVER_AT] = time
    state[s, q.L_TALLEST] = known
    state[s, q.L_PEAK] = size
    return bool(over < p.level_credit or size > p.level_taller * known)


@kernel
def outgrows(state: Array, s: int, size: float, p: Profile) -> bool:
    """Whether an anomaly that is not told has become larger than those before."""
    state[s, q.L_PEAK] = max(state[s, q.L_PEAK], size)
    taller = size > p.level_taller * state[s, q.L_TALLEST]
    return bool(state[s, q.ANOMALOUS] < 0.0 and taller)
