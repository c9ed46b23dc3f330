"""Streams that may measure the same: one measurand and unit, close together. Pure.

Whether they really do is seen in their readings, which `correlating` looks at.
"""

import math
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from lamppost.register.resources.loading import StreamSeen
from lamppost.register.resources.places import Place
from lamppost.register.resources.values import Resource

EARTH_M = 6_371_008.8
RADIUS_M_MAX = 5_000.0
PAIRS_MAX = 1_000
LOOKS_MAX = 1_000_000
"""Ten thousand sensors at one place would be fifty million pairs; nobody reads them."""
SLACK = 1.01
"""The flat cells are this much wider than the radius on the globe needs."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A stream where its asset is: longitude and latitude, degrees."""

    seen: StreamSeen
    place: Place


@dataclass(frozen=True, slots=True)
class Pair:
    """Two streams that may measure the same.

    Attributes:
        first: Id of a stream.
        second: Id of another.
        measurand: What both measure.
        unit: The unit of both.
        apart_m: How far the middles of their assets are apart.
        correlation: How their days move together, -1 to 1; None when that is not known.
        saving_year: The lower of both costs; None when one is unknown.
        currency: Of the saving.
        told: What to make of it.
        days: How many days that is known by.
    """

    first: str
    second: str
    measurand: str
    unit: str
    apart_m: float
    correlation: float | None
    saving_year: float | None
    currency: str | None
    told: str
    days: int = 0


@dataclass(frozen=True, slots=True)
class Duplicates:
    """What was found.

    Attributes:
        pairs: The dearest first, then the nearest.
        placed: How many streams have a place; the others were not compared.
        streams: How many streams there are.
        cut: True when there were too many to look at all.
        unlike: How many were near and alike, but do not move together; these are left out.
    """

    pairs: tuple[Pair, ...]
    placed: int
    streams: int
    cut: bool
    unlike: int = 0


def duplicates(
    placed: Sequence[Placed], streams: int, radius_m: float, entries: Sequence[Resource]
) -> Duplicates:
    """Return pairs of streams of one measurand and unit within a radius.

    Two channels of one device are no duplicates: whoever built it wanted both.

    Args:
        placed: Streams that have a place.
        streams: How many there are, with a place or not.
        radius_m: How near is near, 0 to `RADIUS_M_MAX`.
        entries: Resources; those about streams have costs.
    """
    costs = {one.about: one for one in entries if one.kind == "stream"}
    found: list[Pair] = []
    cut = False
    for looked, (one, other) in enumerate(_near(placed, radius_m)):
        if looked >= LOOKS_MAX or len(found) >= PAIRS_MAX:
            cut = True
            break
        apart_m = distance_m(one.place, other.place)
        if apart_m <= radius_m and one.seen.device != other.seen.device:
            found.append(_pair(one.seen, other.seen, apart_m, costs))
    found.sort(key=lambda pair: (-(pair.saving_year or 0.0), pair.apart_m, pair.first))
    return Duplicates(tuple(found), len(placed), streams, cut)


def distance_m(one: Place, other: Place) -> float:
    """Return the way over a globe (haversine), metres."""
    (east, north), (east_2, north_2) = one, other
    up = math.radians(north_2 - north) / 2
    along = math.radians(east_2 - east) / 2
    flat = math.cos(math.radians(north)) * math.cos(math.radians(north_2))
    half = math.sin(up) ** 2 + flat * math.sin(along) ** 2
    return 2 * EARTH_M * math.asin(min(1.0, math.sqrt(half)))


def _near(placed: Sequence[Placed], radius_m: float) -> Iterator[tuple[Placed, Placed]]:
    """Give each pair of neighbouring cells once; no two within the radius are left out."""
    if not placed:
        return
    degree_m = math.radians(1) * EARTH_M
    narrowest = min(math.cos(math.radians(one.place[1])) for one in placed)
    step = max(radius_m, 1.0) * SLACK / degree_m
    cells: defaultdict[tuple[str, str, int, int], list[Placed]] = defaultdict(list)
    for one in placed:
        column = math.floor(one.place[0] * narrowest / step)
        row = math.floor(one.place[1] / step)
        key = (one.seen.measurand, one.seen.unit, column, row)
        around = [(column + x, row + y) for x in (-1, 0, 1) for y in (-1, 0, 1)]
        for cell in around:
            for other in cells.get((*key[:2], *cell), ()):
                yield other, one
        cells[key].append(one)


def _pair(
    one: StreamSeen, other: StreamSeen, apart_m: float, costs: Mapping[str | None, Resource]
) -> Pair:
    known = [costs[s.id] for s in (one, other) if s.id in costs]
    priced = [c for c in known if c.cost_year is not None]
    same = len(priced) == 2 and priced[0].currency == priced[1].currency
    saving = min(c.cost_year or 0.0 for c in priced) if same else None
    return Pair(
        one.id, other.id, one.measurand, one.unit, round(apart_m, 1), None, saving,
        priced[0].currency if same else None, "near and of one measurand",
    )  # fmt: skip
