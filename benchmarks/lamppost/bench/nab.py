"""The judge over the Numenta Anomaly Benchmark, as it stands in the product.

All series run through one judge, their readings interleaved in time, with the one frozen
configuration; nothing of a file is known in advance, neither its range nor its length. A row's
anomaly_score is the severity of the alarm that was told there, 0 where none was: alarms of the
process tiers under their policy, and sensor faults where they begin.

The threshold on these scores is chosen per profile over the whole corpus, as NAB does; the
hold-out chooses threshold and rate setting on one half of the files and scores the other.
"""

import argparse
import csv
import json
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.habit_profile import HABITS, HabitProfile
from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.warm import warm
from lamppost.bench.nab_data import LABELS, WINDOWS, Series, corpus_with, load
from lamppost.bench.nab_score import (
    PROFILES,
    Curve,
    Floats,
    best_threshold,
    counts,
    curve,
    points,
    quiet_threshold,
    rows_of,
)

CHUNK = 8_192
SPLITS = 30
HALVES = 2
SEED = 1
RATES = (0.1, 0.2, 0.35, 0.7, 1.4)  # false alarms a sensor-week, to choose from in the hold-out
QUIET_A_WEEK = 0.45  # false alarms a sensor-week that are wanted at most
FAULTS = c.STUCK | c.RANGE
GOAL = {"standard": 71.0, "reward_low_FP_rate": 62.0, "reward_low_FN_rate": 76.0}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what can be set."""
    parser.add_argument(
        "--data",
        type=corpus_with(WINDOWS, LABELS),
        required=True,
        help="folder of the NAB corpus, its own `labels` in it",
    )
    parser.add_argument("--out", type=Path, help="folder for a CSV a series and nab.json")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Judge the corpus and score it."""
    warm()
    corpus = load(args.data)
    began = time.perf_counter()
    scores = judge_all(corpus, HABITS)
    seconds = time.perf_counter() - began
    table = {
        name: [
            curve(series, rows_of(series), score, costs)
            for series, score in zip(corpus, scores, strict=True)
        ]
        for name, costs in PROFILES.items()
    }
    thresholds = {name: best_threshold(curves) for name, curves in table.items()}
    profiles = {
        name: round(points(curves, thresholds[name], PROFILES[name]), 2)
        for name, curves in table.items()
    }
    quiet = quiet_threshold(corpus, scores, QUIET_A_WEEK)
    result = {
        "benchmark": "nab",
        "what": "Judge.update, all tiers, one frozen configuration, series interleaved in time",
        "series": len(corpus),
        "readings": sum(len(series.value) for series in corpus),
        "seconds": round(seconds, 2),
        "profiles": profiles,
        "thresholds": {name: round(value, 4) for name, value in thresholds.items()},
        "at_standard_threshold": counts(corpus, scores, thresholds["standard"]),
        "at_quiet_threshold": {"threshold": round(quiet, 4), **counts(corpus, scores, quiet)},
        "at_every_alarm": counts(corpus, scores, float(np.nextafter(0.0, 1.0))),
        "hold_out": hold_out(corpus, RATES),
        "hold_out_threshold_alone": hold_out(corpus, (HABITS.false_a_week,)),
        "goal": GOAL,
        "met": all(profiles[name] >= least for name, least in GOAL.items()),
    }
    if args.out is not None:
        _write(args.out, corpus, scores, result)
    return result


def judge_all(corpus: Sequence[Series], habits: HabitProfile) -> list[Floats]:
    """The anomaly score of every row of every series."""
    lengths = [len(series.value) for series in corpus]
    of = np.repeat(np.arange(len(corpus), dtype=np.int32), lengths)
    time_ms = np.concatenate([series.time_ms for series in corpus])
    value = np.concatenate([series.value for series in corpus])
    order = np.argsort(time_ms, kind="stable")
    judge = Judge(len(corpus), habits=habits)
    for index in range(len(corpus)):
        judge.add_series(index, None, None, None, c.NUMERIC)
    flags, severity = np.zeros(len(of), np.uint32), np.zeros(len(of))
    out = Verdicts.empty(CHUNK)
    for first in range(0, len(order), CHUNK):
        rows = order[first : first + CHUNK]
        part, now_ms = out.head(len(rows)), int(time_ms[rows[-1]])
        good = np.full(len(rows), c.QUALITY_GOOD, np.int16)
        live = np.zeros(len(rows), np.uint8)
        judge.update(of[rows], time_ms[rows], value[rows], good, live, now_ms, part)
        flags[rows], severity[rows] = part.flags, part.severity
    ends = np.cumsum(lengths)[:-1]
    return [
        told(*one) for one in zip(np.split(flags, ends), np.split(severity, ends), strict=True)
    ]


def told(flags: np.ndarray[Any, np.dtype[np.uint32]], severity: Floats) -> Floats:
    """Severity where an alarm or a sensor fault begins, 0 elsewhere."""
    faulty = ((flags & FAULTS) != 0) & ((flags & c.SUSPECT) == 0)
    begins = faulty & ~np.concatenate([[False], faulty[:-1]])
    return np.where(((flags & c.ALARM) != 0) | begins, severity, 0.0)


def hold_out(corpus: Sequence[Series], rates: tuple[float, ...]) -> dict[str, Any]:
    """Mean score of one half of the files, at what was best on the other half.

    A corpus of one file has no halves: then there are no splits and no scores.
    """
    if len(corpus) < HALVES:
        return {"splits": 0, "seed": SEED, "rates": rates, "why": "one file has no halves"}
    weighed = [rows_of(series) for series in corpus]
    runs = [judge_all(corpus, HABITS._replace(false_a_week=rate)) for rate in rates]
    rng = np.random.default_rng(SEED)
    halves = [rng.permutation(len(corpus)) for _ in range(SPLITS)]
    result: dict[str, Any] = {"splits": SPLITS, "seed": SEED, "rates": rates}
    for name, costs in PROFILES.items():
        tables = [
            [curve(*one, costs) for one in zip(corpus, weighed, scores, strict=True)]
            for scores in runs
        ]
        found = []
        for half in halves:
            chosen, unseen = half[: len(corpus) // 2], half[len(corpus) // 2 :]
            table, threshold = max(
                ((table, best_threshold(_some(table, chosen))) for table in tables),
                key=lambda one: points(_some(one[0], chosen), one[1], costs),
            )
            found.append(points(_some(table, unseen), threshold, costs))
        result[name] = round(float(np.mean(found)), 2)
        result[f"{name}_sd"] = round(float(np.std(found)), 2)
    return result


def _some(curves: Sequence[Curve], which: np.ndarray[Any, np.dtype[np.int64]]) -> list[Curve]:
    return [curves[index] for index in which]


def _write(
    out: Path, corpus: Sequence[Series], scores: Sequence[Floats], result: dict[str, Any]
) -> None:
    for series, score in zip(corpus, scores, strict=True):
        path = out / series.name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(("timestamp", "value", "anomaly_score"))
            for stamp, value, one in zip(series.stamps, series.value, score, strict=True):
                writer.writerow((stamp, repr(float(value)), f"{one:.6f}"))
    (out / "nab.json").write_text(json.dumps(result, indent=1) + "\n")
