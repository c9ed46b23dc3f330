"""The quality tier: what it finds, how soon, and where it keeps silent."""

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import Judge

from .samples_judge import (
    HEARTBEAT_MS,
    POLL_MS,
    T0,
    Floats,
    Stream,
    healthy,
    judge_of,
    judged,
    polled,
)

WARM_POLLS = 80  # 40 s
DAY_POLLS = 86_400_000 // POLL_MS


def first_after(stream: Stream, out: Verdicts, bit: int, polls: int, count: int) -> Floats:
    """Seconds from poll number `polls` to each series' first such flag; NaN for none."""
    seconds = np.full(count, np.nan)
    for row in np.flatnonzero(out.flags & bit)[::-1]:
        seconds[stream.series[row]] = (stream.time_ms[row] - T0 - polls * POLL_MS) / 1000
    return seconds


@pytest.mark.parametrize("deadband", [True, False], ids=["deadband", "every poll"])
@pytest.mark.parametrize("family", ["gauss", "quantum 0.1", "quantum 1", "ar 0.98"])
def test_a_frozen_value_is_found_soon(family: str, deadband: bool) -> None:
    """Frozen after 40 s of health: stuck within 15 s, since the freeze, and no anomaly."""
    values = healthy(family, 1, WARM_POLLS + 160, 60)
    values[WARM_POLLS : WARM_POLLS + 100] = values[WARM_POLLS]
    stream = polled(values, deadband=deadband)
    out = judged(judge_of(60), stream)
    found = first_after(stream, out, c.STUCK, WARM_POLLS, 60)
    assert (found > 0).all()
    assert np.nanmax(found) <= 15
    onset = out.onset_ms[(out.flags & c.STUCK) != 0]
    began = (onset - T0) // POLL_MS
    assert ((began == WARM_POLLS) | (family.startswith("quantum") & (began > 70))).all()
    frozen = (stream.time_ms - T0 >= WARM_POLLS * POLL_MS) & (out.flags & c.ANOMALY != 0)
    assert len(np.unique(stream.series[frozen])) <= (1 if family == "ar 0.98" else 0)


def test_a_frozen_value_with_a_coarse_quantum_takes_little_longer() -> None:
    """When every other poll repeats the value anyway, most are found in 15 s, all in 30 s."""
    values = healthy("quantum 2", 1, WARM_POLLS + 160, 60)
    values[WARM_POLLS:] = values[WARM_POLLS]
    stream = polled(values)
    found = first_after(stream, judged(judge_of(60), stream), c.STUCK, WARM_POLLS, 60)
    assert np.nanmedian(found) <= 15
    assert np.isfinite(found).mean() >= 0.9
    assert np.nanmax(found) <= 30


@pytest.mark.parametrize("away", [0.0, 40.0], ids=["to where it was", "to somewhere else"])
def test_a_release_is_no_anomaly(away: float) -> None:
    """Whatever the asset did meanwhile, the sensor's return is not held against it."""
    values = healthy("gauss", 2, WARM_POLLS + 400, 40)
    values[WARM_POLLS : WARM_POLLS + 200] = values[WARM_POLLS]
    values[WARM_POLLS + 200 :] += away
    stream = polled(values)
    out = judged(judge_of(40), stream)
    late = stream.time_ms > T0 + WARM_POLLS * POLL_MS
    assert (out.flags[late] & c.STUCK).any()
    assert not (out.flags[late] & c.ANOMALY).any()
    assert not (out.flags[stream.time_ms > T0 + (WARM_POLLS + 200) * POLL_MS] & c.STUCK).any()


@pytest.mark.parametrize("family", ["gauss", "quantum 1", "quantum 4", "coarse", "rain"])
@pytest.mark.parametrize("deadband", [True, False], ids=["deadband", "every poll"])
def test_healthy_channels_are_never_stuck(family: str, deadband: bool) -> None:
    """A day of noise, of a thermometer of 1 degree, of a rain gauge at zero: silence."""
    polls = DAY_POLLS // 4 if deadband else DAY_POLLS
    stream = polled(healthy(family, 3, polls, 4), deadband=deadband)
    assert not (judged(judge_of(4), stream).flags & c.STUCK).any()


def test_a_channel_that_never_moved_is_not_called_stuck() -> None:
    """Nothing is known of its habits."""
    values = np.full((20_000, 2), 7.0)
    assert not (judged(judge_of(2), polled(values)).flags & c.STUCK).any()


