"""The product's judge on one series, or a few on one device: which faults it tells."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import Judge
from lamppost.bench.faults_data import Floats, Series, Times

KINDS = {
    c.RANGE: "range",
    c.RATE: "rate",
    c.STUCK: "stuck",
    c.SPIKE: "spike",
    c.NOISE: "noise",
    c.SCALE: "unit",
    c.DRIFT: "drift",
    c.RESET: "counter",
}
HOLD_MS = 3_600_000  # a fault that comes back so soon is the same


@dataclass(frozen=True, slots=True)
class Told:
    """A fault as told: `at_ms` is the reading (or the time) at which it was."""

    kind: str
    at_ms: int
    series: int = 0


def judge_of(several: Sequence[Series]) -> Judge:
    """A judge of series on one device; with more than one they are neighbours."""
    judge = Judge(1)
    for index, series in enumerate(several):
        judge.add_series(
            index, series.low, series.high, None, c.NUMERIC, rate_per_s=series.rate_per_s
        )
        judge.relate(index, 0, temperature=series.temperature)
    for index in range(len(several)):
        judge.compare(index, [one for one in range(len(several)) if one != index])
    return judge


def feed(
    judge: Judge,
    series: NDArray[np.int32],
    time_ms: Times,
    value: Floats,
    now_ms: int,
    *,
    live: bool,
) -> Verdicts:
    """Judge some readings."""
    out = Verdicts.empty(len(series))
    quality = np.full(len(series), c.QUALITY_GOOD, np.int16)
    historical = np.full(len(series), 0 if live else 1, np.uint8)
    judge.update(series, time_ms, value, quality, historical, now_ms, out)
    return out


def at_once(several: Sequence[Series]) -> tuple[list[Told], Verdicts]:
    """What is told of series with the same times, all readings in one batch."""
    count, times = len(several), several[0].time_ms
    series = np.tile(np.arange(count, dtype=np.int32), len(times))
    value = np.stack([one.value for one in several], axis=1).ravel()
    stamps = np.repeat(times, count)
    judge = judge_of(several)
    out = feed(judge, series, stamps, value, int(times.max()), live=False)
    return told_of(series, stamps, out.flags), out


def told_of(series: NDArray[np.int32], time_ms: Times, flags: NDArray[np.uint32]) -> list[Told]:
    """Faults told by flags: where one is set and sure, and was not within the hold."""
    told = []
    for bit, kind in KINDS.items():
        last: dict[int, int] = {}
        for row in np.flatnonzero((flags & bit != 0) & (flags & c.SUSPECT == 0)).tolist():
            s, at = int(series[row]), int(time_ms[row])
            if s not in last or at - last[s] > HOLD_MS:
                told.append(Told(kind, at, s))
            last[s] = at
    return sorted(told, key=lambda one: one.at_ms)


def as_they_come(
    one: Series, arrival_ms: Times, first: int, *, until_ms: int | None = None
) -> list[Told]:
    """What is told of readings that arrive one by one, from reading `first` on, timers too.

    The readings before `first` are judged in one batch. `until_ms`: when to look for the last
    time; the last arrival when None.
    """
    judge = judge_of([one])
    number = np.zeros(len(one.value), np.int32)
    told: list[Told] = []
    if first:
        before = slice(0, first)
        now = int(arrival_ms[first - 1])
        feed(judge, number[before], one.time_ms[before], one.value[before], now, live=False)
        judge.seen(number[:1], now)
    flags = np.zeros(len(one.value), np.uint32)
    for row in range(first, len(one.value)):
        now = int(arrival_ms[row])
        _look(judge, now - 1, told)
        part = slice(row, row + 1)
        out = feed(judge, number[part], one.time_ms[part], one.value[part], now, live=True)
        flags[row] = out.flags[0]
    if until_ms is not None:
        _look(judge, until_ms, told)
    return sorted(told + told_of(number, arrival_ms, flags), key=lambda one: one.at_ms)


def _look(judge: Judge, now_ms: int, told: list[Told]) -> None:
    silent, _ = judge.sweep(now_ms)
    if len(silent):
        told.append(Told("gap", now_ms))
    told.extend(Told("clock", now_ms) for ahead in judge.clocks()[2].tolist() if ahead)
