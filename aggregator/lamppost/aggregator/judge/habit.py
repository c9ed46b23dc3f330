"""Habit tier: does this series do what it has done before? Patterns and other days.

Readings become cells, cells evidence, evidence alarms. Faulty readings are no part of it;
doubtful ones are judged, because they may be the beginning of a step, but never learned.
"""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.jit import borrowed, kernel
from lamppost.aggregator.judge import habit_state as h
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.ahead import look_ahead
from lamppost.aggregator.judge.evidence import MEMBERS, days, patterns
from lamppost.aggregator.judge.habit_profile import HabitProfile, habits_of
from lamppost.aggregator.judge.pattern import break_off, settle_doubts
from lamppost.aggregator.judge.policy import agree, count_alarm, rested, threshold
from lamppost.aggregator.judge.season import expect, learn_season
from lamppost.aggregator.judge.seasonal_nn import (
    ANEW_CELLS,
    keep,
    open_slot,
    other_days,
    smooth,
)

Array = NDArray[np.float64]
Singles = NDArray[np.float32]
Codes = NDArray[np.int16]

PACE_MEMORY = 50.0
PACE_PAUSE = 10.0
FIRST_CODE = 8_192.0
SMALLEST = 1e-200  # difference from the origin: its unit is a normal number
MAX_SCORE = 100.0
CERTAIN = c.RANGE | c.RATE | c.STUCK | c.INSTRUMENT
ALARM_SCORE = 8.0  # of evidence that is `evidence_base`


@kernel
def habit_tier(
    series: NDArray[np.int32],
    time_ms: NDArray[np.int64],
    value: Array,
    quality: NDArray[np.int16],  # noqa: ARG001 - tiers share one signature
    now_ms: int,  # noqa: ARG001
    channels: Array,
    heads: Array,
    fines: Singles,
    memories: Codes,
    parameters: Array,
    flags: NDArray[np.uint32],
    expected: Singles,
    low: Singles,
    high: Singles,
    score: Singles,
    severity: Singles,
    onset_ms: NDArray[np.int64],
) -> None:
    """Judge a batch in the order given, on top of what the other tiers found."""
    p = habits_of(parameters)
    channels = borrowed(channels)
    heads, fines, memories = borrowed(heads), borrowed(fines), borrowed(memories)
    for i in range(series.shape[0]):
        look_ahead(series, time_ms, i, heads, fines, memories, p.cell_ms)
        s = int(series[i])
        found = int(np.int64(flags[i]))
        if channels[s, q.KIND] != c.NUMERIC or found & c.UNJUDGED:
            continue
        head = heads[s]
        if found & c.FAULTS:
            if found & CERTAIN and not found & c.SUSPECT:
                _begin_anew(head, fines[s])
                if found & c.RESET:
                    _go_on_from(head, float(value[i]))
            continue
        time, x = float(time_ms[i]), float(value[i])
        if head[h.DOUBTFUL] != 0.0 and not found & (c.SUSPECT | c.SPIKE):
            settle_doubts(fines[s])
            head[h.DOUBTFUL] = 0.0
        _gather(head, time, x, found)
        closed = head[h.CELLS] == 0.0 or time - head[h.CLOSED] >= p.cell_ms
        if closed:
            wanted, spread = _close(
                head, fines[s], memories[s], time, x, np.float64(expected[i]), p
            )
            if spread > 0.0:
                expected[i] = wanted
                low[i] = wanted - p.band_sd * spread
                high[i] = wanted + p.band_sd * spread
        rate = channels[s, q.FALSE_A_WEEK]
        if rate == 0.0:
            rate = p.false_a_week
        _tell(head, i, time, closed, rate, p, flags, score, severity, onset_ms)


@kernel
def _begin_anew(head: Array, fine: Singles) -> None:
    """A sensor fault: what was withheld before it is no part of any habit."""
    break_off(fine)
    head[h.IN_CELL] = 0.0
    head[h.ACTIVE] = 0.0
    head[h.PENDING] = 0.0
    head[h.RISE] = 0.0
    head[h.ABOVE] = 0.0
    head[h.EVIDENCE] = 0.0
    head[h.ANEW] = ANEW_CELLS


