"""Spike: an isolated excursion that returns; one that does not is the process's own step."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import Profile
from lamppost.aggregator.judge.shares import share

Array = NDArray[np.float64]

MIN_STEPS = 3.0  # an excursion is more than so many quanta
MAX_LOAD = 3.0
SURELY_BACK = 0.05  # of the excursion's height
MIN_CHANGES = 5.0  # before, nothing is known of how this channel moves


@kernel
def judge_excursion(
    state: Array, s: int, time: float, x: float, factor: float, p: Profile
) -> int:
    """Take a good value that is in range; returns SUSPECT, SPIKE or 0.

    What is not surely back has to be back twice in a row: where a sensor begins to tremble, one
    reading often is by chance.

    After a 0 with HELD_SINCE set, the withheld readings were the beginning of a step; the
    caller takes their time for the onset and clears it.
    """
    away = x - state[s, q.BASE]
    distance = abs(away)
    count = state[s, q.BASE_COUNT]
    held = abs(state[s, q.HELD])
    limit = max(p.spike_mad * state[s, q.BASE_DEV], MIN_STEPS * state[s, q.STEP])
    limit *= factor * min(1.0 + p.spike_load * state[s, q.SPIKES], MAX_LOAD)
    if held > 0.0:
        limit = p.spike_return * state[s, q.HELD_HEIGHT]
    known = count >= p.spike_warm and state[s, q.CHANGES] >= MIN_CHANGES
    if state[s, q.POLL] > p.spike_slow_ms and held == 0.0:
        limit = max(limit, _reach(state, s, time, p))
    if known and distance > limit:
        if held == 0.0:
            state[s, q.HELD_SINCE] = time
            state[s, q.HELD_HEIGHT] = distance
        lasted = time - state[s, q.HELD_SINCE]
        if held < p.spike_readings and lasted < p.spike_ms:
            state[s, q.HELD] = held + 1.0
            return c.SUSPECT
        state[s, q.HELD] = 0.0
        state[s, q.BASE] = x
        _learn_span(state, s, x, p)
        return 0
    _learn(state, s, away, p)
    _learn_span(state, s, x, p)
    if held == 0.0:
        return 0
    surely = distance <= SURELY_BACK * state[s, q.HELD_HEIGHT]
    if state[s, q.HELD] > 0.0 and not surely:
        state[s, q.HELD] = -held
        return c.SUSPECT
    state[s, q.HELD] = 0.0
    # A channel that does this all day is noisy, not faulty.
    age = time - state[s, q.SPIKE_LAST]
    state[s, q.SPIKES] = state[s, q.SPIKES] * (p.spike_load_ms / (p.spike_load_ms + age)) + 1.0
    state[s, q.SPIKE_LAST] = time
    state[s, q.TALLEST] = max(state[s, q.TALLEST], state[s, q.HELD_HEIGHT])
    return c.SPIKE


@kernel
def _reach(state: Array, s: int, time: float, p: Profile) -> float:
    """How far a channel may go and come back between two of its rare readings."""
    age = time - state[s, q.FIRST]
    if state[s, q.BASE_COUNT] < p.spike_slow_warm or age < p.spike_slow_warm_ms:
        return np.inf
    base, lowest, highest = state[s, q.BASE], state[s, q.Q_LOWEST], state[s, q.Q_HIGHEST]
    reach = max(highest - base, base - lowest) + p.spike_spans * (highest - lowest)
    return float(max(reach, state[s, q.TALLEST]))


@kernel
def _learn_span(state: Array, s: int, x: float, p: Profile) -> None:
    if state[s, q.BASE_COUNT] <= 1.0:
        state[s, q.Q_LOWEST] = x
        state[s, q.Q_HIGHEST] = x
        return
    fade = min(state[s, q.INTERVAL] * (1.0 / p.span_memory_ms), 1.0)
    lowest, highest = state[s, q.Q_LOWEST], state[s, q.Q_HIGHEST]
    state[s, q.TALLEST] *= 1.0 - fade
    state[s, q.Q_LOWEST] = min(x, lowest + fade * (x - lowest))
    state[s, q.Q_HIGHEST] = max(x, highest + fade * (x - highest))


@kernel
def _learn(state: Array, s: int, away: float, p: Profile) -> None:
    count = state[s, q.BASE_COUNT] + 1.0
    state[s, q.BASE_COUNT] = min(count, 1e9)
    distance = abs(away)
    if count == 1.0:
        state[s, q.BASE] += away
        return
    dev = state[s, q.BASE_DEV]
    if count > p.spike_warm:
        distance = min(distance, 4.0 * dev + state[s, q.STEP])
    if count > p.spike_memory and p.spike_weight * p.spike_memory > 1.0:
        slow, fast = 1.0 / p.spike_memory, p.spike_weight
    else:
        slow = share(count - 1.0, p.spike_memory)
        fast = max(p.spike_weight, 1.0 / count)
    state[s, q.BASE_DEV] = dev + slow * (distance - dev)
    state[s, q.BASE] += fast * away
