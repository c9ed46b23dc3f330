"""Asking for alarms."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, false, func

from lamppost.register.alarms.tables import alarm
from lamppost.register.alarms.values import NORMAL, Alarm
from lamppost.register.records.newest import newest
from lamppost.register.records.reading import Page
from lamppost.register.records.values import PAGE_DEFAULT

FILTERS = {
    "state": "state",
    "class": "alarm_class",
    "kind": "kind",
    "source": "source",
    "asset": "asset",
    "asset_class": "asset_class",
    "district": "district",
    "assignee": "assignee",
    "priority": "priority",
    "verdict": "verdict",
}
"""Columns that may be asked for by equality, by the name of the filter."""

LEADS: tuple[tuple[str, ...], ...] = (
    ("asset",),
    ("source",),
    ("assignee",),
    ("open",),
    ("verdict",),
    ("district", "class"),
    ("kind",),
    ("asset_class",),
    ("priority",),
    ("class",),
)
"""Filters whose index is to be used, the first that is asked for (with what it has besides).

Of a million alarms a few thousand stand, and one asset has a few hundred; but SQLite knows no
numbers, and reads all that a district ever had, or all that anybody ever judged, as gladly.
"""


@dataclass(frozen=True, slots=True)
class AlarmsWanted:
    """What a list of alarms shall hold.

    Attributes:
        filters: Values by the name of the filter; None is no filter.
        is_open: Only alarms that are not normal yet (True), only those that are (False).
        from_ms: Raised at or after this.
        to_ms: Raised before this.
        after: `next` of the page before.
        limit: Most alarms of the page.
    """

    filters: dict[str, object]
    is_open: bool | None = None
    from_ms: int | None = None
    to_ms: int | None = None
    after: str = ""
    limit: int = PAGE_DEFAULT


def page(connection: Connection, wanted: AlarmsWanted) -> Page:
    """Return one page of alarms, the newest first."""
    return newest(connection, alarm, Alarm, _conditions(wanted), wanted.after, wanted.limit)


def _conditions(wanted: AlarmsWanted) -> list[ColumnElement[bool]]:
    values = {name: value for name, value in wanted.filters.items() if value is not None}
    asked: list[ColumnElement[bool]] = []
    if wanted.is_open:
        asked.append(alarm.c.valid_to_ms.is_(None))
    elif wanted.is_open is False and values.setdefault("state", NORMAL) != NORMAL:
        return [false()]  # the end and the state say the same, and the state is in the indices
    stands = bool(wanted.is_open) or values.get("state", NORMAL) != NORMAL
    names = {*values, "open"} if stands else set(values)
    lead = next((lead for lead in LEADS if lead[0] in names), ("state",))
    if lead == ("open",) and not wanted.is_open:
        lead = ("state",)
    for name, value in values.items():
        column: ColumnElement[object] = alarm.c[FILTERS[name]]
        # An expression is what no index is used for.
        asked.append((column if name in lead else func.coalesce(column, column)) == value)
    if wanted.from_ms is not None:
        asked.append(alarm.c.valid_from_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        asked.append(alarm.c.valid_from_ms < wanted.to_ms)
    return asked
