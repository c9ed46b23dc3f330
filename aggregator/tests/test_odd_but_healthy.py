"""Channels that rest, burst, or step in two sizes: odd, but no fault, and never withheld."""

import numpy as np
import pytest
from numpy.typing import NDArray

from lamppost.aggregator import columns as c

from .samples_judge import NO_HABITS, Floats, judge_of, judged
from .test_instrument import BEFORE, DAY, daily, stream_of

DAYS = 6 * DAY
A_DAY = 288
FREEZES = (BEFORE - 400, BEFORE + 100)


def resting(rest: float) -> Floats:
    """Work in the day and rest at night, from which it departs for a reading now and then."""
    rng = np.random.default_rng(31)
    works = np.arange(DAYS) % DAY < DAY // 2
    lone = rng.random(DAYS) < 0.02
    value = np.where(works | lone, rng.gamma(2.0, 3.0, DAYS), rest)
    return np.asarray(value[:, None])


def test_a_channel_that_idles_at_zero_is_believed() -> None:
    """Zero can never be called stuck, so nothing at zero waits for it."""
    stream = stream_of(resting(0.0))
    out = judged(judge_of(1), stream)
    assert not (out.flags[stream.value == 0.0] & c.SUSPECT).any()


def test_a_rest_is_withheld_only_while_it_is_the_longest_yet() -> None:
    """Resting at three, most of the later nights are believed."""
    stream = stream_of(resting(3.0))
    suspect = judged(judge_of(1), stream).flags & c.SUSPECT != 0
    assert suspect[: 2 * DAY].any()
    assert suspect[3 * DAY :].mean() < 0.1


def lamp(days: int, standby: float = 0.02) -> Floats:
    """Ten lamps by their current, each five minutes: two values by night, a standby by day."""
    rng, reading = np.random.default_rng(33), np.arange(days * A_DAY)
    hour = reading % A_DAY / 12.0
    bright = np.where((hour > 0.5) & (hour < 5.0), 2.1, 4.2)
    noisy = bright[:, None] * (1.0 + 0.01 * rng.standard_normal((len(reading), 10)))
    burns = (hour < 7.0) | (hour > 17.0)
    return np.asarray(np.where(burns[:, None], np.round(noisy, 2), standby))


def stands(values: Floats) -> NDArray[np.bool_]:
    """[reading, lamp]: which readings are told to be stuck."""
    out = judged(judge_of(10), stream_of(values, 300_000))
    return np.asarray(out.flags & c.STUCK != 0).reshape(values.shape)


def test_a_lamp_at_its_standby_is_told_to_be_stuck_twice_at_most() -> None:
    """What it draws by day, to the last digit, is known to be a rest after two days of it."""
    stuck = stands(lamp(14))
    assert stuck[: 3 * A_DAY].any()
    assert not stuck[3 * A_DAY :].any()


def test_a_lamp_that_stays_at_its_standby_is_found() -> None:
    """A rest that lasts three days is none."""
    values = lamp(14)
    values[10 * A_DAY + 100 :] = 0.02
    assert stands(values)[10 * A_DAY + 100 :].any(axis=0).all()


def test_a_sensor_that_freezes_twice_is_told_twice() -> None:
    """At two values: neither is a rest."""
    values = daily(34, 4)
    for first in FREEZES:
        values[first : first + 90] = values[first]
    stuck = judged(judge_of(4), stream_of(values)).flags.reshape(-1, 4) & c.STUCK != 0
    for first in FREEZES:
        assert stuck[first : first + 90].any(axis=0).all(), first


def test_a_frozen_value_is_still_withheld_before_it_is_stuck() -> None:
    """A repeated value of a lively channel waits until it is known what it is."""
    values = daily(32, 4)
    values[BEFORE : BEFORE + 60] = values[BEFORE]
    out = judged(judge_of(4), stream_of(values))
    flags = out.flags.reshape(-1, 4)[BEFORE : BEFORE + 60]
    stuck_at = (flags & c.STUCK != 0).argmax(axis=0)
    assert (stuck_at > 0).all()
    for series, at in enumerate(stuck_at.tolist()):
        assert flags[at - 1, series] & c.SUSPECT


@pytest.mark.parametrize("cease", [True, False], ids=["bursts cease", "bursts begin"])
def test_bursts_are_no_noise(cease: bool) -> None:
    """Bursts at every fifth reading that end, or start, for good: the process does that."""
    rng = np.random.default_rng(33)
    values = 20 + 0.1 * rng.standard_normal((DAYS, 3))
    burst = np.zeros(DAYS, bool)
    burst[::5] = True
    burst[BEFORE:] &= not cease
    burst[:BEFORE] &= cease
    values[burst] += 50 + rng.standard_normal((int(burst.sum()), 3))
    assert not (judged(judge_of(3), stream_of(values)).flags & c.NOISE).any()


def test_steps_of_two_sizes_are_no_noise() -> None:
    """Small steps among large ones may come to be the more frequent without any fault."""
    rng = np.random.default_rng(34)
    share = np.where(np.arange(DAYS) < DAYS // 2, 0.7, 0.3)
    values: Floats = np.asarray(20 + 3.0 * (rng.random((3, DAYS)) < share).T, np.float64)
    values += 0.002 * rng.integers(0, 2, (DAYS, 3))
    assert not (judged(judge_of(3), stream_of(values)).flags & c.NOISE).any()


def test_a_smooth_thermometer_is_not_stuck_where_its_day_turns() -> None:
    """One of 0.1 degrees stands longest at noon and at night, as its first day shows."""
    rng = np.random.default_rng(35)
    per_day, count = 288, 28 * 288
    day = 6 * np.sin(2 * np.pi * np.arange(count)[:, None] / per_day)
    wander = np.cumsum(rng.normal(0, 0.05, (count, 16)), axis=0)
    wander -= np.linspace(0, 1, count)[:, None] * wander[-1]
    stream = stream_of(np.round(15 + day + wander, 1), 300_000)
    stuck = judged(judge_of(16, habits=NO_HABITS), stream).flags & c.STUCK != 0
    assert not stuck[per_day * 16 :].any()


def test_a_long_stand_is_remembered_for_weeks() -> None:
    """Seventeen readings on one day: thirty a fortnight later are no fault."""
    rng = np.random.default_rng(35)
    moves = rng.integers(-1, 2, (28 * A_DAY, 10)).astype(np.float64)
    values = 100.0 + np.cumsum(moves, axis=0)
    for first, length in ((12 * A_DAY, 17), (26 * A_DAY, 30)):
        values[first : first + length] = values[first]
    assert not stands(values)[20 * A_DAY :].any()
