"""The assets behind an indicator, as they stood at the end of a period."""

from sqlalchemy import ColumnElement, Connection, Table, null, or_, select

from lamppost.register.indicators.values import Definition, Input
from lamppost.register.records.tables import asset, channel, link

SYNTHETIC = "demo"
"""Scheme of an external id that made-up assets carry."""

MADE_UP = asset.c.external_ids[SYNTHETIC].as_string().is_not(None)
"""The database looks for the scheme: reading the ids of thousands of assets costs more."""


def inputs(connection: Connection, definition: Definition, at_ms: int) -> tuple[Input, ...]:
    """Return every asset of the definition's classes, by id, and whether it counts.

    Args:
        connection: Sees one moment of the records.
        definition: What to look for.
        at_ms: Records that held then, UTC.
    """
    channels = _channels(connection, definition, at_ms)
    weight = null() if definition.weight == "count" else asset.c[definition.weight]
    rows = connection.execute(
        select(asset.c.id, asset.c.asset_class, MADE_UP, weight)
        .where(asset.c.asset_class.in_(definition.of), held(asset, at_ms))
        .order_by(asset.c.id)
    )
    return tuple(_input(definition, channels.get(row[0], {}), *row) for row in rows)


def held(table: Table, at_ms: int) -> ColumnElement[bool]:
    """Return the condition that a record held at a time."""
    ends = or_(table.c.valid_to_ms.is_(None), table.c.valid_to_ms > at_ms)
    return (table.c.valid_from_ms <= at_ms) & ends


def _channels(
    connection: Connection, definition: Definition, at_ms: int
) -> dict[str, dict[str, str]]:
    """By asset and channel class the first open channel that was bound to the asset."""
    wanted = [name for line in definition.needs for name in line]
    rows = connection.execute(
        select(link.c.asset, channel.c.channel_class, channel.c.id)
        .join(channel, channel.c.id == link.c.channel)
        .join(asset, asset.c.id == link.c.asset)
        .where(
            asset.c.asset_class.in_(definition.of),
            channel.c.channel_class.in_(wanted),
            held(link, at_ms),
            held(channel, at_ms),
        )
        .order_by(link.c.asset, channel.c.id)
    )
    found: dict[str, dict[str, str]] = {}
    for one, kind, bound in rows:
        found.setdefault(one, {}).setdefault(kind, bound)
    return found


def _input(
    definition: Definition,
    bound: dict[str, str],
    one: str,
    asset_class: str,
    made_up: bool,
    weight: float | None,
) -> Input:
    met = [_first(line, bound) for line in definition.needs]
    counted = None not in met
    if definition.weight == "count":
        weight = 1.0
    return Input(
        asset=one,
        asset_class=asset_class,
        weight=None if weight is None else float(weight),
        counted=counted,
        synthetic=bool(made_up),
        channels=tuple(sorted({name for name in met if name})) if counted else (),
    )


def _first(line: tuple[str, ...], bound: dict[str, str]) -> str | None:
    for name in line:
        if name in bound:
            return bound[name]
    return None
