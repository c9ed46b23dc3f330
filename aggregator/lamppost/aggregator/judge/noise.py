"""Noise: a channel that trembles far more, or far less, than it ever has.

An instrument's noise is in every change, so it moves both their mean and the typical one (the
median). Bursts, which come and go with the process, move the mean alone; a process that changes
between two kinds of step moves the median alone.
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import instrument_state as w
from lamppost.aggregator.judge.profile import Profile

Array = NDArray[np.float64]

MOVE_MEMORY = 32.0
TYPICAL_STEP = 1.0625  # by so much a larger change raises the typical one, a smaller sinks it
BLOCK_READINGS = 64.0
CLIP = 4.0  # local means; neither a step of the process is noise, nor are its bursts
FALL_MEMORY = 16.0  # where a change is far below the mean: what is muffled was loud before
KNOWN_MOVES = 8.0
WILD = 10.0  # root of the loudest over the quietest: more is no noise of an instrument


@kernel
def judge_noise(state: Array, s: int, time: float, x: float, warm: bool, p: Profile) -> int:
    """Take a believable value that follows the last one without a pause: NOISE or 0."""
    moved = abs(x - state[s, w.I_VALUE])
    if moved == 0.0:
        return c.NOISE if state[s, w.N_SIDE] != 0.0 else 0
    _follow(state, s, moved)
    if state[s, w.RISES] >= p.counter_rises:
        return 0  # a counter's changes are the process
    if not warm or state[s, w.OF_MEAN + w.QUIET] <= 0.0:
        _remember(state, s, p)
        return 0
    side = state[s, w.N_SIDE]
    beyond = side if side != 0.0 and _stays(state, s, side, p) else 0.0
    if side == 0.0:
        beyond = _beyond(state, s, p)
    if beyond == 0.0:
        if side != 0.0:
            _grow_used(state, s)
        state[s, w.N_RUN] = 0.0
        _remember(state, s, p)
        return 0
    _extend(state, s, time, beyond)
    if side == 0.0 and state[s, w.N_RUN] >= p.noise_readings:
        state[s, w.N_SIDE] = beyond
    if state[s, w.N_SIDE] == 0.0:
        return 0
    if time - state[s, w.N_SINCE] < p.instrument_accept_ms:
        return c.NOISE
    _grow_used(state, s)
    state[s, w.N_RUN] = 0.0
    return 0


@kernel
def _extend(state: Array, s: int, time: float, side: float) -> None:
    """One more reading beyond the habits, on one side."""
    mean, typical = state[s, w.MOVE], state[s, w.TYPICAL]
    if state[s, w.N_RUN] == 0.0:
        state[s, w.N_SINCE] = time
        state[s, w.N_PEAK] = mean
        state[s, w.N_PEAK_TYPICAL] = typical
    state[s, w.N_RUN] += 1.0
    if side > 0.0:
        state[s, w.N_PEAK] = max(state[s, w.N_PEAK], mean)
        state[s, w.N_PEAK_TYPICAL] = max(state[s, w.N_PEAK_TYPICAL], typical)
    else:
        state[s, w.N_PEAK] = min(state[s, w.N_PEAK], mean)
        state[s, w.N_PEAK_TYPICAL] = min(state[s, w.N_PEAK_TYPICAL], typical)


@kernel
def _grow_used(state: Array, s: int) -> None:
    """What came and went by itself, or stays for a week, is the channel's own way."""
    state[s, w.N_SIDE] = 0.0
    _widen(state, s, w.OF_MEAN, state[s, w.N_PEAK])
    _widen(state, s, w.OF_TYPICAL, state[s, w.N_PEAK_TYPICAL])


@kernel
def _widen(state: Array, s: int, habit: int, peak: float) -> None:
    state[s, habit + w.QUIET] = min(state[s, habit + w.QUIET], peak)
    state[s, habit + w.LOUD] = max(state[s, habit + w.LOUD], peak)


@kernel
def _stays(state: Array, s: int, side: float, p: Profile) -> bool:
    """Whether both are still outside, with hysteresis."""
    mean, typical = state[s, w.MOVE], state[s, w.TYPICAL]
    if side > 0.0:
        return bool(
            mean > p.noise_leave * state[s, w.OF_MEAN + w.LOUD]
            and typical > p.noise_leave * state[s, w.OF_TYPICAL + w.LOUD]
        )
    return bool(
        mean * p.noise_leave < state[s, w.OF_MEAN + w.QUIET]
        and typical * p.noise_leave < state[s, w.OF_TYPICAL + w.QUIET]
    )


