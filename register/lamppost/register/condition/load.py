"""What an asset carries: minutes to days, days and points to utilisation of its capacity.

A capacity means nothing without its basis, and litres a second are no cubic metres an hour:
both are refused here, not guessed.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from lamppost.register.condition.grade import FAULTY
from lamppost.register.condition.units import factor
from lamppost.register.live import History

DAY_MS = 86_400_000
MINUTE_MS = 60_000
MINUTES_A_DAY = 1_440
POINTS_MIN = 20


class RefusedBasisError(ValueError):
    """A utilisation that would mean nothing; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """What an asset can take.

    Attributes:
        value: More than 0.
        unit: UCUM.
        basis: "nameplate", "statutory", "design" or "observed".
    """

    value: float
    unit: str
    basis: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of one channel: good minutes only.

    Attributes:
        minutes: Minutes with a good reading, at most 1,440.
        flagged: Minutes with a flag of a fault, left out.
        mean: Mean of the good minutes; None without any, like the others.
        p95: 95th percentile.
        p99: 99th percentile.
        peak: Highest.
        rise: Sum of all increases: what a counter has counted, also over a new beginning.
    """

    minutes: int
    flagged: int
    mean: float | None
    p95: float | None
    p99: float | None
    peak: float | None
    rise: float | None


@dataclass(frozen=True, slots=True)
class Utilisation:
    """Load against capacity in a window.

    Attributes:
        p95: 95th percentile of load / capacity; 1.0 is full.
        p99: 99th percentile.
        peak: Highest.
        headroom: 1 - p95; below 0 it is overloaded.
        points: How many points it was made of.
        completeness: Points there are / points there should be, 0 to 1.
        basis: Of the capacity.
    """

    p95: float
    p99: float
    peak: float
    headroom: float
    points: int
    completeness: float
    basis: str


def quantile(values: Sequence[float], q: float) -> float:
    """Return a quantile by linear interpolation between the sorted values.

    Args:
        values: At least one; any order.
        q: 0 to 1.
    """
    ordered = sorted(values)
    place = q * (len(ordered) - 1)
    below = math.floor(place)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (ordered[above] - ordered[below]) * (place - below)


def good_values(history: History) -> tuple[list[float], int]:
    """Return the values of points without a fault, and how many were left out."""
    values, flagged = [], 0
    for value, flags in zip(history.value, history.flags, strict=True):
        if FAULTY.intersection(flags):
            flagged += 1
        elif isinstance(value, int | float) and math.isfinite(value):
            values.append(float(value))
    return values, flagged


def day_of(history: History) -> Day:
    """Return one day of minutes as a row."""
    values, flagged = good_values(history)
    if not values:
        return Day(0, flagged, None, None, None, None, None)
    steps = pairwise(values)
    rise = sum(now - then if now >= then else max(now, 0.0) for then, now in steps)
    return Day(
        len(values),
        flagged,
        sum(values) / len(values),
        quantile(values, 0.95),
        quantile(values, 0.99),
        max(values),
        rise,
    )


def capacity_of(
    value: float | None, unit: str | None, basis: str | None, unit_of_load: str
) -> tuple[Capacity, float]:
    """Return a capacity, and what a load must be multiplied with to be in its unit.

    Raises:
        RefusedBasisError: value, unit or basis is missing, or the units do not match.
    """
    if value is None or unit is None or value <= 0:
        raise RefusedBasisError("refused: the asset has no capacity")
    if not basis:
        allowed = "nameplate, statutory, design or observed"
        raise RefusedBasisError(f"refused: the capacity has no basis ({allowed})")
    scale = factor(unit_of_load, unit)
    if scale is None:
        told = f"refused: the load is in {unit_of_load!r}, the capacity in {unit!r}"
        raise RefusedBasisError(told)
    return Capacity(value, unit, basis), scale


def utilisation(
    values: Sequence[float], capacity: Capacity, scale: float, expected: int
) -> Utilisation:
    """Return how much of a capacity was used.

    Args:
        values: Loads, in their own unit.
        capacity: What the asset can take.
        scale: From the loads' unit to the capacity's.
        expected: Points the window should have.

    Raises:
        RefusedBasisError: there are too few points to speak of a percentile.
    """
    if len(values) < POINTS_MIN:
        raise RefusedBasisError(f"refused: {len(values)} points, allowed: {POINTS_MIN} or more")
    shares = [value * scale / capacity.value for value in values]
    p95 = quantile(shares, 0.95)
    return Utilisation(
        p95,
        quantile(shares, 0.99),
        max(shares),
        1 - p95,
        len(shares),
        min(len(shares) / max(expected, 1), 1.0),
        capacity.basis,
    )
