"""The scorer of the anomaly benchmark against cases that were worked out by hand."""

import math

import numpy as np
import pytest

from lamppost.bench.nab_data import Series
from lamppost.bench.nab_score import (
    PROFILES,
    Floats,
    best_threshold,
    counts,
    curve,
    points,
    quiet_threshold,
    rows_of,
)

MINUTE_MS = 60_000
ROWS = 100  # so 15 of them are the probation
WINDOW = (40, 49)
ONSET = 45
FULL = 2 / (1 + math.exp(-5)) - 1  # of a detection one width before the end, before scaling
STANDARD = PROFILES["standard"]


def series(windows: tuple[tuple[int, int], ...] = (WINDOW,), onset: int = ONSET) -> Series:
    """A hundred readings, one a minute."""
    return Series(
        "a/b.csv",
        tuple(str(row) for row in range(ROWS)),
        np.arange(ROWS, dtype=np.int64) * MINUTE_MS,
        np.zeros(ROWS),
        windows,
        (onset,),
    )


def alarms(*rows: int) -> Floats:
    """Full scores on these rows."""
    score = np.zeros(ROWS)
    score[list(rows)] = 1.0
    return score


def worth(profile: str, *rows: int) -> float:
    """Points of alarms on these rows."""
    one, costs = series(), PROFILES[profile]
    return points([curve(one, rows_of(one), alarms(*rows), costs)], 1.0, costs)


def late(rows_left: int) -> float:
    """Worth of a detection that has so many rows of the window's ten left, its own too."""
    return (2 / (1 + math.exp(-5 * rows_left / 10)) - 1) / FULL


def behind(rows: int) -> float:
    """Worth of a false alarm so many rows behind that window."""
    return 2 / (1 + math.exp(5 * rows / 9)) - 1


@pytest.mark.parametrize("profile", PROFILES)
def test_the_first_row_of_a_window_is_perfect_and_silence_is_nothing(profile: str) -> None:
    """100 and 0 in every profile."""
    assert worth(profile, 40) == pytest.approx(100)
    assert worth(profile) == 0


@pytest.mark.parametrize(
    ("profile", "missed"),
    [("standard", 1.0), ("reward_low_FP_rate", 1.0), ("reward_low_FN_rate", 2.0)],
)
def test_a_later_hit_earns_less_of_what_a_miss_costs_and_a_hit_earns(
    profile: str, missed: float
) -> None:
    """The last row still earns what a miss would have cost, and a little."""
    for row in (44, 49):
        expected = 100 * (missed + late(50 - row)) / (missed + 1)
        assert worth(profile, row) == pytest.approx(expected)


def test_only_the_earliest_hit_of_a_window_counts() -> None:
    """Later ones neither add nor cost."""
    assert worth("standard", 42, 43, 49) == worth("standard", 42)


@pytest.mark.parametrize(
    ("profile", "cost"),
    [("standard", 0.11), ("reward_low_FP_rate", 0.22), ("reward_low_FN_rate", 0.11)],
)
def test_a_false_alarm_costs_more_the_farther_behind(profile: str, cost: float) -> None:
    """Just behind the window little, three widths behind and before any window all of it."""
    span = 1 + PROFILES[profile].false_negative
    near = worth(profile, 40, 51)
    assert near == pytest.approx(100 + 100 * cost * behind(2) / span)
    assert near > worth(profile, 40, 60) > worth(profile, 40, 90)
    for far in (20, 90):
        assert worth(profile, 40, far) == pytest.approx(100 - 100 * cost / span)


def test_a_false_alarm_between_two_windows_is_measured_from_the_one_before() -> None:
    """What comes after it is not known when it is told."""
    rows = rows_of(series(((20, 29), (40, 49))))
    assert rows.miss[39] == pytest.approx(behind(10))
    assert rows.miss[50] == pytest.approx(behind(1))
    assert rows.window[[19, 20, 29, 30, 40, 49]].tolist() == [-1, 0, 0, -1, 1, 1]


def test_more_than_three_widths_behind_costs_exactly_all() -> None:
    """No rest of the curve is left there, nor before the first window."""
    miss = rows_of(series()).miss
    assert miss[76] > -1
    assert (miss[77:] == -1).all()
    assert (miss[:40] == -1).all()


def test_series_without_a_window_have_a_score() -> None:
    """A half of a corpus may have none: silence is 0, and a false alarm costs."""
    one = series(())
    for rows, expected in (((), 0.0), ((20,), -5.5)):
        curves = [curve(one, rows_of(one), alarms(*rows), STANDARD)]
        assert points(curves, 0.5, STANDARD) == pytest.approx(expected)


