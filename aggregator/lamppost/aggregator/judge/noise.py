"""Noise: a channel that trembles far more, or far less, than it ever has."""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import instrument_state as w
from lamppost.aggregator.judge.profile import Profile

Array = NDArray[np.float64]

MOVE_MEMORY = 32.0
BLOCK_READINGS = 64.0
CLIP = 4.0  # local means; neither a step of the process is noise, nor are its bursts
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
    if not warm or state[s, w.QUIET] <= 0.0:
        _remember(state, s, p)
        return 0
    move = state[s, w.MOVE]
    side = state[s, w.N_SIDE]
    if side > 0.0:
        outside = move > p.noise_leave * state[s, w.LOUD]
    elif side < 0.0:
        outside = move * p.noise_leave < state[s, w.QUIET]
    else:
        outside = _side(state, s, move, p) != 0.0
    if not outside:
        if side != 0.0:
            _grow_used(state, s)
        state[s, w.N_RUN] = 0.0
        _remember(state, s, p)
        return 0
    if state[s, w.N_RUN] == 0.0:
        state[s, w.N_SINCE] = time
        state[s, w.N_PEAK] = move
    state[s, w.N_RUN] += 1.0
    louder = side > 0.0 or move > state[s, w.LOUD]
    peak = state[s, w.N_PEAK]
    state[s, w.N_PEAK] = max(peak, move) if louder else min(peak, move)
    if side == 0.0 and state[s, w.N_RUN] >= p.noise_readings:
        state[s, w.N_SIDE] = _side(state, s, move, p)
    if state[s, w.N_SIDE] == 0.0:
        return 0
    if time - state[s, w.N_SINCE] < p.instrument_accept_ms:
        return c.NOISE
    _grow_used(state, s)
    state[s, w.N_RUN] = 0.0
    return 0


@kernel
def _grow_used(state: Array, s: int) -> None:
    """What came and went by itself, or stays for a week, is the channel's own way."""
    state[s, w.N_SIDE] = 0.0
    state[s, w.QUIET] = min(state[s, w.QUIET], state[s, w.N_PEAK])
    state[s, w.LOUD] = max(state[s, w.LOUD], state[s, w.N_PEAK])


@kernel
def _side(state: Array, s: int, move: float, p: Profile) -> float:
    quiet, loud = state[s, w.QUIET], state[s, w.LOUD]
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
    move = state[s, w.MOVE]
    if count > KNOWN_MOVES:
        moved = min(moved, CLIP * move)
    state[s, w.MOVES] = min(count, MOVE_MEMORY)
    state[s, w.MOVE] = move + (moved - move) / state[s, w.MOVES]


@kernel
def _remember(state: Array, s: int, p: Profile) -> None:
    """Take healthy noise into the habit, a block late: a change must not teach itself."""
    if state[s, w.MOVES] < MOVE_MEMORY:
        return
    move = state[s, w.MOVE]
    if state[s, w.BLOCK] == 0.0:
        state[s, w.BLOCK_LOW] = move
        state[s, w.BLOCK_HIGH] = move
    state[s, w.BLOCK_LOW] = min(state[s, w.BLOCK_LOW], move)
    state[s, w.BLOCK_HIGH] = max(state[s, w.BLOCK_HIGH], move)
    state[s, w.BLOCK] += 1.0
    if state[s, w.BLOCK] < BLOCK_READINGS:
        return
    state[s, w.BLOCK] = 0.0
    if state[s, w.PAST_HIGH] > 0.0:
        quiet, loud = state[s, w.PAST_LOW], state[s, w.PAST_HIGH]
        if state[s, w.QUIET] > 0.0:
            forget = p.noise_forget
            quiet = min(quiet, state[s, w.QUIET] * (1.0 + forget))
            loud = max(loud, state[s, w.LOUD] * (1.0 - forget))
        state[s, w.QUIET] = quiet
        state[s, w.LOUD] = loud
    state[s, w.PAST_LOW] = state[s, w.BLOCK_LOW]
    state[s, w.PAST_HIGH] = state[s, w.BLOCK_HIGH]
