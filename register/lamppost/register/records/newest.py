"""Lists in which the newest comes first: alarms, work orders."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, and_, func, or_, select

from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Page


def newest(
    connection: Connection,
    table: Table,
    value: type[Any],
    conditions: Sequence[ColumnElement[bool]],
    after: str,
    limit: int,
) -> Page:
    """Return one page, by `valid_from_ms` and then id, both descending.

    Args:
        connection: From `Database.reading`.
        table: A table of records.
        value: What a row becomes.
        conditions: Which rows count.
        after: `next` of the page before, "" for the first.
        limit: Most rows.

    Raises:
        RefusedError: `after` is nobody's `next`.
    """
    where = and_(True, *conditions)
    place = _place(after) if after else None
    total = connection.execute(
        select(func.count()).select_from(table).where(where)
    ).scalar_one()
    if not total:  # finding nothing a second time takes as long as the first
        return Page(0, (), None)
    began, one = table.c.valid_from_ms, table.c.id
    query = select(table).where(where).order_by(began.desc(), one.desc()).limit(limit + 1)
    if place is not None:
        at_ms, name = place
        # The first condition alone is what an index can begin at.
        query = query.where(began <= at_ms, or_(began < at_ms, one < name))
    rows = connection.execute(query).mappings().all()
    items = tuple(value(**row) for row in rows[:limit])
    last = items[-1] if len(rows) > limit else None
    return Page(total, items, None if last is None else f"{last.valid_from_ms}:{last.id}")


def _place(after: str) -> tuple[int, str]:
    at_ms, mark, one = after.partition(":")
    if not (mark and at_ms.isascii() and at_ms.isdigit() and len(at_ms) <= 15):
        raise RefusedError(f"after: came {after[:60]!r}, allowed: `next` of an earlier page")
    return int(at_ms), one
