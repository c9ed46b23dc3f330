"""Scale: readings that jump to what the same measurement is in another unit."""

from math import log10

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import instrument_state as w
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import Profile

Array = NDArray[np.float64]

# What happened to the readings; `set_right` undoes it.
THOUSANDFOLD, THOUSANDTH, FAHRENHEIT, CELSIUS = 1, 2, 3, 4
DECADES = 3.0
NEAREST = 0.15  # decades; scatter below this is taken for so much
FARTHEST = 1.2  # nothing farther from three decades is taken for them
WIDEST = 2.4  # with more scatter nothing can be told; FARTHEST already, of sizes seen before
SCATTER = 4.0  # mean deviations
BEYOND = 3.0  # times the largest, or below the smallest, value ever believed
JUMP = 12.0  # usual changes: a jump is more than so many
LANDING = 6.0  # and lands, set right, within so many of the last value
ROUNDING = 1e-6  # of a value: a channel that has never moved lands where it was, to so much
UNDECIDED = 3.0  # times the readings it takes: so long may sizes tell nothing either way


@kernel
def set_right(x: float, mistake: int) -> float:
    """The value that would have been read without the mistake."""
    if mistake == THOUSANDFOLD:
        return x * 1e-3
    if mistake == THOUSANDTH:
        return x * 1e3
    if mistake == FAHRENHEIT:
        return (x - 32.0) / 1.8
    return x * 1.8 + 32.0


@kernel
def take_sizes(state: Array, s: int) -> None:
    """Take the sizes of the last readings into those ever seen."""
    smallest, newest = state[s, w.SMALLEST], state[s, w.NEW_SMALLEST]
    state[s, w.SMALLEST] = newest if smallest == 0.0 else min(newest, smallest)
    state[s, w.LARGEST] = max(state[s, w.NEW_LARGEST], state[s, w.LARGEST])
    state[s, w.NEW_SMALLEST] = 0.0
    state[s, w.NEW_LARGEST] = 0.0


@kernel
def judge_scale(
    channels: Array, state: Array, s: int, time: float, x: float, warm: bool, p: Profile
) -> int:
    """SCALE, SUSPECT while it is not sure, or 0."""
    mistake = int(state[s, w.SCALED])
    if mistake == 0:
        if not warm or x == 0.0:
            return 0
        mistake = _suspected(channels, state, s, time, x, p)
        if mistake == 0:
            return 0
        state[s, w.SCALED] = mistake
        state[s, w.S_COUNT] = 1.0
        state[s, w.S_SINCE] = time
        state[s, w.S_VALUE] = set_right(x, mistake)
        return c.SUSPECT
    told = state[s, w.S_COUNT] >= p.scale_readings
    if x == 0.0 and mistake <= THOUSANDTH:
        return c.SCALE if told else c.SUSPECT
    goes_on = _fits(state, s, x, mistake) if told else _fits_well(state, s, x, mistake)
    if not goes_on and not told and _is_open(state, s, time, x, mistake, p):
        return c.SUSPECT
    if not goes_on or time - state[s, w.S_SINCE] > p.instrument_accept_ms:
        _let_go(state, s, time)
        return 0
    state[s, w.S_VALUE] = set_right(x, mistake)
    state[s, w.S_COUNT] += 1.0
    return c.SCALE if state[s, w.S_COUNT] >= p.scale_readings else c.SUSPECT


@kernel
def _let_go(state: Array, s: int, time: float) -> None:
    """It was the process, or is over: such sizes are no longer a surprise by themselves."""
    right, mistake = abs(state[s, w.S_VALUE]), state[s, w.SCALED]
    state[s, w.SCALED] = 0.0
    state[s, w.S_ENDED] = time
    if mistake == THOUSANDFOLD:
        state[s, w.LARGEST] = max(right * 1e3, state[s, w.LARGEST])
    elif mistake == THOUSANDTH and right > 0.0:
        state[s, w.SMALLEST] = min(right * 1e-3, state[s, w.SMALLEST])


@kernel
def _scatter(state: Array, s: int) -> float:
    return float(max(SCATTER * state[s, w.LOG_DEV], NEAREST))


