"""What the readings of assets say in a period, from the days of their channels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Integer, case, cast, func, literal, select

from lamppost.register.days.day import DAY_MS, MINUTES_A_DAY
from lamppost.register.days.desk import REFERENCE
from lamppost.register.days.quality import COUNTERS
from lamppost.register.days.tables import OBSERVED, channel_day
from lamppost.register.days.units import factor
from lamppost.register.indicators.inputs import MADE_UP, held
from lamppost.register.indicators.sums import SUPPLIED, TRACKED, USED
from lamppost.register.indicators.values import AVERAGED, Definition, Metered, Period
from lamppost.register.records.tables import asset, channel, link
from lamppost.register.records.writing import IDS_A_QUERY

VALID_DAY = 0.75
"""A daily mean stands on so many of the day's minutes, or there is none."""

ENERGY_H = {"W": "W.h", "kW": "kW.h", "MW": "MW.h"}
"""What a power is when it is summed up over hours."""

METRES_A_KM = 1_000.0

SUMMED = (
    "channel", "unit", "day_ms", "minutes", "expected", "mean", "rise", "integral_h", "first",
)  # fmt: skip
"""Columns of days that sums are made of."""


@dataclass(frozen=True, slots=True)
class _Bound:
    channel: str
    channel_class: str
    metric: str
    reference: bool
    due_ms: int | None


@dataclass(frozen=True, slots=True)
class _Sum:
    unit: str
    rise: float
    spanned: int
    counted: int
    power_h: float
    minutes: int
    mean: float | None
    valid: int


