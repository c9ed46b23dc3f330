"""How much of the city is watched, and what is missing."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Float, and_, case, cast, exists, func, select

from lamppost.register.alarms.priority import CRITICALITY_UNKNOWN
from lamppost.register.condition.tables import requirement
from lamppost.register.condition.values import Covered, Gap, Lacking
from lamppost.register.records.tables import asset, channel, link

PARTS = ("class", "district")
AMOUNTS = ("length", "population", "weight")
SUMS = (
    *("assets", "monitored", "lengths", "populations"),
    *(f"{name}{part}" for name in AMOUNTS for part in ("", "_monitored")),
)
Sums = Mapping[str, Any]


def coverage(
    connection: Connection, by: str | None = None, district: str | None = None
) -> tuple[Covered, ...]:
    """Return how much is watched, in all or by "class" or "district"; or of one district."""
    return _by(by, _counted(connection, district))


def coverages(connection: Connection, district: str | None = None) -> list[tuple[Covered, ...]]:
    """Return the same in all, by class and by district; the assets are looked at once."""
    counted = _counted(connection, district)
    return [_by(by, counted) for by in (None, *PARTS)]


def _by(by: str | None, counted: Sequence[Sums]) -> tuple[Covered, ...]:
    sums: dict[str, dict[str, Any]] = {}
    for row in counted:
        of = sums.setdefault((row[by] or "") if by else "all", dict.fromkeys(SUMS, 0))
        for name in SUMS:
            of[name] += row[name] or 0
    found = [_covered(part, row) for part, row in sums.items()]
    return tuple(sorted(found, key=lambda one: (one.by_criticality, one.part)))


def _counted(connection: Connection, district: str | None) -> Sequence[Sums]:
    """Return the sums of each class in each district."""
    watched = exists().where(
        link.c.asset == asset.c.id,
        link.c.valid_to_ms.is_(None),
        link.c.channel == channel.c.id,
        channel.c.valid_to_ms.is_(None),
    )
    weight = func.coalesce(asset.c.criticality, CRITICALITY_UNKNOWN)
    is_watched = case((watched, 1), else_=0).label("watched")
    marked = (
        select(
            asset.c.asset_class.label("class"),
            asset.c.district.label("district"),
            is_watched,
            asset.c.length_m,
            asset.c.population,
            weight.label("weight"),
        )
        .where(_here(district))
        .subquery()
    )
    sums = [
        func.count().label("assets"),
        func.sum(marked.c.watched).label("monitored"),
        *_sums("length", marked, marked.c.length_m),
        *_sums("population", marked, marked.c.population),
        *_sums("weight", marked, marked.c.weight),
        func.count(marked.c.length_m).label("lengths"),
        func.count(marked.c.population).label("populations"),
    ]
    parts = [marked.c[name] for name in PARTS]
    asked = select(*parts, *sums).group_by(*parts)
    return [dict(row) for row in connection.execute(asked).mappings()]


def gaps(
    connection: Connection, limit: int, asset_class: str | None, district: str | None
) -> tuple[int, tuple[Gap, ...]]:
    """Return how many required measurands are missing, and the most important of them."""
    joined, where = _lacking(asset_class, district)
    total = connection.execute(select(func.count()).select_from(joined).where(where))
    found = important_gaps(connection, limit, asset_class, district)
    return int(total.scalar_one()), found


def important_gaps(
    connection: Connection,
    limit: int,
    asset_class: str | None = None,
    district: str | None = None,
) -> tuple[Gap, ...]:
    """Return the most important measurands that are missing; not counting is half the work."""
    joined, where = _lacking(asset_class, district)
    weight = func.coalesce(asset.c.criticality, CRITICALITY_UNKNOWN)
    people = func.coalesce(asset.c.population, 0)
    score = (weight * (1 + cast(people, Float) / 1_000)).label("score")
    rows = connection.execute(
        select(
            asset.c.id,
            asset.c.asset_class,
            asset.c.district,
            requirement.c.measurand,
            requirement.c.why,
            asset.c.criticality,
            asset.c.population,
            score,
        )
        .select_from(joined)
        .where(where)
        .order_by(score.desc(), asset.c.id, requirement.c.measurand)
        .limit(limit)
    )
    return tuple(Gap(*row) for row in rows)


def lacking(connection: Connection, district: str | None = None) -> tuple[Lacking, ...]:
    """Return every requirement with how many assets lack it, the most first."""
    there = and_(asset.c.asset_class == requirement.c.asset_class, _here(district))
    missing = func.sum(case((and_(asset.c.id.is_not(None), ~_told()), 1), else_=0))
    of = [requirement.c[name] for name in ("id", "asset_class", "measurand", "why")]
    columns: list[Any] = [*of, func.count(asset.c.id), missing.label("missing")]
    rows = connection.execute(
        select(*columns)
        .select_from(requirement.outerjoin(asset, there))
        .where(requirement.c.valid_to_ms.is_(None))
        .group_by(*of)
        .order_by(missing.desc(), requirement.c.asset_class, requirement.c.measurand)
    )
    return tuple(Lacking(*row) for row in rows)


def _here(district: str | None) -> Any:  # noqa: ANN401 - a condition
    """Assets that hold now, of one district or all."""
    running = asset.c.valid_to_ms.is_(None)
    return running if district is None else running & (asset.c.district == district)


def _told() -> Any:  # noqa: ANN401 - a condition
    """An asset has a channel of what a requirement names."""
    return exists().where(
        link.c.asset == asset.c.id,
        link.c.valid_to_ms.is_(None),
        link.c.channel == channel.c.id,
        channel.c.valid_to_ms.is_(None),
        channel.c.channel_class == requirement.c.measurand,
    )


def _lacking(asset_class: str | None, district: str | None) -> tuple[Any, Any]:
    """Assets with what their class requires, and the condition that they do not have it."""
    asked = [_here(district), requirement.c.valid_to_ms.is_(None), ~_told()]
    if asset_class is not None:
        asked.append(asset.c.asset_class == asset_class)
    joined = asset.join(requirement, requirement.c.asset_class == asset.c.asset_class)
    return joined, and_(*asked)


def _sums(name: str, marked: Any, amount: Any) -> tuple[Any, Any]:  # noqa: ANN401 - columns
    return (
        func.sum(amount).label(name),
        func.sum(marked.c.watched * amount).label(f"{name}_monitored"),
    )


def _covered(part: str, row: Sums) -> Covered:
    def share(name: str) -> float | None:
        whole = row[name]
        return float(row[f"{name}_monitored"] or 0) / float(whole) if whole else None

    assets, monitored = int(row["assets"]), int(row["monitored"] or 0)
    return Covered(
        part,
        assets,
        monitored,
        monitored / assets,
        share("length"),
        share("population"),
        share("weight") or 0.0,
        assets - int(row["lengths"]),
        assets - int(row["populations"]),
    )
