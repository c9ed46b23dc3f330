"""Commissioning: a device is handed over at an asset, with what was checked."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import or_, select

from lamppost.register.records import links
from lamppost.register.records.births import WHO as BIRTHS
from lamppost.register.records.deciding import ConflictError, text
from lamppost.register.records.refusals import RefusedError
from lamppost.register.records.tables import channel, device, link
from lamppost.register.records.writing import IDS_A_QUERY, Row, Writer

KIND = "commissioning"
HEARD_MS = 3_600_000
"""A device must have been heard this long before it is handed over, or later."""
CHANNELS_MAX = IDS_A_QUERY
SHOWN_MAX = 5


@dataclass(frozen=True, slots=True)
class Check:
    """What was seen of a channel when its device was left.

    Attributes:
        channel: Id of the channel, or the rest of it after the device's.
        reading: What it showed, in its unit.
        reference: What it should have shown; None when nothing was there to compare with.
        allowed: How far the reading may be off; None without a reference.
    """

    channel: str
    reading: float
    reference: float | None = None
    allowed: float | None = None


@dataclass(frozen=True, slots=True)
class Handover:
    """What somebody says of a device that they leave at an asset.

    Attributes:
        device: Id of the device; or of a node, for all its devices.
        asset: Id of the asset.
        role: What its channels tell of the asset.
        at_ms: When; None is now.
        channels: Which of its channels; none are all that it has now.
        checks: What was seen.
        remarks: What else is to be said.
        without_data: Why nothing has been heard of it, where that is so.
    """

    device: str
    asset: str
    role: str
    at_ms: int | None = None
    channels: Sequence[str] = ()
    checks: Sequence[Check] = ()
    remarks: str | None = None
    without_data: str | None = None


def commission(writer: Writer, said: Handover, who: str, seen_ms: Mapping[str, int]) -> str:
    """Write the record, bind the channels, note calibrations; returns the record's id.

    Args:
        writer: Of who hands it over; nothing is kept unless all of it is.
        said: What they say.
        who: Who they are.
        seen_ms: The time of the last reading of devices, where somebody sees readings.

    Raises:
        ConflictError: it was said already.
        RefusedError: there is no such device, channel or asset, nothing was heard of it, or a
            check fails.
    """
    at_ms = writer.now_ms if said.at_ms is None else said.at_ms
    if at_ms > writer.now_ms:
        raise RefusedError(f"at: came {at_ms}, allowed: up to now, {writer.now_ms}")
    links.found(writer, "asset", said.asset)
    own = _channels(writer, said.device)
    chosen = [_named(own, said.device, one) for one in dict.fromkeys(said.channels)]
    rows = chosen or list(own.values())
    if len(rows) > CHANNELS_MAX:
        raise RefusedError(f"channels: came {len(rows)}, allowed: {CHANNELS_MAX} at once")
    one = links.short_id(KIND, said.device, said.asset, said.role, at_ms, *said.channels)
    if writer.load(KIND, [one]):
        raise ConflictError(f"{KIND}: {one} says that already")
    facts: dict[str, Any] = {
        "device": said.device,
        "asset": said.asset,
        "role": said.role,
        "commissioned_by": who,
        "channels": [row["id"] for row in rows],
        "checks": _checked({row["id"]: row for row in rows}, said),
        "heard_ms": _heard_ms(writer, rows, seen_ms),
        "without_data": _told("without_data", said.without_data),
        "remarks": _told("remarks", said.remarks),
    }
    if facts["without_data"] is None and facts["heard_ms"] < at_ms - HEARD_MS:
        raise RefusedError(
            f"device: came {said.device!r}, last heard {_moment(facts['heard_ms'])}, allowed: "
            f"one heard since {_moment(at_ms - HEARD_MS)}, or a reason in without_data"
        )
    writer.create(KIND, one, facts, at_ms)
    _end_elsewhere(writer, facts["channels"], said.asset, who, at_ms)
    for row in rows:
        links.bind(writer, row["id"], said.asset, said.role, who, at_ms, one)
    for check in facts["checks"]:
        if check["reference"] is not None:
            _calibrate(writer, check["channel"], at_ms, one)
    return one


def _channels(writer: Writer, one: str) -> dict[str, Row]:
    """The channels that a device, or all devices of a node, have now."""
    whose = or_(device.c.id == one, device.c.node == one)
    born = writer.connection.execute(select(device.c.id).where(whose).limit(1)).first()
    if born is None:
        node = "/".join(one.split("/")[:2])
        near = select(device.c.id).order_by(device.c.node != node, device.c.id)
        known = writer.connection.execute(near.limit(SHOWN_MAX)).scalars().all()
        raise RefusedError(
            f"device: came {one[:80]!r}, of which no birth is known here, allowed: the id of a "
            f"device or node that was born: {', '.join(known) or 'none was yet'}"
        )
    having = select(channel).join(device, device.c.id == channel.c.device)
    running = having.where(whose, channel.c.valid_to_ms.is_(None)).order_by(channel.c.id)
    found = writer.take("channel", running)
    if not found:
        raise RefusedError(f"device: came {one!r}, allowed: one that has channels now")
    return found


def _named(own: Mapping[str, Row], of: str, name: str) -> Row:
    row = own.get(name) or own.get(f"{of}/{name}")
    if row is None:
        some = ", ".join(one.removeprefix(f"{of}/") for one in list(own)[:SHOWN_MAX])
        raise RefusedError(f"channel: came {name[:80]!r}, allowed: one of {of} now, as {some}")
    return row


def _heard_ms(writer: Writer, rows: Sequence[Row], seen_ms: Mapping[str, int]) -> int:
    """When the device that was silent longest was heard: its birth, or a later reading."""
    born = writer.load("device", (row["device"] for row in rows))
    heard = (max(row["last_birth_ms"], seen_ms.get(one, 0)) for one, row in born.items())
    latest: int = min(writer.now_ms, *heard)
    return latest


def _checked(rows: Mapping[str, Row], said: Handover) -> list[dict[str, Any]]:
    told, failed = [], []
    for check in said.checks:
        row = _named(rows, said.device, check.channel)
        trouble = _trouble(check, row)
        if trouble:
            failed.append(f"{row['id']} {trouble}")
        told.append(
            {
                "channel": row["id"],
                "unit": row["unit"],
                "reading": check.reading,
                "reference": check.reference,
                "allowed": check.allowed,
                "passed": not trouble,
            }
        )
    if failed:
        raise RefusedError(f"checks: {'; '.join(failed)}; nothing was entered")
    return told


def _trouble(check: Check, row: Row) -> str:
    """Why a check fails, with the numbers; "" when it passes."""
    given = (check.reading, check.reference or 0.0, check.allowed or 0.0)
    if not all(map(math.isfinite, given)) or given[2] < 0:
        return f"came {given}, allowed: numbers, and an allowed deviation from 0"
    if (check.reference is None) != (check.allowed is None):
        return "came one of reference and allowed deviation, allowed: both or neither"
    unit = f" {row['unit']}" if row["unit"] else ""
    low, high = row["low"], row["high"]
    if not ((low is None or low <= check.reading) and (high is None or check.reading <= high)):
        return f"came {check.reading}{unit}, allowed: its range, {low} to {high}"
    if check.reference is None or check.allowed is None:
        return ""
    # As it was written: as floats, 4.2 is off 4.1 by more than 0.1.
    off = abs(_exact(check.reading) - _exact(check.reference))
    if off <= _exact(check.allowed):
        return ""
    return (
        f"came {check.reading}{unit} where the reference is {check.reference}, off by {off}, "
        f"allowed: {check.allowed}"
    )


def _exact(value: float) -> Decimal:
    return Decimal(repr(float(value)))


def _end_elsewhere(
    writer: Writer, channels: Sequence[str], asset: str, who: str, at_ms: int
) -> None:
    running = link.c.channel.in_(channels) & link.c.valid_to_ms.is_(None)
    elsewhere = select(link).where(running, link.c.asset != asset).order_by(link.c.id)
    for one, row in writer.take("link", elsewhere).items():
        began = row["valid_from_ms"]
        if row["asserted_by"] != BIRTHS and began > at_ms:
            raise RefusedError(f"at: came {at_ms}, allowed: from {began}, when {one} began")
        links.end_link(writer, row, who, at_ms)


def _calibrate(writer: Writer, one: str, at_ms: int, certificate: str) -> None:
    """Note it, unless a later one is known; a date that is yet to come stays due."""
    row = links.found(writer, "channel", one)
    if (row["calibrated_ms"] or 0) <= at_ms:
        due_ms = row["calibration_due_ms"] or 0
        links.calibrate(writer, one, at_ms, due_ms if due_ms > at_ms else None, certificate)


def _told(name: str, value: str | None) -> str | None:
    return None if value is None else text(name, value)


def _moment(time_ms: int) -> str:
    return datetime.fromtimestamp(time_ms / 1_000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
