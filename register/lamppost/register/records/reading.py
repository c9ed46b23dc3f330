"""Asking for records: filters, pages, one by its id."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from sqlalchemy import ColumnElement, Connection, Select, Table, and_, func, or_, select

from lamppost.register.records import tables
from lamppost.register.records.values import (
    PAGE_DEFAULT,
    Asset,
    Channel,
    Commissioning,
    Device,
    Entry,
    Link,
    Node,
    Stream,
)

State = Literal["open", "closed", "all"]
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of record, as it is asked for.

    Attributes:
        table: Where it is.
        value: What a row becomes.
        filters: Columns that may be asked for by equality, by the name of the filter.
    """

    table: Table
    value: type[Any]
    filters: Mapping[str, str]


KINDS = {
    "assets": Kind(
        tables.asset,
        Asset,
        {
            "class": "asset_class",
            "parent": "parent",
            "owner": "owner",
            "operator": "operator",
            "district": "district",
            "criticality": "criticality",
        },
    ),
    "nodes": Kind(tables.node, Node, {"group": "group"}),
    "devices": Kind(tables.device, Device, {"node": "node"}),
    "channels": Kind(
        tables.channel,
        Channel,
        {"device": "device", "class": "channel_class", "unit": "unit", "unit_ok": "unit_ok"},
    ),
    "streams": Kind(tables.stream, Stream, {"channel": "channel"}),
    "links": Kind(tables.link, Link, {"channel": "channel", "asset": "asset", "role": "role"}),
    "commissionings": Kind(
        tables.commissioning, Commissioning, {"asset": "asset", "device": "device"}
    ),
}
"""What may be asked for, by its name in the API and on the command line."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a list shall hold.

    Attributes:
        filters: Values by the name of the filter; None is no filter.
        state: Records that hold ("open"), that have ended ("closed"), or "all".
        at_ms: Only records that held at that time; then `state` says nothing.
        changed_since_ms: Only records entered or changed here at or after that time.
        after: Id of the last record of the page before, "" for the first page.
        limit: Most records of the page.
    """

    filters: Mapping[str, object]
    state: State = "open"
    at_ms: int | None = None
    changed_since_ms: int | None = None
    after: str = ""
    limit: int = PAGE_DEFAULT


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list.

    Attributes:
        total: How many there are in all.
        items: The records of this page, in order of their ids.
        next: What `after` must be for the next page; None on the last.
    """

    total: int
    items: tuple[Any, ...]
    next: str | None


def page(connection: Connection, kind: Kind, wanted: Wanted) -> Page:
    """Return one page of the records of a kind."""
    table = kind.table
    where = and_(True, *_conditions(kind, wanted))
    total = connection.execute(select(func.count()).select_from(table).where(where))
    query = select(table).where(where).order_by(table.c.id).limit(wanted.limit + 1)
    if wanted.after:
        query = query.where(table.c.id > wanted.after)
    rows = connection.execute(query).mappings().all()
    items = tuple(kind.value(**row) for row in rows[: wanted.limit])
    more = len(rows) > wanted.limit
    return Page(total.scalar_one(), items, items[-1].id if more else None)


def one(connection: Connection, kind: Kind, record: str) -> Any:  # noqa: ANN401 - a value of its kind
    """Return a record by its id, ended or not; None when there is none."""
    asked = select(kind.table).where(kind.table.c.id == record)
    row = connection.execute(asked).mappings().first()
    return None if row is None else kind.value(**row)


def trail(
    connection: Connection, kind: str | None, record: str | None, after: int, limit: int
) -> Page:
    """Return entries of the audit trail after a number, oldest first."""
    audit = tables.audit
    asked: Select[Any] = select(audit)
    if kind is not None:
        asked = asked.where(audit.c.kind == kind)
    if record is not None:
        asked = asked.where(audit.c.record == record)
    total = connection.execute(select(func.count()).select_from(asked.subquery()))
    rest = asked.where(audit.c.seq > after).order_by(audit.c.seq).limit(limit + 1)
    rows = connection.execute(rest).mappings().all()
    items = tuple(Entry(**row) for row in rows[:limit])
    return Page(total.scalar_one(), items, str(items[-1].seq) if len(rows) > limit else None)


def _conditions(kind: Kind, wanted: Wanted) -> list[ColumnElement[bool]]:
    table = kind.table
    asked = [
        table.c[kind.filters[name]] == value
        for name, value in wanted.filters.items()
        if value is not None
    ]
    if wanted.at_ms is not None:
        ends = or_(table.c.valid_to_ms.is_(None), table.c.valid_to_ms > wanted.at_ms)
        asked += [table.c.valid_from_ms <= wanted.at_ms, ends]
    elif wanted.state != "all":
        is_open = table.c.valid_to_ms.is_(None)
        asked.append(is_open if wanted.state == "open" else ~is_open)
    if wanted.changed_since_ms is not None:
        asked.append(table.c.updated_ms >= wanted.changed_since_ms)
    return asked
