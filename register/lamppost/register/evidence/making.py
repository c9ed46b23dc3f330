"""Makes a pack from a register."""

import json
import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from lamppost.register.condition.tables import target
from lamppost.register.condition.values import INDICATOR
from lamppost.register.evidence.pack import Around, Calibration, members, zipped
from lamppost.register.indicators import desk, records
from lamppost.register.indicators.computing import Inputs, compute
from lamppost.register.indicators.signing import signatures
from lamppost.register.indicators.values import Definition, Period, Value
from lamppost.register.records.store import Register
from lamppost.register.records.tables import audit, channel

IDS_A_QUERY = 500


def make(
    register: Register,
    definition: Definition,
    period: Period,
    facts: Mapping[str, float],
    out: Path,
    who: str,
) -> Value:
    """Write the pack of an indicator in a period; whole, or not at all.

    Value and pack become records: the trail has the SHA-256 of what was handed out.

    Raises:
        OSError: it cannot be written.
    """
    with register.database.reading() as connection:
        found = desk.found(connection, definition, period, register.now_ms())
    value = compute(definition, period.name, facts, found)
    with register.changing(who) as writer:
        records.keep(writer, value, period)
    with register.database.reading() as connection:
        around = Around(
            _calibrations(connection, found),
            signatures(connection, value),
            _target(connection, definition),
            _told(connection, value),
        )
    body = zipped(members(definition, value, facts, found, around))
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        part.write_bytes(body)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    with register.changing(who) as writer:
        records.note_pack(writer, value, sha256(body).hexdigest(), len(body), who)
    return value


def _calibrations(connection: Connection, found: Inputs) -> list[Calibration]:
    ids = sorted({one for asset in found for one in asset.channels})
    columns = (
        channel.c.id,
        channel.c.calibrated_ms,
        channel.c.calibration_due_ms,
        channel.c.certificate,
    )
    rows: list[Calibration] = []
    for start in range(0, len(ids), IDS_A_QUERY):
        some = channel.c.id.in_(ids[start : start + IDS_A_QUERY])
        asked = select(*columns).where(some).order_by(channel.c.id)
        rows += [(row[0], row[1], row[2], row[3]) for row in connection.execute(asked)]
    return rows


def _target(connection: Connection, definition: Definition) -> dict[str, Any] | None:
    """What the indicator was and shall be, as people have decided it."""
    columns = (target.c.baseline, target.c.goal, target.c.unit, target.c.basis)
    asked = select(*columns).where(
        target.c.scope == INDICATOR,
        target.c.subject == definition.id,
        target.c.valid_to_ms.is_(None),
    )
    row = connection.execute(asked).mappings().first()
    return None if row is None else dict(row)


def _told(connection: Connection, value: Value) -> list[dict[str, Any]]:
    """What was told of this period, and who has restated it when; the oldest first."""
    asked = (
        select(audit.c.seq, audit.c.time_ms, audit.c.who, audit.c.what, audit.c.after)
        .where(audit.c.kind == records.VALUE)
        .where(audit.c.record == f"{value.indicator}@{value.period}")
        .order_by(audit.c.seq)
    )
    found = []
    for row in connection.execute(asked).mappings():
        after = json.loads(row["after"])
        was = {name: after[name] for name in ("value", "status", "lineage")}
        found.append({name: row[name] for name in ("seq", "time_ms", "who", "what")} | was)
    return found
