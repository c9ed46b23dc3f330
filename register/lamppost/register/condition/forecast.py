"""Where a load is going: a trend with the days of the week, quantiles, and when it runs out.

A forecast is an assumption (ISO/IEC 30182), never an observation. The trend is Theil-Sen's
median of slopes, which a quarter of wild days cannot turn, with Sen's rank-based interval; the
days of the week are medians around it; the quantiles are those of the residuals, moved by the
slope's interval. The same fit, made at earlier days, is compared with what then came.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from lamppost.register.days.day import quantile

MODEL = "theil-sen-week/1"
DAYS_MIN = 28
DAYS_MAX = 400
"""Older days are left out: n squared slopes, and a city that has changed."""

HORIZON_DAYS = 730
ORIGINS = 3
AHEAD_DAYS = 14
WEEK = 7
Z80 = 1.2816
"""Of the 80 % between the tenth and the ninetieth percentile."""


class TooFewError(ValueError):
    """Not enough days to say anything of tomorrow."""


@dataclass(frozen=True, slots=True)
class Fit:
    """A trend with the days of the week.

    Attributes:
        centre_day: The day the slope turns around.
        level: The load there.
        slope: Change a day; `slope_low` and `slope_high` hold it with 80 %.
        slope_low: See there.
        slope_high: See there.
        week: What each day of the week (day number modulo 7) adds.
        low: Tenth percentile of the residuals.
        high: Ninetieth percentile of the residuals.
    """

    centre_day: float
    level: float
    slope: float
    slope_low: float
    slope_high: float
    week: tuple[float, ...]
    low: float
    high: float

    def at(self, day: int) -> tuple[float, float, float]:
        """Return the tenth, fiftieth and ninetieth percentile of a day."""
        ahead = day - self.centre_day
        middle = self.level + self.week[day % WEEK]
        return (
            middle + self.slope_low * ahead + self.low,
            middle + self.slope * ahead,
            middle + self.slope_high * ahead + self.high,
        )


@dataclass(frozen=True, slots=True)
class BackTest:
    """The same fit at earlier days, against what then came.

    Attributes:
        origins: From how many earlier days it was made.
        points: How many days were compared.
        error: Mean absolute error of the median.
        naive_error: The same of "as two weeks before", told beside it.
        inside: Share of the days between tenth and ninetieth percentile; 0.8 is honest.
    """

    origins: int
    points: int
    error: float
    naive_error: float
    inside: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """An assumption about a load.

    Attributes:
        model: Name and version of the method.
        days: Days it was made of.
        first_day: The first day it speaks of, in days since 1970.
        p10: Tenth percentile a day.
        p50: Median a day.
        p90: Ninetieth percentile a day.
        early: First day on which the week's mean of `p90` reaches the limit, or None.
        middle: The same of `p50`.
        late: The same of `p10`.
        back_test: How well it would have done.
    """

    model: str
    days: int
    first_day: int
    p10: tuple[float, ...]
    p50: tuple[float, ...]
    p90: tuple[float, ...]
    early: int | None
    middle: int | None
    late: int | None
    back_test: BackTest


def forecast(
    days: Sequence[tuple[int, float]], limit: float, horizon: int = HORIZON_DAYS
) -> Forecast:
    """Return where a load is going.

    Args:
        days: Day number (days since 1970) and load, ascending; days may be missing.
        limit: What the load must not reach.
        horizon: Days ahead, at most `HORIZON_DAYS`.

    Raises:
        TooFewError: there are less than `DAYS_MIN` days.
    """
    used = list(days)[-DAYS_MAX:]
    if len(used) < DAYS_MIN:
        raise TooFewError(f"{len(used)} days came, allowed: {DAYS_MIN} or more")
    fitted = fit(used)
    first = used[-1][0] + 1
    ahead = [fitted.at(day) for day in range(first, first + min(horizon, HORIZON_DAYS))]
    p10, p50, p90 = (tuple(column) for column in zip(*ahead, strict=True))
    return Forecast(
        MODEL,
        len(used),
        first,
        p10,
        p50,
        p90,
        _reaches(p90, limit, first),
        _reaches(p50, limit, first),
        _reaches(p10, limit, first),
        back_test(used),
    )


def fit(days: Sequence[tuple[int, float]]) -> Fit:
    """Return the trend of at least two weeks of days."""
    plain = _without_week(days)
    slope, low, high = sen(plain)
    centre = quantile([day for day, _ in days], 0.5)
    level = quantile([load - slope * (day - centre) for day, load in plain], 0.5)
    rest = [(day, load - level - slope * (day - centre)) for day, load in days]
    week = _week(rest)
    residuals = [load - week[day % WEEK] for day, load in rest]
    return Fit(
        centre,
        level,
        slope,
        low,
        high,
        week,
        quantile(residuals, 0.1),
        quantile(residuals, 0.9),
    )


def sen(points: Sequence[tuple[float, float]]) -> tuple[float, float, float]:
    """Return the median of all slopes between two points, and its 80 % interval."""
    slopes = sorted(
        (other[1] - one[1]) / (other[0] - one[0])
        for place, one in enumerate(points)
        for other in points[place + 1 :]
        if other[0] != one[0]
    )
    count = len(points)
    reach = Z80 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    share = min(reach / max(len(slopes), 1), 1.0) / 2
    return (
        quantile(slopes, 0.5),
        quantile(slopes, 0.5 - share),
        quantile(slopes, 0.5 + share),
    )


def back_test(days: Sequence[tuple[int, float]]) -> BackTest:
    """Return how well the fit would have done from earlier days on."""
    errors: list[float] = []
    naive: list[float] = []
    inside = 0
    origins = 0
    known = dict(days)
    for back in range(1, ORIGINS + 1):
        cut = len(days) - back * AHEAD_DAYS
        if cut < DAYS_MIN // 2:
            break
        origins += 1
        fitted = fit(days[:cut])
        for day, load in days[cut : cut + AHEAD_DAYS]:
            low, middle, high = fitted.at(day)
            errors.append(abs(load - middle))
            inside += low <= load <= high
            before = known.get(day - 2 * WEEK)  # what was known at the origin
            if before is not None:
                naive.append(abs(load - before))
    points = len(errors)
    return BackTest(
        origins,
        points,
        sum(errors) / points if points else 0.0,
        sum(naive) / len(naive) if naive else 0.0,
        inside / points if points else 0.0,
    )


def _without_week(days: Sequence[tuple[int, float]]) -> list[tuple[float, float]]:
    """Means of whole weeks: the days of the week cancel out, and there are few of them."""
    weeks: dict[int, list[tuple[int, float]]] = {}
    last = days[-1][0]
    for day, load in days:
        weeks.setdefault((last - day) // WEEK, []).append((day, load))
    whole = [part for _, part in sorted(weeks.items(), reverse=True) if len(part) >= WEEK - 2]
    if len(whole) < 2:
        return [(float(day), load) for day, load in days]
    return [
        (sum(day for day, _ in part) / len(part), sum(load for _, load in part) / len(part))
        for part in whole
    ]


def _week(rest: Sequence[tuple[int, float]]) -> tuple[float, ...]:
    by_day: list[list[float]] = [[] for _ in range(WEEK)]
    for day, load in rest:
        by_day[day % WEEK].append(load)
    return tuple(quantile(loads, 0.5) if loads else 0.0 for loads in by_day)


def _reaches(loads: Sequence[float], limit: float, first: int) -> int | None:
    """The first day of a week whose mean is at the limit; a single high day is no end."""
    total = sum(loads[:WEEK])
    for start in range(len(loads) - WEEK + 1):
        if start:
            total += loads[start + WEEK - 1] - loads[start - 1]
        if total / WEEK >= limit:
            return first + start
    return None
