"""Stations of an area: how often one is told to drift in vain, and which drifts are found.

Eight stations measure the same weather, or the same river, for eight weeks, a reading each
quarter of an hour, with gains and noises of their own. In one kind each has slow deviations of
its own too, in one the weather passes them one by one, in one some lie in a hollow that is
colder in clear nights. A drift of one standard deviation in three days begins after five
weeks.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.pipeline.vicinity import LEAST_NEARBY, NEAREST

Floats = NDArray[np.float64]
Rng = np.random.Generator

T0 = 1_700_000_000_000
STEP_MS = 900_000
A_DAY = 96
WEEKS = 8
TICKS = WEEKS * 7 * A_DAY
DRIFT_AT = 5 * 7 * A_DAY
DRIFT_DAYS = 3
STATIONS = 8
FAULTY = 3
HELD_OUT = 7_000
"""Added to the seed: the two days of `neighbours_area_ms` were chosen on seeds below 100."""


def run(seed: int, areas: int) -> dict[str, Any]:
    """Of each kind so many areas, as they are and with a drift in one station."""
    kinds: dict[str, Any] = {}
    for number, kind in enumerate(KINDS):
        told, found = 0, 0
        for area in range(areas):
            values = KINDS[kind](np.random.default_rng([seed + HELD_OUT, number, area]))
            told += int(_begun(drifts(values)).sum())
            found += bool(drifts(_drifting(values))[DRIFT_AT:, FAULTY].any())
        weeks = areas * STATIONS * WEEKS
        kinds[kind] = {"told": told, "a_week": told / weeks, "found": found / areas}
    told = sum(one["told"] for one in kinds.values())
    weeks = len(KINDS) * areas * STATIONS * WEEKS
    return {
        "what": f"{areas} areas of a kind, {STATIONS} stations each, {WEEKS} weeks",
        "sensor_weeks": weeks,
        "false_a_week": told / weeks,
        "kinds": kinds,
    }


def drifts(values: Floats) -> NDArray[np.bool_]:
    """Whether each reading of values[tick, station] is flagged to drift."""
    judge = Judge(STATIONS)
    for one in range(STATIONS):
        judge.add_series(one, None, None, None, c.NUMERIC)
        judge.relate(one, one)
    for one in range(STATIONS):
        others = [(one + step) % STATIONS for step in range(1, NEAREST + 1)]
        judge.compare(one, others, LEAST_NEARBY)
    series = np.tile(np.arange(STATIONS, dtype=np.int32), len(values))
    time_ms = np.repeat(T0 + np.arange(len(values)) * STEP_MS, STATIONS) + series
    out = Verdicts.empty(len(series))
    quality = np.full(len(series), c.QUALITY_GOOD, np.int16)
    historical = np.ones(len(series), np.uint8)
    now_ms = int(time_ms[-1])
    judge.update(series, time_ms, values.ravel(), quality, historical, now_ms, out)
    flagged: NDArray[np.bool_] = (out.flags & c.DRIFT != 0).reshape(values.shape)
    return flagged


def _begun(flagged: NDArray[np.bool_]) -> NDArray[np.bool_]:
    begun: NDArray[np.bool_] = flagged[1:] & ~flagged[:-1]
    return begun


def _drifting(values: Floats) -> Floats:
    ramp = np.minimum(np.arange(TICKS - DRIFT_AT) / (DRIFT_DAYS * A_DAY), 1.0)
    drifting = values.copy()
    drifting[DRIFT_AT:, FAULTY] += values[:DRIFT_AT, FAULTY].std() * ramp
    return drifting


def _wander(rng: Rng, hours: float, count: int = 1) -> Floats:
    """Autocorrelated noise of deviation 1."""
    keep = np.exp(-0.25 / hours)
    kicks: Floats = rng.standard_normal((TICKS, count)) * np.sqrt(1 - keep * keep)
    for tick in range(1, TICKS):
        kicks[tick] += keep * kicks[tick - 1]
    return kicks


def _day() -> Floats:
    day: Floats = np.sin(2 * np.pi * np.arange(TICKS) / A_DAY)[:, None]
    return day


def _sky(rng: Rng) -> tuple[Floats, Floats]:
    """The weather that all see, and how clear it is."""
    clear = 1 + 0.5 * _wander(rng, 48)
    return 4 * _day() * clear + 3 * _wander(rng, 30), clear


def _noisy(rng: Rng, truth: Floats, noise: float) -> Floats:
    gains = rng.uniform(0.85, 1.15, STATIONS)
    noisy: Floats = truth * gains + noise * rng.standard_normal((TICKS, STATIONS))
    return noisy


def _hollow(rng: Rng) -> Floats:
    truth, clear = _sky(rng)
    cold = np.maximum(-_day(), 0) * np.maximum(clear - 1, 0) * 3
    hollow: Floats = _noisy(rng, truth, 0.2) - cold * (rng.random(STATIONS) < 0.4)
    return hollow


def _passing(rng: Rng) -> Floats:
    truth, _ = _sky(rng)
    late = rng.integers(0, 5, STATIONS)
    each = np.stack([np.roll(truth[:, 0], ticks) for ticks in late], axis=1)
    return _noisy(rng, each, 0.2)


def _river(rng: Rng) -> Floats:
    """Floods that rise at once and fall in days, later downstream."""
    floods = (rng.random(TICKS) < 1 / (10 * A_DAY)) * rng.exponential(2, TICKS)
    level = np.convolve(floods, np.exp(-np.arange(5 * A_DAY) / A_DAY))[:TICKS]
    late = rng.integers(0, 6, STATIONS)
    each = np.stack([np.roll(level, ticks) for ticks in late], axis=1)
    scale = rng.uniform(0.6, 1.4, STATIONS)
    noise = 0.02 * rng.standard_normal((TICKS, STATIONS))
    levels: Floats = each * scale + 0.2 * _day() + noise + 2
    return levels


KINDS = {
    "weather": lambda rng: _noisy(rng, _sky(rng)[0], 0.3),
    "own deviations": lambda rng: (
        _noisy(rng, _sky(rng)[0], 0.1) + 0.8 * _wander(rng, 8, STATIONS)
    ),
    "passing": _passing,
    "hollow": _hollow,
    "river": _river,
}
