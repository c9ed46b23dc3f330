"""Makes a pack from a register."""

import os
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

from sqlalchemy import Connection, select

from lamppost.register.evidence.pack import Calibration, members, zipped
from lamppost.register.indicators import desk, records
from lamppost.register.indicators.computing import Inputs, compute
from lamppost.register.indicators.values import Definition, Period, Value
from lamppost.register.records.store import Register
from lamppost.register.records.tables import channel

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
        calibrations = _calibrations(connection, found)
    value = compute(definition, period.name, facts, found)
    body = zipped(members(definition, value, facts, found, calibrations))
    part = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        part.write_bytes(body)
        part.replace(out)
    finally:
        part.unlink(missing_ok=True)
    with register.changing(who) as writer:
        records.keep(writer, value, period)
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
