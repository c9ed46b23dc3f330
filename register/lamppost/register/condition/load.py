"""What an asset carries: points to utilisation of its capacity.

A capacity means nothing without its basis, and litres a second are no cubic metres an hour:
both are refused here, not guessed.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from lamppost.register.days.day import quantile
from lamppost.register.days.units import factor

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
