"""The detection benchmarks run, print what scripts read, and their figures make sense."""

import argparse
import csv
import json
import math
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from lamppost.bench import areas, detect, faults, faults_inject, groups, learned
from lamppost.bench.faults_data import STEP_MS, T0, Series, synthetic
from lamppost.bench.faults_found import FAULTS

SEEDED = 5
READINGS = 2_500


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small series in NAB's layout: a daily cycle, and one with a labelled window."""
    folder = tmp_path_factory.mktemp("nab")
    (folder / "labels").mkdir()
    (folder / "some").mkdir()
    rng = np.random.default_rng(SEEDED)
    began = datetime(2026, 1, 1, tzinfo=UTC)
    stamps = [f"{began + timedelta(minutes=5 * n):%Y-%m-%d %H:%M:%S}" for n in range(READINGS)]
    for name in ("one", "two"):
        value = 20 + 3 * np.sin(2 * math.pi * np.arange(READINGS) / 288)
        value += 0.3 * rng.standard_normal(READINGS)
        with (folder / f"some/{name}.csv").open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(("timestamp", "value"))
            rows.writerows(zip(stamps, value.tolist(), strict=True))
    windows = {"some/one.csv": [], "some/two.csv": [[stamps[2_000], stamps[2_100]]]}
    (folder / "labels/combined_windows.json").write_text(json.dumps(windows))
    return folder


def test_detect_tells_speed_and_size_of_every_tier() -> None:
    """A tiny run has a figure for each tier, the basic ones together, and the peers."""
    result = detect.run(argparse.Namespace(series=50, ticks=3))
    json.dumps(result)
    names = {*detect.ALL}
    assert set(result["tiers"]) == names
    assert all(
        one["per_s"] > 0 and one["bytes_a_series"] > 0 for one in result["tiers"].values()
    )
    assert (
        sum(one["bytes_a_series"] for one in result["tiers"].values())
        < result["bytes_a_series"]
    )
    slowest = min(one["per_s"] for one in result["tiers"].values())
    assert result["ours"] <= slowest
    assert result["quality_and_level"] > result["ours"]
    assert set(result["peers"]) == set(detect.PEERS)
    assert result["goal"] == detect.GOAL


@pytest.mark.slow
def test_faults_are_found_in_a_small_corpus(corpus: Path) -> None:
    """Every kind is injected, its shares are shares, and most are found."""
    result = faults.run(argparse.Namespace(data=corpus, seed=SEEDED, rounds=1))
    json.dumps(result)
    assert set(result["kinds"]) == set(FAULTS)
    for kind, one in result["kinds"].items():
        assert one["injected"] > 0, kind
        assert 0 <= one["typed"] <= one["found"] <= 1, kind
    assert result["found"] >= 0.9
    assert result["clean"]["real"]["sensor_weeks"] == pytest.approx(2.43, abs=0.05)
    assert result["false_a_week"] < 0.1
    assert set(result["calibration"]) == {"real", "flat", "noise"}
    for name, one in result["calibration"].items():
        assert set(one) == {"0.01", "0.001", "0.0001"}, name


STAMPS = {"clock", "skew", "order"}  # these leave values alone
REAL = {"stuck, quantised"}  # these need a series that is not quantised already


@pytest.mark.parametrize("kind", [kind for kind in FAULTS if kind not in STAMPS | REAL])
def test_a_seed_chooses_the_place_and_the_fault_begins_there(kind: str) -> None:
    """The same seed makes the same fault, another one another; before it nothing differs."""
    make, _ = FAULTS[kind]
    series = next(
        one for one in synthetic(1) if one.name == SUITABLE.get(kind, "thermometer of 0.1 Cel")
    )
    one, same, other = (make(series, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert one is not None
    assert same is not None
    assert other is not None
    assert one.first == same.first != other.first
    assert one.series.value.tobytes() == same.series.value.tobytes()
    assert (one.series.value[: one.first] == series.value[: one.first]).all()
    assert one.series.value.tobytes() != series.value.tobytes()


SUITABLE = {"counter": "energy meter"}


@pytest.mark.parametrize("kind", sorted(STAMPS))
def test_wrong_stamps_begin_at_the_seeded_place(kind: str) -> None:
    """Before it nothing differs; from there on stamps do."""
    make, _ = FAULTS[kind]
    series = next(one for one in synthetic(1) if one.name == "thermometer of 0.1 Cel")
    one, same = (make(series, np.random.default_rng(3)) for _ in range(2))
    assert one is not None
    assert same is not None
    assert one.series.time_ms.tobytes() == same.series.time_ms.tobytes()
    assert (one.series.time_ms[: one.first] == series.time_ms[: one.first]).all()
    here = slice(one.first, one.last + 1)
    assert (one.series.time_ms[here] != series.time_ms[here]).sum() >= one.last - one.first


def test_a_coarse_channel_is_frozen_only_where_that_tells_something() -> None:
    """Rounded so that about half of its readings repeat; one that is already coarse is left."""
    times = T0 + np.arange(4_000) * STEP_MS
    lively = Series("lively", times, 20 + np.random.default_rng(4).standard_normal(4_000))
    one = faults_inject.stuck_quantised(lively, np.random.default_rng(5))
    assert one is not None
    assert one.kind == "stuck"
    still = (np.diff(one.healthy.value) == 0).mean()
    assert 0.3 <= still <= 0.8
    assert len(set(one.series.value[one.first : one.last + 1].tolist())) == 1
    coarse = next(one for one in synthetic(1) if one.name == "cellar of 1 Cel")
    assert faults_inject.stuck_quantised(coarse, np.random.default_rng(5)) is None


def test_a_series_too_short_to_learn_from_gets_no_fault() -> None:
    """Two days must pass first."""
    count = 400
    short = Series(
        "short", T0 + np.arange(count) * STEP_MS, (np.arange(count) % 7).astype(np.float64)
    )
    assert faults_inject.spike(short, np.random.default_rng(1)) is None


def test_the_longest_stand_is_counted_in_readings() -> None:
    """At the beginning, in the middle, and in a series that never moves."""
    for values, longest in (([1, 1, 1, 2], 3), ([1, 2, 2, 3], 2), ([4, 4, 4, 4], 4)):
        assert faults_inject.longest_stand(np.array(values, float)) == longest


def test_learned_groups_have_figures() -> None:
    """Two nodes: the things are found on all devices, no stranger is, and the step is told."""
    result = learned.run(argparse.Namespace(groups=6, seed=SEEDED), groups.KINDS)
    json.dumps(result)
    assert result["together"] > 0.9
    assert result["strangers_together"] == 0
    assert result["told"] <= 1
    assert result["step_of_1_deviation_found"] >= 0.5
    assert result["bytes_a_series"] < 1_200


def test_areas_have_figures() -> None:
    """One area of each kind: no drift in vain to speak of, and one in the weather is found."""
    result = areas.run(SEEDED, 1)
    json.dumps(result)
    assert set(result["kinds"]) == set(areas.KINDS)
    assert result["false_a_week"] <= 0.02
    assert result["kinds"]["weather"]["found"] == 1.0
