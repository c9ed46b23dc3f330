"""Points a second and bytes a series of every tier, beside River's detectors in the same run.

10,000 series report once every five minutes, so every reading is a whole cell: the dearest case
for the habit tier, which takes readings of faster channels together. Each tier's kernel is
timed on one thread, in the order and on the batches it has in the product; River learns and
scores one reading at a time, as its API asks for. The quality and level tiers are timed once
more without the others: a judge that has only these has its state in the core's own cache,
which the habits' memories, a hundred times larger, do not leave there.
"""

import argparse
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from river import anomaly, preprocessing

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import TIERS, Judge
from lamppost.aggregator.judge.room import bytes_of
from lamppost.aggregator.warm import warm

SERIES = 10_000
TICKS = 1_600  # then the memories of all four scales are full
DOZENS = 8  # last ticks, by twelves: longer patterns end every third, sixth and twelfth
PEER_READINGS = 20_000
INTERVAL_MS = 300_000
TIME_MS = 1_700_000_000_000
DAY_MS = 86_400_000
SEED = 1
BASIC = ("quality", "level")
ALL = tuple(tier.name for tier in TIERS)
GOAL = {"basic": 50e6, "full": 1.5e6, "bytes": 12_288}

Batch = tuple[NDArray[np.int64], NDArray[np.float64]]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be set."""
    parser.add_argument("--series", type=int, default=SERIES, help=f"(default: {SERIES:,})")
    parser.add_argument(
        "--ticks", type=int, default=TICKS, help=f"readings a series (default: {TICKS})"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Time the tiers and the peers."""
    warm()
    seconds = _tiers(args.series, args.ticks)
    per_s = {name: round(args.series / taken) for name, taken in seconds.items()}
    full = args.series / sum(seconds.values())
    basic = args.series / sum(_tiers(args.series, args.ticks, BASIC).values())
    size = Judge(1).bytes_per_series
    peers = {name: round(_peer(make)) for name, make in PEERS.items()}
    return {
        "benchmark": "detect",
        "what": f"{args.series:,} series, a reading each five minutes, one thread",
        "unit": "readings per second of processor time",
        "tiers": {
            tier.name: {"per_s": per_s[tier.name], "bytes_a_series": bytes_of(tier.blanks)}
            for tier in TIERS
        },
        "quality_and_level": round(basic),
        "ours": round(full),
        "bytes_a_series": size,
        "peers": peers,
        "peer": max(peers.values()),
        "peer_name": "River: " + ", ".join(PEERS),
        "ratio": round(full / peers["HalfSpaceTrees"], 1),
        "goal": GOAL,
        "met": basic >= GOAL["basic"] and full >= GOAL["full"] and size <= GOAL["bytes"],
    }


def _ticks(series: int, ticks: int) -> Iterator[Batch]:
    """A day's wave and noise for every series; one reading of each a batch."""
    rng = np.random.default_rng(SEED)
    phase = rng.uniform(0.0, 2.0 * np.pi, series)
    for tick in range(ticks):
        time_ms = np.full(series, TIME_MS + tick * INTERVAL_MS)
        angle = 2.0 * np.pi * tick * INTERVAL_MS / DAY_MS
        yield time_ms, 20.0 + 5.0 * np.sin(angle + phase) + rng.standard_normal(series)


def _tiers(series: int, ticks: int, names: Sequence[str] = ALL) -> dict[str, float]:
    """Median seconds, over dozens of ticks, of each tier for one reading of every series."""
    judge = Judge(series)
    for index in range(series):
        judge.add_series(index, None, None, None, c.NUMERIC)
    of = np.arange(series, dtype=np.int32)
    good = np.full(series, c.QUALITY_GOOD, np.int16)
    out = Verdicts.empty(series)
    tiers = [tier for tier in TIERS if tier.name in names]
    taken: dict[str, list[float]] = {tier.name: [] for tier in tiers}
    for time_ms, value in _ticks(series, ticks):
        for tier in tiers:
            began = time.thread_time()
            judge.run_tier(tier, of, time_ms, value, good, int(time_ms[0]), out)
            taken[tier.name].append(time.thread_time() - began)
    return {name: statistics.median(_dozens(times)) for name, times in taken.items()}


def _dozens(times: list[float]) -> list[float]:
    """The mean of each of the last twelves, as many as there are."""
    last = [times[end - 12 : end] for end in range(len(times), 11, -12)][:DOZENS]
    return [statistics.fmean(dozen) for dozen in last] or [statistics.fmean(times)]


def _half_space_trees() -> Callable[[float], None]:
    scaler: Any = preprocessing.MinMaxScaler()  # River's methods have no types
    trees: Any = anomaly.HalfSpaceTrees(seed=SEED)

    def take(value: float) -> None:
        reading = {"x": value}
        scaler.learn_one(reading)
        scaled = scaler.transform_one(reading)
        trees.score_one(scaled)
        trees.learn_one(scaled)

    return take


def _z_score() -> Callable[[float], None]:
    scaler: Any = preprocessing.StandardScaler()

    def take(value: float) -> None:
        reading = {"x": value}
        scaler.transform_one(reading)
        scaler.learn_one(reading)

    return take


PEERS = {"HalfSpaceTrees": _half_space_trees, "z-score": _z_score}


def _peer(make: Callable[[], Callable[[float], None]]) -> float:
    """Readings a second of a River detector."""
    values = [float(value[0]) for _, value in _ticks(1, PEER_READINGS)]
    take = make()
    began = time.thread_time()
    for value in values:
        take(value)
    return PEER_READINGS / (time.thread_time() - began)