def test_an_outage_is_no_habit() -> None:
    """Ten silent minutes do not teach a channel that standing still is normal."""
    values = healthy("gauss", 4, 400, 10)
    stream = polled(values)
    times = stream.time_ms + np.where(stream.time_ms > T0 + 100_000, 600_000, 0)
    frozen = np.where(stream.time_ms > T0 + 150_000, 20.25, stream.value)
    keep = (stream.time_ms <= T0 + 150_000) | (stream.time_ms % HEARTBEAT_MS == 0)
    again = Stream(stream.series[keep], times[keep], frozen[keep], stream.quality[keep])
    out = judged(judge_of(10), again)
    assert len(np.unique(again.series[out.flags & c.STUCK != 0])) == 10


@pytest.mark.parametrize("length", [1, 2, 3])
def test_an_excursion_that_returns_is_a_spike(length: int) -> None:
    """Withheld while it lasts, told once it is surely back, since its beginning; no anomaly."""
    values = healthy("gauss", 5, 200, 30)
    values[120 : 120 + length] += 60
    stream = polled(values)
    out = judged(judge_of(30), stream)
    at = (stream.time_ms - T0) // POLL_MS
    inside = (at >= 120) & (at < 120 + length)
    assert (out.flags[inside] & c.SUSPECT != 0).all()
    told = out.flags & c.SPIKE != 0
    assert np.isin(at[told] - length, (120, 121)).all()
    assert (at[told] == 120 + length).mean() > 0.9
    assert told.sum() == 30
    assert (out.onset_ms[told] == T0 + 120 * POLL_MS).all()
    assert not (out.flags & c.ANOMALY).any()


def test_one_reading_that_is_back_is_no_return() -> None:
    """Who begins to tremble is back by chance: no spike, and wrong since its first reading."""
    values = healthy("gauss", 6, 200, 30)
    values[120] += 60
    values[121] -= 8
    values[122:] -= 50
    stream = polled(values)
    out = judged(judge_of(30), stream)
    assert not (out.flags & c.SPIKE).any()
    told = out.flags & c.ANOMALY != 0
    assert len(np.unique(stream.series[told])) == 30
    assert (out.onset_ms[told] == T0 + 120 * POLL_MS).all()


def test_an_excursion_that_stays_is_the_process() -> None:
    """A step of the process is no spike; its onset is the first reading that was withheld."""
    values = healthy("gauss", 6, 200, 30)
    values[120:] += 60
    stream = polled(values)
    out = judged(judge_of(30), stream)
    assert not (out.flags & c.SPIKE).any()
    told = out.flags & c.ANOMALY != 0
    assert len(np.unique(stream.series[told])) == 30
    assert (out.onset_ms[told] == T0 + 120 * POLL_MS).all()


def test_laplace_noise_does_not_spike() -> None:
    """Heavy tails are not excursions; at most one in ten sensor-days."""
    stream = polled(healthy("laplace", 7, DAY_POLLS, 10), deadband=False)
    assert (judged(judge_of(10), stream).flags & c.SPIKE != 0).sum() <= 1


@pytest.mark.parametrize(("low", "high"), [(0.0, 40.0), (0.0, None), (None, 40.0)])
def test_outside_the_declared_range(low: float | None, high: float | None) -> None:
    """Every reading outside is flagged; confirmed (not SUSPECT any more) within 3 s."""
    values = healthy("gauss", 8, 200, 2)
    values[150:] += [60.0, -60.0]
    stream = polled(values)
    out = judged(judge_of(2, low, high), stream)
    outside = (stream.value < (-np.inf if low is None else low)) | (
        stream.value > (np.inf if high is None else high)
    )
    assert outside.any()
    assert ((out.flags & c.RANGE != 0) == outside).all()
    late = stream.time_ms >= T0 + 150 * POLL_MS + 3_000
    assert not (out.flags[outside & late] & c.SUSPECT).any()
    assert not (out.flags[outside] & c.ANOMALY).any()


def test_a_brief_visit_outside_the_range_is_a_spike() -> None:
    """One reading beyond the range that returns is told as what it is."""
    values = healthy("gauss", 9, 200, 3)
    values[150] = 900
    stream = polled(values)
    out = judged(judge_of(3, 0.0, 100.0), stream)
    assert (out.flags & c.SPIKE != 0).sum() == 3
    assert (out.flags[out.flags & c.RANGE != 0] & c.SUSPECT).all()


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 1e300])
def test_what_is_no_measurement_is_never_learned(bad: float) -> None:
    """One series gets nonsense in between; its verdicts elsewhere are as without it."""
    values = healthy("gauss", 10, 300, 2)
    values[:, 1] = values[:, 0]
    values[200, 1] = bad
    stream = polled(values, deadband=False)
    out = judged(judge_of(2), stream)
    clean, other = (np.flatnonzero(stream.series == s) for s in (0, 1))
    assert out.flags[other[200]] & (c.BAD | c.RANGE)
    after = slice(202, None)
    assert np.allclose(out.expected[clean][after], out.expected[other][after], atol=0.02)


