"""What is used of energy and water, against baseline and target.

Meters are channels with a link to an asset: counters of class `energy` (kW.h) and `volume`
(m3), and meters of class `power` (kW), whose mean over a day is energy. An asset with a counter
is not counted by its power too.
"""

from collections import defaultdict
from dataclasses import dataclass, field

from sqlalchemy import Connection, func, select

from lamppost.register.condition.tables import target
from lamppost.register.condition.values import RESOURCES, Used
from lamppost.register.days.day import DAY_MS
from lamppost.register.days.tables import OBSERVED, channel_day
from lamppost.register.days.units import factor
from lamppost.register.records.tables import asset, channel, link

COUNTERS = {"energy": "energy", "water": "volume"}
POWER = "power"


@dataclass(slots=True)
class _Part:
    amount: float = 0.0
    days: int = 0
    meters: dict[str, tuple[float, int]] = field(default_factory=dict)

    def add(self, meter: str, amount: float, days: int) -> None:
        """Count the days of one meter in one unit."""
        self.amount += amount
        self.days += days
        before, counted = self.meters.get(meter, (0.0, 0))
        self.meters[meter] = (before + amount, counted + days)

    def per_day(self) -> float:
        """The day of each meter by its own days, so a gap is not a saving."""
        return sum(amount / days for amount, days in self.meters.values())


def used(
    connection: Connection, resource: str, by: str, from_ms: int, to_ms: int
) -> tuple[Used, ...]:
    """Return what was used, most first.

    Args:
        connection: From `Database.reading`.
        resource: A key of `RESOURCES`.
        by: "asset", "district" or "class".
        from_ms: First day.
        to_ms: The day after the last.
    """
    parts: dict[str, _Part] = defaultdict(_Part)
    for part, meter, amount, days in _days(connection, resource, by, from_ms, to_ms):
        parts[part].add(meter, amount, days)
    goals = _targets(connection, resource, by)
    expected = max((to_ms - from_ms) // DAY_MS, 1)
    told = [
        _used(name, resource, one, goals.get(name), expected * len(one.meters))
        for name, one in parts.items()
    ]
    return tuple(sorted(told, key=lambda one: (-one.amount, one.part)))


def _days(
    connection: Connection, resource: str, by: str, from_ms: int, to_ms: int
) -> list[tuple[str, str, float, int]]:
    """Part, meter, amount and days of it; summed up by the database, a unit at a time."""
    part = {"asset": asset.c.id, "district": asset.c.district, "class": asset.c.asset_class}[by]
    classes = [COUNTERS[resource]] + ([POWER] if resource == "energy" else [])
    meters = (
        select(
            part.label("part"), asset.c.id.label("thing"), channel.c.id.label("meter"),
            channel.c.channel_class.label("kind"),
        )
        .select_from(
            channel.join(link, link.c.channel == channel.c.id)
            .join(asset, link.c.asset == asset.c.id)
        )
        .where(channel.c.channel_class.in_(classes), link.c.valid_to_ms.is_(None))
        .distinct()
        .subquery()
    )  # fmt: skip
    of = (meters.c.part, meters.c.thing, meters.c.meter, meters.c.kind, channel_day.c.unit)
    measures = channel_day.c.mean, channel_day.c.rise
    sums = [one for column in measures for one in (func.sum(column), func.count(column))]
    rows = connection.execute(
        select(*of, *sums)
        .join_from(meters, channel_day, channel_day.c.channel == meters.c.meter)
        .where(channel_day.c.day_ms >= from_ms, channel_day.c.day_ms < to_ms)
        .where(channel_day.c.minutes > 0, channel_day.c.provenance.in_(OBSERVED))
        .group_by(*of)
    ).all()
    counted = {row[1] for row in rows if row[3] == COUNTERS[resource]}
    told = []
    for name, thing, meter, kind, unit, mean, means, rise, rises in rows:
        if kind == POWER and thing in counted:
            continue
        amount = _amount(resource, kind, unit, mean, rise)
        if amount is not None:
            told.append((name or "", meter, amount, means if kind == POWER else rises))
    return told


def _amount(
    resource: str, kind: str, unit: str, mean: float | None, rise: float | None
) -> float | None:
    if kind == POWER:
        scale = factor(unit, "kW")
        return None if scale is None or mean is None else mean * scale * 24
    scale = factor(unit, RESOURCES[resource])
    return None if scale is None or rise is None else rise * scale


def _targets(connection: Connection, resource: str, by: str) -> dict[str, tuple[float, float]]:
    asked = select(target.c.subject, target.c.baseline, target.c.goal).where(
        target.c.scope == by, target.c.resource == resource, target.c.valid_to_ms.is_(None)
    )
    return {subject: (baseline, goal) for subject, baseline, goal in connection.execute(asked)}


def _used(
    name: str, resource: str, part: _Part, goal: tuple[float, float] | None, expected: int
) -> Used:
    per_day = part.per_day()
    return Used(
        name,
        resource,
        RESOURCES[resource],
        part.amount,
        part.days,
        expected,
        per_day,
        None if goal is None else goal[0],
        None if goal is None else goal[1],
        None if goal is None or goal[0] <= 0 else (goal[0] - per_day) / goal[0],
        None if goal is None else per_day <= goal[1],
    )
