"""The level tier for neighbouring series at once, as far as their readings are usual.

Usual is a reading that no tier before found anything in, of a warm series about which nothing
is open, and that raises no alarm. All else is left to the plain code, and what is done here
gives the same bits as that: each line here has its like there, in `level`, `level_one`,
`level_tests` and `level_learn`.
"""

from math import sqrt
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator import lanes as v
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.level_learn import (
    FAR_SD,
    FAR_WEIGHT,
    INTERVAL_MEMORY,
    PAUSE,
    STEP_RISE,
)
from lamppost.aggregator.judge.level_tests import SD_PER_MAD, SMALLEST, TINY
from lamppost.aggregator.judge.profile import Profile

Array = NDArray[np.float64]
Singles = NDArray[np.float32]
Lanes = Any
Told = tuple[NDArray[np.uint32], Singles, Singles, Singles, Singles, Singles, NDArray[np.int64]]
"""Verdict columns: flags, expected, low, high, score, severity, onset."""


@kernel
def judge_lanes(
    channels: Array,
    state: Array,
    block: int,
    first: int,
    time_ms: NDArray[np.int64],
    value: Array,
    p: Profile,
    told: Told,
) -> bool:
    """Judge the readings from `first` on, if all are usual; else leave all as it is."""
    flags, expected, low, high, score, severity, onset_ms = told
    time, x = v.take(time_ms, first), v.take(value, first)
    s = block * v.LANES
    usual = v.gather(channels, s, q.KIND) == c.NUMERIC
    usual = usual & v.equal(flags, first, 0) & v.equal(onset_ms, first, -1)
    count, interval = v.load(state, block, q.L_COUNT), v.load(state, block, q.L_INTERVAL)
    usual = usual & _nothing_open(state, block, time, count, p)
    last = v.load(state, block, q.L_LAST)
    elapsed = time - last
    pause = v.larger(p.settle_after_ms, p.pause_intervals * interval)
    usual = usual & (elapsed <= pause)
    if not v.every(usual):
        return False
    level, trend = v.load(state, block, q.LEVEL), v.load(state, block, q.TREND)
    dev, step = v.load(state, block, q.DEV), v.load(state, block, q.L_STEP)
    single, alike = _scales(state, block, count, level, dev, step, p)
    single = single * v.gather(channels, s, q.LEVEL_FACTOR)
    horizon = v.larger(p.level_ms, p.min_level_readings * interval)
    middle = level + trend * v.smaller(elapsed, horizon)
    near = v.smaller(elapsed, PAUSE * interval)
    usually = interval + (near - interval) * (1.0 / INTERVAL_MEMORY)
    horizon = v.larger(p.level_ms, p.min_level_readings * usually)
    ahead = level + trend * v.smaller(elapsed, horizon)
    residual = x - ahead
    in_run = residual / (single * alike)
    z = in_run * alike
    evidence = _evidence(state, block, z, in_run, p)
    usual = usual & (single > 0.0) & (v.size(z) < p.leave_sd) & (evidence < p.alarm_score)
    if not v.every(usual):
        return False
    v.store(state, block, q.L_LAST, time)
    v.store(state, block, q.L_INTERVAL, usually)
    _add_up(state, block, time, in_run, z, p)
    severe = _fade(state, block, elapsed, usually, evidence, p)
    _learn_level(state, block, elapsed, horizon, x, residual, single, count, p)
    _tell(expected, low, high, first, middle, p.band_sd * single)
    v.put(score, first, evidence)
    v.put(severity, first, v.larger(v.take(severity, first), severe))
    return True


@kernel
def _nothing_open(state: Array, block: int, time: Lanes, count: Lanes, p: Profile) -> Lanes:
    """Warm series without an anomaly, a fault, a far reading or a level that is sought anew."""
    warm = (count >= max(INTERVAL_MEMORY, p.warm_readings)) & (
        time - v.load(state, block, q.L_FIRST) >= p.warm_ms
    )
    open_ = v.size(v.load(state, block, q.ANOMALOUS)) + v.load(state, block, q.FAULTED)
    open_ = open_ + v.size(v.load(state, block, q.OUTSIDE))
    return warm & (open_ + v.size(v.load(state, block, q.SETTLE)) == 0.0)


@kernel
def _scales(
    state: Array,
    block: int,
    count: Lanes,
    level: Lanes,
    dev: Lanes,
    step: Lanes,
    p: Profile,
) -> tuple[Lanes, Lanes]:
    shrink = sqrt((2.0 - p.run_weight) / p.run_weight)
    early = p.early_sd / v.root(v.larger(count - 1.0, 1.0))
    dev = v.larger(dev, step * (p.quantum_floor / SD_PER_MAD))
    dev = v.larger(dev, TINY * v.size(level))
    known = dev > 0.0
    dev = v.larger(dev, SMALLEST)
    alike = v.larger(v.load(state, block, q.RUN_DEV) * shrink / dev, 1.0)
    wide = 1.0 + alike * early
    return v.choose(known, dev * SD_PER_MAD * wide, 0.0), alike


@kernel
def _evidence(state: Array, block: int, z: Lanes, in_run: Lanes, p: Profile) -> Lanes:
    z1, z2 = v.load(state, block, q.Z1), v.load(state, block, q.Z2)
    side = v.choose(z > 0.0, 1.0, -1.0)
    near = v.larger(v.smaller(v.smaller(z * side, z1 * side), z2 * side), 0.0)
    up, down = _sums(state, block, in_run, p)
    return v.larger(
        v.larger(up, down) * (p.alarm_score / p.cusum_alarm),
        near * near * (p.alarm_score / (p.run_sd * p.run_sd)),
    )


