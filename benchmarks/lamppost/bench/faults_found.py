"""How each kind of fault is put in and looked for: what is told of it, in time."""

from collections.abc import Callable, Iterable
from dataclasses import replace

import numpy as np

from lamppost.aggregator import columns as c
from lamppost.bench import faults_inject as inject
from lamppost.bench import faults_stamps as stamps
from lamppost.bench.faults_data import Series
from lamppost.bench.faults_watch import Told, as_they_come, at_once

LATENCY_MS = 2_000
INTERVALS_WAITED = 30

Found = Callable[[inject.Injected, np.random.Generator], list[Told]]


def _within(told: Iterable[Told], fault: inject.Injected) -> list[Told]:
    times, last = fault.series.time_ms, fault.last + inject.AFTER
    until = int(times[min(last, len(times) - 1)])
    return [one for one in told if int(times[fault.first]) <= one.at_ms <= until]


def _cut(fault: inject.Injected) -> Series:
    """The series until the fault must have been told; what comes later changes nothing."""
    end, one = fault.last + 1 + inject.AFTER, fault.series
    return replace(one, time_ms=one.time_ms[:end], value=one.value[:end])


def _by_value(fault: inject.Injected, _rng: np.random.Generator) -> list[Told]:
    return _within(at_once([_cut(fault)])[0], fault)


def _by_order(fault: inject.Injected, _rng: np.random.Generator) -> list[Told]:
    """By the flags of the readings themselves, all of which must have them."""
    _, out = at_once([_cut(fault)])
    mine = out.flags[fault.first : fault.last + 1]
    if not (mine & c.LATE).all():
        return []
    again = (mine & c.REPEATED) != 0
    kind = stamps.REPEATED if again.all() else stamps.DISORDERED if not again.any() else "both"
    return [Told(kind, int(fault.series.time_ms[fault.first]))]


def _by_clock(fault: inject.Injected, rng: np.random.Generator) -> list[Told]:
    """Readings arrive when they were taken, whatever is written on them."""
    true = fault.healthy.time_ms
    start, end = max(fault.first - 100, 0), fault.last + 1
    arrival = true + rng.integers(0, LATENCY_MS, len(true))
    part = Series(fault.series.name, fault.series.time_ms[:end], fault.series.value[:end], ())
    told = as_they_come(part, np.maximum.accumulate(arrival[:end]), start)
    return [one for one in told if one.at_ms >= int(true[fault.first])]


def _by_silence(fault: inject.Injected, _rng: np.random.Generator) -> list[Told]:
    times = fault.series.time_ms
    before = Series("", times[: fault.first], fault.series.value[: fault.first])
    last = int(times[fault.first - 1])
    waited = INTERVALS_WAITED * int(np.median(np.diff(times)))
    told = as_they_come(before, before.time_ms, fault.first - 1, until_ms=last + waited)
    return [one for one in told if one.at_ms > last]


def _by_neighbours(fault: inject.Injected, rng: np.random.Generator) -> list[Told]:
    """The drifting one stands among two healthy ones; an alarm on those is of another kind."""
    end = fault.last + 1 + inject.AFTER
    three = [
        replace(one, time_ms=one.time_ms[:end], value=one.value[:end])
        for one in inject.neighbours(fault.healthy, rng, fault.first)
    ]
    walked = (fault.series.value - fault.healthy.value)[:end]
    three[1] = replace(three[1], value=three[1].value + walked)
    told, _ = at_once(three)
    return [
        one if one.series == 1 else replace(one, kind=f"{one.kind} of a healthy neighbour")
        for one in _within(told, fault)
    ]


FAULTS: dict[str, tuple[inject.Inject, Found]] = {
    "stuck": (inject.stuck, _by_value),
    "stuck, quantised": (inject.stuck_quantised, _by_value),
    "range": (inject.outside, _by_value),
    "rate": (inject.too_fast, _by_value),
    "spike": (inject.spike, _by_value),
    "gap": (inject.dropout, _by_silence),
    "noise": (inject.noise, _by_value),
    "unit": (inject.unit, _by_value),
    "clock": (stamps.clock, _by_clock),
    "skew": (stamps.skew, _by_clock),
    "order": (stamps.order, _by_order),
    "counter": (inject.reset, _by_value),
    "drift": (inject.drift, _by_neighbours),
}
