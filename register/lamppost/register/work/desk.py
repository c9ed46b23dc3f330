"""What is done to work orders: opened from alarms, worked on, closed, verified."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, func, select

from lamppost.register.alarms.priority import ranked
from lamppost.register.alarms.tables import alarm
from lamppost.register.live import History
from lamppost.register.records.deciding import (
    ConflictError,
    change,
    check_version,
    known,
    text,
)
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.records.tables import link
from lamppost.register.records.writing import Row, Writer
from lamppost.register.work import verifying
from lamppost.register.work.tables import work_order
from lamppost.register.work.values import DONE, DUE_MS, ENDED, TABLE, Deed
from lamppost.register.work.verifying import Verification

KIND = "work_order"
TITLE_CHARS_MAX = 200
CHANNELS_MAX = 8
VERIFIED_A_ROUND = 20


class Past(Protocol):
    """Where readings are asked for; see `LiveView.history`."""

    def history(
        self,
        group: str,
        node: str,
        device: str,
        metric: str,
        from_ms: int,
        to_ms: int,
        step_ms: int,
    ) -> History:
        """Return one channel over time."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an order shall be.

    Attributes:
        alarm: Id of the alarm it is about, or None.
        asset: Id of the asset, needed without an alarm.
        title: Needed without an alarm; else the alarm's reason.
        severity: How bad it is, 0 to 1; of the alarm where there is one.
        assignee: Who shall do it.
        due_ms: Until when; by the priority where nobody says.
    """

    alarm: str | None = None
    asset: str | None = None
    title: str | None = None
    severity: float | None = None
    assignee: str | None = None
    due_ms: int | None = None


def open_order(writer: Writer, wanted: Wanted, who: str) -> str:
    """Open an order, or return the one that is under way for the same alarm.

    Raises:
        RefusedError: there is no such alarm or asset, or something is missing.
    """
    told: Row = {} if wanted.alarm is None else known(writer, "alarm", wanted.alarm)
    running = _running(writer, wanted.alarm)
    if running is not None:
        return running
    one = wanted.asset or told.get("asset")
    thing: Row = {} if one is None else known(writer, "asset", one)
    title = wanted.title or told.get("reason")
    severity = told.get("severity", wanted.severity)
    if title is None or severity is None or not (told or thing):
        raise RefusedError("came neither alarm nor asset with title and severity")
    rank = ranked(severity, thing.get("criticality"), told.get("confidence", 1.0))
    now_ms = writer.now_ms
    facts: dict[str, Any] = {
        **{column.name: None for column in work_order.columns if column.nullable},
        "version": 1,
        "title": text("title", title.partition("\n")[0][:TITLE_CHARS_MAX]),
        "asset": one,
        "alarm": wanted.alarm,
        "district": thing.get("district"),
        "state": "open",
        "severity": severity,
        "criticality": thing.get("criticality"),
        "confidence": told.get("confidence", 1.0),
        "score": rank.score,
        "priority": rank.priority,
        "arithmetic": rank.arithmetic,
        "opened_by": who,
        "assignee": wanted.assignee,
        "due_ms": wanted.due_ms or now_ms + DUE_MS[rank.priority],
        "reopened": 0,
    }
    facts.pop("valid_to_ms")
    new = _next_id(writer)
    writer.create(KIND, new, facts, now_ms)
    return new


def act(
    writer: Writer,
    one: str,
    deed: Deed,
    facts: Mapping[str, Any] | None = None,
    version: int | None = None,
) -> bool:
    """Do what a person decided; returns False when it was so already.

    Args:
        writer: Where to write.
        one: Id of the order.
        deed: What is done.
        facts: Columns that go with it.
        version: The version it was decided on.

    Raises:
        RefusedError: there is no such order.
        ConflictError: the order has changed since `version`, or the deed has no meaning now.
    """
    row = known(writer, KIND, one)
    allowed = TABLE[row["state"]]
    if deed not in allowed:
        told = ", ".join(sorted(allowed)) or "nothing"
        raise ConflictError(f"{deed}: the order is {row['state']}, allowed: {told}")
    to = allowed[deed]
    after = {**(facts or {}), "state": to, **_times(row, deed, writer.now_ms)}
    if all(row[name] == value for name, value in after.items()):
        return False
    check_version(row, version, row["state"])
    after["valid_to_ms"] = writer.now_ms if to in ENDED else None
    return change(writer, KIND, row, after, deed)


def assign(writer: Writer, one: str, assignee: str | None, version: int | None = None) -> bool:
    """Give an order to somebody, or to nobody.

    Raises:
        RefusedError: there is no such order.
        ConflictError: the order has changed since `version`, or has ended.
    """
    row = known(writer, KIND, one)
    if row["state"] in ENDED:
        raise ConflictError(f"assign: the order is {row['state']}, allowed: reopen")
    if row["assignee"] == assignee:
        return False
    check_version(row, version, row["state"])
    return change(writer, KIND, row, {"assignee": assignee}, "assign")


def verify(register: Register, one: str, past: Past, who: str) -> Verification:
    """Look at the readings after the work; the order is verified or reopened by them.

    The readings are asked for before the database is locked for writing.

    Raises:
        RefusedError: there is no such order.
        ConflictError: it is not done, or was changed meanwhile.
        OSError: the readings cannot be had now.
    """
    now_ms = register.now_ms()
    with register.database.reading() as connection:
        reader = Writer(connection, who, now_ms)
        before = dict(known(reader, KIND, one))
        if before["state"] != DONE:
            raise ConflictError(f"verify: the order is {before['state']}, allowed: done")
        source, channels = _watched(reader, before)
    end_ms = min(now_ms, before["done_ms"] + verifying.WINDOW_MS)
    flags = {name: _flags(past, name, before["done_ms"], end_ms) for name in channels}
    with register.changing(who) as writer:
        active = _is_active(writer, before, source)
        found = verifying.verify(flags, before["done_ms"], now_ms, is_active=active)
        _conclude(writer, one, found, before["version"])
    return found


def _conclude(writer: Writer, one: str, found: Verification, version: int) -> None:
    facts = {"verification": asdict(found)}
    if found.outcome == "passed":
        act(writer, one, "verify", facts, version)
    elif found.outcome == "failed":
        act(writer, one, "reopen", facts, version)
    elif found.outcome == "unproven":
        row = known(writer, KIND, one)
        check_version(row, version, row["state"])
        change(writer, KIND, row, facts, "unproven")


def due(connection: Connection, now_ms: int) -> list[str]:
    """Return orders whose hour after the work is over and that nothing was found of yet."""
    waiting = (
        select(work_order.c.id)
        .where(work_order.c.state == DONE, work_order.c.verification.is_(None))
        .where(work_order.c.done_ms <= now_ms - verifying.WINDOW_MS)
        .order_by(work_order.c.done_ms)
        .limit(VERIFIED_A_ROUND)
    )
    return list(connection.execute(waiting).scalars())


def _times(row: Row, deed: Deed, now_ms: int) -> dict[str, Any]:
    if deed == "start":
        return {"started_ms": row["started_ms"] or now_ms}
    if deed == "finish":
        return {
            "started_ms": row["started_ms"] or now_ms,
            "done_ms": now_ms,
            "verification": None,
        }
    if deed == "verify":
        return {"verified_ms": now_ms}
    if deed == "reopen":
        return {"done_ms": None, "verified_ms": None, "reopened": row["reopened"] + 1}
    return {}


def _running(writer: Writer, alarm_id: str | None) -> str | None:
    if alarm_id is None:
        return None
    for one, row in writer.waiting(KIND).items():
        if row["alarm"] == alarm_id and row["valid_to_ms"] is None:
            return one
    running = select(work_order.c.id).where(
        work_order.c.alarm == alarm_id, work_order.c.valid_to_ms.is_(None)
    )
    return writer.connection.execute(running).scalars().first()


def _next_id(writer: Writer) -> str:
    """The numbers go up by one; one writer works at a time, so none is given twice."""
    last = writer.connection.execute(select(func.max(work_order.c.id))).scalar_one()
    last = max((*writer.waiting(KIND), last or "wo-0"))
    return f"wo-{int(last.removeprefix('wo-')) + 1:08d}"


def _watched(writer: Writer, row: Row) -> tuple[str | None, list[str]]:
    """The source of the order's alarm with its channels, else what is linked to the asset."""
    if row["alarm"] is not None:
        told = known(writer, "alarm", row["alarm"])
        names = told["channels"][:CHANNELS_MAX]
        source = told["source"]
        place = source if source.count("/") > 1 else f"{source}/"
        return source, [f"{place}/{name}" for name in names]
    linked = (
        select(link.c.channel)
        .where(link.c.asset == row["asset"], link.c.valid_to_ms.is_(None))
        .order_by(link.c.channel)
        .limit(CHANNELS_MAX)
    )
    return None, list(writer.connection.execute(linked).scalars())


def _flags(past: Past, channel: str, from_ms: int, to_ms: int) -> list[tuple[str, ...]]:
    group, node, device, metric = channel.split("/", 3)
    try:
        told = past.history(group, node, device, metric, from_ms, to_ms, verifying.STEP_MS)
    except LookupError:
        return []
    return list(told.flags)


def _is_active(writer: Writer, row: Row, source: str | None) -> bool:
    about = alarm.c.source == source if source else alarm.c.asset == row["asset"]
    counted = select(func.count()).where(about, alarm.c.active, alarm.c.valid_to_ms.is_(None))
    return bool(writer.connection.execute(counted).scalar_one())
