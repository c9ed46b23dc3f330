"""The quality tier's verdict on one reading."""

from math import isnan

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import MAX_VALUE, Profile
from lamppost.aggregator.judge.spike import MIN_CHANGES, judge_excursion
from lamppost.aggregator.judge.stuck import forget_stand, judge_stand

Array = NDArray[np.float64]

BEST_GOOD = 255  # 192..255 is good in the vocabulary Sparkplug took its codes from
INTERVAL_MEMORY = 200.0
KNOWN_INTERVALS = 10.0
S_PER_MS = 1e-3
PAUSE = 5.0  # intervals, or heartbeats: so long a silence is no part of the habit

GAP_SEVERITY = 0.7
STUCK_SEVERITY = 0.7
RANGE_SEVERITY = 0.8
SPIKE_SEVERITY = 0.4


@kernel
def judge_one(
    channel: Array,
    state: Array,
    s: int,
    time: float,
    x: float,
    code: int,
    now: float,
    p: Profile,
) -> tuple[int, float]:
    """Flags of one reading, and since when; `s` is the series' row of a block."""
    found = _timing(channel, state, s, time, now, p)
    if found != 0:
        return found, -1.0
    found, since = _judge(channel, state, s, time, x, code, p)
    state[s, q.BAD_SEEN] = now if found & c.BAD else -1.0
    return found, since


@kernel
def _timing(channel: Array, state: Array, s: int, time: float, now: float, p: Profile) -> int:
    """Order and clock; a reading that passes becomes the series' last."""
    if time > now + p.max_ahead_ms:
        return c.CLOCK
    last = state[s, q.LAST]
    if time <= last:
        if time == last:
            state[s, q.REPEATED] += 1.0
            return c.LATE | c.REPEATED
        state[s, q.DISORDERED] += 1.0
        return c.LATE
    if last >= 0.0:
        elapsed = time - last
        usual = state[s, q.INTERVAL]
        count = state[s, q.INTERVALS] + 1.0
        if count > KNOWN_INTERVALS:
            elapsed = min(elapsed, PAUSE * usual)
        if time - last > PAUSE * max(channel[q.HEARTBEAT], usual):
            forget_stand(state, s)  # who knows what happened meanwhile
        # A branch of its own for a known interval: see `shares`.
        if count >= INTERVAL_MEMORY:
            state[s, q.INTERVAL] = usual + (elapsed - usual) * (1.0 / INTERVAL_MEMORY)
            state[s, q.INTERVALS] = INTERVAL_MEMORY
        else:
            state[s, q.INTERVAL] = usual + (elapsed - usual) / count
            state[s, q.INTERVALS] = count
    state[s, q.LAST] = time
    state[s, q.SEEN] = now
    state[s, q.SILENT] = 0.0
    return 0


@kernel
def _judge(
    channel: Array, state: Array, s: int, time: float, x: float, code: int, p: Profile
) -> tuple[int, float]:
    """Flags of one reading in order, and since when."""
    if isnan(x) or code < c.QUALITY_GOOD or code > BEST_GOOD:
        return _judge_bad(state, s, time, p)
    state[s, q.BAD_SINCE] = -1.0
    if channel[q.KIND] != c.NUMERIC:
        return 0, -1.0
    outside = abs(x) > MAX_VALUE or x < channel[q.LOW] or x > channel[q.HIGH]
    if outside:
        return _judge_outside(state, s, time, c.RANGE, p)
    if channel[q.RATE] > 0.0 and _too_fast(state, s, time, x, channel[q.RATE]):
        return _judge_outside(state, s, time, c.RATE, p)
    out_since = state[s, q.OUT_SINCE]
    state[s, q.OUT_SINCE] = -1.0
    found = judge_stand(state, s, time, x, channel[q.STUCK_FACTOR], p)
    if found & c.STUCK:
        return found, state[s, q.STAND_SINCE]
    state[s, q.VALUE_AT] = time
    excursion = judge_excursion(state, s, time, x, channel[q.SPIKE_FACTOR], p)
    since = state[s, q.HELD_SINCE]
    if excursion != c.SUSPECT:
        state[s, q.HELD_SINCE] = -1.0
    if excursion == 0 and out_since >= 0.0 and state[s, q.OUT_COUNT] < p.range_hold_readings:
        return found | c.SPIKE, out_since
    return found | excursion, since


@kernel
def _judge_bad(state: Array, s: int, time: float, p: Profile) -> tuple[int, float]:
    if state[s, q.BAD_SINCE] < 0.0:
        state[s, q.BAD_SINCE] = time
        state[s, q.BAD_COUNT] = 0.0
    state[s, q.BAD_COUNT] += 1.0
    since = state[s, q.BAD_SINCE]
    forget_stand(state, s)
    if state[s, q.BAD_COUNT] >= p.bad_hold_readings or time - since >= p.bad_hold_ms:
        return c.BAD | c.GAP, since
    return c.BAD, since


@kernel
def _too_fast(state: Array, s: int, time: float, x: float, rate: float) -> bool:
    """Whether the value cannot have come here since it was last believed, a quantum aside.

    What may be reached widens with time, so a limit that is left ends by itself.
    """
    if state[s, q.CHANGES] < MIN_CHANGES:
        return False
    elapsed = max(time - state[s, q.VALUE_AT], state[s, q.INTERVAL])
    reach = rate * elapsed * S_PER_MS + state[s, q.STEP]
    return bool(abs(x - state[s, q.VALUE]) > reach)


@kernel
def _judge_outside(
    state: Array, s: int, time: float, kind: int, p: Profile
) -> tuple[int, float]:
    """RANGE or RATE, SUSPECT until it is no spike."""
    if state[s, q.OUT_SINCE] < 0.0:
        state[s, q.OUT_SINCE] = time
        state[s, q.OUT_COUNT] = 0.0
    state[s, q.OUT_COUNT] += 1.0
    forget_stand(state, s)
    since = state[s, q.OUT_SINCE]
    if state[s, q.OUT_COUNT] >= p.range_hold_readings or time - since >= p.range_hold_ms:
        state[s, q.OUT_COUNT] = p.range_hold_readings
        return kind, since
    return kind | c.SUSPECT, since


@kernel
def severity_of(found: int) -> float:
    """0..1, as told."""
    if found == 0:
        return 0.0
    if found & c.SUSPECT:
        return 0.0
    if found & c.RANGE:
        return RANGE_SEVERITY
    if found & (c.STUCK | c.RATE):
        return STUCK_SEVERITY
    if found & c.GAP:
        return GAP_SEVERITY
    return SPIKE_SEVERITY if found & c.SPIKE else 0.0