@kernel
def _go_on_from(head: Array, x: float) -> None:
    """A counter that began again goes on, for its habits, about where it was."""
    if head[h.CELLS] > 0.0:
        head[h.ORIGIN] = x - head[h.KEPT]  # no cell in doubt has part in it


@kernel
def _gather(head: Array, time: float, x: float, found: int) -> None:
    """Take a reading into the open cell."""
    if head[h.CELLS] == 0.0 and head[h.IN_CELL] == 0.0:
        head[h.ORIGIN] = x
        head[h.FIRST] = time
    x -= head[h.ORIGIN]
    if head[h.IN_CELL] == 0.0:
        head[h.CELL_SUM] = 0.0
        head[h.CELL_LOW] = x
        head[h.CELL_HIGH] = x
        head[h.CELL_DOUBT] = 0.0
    head[h.IN_CELL] += 1.0
    head[h.CELL_SUM] += x
    head[h.CELL_LOW] = min(head[h.CELL_LOW], x)
    head[h.CELL_HIGH] = max(head[h.CELL_HIGH], x)
    if found & c.SUSPECT:
        head[h.CELL_DOUBT] = 1.0


@kernel
def _close(
    head: Array,
    fine: Singles,
    codes: Codes,
    time: float,
    x: float,
    level: float,
    p: HabitProfile,
) -> tuple[float, float]:
    """End the cell and find its evidence; returns the season's expectation and its spread."""
    mean = head[h.CELL_SUM] / head[h.IN_CELL]
    cell = (mean, head[h.CELL_LOW], head[h.CELL_HIGH], head[h.CELL_DOUBT])
    doubt = cell[3]
    _learn_pace(head, time)
    # What is withheld may be a thousand times too large, and must not coarsen what is kept.
    size = max(abs(cell[1]), abs(cell[2])) if doubt == 0.0 else 0.0
    _make_room(head, codes, size)
    open_slot(head, codes, int(time))
    kept, fast, slow = head[h.KEPT], head[h.FAST], head[h.SLOW]
    smooth(head, mean)
    to_fast, to_slow, usual = other_days(head, codes)
    wanted, spread = expect(head, usual, p)
    reach = head[h.HIGHEST] - head[h.LOWEST]
    total = patterns(head, fine, codes, cell, p)
    total += days(head, fine, (to_fast, to_slow), reach, p)
    if doubt == 0.0:
        learn_season(head, usual, x, level, p)
        keep(head, codes)
        head[h.LOWEST] = min(head[h.LOWEST], cell[1])
        head[h.HIGHEST] = max(head[h.HIGHEST], cell[2])
    else:
        head[h.KEPT], head[h.FAST], head[h.SLOW] = kept, fast, slow
        head[h.DOUBTFUL] = 1.0
    head[h.CELLS] += 1.0
    head[h.CLOSED] = time
    head[h.IN_CELL] = 0.0
    _rate(head, total / MEMBERS, p)
    return wanted, spread


@kernel
def _learn_pace(head: Array, time: float) -> None:
    cells = head[h.CELLS]
    if cells > 0.0:
        elapsed = time - head[h.CLOSED]
        if cells > PACE_PAUSE:
            elapsed = min(elapsed, PACE_PAUSE * head[h.PACE])
        head[h.PACE] += (elapsed - head[h.PACE]) / min(cells, PACE_MEMORY)


@kernel
def _make_room(head: Array, codes: Codes, size: float) -> None:
    """Coarsen the codes when a value does not fit; the range has then doubled, or more."""
    if head[h.UNIT] == 0.0:
        size = max(size, SMALLEST) if size > 0.0 else 1.0
        head[h.UNIT] = 2.0 ** np.ceil(np.log2(size / FIRST_CODE))
        return
    if size <= h.LARGEST * head[h.UNIT]:
        return
    unit = 2.0 ** np.ceil(np.log2(size / h.LARGEST))
    share = head[h.UNIT] / unit
    for j in range(h.STAMPS_AT):
        if codes[j] != h.NONE:
            codes[j] = int(np.rint(codes[j] * share))
    head[h.UNIT] = unit


