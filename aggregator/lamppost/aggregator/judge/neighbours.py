"""Neighbours tier: a sensor that leaves those that have always measured the same.

A channel's neighbours measure the same on the same device, or, where there are none, nearby:
`near` has their numbers. Each value is taken in its own mean and deviation; the distance from
the median of the others is what a drift moves, and what the process (or the weather), which
moves them all, does not. Only where that distance has proven small beside the values' own
movement does a channel have neighbours in this sense.

One channel of a device is read before another: so it is the reading before the present one that
is compared, when all have been read that were then, each at the time nearest to it.
"""

from math import sqrt

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge import instrument_state as w
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import MAX_VALUE, Profile, profile_of

Array = NDArray[np.float64]
Singles = NDArray[np.float32]
Near = NDArray[np.int32]

MAX_NEAR = 8
LEAST = MAX_NEAR  # column of `near`: with fewer that speak nothing is compared
NEAR_WIDTH = MAX_NEAR + 1
IDLE_EVERY = 16.0  # readings, where they have proven to be no neighbours
IDLE_TIMES = 2.0  # times the distance at which neighbours are such
FRESH = 3.0  # intervals
KNOWN = 30.0
HALF_SURE = 0.4  # of the alarm: from here on readings are withheld
RUN_MEMORY = 16.0
CLIP = 4.0
SD_PER_MAD = 1.25
SEVERITY = 0.6
FARTHEST = 5.0  # beyond that the process is where nobody has compared the sensors
USED_TO = 1.5
WIDEST = 8.0  # deviations: farther out a value counts as if it were there
ROOM = 2.0  # times the alarm: a CUSUM grows no higher
NEAR_AGAIN = 0.5  # of what matters: so near is back, after the sum was at the alarm
GAIN_KNOWN = 0.1  # of how far the process has gone: sensors are alike to a tenth, not better
HIDDEN = c.NOT_THE_LAST | c.FAULTS | c.SUSPECT


@kernel
def neighbours_tier(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    value: Array,
    quality: NDArray[np.int16],  # noqa: ARG001 - one signature for all tiers
    now_ms: int,  # noqa: ARG001
    channels: Array,
    state: Array,
    near: Near,
    parameters: Array,
    flags: NDArray[np.uint32],
    expected: Singles,
    low: Singles,
    high: Singles,
    score: Singles,  # noqa: ARG001
    severity: Singles,
    onset_ms: NDArray[np.int64],
) -> None:
    """Judge a batch in the order given, on top of what the tiers before it found.

    What is expected of a channel that drifts is what its neighbours say, give or take what
    does not matter.
    """
    p = profile_of(parameters)
    channels, state, near = borrowed(channels), borrowed(state), borrowed(near)
    for i in range(series.shape[0]):
        s = int(series[i])
        if channels[s, q.NEAR] == 0.0 or channels[s, q.KIND] != c.NUMERIC:
            continue
        found = int(np.int64(flags[i]))
        x = float(value[i])
        if found & HIDDEN or abs(x) > MAX_VALUE:
            continue
        added, said = _judge(near, state, s, float(time_ms[i]), x, p)
        if added:
            flags[i] = found | added
        if added & c.DRIFT:
            severity[i] = SEVERITY
            onset_ms[i] = int(_since(state, s))
            half = p.neighbours_matter * state[s, w.SPREAD]
            expected[i], low[i], high[i] = said, said - half, said + half


@kernel
def _since(state: Array, s: int) -> float:
    if state[s, w.A_UP] >= state[s, w.A_DOWN]:
        return float(state[s, w.A_UP_SINCE])
    return float(state[s, w.A_DOWN_SINCE])


@kernel
def _judge(
    near: Near, state: Array, s: int, time: float, x: float, p: Profile
) -> tuple[int, float]:
    """DRIFT, SUSPECT or 0, and what the neighbours say the last reading should have been."""
    if state[s, w.D_COUNT] == 0.0:
        state[s, w.D_FIRST] = time
        state[s, w.D_LAST] = time
        state[s, w.D_COUNT] = 1.0
        state[s, w.MEAN] = x
        return 0, x
    before = state[s, w.D_LAST]
    elapsed = time - before
    interval = state[s, w.D_INTERVAL]
    if state[s, w.D_COUNT] > KNOWN:
        elapsed = min(elapsed, FRESH * interval)
    state[s, w.D_INTERVAL] = interval + (elapsed - interval) / min(state[s, w.D_COUNT], KNOWN)
    known = state[s, w.D_COUNT] >= KNOWN and state[s, w.SPREAD] > 0.0
    added, said = 0, x
    if state[s, w.D_COUNT] > KNOWN and known and not _is_idle(state, s, p):
        others = _others(near, state, s, before)
        if others >= max(near[s, LEAST], 1):
            middle = _median(near, state, s, before, others)
            settled = time - state[s, w.D_FIRST] >= p.instrument_ms  # means and deviations
            if settled and abs(middle) <= FARTHEST:
                added = _add_up(near, state, s, time, middle, others, p)
                usual = state[s, w.APART] + (1.0 + state[s, w.APART_GAIN]) * middle
                said = state[s, w.MEAN] + state[s, w.SPREAD] * usual
    state[s, w.ZED_BEFORE] = state[s, w.ZED]
    state[s, w.D_BEFORE] = before
    state[s, w.D_LAST] = time
    if known:
        state[s, w.ZED] = (x - state[s, w.MEAN]) / state[s, w.SPREAD]
    if added == 0:
        _learn(state, s, elapsed, x, known, p)
    return added, said


