"""CSV (RFC 4180): a table for each kind of record, for spreadsheets and scripts."""

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import asdict, fields
from typing import Any

from lamppost.register.exports.records import Records
from lamppost.register.records.reading import KINDS

FORMULA = ("=", "+", "-", "@", "\t", "\r")
GUARD = "'"


def sheet(records: Records, kind: str) -> Iterator[str]:
    """Yield a table with its header, ended records with it; a row a line.

    Text that a spreadsheet would take for a formula gets an apostrophe before it: names come
    from the field, and a name is no place for a command.
    """
    names = [field.name for field in fields(KINDS[kind].value)]
    yield _line(names)
    for record in records.every(kind, "all"):
        row = asdict(record)
        yield _line([_cell(row[name]) for name in names])


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
