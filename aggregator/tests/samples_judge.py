"""Streams to judge: healthy families, and everything that can go wrong with them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.habit_profile import HABITS, HabitProfile
from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.judge.profile import DEFAULT, Profile

T0 = 1_700_000_000_000
POLL_MS = 500
HEARTBEAT_MS = 5_000
Floats = NDArray[np.float64]
NO_HABITS = HABITS._replace(warm_cells=np.inf)  # the quality and level tiers alone


@dataclass(frozen=True)
class Stream:
    """Readings of some series, in the order they come in; columns as the judge takes them."""

    series: NDArray[np.int32]
    time_ms: NDArray[np.int64]
    value: Floats
    quality: NDArray[np.int16]

    def __len__(self) -> int:
        return len(self.series)

    def part(self, first: int, last: int) -> "Stream":
        """Some of the readings."""
        mine = slice(first, last)
        return Stream(
            self.series[mine], self.time_ms[mine], self.value[mine], self.quality[mine]
        )


def judged(judge: Judge, stream: Stream, now_ms: int = 2 * T0) -> Verdicts:
    """The verdicts on a stream in one call."""
    out = Verdicts.empty(len(stream))
    historical = np.zeros(len(stream), np.uint8)
    judge.update(
        stream.series, stream.time_ms, stream.value, stream.quality, historical, now_ms, out
    )
    return out


def judge_of(
    count: int,
    low: float | None = None,
    high: float | None = None,
    kind: int = c.NUMERIC,
    habits: HabitProfile = HABITS,
    profile: Profile = DEFAULT,
) -> Judge:
    """A judge of `count` series with one declaration."""
    judge = Judge(count, profile, habits)
    for index in range(count):
        judge.add_series(index, low, high, HEARTBEAT_MS, kind)
    return judge


def polled(values: Floats, *, deadband: bool = True, poll_ms: int = POLL_MS) -> Stream:
    """What an edge sends of values[poll, series]: changes and heartbeats, NaN as BAD."""
    polls, count = values.shape
    times = T0 + np.arange(polls) * poll_ms
    keep = np.ones((polls, count), bool)
    if deadband:
        last, sent = np.full(count, np.inf), np.full(count, -HEARTBEAT_MS)
        for poll in range(polls):
            due = times[poll] - T0 - sent >= HEARTBEAT_MS - poll_ms // 2
            new = ~((values[poll] == last) | (np.isnan(values[poll]) & np.isnan(last)))
            keep[poll] = due | new
            last = np.where(keep[poll], values[poll], last)
            sent = np.where(keep[poll], times[poll] - T0, sent)
    poll_at, series = np.nonzero(keep)
    value = values[poll_at, series]
    quality = np.where(np.isnan(value), c.QUALITY_BAD, c.QUALITY_GOOD).astype(np.int16)
    return Stream(series.astype(np.int32), times[poll_at], value, quality)


def autocorrelated(rng: np.random.Generator, polls: int, count: int, keep: float) -> Floats:
    """AR(1) noise of standard deviation 1."""
    kicks = rng.standard_normal((polls, count)) * np.sqrt(1 - keep * keep)
    out = np.empty((polls, count))
    x = rng.standard_normal(count)
    for poll in range(polls):
        x = keep * x + kicks[poll]
        out[poll] = x
    return out


def healthy(family: str, seed: int, polls: int, count: int) -> Floats:
    """Values[poll, series] around 20 with a noise of about 1."""
    rng = np.random.default_rng(seed)
    name, _, number = family.partition(" ")
    scale = float(number) if number else 0.0
    noise = rng.standard_normal((polls, count))
    seconds = np.arange(polls)[:, None] * POLL_MS / 1000
    phase = rng.uniform(0, 2 * np.pi, count)
    daily = np.sin(2 * np.pi * seconds / 86_400 + phase)
    families: dict[str, Callable[[], NDArray[Any]]] = {
        "gauss": lambda: 20 + noise,
        "laplace": lambda: 20 + rng.laplace(size=(polls, count)),
        "quantum": lambda: np.round((20 + phase + noise) / scale) * scale,
        "daily": lambda: 20 + noise + scale * daily,
        "ar": lambda: 20 + autocorrelated(rng, polls, count, scale),
        "wander": lambda: (
            20 + noise + scale * autocorrelated(rng, polls, count, np.exp(-0.5 / 300))
        ),
        "counter": lambda: 100 + 0.01 * seconds + 0 * phase,
        "coarse": lambda: np.round(15 + 6 * daily + 0.1 * noise),
        "rain": lambda: (daily > 0.6) * np.round(np.abs(noise) * 5) * 0.2,
    }
    return np.asarray(families[name](), np.float64)


def troubled(seed: int, length: int, count: int) -> Stream:
    """Readings of all kinds of series with all kinds of trouble, mixed."""
    rng = np.random.default_rng(seed)
    times = np.full(count, T0, np.int64)
    levels = rng.normal(20, 10, count)
    quanta = rng.choice([0.0, 0.1, 1.0], count)
    moods = np.zeros(count, int)
    columns: list[tuple[int, int, float, int]] = []
    for _ in range(length):
        s = int(rng.integers(count))
        if rng.random() < 0.02:
            moods[s] = rng.integers(8)
        mood, code = moods[s], c.QUALITY_GOOD
        step = int(rng.choice([1, 100, 500, 500, 500, 5_000, 60_000, 600_000]))
        times[s] += step
        value = levels[s] + rng.normal()
        if mood == 1:
            value = levels[s]
        elif mood == 2:
            value += rng.choice([0, 0, 0, 60, 1e6])
        elif mood == 3:
            levels[s] += 3
        elif mood == 4:
            code = int(rng.choice([c.QUALITY_BAD, c.QUALITY_STALE, c.QUALITY_GOOD, -1]))
        elif mood == 5:
            value = float(rng.choice([np.nan, np.inf, -np.inf, 1e300, -1e300, 5e-324, 0.0]))
        elif mood == 6:
            value += 15
        if quanta[s] and np.isfinite(value) and abs(value) < 1e9:
            value = round(value / quanta[s]) * quanta[s]
        late = int(rng.choice([0, 0, 0, 0, 0, 0, step, 700, 10**6])) if mood == 7 else 0
        ahead = 10**12 if mood == 7 and rng.random() < 0.1 else 0
        columns.append((s, int(times[s]) - late + ahead, value, code))
    series, time_ms, value_of, quality = zip(*columns, strict=True)
    return Stream(
        np.array(series, np.int32),
        np.array(time_ms, np.int64),
        np.array(value_of, np.float64),
        np.array(quality, np.int16),
    )
