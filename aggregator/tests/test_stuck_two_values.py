"""Channels that go back and forth between two values: by chance at all times, or in bursts."""

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge.profile import DEFAULT

from .samples_judge import NO_HABITS, T0, Floats, Stream, judge_of, judged
from .test_instrument import stream_of, told
from .twins_level import Twin

STEP_MS = 300_000
DAY = 288
WEEK = 7 * DAY
FREEZE = 40  # readings
COUNT = 12


def hops(seed: int, days: int, share: float = 0.5) -> Floats:
    """Values[reading, series]: each reading is the other of two values with some chance."""
    rng = np.random.default_rng(seed)
    return np.asarray(20.0 + np.cumsum(rng.random((days * DAY, COUNT)) < share, axis=0) % 2)


def stuck_in(values: Floats) -> Floats:
    """First reading at which each series is told to be stuck; NaN for none."""
    stream = stream_of(values, STEP_MS)
    out = judged(judge_of(COUNT, habits=NO_HABITS), stream)
    return told(stream, out, c.STUCK) / (STEP_MS / 60_000)


@pytest.mark.parametrize("days", [2, 10])
def test_a_frozen_value_is_found_where_there_are_only_two(days: int) -> None:
    """Who hops at every other look for days, and then not in forty, is stuck."""
    values = hops(1, days + 1)
    frozen = days * DAY
    values[frozen : frozen + 2 * FREEZE] = values[frozen]
    found = stuck_in(values)
    assert (found > frozen).all()
    assert (found < frozen + 2 * FREEZE).all()
    assert np.median(found) < frozen + FREEZE


def test_what_may_be_stuck_is_withheld() -> None:
    """Before it is told, the process tier gets no more of the value that stands."""
    values = hops(2, 3)
    values[-2 * FREEZE :] = values[-2 * FREEZE]
    out = judged(judge_of(COUNT, habits=NO_HABITS), stream_of(values, STEP_MS))
    flags = out.flags.reshape(-1, COUNT)
    first = (flags & c.STUCK != 0).argmax(axis=0)
    assert (flags[first - 1, np.arange(COUNT)] & c.SUSPECT).all()


@pytest.mark.parametrize("share", [0.5, 0.3])
def test_hops_are_never_stuck(share: float) -> None:
    """Eight weeks of chance make no stand that is too long."""
    assert np.isnan(stuck_in(hops(3, 56, share))).all()


def test_a_rounding_edge_that_is_left_for_hours_is_no_fault() -> None:
    """A thermometer of 1 degree flickers while the cellar is near an edge, else it rests."""
    rng = np.random.default_rng(4)
    day = 0.3 * np.sin(2 * np.pi * np.arange(4 * WEEK)[:, None] / DAY)
    cellar = 20.45 + day + 0.1 * rng.standard_normal((4 * WEEK, COUNT))
    assert np.isnan(stuck_in(np.round(cellar))).all()


def test_weekends_are_told_of_once() -> None:
    """What hops by chance and rests at weekends is told of at the first one, if ever."""
    values = hops(5, 42)
    values[np.arange(len(values)) // DAY % 7 >= 5] = 21.0
    out = judged(judge_of(COUNT, habits=NO_HABITS), stream_of(values, STEP_MS))
    stuck = out.flags.reshape(-1, COUNT) & c.STUCK != 0
    assert not stuck[: 5 * DAY].any()
    assert not stuck[8 * DAY :].any()


def troubled_hops() -> Stream:
    """Hops, with freezes and rests of many lengths, pauses and values that are none."""
    rng = np.random.default_rng(6)
    values = hops(6, 20)
    for series in range(COUNT):
        for first in rng.integers(0, len(values), 8):
            values[first : first + int(rng.choice([10, 30, 60, 400])), series] = 20.0
    stream = stream_of(values, STEP_MS)
    pause = np.cumsum(rng.random(len(values)) < 0.002) * 40 * STEP_MS
    bad = rng.random(len(stream)) < 0.001
    return Stream(
        stream.series,
        stream.time_ms + np.repeat(pause, COUNT),
        stream.value,
        np.where(bad, c.QUALITY_BAD, stream.quality).astype(np.int16),
    )


def test_the_kernel_judges_two_values_as_its_twin_does() -> None:
    """Told, withheld and learned alike, whatever comes between."""
    stream, now = troubled_hops(), float(T0 + 10**11)
    out = judged(judge_of(COUNT, habits=NO_HABITS), stream, int(now))
    twins = [Twin(DEFAULT, np.nan, np.nan, 5_000.0) for _ in range(COUNT)]
    quality = c.STUCK | c.SUSPECT | c.BAD | c.GAP
    assert (out.flags & c.STUCK).any()
    for row in range(len(stream)):
        verdict = twins[stream.series[row]].judge(
            float(stream.time_ms[row]),
            float(stream.value[row]),
            int(stream.quality[row]),
            now,
        )
        assert int(out.flags[row]) & quality == verdict.flags & quality, row
