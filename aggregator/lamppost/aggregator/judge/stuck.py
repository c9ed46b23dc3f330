"""Stuck: a value that stands longer than this channel ever does."""

from math import log

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import Profile
from lamppost.aggregator.judge.shares import share

Array = NDArray[np.float64]

MIN_STILL = 0.02  # lowest believed chance of no change at one poll
MIN_BETWEEN = 3.0  # mean times between changes
CHANGE_MEMORY = 200.0
STEP_MEMORY = 50.0
POLL_RISE = 0.01
STEP_RISE = 1.001  # the smallest change is slowly forgotten


@kernel
def judge_stand(state: Array, s: int, time: float, x: float, factor: float, p: Profile) -> int:
    """Take a good value that is in range; returns STUCK, SUSPECT or 0.

    `factor` times the usual time must pass until it is stuck.
    """
    if state[s, q.FIRST] < 0.0:
        state[s, q.FIRST] = time
        _stand_anew(state, s, time, x)
        return 0
    if x != state[s, q.VALUE]:
        if state[s, q.STAND_COUNT] > 0.0:
            if state[s, q.IS_STUCK] == 0.0:
                _learn_change(state, s, time, x, p)
            else:
                _end_told(state, s, time, p)
        state[s, q.IS_STUCK] = 0.0
        state[s, q.BEFORE] = state[s, q.VALUE]
        _stand_anew(state, s, time, x)
        return 0
    if state[s, q.STAND_COUNT] == 0.0:
        state[s, q.STAND_SINCE] = time
    state[s, q.STAND_COUNT] += 1.0
    if state[s, q.IS_STUCK] == 0.0 and _stands_too_long(state, s, time, x, factor, p):
        state[s, q.IS_STUCK] = 1.0
    if state[s, q.IS_STUCK] != 0.0:
        return c.STUCK
    return c.SUSPECT if _may_be_stuck(state, s, time, x, p) else 0


@kernel
def _may_be_stuck(state: Array, s: int, time: float, x: float, p: Profile) -> bool:
    """A stand that could yet turn out to be a fault: unlikely, and longer than any of late."""
    if x == 0.0:
        return False
    if state[s, q.CHANGES] < p.stuck_min_changes or state[s, q.FALLS] < p.stuck_min_falls:
        return False
    if state[s, q.STEPS] < p.stuck_min_steps and not _tosses_coins(state, s, time, p):
        return False
    stood, again = time - state[s, q.STAND_SINCE], state[s, q.STAND_COUNT] - 1.0
    if stood > state[s, q.LONGEST] and stood > _patience(state, s, p.suspect_alpha):
        return True
    if again <= state[s, q.LONGEST_ALIKE]:
        return False
    return bool(again > _patience_readings(state, s, p.suspect_alpha))


@kernel
def forget_stand(state: Array, s: int) -> None:
    """Something lies between the last reading and the next: how long it stood is not known."""
    state[s, q.STAND_COUNT] = 0.0


@kernel
def _stand_anew(state: Array, s: int, time: float, x: float) -> None:
    state[s, q.VALUE] = x
    state[s, q.STAND_SINCE] = time
    state[s, q.STAND_COUNT] = 1.0


@kernel
def _learn_change(state: Array, s: int, time: float, x: float, p: Profile) -> None:
    """Take the end of a healthy stand into the channel's habits."""
    stood = time - state[s, q.STAND_SINCE]
    changes = state[s, q.CHANGES] + 1.0
    state[s, q.CHANGES] = changes
    poll = state[s, q.POLL]
    if changes == 1.0:
        state[s, q.POLL] = stood
    elif stood < poll:
        state[s, q.POLL] = poll + 0.5 * (stood - poll)
    else:
        state[s, q.POLL] = poll + POLL_RISE * (min(stood, 2.0 * poll) - poll)
    if changes > CHANGE_MEMORY:
        slow, fast = 1.0 / CHANGE_MEMORY, 1.0 / STEP_MEMORY
    else:
        slow = share(changes, CHANGE_MEMORY)
        fast = share(max(changes - 1.0, 1.0), STEP_MEMORY)
    state[s, q.BETWEEN] += slow * (stood - state[s, q.BETWEEN])
    state[s, q.READ_ALIKE] += slow * (state[s, q.STAND_COUNT] - state[s, q.READ_ALIKE])
    moved = abs(x - state[s, q.VALUE])
    step = state[s, q.STEP]
    state[s, q.STEP] = moved if step == 0.0 else min(moved, step * STEP_RISE)
    if changes > 1.0:
        onwards = 0.0 if x == state[s, q.BEFORE] else 1.0
        fell = 1.0 if x < state[s, q.VALUE] else 0.0
        state[s, q.FALLS] += fast * (fell - state[s, q.FALLS])
        state[s, q.STEPS] += fast * (onwards - state[s, q.STEPS])
    longest = state[s, q.LONGEST]
    longest -= longest * min(stood * (1.0 / p.longest_memory_ms), 1.0)
    if stood >= longest:
        longest = stood
        state[s, q.HOME] = state[s, q.VALUE]
    state[s, q.LONGEST] = longest
    alike = state[s, q.LONGEST_ALIKE]
    alike -= alike * min(stood * (1.0 / p.longest_memory_ms), 1.0)
    state[s, q.LONGEST_ALIKE] = max(alike, state[s, q.STAND_COUNT])


