"""Sensor faults put into healthy series: found, rightly named, and how often named in vain.

The series are NAB's (their labelled windows left out), counters made of them by adding up, and
legitimately flat or quantised ones. Each is judged by the product's Judge. A fault counts as
found when any sensor fault is told from its beginning until shortly after its end, and as
rightly typed when the first one told is of its kind. `in_time` asks a stuck sensor to be told
within three times its longest healthy stand (three readings at least). False alarms are counted
on the series as they are, timers and clocks included. Needs `--data`, a folder with NAB's CSV
files and labels.
"""

import argparse
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.bench import faults_inject as inject
from lamppost.bench.faults_data import Series, counter_of, noises, real, synthetic
from lamppost.bench.faults_found import FAULTS, LATENCY_MS, Found
from lamppost.bench.faults_watch import Told, as_they_come, at_once
from lamppost.bench.nab_data import WINDOWS, corpus_with

GOAL_FOUND = 0.95
GOAL_FALSE_A_WEEK = 0.02
GOAL_CALIBRATION = 2.0  # P(p <= a) / a, either way
LEVELS = (1e-2, 1e-3, 1e-4)
CALIBRATED_FROM = 200  # readings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument(
        "--data",
        type=corpus_with(WINDOWS),
        required=True,
        help="folder of the NAB corpus, its own `labels` in it",
    )
    parser.add_argument("--seed", type=int, default=1, help="of places and sizes (%(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="faults of a kind in each series (%(default)s)"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Inject every kind into every series that has room for it; then watch them unharmed."""
    nab = list(real(args.data))
    counters = [counter_of(one) for one in nab]
    flat = list(synthetic(args.seed))
    kinds = {
        kind: _rate(kind, make, watch, [*nab, *counters, *flat], args.seed, args.rounds)
        for kind, (make, watch) in FAULTS.items()
    }
    clean = {
        "real": _false_alarms(nab),
        "counters": _false_alarms(counters),
        "flat": _false_alarms(flat),
        "rounded": _false_alarms([one for one in map(inject.rounded, nab) if one is not None]),
        "neighbours": _false_drifts(nab, args.seed),
    }
    told = sum(part["told"] for part in clean.values())
    weeks = sum(part["sensor_weeks"] for part in clean.values())
    injected = sum(part["injected"] for part in kinds.values())
    typed = sum(part["typed"] for part in kinds.values())
    return {
        "benchmark": "faults",
        "injected": injected,
        "found": sum(part["found"] for part in kinds.values()) / max(injected, 1),
        "typed": typed / max(injected, 1),
        "false_a_week": told / weeks,
        "false_a_week_real": clean["real"]["told"] / clean["real"]["sensor_weeks"],
        "kinds": {kind: _shares(part) for kind, part in kinds.items()},
        "clean": clean,
        "calibration": {
            "real": calibration(nab),
            "flat": calibration(flat),
            "noise": calibration(list(noises(args.seed))),
        },
        "goal_found": GOAL_FOUND,
        "goal_false_a_week": GOAL_FALSE_A_WEEK,
        "goal_calibration": GOAL_CALIBRATION,
        "met": _met(kinds, clean),
    }


def _met(kinds: dict[str, dict[str, Any]], clean: dict[str, dict[str, Any]]) -> bool:
    """Every kind for itself, and every group of series."""
    found = all(one["typed"] >= GOAL_FOUND * one["injected"] for one in kinds.values())
    return found and all(one["a_week"] <= GOAL_FALSE_A_WEEK for one in clean.values())


def _rate(
    kind: str,
    make: inject.Inject,
    watch: Found,
    series: Iterable[Series],
    seed: int,
    rounds: int,
) -> dict[str, Any]:
    counts = {"injected": 0, "found": 0, "typed": 0, "in_time": 0}
    others: Counter[str] = Counter()
    missed: list[str] = []
    for number, one in enumerate(series):
        rng = np.random.default_rng([seed, number, len(kind)])
        for _ in range(rounds):
            fault = make(one, rng)
            if fault is None:
                continue
            first = next(iter(watch(fault, rng)), None)
            counts["injected"] += 1
            counts["found"] += first is not None
            counts["typed"] += first is not None and first.kind == fault.kind
            counts["in_time"] += first is not None and first.at_ms <= _due(fault)
            if first is None:
                missed.append(one.name)
            elif first.kind != fault.kind:
                others[first.kind] += 1
    return {**counts, "named_otherwise": dict(others), "missed_in": sorted(set(missed))}


def _shares(part: dict[str, Any]) -> dict[str, Any]:
    injected = max(part["injected"], 1)
    return part | {name: part[name] / injected for name in ("found", "typed", "in_time")}


def _due(fault: inject.Injected) -> int:
    """By when a stuck sensor must be told: three times its longest healthy stand."""
    times, last = fault.series.time_ms, len(fault.series.time_ms) - 1
    if fault.kind != "stuck":
        return int(times[last])
    longest = max(inject.longest_stand(fault.healthy.value), inject.SHORTEST_STAND)
    return int(times[min(fault.first + inject.LONGEST_STAND * longest, last)])


def _false_alarms(several: Sequence[Series]) -> dict[str, Any]:
    """Faults told of series as they are; what is true of them (a real hole) is left out."""
    kinds: Counter[str] = Counter()
    where: defaultdict[str, int] = defaultdict(int)
    for one in several:
        rng = np.random.default_rng(len(one.value))
        arrival = np.maximum.accumulate(
            one.time_ms + rng.integers(0, LATENCY_MS, len(one.value))
        )
        for told in as_they_come(one, arrival, 1):
            if one.is_clean(told.at_ms, told.at_ms) and not _is_hole(one, told):
                kinds[told.kind] += 1
                where[one.name] += 1
    weeks = sum(one.weeks for one in several)
    return {
        "sensor_weeks": weeks,
        "told": sum(kinds.values()),
        "a_week": sum(kinds.values()) / weeks if weeks else 0.0,
        "kinds": dict(kinds),
        "where": dict(where),
    }


def _is_hole(one: Series, told: Told) -> bool:
    if told.kind != "gap":
        return False
    times = np.unique(one.time_ms)
    steps = np.diff(times)
    at = int(np.searchsorted(times, told.at_ms))
    near = steps[max(at - 2, 0) : at + 1]
    return bool(len(near) and near.max() > 10 * np.median(steps))


def _false_drifts(several: Sequence[Series], seed: int) -> dict[str, Any]:
    told, weeks = 0, 0.0
    for number, one in enumerate(several):
        three = inject.neighbours(one, np.random.default_rng([seed, number]))
        found, _ = at_once(three)
        told += sum(t.kind == "drift" and one.is_clean(t.at_ms, t.at_ms) for t in found)
        weeks += 3 * one.weeks
    return {"sensor_weeks": weeks, "told": told, "a_week": told / weeks}


def calibration(several: Sequence[Series]) -> dict[str, float]:
    """P(p <= a) / a outside all windows; 1 is perfect."""
    p = np.concatenate([_believed(one, at_once([one])[1]) for one in several])
    return {f"{level:g}": float(np.mean(p <= level) / level) for level in LEVELS}


def _believed(one: Series, out: Verdicts) -> NDArray[np.float32]:
    """The p-values of believed readings of the learned series, outside the windows."""
    keep = (out.flags & (c.LEARNING | c.SUSPECT | c.FAULTS | c.UNJUDGED)) == 0
    keep[:CALIBRATED_FROM] = False
    for first, last in one.windows:
        keep &= (one.time_ms < first) | (one.time_ms > last)
    p: NDArray[np.float32] = out.p[keep]
    return p
