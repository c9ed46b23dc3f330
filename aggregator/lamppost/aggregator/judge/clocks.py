"""Clocks: what a node's stamps say against the time its readings arrive.

A live reading's arrival minus its stamp is the way it took plus the error of the node's clock.
The way changes little; a clock that is set wrong moves all of a node's offsets by one amount,
and they stay there. Backlogs, which also arrive late, grow younger while they drain.
"""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import lanes as v
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge import instrument_state as w
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import Profile, profile_of

Array = NDArray[np.float64]

KNOWN = 20.0
RATE = 0.05
DEV_RATE = 0.02
SAME = 0.02  # of the move, and at least SAME_MS: offsets this near to each other are one
SAME_MS = 2_000.0
DEVIATIONS = 10.0
SKEW_LEAVE = 0.5  # of the step: so near to where it began it is right again


@kernel
def watch_clocks(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    historical: NDArray[np.uint8],
    now_ms: int,
    channels: Array,
    quality: Array,
    state: Array,
    parameters: Array,
) -> None:
    """Follow the clocks of the nodes that live readings come from.

    A channel whose live readings are not judged because of their stamps is not silent; one that
    repeats the last stamp is.
    """
    p = profile_of(parameters)
    channels, quality, state = borrowed(channels), borrowed(quality), borrowed(state)
    now = float(now_ms)
    for i in range(series.shape[0]):
        if historical[i] == 0:
            s = int(series[i])
            mine = v.block_of(quality, s // v.LANES)
            if float(time_ms[i]) != mine[s % v.LANES, q.LAST]:
                mine[s % v.LANES, q.SEEN] = now
            lead = int(channels[s, q.LEAD]) - 1
            if lead >= 0:
                _watch(state, lead, now - float(time_ms[i]), now, p)


@kernel
def _watch(state: Array, s: int, offset: float, now: float, p: Profile) -> None:
    usual, count = state[s, w.OFFSET], state[s, w.OFFSETS]
    away = offset - usual
    if count < KNOWN:
        state[s, w.OFFSETS] = count + 1.0
        state[s, w.OFFSET] = usual + away / (count + 1.0)
        state[s, w.REFERENCE] = state[s, w.OFFSET]
        if count > 0.0:
            _spread(state, s, abs(away), 1.0 / count)
        return
    if abs(away) <= max(p.clock_step_ms, DEVIATIONS * state[s, w.OFFSET_DEV]):
        state[s, w.AWAY_COUNT] = 0.0
        step = max(state[s, w.OFFSET_DEV], 1.0)
        state[s, w.OFFSET] = usual + RATE * max(-step, min(away, step))
        _spread(state, s, abs(away), DEV_RATE)
        _watch_skew(state, s, now, p)
        return
    moved = abs(offset - state[s, w.AWAY_AT])
    if state[s, w.AWAY_COUNT] == 0.0 or moved > max(SAME * abs(away), SAME_MS):
        state[s, w.AWAY_AT] = offset
        state[s, w.AWAY_COUNT] = 0.0
        state[s, w.AWAY_SINCE] = now
    state[s, w.AWAY_COUNT] += 1.0
    if state[s, w.CLOCK_WRONG] != 0.0:
        return
    if (
        state[s, w.AWAY_COUNT] >= p.clock_readings
        and now - state[s, w.AWAY_SINCE] >= p.clock_ms
    ):
        if usual > 0.0 and abs(offset) <= p.clock_step_ms:
            _begin_anew(state, s, offset)
            return
        state[s, w.CLOCK_WRONG] = away
        state[s, w.WRONG_SINCE] = state[s, w.AWAY_SINCE]


@kernel
def _begin_anew(state: Array, s: int, offset: float) -> None:
    """What came late comes in time now: a backlog drained, or a clock was set right."""
    state[s, w.OFFSETS] = 1.0
    state[s, w.OFFSET] = offset
    state[s, w.REFERENCE] = offset
    state[s, w.OFFSET_DEV] = 0.0
    state[s, w.AWAY_COUNT] = 0.0


@kernel
def _watch_skew(state: Array, s: int, now: float, p: Profile) -> None:
    """A clock that runs fast or slow moves the usual offset away from where it began.

    Readings that come less late than they did, but not before their stamps, say nothing of the
    clock: the way has become shorter, as it does while a backlog drains.
    """
    shortest = min(state[s, w.REFERENCE], max(state[s, w.OFFSET], 0.0))
    state[s, w.REFERENCE] = shortest
    skew = state[s, w.OFFSET] - shortest
    wrong = state[s, w.CLOCK_WRONG]
    limit = p.clock_step_ms if wrong == 0.0 else SKEW_LEAVE * p.clock_step_ms
    if abs(skew) <= limit:
        state[s, w.CLOCK_WRONG] = 0.0
        return
    if wrong == 0.0:
        state[s, w.WRONG_SINCE] = now
        state[s, w.CLOCK_WRONG] = skew


@kernel
def _spread(state: Array, s: int, size: float, weight: float) -> None:
    dev = state[s, w.OFFSET_DEV]
    state[s, w.OFFSET_DEV] = dev + weight * (size - dev)


@kernel
def find_clocks(
    count: int,
    state: Array,
    series: NDArray[np.int32],
    since_ms: NDArray[np.int64],
    offset_ms: Array,
) -> int:
    """Fill in the nodes (by first series) whose clock went wrong, or right (offset 0), anew."""
    state = borrowed(state)
    found = 0
    for s in range(count):
        wrong = state[s, w.CLOCK_WRONG]
        if (wrong != 0.0) != (state[s, w.CLOCK_TOLD] != 0.0):
            state[s, w.CLOCK_TOLD] = 1.0 if wrong != 0.0 else 0.0
            series[found] = s
            since_ms[found] = int(state[s, w.WRONG_SINCE])
            offset_ms[found] = -wrong
            found += 1
    return found