@kernel
def _end_told(state: Array, s: int, time: float, p: Profile) -> None:
    """Take the end of a stand that was told into the habits, where it was but a rest.

    A channel of two values rests when what it belongs to does, at weekends say: that is told
    once. Others rest where they have rested before, to the last digit: a lamp at what it draws
    by day, which is told twice. A long fault is not remembered as more than a day, so that it
    does not deafen for weeks.
    """
    again = state[s, q.VALUE] == state[s, q.REST]
    state[s, q.REST] = state[s, q.VALUE]
    if state[s, q.STEPS] >= p.stuck_min_steps and not again:
        return
    stood = time - state[s, q.STAND_SINCE]
    counts = min(p.coarse_min_ms / max(stood, 1.0), 1.0)
    if counts * stood > state[s, q.LONGEST]:
        state[s, q.LONGEST] = counts * stood
        state[s, q.HOME] = state[s, q.VALUE]
    alike = counts * state[s, q.STAND_COUNT]
    state[s, q.LONGEST_ALIKE] = max(state[s, q.LONGEST_ALIKE], alike)


@kernel
def _patience(state: Array, s: int, alpha: float) -> float:
    """How long (ms) a healthy channel stands with chance `alpha`: polls are its coin tosses."""
    poll = max(state[s, q.POLL], 1.0)
    still = max(1.0 - poll / max(state[s, q.BETWEEN], poll), MIN_STILL)
    return float(poll * log(alpha) / log(still))


@kernel
def _stands_too_long(
    state: Array, s: int, time: float, x: float, factor: float, p: Profile
) -> bool:
    if state[s, q.CHANGES] < p.stuck_min_changes or state[s, q.FALLS] < p.stuck_min_falls:
        return False  # what only rises is a counter, and rests when nothing passes
    if state[s, q.STAND_COUNT] < p.stuck_min_readings or x == 0.0:
        return False
    stood = (time - state[s, q.STAND_SINCE]) / factor
    if stood < p.stuck_min_ms:
        return False
    if state[s, q.STEPS] >= p.stuck_min_steps:
        return _too_long(state, s, stood, p) or _too_often(state, s, stood, factor, p)
    if _tosses_coins(state, s, time, p) and _too_long(state, s, stood, p):
        return True
    # Below its quantum a channel moves near a rounding edge only, in bursts.
    long = stood >= p.coarse_min_ms and stood > p.coarse_longest * state[s, q.LONGEST]
    return bool(long and x != state[s, q.HOME])


@kernel
def _tosses_coins(state: Array, s: int, time: float, p: Profile) -> bool:
    """Whether a channel that moves back and forth only does so at all times, by chance.

    It changes at every few looks, and of its stands of late (as many as `LONGEST` remembers)
    none was longer than such changes explain. One that is near a rounding edge now and then
    rests in between for longer than that.
    """
    if state[s, q.CHANGES] < CHANGE_MEMORY or time - state[s, q.FIRST] < p.coarse_min_ms:
        return False
    between = state[s, q.BETWEEN]
    if between > p.coarse_looks * state[s, q.POLL]:
        return False
    any_of_them = p.coarse_chance * between / p.longest_memory_ms
    return bool(state[s, q.LONGEST] <= _patience(state, s, any_of_them))


@kernel
def _too_long(state: Array, s: int, stood: float, p: Profile) -> bool:
    """In time: behind a deadband looks that see no change are not sent."""
    long = stood >= p.stuck_longest * state[s, q.LONGEST]
    return bool(long and stood > _patience(state, s, p.stuck_alpha))


@kernel
def _too_often(state: Array, s: int, stood: float, factor: float, p: Profile) -> bool:
    """In readings: those can be counted where every look is sent, but at odd times."""
    again = (state[s, q.STAND_COUNT] - 1.0) / factor
    steady = stood > MIN_BETWEEN * state[s, q.BETWEEN]  # no burst of looks
    often = again >= p.stuck_longest * state[s, q.LONGEST_ALIKE]
    return bool(steady and often and again > _patience_readings(state, s, p.stuck_alpha))


@kernel
def _patience_readings(state: Array, s: int, alpha: float) -> float:
    """How often a healthy channel repeats a value with chance `alpha`."""
    still = max(1.0 - 1.0 / max(state[s, q.READ_ALIKE], 1.0), MIN_STILL)
    return float(log(alpha) / log(still))
