"""Forecasts of loads: against series whose future is known."""

import random
from statistics import median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.register.condition.forecast import (
    DAYS_MIN,
    TooFewError,
    back_test,
    fit,
    forecast,
    sen,
)
from lamppost.register.days.day import quantile

WEEK = (0.0, 1.0, 0.5, 0.0, 2.0, -3.0, -3.0)


def series(
    days: int, slope: float = 0.0, noise: float = 0.0, level: float = 50.0, seed: int = 1
) -> list[tuple[int, float]]:
    """Return days with a trend, a week and noise."""
    chance = random.Random(seed)
    return [
        (20_000 + n, level + slope * n + WEEK[(20_000 + n) % 7] + chance.gauss(0, noise))
        for n in range(days)
    ]


def test_a_steady_growth_runs_out_on_its_day() -> None:
    """0.1 a day from 50 after 100 days: 70 is reached 200 days after the first."""
    told = forecast(series(100, slope=0.1), limit=70.0)
    assert told.middle is not None
    assert abs(told.middle - (20_000 + 200)) <= 7
    assert (told.days, told.first_day, len(told.p50)) == (100, 20_100, 730)


def test_quantiles_are_in_order_and_so_are_the_days() -> None:
    """What is reached early is reached by the high quantile."""
    told = forecast(series(120, slope=0.1, noise=1.5), limit=70.0)
    assert all(a <= b <= c for a, b, c in zip(told.p10, told.p50, told.p90, strict=True))
    assert told.early is not None
    assert told.middle is not None
    assert told.early < told.middle < (told.late or 10**9)


@pytest.mark.parametrize("slope", [0.0, -0.1])
def test_what_does_not_grow_never_runs_out(slope: float) -> None:
    """No date is made up."""
    assert forecast(series(100, slope=slope, noise=0.2), limit=90.0).middle is None


def test_wild_days_do_not_turn_the_trend() -> None:
    """A pump that ran dry for ten days of a hundred says nothing of next year."""
    days = series(100, slope=0.1)
    wild = [(day, 0.0 if 40 <= n < 50 else load) for n, (day, load) in enumerate(days)]
    assert fit(wild).slope == pytest.approx(0.1, abs=0.02)


def test_the_week_is_found() -> None:
    """Weekends stay weekends."""
    found = fit(series(70, slope=0.05)).week
    middle = median(WEEK)
    assert [round(a - found[0], 2) for a in found] == [
        round(WEEK[n] - WEEK[0], 2) for n in range(7)
    ], middle


def test_the_back_test_is_honest() -> None:
    """Noise lies inside about as often as it says, and a trend beats "as two weeks before"."""
    shares = [back_test(series(150, 0.2, 1.0, seed=seed)) for seed in range(10)]
    inside = sum(one.inside for one in shares) / len(shares)
    assert 0.65 <= inside <= 0.95
    assert all(one.error < one.naive_error for one in shares)
    assert {(one.origins, one.points) for one in shares} == {(3, 42)}


def test_too_few_days_are_refused() -> None:
    """Four weeks, or nothing is said."""
    with pytest.raises(TooFewError, match="27 days came, allowed: 28 or more"):
        forecast(series(DAYS_MIN - 1), limit=1.0)


def test_days_may_be_missing() -> None:
    """A gap neither shifts nor stops the trend."""
    gappy = [one for n, one in enumerate(series(120, slope=0.1)) if n % 9 and not 30 < n < 45]
    assert fit(gappy).slope == pytest.approx(0.1, abs=0.01)


@given(
    st.lists(st.integers(-1_000, 1_000), min_size=3, max_size=30),
    st.integers(1, 5),
)
def test_the_slope_is_the_median_of_all_slopes(loads: list[int], step: int) -> None:
    """The slow and obvious twin: two loops and a median; the interval holds it."""
    points = [(float(n * step), float(load)) for n, load in enumerate(loads)]
    slopes = []
    for n in range(len(points)):
        for m in range(n + 1, len(points)):
            rise, run = points[m][1] - points[n][1], points[m][0] - points[n][0]
            slopes.append(rise / run)
    middle, low, high = sen(points)
    assert middle == pytest.approx(median(slopes))
    assert low <= middle <= high


@given(st.lists(st.floats(-1e6, 1e6), min_size=1), st.floats(0, 1))
def test_a_quantile_lies_between_the_least_and_the_most(values: list[float], q: float) -> None:
    """And is the median in the middle."""
    assert min(values) <= quantile(values, q) <= max(values)
    assert quantile(values, 0.5) == pytest.approx(median(values), abs=1e-6)