def test_bad_readings_become_a_gap() -> None:
    """One is forgiven, the third in a row is a gap since the first; a good one ends it."""
    values = healthy("gauss", 11, 120, 1)
    values[[40, 60, 61, 62, 63]] = np.nan
    stream = polled(values, deadband=False)
    out = judged(judge_of(1), stream)
    assert np.flatnonzero(out.flags & c.BAD).tolist() == [40, 60, 61, 62, 63]
    assert np.flatnonzero(out.flags & c.GAP).tolist() == [62, 63]
    assert out.onset_ms[62] == T0 + 60 * POLL_MS


def test_booleans_are_watched_for_gaps_only() -> None:
    """A pump that runs for a day is not stuck, and a change is no anomaly."""
    values = np.zeros((5_000, 1))
    values[2_000:2_100] = 1
    values[3_000:3_003] = np.nan
    stream = polled(values, deadband=False)
    out = judged(judge_of(1, kind=c.BOOLEAN), stream)
    assert set(np.flatnonzero(out.flags).tolist()) == {3_000, 3_001, 3_002}
    assert np.isnan(out.expected).all()


def test_order_and_clock() -> None:
    """Not newer than the last: LATE. Far ahead of now: CLOCK. Neither leaves a trace."""
    times = np.array([0, 500, 500, 400, 10**9, 1_000], np.int64) + T0
    stream = Stream(
        np.zeros(6, np.int32), times, np.arange(6.0), np.full(6, c.QUALITY_GOOD, np.int16)
    )
    out = judged(judge_of(1), stream, T0 + 1_000)
    told = [flag & c.UNJUDGED for flag in out.flags.tolist()]
    assert told == [0, 0, c.LATE, c.LATE, c.CLOCK, 0]


def swept(judge: Judge, now_ms: int) -> list[tuple[int, int]]:
    """Who has newly fallen silent by then, and since when."""
    series, since = judge.sweep(now_ms)
    return list(zip(series.tolist(), since.tolist(), strict=True))


def test_silence_beyond_three_heartbeats_is_told_once() -> None:
    """By the aggregator's clock, since the last arrival; a reading starts it anew."""
    judge = judge_of(2)
    judge.add_series(2, None, None, HEARTBEAT_MS, c.NUMERIC)  # never heard
    one = polled(np.full((1, 2), 5.0))
    judged(judge, one, T0)
    assert swept(judge, T0 + 15_000) == []
    assert swept(judge, T0 + 15_001) == [(0, T0), (1, T0)]
    assert swept(judge, T0 + 60_000) == []
    again = Stream(one.series[:1], one.time_ms[:1] + 1, one.value[:1], one.quality[:1])
    judged(judge, again, T0 + 60_000)
    assert swept(judge, T0 + 76_000) == [(0, T0 + 60_000)]


def test_timers_can_be_restarted_and_stopped() -> None:
    """A birth restarts them, also of a series not heard yet; one left out owes nothing."""
    judge = judge_of(3)
    judged(judge, polled(np.full((1, 2), 5.0)), T0)
    judge.seen(np.array([0, 2], np.int32), T0 + 10_000)
    judge.unwatch(np.array([1], np.int32))
    assert swept(judge, T0 + 24_000) == []
    assert swept(judge, T0 + 26_000) == [(0, T0 + 10_000), (2, T0 + 10_000)]


def test_without_a_contract_the_habit_counts() -> None:
    """No declared heartbeat: ten usual intervals, at least a minute, and only once known."""
    judge = Judge()
    judge.add_series(0, None, None, None, c.NUMERIC)
    judged(judge, polled(healthy("gauss", 1, 5, 1), poll_ms=20_000, deadband=False), T0)
    assert swept(judge, T0 + 10**9) == []
    judged(judge, polled(healthy("gauss", 1, 30, 1), poll_ms=20_000, deadband=False), T0)
    assert swept(judge, T0 + 199_000) == []
    assert swept(judge, T0 + 201_000) == [(0, T0)]


def test_a_bad_reading_that_nothing_follows_becomes_a_gap_by_timer() -> None:
    """The agent repeats a BAD value by heartbeat only; two seconds are enough to tell."""
    judge = judge_of(1)
    values = np.array([[5.0], [np.nan]])
    judged(judge, polled(values), T0 + 500)
    assert swept(judge, T0 + 2_400) == []
    assert swept(judge, T0 + 2_500) == [(0, T0 + POLL_MS)]