@kernel
def _is_idle(state: Array, s: int, p: Profile) -> bool:
    """Whether the others have long proven to be no neighbours; it is looked at now and then."""
    if state[s, w.A_COUNT] < p.neighbours_memory or state[s, w.DRIFTS] > 0.0:
        return False
    far = IDLE_TIMES * p.neighbours_share * state[s, w.Z_SIZE]
    return bool(state[s, w.APART_DEV] > far and state[s, w.D_COUNT] % IDLE_EVERY > 0.0)


@kernel
def _learn(state: Array, s: int, elapsed: float, x: float, known: bool, p: Profile) -> None:
    count = state[s, w.D_COUNT]
    weight = max(1.0 / (count + 1.0), min(elapsed / p.neighbours_ms, 1.0 / KNOWN))
    away = x - state[s, w.MEAN]
    size = abs(away)
    if known:  # one peak of the process must not make all else small for a week
        size = min(size, WIDEST * state[s, w.SPREAD])
        away = max(-size, min(away, size))
    state[s, w.MEAN] += weight * away
    state[s, w.SPREAD] += max(weight, 1.0 / count) * (size - state[s, w.SPREAD])
    if known:
        size = min(abs(state[s, w.ZED]), 2.0 * CLIP)
        state[s, w.Z_SIZE] += max(weight, 1.0 / (count - KNOWN + 1.0)) * (
            size - state[s, w.Z_SIZE]
        )
    state[s, w.D_COUNT] = count + 1.0


@kernel
def _counts(state: Array, s: int, other: int, time: float) -> bool:
    """Whether another has something to say of that time: near, known, not itself drifting."""
    away = min(abs(time - state[other, w.D_LAST]), abs(time - state[other, w.D_BEFORE]))
    limit = max(state[other, w.D_INTERVAL], state[s, w.D_INTERVAL])
    known = state[other, w.D_COUNT] > KNOWN + 1.0 and state[other, w.DRIFTS] == 0.0
    return bool(known and away <= limit)


@kernel
def _then(state: Array, other: int, time: float) -> float:
    """Another's value, in its deviations, at the time nearest to `time`."""
    if abs(time - state[other, w.D_BEFORE]) < abs(time - state[other, w.D_LAST]):
        return float(state[other, w.ZED_BEFORE])
    return float(state[other, w.ZED])


@kernel
def _others(near: Near, state: Array, s: int, time: float) -> int:
    count = 0
    for k in range(MAX_NEAR):
        other = int(near[s, k])
        if other < 0:
            break
        if _counts(state, s, other, time):
            count += 1
    return count


@kernel
def _rank(near: Near, state: Array, s: int, time: float, one: int) -> int:
    """How many of the neighbours are lower than `one`; its own index decides between equals."""
    mine = _then(state, one, time)
    lower = 0
    for k in range(MAX_NEAR):
        other = int(near[s, k])
        if other < 0:
            break
        if other != one and _counts(state, s, other, time):
            z = _then(state, other, time)
            if z < mine or (z == mine and other < one):
                lower += 1
    return lower


@kernel
def _median(near: Near, state: Array, s: int, time: float, count: int) -> float:
    """The middle one, or the mean of the two middle ones, by counting: there are few."""
    total = 0.0
    for k in range(MAX_NEAR):
        other = int(near[s, k])
        if other < 0:
            break
        if _counts(state, s, other, time):
            rank = _rank(near, state, s, time, other)
            if rank == count // 2:
                total += _then(state, other, time)
            if rank == (count - 1) // 2:
                total += _then(state, other, time)
    return 0.5 * total


