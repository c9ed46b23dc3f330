"""How rare is what a reading shows: one calibrated p-value from all process tiers' evidence.

The evidence of a reading is the score plus its distance from what was expected. What this
series shows once in ten, a hundred, a thousand and ten thousand readings is followed by four
thresholds with feedback: one that is exceeded rises, and sinks again so slowly that in the long
run it is exceeded as often as it should be, however alike neighbouring readings are. False
alarms and real anomalies count too: p says how rare such evidence is here, not how bad.
"""

from math import log

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.profile import Profile, profile_of

Array = NDArray[np.float64]
Singles = NDArray[np.float32]

# --- odds[series, ODDS_WIDTH] ----------------------------------------------------------------
(
    O_COUNT,
    O_EXCESS,  # mean evidence above the first threshold
    O_TENTH,
    O_HUNDREDTH,
    O_THOUSANDTH,
    O_RAREST,
    O_THOUSANDTH_STEP,  # by how much it rose last: it sinks in proportion
    O_RAREST_STEP,
    O_FIRST,  # time of the first reading, until the habits have woken
    ODDS_WIDTH,
) = range(10)

HIDDEN = c.SUSPECT | c.FAULTS | c.UNJUDGED | c.LEARNING
Z_WEIGHT = 0.5  # of the distance from what was expected, in standard deviations
MAX_Z = 30.0
SHARPEST = 1e-6  # of the level: a narrower band is rounding
E_PER_DECADE = log(10.0)
RISE = 0.3  # of the first two thresholds, in decades of an exponential tail; 1 of the others
FIRST_WEIGHT = 3.0  # the first threshold is found sooner
FIRST_WIDTH = 0.8  # of the third decade when it has not been seen yet,
RAREST_WIDTH = 0.5  # and of the fourth: lighter than exponential, as evidence is
THOUSANDTH_JUMP = 0.5  # of what lies above: tails are met that the start did not foresee,
RAREST_JUMP = 1.5  # and beyond it for the rarest, which would else be exceeded again
UNMET_WEIGHT = (
    3.0  # one that nothing has exceeded yet is but the start's guess: it sinks sooner
)
NARROWEST = 0.1  # decade beyond the last threshold
RAREST = 12.0  # decades; nobody has seen so many readings
EXCESS_WEIGHT = 0.02
MAX_EXCESS = 10.0
AWAKE = -1.0  # in O_FIRST
LEAST = 0.01  # evidence: less is no difference


@kernel
def odds_tier(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    value: Array,
    quality: NDArray[np.int16],  # noqa: ARG001 - tiers share one signature
    now_ms: int,  # noqa: ARG001
    channels: Array,
    state: Array,
    parameters: Array,
    flags: NDArray[np.uint32],
    expected: Singles,
    low: Singles,
    high: Singles,
    score: Singles,
    severity: Singles,  # noqa: ARG001
    onset_ms: NDArray[np.int64],  # noqa: ARG001
    chance: Singles,
) -> None:
    """Fill in `chance`, from what all other tiers found."""
    p = profile_of(parameters)
    channels, state = borrowed(channels), borrowed(state)
    for i in range(series.shape[0]):
        s = int(series[i])
        chance[i] = 1.0
        if channels[s, q.KIND] != c.NUMERIC or int(np.int64(flags[i])) & HIDDEN:
            continue
        evidence = np.float64(score[i])
        middle = np.float64(expected[i])
        half = 0.5 * (np.float64(high[i]) - np.float64(low[i]))
        if half > SHARPEST * abs(middle):  # False where there is no band
            z = p.band_sd * abs(np.float64(value[i]) - middle) / half
            evidence += Z_WEIGHT * min(z, MAX_Z)
        _wake(state, s, float(time_ms[i]), p)
        if state[s, O_COUNT] >= p.odds_readings and evidence > 0.0:
            chance[i] = _chance(state, s, evidence)
        _learn(state, s, evidence, p)


@kernel
def _wake(state: Array, s: int, time: float, p: Profile) -> None:
    """Begin anew when the habits begin to speak: what evidence is usual is different then.

    Where they do so before p was told there is nothing to begin anew.
    """
    if state[s, O_COUNT] == 0.0 and state[s, O_FIRST] == 0.0:
        state[s, O_FIRST] = time
    elif state[s, O_FIRST] != AWAKE and time - state[s, O_FIRST] >= p.odds_anew_ms:
        state[s, O_FIRST] = AWAKE
        if state[s, O_COUNT] >= p.odds_readings:
            state[s, :O_FIRST] = 0.0


@kernel
def _chance(state: Array, s: int, x: float) -> float:
    """Between thresholds, and beyond them, decades of rarity go with the evidence.

    The thresholds move on their own and may cross; the rarest one that is exceeded counts, so
    that each is exceeded as often as it says.
    """
    if x > state[s, O_RAREST]:
        width = state[s, O_RAREST] - state[s, O_THOUSANDTH]
        width = max(width, NARROWEST * E_PER_DECADE * state[s, O_EXCESS])
        decades = 4.0 + (x - state[s, O_RAREST]) / width
        return float(10.0 ** -min(decades, RAREST))
    for k in range(O_THOUSANDTH, O_TENTH - 1, -1):
        if x > state[s, k]:
            above = (x - state[s, k]) / (state[s, k + 1] - state[s, k])
            return float(10.0 ** -(1.0 + k - O_TENTH + above))
    return float(1.0 - 0.9 * x / state[s, O_TENTH])


@kernel
def _learn(state: Array, s: int, x: float, p: Profile) -> None:
    count = state[s, O_COUNT] + 1.0
    state[s, O_COUNT] = count
    if count == 1.0:
        state[s, O_TENTH] = x
        state[s, O_EXCESS] = max(x, LEAST)
    excess = state[s, O_EXCESS]
    step = excess * max(RISE, FIRST_WEIGHT / count)
    state[s, O_TENTH] += step * ((1.0 if x > state[s, O_TENTH] else 0.0) - 0.1)
    above = x - state[s, O_TENTH]
    if above > 0.0:
        weight = max(EXCESS_WEIGHT, 1.0 / (1.0 + 0.1 * count))
        excess += weight * (min(above, MAX_EXCESS * excess) - excess)
        state[s, O_EXCESS] = max(excess, LEAST)
    decade = E_PER_DECADE * state[s, O_EXCESS]
    if count <= p.odds_readings:
        state[s, O_HUNDREDTH] = state[s, O_TENTH] + decade
        state[s, O_THOUSANDTH] = state[s, O_HUNDREDTH] + FIRST_WIDTH * decade
        state[s, O_RAREST] = state[s, O_THOUSANDTH] + RAREST_WIDTH * decade
        return
    exceeded = 1.0 if x > state[s, O_HUNDREDTH] else 0.0
    state[s, O_HUNDREDTH] += RISE * decade * (exceeded - 0.01)
    _follow(state, s, O_THOUSANDTH, x, 1e-3, decade, THOUSANDTH_JUMP)
    _follow(state, s, O_RAREST, x, 1e-4, decade, RAREST_JUMP)


@kernel
def _follow(
    state: Array, s: int, k: int, x: float, share: float, decade: float, jump: float
) -> None:
    """Rise at what exceeds it, and then sink so that `share` of all readings do."""
    step = k + O_RAREST_STEP - O_RAREST
    above = x - state[s, k]
    if above > 0.0:
        state[s, step] = max(decade, jump * above)
        state[s, k] += state[s, step]
    else:
        hurry = UNMET_WEIGHT if state[s, step] == 0.0 else 1.0
        state[s, k] -= hurry * share * max(state[s, step], decade)
