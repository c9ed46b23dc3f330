"""The instrument and neighbours tiers and the clocks: what they find, and what they let be."""

from collections.abc import Sequence
from dataclasses import fields

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.judge.qartod import FAIL, MISSING, NOT_EVALUATED, PASS, SUSPECT, qartod

from .samples_judge import T0, Floats, Stream, judge_of, judged

STEP_MS = 60_000
DAY = 1_440
BEFORE = 2 * DAY  # readings of health
HOUR_MS = 3_600_000


def daily(seed: int, count: int, length: int = BEFORE + 400) -> Floats:
    """Values[reading, series]: a daily cycle around 20 with a noise of a tenth."""
    rng = np.random.default_rng(seed)
    day = 3 * np.sin(2 * np.pi * np.arange(length)[:, None] / DAY)
    return np.asarray(20 + day + 0.1 * rng.standard_normal((length, count)))


def stream_of(values: Floats, step_ms: int = STEP_MS) -> Stream:
    """All series read together, once a minute."""
    length, count = values.shape
    return Stream(
        np.tile(np.arange(count, dtype=np.int32), length),
        np.repeat(T0 + np.arange(length) * step_ms, count),
        values.ravel(),
        np.full(length * count, c.QUALITY_GOOD, np.int16),
    )


def told(stream: Stream, out: Verdicts, bit: int) -> Floats:
    """First reading number at which each series is told of; NaN for none."""
    found = np.full(stream.series.max() + 1, np.nan)
    sure = (out.flags & bit != 0) & (out.flags & c.SUSPECT == 0)
    for row in np.flatnonzero(sure)[::-1].tolist():
        found[stream.series[row]] = (stream.time_ms[row] - T0) // STEP_MS
    return found


