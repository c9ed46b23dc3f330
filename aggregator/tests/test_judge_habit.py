"""The habit tier: its parts beside their twins, what it finds, and what it keeps silent on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge import habit_state as h
from lamppost.aggregator.judge.evidence import EXTREME, SLACK, STEPS
from lamppost.aggregator.judge.habit_profile import HABITS, HabitProfile
from lamppost.aggregator.judge.judge import HABIT
from lamppost.aggregator.judge.logs import decimal_log
from lamppost.aggregator.judge.pattern import add_cell, compare, end_point, learn
from lamppost.aggregator.judge.policy import threshold
from lamppost.aggregator.judge.room import LINE_BYTES
from lamppost.aggregator.judge.seasonal_nn import DAY_MS, SLOT_MS, keep, open_slot, other_days
from lamppost.aggregator.judge.tail import COMMON, RAREST, decades, rarity, take

from .samples_judge import T0, Floats, Stream, autocorrelated, judge_of, judged
from .twins_habit import Memory, Scale, mean_of_days
from .twins_habit import other_days as slow_other_days

FIVE_MIN_MS = 300_000
A_DAY = DAY_MS // FIVE_MIN_MS
UNIT = 2.0**-12


def stream_of(values: Floats, interval_ms: int = FIVE_MIN_MS) -> Stream:
    """Readings of all series values[tick, series], one after the other."""
    ticks, count = values.shape
    return Stream(
        np.tile(np.arange(count, dtype=np.int32), ticks),
        np.repeat(T0 - T0 % DAY_MS + np.arange(ticks) * interval_ms, count),
        values.ravel(),
        np.full(ticks * count, c.QUALITY_GOOD, np.int16),
    )


def daily(seed: int, days: int, count: int, noise: float = 0.3) -> Floats:
    """A clear day's wave with a little noise."""
    rng = np.random.default_rng(seed)
    angle = 2 * np.pi * np.arange(days * A_DAY)[:, None] / A_DAY
    wave = 20 + 5 * np.sin(angle) + 2 * np.sin(2 * angle)
    return np.asarray(wave + noise * rng.standard_normal((days * A_DAY, count)), np.float64)


@pytest.mark.parametrize("scale", range(h.SCALES))
def test_a_scale_finds_the_novelty_its_twin_finds(scale: int) -> None:
    """Points, merging and forgetting, to the precision of the codes."""
    rng = np.random.default_rng(scale)
    fine, codes = h.FINE_BLANK.copy(), h.CODES_BLANK.copy()
    step, extreme, slack = int(STEPS[scale]), bool(EXTREME[scale]), float(SLACK[scale])
    twin = Scale(step, extreme, slack, Memory(h.PATTERNS))
    at, seen = h.SCALES_AT + scale * h.SCALE_WIDTH, 0
    values = np.cumsum(rng.normal(size=400 * step)) % 7 / 4
    for value in np.round(values / UNIT / 16) * UNIT * 16:
        wanted = twin.take(float(value))
        cell = np.float32(value)
        add_cell(fine, cell, cell, cell, np.float32(0.0))
        if fine[h.S_COUNT + scale] < step:
            continue
        reach = end_point(fine, scale, extreme, step)
        if fine[at + h.S_POINTS] < h.POINTS or reach <= 0.0:
            continue
        found, old = compare(fine, codes, scale, UNIT, reach, slack)
        assert wanted is not None
        assert found == pytest.approx(wanted, abs=0.02)
        seen += found > 0.05
        if fine[at + h.S_POINTS] >= h.PAST:
            learn(fine, codes, scale, UNIT, reach, old)
    assert seen > 20


@given(st.integers(0, 2**32 - 1))
def test_other_days_are_those_its_twin_finds(seed: int) -> None:
    """With holes of hours and weeks between the readings."""
    rng = np.random.default_rng(seed)
    head, codes = h.HEAD_BLANK.copy(), h.CODES_BLANK.copy()
    head[h.UNIT] = UNIT
    kept: dict[int, float] = {}
    slot = 20_000 * h.SLOTS
    for _ in range(60):
        slot += int(
            rng.choice(
                [1, 2, 95, 96, 97, 96 * 3, 96 * 20], p=[0.3, 0.1, 0.1, 0.3, 0.1, 0.05, 0.05]
            )
        )
        value = float(np.round(rng.normal() / UNIT) * UNIT)
        head[h.FAST], head[h.SLOW] = value, -value
        open_slot(head, codes, slot * SLOT_MS)
        *found, mean = other_days(head, codes)
        for one, at, around in zip(found, (value, -value), (1, 2), strict=True):
            wanted = slow_other_days(kept, slot, at, around)
            assert one == pytest.approx(-1.0 if wanted is None else wanted)
        assert mean == pytest.approx(mean_of_days(kept, slot), nan_ok=True)
        head[h.KEPT] = value
        keep(head, codes)
        head[h.CELLS] += 1.0
        kept[slot] = value