@kernel
def _add_up(
    near: Near, state: Array, s: int, time: float, middle: float, others: int, p: Profile
) -> int:
    """DRIFT, SUSPECT or 0 for the distance from the others' median; learns the healthy ones."""
    apart = state[s, w.ZED] - middle
    count = state[s, w.A_COUNT] + 1.0
    dev = state[s, w.APART_DEV]
    away = apart - state[s, w.APART] - state[s, w.APART_GAIN] * middle
    alike = 1.0
    if dev > 0.0:
        shrink = sqrt(2.0 * RUN_MEMORY - 1.0)
        alike = max(state[s, w.A_RUN_DEV] * shrink / dev, 1.0)
    warm = count >= p.instrument_readings
    proven = warm and dev > 0.0 and dev <= p.neighbours_share * state[s, w.Z_SIZE]
    clipped = away
    if count > KNOWN and dev > 0.0:
        limit = max(CLIP * SD_PER_MAD * dev, 2.0 * p.neighbours_matter)
        clipped = max(-limit, min(away, limit))
    allowed = GAIN_KNOWN * abs(middle)
    run = _beyond(clipped, allowed)
    state[s, w.A_RUN] += (run - state[s, w.A_RUN]) / min(count, RUN_MEMORY)
    # Who has surely left does not come back for a noon at which it reads a little like others.
    sure_before = max(state[s, w.A_UP], state[s, w.A_DOWN]) >= p.neighbours_alarm
    if abs(state[s, w.A_RUN]) < p.neighbours_matter * (NEAR_AGAIN if sure_before else 1.0):
        state[s, w.NEAR_UNTIL] = time
    if proven:
        z = _beyond(away, allowed) / (SD_PER_MAD * dev * alike)
        height = _cusum(state, s, time, z, p)
        if state[s, w.DRIFTS] > 0.0:
            if height <= 0.0 or time - state[s, w.DRIFTS] > p.instrument_accept_ms:
                state[s, w.DRIFTS] = 0.0
                state[s, w.A_UP] = 0.0
                state[s, w.A_DOWN] = 0.0
                if height > 0.0:
                    state[s, w.APART] = apart
                state[s, w.APART_DEV] *= USED_TO  # what comes and goes by itself is its way
                return 0
            return c.DRIFT
        sure = height >= p.neighbours_alarm
        matters = abs(state[s, w.A_RUN]) >= p.neighbours_matter
        if height >= HALF_SURE * p.neighbours_alarm and (matters or not sure):
            lasts = near[s, LEAST] <= 1 or time - state[s, w.NEAR_UNTIL] >= p.neighbours_area_ms
            if not lasts or not _is_farthest(near, state, s, state[s, w.D_LAST], others):
                return 0
            if not sure:
                return c.SUSPECT
            state[s, w.DRIFTS] = time
            return c.DRIFT
    state[s, w.A_COUNT] = count
    weight = 1.0 / min(count, p.neighbours_memory)
    state[s, w.APART] += weight * clipped
    state[s, w.APART_GAIN] += weight * clipped * middle / (1.0 + middle * middle)
    state[s, w.APART_DEV] += weight * (abs(clipped) - dev)
    state[s, w.A_RUN_DEV] += weight * (abs(state[s, w.A_RUN]) - state[s, w.A_RUN_DEV])
    return 0


@kernel
def _beyond(away: float, allowed: float) -> float:
    """What of a distance is more than what is allowed."""
    if away > 0.0:
        return max(away - allowed, 0.0)
    return min(away + allowed, 0.0)


@kernel
def _cusum(state: Array, s: int, time: float, z: float, p: Profile) -> float:
    z = max(-CLIP, min(z, CLIP))
    top = ROOM * p.neighbours_alarm
    if state[s, w.A_UP] <= 0.0:
        state[s, w.A_UP_SINCE] = time
    if state[s, w.A_DOWN] <= 0.0:
        state[s, w.A_DOWN_SINCE] = time
    state[s, w.A_UP] = min(max(state[s, w.A_UP] + z - p.neighbours_slack, 0.0), top)
    state[s, w.A_DOWN] = min(max(state[s, w.A_DOWN] - z - p.neighbours_slack, 0.0), top)
    return float(max(state[s, w.A_UP], state[s, w.A_DOWN]))


@kernel
def _is_farthest(near: Near, state: Array, s: int, time: float, others: int) -> bool:
    """With two or more neighbours only the farthest drifts; with one, either may be wrong."""
    if others == 1:
        return True
    mine = abs(state[s, w.A_RUN])
    for k in range(MAX_NEAR):
        other = int(near[s, k])
        if other < 0:
            break
        if _counts(state, s, other, time) and abs(state[other, w.A_RUN]) > mine:
            return False
    return True