def after(stream: Stream, reading: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Which rows are not before a reading."""
    return np.asarray(stream.time_ms >= T0 + reading * STEP_MS)


@pytest.mark.parametrize("factor", [20.0, 0.02], ids=["louder", "muffled"])
def test_a_change_of_noise_is_found(factor: float) -> None:
    """Told within an hour, as noise, and nothing of it is a process anomaly once told."""
    values = daily(1, 8)
    quiet = values[BEFORE]
    values[BEFORE:] = quiet + factor * (values[BEFORE:] - quiet)
    stream = stream_of(values)
    out = judged(judge_of(8), stream)
    found = told(stream, out, c.NOISE)
    assert (found >= BEFORE).all()
    assert (found <= BEFORE + 90).all()
    noisy = out.flags & c.NOISE != 0
    assert not (out.flags[noisy] & c.ANOMALY).any()


def test_what_is_muffled_in_its_loudest_hour_is_found_too() -> None:
    """The mean of changes falls fast enough, where the process trembles by turns."""
    values = daily(7, 8)
    by_turns = np.arange(len(values)) // 128 % 2 == BEFORE // 128 % 2
    middle = values[BEFORE]
    values = middle + np.where(by_turns[:, None], 1.0, 0.02) * (values - middle)
    values[BEFORE:] = middle + 1e-4 * (values[BEFORE:] - middle)
    stream = stream_of(values)
    found = told(stream, judged(judge_of(8), stream), c.NOISE)
    assert (found >= BEFORE).all()
    assert (found <= BEFORE + 150).all()


@pytest.mark.parametrize("factor", [1000.0, 0.001])
def test_another_unit_is_told_and_ends(factor: float) -> None:
    """A thousandfold for an hour: told at the fifth reading since the first, over at once."""
    values = daily(2, 8)
    wrong = slice(BEFORE, BEFORE + 60)
    values[wrong] *= factor
    stream = stream_of(values)
    out = judged(judge_of(8), stream)
    assert (told(stream, out, c.SCALE) == BEFORE + 4).all()
    scaled = out.flags & c.SCALE != 0
    assert (out.onset_ms[scaled] == T0 + BEFORE * STEP_MS).all()
    assert not (scaled & after(stream, BEFORE + 60)).any()
    assert not (out.flags[after(stream, BEFORE)] & c.ANOMALY).any()


def test_fahrenheit_is_another_unit_only_of_temperatures() -> None:
    """The same jump of a channel that is no temperature is the process."""
    values = daily(3, 2)
    values[BEFORE:] = 1.8 * values[BEFORE:] + 32
    stream = stream_of(values)
    judge = judge_of(2)
    judge.relate(0, 0, temperature=True)
    judge.relate(1, 0)
    out = judged(judge, stream)
    found = told(stream, out, c.SCALE)
    assert found[0] == BEFORE + 4
    assert np.isnan(found[1])
    anomalous = stream.series[out.flags & c.ANOMALY != 0]
    assert set(anomalous.tolist()) == {1}


def test_what_is_withheld_in_vain_is_given_back() -> None:
    """Two readings a thousand times too large are no other unit; the third is as ever."""
    values = daily(4, 3)
    values[BEFORE : BEFORE + 2] *= 1000
    stream = stream_of(values)
    out = judged(judge_of(3), stream)
    assert not (out.flags & (c.SCALE | c.RANGE)).any()
    late = after(stream, BEFORE + 20)
    assert not (out.flags[late] & c.SUSPECT).any()


def test_a_code_far_away_is_out_of_range() -> None:
    """A channel of 17 to 23 that reads 65535 for good: RANGE, though none is declared."""
    values = daily(5, 3)
    values[BEFORE:] = 65_535 + np.arange(400)[:, None] % 2
    stream = stream_of(values)
    out = judged(judge_of(3), stream)
    assert (told(stream, out, c.RANGE) == BEFORE + 11).all()
    assert not (out.flags & c.ANOMALY).any()


def test_what_is_known_to_be_wrong_is_not_doubted_again() -> None:
    """Far outside a declared range, or come there too fast: told as soon as nearer by."""
    values = daily(15, 2)
    values[BEFORE:] += 1e5
    stream = stream_of(values)
    judge = judge_of(2, low=0.0, high=100.0)
    judge.add_series(1, None, None, None, c.NUMERIC, rate_per_s=0.1)
    out = judged(judge, stream)
    assert told(stream, out, c.RANGE)[0] == BEFORE + 1
    assert told(stream, out, c.RATE)[1] == BEFORE + 1


@pytest.mark.parametrize("declared", [True, False])
def test_a_counter_that_falls_to_zero_is_reset(declared: bool) -> None:
    """Told at the reading after the fall, since the fall; it goes on counting unharmed."""
    length = 5 * DAY
    rng = np.random.default_rng(6)
    values = 1000 + np.cumsum(rng.integers(0, 3, (length, 4)), axis=0).astype(np.float64)
    fall = 4 * DAY if not declared else DAY
    values[fall:] -= values[fall]
    judge = judge_of(4)
    for index in range(4):
        judge.relate(index, 0, counter=declared)
    stream = stream_of(values)
    out = judged(judge, stream)
    reset = out.flags & c.RESET != 0
    assert (told(stream, out, c.RESET) == fall + 1).all()
    assert reset.sum() == 4
    assert (out.onset_ms[reset] == T0 + fall * STEP_MS).all()
    assert not (out.flags[after(stream, fall)] & c.ANOMALY).any()


def test_a_counter_at_rest_is_not_stuck() -> None:
    """What only rises stands still when nothing passes."""
    rng = np.random.default_rng(7)
    flow = rng.integers(1, 5, (2 * DAY, 2)) * (np.arange(2 * DAY)[:, None] % DAY < DAY // 3)
    out = judged(judge_of(2), stream_of(np.cumsum(flow, axis=0).astype(np.float64)))
    assert not (out.flags & c.FAULTS).any()


def redundant(seed: int, count: int, step: float = 0.0) -> tuple[Floats, Judge]:
    """Sensors of one quantity with gains and noises of their own, and their judge."""
    rng = np.random.default_rng(seed)
    truth = daily(seed, 1, BEFORE + 600)
    truth[BEFORE:] += step
    gains = rng.uniform(0.8, 1.2, count)
    values = gains * truth + 0.1 * rng.standard_normal((len(truth), count))
    judge = judge_of(count)
    beside_each_other(judge, range(count))
    return np.asarray(values), judge


def beside_each_other(judge: Judge, members: Sequence[int], least: int = 1) -> None:
    """Each is compared with all the others."""
    for index in members:
        judge.relate(index, 0)
        judge.compare(index, [one for one in members if one != index], least)


def test_the_one_that_leaves_its_neighbours_drifts() -> None:
    """Of three, the one that walks away is told and not anomalous; the two others are not."""
    values, judge = redundant(8, 3)
    values[BEFORE:, 1] += np.linspace(0, 4, 600)
    stream = stream_of(values)
    out = judged(judge, stream)
    found = told(stream, out, c.DRIFT)
    assert BEFORE < found[1] < BEFORE + 400
    assert np.isnan(found[[0, 2]]).all()
    drifting = out.flags & c.DRIFT != 0
    assert not (out.flags[drifting] & c.ANOMALY).any()


def test_what_moves_all_neighbours_is_the_process() -> None:
    """A step that all three see is no drift."""
    values, judge = redundant(9, 3, step=4.0)
    out = judged(judge, stream_of(values))
    assert not (out.flags & c.DRIFT).any()
    assert (out.flags & c.ANOMALY).any()


def test_strangers_on_one_device_are_no_neighbours() -> None:
    """Channels that never moved together cannot leave one another."""
    rng = np.random.default_rng(10)
    values = 20 + rng.standard_normal((BEFORE + 600, 3))
    values[BEFORE:, 1] += np.linspace(0, 4, 600)
    judge = judge_of(3)
    beside_each_other(judge, range(3))
    assert not (judged(judge, stream_of(values)).flags & c.DRIFT).any()


@pytest.mark.parametrize("ahead_ms", [HOUR_MS, -HOUR_MS, 40_000])
def test_a_clock_that_is_set_wrong_is_told_once(ahead_ms: int) -> None:
    """Live readings stamped wrongly by one amount: told after a minute, and when it is over."""
    judge = judge_of(2)
    for index in range(2):
        judge.relate(index, 0)
    wrong_from, right_from = 100, 200
    seen = []
    for reading in range(300):
        now = T0 + reading * 5_000
        off = ahead_ms if wrong_from <= reading < right_from else 0
        row = Stream(
            np.arange(2, dtype=np.int32),
            np.full(2, now - 150 + off, np.int64),
            np.full(2, 20.0 + reading % 7),
            np.full(2, c.QUALITY_GOOD, np.int16),
        )
        judged(judge, row, now)
        assert not len(judge.sweep(now)[0])
        for lead, _, ahead in zip(*(one.tolist() for one in judge.clocks()), strict=True):
            seen.append((lead, reading, ahead))
    assert [lead for lead, _, _ in seen] == [0, 0]
    assert wrong_from + 12 <= seen[0][1] <= wrong_from + 14
    assert seen[0][2] == pytest.approx(ahead_ms, abs=500)
    assert seen[1][1] == right_from
    assert seen[1][2] == 0


def test_a_backlog_that_drains_is_no_wrong_clock() -> None:
    """Readings an hour old, then less and less: late, but no clock was set."""
    judge = judge_of(1)
    judge.relate(0, 0)
    for reading in range(400):
        now = T0 + reading * 5_000
        lag = max(HOUR_MS - (reading - 100) * 20_000, 0) if reading >= 100 else 0
        row = stream_of(np.full((1, 1), 20.0 + reading % 7))
        late = Stream(row.series, np.full(1, now - lag, np.int64), row.value, row.quality)
        judged(judge, late, now)
    assert not len(judge.clocks()[0])


def test_repeats_and_disorder_are_counted() -> None:
    """Two readings with the last time, one before it."""
    times = np.array([0, 60_000, 60_000, 30_000, 60_000, 120_000], np.int64) + T0
    stream = Stream(
        np.zeros(6, np.int32), times, np.arange(6.0), np.full(6, c.QUALITY_GOOD, np.int16)
    )
    judge = judge_of(1)
    judged(judge, stream)
    assert judge.disorder(0) == (2, 1)


def faulty(seed: int) -> tuple[Stream, Judge]:
    """Three neighbours, a counter and a loner, each with faults of its own."""
    values, _ = redundant(seed, 3)
    rng = np.random.default_rng(seed)
    length = len(values)
    counter = np.cumsum(rng.integers(0, 3, length)).astype(np.float64)
    counter[BEFORE:] -= counter[BEFORE]
    loner = daily(seed + 1, 1, length)[:, 0]
    loner[BEFORE : BEFORE + 100] *= 1000
    loner[BEFORE + 200 :] += rng.normal(0, 30, length - BEFORE - 200)
    values[BEFORE:, 1] += np.linspace(0, 6, length - BEFORE)
    nonsense = rng.integers(length, size=40)
    values[nonsense, 2] = rng.choice([np.nan, np.inf, -np.inf, 1e300, 5e-324, 0.0], 40)
    stream = stream_of(np.column_stack([values, counter, loner]))
    judge = judge_of(5)
    beside_each_other(judge, range(3))
    judge.relate(3, 0, counter=True)
    judge.relate(4, 0)
    return stream, judge


def test_all_kinds_are_told_and_cuts_change_nothing() -> None:
    """The same bits whole and in pieces, in the verdicts and in the state."""
    stream, whole_judge = faulty(11)
    whole = judged(whole_judge, stream)
    seen = int(np.bitwise_or.reduce(whole.flags))
    assert seen & c.INSTRUMENT == c.INSTRUMENT
    _, cut_judge = faulty(11)
    rng = np.random.default_rng(1)
    first, parts = 0, []
    while first < len(stream):
        last = first + int(rng.choice([1, 3, 500, 4_000]))
        parts.append(judged(cut_judge, stream.part(first, last)))
        first = last
    for column in fields(Verdicts):
        glued = np.concatenate([getattr(part, column.name) for part in parts])
        assert glued.tobytes() == getattr(whole, column.name).tobytes(), column.name
    for name, array in whole_judge.state().items():
        assert array.tobytes() == cut_judge.state()[name].tobytes(), name


def test_the_future_and_a_restart_change_nothing() -> None:
    """A prefix gets the verdicts it gets alone; a restored judge goes on with the same bits."""
    stream, judge = faulty(12)
    whole = judged(judge, stream)
    half = 5 * (BEFORE + 50)
    _, first = faulty(12)
    alone = judged(first, stream.part(0, half))
    assert alone.flags.tobytes() == whole.flags[:half].tobytes()
    second = Judge(1)
    second.restore(first.state())
    rest = judged(second, stream.part(half, len(stream)))
    assert rest.flags.tobytes() == whole.flags[half:].tobytes()


def test_what_is_no_number_harms_nobody() -> None:
    """Severities stay in their bounds, and the loner's verdicts are as without the others."""
    stream, judge = faulty(13)
    out = judged(judge, stream)
    assert np.isfinite(out.score).all()
    assert ((out.severity >= 0) & (out.severity <= 1)).all()
    mine = stream.series == 4
    alone = Stream(
        stream.series[mine], stream.time_ms[mine], stream.value[mine], stream.quality[mine]
    )
    _, other = faulty(13)
    assert judged(other, alone).flags.tobytes() == out.flags[mine].tobytes()


@pytest.mark.parametrize("value", [0.0, 7.0, 5e-324, 1e300, -1e29])
@pytest.mark.parametrize("step_ms", [STEP_MS, 31_536_000_000])
def test_constants_and_years_raise_nothing_but_range(value: float, step_ms: int) -> None:
    """Whatever stands still for days, or jumps by years, is no fault of the instrument."""
    out = judged(judge_of(1), stream_of(np.full((600, 1), value), step_ms), T0 + 10**14)
    assert not (out.flags & c.INSTRUMENT).any()
    assert not np.isnan(out.severity).any()


@pytest.mark.parametrize("values", [(0.0, 1.0), (1.0, 1000.0), (-1e300, 1e300)])
def test_two_values_are_no_fault(values: tuple[float, float]) -> None:
    """A channel of two values has been so from the start."""
    rng = np.random.default_rng(14)
    stream = stream_of(rng.choice(values, (BEFORE, 3)))
    assert not (judged(judge_of(3), stream).flags & c.INSTRUMENT).any()


@pytest.mark.parametrize(
    ("flags", "flag"),
    [
        (0, PASS),
        (c.ANOMALY, PASS),
        (c.SPIKE, PASS),
        (c.LATE, NOT_EVALUATED),
        (c.SUSPECT, SUSPECT),
        (c.RANGE | c.SUSPECT, SUSPECT),
        (c.NOISE, SUSPECT),
        (c.STUCK, FAIL),
        (c.DRIFT, SUSPECT),
        (c.RATE, SUSPECT),
        (c.BAD | c.GAP, MISSING),
    ],
)
def test_qartod_flags(flags: int, flag: int) -> None:
    """Our flags as QARTOD's primary flag."""
    assert qartod(flags) == flag