def test_a_tail_says_how_rare() -> None:
    """Exponential distances: the p-values are right within a factor of two, down to 1e-4."""
    rng = np.random.default_rng(3)
    fine = h.FINE_BLANK.copy()
    distances = rng.exponential(0.1, 200_000)
    found = np.zeros(len(distances))
    for i, distance in enumerate(distances):
        found[i] = rarity(fine, h.TAILS_AT, distance)
        take(fine, h.TAILS_AT, decades(distance), 2_000.0, 100.0)
    assert (found[:100] == 0.0).all()
    assert np.median(found[200:]) == COMMON
    for level in (2, 3, 4):
        assert 0.5 <= (found[200:] >= level).mean() * 10**level <= 2.0


@given(st.lists(st.floats(0.0, 1e3), min_size=1, max_size=300))
def test_a_tail_is_always_a_number(distances: list[float]) -> None:
    """Whatever comes, constant or not: finite, from 0 to its bound."""
    fine = h.FINE_BLANK.copy()
    for distance in distances:
        found = rarity(fine, h.TAILS_AT, distance)
        assert 0.0 <= found <= RAREST
        take(fine, h.TAILS_AT, decades(distance), 50.0, 20.0)


@given(st.floats(1e-12, 1e12))
def test_the_decimal_logarithm_is_one(x: float) -> None:
    """Ours from plain operations agrees with the library's."""
    assert decimal_log(x) == pytest.approx(np.log10(x), abs=3e-10)


def alarms(out: Verdicts) -> int:
    """How many alarms were told."""
    return int(((out.flags & c.ALARM) != 0).sum())


def test_a_missing_day_is_found() -> None:
    """Noise as always, but the day's wave stays away: only habit can know."""
    values = daily(1, 12, 8)
    first = 10 * A_DAY
    values[first : first + A_DAY] = 20 + (values - daily(1, 12, 8, 0.0))[first : first + A_DAY]
    out = judged(judge_of(8), stream_of(values))
    told = ((out.flags & c.ALARM) != 0).reshape(-1, 8)
    assert told[first : first + A_DAY].any(axis=0).sum() >= 7
    assert told[:first].sum() <= 2


def test_habits_are_kept_silent_on() -> None:
    """Six weeks of eight healthy channels: no more alarms than were asked for."""
    out = judged(judge_of(8), stream_of(daily(2, 42, 8)))
    assert alarms(out) <= HABITS.false_a_week * 6 * 8


def test_fewer_false_alarms_can_be_asked_for() -> None:
    """The rate is a setting: a tenth of it tells much less of pure noise."""
    noise = np.random.default_rng(4).standard_normal((28 * A_DAY, 10))

    def told(habits: HabitProfile) -> int:
        return alarms(judged(judge_of(10, habits=habits), stream_of(noise)))

    usual = told(HABITS)
    assert 0 < told(HABITS._replace(false_a_week=HABITS.false_a_week / 10)) < usual / 3


def wandering(seed: int, ticks: int, count: int) -> Floats:
    """Nothing ever comes again: a slow wander with noise, which has no habits."""
    noise = np.random.default_rng(seed).standard_normal((ticks, count))
    return 1.5 * autocorrelated(np.random.default_rng(seed + 1), ticks, count, 0.96) + noise / 2


def test_more_readings_are_no_more_false_alarms() -> None:
    """Pure noise each minute: twelve weeks of sensors do not exceed the set rate either."""
    noise = np.random.default_rng(9).standard_normal((12 * 1_440, 7))
    out = judged(judge_of(7), stream_of(noise, 60_000))
    assert alarms(out) <= HABITS.false_a_week * 12


def test_an_anomaly_in_many_readings_is_still_found() -> None:
    """The day's wave moved by half of its height, each minute: told of every channel."""
    values = np.repeat(daily(10, 6, 6), 5, axis=0)
    values += 0.3 * np.random.default_rng(10).standard_normal(values.shape)
    values[5 * 1_440 :] += 6.0
    out = judged(judge_of(6), stream_of(values, 60_000))
    told = ((out.flags & c.ALARM) != 0).reshape(-1, 6)
    assert told[5 * 1_440 :].any(axis=0).all()


