"""The condition of an asset, and what it carries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.register.condition.grade import (
    Condition,
    Evidence,
    Seen,
    graded,
)
from lamppost.register.condition.load import (
    RefusedBasisError,
    capacity_of,
    utilisation,
)
from lamppost.register.days.day import DAY_MS
from lamppost.register.days.units import BASES, factor

NOW = 1_760_000_000_000


def seen(
    severity: float = 0.0, *flags: str, ago_ms: int = 1_000, interval_ms: int = 10_000
) -> Seen:
    """Return the last reading of a channel."""
    return Seen("g/n/d/flow", NOW - ago_ms, interval_ms, flags, severity)


@pytest.mark.parametrize(
    ("evidence", "grade", "basis"),
    [
        (Evidence([seen()]), 1, "A"),
        (Evidence([seen(0.2, "anomaly")]), 2, "A"),
        (Evidence([seen(0.9)]), 1, "A"),
        (Evidence([seen(), seen(0.8, "anomaly")]), 5, "A"),
        (Evidence([seen()], active=[0.6]), 4, "A"),
        (Evidence([seen()], lately=9), 3, "A"),
        (Evidence([seen()], age_years=45, life_years=50), 2, "A"),
        (Evidence([seen(0.6, "anomaly")], age_years=1, life_years=50), 4, "A"),
        (Evidence(age_years=25, life_years=50), 3, "C"),
        (Evidence(age_years=60, life_years=50), 5, "C"),
        (Evidence(), None, "-"),
    ],
)
def test_grades(evidence: Evidence, grade: int | None, basis: str) -> None:
    """Measured first, age next, and nothing where nothing is known."""
    told = graded(evidence, NOW)
    assert (told.grade, told.basis) == (grade, basis)
    assert told.reason


def test_silence_is_not_good() -> None:
    """Three intervals without a reading, and the status is unknown, the grade the last one."""
    before = graded(Evidence([seen(0.6, "anomaly", ago_ms=30_000)]), NOW)
    assert (before.grade, before.status) == (4, "known")
    silent = Evidence([seen(ago_ms=30_001)], before=before)
    after = graded(silent, NOW)
    assert (after.grade, after.status) == (4, "unknown")
    assert "silent" in after.reason


def test_confidence_halves_each_week_and_the_class_falls_after_ninety_days() -> None:
    """What was measured long ago is not believed for ever."""
    before = Condition(2, "known", "A", 0.9, NOW, "")
    week = graded(Evidence(before=before), NOW + 7 * DAY_MS)
    assert week.confidence == pytest.approx(0.45)
    old = graded(Evidence(before=before), NOW + 91 * DAY_MS)
    assert (old.basis, old.confidence < 0.001) == ("B", True)


def test_a_sensor_fault_is_no_bad_asset() -> None:
    """A stuck meter says nothing, and takes from the confidence."""
    told = graded(Evidence([seen(), seen(1.0, "stuck", "anomaly")]), NOW)
    assert told.grade == 1
    assert told.confidence == pytest.approx(0.45)
    assert graded(Evidence([seen(1.0, "stuck")]), NOW).status == "unknown"


@given(
    st.lists(st.floats(0, 1), max_size=5),
    st.integers(0, 50),
    st.floats(0, 200),
    st.floats(1, 100),
    st.booleans(),
)
def test_a_grade_is_on_the_scale_and_worse_is_never_better(
    severities: list[float], lately: int, age: float, life: float, anomaly: bool
) -> None:
    """Whatever comes in."""
    channels = [seen(one, *(["anomaly"] if anomaly else [])) for one in severities]
    one = graded(Evidence(channels, (), lately, age, life), NOW)
    more = graded(Evidence(channels, [1.0], lately, age + 1, life), NOW)
    assert one.grade in {1, 2, 3, 4, 5}
    assert (more.grade or 0) >= (one.grade or 0)
    assert 0 <= one.confidence <= 0.9


def test_utilisation_is_load_over_capacity_in_one_unit() -> None:
    """Litres a second against cubic metres an hour."""
    capacity, scale = capacity_of(360.0, "m3/h", "design", "L/s")
    told = utilisation([50.0] * 95 + [120.0] * 5, capacity, scale, expected=200)
    assert told.peak == pytest.approx(1.2)
    assert told.p95 == pytest.approx(0.5 + 0.7 * 0.05)
    assert told.headroom == pytest.approx(1 - told.p95)
    assert (told.completeness, told.basis) == (0.5, "design")


@pytest.mark.parametrize(
    ("capacity", "unit", "load", "told"),
    [
        ((None, None, None), "L/s", [1.0] * 99, "the asset has no capacity"),
        ((10.0, "L/s", None), "L/s", [1.0] * 99, "the capacity has no basis"),
        ((10.0, "L/s", ""), "L/s", [1.0] * 99, "the capacity has no basis"),
        (
            (10.0, "kW", "design"),
            "L/s",
            [1.0] * 99,
            "the load is in 'L/s', the capacity in",
        ),
        ((10.0, "L/s", "design"), "L/s", [1.0] * 9, "9 points, allowed: 20 or more"),
    ],
)
def test_what_would_mean_nothing_is_refused(
    capacity: tuple[float | None, str | None, str | None],
    unit: str,
    load: list[float],
    told: str,
) -> None:
    """No basis, no common unit or too few points: no percentage."""
    with pytest.raises(RefusedBasisError, match=told):
        utilisation(load, *capacity_of(*capacity, unit), expected=99)


@given(st.sampled_from(sorted(BASES)), st.sampled_from(sorted(BASES)))
def test_units_go_there_and_back(one: str, other: str) -> None:
    """And only within what they measure."""
    there, back = factor(one, other), factor(other, one)
    assert (there is None) == (back is None) == (BASES[one][0] != BASES[other][0])
    if there is not None and back is not None:
        assert there * back == pytest.approx(1.0)
