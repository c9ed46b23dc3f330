"""Instrument tier: does the sensor measure as it always has? Noise, scale, reach, counters.

It learns for a day before it says anything; what it withholds (SUSPECT) it decides within a few
readings.
"""

from math import log10

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge import instrument_state as w
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.counter import judge_counter
from lamppost.aggregator.judge.noise import judge_noise
from lamppost.aggregator.judge.profile import MAX_VALUE, Profile, profile_of
from lamppost.aggregator.judge.scale import judge_scale, take_sizes

Array = NDArray[np.float64]
Singles = NDArray[np.float32]

PAUSE = 5.0  # intervals; what lies on both sides of it is not compared
INTERVAL_MEMORY = 200.0
LOG_MEMORY = 32.0
SIZES_EVERY = 16.0  # so late: one reading of a fault must not make the next ones known
LOG_EVERY = 4.0  # later: a logarithm is the dearest step of the tier, and the mean is slow
SEVERITY = 0.6
COUNTER_SEVERITY = 0.3


@kernel
def instrument_tier(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    value: Array,
    quality: NDArray[np.int16],  # noqa: ARG001 - one signature for all tiers
    now_ms: int,  # noqa: ARG001
    channels: Array,
    state: Array,
    parameters: Array,
    flags: NDArray[np.uint32],
    expected: Singles,  # noqa: ARG001
    low: Singles,  # noqa: ARG001
    high: Singles,  # noqa: ARG001
    score: Singles,  # noqa: ARG001
    severity: Singles,
    onset_ms: NDArray[np.int64],
) -> None:
    """Judge a batch in the order given, on top of what the quality tier found."""
    p = profile_of(parameters)
    channels, state = borrowed(channels), borrowed(state)
    for i in range(series.shape[0]):
        s = int(series[i])
        found = int(np.int64(flags[i]))
        if channels[s, q.KIND] != c.NUMERIC or found & HIDDEN:
            continue
        if found & DECLARED and not found & c.SUSPECT:
            continue  # known to be wrong: nothing here may doubt that
        time, x = float(time_ms[i]), float(value[i])
        if abs(x) > MAX_VALUE:
            continue
        if state[s, w.I_COUNT] == 0.0:
            if not found & UNSURE:
                _begin(state, s, time, x)
            continue
        steep = _judge_steep(state, s, time, x, p)
        added, since = _judge(channels, state, s, time, x, found, p)
        if added & c.FAULTS:
            flags[i] = (found & ~c.SUSPECT) | added
            severity[i] = COUNTER_SEVERITY if added & c.RESET else SEVERITY
            onset_ms[i] = int(since)
            continue
        if added | steep:
            flags[i] = found | added | steep
        if added == 0 and since >= 0.0 and onset_ms[i] < 0:
            onset_ms[i] = int(since)  # what was withheld began then


HIDDEN = c.NOT_THE_LAST | c.BAD | c.STUCK
DECLARED = c.RANGE | c.RATE
UNSURE = c.SUSPECT | DECLARED


@kernel
def _begin(state: Array, s: int, time: float, x: float) -> None:
    state[s, w.I_FIRST] = time
    state[s, w.I_LAST] = time
    state[s, w.I_VALUE] = x
    state[s, w.I_COUNT] = 1.0
    state[s, w.LOWEST] = x
    state[s, w.HIGHEST] = x
    state[s, w.FELL_AT] = time


@kernel
def _judge(
    channels: Array, state: Array, s: int, time: float, x: float, found: int, p: Profile
) -> tuple[int, float]:
    """Flags of one reading, and since when; learns from what it believes."""
    believed = found & UNSURE == 0
    warm = (
        state[s, w.I_COUNT] >= p.instrument_readings
        and time - state[s, w.I_FIRST] >= p.instrument_ms
    )
    since = max(state[s, w.C_SINCE], -1.0)
    added = judge_counter(channels, state, s, time, x, believed, p)
    if added:
        if added & c.RESET:
            state[s, w.C_SINCE] = -1.0
            state[s, w.I_LAST] = time
        return added, since
    if state[s, w.SCALED] != 0.0:
        since = state[s, w.S_SINCE]
    added = judge_scale(channels, state, s, time, x, warm, p)
    if added:
        return added, state[s, w.S_SINCE]
    if state[s, w.FAR_COUNT] > 0.0:
        since = state[s, w.FAR_SINCE]
    added = _judge_reach(state, s, time, x, warm, p)
    if added:
        return added, state[s, w.FAR_SINCE]
    if not believed:
        return 0, since
    elapsed = time - state[s, w.I_LAST]
    if elapsed <= PAUSE * state[s, w.I_INTERVAL] or state[s, w.I_COUNT] < LOG_MEMORY:
        added = judge_noise(state, s, time, x, warm, p)
    _learn(state, s, time, x, added == 0, p)
    return added, state[s, w.N_SINCE] if added else since


