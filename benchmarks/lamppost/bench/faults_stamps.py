"""Faults of stamps: clocks that are wrong, readings that come twice or too late."""

from dataclasses import replace

import numpy as np

from lamppost.bench.faults_data import Series
from lamppost.bench.faults_inject import Injected, Rng, place

HOUR_MS = 3_600_000
CLOCK_READINGS = 30
SKEW_READINGS = 300
SKEWED_MS = (60_000, 180_000)  # by so much a skewed clock is off in the end
EXTRA = 6  # readings that come twice, or too late
REPEATED, DISORDERED = "repeated", "out of order"


def clock(series: Series, rng: Rng) -> Injected | None:
    """Stamps an hour ahead or behind; the readings arrive when they always did."""
    first = place(series, rng, CLOCK_READINGS)
    if first is None:
        return None
    times = series.time_ms.copy()
    times[first : first + CLOCK_READINGS] += int(rng.choice([-HOUR_MS, HOUR_MS]))
    wrong = replace(series, time_ms=times)
    return Injected("clock", series, wrong, first, first + CLOCK_READINGS - 1)


def skew(series: Series, rng: Rng) -> Injected | None:
    """A clock that runs fast or slow, ever farther off, by a minute or three in the end."""
    first = place(series, rng, SKEW_READINGS)
    if first is None:
        return None
    off = rng.choice([-1, 1]) * np.linspace(0, rng.uniform(*SKEWED_MS), SKEW_READINGS)
    times = series.time_ms.copy()
    times[first : first + SKEW_READINGS] += off.astype(np.int64)
    wrong = replace(series, time_ms=times)
    return Injected("clock", series, wrong, first, first + SKEW_READINGS - 1)


def order(series: Series, rng: Rng) -> Injected | None:
    """Some readings come again with the stamp of the last one, or late, with older stamps."""
    first = place(series, rng, EXTRA)
    if first is None:
        return None
    again = bool(rng.random() < 0.5)
    rows = np.full(EXTRA, first - 1) if again else first - 2 - rng.permutation(EXTRA)
    where = np.r_[0:first, rows, first : len(series.value)]
    wrong = replace(series, time_ms=series.time_ms[where], value=series.value[where])
    kind = REPEATED if again else DISORDERED
    return Injected(kind, series, wrong, first, first + EXTRA - 1)
