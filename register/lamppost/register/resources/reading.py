"""Asking for resources: lists, and what the map shows to be missing."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from lamppost.register.records.reading import Kind
from lamppost.register.records.store import Register
from lamppost.register.resources import correlating, findings
from lamppost.register.resources.correlating import Last
from lamppost.register.resources.duplicates import Duplicates, Placed, duplicates
from lamppost.register.resources.findings import Finding
from lamppost.register.resources.loading import World
from lamppost.register.resources.tables import flow, resource
from lamppost.register.resources.values import Flow, Resource

ENDING_DAYS = 180
USUAL_M = (25.0, 50.0, 100.0, 500.0)

RESOURCES = Kind(
    resource,
    Resource,
    {name: name for name in ("kind", "about", "owner", "steward", "access")},
)
FLOWS = Kind(flow, Flow, {name: name for name in ("source", "target")})

Find = Callable[[World, datetime], list[Finding]]

FINDINGS: Mapping[str, Find] = {
    "orphans": lambda now, _: orphans(now),
    "unused": lambda now, _: unused(now),
    "unknown_assets": lambda now, _: findings.strangers(now.strangers),
    "firmware": lambda now, at: findings.firmware(
        now.nodes, now.resources, round(at.timestamp() * 1_000)
    ),
    "overdue": lambda now, at: findings.overdue(now.resources, at.date()),
    "ending": lambda now, at: findings.ending(now.resources, at.date(), ENDING_DAYS),
}
"""What may be looked for, by its name in the API."""


def found(there: World, what: str, now_ms: int) -> list[Finding]:
    """Return what the map shows, by a name of `FINDINGS`."""
    return FINDINGS[what](there, datetime.fromtimestamp(now_ms / 1_000, UTC))


def orphans(there: World) -> list[Finding]:
    """Return what nobody answers for; see `findings.orphans`."""
    return there.once("orphans", lambda: findings.orphans(there.graph))


def unused(there: World) -> list[Finding]:
    """Return what nobody uses; see `findings.unused`."""
    return there.once("unused", lambda: findings.unused(there.graph))


def alike(register: Register, there: World, radius_m: float) -> Duplicates:
    """Return streams that may measure the same; see `duplicates` and `correlating`.

    Args:
        register: Where the days are.
        there: The map.
        radius_m: How near is near; what is near within a usual radius is looked for once.
    """
    name, last = f"within {radius_m:g} m", Last()
    if radius_m in USUAL_M:
        near = there.once(name, lambda: _near(there, radius_m))
        last = there.once(f"{name}, by their days", Last)
    else:
        near = _near(there, radius_m)
    return correlating.alike(register, there, near, last)


def _near(there: World, radius_m: float) -> Duplicates:
    placed = [
        Placed(seen, there.places[seen.channel])
        for seen in there.streams
        if seen.channel in there.places and seen.measurand
    ]
    return duplicates(placed, len(there.streams), radius_m, there.resources)
