"""Faults, seeded, as they are put into a series: where one fits, and what it does there.

Sizes are in units of what the series does by itself (its span, its usual changes), so that one
rule serves every series: a fault that is smaller than the channel's own habits cannot be told
from them by anybody.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from lamppost.bench.faults_data import Floats, Series

LEARN_MS = 172_800_000  # two days, and LEARN_READINGS, before any fault
LEARN_READINGS = 300
AFTER = 24  # readings from the fault's end by which it must have been told
FAULT_READINGS = 150
LONGEST_STAND = 3  # times the longest healthy one: so long stands a stuck one
MAX_STAND = 400
SHORTEST_STAND = 3  # readings; fewer repetitions are no stand
SPIKE_SPANS = (6.0, 12.0)
NOISE_UP = (8.0, 16.0)  # times the loudest stretch
NOISE_DOWN = 0.05  # times the quietest stretch
DRIFT_MOVEMENTS = 1.5
OWN_NOISE = 0.06  # movements, of each of several neighbours
FALLING = 0.05  # share of readings below the one before: else it is a counter
COARSE = 2.0  # median changes that make a quantum
COARSE_STILL = (0.3, 0.8)  # share of readings that repeat the one before
OUTSIDE_READINGS = 12
OUTSIDE_SPANS = (0.2, 1.0)  # beyond the declared range
MARGIN = 0.1  # spans between what the series does and what is declared
FAST = 2.0  # times the fastest change it makes by itself is declared
TOO_FAST = (8.0, 16.0)  # times what is declared
MOVING = 0.5  # share of readings that differ from the one before: else it is a flat channel
PLACES = 200  # tries to find one


@dataclass(frozen=True, slots=True)
class Injected:
    """A series with a fault in readings first..last (both included), and without it."""

    kind: str
    healthy: Series
    series: Series
    first: int
    last: int


Rng = np.random.Generator
Inject = Callable[[Series, Rng], Injected | None]


def stuck(series: Series, rng: Rng) -> Injected | None:
    """The value stands still; only in channels that move at every other reading."""
    moves = np.diff(series.value) != 0
    if moves.mean() < MOVING:
        return None
    return _freeze("stuck", series, rng)


def rounded(series: Series) -> Series | None:
    """The same as a channel so coarse that every other reading repeats, if it then does."""
    moves = np.abs(np.diff(series.value))
    if series.kind == "counter" or (moves > 0).mean() < MOVING:
        return None
    quantum = float(np.median(moves[moves > 0])) * COARSE
    coarse = replace(series, value=np.round(series.value / quantum) * quantum)
    still = (np.diff(coarse.value) == 0).mean()
    return coarse if COARSE_STILL[0] <= still <= COARSE_STILL[1] else None


def stuck_quantised(series: Series, rng: Rng) -> Injected | None:
    """The value stands still, in a channel so coarse that every other reading repeats."""
    coarse = rounded(series)
    if coarse is None:
        return None
    if LONGEST_STAND * longest_stand(coarse.value) + 30 > MAX_STAND:
        return None  # legitimately flat for hours: a longer stand tells nothing by itself
    return _freeze("stuck", coarse, rng)


def _freeze(kind: str, series: Series, rng: Rng) -> Injected | None:
    if not (np.diff(series.value) < 0).mean() > FALLING:
        return None  # a counter rests
    length = min(LONGEST_STAND * longest_stand(series.value) + 30, MAX_STAND)
    first = place(series, rng, length)
    if first is None or series.value[first] == 0.0:
        return None
    value = series.value.copy()
    value[first : first + length] = value[first]
    return Injected(kind, series, replace(series, value=value), first, first + length - 1)


def spike(series: Series, rng: Rng) -> Injected | None:
    """One reading, beyond everything the series does."""
    first, span = place(series, rng, 1), float(np.ptp(series.value))
    if first is None or span == 0.0:
        return None
    value = series.value.copy()
    value[first] += rng.choice([-1.0, 1.0]) * rng.uniform(*SPIKE_SPANS) * span
    return Injected("spike", series, replace(series, value=value), first, first)


def outside(series: Series, rng: Rng) -> Injected | None:
    """Some readings beyond a declared range."""
    first, span = place(series, rng, OUTSIDE_READINGS), float(np.ptp(series.value))
    if first is None or span == 0.0:
        return None
    low = float(series.value.min()) - MARGIN * span
    high = float(series.value.max()) + MARGIN * span
    declared = replace(series, low=low, high=high)
    mine = slice(first, first + OUTSIDE_READINGS)
    beyond = rng.uniform(*OUTSIDE_SPANS, OUTSIDE_READINGS) * span
    value = series.value.copy()
    value[mine] = high + beyond if rng.random() < 0.5 else low - beyond
    return Injected("range", declared, replace(declared, value=value), first, mine.stop - 1)


def too_fast(series: Series, rng: Rng) -> Injected | None:
    """An offset that comes faster than the declared rate allows, and goes again."""
    first, steps = place(series, rng, OUTSIDE_READINGS), np.diff(series.time_ms)
    fastest = float(np.abs(np.diff(series.value))[steps > 0].max())
    if first is None or fastest == 0.0:
        return None
    usual_s = float(np.median(steps)) / 1000
    declared = replace(series, rate_per_s=FAST * fastest / usual_s)
    mine = slice(first, first + OUTSIDE_READINGS)
    value = series.value.copy()
    value[mine] += rng.choice([-1.0, 1.0]) * rng.uniform(*TOO_FAST) * FAST * fastest
    return Injected("rate", declared, replace(declared, value=value), first, mine.stop - 1)


def dropout(series: Series, rng: Rng) -> Injected | None:
    """Readings are missing; `first` is the first one after the hole."""
    length = 40
    first = place(series, rng, length)
    if first is None:
        return None
    keep = np.r_[0:first, first + length : len(series.value)]
    less = replace(series, value=series.value[keep], time_ms=series.time_ms[keep])
    return Injected("gap", series, less, first, first)


def noise(series: Series, rng: Rng) -> Injected | None:
    """Noise far beyond the loudest stretch, or moves muffled far below the quietest.

    Nothing is muffled about zero: that would be a smaller unit, which is another fault.
    """
    if series.kind == "counter":
        return None
    first = place(series, rng, FAULT_READINGS)
    moves = np.abs(np.diff(series.value))
    if first is None or (moves > 0).mean() < MOVING:
        return None
    mine = slice(first, first + FAULT_READINGS)
    value = series.value.copy()
    stretches = np.convolve(moves, np.ones(32) / 32, "valid")
    loudest, quietest, mine_now = stretches.max(), stretches.min(), moves[mine].mean()
    if rng.random() < 0.5 or quietest == 0.0:
        value[mine] += rng.normal(0, rng.uniform(*NOISE_UP) * loudest / 1.13, FAULT_READINGS)
    elif value[first] == 0.0:
        return None
    else:
        less = NOISE_DOWN * quietest / mine_now
        value[mine] = value[first] + less * (value[mine] - value[first])
    return Injected("noise", series, replace(series, value=value), first, mine.stop - 1)


def unit(series: Series, rng: Rng) -> Injected | None:
    """A thousandfold, a thousandth, or degrees of the other kind."""
    first = place(series, rng, FAULT_READINGS)
    if first is None or (series.value == 0.0).mean() > 0.5:
        return None
    mine = slice(first, first + FAULT_READINGS)
    value = series.value.copy()
    choice = rng.integers(2)
    if series.temperature and rng.random() < 0.5:
        part = value[mine]
        value[mine] = 1.8 * part + 32 if choice else (part - 32) / 1.8
    else:
        value[mine] *= 1000.0 if choice else 0.001
    return Injected("unit", series, replace(series, value=value), first, mine.stop - 1)


def reset(series: Series, rng: Rng) -> Injected | None:
    """A counter begins again at zero, after a week."""
    first = place(series, rng, 10, learn_ms=604_800_000)
    if first is None or series.kind != "counter":
        return None
    value = series.value.copy()
    value[first:] -= value[first - 1]
    return Injected("counter", series, replace(series, value=value), first, first + 9)


def movement(value: Floats) -> float:
    """How far a series is from its mean, on the mean; in a sine, a third of its span."""
    return float(np.abs(value - value.mean()).mean()) or 1.0


def neighbours(
    series: Series, rng: Rng, until: int | None = None
) -> tuple[Series, Series, Series]:
    """Three sensors of one quantity: gains, offsets and noises of their own.

    Those are small beside what the quantity does in the readings before `until`.
    """
    span = movement(series.value[:until])
    made = []
    for _ in range(3):
        own = rng.normal(0, OWN_NOISE * span, len(series.value))
        value = rng.uniform(0.9, 1.1) * series.value + 3 * rng.uniform(-1, 1) * span + own
        made.append(replace(series, value=value))
    return made[0], made[1], made[2]


def drift(series: Series, rng: Rng) -> Injected | None:
    """One of the neighbours walks away; only where the process moves what all of them see."""
    moves = (np.diff(series.value) != 0).mean()
    if series.kind == "counter" or moves < MOVING:
        return None
    first = place(series, rng, 2 * FAULT_READINGS)
    if first is None:
        return None
    last = first + 2 * FAULT_READINGS - 1
    value = series.value.copy()
    ramp = np.linspace(0, DRIFT_MOVEMENTS * movement(value[:first]), last - first + 1)
    value[first : last + 1] += rng.choice([-1.0, 1.0]) * ramp
    return Injected("drift", series, replace(series, value=value), first, last)


def place(series: Series, rng: Rng, length: int, *, learn_ms: int = LEARN_MS) -> int | None:
    """A seeded place after the learning time, clear of windows and of holes in the series."""
    times = series.time_ms
    learned = np.flatnonzero(times - times[0] >= learn_ms)
    if not len(learned):
        return None
    low = max(int(learned[0]), LEARN_READINGS)
    high = len(times) - length - AFTER
    usual = float(np.median(np.diff(times)))
    for _ in range(PLACES if high > low else 0):
        first = int(rng.integers(low, high))
        around = times[first - AFTER : first + length + AFTER]
        steps = np.diff(around)
        if steps.min() <= 0 or steps.max() > 5 * usual:
            continue
        if series.is_clean(int(around[0]), int(around[-1])):
            return first
    return None


def longest_stand(value: Floats) -> int:
    """Readings in the longest run of one value."""
    moved = np.flatnonzero(np.diff(value) != 0)
    return int(np.diff(np.r_[-1, moved, len(value) - 1]).max())