@kernel
def _suspected(channels: Array, state: Array, s: int, time: float, x: float, p: Profile) -> int:
    """The mistake that explains a jump, 0 for none."""
    far = _is_far(state, s, abs(x))
    if not far and abs(x - state[s, w.I_VALUE]) <= JUMP * state[s, w.MOVE]:
        return 0  # as nearly always, and cheaply
    shift = log10(max(abs(x), 1e-300)) - state[s, w.LOGS]
    scatter = _scatter(state, s)
    widest = WIDEST if far else FARTHEST
    signed = x * state[s, w.I_VALUE] >= 0.0  # noise changes signs, a factor does not
    if signed and scatter < widest and abs(abs(shift) - DECADES) < min(scatter, FARTHEST):
        mistake = THOUSANDFOLD if shift > 0.0 else THOUSANDTH
        known = _is_known(state, s, abs(set_right(x, mistake)), BEYOND)
        ended = state[s, w.S_ENDED]
        first = ended == 0.0 or time - ended > p.instrument_memory_ms
        if (far and known) or (first and _jumps(state, s, x, mistake)):
            return mistake
    if channels[s, q.TEMPERATURE] != 0.0:
        if _jumps(state, s, x, FAHRENHEIT):
            return FAHRENHEIT
        if _jumps(state, s, x, CELSIUS):
            return CELSIUS
    return 0


@kernel
def _is_far(state: Array, s: int, size: float) -> bool:
    """Far beyond, or below, every size ever seen."""
    return bool(size > BEYOND * state[s, w.LARGEST] or size * BEYOND < state[s, w.SMALLEST])


@kernel
def _is_known(state: Array, s: int, size: float, about: float) -> bool:
    return bool(state[s, w.SMALLEST] <= about * size <= about * about * state[s, w.LARGEST])


@kernel
def _is_open(state: Array, s: int, time: float, x: float, mistake: int, p: Profile) -> bool:
    """Whether a reading that does not go on from the last ones says nothing against a factor.

    The process goes on moving while the factor is wrong: as read it is of no size ever seen,
    and set right of one that has been. For so long only as `UNDECIDED` says.
    """
    lasted = time - state[s, w.S_SINCE]
    if mistake > THOUSANDTH or lasted > UNDECIDED * p.scale_readings * state[s, w.I_INTERVAL]:
        return False
    right = set_right(x, mistake)
    signed = right * state[s, w.S_VALUE] > 0.0
    return bool(signed and _is_far(state, s, abs(x)) and _is_known(state, s, abs(right), 1.0))


@kernel
def _usual_change(state: Array, s: int) -> float:
    """The present changes, or the loudest ever: what trembles now lands anywhere by chance."""
    loud = state[s, w.OF_MEAN + w.LOUD]
    return float(min(state[s, w.MOVE], loud) if loud > 0.0 else state[s, w.MOVE])


@kernel
def _jumps(state: Array, s: int, x: float, mistake: int) -> bool:
    last, move = state[s, w.I_VALUE], _usual_change(state, s)
    lands = abs(set_right(x, mistake) - last) <= LANDING * move + ROUNDING * abs(last)
    return bool(lands and abs(x - last) > JUMP * move)


@kernel
def _fits_well(state: Array, s: int, x: float, mistake: int) -> bool:
    right = set_right(x, mistake)
    if mistake <= THOUSANDTH and right * state[s, w.S_VALUE] < 0.0:
        return False
    if mistake <= THOUSANDTH:
        scatter = min(_scatter(state, s), FARTHEST)
        return bool(abs(log10(max(abs(right), 1e-300)) - state[s, w.LOGS]) < scatter)
    last = state[s, w.I_VALUE]
    room = LANDING * _usual_change(state, s) + ROUNDING * abs(last)
    near = abs(right - state[s, w.S_VALUE]) <= room
    return bool(near and abs(right - last) <= abs(x - last))


@kernel
def _fits(state: Array, s: int, x: float, mistake: int) -> bool:
    """Whether a reading is nearer to the last one when it is set right."""
    right = set_right(x, mistake)
    if mistake <= THOUSANDTH:
        wrong = abs(log10(max(abs(x), 1e-300)) - state[s, w.LOGS])
        return bool(abs(log10(max(abs(right), 1e-300)) - state[s, w.LOGS]) <= wrong)
    last = state[s, w.S_VALUE]
    return bool(abs(right - last) <= abs(x - last))
