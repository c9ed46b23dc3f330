"""The quality tier for neighbouring series at once, as far as their readings are usual.

Usual is a numeric reading in order and in range that differs from the last one, of a series
that has been known for a while and about which nothing is open. All else is left to the plain
code, and what is done here gives the same bits as that: each line here has its like there, in
`quality`, `stuck` and `spike`.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator import lanes as v
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import MAX_VALUE, Profile
from lamppost.aggregator.judge.quality_one import (
    BEST_GOOD,
    INTERVAL_MEMORY,
    PAUSE,
    S_PER_MS,
)
from lamppost.aggregator.judge.spike import MAX_LOAD, MIN_STEPS
from lamppost.aggregator.judge.stuck import CHANGE_MEMORY, POLL_RISE, STEP_MEMORY, STEP_RISE

Array = NDArray[np.float64]
Lanes = Any


@kernel
def judge_lanes(
    channels: Array,
    state: Array,
    block: int,
    first: int,
    time_ms: NDArray[np.int64],
    value: Array,
    quality: NDArray[np.int16],
    now: float,
    p: Profile,
) -> bool:
    """Judge the readings from `first` on, if all are usual; else leave all as it is."""
    time, x = v.take(time_ms, first), v.take(value, first)
    code = v.take(quality, first)
    last, interval = v.load(state, block, q.LAST), v.load(state, block, q.INTERVAL)
    elapsed = time - last
    usual = (time > last) & (time <= now + p.max_ahead_ms)
    usual = usual & (code >= c.QUALITY_GOOD) & (code <= BEST_GOOD)
    usual = usual & _nothing_open(state, block) & _declared(channels, block, x)
    heartbeat = v.gather(channels, block * v.LANES, q.HEARTBEAT)
    usual = usual & (elapsed <= PAUSE * v.larger(heartbeat, interval))
    if not v.every(usual) or not _is_known(p):
        return False
    near = v.smaller(elapsed, PAUSE * interval)
    usually = interval + (near - interval) * (1.0 / INTERVAL_MEMORY)
    before, value_at = v.load(state, block, q.VALUE), v.load(state, block, q.VALUE_AT)
    moved = v.size(x - before)
    rate, step = v.gather(channels, block * v.LANES, q.RATE), v.load(state, block, q.STEP)
    reach = rate * v.larger(time - value_at, usually) * S_PER_MS + step
    usual = usual & (moved > 0.0) & ~((rate > 0.0) & (moved > reach))
    since, poll = v.load(state, block, q.STAND_SINCE), v.load(state, block, q.POLL)
    stood = time - since
    polled = poll + v.choose(
        stood < poll, 0.5 * (stood - poll), POLL_RISE * (v.smaller(stood, 2.0 * poll) - poll)
    )
    stepped = v.choose(step == 0.0, moved, v.smaller(moved, step * STEP_RISE))
    base, dev = v.load(state, block, q.BASE), v.load(state, block, q.BASE_DEV)
    limit = _limit(channels, state, block, time, base, dev, stepped, polled, p)
    usual = usual & (v.size(x - base) <= limit)
    if not v.every(usual):
        return False
    v.store(state, block, q.LAST, time)
    v.store(state, block, q.SEEN, v.spread(now))
    v.store(state, block, q.INTERVAL, usually)
    v.store(state, block, q.VALUE_AT, time)
    v.store(state, block, q.STAND_SINCE, time)
    v.store(state, block, q.POLL, polled)
    v.store(state, block, q.STEP, stepped)
    _learn_change(state, block, x, before, stood, p)
    _learn_base(state, block, x, base, dev, stepped, p)
    _learn_span(state, block, x, usually, p)
    return True


@kernel
def _is_known(p: Profile) -> bool:
    """Whether the constants of long known series hold with this profile."""
    return bool(p.spike_weight * p.spike_memory > 1.0)


@kernel
def _nothing_open(state: Array, block: int) -> Lanes:
    """Series without a silence, a stand, an excursion or bad values, known for a while."""
    known = v.load(state, block, q.INTERVALS) >= INTERVAL_MEMORY
    closed = (v.load(state, block, q.SILENT) == 0.0) & (v.load(state, block, q.HELD) == 0.0)
    closed = closed & (v.load(state, block, q.BAD_SINCE) < 0.0)
    closed = closed & (v.load(state, block, q.OUT_SINCE) < 0.0)
    closed = closed & (v.load(state, block, q.IS_STUCK) == 0.0)
    known = known & (v.load(state, block, q.CHANGES) >= CHANGE_MEMORY)
    return known & closed & (v.load(state, block, q.STAND_COUNT) > 0.0)


@kernel
def _declared(channels: Array, block: int, x: Lanes) -> Lanes:
    """Numbers in their declared range, if any."""
    s = block * v.LANES
    outside = (x < v.gather(channels, s, q.LOW)) | (x > v.gather(channels, s, q.HIGH))
    numeric = v.gather(channels, s, q.KIND) == c.NUMERIC
    return numeric & (v.size(x) <= MAX_VALUE) & ~outside


@kernel
def _limit(
    channels: Array,
    state: Array,
    block: int,
    time: Lanes,
    base: Lanes,
    dev: Lanes,
    step: Lanes,
    poll: Lanes,
    p: Profile,
) -> Lanes:
    """How far is no excursion; less than nothing for a series that is not known so well."""
    count = v.load(state, block, q.BASE_COUNT)
    load = 1.0 + p.spike_load * v.load(state, block, q.SPIKES)
    factor = v.gather(channels, block * v.LANES, q.SPIKE_FACTOR) * v.smaller(load, MAX_LOAD)
    limit = v.larger(p.spike_mad * dev, MIN_STEPS * step) * factor
    lowest, highest = v.load(state, block, q.Q_LOWEST), v.load(state, block, q.Q_HIGHEST)
    reach = v.larger(highest - base, base - lowest) + p.spike_spans * (highest - lowest)
    reach = v.larger(reach, v.load(state, block, q.TALLEST))
    age = time - v.load(state, block, q.FIRST)
    early = (count < p.spike_slow_warm) | (age < p.spike_slow_warm_ms)
    reach = v.choose(early, np.inf, reach)
    limit = v.choose(poll > p.spike_slow_ms, v.larger(limit, reach), limit)
    known = (count >= p.spike_memory) & (count >= p.spike_warm)
    return v.choose(known, limit, -1.0)


@kernel
def _learn_change(
    state: Array, block: int, x: Lanes, before: Lanes, stood: Lanes, p: Profile
) -> None:
    """A stand of one reading has ended."""
    slow, fast = 1.0 / CHANGE_MEMORY, 1.0 / STEP_MEMORY
    v.store(state, block, q.VALUE, x)
    earlier = v.load(state, block, q.BEFORE)
    v.store(state, block, q.BEFORE, before)
    changes, count = v.load(state, block, q.CHANGES), v.load(state, block, q.STAND_COUNT)
    v.store(state, block, q.CHANGES, changes + 1.0)
    v.store(state, block, q.STAND_COUNT, v.spread(1.0))
    between, alike = v.load(state, block, q.BETWEEN), v.load(state, block, q.READ_ALIKE)
    v.store(state, block, q.BETWEEN, between + slow * (stood - between))
    v.store(state, block, q.READ_ALIKE, alike + slow * (count - alike))
    onwards = v.choose(x == earlier, 0.0, 1.0)
    fell = v.choose(x < before, 1.0, 0.0)
    falls, steps = v.load(state, block, q.FALLS), v.load(state, block, q.STEPS)
    v.store(state, block, q.FALLS, falls + fast * (fell - falls))
    v.store(state, block, q.STEPS, steps + fast * (onwards - steps))
    fade = v.smaller(stood * (1.0 / p.longest_memory_ms), 1.0)
    longest, home = v.load(state, block, q.LONGEST), v.load(state, block, q.HOME)
    faded = longest - longest * fade
    v.store(state, block, q.LONGEST, v.choose(stood >= faded, stood, faded))
    v.renew(state, block, q.HOME, stood >= faded, before, home)
    longest = v.load(state, block, q.LONGEST_ALIKE)
    faded = longest - longest * fade
    v.store(state, block, q.LONGEST_ALIKE, v.larger(faded, count))


@kernel
def _learn_base(
    state: Array,
    block: int,
    x: Lanes,
    base: Lanes,
    dev: Lanes,
    step: Lanes,
    p: Profile,
) -> None:
    away = x - base
    distance = v.smaller(v.size(away), 4.0 * dev + step)
    count = v.load(state, block, q.BASE_COUNT)
    v.store(state, block, q.BASE_COUNT, v.smaller(count + 1.0, 1e9))
    slow = 1.0 / p.spike_memory
    v.store(state, block, q.BASE_DEV, dev + slow * (distance - dev))
    v.store(state, block, q.BASE, base + p.spike_weight * away)


@kernel
def _learn_span(state: Array, block: int, x: Lanes, interval: Lanes, p: Profile) -> None:
    fade = v.smaller(interval * (1.0 / p.span_memory_ms), 1.0)
    lowest, highest = v.load(state, block, q.Q_LOWEST), v.load(state, block, q.Q_HIGHEST)
    tallest = v.load(state, block, q.TALLEST)
    v.store(state, block, q.TALLEST, tallest * (1.0 - fade))
    lower = v.smaller(x, lowest + fade * (x - lowest))
    higher = v.larger(x, highest + fade * (x - highest))
    v.store(state, block, q.Q_LOWEST, lower)
    v.store(state, block, q.Q_HIGHEST, higher)
