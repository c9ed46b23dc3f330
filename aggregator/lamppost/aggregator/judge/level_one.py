"""The level tier's verdict on one reading."""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.level_learn import (
    ROBUST_FROM,
    begin,
    learn,
    learn_interval,
    predict,
    settle,
)
from lamppost.aggregator.judge.level_tests import at_least, judge_residual
from lamppost.aggregator.judge.profile import Profile

Array = NDArray[np.float64]

CERTAIN = c.RANGE | c.RATE | c.STUCK | c.INSTRUMENT
MAX_SCORE = 100.0


@kernel
def hide(state: Array, s: int, found: int) -> None:
    """A confirmed sensor fault ends an anomaly, and the level is found anew after it."""
    if found & CERTAIN and not found & c.SUSPECT:
        state[s, q.FAULTED] = 1.0
        state[s, q.ANOMALOUS] = 0.0


@kernel
def judge_one(
    state: Array,
    s: int,
    time: float,
    x: float,
    held_since: float,
    single: float,
    alike: float,
    rate: float,
    p: Profile,
) -> tuple[int, float]:
    """Flags and evidence of one believable reading; learns from it."""
    if state[s, q.L_COUNT] == 0.0:
        begin(state, s, time, x)
        return c.LEARNING, 0.0
    elapsed = time - state[s, q.L_LAST]
    patience = at_least(state, s, p.accept_ms, p.accept_intervals)
    since = abs(state[s, q.ANOMALOUS])
    accepted = since > 0.0 and time - since > patience
    paused = elapsed > at_least(state, s, p.settle_after_ms, p.pause_intervals)
    paused = paused and state[s, q.L_COUNT] >= ROBUST_FROM
    learn_interval(state, s, elapsed)
    if state[s, q.FAULTED] != 0.0 or paused or accepted:
        state[s, q.SETTLE] = p.settle_readings
        state[s, q.FAULTED] = 0.0
    memory = at_least(state, s, p.severity_ms, p.severity_intervals)
    state[s, q.SEVERITY] *= memory / (memory + elapsed)
    if state[s, q.SETTLE] > 0.0:
        settle(state, s, time, x, p)
        return c.LEARNING, 0.0
    residual = x - predict(state, s, elapsed, p)
    warm = state[s, q.L_COUNT] >= p.warm_readings and time - state[s, q.L_FIRST] >= p.warm_ms
    found, evidence = c.LEARNING, 0.0
    if warm and single > 0.0:
        start = held_since if held_since >= 0.0 else time
        found, evidence = judge_residual(
            state, s, time, start, residual, single, alike, rate, p
        )
        evidence = min(evidence, MAX_SCORE)
        peak = evidence / (evidence + p.alarm_score)
        state[s, q.SEVERITY] = max(state[s, q.SEVERITY], peak)
    learn(state, s, time, x, residual, single, state[s, q.ANOMALOUS] != 0.0, p)
    return found, evidence
