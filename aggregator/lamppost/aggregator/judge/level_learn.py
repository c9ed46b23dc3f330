"""How the level, its trend and its scales follow healthy readings."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.level_tests import at_least
from lamppost.aggregator.judge.profile import Profile
from lamppost.aggregator.judge.shares import part

Array = NDArray[np.float64]

STEP_RISE = 1.001
ROBUST_FROM = 8.0  # readings; before that nothing is known to be robust against
FAR_SD = 3.0  # from here on a residual says less about the scale
FAR_WEIGHT = 0.25
INTERVAL_MEMORY = 50.0
PAUSE = 10.0  # intervals


@kernel
def begin(state: Array, s: int, time: float, x: float) -> None:
    """The first reading of a series."""
    state[s, q.L_FIRST] = time
    state[s, q.L_LAST] = time
    state[s, q.L_COUNT] = 1.0
    state[s, q.L_NEAR] = 1.0
    state[s, q.LEVEL] = x
    state[s, q.L_VALUE] = x


@kernel
def learn_interval(state: Array, s: int, elapsed: float) -> None:
    """Follow how often the channel reports; a pause is taken for a few intervals at most."""
    count = state[s, q.L_COUNT]
    usual = state[s, q.L_INTERVAL]
    if count >= ROBUST_FROM:
        elapsed = min(elapsed, PAUSE * usual)
    if count >= INTERVAL_MEMORY:
        state[s, q.L_INTERVAL] = usual + (elapsed - usual) * (1.0 / INTERVAL_MEMORY)
        return
    state[s, q.L_INTERVAL] = usual + (elapsed - usual) / count


@kernel
def predict(state: Array, s: int, ahead: float, p: Profile) -> float:
    """The level `ahead` ms after the last reading; a trend is not trusted for long."""
    horizon = at_least(state, s, p.level_ms, p.min_level_readings)
    return float(state[s, q.LEVEL] + state[s, q.TREND] * min(ahead, horizon))


@kernel
def settle(state: Array, s: int, time: float, x: float, p: Profile) -> None:
    """Find the level anew from a few readings; the scales stay what they were."""
    done = p.settle_readings - state[s, q.SETTLE] + 1.0
    state[s, q.LEVEL] = x if done == 1.0 else state[s, q.LEVEL] + (x - state[s, q.LEVEL]) / done
    state[s, q.SETTLE] -= 1.0
    state[s, q.TREND] = 0.0
    state[s, q.L_NEAR] = done
    state[s, q.L_LAST] = time
    state[s, q.L_VALUE] = x
    state[s, q.UP] = 0.0
    state[s, q.DOWN] = 0.0
    state[s, q.OUTSIDE] = 0.0
    state[s, q.RUN_MEAN] = 0.0
    state[s, q.ANOMALOUS] = 0.0


@kernel
def learn(
    state: Array,
    s: int,
    time: float,
    x: float,
    residual: float,
    scale: float,
    anomalous: bool,
    p: Profile,
) -> None:
    """Follow a reading; of an anomalous one only the time is kept."""
    elapsed = time - state[s, q.L_LAST]
    state[s, q.L_LAST] = time
    if anomalous:
        return
    _learn_step(state, s, x)
    count = state[s, q.L_COUNT]
    near = state[s, q.L_NEAR]
    clipped = residual
    if count >= ROBUST_FROM and scale > 0.0:
        clipped = max(-p.huber_sd * scale, min(residual, p.huber_sd * scale))
    weight, slow, fast, trends = _weights(count, near, elapsed, p)
    if trends:
        # weight / max(trend_ms, trend_ms / level_ms * elapsed / weight), in one division
        least = weight * (1.0 / p.trend_ms)
        slower = weight * weight * (p.level_ms / p.trend_ms)
        state[s, q.TREND] += clipped * (
            least if slower >= least * elapsed else slower / elapsed
        )
    state[s, q.LEVEL] = predict(state, s, elapsed, p) + weight * clipped
    state[s, q.L_NEAR] = near + 1.0
    state[s, q.L_COUNT] = count + 1.0
    _learn_scales(state, s, residual, clipped, scale, slow, fast)


@kernel
def _weights(
    count: float, near: float, elapsed: float, p: Profile
) -> tuple[float, float, float, bool]:
    """Of a reading in level, scales and short mean; whether the level is known for a trend."""
    grown = near >= p.min_level_readings and count >= p.min_scale_readings
    grown = grown and p.run_weight * count >= 1.0
    rare = elapsed >= (p.min_level_readings - 1.0) ** -1.0 * p.level_ms
    if grown and rare and elapsed >= (p.min_scale_readings - 1.0) ** -1.0 * p.scale_ms:
        return 1.0 / p.min_level_readings, 1.0 / p.min_scale_readings, p.run_weight, True
    weight = part(elapsed, p.level_ms, p.min_level_readings)
    return (
        max(weight, 1.0 / (near + 1.0)),
        max(part(elapsed, p.scale_ms, p.min_scale_readings), 1.0 / count),
        max(p.run_weight, 1.0 / count),
        weight * (near + 1.0) >= 1.0,
    )


@kernel
def _learn_step(state: Array, s: int, x: float) -> None:
    moved = abs(x - state[s, q.L_VALUE])
    state[s, q.L_VALUE] = x
    if moved > 0.0:
        step = state[s, q.L_STEP]
        state[s, q.L_STEP] = moved if step == 0.0 else min(moved, step * STEP_RISE)


@kernel
def _learn_scales(
    state: Array,
    s: int,
    residual: float,
    clipped: float,
    scale: float,
    weight: float,
    run_weight: float,
) -> None:
    count = state[s, q.L_COUNT] - 1.0  # residuals seen, this one included
    size = abs(residual)
    if count > ROBUST_FROM and size > FAR_SD * scale:
        weight *= FAR_WEIGHT
        size = min(size, 2.0 * FAR_SD * scale)
    state[s, q.DEV] += weight * (size - state[s, q.DEV])
    run = state[s, q.RUN_MEAN]
    run += run_weight * (clipped - run)
    state[s, q.RUN_MEAN] = run
    state[s, q.RUN_DEV] += weight * (abs(run) - state[s, q.RUN_DEV])
