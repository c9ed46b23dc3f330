"""Groups of sensors, simulated: how often they are alarmed on in vain, and what is found.

Groups of four report every five minutes. Healthy ones are white noise, autocorrelated noise,
one wander seen by all, a daily cycle, and a pump that starts and stops. Faults begin after six
of eight weeks, in one member. Everything goes through the product's Groups.
"""

import argparse
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.judge.group_state import GROUP_WIDTH
from lamppost.aggregator.judge.groups import Change, Groups
from lamppost.bench import areas, learned

Floats = NDArray[np.float64]
Rng = np.random.Generator

T0 = 1_700_000_000_000
STEP_MS = 300_000
A_DAY = 288
WEEKS = 8
FAULT_AT = 6 * 7 * A_DAY
MEMBERS = 4
FAULTY = 1
HOUR = 12
GOAL_FALSE_A_WEEK = 0.02


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--groups", type=int, default=30, help="of a kind (%(default)s)")
    parser.add_argument("--seed", type=int, default=1, help="(%(default)s)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Healthy groups of every kind, then every fault in every kind that has a relation."""
    began, clean, told = time.process_time(), {}, 0
    for kind, make in KINDS.items():
        changes = [watch(make(_rng(args.seed, kind, n))) for n in range(args.groups)]
        count = sum(change.open for found in changes for change in found)
        clean[kind] = {"told": count, "a_week": count / (args.groups * WEEKS)}
        told += count
    seconds = time.process_time() - began
    vectors = len(KINDS) * args.groups * WEEKS * 7 * A_DAY
    return {
        "benchmark": "groups",
        "what": f"groups of {MEMBERS}, {WEEKS} weeks, a reading each five minutes",
        "group_weeks": len(KINDS) * args.groups * WEEKS,
        "false_a_week": told / (len(KINDS) * args.groups * WEEKS),
        "clean": clean,
        "found": {name: _found(fault, args) for name, fault in FAULTS.items()},
        "learned": learned.run(args, KINDS),
        "areas": areas.run(args.seed, max(1, args.groups // 5)),
        "vectors_per_s": round(vectors / seconds),
        "bytes_a_group": 8 * GROUP_WIDTH,
        "goal_false_a_week": GOAL_FALSE_A_WEEK,
        "met": told <= GOAL_FALSE_A_WEEK * len(KINDS) * args.groups * WEEKS,
    }


def _rng(seed: int, kind: str, number: int) -> Rng:
    return np.random.default_rng([seed, list(KINDS).index(kind), number])


def _found(fault: Callable[[Floats], Floats], args: argparse.Namespace) -> dict[str, Any]:
    """Of each kind: the share that is told, and the median of how late its onset is put."""
    found: dict[str, Any] = {}
    for kind in RELATED:
        hours = []
        for number in range(args.groups):
            values = fault(KINDS[kind](_rng(args.seed, kind, number)))
            opened = [one for one in watch(values) if one.open and one.since_ms >= FAULT_MS]
            if opened:
                hours.append((opened[0].since_ms - FAULT_MS) / 3_600_000)
        share = len(hours) / args.groups
        found[kind] = {"share": share, "onset_h": float(np.median(hours)) if hours else None}
    return found


FAULT_MS = T0 + FAULT_AT * STEP_MS


def watch(values: Floats) -> list[Change]:
    """What is told of values[tick, member], looked at every hour."""
    groups = Groups()
    number = groups.add_group()
    for member in range(MEMBERS):
        groups.join(number, member)
    told: list[Change] = []
    for at in range(0, len(values), HOUR):
        part = values[at : at + HOUR]
        time_ms = np.repeat(T0 + (at + np.arange(len(part))) * STEP_MS, MEMBERS)
        series = np.tile(np.arange(MEMBERS, dtype=np.int32), len(part))
        groups.update(series, time_ms, part.ravel(), np.zeros(part.size, np.uint32))
        told += groups.changes(int(time_ms[-1]))
    return told


def _alike(rng: Rng, keep: float, count: int = 1) -> Floats:
    kicks: Floats = rng.standard_normal((WEEKS * 7 * A_DAY, count)) * np.sqrt(1 - keep * keep)
    for tick in range(1, len(kicks)):
        kicks[tick] += keep * kicks[tick - 1]
    return kicks


def _noise(rng: Rng) -> Floats:
    return rng.standard_normal((WEEKS * 7 * A_DAY, MEMBERS))


def _gains(rng: Rng) -> Floats:
    return rng.uniform(0.5, 2.0, MEMBERS)


def _daily(rng: Rng) -> Floats:
    day = np.sin(2 * np.pi * (np.arange(WEEKS * 7 * A_DAY) / A_DAY + rng.random()))
    return 5 * day[:, None] * _gains(rng) + 0.5 * _alike(rng, 0.95, MEMBERS)


def _pump(rng: Rng) -> Floats:
    """Current, flow, pressure and level; it runs for some half hours, and rests as long."""
    ticks = WEEKS * 7 * A_DAY
    runs = np.repeat(np.arange(ticks) % 2, rng.integers(3, 9, ticks))[:ticks]
    lag = np.convolve(runs, np.exp(-np.arange(40) / 8.0))[:ticks] / 8
    day = np.sin(2 * np.pi * np.arange(ticks) / A_DAY)
    clean = np.stack([3 * runs, 10 * runs, 4 + lag, 20 + 5 * day + 2 * lag], axis=1)
    noisy: Floats = clean + rng.standard_normal((ticks, MEMBERS)) * (0.1, 0.3, 0.05, 0.2)
    return noisy


KINDS: dict[str, Callable[[Rng], Floats]] = {
    "white": _noise,
    "autocorrelated": lambda rng: _alike(rng, 0.99, MEMBERS),
    "wander": lambda rng: _alike(rng, 0.999) * _gains(rng) + 0.3 * _noise(rng),
    "daily": _daily,
    "pump": _pump,
}
RELATED = ("wander", "daily", "pump")


def _drift(values: Floats, deviations: float, days: float) -> Floats:
    """The faulty member leaves by so many deviations, in so many days, and stays there."""
    after = len(values) - FAULT_AT
    ramp = np.minimum(np.arange(after) / max(days * A_DAY, 1.0), 1.0)
    drifted = values.copy()
    drifted[FAULT_AT:, FAULTY] += deviations * values[:FAULT_AT, FAULTY].std() * ramp
    return drifted


def _apart(values: Floats) -> Floats:
    """The faulty member goes on as it did at another time."""
    apart = values.copy()
    apart[FAULT_AT:, FAULTY] = np.roll(values[:, FAULTY], 5_000)[FAULT_AT:]
    return apart


FAULTS: dict[str, Callable[[Floats], Floats]] = {
    "step of 1 deviation": lambda values: _drift(values, 1.0, 0.0),
    "drift of 1 deviation in a day": lambda values: _drift(values, 1.0, 1.0),
    "drift of 3 deviations in two weeks": lambda values: _drift(values, 3.0, 14.0),
    "goes its own way": _apart,
}
