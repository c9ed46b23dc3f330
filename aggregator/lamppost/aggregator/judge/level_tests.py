"""The two tests: some readings far off on one side, and a CUSUM that adds up smaller ones."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.level_budget import may_tell, outgrows
from lamppost.aggregator.judge.profile import Profile

Array = NDArray[np.float64]

SD_PER_MAD = 1.25  # Gaussian noise
SMALLEST = 1e-30  # keeps quotients finite
TINY = 1e-9  # of the level: rounding is no noise


@kernel
def scales(state: Array, s: int, p: Profile) -> tuple[float, float]:
    """Standard deviation of one residual (0: unknown), and how many of it a run has.

    The second is more than 1 when residuals are alike for a while (autocorrelation, a level
    that lags): then many of them in a row say little more than one.
    """
    count = max(state[s, q.L_COUNT] - 1.0, 1.0)
    shrink = sqrt((2.0 - p.run_weight) / p.run_weight)
    early = p.early_sd / sqrt(count)
    dev = max(state[s, q.DEV], state[s, q.L_STEP] * (p.quantum_floor / SD_PER_MAD))
    dev = max(dev, TINY * abs(state[s, q.LEVEL]))
    if dev == 0.0:
        return 0.0, 1.0
    dev = max(dev, SMALLEST)
    alike = max(state[s, q.RUN_DEV] * shrink / dev, 1.0)
    wide = 1.0 + alike * early
    return dev * SD_PER_MAD * wide, alike


@kernel
def at_least(state: Array, s: int, ms: float, intervals: float) -> float:
    """A time constant, stretched for a channel that seldom reports."""
    return float(max(ms, intervals * state[s, q.L_INTERVAL]))


@kernel
def judge_residual(
    state: Array,
    s: int,
    time: float,
    start: float,
    residual: float,
    single: float,
    alike: float,
    rate: float,
    p: Profile,
) -> tuple[int, float]:
    """Flags and evidence of one residual of a warm series.

    `start` is when this reading's condition began: its own time, or that of the first reading
    withheld before it. `single` and `alike` are its `scales`; `rate` is how many anomalies a
    week are told at most.
    """
    in_run = residual / (single * alike)
    z = in_run * alike
    near = _count_outside(state, s, start, z, p)
    height = _add_up(state, s, start, in_run, p)
    evidence = max(
        height * (p.alarm_score / p.cusum_alarm),
        near * near * (p.alarm_score / (p.run_sd * p.run_sd)),
    )
    if state[s, q.ANOMALOUS] != 0.0:
        return _stay(state, s, time, residual, z, evidence, p)
    if evidence < p.alarm_score:
        return 0, evidence
    told = may_tell(state, s, time, abs(residual), rate, p)
    state[s, q.ANOMALOUS] = time if told else -time
    state[s, q.CALM] = 0.0
    if near >= p.run_sd:
        state[s, q.ONSET] = state[s, q.OUTSIDE_SINCE]
    elif state[s, q.UP] >= state[s, q.DOWN]:
        state[s, q.ONSET] = state[s, q.UP_SINCE]
    else:
        state[s, q.ONSET] = state[s, q.DOWN_SINCE]
    return c.ANOMALY if told else 0, evidence


@kernel
def _count_outside(state: Array, s: int, start: float, z: float, p: Profile) -> float:
    """The smallest |z| of the last three on one side; 0 while they are not on one side."""
    z1, z2 = state[s, q.Z1], state[s, q.Z2]
    state[s, q.Z2] = z1
    state[s, q.Z1] = z
    side = 1.0 if z > 0.0 else -1.0
    if abs(z) < p.leave_sd:
        state[s, q.OUTSIDE] = 0.0
    elif state[s, q.OUTSIDE] != side:
        state[s, q.OUTSIDE] = side
        state[s, q.OUTSIDE_SINCE] = start
    # Noise changes sides at random: a branch on it is guessed wrong every other time.
    return float(max(min(z * side, z1 * side, z2 * side), 0.0))


@kernel
def _add_up(state: Array, s: int, start: float, z: float, p: Profile) -> float:
    """Both sides' sums after this reading; returns the larger."""
    z = max(-p.cusum_clip_sd, min(z, p.cusum_clip_sd))
    top = 2.0 * p.cusum_alarm
    up, down = state[s, q.UP], state[s, q.DOWN]
    up_since, down_since = state[s, q.UP_SINCE], state[s, q.DOWN_SINCE]
    state[s, q.UP_SINCE] = start if up <= 0.0 else up_since
    state[s, q.DOWN_SINCE] = start if down <= 0.0 else down_since
    up = min(max(up + z - p.cusum_slack_sd, 0.0), top)
    down = min(max(down - z - p.cusum_slack_sd, 0.0), top)
    state[s, q.UP] = up
    state[s, q.DOWN] = down
    return float(max(up, down))


@kernel
def _stay(
    state: Array,
    s: int,
    time: float,
    residual: float,
    z: float,
    evidence: float,
    p: Profile,
) -> tuple[int, float]:
    """An anomaly goes on until readings have been near the level for a while."""
    if outgrows(state, s, abs(residual), p):
        state[s, q.ANOMALOUS] = -state[s, q.ANOMALOUS]
        state[s, q.ONSET] = time
    flag = c.ANOMALY if state[s, q.ANOMALOUS] > 0.0 else 0
    if abs(z) >= p.leave_sd:
        state[s, q.CALM] = 0.0
        return flag, evidence
    if state[s, q.CALM] == 0.0:
        state[s, q.CALM_SINCE] = time
    state[s, q.CALM] += 1.0
    if state[s, q.CALM] < p.leave_readings or time - state[s, q.CALM_SINCE] < p.leave_ms:
        return flag, evidence
    state[s, q.ANOMALOUS] = 0.0
    state[s, q.UP] = 0.0
    state[s, q.DOWN] = 0.0
    return 0, 0.0