@kernel
def _judge_reach(state: Array, s: int, time: float, x: float, warm: bool, p: Profile) -> int:
    """RANGE for values far from all that were ever believed, SUSPECT until it lasts."""
    span = state[s, w.HIGHEST] - state[s, w.LOWEST]
    if not warm or span <= 0.0:
        return 0
    reach = p.reach_spans if state[s, w.FAR_COUNT] == 0.0 else p.reach_leave
    beyond = max(x - state[s, w.HIGHEST], state[s, w.LOWEST] - x)
    if beyond <= reach * span:
        state[s, w.FAR_COUNT] = 0.0
        return 0
    if state[s, w.FAR_COUNT] == 0.0:
        state[s, w.FAR_SINCE] = time
    state[s, w.FAR_COUNT] += 1.0
    if time - state[s, w.FAR_SINCE] > p.instrument_accept_ms:
        state[s, w.FAR_COUNT] = 0.0
        return 0
    return c.RANGE if state[s, w.FAR_COUNT] >= p.reach_readings else c.SUSPECT


@kernel
def _judge_steep(state: Array, s: int, time: float, x: float, p: Profile) -> int:
    """STEEP for a change far faster than any believed one; nothing is withheld for it."""
    fastest = state[s, w.FASTEST]
    if fastest <= 0.0 or time - state[s, w.I_FIRST] < p.instrument_ms:
        return 0
    times = p.steep_times if state[s, w.IS_STEEP] == 0.0 else p.steep_leave
    elapsed = max(time - state[s, w.I_LAST], state[s, w.I_INTERVAL])
    if abs(x - state[s, w.I_VALUE]) <= times * fastest * elapsed:
        state[s, w.IS_STEEP] = 0.0
        return 0
    state[s, w.IS_STEEP] = 1.0
    return c.STEEP if state[s, w.I_COUNT] >= p.instrument_readings else 0


@kernel
def _learn(state: Array, s: int, time: float, x: float, believed: bool, p: Profile) -> None:
    elapsed = time - state[s, w.I_LAST]
    count = state[s, w.I_COUNT]
    usual = state[s, w.I_INTERVAL]
    if count > LOG_MEMORY:
        elapsed = min(elapsed, PAUSE * usual)
    if count >= INTERVAL_MEMORY:  # a branch around divisions: see `shares`
        state[s, w.I_INTERVAL] = usual + (elapsed - usual) * (1.0 / INTERVAL_MEMORY)
    else:
        state[s, w.I_INTERVAL] = usual + (elapsed - usual) / count
    moved = abs(x - state[s, w.I_VALUE])
    lasted = max(time - state[s, w.I_LAST], state[s, w.I_INTERVAL])
    state[s, w.I_LAST] = time
    state[s, w.I_VALUE] = x
    state[s, w.I_COUNT] = count + 1.0
    if not believed:
        return
    if moved > state[s, w.NEW_FASTEST] * lasted and lasted > 0.0:
        state[s, w.NEW_FASTEST] = moved / lasted
    fade = min(elapsed * (1.0 / p.instrument_memory_ms), 1.0)
    state[s, w.LOWEST] = min(x, state[s, w.LOWEST] + fade * (x - state[s, w.LOWEST]))
    state[s, w.HIGHEST] = max(x, state[s, w.HIGHEST] + fade * (x - state[s, w.HIGHEST]))
    state[s, w.FASTEST] *= 1.0 - fade
    if count % SIZES_EVERY == 0.0:
        state[s, w.FASTEST] = max(state[s, w.FASTEST], state[s, w.NEW_FASTEST])
        state[s, w.NEW_FASTEST] = 0.0
    size = abs(x)
    if size < TINY:
        return
    smallest = state[s, w.NEW_SMALLEST]
    state[s, w.NEW_SMALLEST] = size if smallest == 0.0 else min(size, smallest)
    state[s, w.NEW_LARGEST] = max(size, state[s, w.NEW_LARGEST])
    if count % SIZES_EVERY == 0.0:
        take_sizes(state, s)
    if count > LOG_MEMORY and count % LOG_EVERY != 0.0:
        return
    weight = LOG_EVERY / LOG_MEMORY if count > LOG_MEMORY else 1.0 / count
    away = log10(size) - state[s, w.LOGS]
    state[s, w.LOGS] += weight * away
    if count > 1.0:
        state[s, w.LOG_DEV] += weight * (abs(away) - state[s, w.LOG_DEV])


TINY = 1e-30
