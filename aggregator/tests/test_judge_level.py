"""The process tier: finds what departs, soon; keeps silent for what is healthy, for days."""

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge import state as q
from lamppost.aggregator.judge.level_budget import WEEK_MS, may_tell
from lamppost.aggregator.judge.profile import DEFAULT

from .samples_judge import NO_HABITS, POLL_MS, T0, Floats, healthy, judge_of, judged, polled

WARM_POLLS = 80  # 40 s
DAY_POLLS = 86_400_000 // POLL_MS
RAMP_S = 2.0
CYCLE_POLLS = 900_000 // POLL_MS
HOUR_MS = 3_600_000
HEALTHY = [
    "gauss",
    "laplace",
    "quantum 0.5",
    "quantum 2",
    "quantum 4",
    "daily 20",
    "daily 100",
    "ar 0.5",
    "ar 0.9",
    "ar 0.98",
    "wander 1",
    "wander 5",
    "counter",
    "coarse",
]


def onsets(values: Floats, *, deadband: bool = True) -> tuple[int, Floats]:
    """How many anomalies began, and each series' first, in seconds from the start."""
    stream = polled(values, deadband=deadband)
    count = values.shape[1]
    out = judged(judge_of(count), stream)
    first, began = np.full(count, np.nan), 0
    for index in range(count):
        rows = np.flatnonzero(stream.series == index)
        on = (out.flags[rows] & c.ANOMALY) != 0
        starts = rows[on & ~np.concatenate([[False], on[:-1]])]
        began += len(starts)
        if len(starts):
            first[index] = (stream.time_ms[starts[0]] - T0) / 1000
    return began, first