def test_the_second_day_is_a_rehearsal() -> None:
    """A day is too little to tell what is rare: two days of twelve wanderers stay quiet."""
    out = judged(judge_of(12), stream_of(wandering(11, 2 * A_DAY, 12)))
    assert alarms(out) <= 4


def test_what_is_far_beyond_is_told_on_the_second_day() -> None:
    """Thrice the height of the wave, on the second day, for two hours."""
    values = daily(12, 2, 6)
    values[400:424] += 40.0
    told = ((judged(judge_of(6), stream_of(values)).flags & c.ALARM) != 0).reshape(-1, 6)
    assert told[400:424].any(axis=0).all()


def test_the_season_gives_the_expectation() -> None:
    """After some days the others say more than the level, and the band holds the readings."""
    values = daily(5, 10, 4)
    out = judged(judge_of(4), stream_of(values))
    late = slice(-4 * A_DAY, None)
    wave = daily(5, 10, 4, 0.0).ravel()
    error = np.abs(out.expected[late] - wave[late])
    assert np.median(error) < 0.6
    inside = (values.ravel()[late] >= out.low[late]) & (values.ravel()[late] <= out.high[late])
    assert inside.mean() > 0.99


def test_faults_are_neither_learned_nor_told_as_habits() -> None:
    """A channel that is BAD for hours, and one out of range: no process alarm, no new habit."""
    values = daily(6, 6, 2)
    stream = stream_of(values)
    sick = slice(2 * 5 * A_DAY, 2 * 5 * A_DAY + 100)
    quality = stream.quality.copy()
    quality[sick] = c.QUALITY_BAD
    judge = judge_of(2, 0.0, 100.0)
    out = judged(judge, Stream(stream.series, stream.time_ms, stream.value, quality))
    assert not (out.flags[sick] & (c.ANOMALY | c.ALARM)).any()
    healthy = np.ones(len(stream), bool)
    healthy[sick] = False
    other = judge_of(2, 0.0, 100.0)
    rest = Stream(
        stream.series[healthy], stream.time_ms[healthy], stream.value[healthy], quality[healthy]
    )
    judged(other, rest)
    for name in ("habit-fine", "habit-codes"):
        assert judge.state()[name].tobytes() == other.state()[name].tobytes()


def test_what_stays_is_in_doubt_no_longer() -> None:
    """A step is withheld for a reading; when the next ones confirm it, no point is in doubt."""
    values = daily(7, 2, 1)[:310]
    values[302:] += 200.0
    judge, stream = judge_of(1), stream_of(values)

    def doubts() -> float:
        fine = judge.state()["habit-fine"][0]
        points = fine[h.SCALES_AT + h.S_DOUBTS : h.TAILS_AT : h.SCALE_WIDTH]
        return float(points.sum() + fine[h.S_DOUBT : h.S_DOUBT + h.SCALES].sum())

    out = judged(judge, stream.part(0, 303))
    assert out.flags[-1] & c.SUSPECT
    assert doubts() > 0.0
    out = judged(judge, stream.part(303, 310))
    assert not (out.flags & c.SUSPECT).any()
    assert doubts() == 0.0


@given(
    st.floats(1e-3, HABITS.usual_false),
    st.tuples(*(st.floats(0.0, most) for most in (1e6, 1e5, 20.0, 9.0))),
)
def test_no_threshold_is_lower_than_the_base(rate: float, state: tuple[float, ...]) -> None:
    """Whatever the series and its alarms: `_decide` asks for none where evidence is far off."""
    head = h.HEAD_BLANK.copy()
    head[[h.PACE, h.CELLS, h.USUAL, h.LOAD]] = state
    assert threshold(head, float(T0), rate, HABITS) >= HABITS.evidence_base


def test_memory_is_bounded() -> None:
    """Twelve kilobytes a series hold all tiers."""
    assert judge_of(1).bytes_per_series <= 12 * 1024


def test_rows_fill_whole_cache_lines() -> None:
    """What is fetched ahead in lines begins and ends with them, after growing too."""
    judge = judge_of(3)
    judge.grow(5_000)
    for name in (HABIT, "habit-fine", "habit-codes"):
        array = judge._arrays[name]
        assert array.ctypes.data % LINE_BYTES == 0
        assert array.strides[0] % LINE_BYTES == 0