def test_the_probation_is_not_scored() -> None:
    """Alarms in the first fifteen rows cost nothing and are not counted."""
    assert worth("standard", 3, 14, 40) == pytest.approx(100)
    assert worth("standard", 15, 40) < 100
    assert counts([series()], [alarms(3, 14, 15)], 0.5)["false_alarms"] == 1


def test_the_probation_grows_no_longer_after_five_thousand_rows() -> None:
    """750 rows at most."""
    assert series().probation == 15
    count = 20_000
    long = Series("a", (), np.arange(count), np.zeros(count), (), ())
    assert long.probation == 750


def test_the_best_threshold_leaves_out_what_costs_more_than_it_brings() -> None:
    """A hit at 0.6 beside false alarms at 0.5 and below: 0.6 is best."""
    one, score = series(), np.zeros(ROWS)
    score[[42, 80, 90]] = 0.6, 0.5, 0.4
    curves = [curve(one, rows_of(one), score, STANDARD)]
    assert best_threshold(curves) == 0.6
    assert points(curves, 0.6, STANDARD) == pytest.approx(50 * (1 + late(8)))


def test_the_best_threshold_goes_through_a_false_alarm_to_a_hit() -> None:
    """What a hit brings outweighs one false alarm that scores higher."""
    one, score = series(), np.zeros(ROWS)
    score[[42, 90]] = 0.3, 0.9
    curves = [curve(one, rows_of(one), score, STANDARD)]
    assert best_threshold(curves) == 0.3
    assert points(curves, 0.3, STANDARD) == pytest.approx(50 * (1 + late(8) - 0.11))


def test_equal_scores_stand_and_fall_together() -> None:
    """A hit that cannot be had without twenty false alarms of its score is not had."""
    one = series()
    score = alarms(40, *range(60, 100))
    curves = [curve(one, rows_of(one), score, STANDARD)]
    assert best_threshold(curves) == math.inf
    assert points(curves, math.inf, STANDARD) == 0


def test_no_alarm_at_all_has_no_threshold() -> None:
    """Infinity, not an error."""
    one = series()
    assert best_threshold([curve(one, rows_of(one), alarms(), STANDARD)]) == math.inf


@pytest.mark.parametrize(
    ("row", "hit", "strict"),
    [(39, 0, 0), (40, 1, 0), (41, 1, 0), (42, 1, 1), (45, 1, 1), (49, 1, 1), (50, 0, 0)],
)
def test_a_strict_hit_is_no_earlier_than_three_readings_before_the_onset(
    row: int, hit: int, strict: int
) -> None:
    """And it lies inside the window; what is outside is a false alarm."""
    found = counts([series()], [alarms(row)], 0.5)
    assert (found["windows"], found["hits"], found["strict_hits"]) == (1, hit, strict)
    assert found["false_alarms"] == 1 - hit


def test_a_strict_hit_does_not_lie_before_its_window() -> None:
    """With the onset on the window's first row, two readings earlier are outside."""
    found = counts([series(onset=40)], [alarms(38)], 0.5)
    assert (found["hits"], found["strict_hits"], found["false_alarms"]) == (0, 0, 1)


def test_false_alarms_a_week_leave_out_the_probation() -> None:
    """Two in 84 minutes are 240 a week."""
    found = counts([series()], [alarms(20, 90)], 0.5)
    assert found["false_alarms_per_sensor_week"] == pytest.approx(240)


@pytest.mark.parametrize(
    ("a_week", "least", "false"), [(0, 0.9, 0), (119, 0.9, 0), (130, 0.5, 1)]
)
def test_the_quiet_threshold_keeps_what_is_rarer_than_wanted(
    a_week: float, least: float, false: int
) -> None:
    """One in 84 minutes is 120 a week: below that the louder of two must go too."""
    score = np.zeros(ROWS)
    score[[2, 30, 42, 90]] = 1.0, 0.5, 0.7, 0.9
    found = quiet_threshold([series()], [score], a_week)
    assert found == np.nextafter(least, np.inf)
    assert counts([series()], [score], found)["false_alarms"] == false


def test_the_quiet_threshold_of_few_alarms_is_every_alarm() -> None:
    """Where all of them are rarer than wanted, none is left out."""
    found = quiet_threshold([series()], [alarms(90)], 500)
    assert counts([series()], [alarms(90)], found)["false_alarms"] == 1