@pytest.mark.parametrize("family", HEALTHY)
def test_no_false_anomalies_on_healthy_channels(family: str) -> None:
    """Ten sensor-days at 2 Hz: at most one event; none in a day behind a deadband."""
    values = healthy(family, 100, DAY_POLLS, 10)
    assert onsets(values, deadband=False)[0] <= 1
    assert onsets(values[: DAY_POLLS // 4, :5])[0] == 0


@pytest.mark.parametrize(("family", "most"), [("gauss", 0), ("laplace", 1), ("ar 0.98", 8)])
def test_few_false_anomalies_just_after_the_start(family: str, most: int) -> None:
    """400 sensors in their first ten minutes, when little is known of them."""
    assert onsets(healthy(family, 101, 1_200, 400), deadband=False)[0] <= most


@pytest.mark.parametrize(
    ("family", "size", "share"),
    [
        ("gauss", 6, 0.8),
        ("gauss", 10, 0.99),
        ("laplace", 10, 0.9),
        ("quantum 1", 10, 0.85),
        ("quantum 2", 20, 0.9),
        ("ar 0.98", 10, 0.9),
        ("wander 3", 20, 0.95),
    ],
)
def test_a_ramp_after_forty_seconds_is_found_in_five(
    family: str, size: float, share: float
) -> None:
    """A leak that grows for two seconds: told within five of its beginning."""
    values = healthy(family, 102, WARM_POLLS + 40, 200)
    seconds = np.arange(len(values)) * POLL_MS / 1000 - WARM_POLLS * POLL_MS / 1000
    values += (size * np.clip(seconds / RAMP_S, 0, 1))[:, None]
    if family.startswith("quantum"):
        quantum = float(family.split()[1])
        values = np.round(values / quantum) * quantum
    _, first = onsets(values)
    delay = first - WARM_POLLS * POLL_MS / 1000
    assert ((delay > 0) & (delay <= 5)).mean() >= share


def test_a_small_shift_adds_up() -> None:
    """Three deviations are too few for one reading, and enough for some seconds of them."""
    values = healthy("gauss", 103, 7_200 + 40, 50)
    values[7_200:] -= 3
    _, first = onsets(values)
    assert np.nanmax(first) <= 3_600 + 10
    assert np.isfinite(first).mean() >= 0.98


def test_onset_severity_and_end() -> None:
    """The onset is near the true one, severity peaks and fades, and the return ends it."""
    values = healthy("gauss", 104, 1_600, 20)
    values[600:800] += 12
    stream = polled(values, deadband=False)
    out = judged(judge_of(20), stream)
    at = (stream.time_ms - T0) // POLL_MS
    on = (out.flags & c.ANOMALY) != 0
    assert ((out.onset_ms[on] - T0) // POLL_MS >= 598).all()
    assert ((out.onset_ms[on] - T0) // POLL_MS <= 604).all()
    assert on[at == 790].all()
    assert not on[at >= 815].any()
    assert (out.severity[at == 700] > 0.6).all()
    assert (out.severity[at == 1_500] < 0.2).all()
    assert (out.score[on & (at == 700)] >= 8).all()


def test_an_anomaly_is_not_learned() -> None:
    """The expected value stays where health was, until it has lasted a quarter of an hour."""
    values = healthy("gauss", 105, 6_000, 10)
    values[600:] += 12
    stream = polled(values, deadband=False)
    out = judged(judge_of(10), stream)
    at = (stream.time_ms - T0) // POLL_MS
    during = (at >= 620) & (at < 2_300)
    assert np.abs(out.expected[during] - 20).max() < 2
    assert (out.flags[during] & c.ANOMALY != 0).all()
    assert not (out.flags[at >= 2_600] & c.ANOMALY).any()
    assert np.abs(out.expected[at >= 2_600] - 32).max() < 2


def told_of(values: Floats, rows: slice = slice(None)) -> list[int]:
    """How many of the polls in which each series is told to be anomalous begin an anomaly."""
    out = judged(judge_of(values.shape[1]), polled(values, deadband=False))
    on = ((out.flags & c.ANOMALY) != 0).reshape(values.shape)
    new = on[1:] & ~on[:-1]
    return [int(one) for one in new[rows].sum(axis=0)]


def cycling(seed: int, cycles: int, height: float = 20.0) -> Floats:
    """A pump that runs three minutes of every fifteen."""
    values = healthy("gauss", seed, cycles * CYCLE_POLLS, 4)
    values += height * (np.arange(len(values)) % CYCLE_POLLS >= 0.8 * CYCLE_POLLS)[:, None]
    return values


def test_what_comes_again_and_again_is_told_no_more() -> None:
    """The first starts of a pump are told, as they may be anything; then they are its way."""
    values = cycling(107, 24)
    assert min(told_of(values)) >= 3
    assert max(told_of(values, slice(12 * CYCLE_POLLS, None))) == 0


def test_what_is_larger_than_all_before_is_told_in_any_case() -> None:
    """A burst pipe on a pump that starts four times an hour."""
    values = cycling(108, 24)
    burst = 22 * CYCLE_POLLS + CYCLE_POLLS // 2
    values[burst : burst + 60] += 60.0
    assert min(told_of(values, slice(burst - 5, burst + 60))) >= 1


def test_what_was_its_way_may_be_told_again_in_time() -> None:
    """When the set rate has made up for what came too often, the next is told."""
    state = np.zeros((1, q.LEVEL_WIDTH))
    hourly = [may_tell(state, 0, T0 + k * HOUR_MS, 10.0, 0.5, DEFAULT) for k in range(24)]
    assert hourly == [True] * 7 + [False] * 17
    assert not may_tell(state, 0, T0 + WEEK_MS, 10.0, 0.5, DEFAULT)
    assert may_tell(state, 0, T0 + 7 * WEEK_MS, 10.0, 0.5, DEFAULT)


def test_the_band_holds_healthy_readings() -> None:
    """All but a few in ten thousand of Gaussian noise; and it is not wider than it need be."""
    stream = polled(healthy("gauss", 106, 20_000, 5), deadband=False)
    out = judged(judge_of(5), stream)
    known = (out.flags & c.LEARNING) == 0
    value = stream.value.astype(np.float32)
    outside = ((value < out.low) | (value > out.high))[known].mean()
    assert outside < 1e-3
    assert (out.high - out.low)[known].mean() < 12


def test_learning_lasts_twenty_readings_and_ten_seconds() -> None:
    """Whichever is longer; before that nothing is an anomaly."""
    values = np.concatenate([healthy("gauss", 107, 15, 1), np.full((30, 1), 500.0)])
    stream = polled(values, deadband=False)
    out = judged(judge_of(1), stream)
    believed = (out.flags & c.SUSPECT) == 0
    learning = (out.flags & c.LEARNING) != 0
    assert learning[:20][believed[:20]].all()
    slow = polled(healthy("gauss", 107, 30, 1), deadband=False, poll_ms=60_000)
    assert np.flatnonzero(judged(judge_of(1), slow).flags & c.LEARNING).max() == 19


def test_channels_that_seldom_report_are_judged_too() -> None:
    """One reading in ten minutes: a pause is measured in its own intervals."""
    values = healthy("gauss", 108, 400, 20)
    values[300:] += 15
    stream = polled(values, deadband=False, poll_ms=600_000)
    out = judged(judge_of(20, habits=NO_HABITS), stream)
    at = (stream.time_ms - T0) // 600_000
    on = (out.flags & c.ANOMALY) != 0
    assert not on[at < 300].any()
    assert on[(at >= 306) & (at < 320)].all()
