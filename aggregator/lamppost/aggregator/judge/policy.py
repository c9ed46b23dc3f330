"""Alarm policy: how much evidence makes an alarm, so that false ones keep to a set rate.

The threshold follows from the rate that was set, from how many chances a week the series has
and from how much evidence it shows on all days. Two of three cells have to reach it, or one go
far beyond; after an alarm comes a refractory time, and every alarm beyond the set rate raises
the threshold for about a week. Beyond a credit it also raises it until the set rate has made up
for it: so in the long run the rate is what was set, whatever noise a series shows.
"""

from math import exp, sqrt

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.jit import kernel
from lamppost.aggregator.judge import habit_state as h
from lamppost.aggregator.judge.habit_profile import HabitProfile
from lamppost.aggregator.judge.logs import decimal_log

Head = NDArray[np.float64]

WEEK_MS = 604_800_000.0
ABOVE_BITS = 0b11  # of the two cells before


@kernel
def threshold(head: Head, time: float, rate: float, p: HabitProfile) -> float:
    """Evidence that makes an alarm now, for `rate` false alarms a week."""
    chances = WEEK_MS / max(head[h.PACE], 1.0) / p.usual_chances
    often = p.evidence_often * sqrt(decimal_log(chances)) if chances > 1.0 else 0.0
    rarity = decimal_log(p.usual_false / rate)
    load = head[h.LOAD]
    if load > 0.0:
        load *= exp((head[h.LOAD_AT] - time) / WEEK_MS)
    excess = max(load - rate, 0.0)
    usual = max(head[h.USUAL] - p.evidence_usual, 0.0)
    young = p.evidence_young * p.warm_cells / max(head[h.CELLS], 1.0)
    always = p.evidence_base + usual + young + often
    over = max(_over(head, time, rate) - p.credit, 0.0)
    return float(always + p.evidence_slope * rarity + p.load_rise * excess + p.over_rise * over)


@kernel
def _over(head: Head, time: float, rate: float) -> float:
    """Alarms told so far, less those that the set rate allows for."""
    return float(max(head[h.OVER] - rate * (time - head[h.LOAD_AT]) / WEEK_MS, 0.0))


@kernel
def agree(head: Head, evidence: float, limit: float, p: HabitProfile) -> bool:
    """Whether a second of the last three cells is at or beyond the limit, or this far beyond.

    Called once for each cell, with no limit for one that is far from any.
    """
    before = int(head[h.ABOVE])
    above = evidence >= limit
    head[h.ABOVE] = ((before << 1) | int(above)) & ABOVE_BITS
    return bool(above and (before != 0 or evidence >= limit + p.lone))


@kernel
def rested(head: Head, p: HabitProfile) -> bool:
    """Whether the last alarm is long enough ago."""
    return bool(head[h.CELLS] - head[h.TOLD_AT] > p.rest_cells or head[h.LOAD_AT] == 0.0)


@kernel
def count_alarm(head: Head, time: float, rate: float, p: HabitProfile) -> None:
    """Take an alarm into account."""
    head[h.OVER] = min(_over(head, time, rate) + 1.0, p.over_most)
    head[h.LOAD] = head[h.LOAD] * exp((head[h.LOAD_AT] - time) / WEEK_MS) + 1.0
    head[h.LOAD_AT] = time
    head[h.TOLD_AT] = head[h.CELLS]