def metered(
    connection: Connection, definition: Definition, period: Period, at_ms: int, now_ms: int
) -> tuple[Metered, ...]:
    """Return every asset of the definition's classes, by id, and what its readings say.

    Args:
        connection: Sees one moment of the records.
        definition: What to look for.
        period: Whose days.
        at_ms: Records that held then.
        now_ms: Days that are not over by then are not expected.
    """
    over_ms = min(period.to_ms, now_ms // DAY_MS * DAY_MS)
    expected = max((over_ms - period.from_ms) // DAY_MS, 0)
    classes = (*definition.of, *definition.used)
    bound = _bound(connection, definition, classes, at_ms)
    watched = _watched(connection, definition, at_ms) if definition.tracked else frozenset()
    names = sorted({one.channel for some in bound.values() for one in some})
    sums = _sums(connection, names, period)
    rows = connection.execute(
        select(asset.c.id, asset.c.asset_class, MADE_UP, _weight(definition))
        .where(asset.c.asset_class.in_(classes), held(asset, at_ms))
        .order_by(asset.c.id)
    )
    return tuple(
        _metered(
            definition,
            row,
            bound.get(row[0], []),
            sums,
            expected,
            period.to_ms,
            _part(definition, row, watched),
        )
        for row in rows
    )


def _bound(
    connection: Connection, definition: Definition, classes: Sequence[str], at_ms: int
) -> dict[str, list[_Bound]]:
    """By asset the channels of the first alternative of which it has any."""
    wanted = {name.partition("/")[0] for name in definition.needs[0]}
    rows = connection.execute(
        select(
            link.c.asset, channel.c.id, channel.c.channel_class, channel.c.metric,
            channel.c.uncertainty_class, channel.c.calibration_due_ms,
        )
        .join(channel, channel.c.id == link.c.channel)
        .join(asset, asset.c.id == link.c.asset)
        .where(asset.c.asset_class.in_(classes), channel.c.channel_class.in_(wanted))
        .where(held(link, at_ms), held(channel, at_ms))
        .distinct()
        .order_by(link.c.asset, channel.c.id)
    )  # fmt: skip
    found: dict[str, list[_Bound]] = {}
    for one, name, kind, metric, rated, due_ms in rows:
        found.setdefault(one, []).append(_Bound(name, kind, metric, rated == REFERENCE, due_ms))
    return {one: _first(definition.needs[0], some) for one, some in found.items()}


def _watched(connection: Connection, definition: Definition, at_ms: int) -> frozenset[str]:
    """Assets of the definition's classes that have an open channel of those that watch."""
    asked = (
        select(link.c.asset)
        .join(channel, channel.c.id == link.c.channel)
        .join(asset, asset.c.id == link.c.asset)
        .where(asset.c.asset_class.in_(definition.of))
        .where(channel.c.channel_class.in_(definition.tracked))
        .where(held(link, at_ms), held(channel, at_ms))
    )
    return frozenset(connection.execute(asked).scalars())


def _part(definition: Definition, row: Sequence[Any], watched: frozenset[str]) -> str:
    one, asset_class, *_ = row
    if definition.kind in {"loss", "difference"}:
        return USED if asset_class in definition.used else SUPPLIED
    return TRACKED if one in watched else ""


def _first(alternatives: Sequence[str], bound: Sequence[_Bound]) -> list[_Bound]:
    for name in alternatives:
        kind, _, metric = name.partition("/")
        met = [
            one
            for one in bound
            if one.channel_class == kind and metric in {"", one.metric.lower()}
        ]
        if met:
            return met
    return []


def _sums(
    connection: Connection, names: Sequence[str], period: Period
) -> dict[str, list[_Sum]]:
    """By channel its sums, one for each unit it had; what is forecast or filled is left out."""
    found: dict[str, list[_Sum]] = {}
    for start in range(0, len(names), IDS_A_QUERY):
        some = names[start : start + IDS_A_QUERY]
        for row in connection.execute(_query(some, period)):
            found.setdefault(row[0], []).append(_Sum(*row[1:]))
    return found


def _query(names: Sequence[str], period: Period) -> Any:  # noqa: ANN401 - a select
    """What a counter rose overnight lies between the readings of two days."""
    day = channel_day
    of = [day.c.channel, day.c.unit]
    before = func.lag(day.c.last).over(partition_by=of, order_by=day.c.day_ms)
    steps = (  # the least columns: the database sorts these rows
        select(*(day.c[name] for name in SUMMED), before.label("before"))
        .where(day.c.channel.in_(names), day.c.provenance.in_(OBSERVED), day.c.minutes > 0)
        .where(day.c.day_ms >= period.from_ms, day.c.day_ms < period.to_ms)
        .subquery()
    )
    overnight = case(
        (steps.c.first >= steps.c.before, steps.c.first - steps.c.before),
        (steps.c.first < steps.c.before, steps.c.first),
        else_=0.0,
    )
    is_valid = steps.c.minutes >= VALID_DAY * steps.c.expected
    span = (func.max(steps.c.day_ms) - func.min(steps.c.day_ms)) / DAY_MS + 1
    return select(
        steps.c.channel,
        steps.c.unit,
        func.coalesce(func.sum(func.coalesce(steps.c.rise, 0.0) + overnight), 0.0),
        case((func.count(steps.c.first) == func.count(), cast(span, Integer)), else_=0),
        func.count(),
        func.coalesce(func.sum(steps.c.integral_h), 0.0),
        func.sum(steps.c.minutes),
        func.avg(case((is_valid, steps.c.mean))),
        func.sum(case((is_valid, 1), else_=0)),
    ).group_by(steps.c.channel, steps.c.unit)


def _metered(
    definition: Definition,
    row: Sequence[Any],
    bound: Sequence[_Bound],
    sums: Mapping[str, list[_Sum]],
    expected: int,
    end_ms: int,
    part: str,
) -> Metered:
    asset_id, asset_class, made_up, weight = row
    references = [one for one in bound if one.reference]
    used = references if definition.kind == "mean" and references else list(bound)
    told = [_of_channel(definition, one, sums.get(one.channel, [])) for one in used]
    amounts = [amount for amount, _ in told if amount is not None]
    amount = sum(amounts) if amounts and len(amounts) == len(told) else None
    if amount is not None and definition.kind in AVERAGED:
        amount /= len(amounts)
    return Metered(
        asset=asset_id,
        asset_class=asset_class,
        part=part,
        weight=None if weight is None else float(weight),
        amount=amount,
        days=min((days for _, days in told), default=0.0),
        expected=expected,
        synthetic=bool(made_up),
        reference=bool(used) and all(one.reference for one in used),
        overdue=any(one.due_ms is not None and one.due_ms < end_ms for one in used),
        channels=tuple(one.channel for one in used),
    )


def _of_channel(
    definition: Definition, one: _Bound, sums: Sequence[_Sum]
) -> tuple[float | None, float]:
    """Amount and days of a channel; a unit that means nothing here makes it None."""
    amounts: list[float] = []
    days = 0.0
    for told in sums:
        amount, unit, covered = _amount(definition, one, told)
        scale = definition.factors.get(unit, factor(unit, definition.into))
        if amount is None or scale is None:
            return None, 0.0
        amounts.append(amount * scale)
        days += covered
    if definition.kind in AVERAGED and len(amounts) > 1:
        return None, 0.0  # two units in one period: no mean of both
    return (sum(amounts) if amounts else None), days


def _amount(definition: Definition, one: _Bound, told: _Sum) -> tuple[float | None, str, float]:
    if definition.kind in AVERAGED:
        return told.mean, told.unit, float(told.valid)
    if one.channel_class in COUNTERS or one.channel_class == "water":
        return told.rise, told.unit, float(told.spanned or told.counted)
    energy = ENERGY_H.get(told.unit, told.unit)
    return told.power_h, energy, told.minutes / MINUTES_A_DAY


def _weight(definition: Definition) -> ColumnElement[Any]:
    """What an asset weighs; NULL when that is not on record."""
    if definition.weight == "count":
        return literal(1.0)
    if definition.weight == "floor_m2":
        return case((asset.c.capacity_unit == "m2", asset.c.capacity))
    if definition.weight == "length_km":
        return asset.c.length_m / METRES_A_KM
    return asset.c[definition.weight]
