"""Asking for resources: lists, and what the map shows to be missing."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from lamppost.register.records.reading import Kind
from lamppost.register.records.tables import asset, link
from lamppost.register.resources import findings
from lamppost.register.resources.duplicates import Duplicates, Placed, duplicates, middle
from lamppost.register.resources.findings import Finding
from lamppost.register.resources.loading import World, world
from lamppost.register.resources.tables import flow, resource
from lamppost.register.resources.values import Flow, Resource

ENDING_DAYS = 180

RESOURCES = Kind(
    resource,
    Resource,
    {name: name for name in ("kind", "about", "owner", "steward", "access")},
)
FLOWS = Kind(flow, Flow, {name: name for name in ("source", "target")})

Find = Callable[[World, datetime], list[Finding]]

FINDINGS: Mapping[str, Find] = {
    "orphans": lambda now, _: findings.orphans(now.graph),
    "unused": lambda now, _: findings.unused(now.graph),
    "unknown_assets": lambda now, _: findings.strangers(now.strangers),
    "overdue": lambda now, at: findings.overdue(now.resources, at.date()),
    "ending": lambda now, at: findings.ending(now.resources, at.date(), ENDING_DAYS),
}
"""What may be looked for, by its name in the API."""


def found(connection: Connection, what: str, now_ms: int) -> list[Finding]:
    """Return what the map shows, by a name of `FINDINGS`."""
    at = datetime.fromtimestamp(now_ms / 1_000, UTC)
    return FINDINGS[what](world(connection), at)


def alike(connection: Connection, radius_m: float, there: World | None = None) -> Duplicates:
    """Return streams that may measure the same; see `duplicates`.

    Args:
        connection: Sees the records.
        radius_m: How near is near.
        there: The map, where it has been read.
    """
    now = world(connection) if there is None else there
    asked = (
        select(link.c.channel, asset.c.geometry)
        .join_from(link, asset, link.c.asset == asset.c.id)
        .where(link.c.valid_to_ms.is_(None), asset.c.geometry.is_not(None))
        .order_by(link.c.id.desc())
    )
    places = {of: middle(geometry) for of, geometry in connection.execute(asked)}
    placed = [
        Placed(seen, places[seen.channel])
        for seen in now.streams
        if seen.channel in places and seen.measurand
    ]
    return duplicates(placed, len(now.streams), radius_m, now.resources)