@kernel
def _beyond(state: Array, s: int, p: Profile) -> float:
    """1 when both are far louder than ever, -1 when far quieter, else 0."""
    side = _side(state, s, state[s, w.MOVE], p)
    typical = state[s, w.TYPICAL]
    if side > 0.0 and typical > p.noise_typical * state[s, w.OF_TYPICAL + w.LOUD]:
        return 1.0
    if side < 0.0 and typical * p.noise_typical < state[s, w.OF_TYPICAL + w.QUIET]:
        return -1.0
    return 0.0


@kernel
def _side(state: Array, s: int, move: float, p: Profile) -> float:
    quiet, loud = state[s, w.OF_MEAN + w.QUIET], state[s, w.OF_MEAN + w.LOUD]
    if move > p.noise_louder * loud:
        return 1.0 if move > p.noise_louder * loud * _width(quiet, loud) else 0.0
    if move * p.noise_quieter < quiet:
        return -1.0 if move * p.noise_quieter * _width(quiet, loud) < quiet else 0.0
    return 0.0


@kernel
def _width(quiet: float, loud: float) -> float:
    """How many times farther a channel must go whose trembling is the process's, and wild."""
    return float(max(sqrt(loud / quiet) / WILD, 1.0))


@kernel
def _follow(state: Array, s: int, moved: float) -> None:
    count = state[s, w.MOVES] + 1.0
    move, typical = state[s, w.MOVE], state[s, w.TYPICAL]
    if count == 1.0:
        typical = moved
    step = TYPICAL_STEP if count > MOVE_MEMORY else max(TYPICAL_STEP, 1.0 + 1.0 / count)
    state[s, w.TYPICAL] = typical * step if moved > typical else typical / step
    if count > KNOWN_MOVES:
        moved = min(moved, CLIP * move)
    memory = min(count, MOVE_MEMORY)
    state[s, w.MOVES] = memory
    if moved * CLIP < move:
        memory = min(memory, FALL_MEMORY)
    state[s, w.MOVE] = move + (moved - move) / memory


@kernel
def _remember(state: Array, s: int, p: Profile) -> None:
    """Take healthy noise into the habit, a block late: a change must not teach itself."""
    if state[s, w.MOVES] < MOVE_MEMORY:
        return
    opens = state[s, w.BLOCK] == 0.0
    state[s, w.BLOCK] += 1.0
    closes = state[s, w.BLOCK] >= BLOCK_READINGS
    if closes:
        state[s, w.BLOCK] = 0.0
    _take(state, s, w.OF_MEAN, state[s, w.MOVE], opens, closes, p)
    _take(state, s, w.OF_TYPICAL, state[s, w.TYPICAL], opens, closes, p)


@kernel
def _take(
    state: Array, s: int, habit: int, move: float, opens: bool, closes: bool, p: Profile
) -> None:
    if opens:
        state[s, habit + w.BLOCK_LOW] = move
        state[s, habit + w.BLOCK_HIGH] = move
    state[s, habit + w.BLOCK_LOW] = min(state[s, habit + w.BLOCK_LOW], move)
    state[s, habit + w.BLOCK_HIGH] = max(state[s, habit + w.BLOCK_HIGH], move)
    if not closes:
        return
    quiet, loud = state[s, habit + w.PAST_LOW], state[s, habit + w.PAST_HIGH]
    if loud > 0.0:
        if state[s, habit + w.QUIET] > 0.0:
            forget = p.noise_forget
            quiet = min(quiet, state[s, habit + w.QUIET] * (1.0 + forget))
            loud = max(loud, state[s, habit + w.LOUD] * (1.0 - forget))
        state[s, habit + w.QUIET] = quiet
        state[s, habit + w.LOUD] = loud
    state[s, habit + w.PAST_LOW] = state[s, habit + w.BLOCK_LOW]
    state[s, habit + w.PAST_HIGH] = state[s, habit + w.BLOCK_HIGH]