@kernel
def _rate(head: Array, evidence: float, p: HabitProfile) -> None:
    """Keep the evidence, as it is and beside that of an alarm."""
    head[h.EVIDENCE] = evidence
    head[h.USUAL] += (evidence - head[h.USUAL]) / min(head[h.CELLS], p.usual_memory)
    beside = max(evidence / p.evidence_base, 0.0)
    head[h.H_SCORE] = min(ALARM_SCORE * beside, MAX_SCORE)
    peak = head[h.H_PEAK] * (1.0 - 1.0 / p.severity_cells)
    head[h.H_PEAK] = max(peak, evidence / (evidence + p.severity_half))


@kernel
def _tell(
    head: Array,
    i: int,
    time: float,
    closed: bool,
    rate: float,
    p: HabitProfile,
    flags: NDArray[np.uint32],
    score: Singles,
    severity: Singles,
    onset_ms: NDArray[np.int64],
) -> None:
    """Alarm or not, and what stands in the verdict columns."""
    if head[h.CELLS] < p.warm_cells or time - head[h.FIRST] < p.warm_ms:
        return
    found = int(np.int64(flags[i]))
    alone = head[h.PACE] > p.level_alone_ms
    if closed:
        found |= _decide(head, time, found, rate, p)
    peak = head[h.H_PEAK]
    if found & c.SPIKE and head[h.PENDING] > 0.0:
        count_alarm(head, time, rate, p)
        found |= c.ALARM
        severity[i] = max(np.float64(severity[i]), peak)
    if not found & c.SUSPECT:
        head[h.PENDING] = 0.0
    if alone and found & c.ANOMALY:
        found &= ~c.ANOMALY
        onset_ms[i] = -1
    if alone:
        score[i] = head[h.H_SCORE]
    else:
        score[i] = max(np.float64(score[i]), head[h.H_SCORE])
    if found & c.SUSPECT:
        flags[i] = found
        return
    if head[h.ACTIVE] > 0.0:
        if not found & c.ANOMALY:
            onset_ms[i] = int(head[h.ACTIVE_SINCE])
        found |= c.ANOMALY
    flags[i] = found
    if alone and not found & c.SPIKE:
        severity[i] = peak
    elif head[h.ACTIVE] > 0.0:
        severity[i] = max(np.float64(severity[i]), peak)


@kernel
def _decide(head: Array, time: float, found: int, rate: float, p: HabitProfile) -> int:
    """After a cell: raise an alarm, hold one, or let it go; returns ALARM or 0."""
    evidence = head[h.EVIDENCE]
    # No threshold is lower, which saves most cells its logarithm.
    least = max(p.evidence_base - p.rise, p.evidence_never)
    if rate > p.usual_false:
        least = p.evidence_never
    if evidence < least and head[h.ACTIVE] == 0.0:
        head[h.RISE] = 0.0
        agree(head, evidence, np.inf, p)
        return 0
    limit = threshold(head, time, rate, p)
    if evidence < limit - p.rise:
        head[h.RISE] = 0.0
    elif head[h.RISE] == 0.0:
        head[h.RISE] = time
    if head[h.ACTIVE] > 0.0:
        head[h.H_CALM] = head[h.H_CALM] + 1.0 if evidence < limit - p.leave else 0.0
        if head[h.H_CALM] >= p.leave_cells:
            head[h.ACTIVE] = 0.0
    # What leaves its habits shows it in more than one cell; a lone cell must show more.
    if agree(head, evidence, limit, p) and rested(head, p):
        told = time - head[h.FIRST] >= p.rehearse_ms or evidence >= limit + p.rehearse_more
        if found & c.SUSPECT:
            head[h.PENDING] = evidence if told else 0.0
            return 0
        count_alarm(head, time, rate, p)
        if not told:
            return 0
        if head[h.ACTIVE] == 0.0:
            head[h.ACTIVE_SINCE] = head[h.RISE]
        head[h.ACTIVE] = time
        head[h.H_CALM] = 0.0
        return c.ALARM
    return 0