@kernel
def _sums(state: Array, block: int, z: Lanes, p: Profile) -> tuple[Lanes, Lanes]:
    """CUSUM of both sides after this reading."""
    z = v.larger(-p.cusum_clip_sd, v.smaller(z, p.cusum_clip_sd))
    top = 2.0 * p.cusum_alarm
    up = v.load(state, block, q.UP) + z - p.cusum_slack_sd
    down = v.load(state, block, q.DOWN) - z - p.cusum_slack_sd
    return v.smaller(v.larger(up, 0.0), top), v.smaller(v.larger(down, 0.0), top)


@kernel
def _add_up(state: Array, block: int, time: Lanes, in_run: Lanes, z: Lanes, p: Profile) -> None:
    z1 = v.load(state, block, q.Z1)
    v.store(state, block, q.Z2, z1)
    v.store(state, block, q.Z1, z)
    new_up, new_down = _sums(state, block, in_run, p)
    up, since = v.load(state, block, q.UP), v.load(state, block, q.UP_SINCE)
    v.renew(state, block, q.UP_SINCE, up <= 0.0, time, since)
    v.store(state, block, q.UP, new_up)
    down, since = v.load(state, block, q.DOWN), v.load(state, block, q.DOWN_SINCE)
    v.renew(state, block, q.DOWN_SINCE, down <= 0.0, time, since)
    v.store(state, block, q.DOWN, new_down)


@kernel
def _fade(
    state: Array,
    block: int,
    elapsed: Lanes,
    interval: Lanes,
    evidence: Lanes,
    p: Profile,
) -> Lanes:
    """The severity after this reading."""
    memory = v.larger(p.severity_ms, p.severity_intervals * interval)
    severe = v.load(state, block, q.SEVERITY)
    new = severe * (memory / (memory + elapsed))
    new = v.larger(new, evidence / (evidence + p.alarm_score))
    v.store(state, block, q.SEVERITY, new)
    return new


@kernel
def _learn_level(
    state: Array,
    block: int,
    elapsed: Lanes,
    horizon: Lanes,
    x: Lanes,
    residual: Lanes,
    scale: Lanes,
    count: Lanes,
    p: Profile,
) -> None:
    value, step = v.load(state, block, q.L_VALUE), v.load(state, block, q.L_STEP)
    moved = v.size(x - value)
    v.store(state, block, q.L_VALUE, x)
    stepped = v.choose(step == 0.0, moved, v.smaller(moved, step * STEP_RISE))
    v.renew(state, block, q.L_STEP, moved > 0.0, stepped, step)
    near = v.load(state, block, q.L_NEAR)
    weight, slow, fast, trends = _weights(count, near, elapsed, p)
    limit = p.huber_sd * scale
    clipped = v.larger(-p.huber_sd * scale, v.smaller(residual, limit))
    least = weight * (1.0 / p.trend_ms)
    slower = weight * weight * (p.level_ms / p.trend_ms)
    gain = v.choose(slower >= least * elapsed, least, slower / elapsed)
    level, trend = v.load(state, block, q.LEVEL), v.load(state, block, q.TREND)
    turned = v.choose(trends, trend + clipped * gain, trend)
    v.store(state, block, q.TREND, turned)
    moved = level + turned * v.smaller(elapsed, horizon) + weight * clipped
    v.store(state, block, q.LEVEL, moved)
    v.store(state, block, q.L_NEAR, near + 1.0)
    v.store(state, block, q.L_COUNT, count + 1.0)
    size = v.size(residual)
    far = size > FAR_SD * scale
    slow = v.choose(far, slow * FAR_WEIGHT, slow)
    size = v.choose(far, v.smaller(size, 2.0 * FAR_SD * scale), size)
    dev, run = v.load(state, block, q.DEV), v.load(state, block, q.RUN_MEAN)
    v.store(state, block, q.DEV, dev + slow * (size - dev))
    ran = run + fast * (clipped - run)
    v.store(state, block, q.RUN_MEAN, ran)
    dev = v.load(state, block, q.RUN_DEV)
    v.store(state, block, q.RUN_DEV, dev + slow * (v.size(ran) - dev))


@kernel
def _weights(
    count: Lanes, near: Lanes, elapsed: Lanes, p: Profile
) -> tuple[Lanes, Lanes, Lanes, Lanes]:
    grown = (near >= p.min_level_readings) & (count >= p.min_scale_readings)
    grown = grown & (p.run_weight * count >= 1.0)
    rare = elapsed >= (p.min_level_readings - 1.0) ** -1.0 * p.level_ms
    rare = grown & rare & (elapsed >= (p.min_scale_readings - 1.0) ** -1.0 * p.scale_ms)
    weight, slow = v.spread(1.0 / p.min_level_readings), v.spread(1.0 / p.min_scale_readings)
    fast, trends = v.spread(p.run_weight), rare
    if not v.every(rare):
        part = v.smaller(elapsed / (elapsed + p.level_ms), 1.0 / p.min_level_readings)
        trends = rare | (part * (near + 1.0) >= 1.0)
        weight = v.choose(rare, weight, v.larger(part, 1.0 / (near + 1.0)))
        part = v.smaller(elapsed / (elapsed + p.scale_ms), 1.0 / p.min_scale_readings)
        slow = v.choose(rare, slow, v.larger(part, 1.0 / count))
        fast = v.choose(rare, fast, v.larger(p.run_weight, 1.0 / count))
    return weight, slow, fast, trends


@kernel
def _tell(
    expected: Singles,
    low: Singles,
    high: Singles,
    first: int,
    middle: Lanes,
    half: Lanes,
) -> None:
    v.put(expected, first, middle)
    v.put(low, first, middle - half)
    v.put(high, first, middle + half)
