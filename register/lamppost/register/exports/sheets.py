"""CSV (RFC 4180): a table for each kind of record, for spreadsheets and scripts."""

import csv
import io
import json
from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import Table, literal, select

from lamppost.register.alarms.tables import alarm
from lamppost.register.condition.tables import asset_condition, forecast, requirement, target
from lamppost.register.exports.records import Records
from lamppost.register.indicators.tables import (
    evidence_pack,
    indicator_signoff,
    indicator_value,
)
from lamppost.register.records.reading import KINDS
from lamppost.register.resources.tables import flow, resource
from lamppost.register.work.tables import work_order

TABLES: Mapping[str, Table] = {
    **{name: kind.table for name, kind in KINDS.items()},
    "conditions": asset_condition,
    "forecasts": forecast,
    "alarms": alarm,
    "work-orders": work_order,
    "requirements": requirement,
    "targets": target,
    "resources": resource,
    "flows": flow,
    "indicator-values": indicator_value,
    "evidence-packs": evidence_pack,
    "indicator-signoffs": indicator_signoff,
}
"""What is written, by the name of its file; accounts and the audit trail are not."""

ASSUMED = frozenset(("forecasts",))
"""Tables of what is presumed: each row says so."""

ROWS_AT_ONCE = 1_000
FORMULA = ("=", "+", "-", "@", "\t", "\r")
GUARD = "'"


def sheet(records: Records, name: str) -> Iterator[str]:
    """Yield a table with its header, ended records with it; a row a line.

    Text that a spreadsheet would take for a formula gets an apostrophe before it: names come
    from the field, and a name is no place for a command.

    Args:
        records: The register.
        name: A key of `TABLES`.
    """
    table = TABLES[name]
    asked = select(*table.c).order_by(*table.primary_key)
    if name in ASSUMED:
        asked = asked.add_columns(literal("assumption").label("kind"))
    rows = records.connection.execute(asked, execution_options={"yield_per": ROWS_AT_ONCE})
    yield _line(list(rows.keys()))
    for row in rows:
        yield _line([_cell(value) for value in row])


def _line(cells: list[Any]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _cell(value: object) -> object:
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str) and value.startswith(FORMULA):
        return GUARD + value
    return value
