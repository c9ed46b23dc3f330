"""Asking for alarms."""

from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection

from lamppost.register.alarms.tables import alarm
from lamppost.register.alarms.values import Alarm
from lamppost.register.records.newest import newest
from lamppost.register.records.reading import PAGE_DEFAULT, Page

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
    asked: list[ColumnElement[bool]] = [
        alarm.c[FILTERS[name]] == value
        for name, value in wanted.filters.items()
        if value is not None
    ]
    if wanted.is_open is not None:
        ended = alarm.c.valid_to_ms.is_not(None)
        asked.append(~ended if wanted.is_open else ended)
    if wanted.from_ms is not None:
        asked.append(alarm.c.valid_from_ms >= wanted.from_ms)
    if wanted.to_ms is not None:
        asked.append(alarm.c.valid_from_ms < wanted.to_ms)
    return asked
