"""What is done to alarms: incidents raise and end them, people answer, time goes on.

Every function works on a `Writer`, so a change and its audit entry are kept together or not.
"""

from collections.abc import Sequence
from dataclasses import fields
from typing import Any

from sqlalchemy import Connection, func, or_, select

from lamppost.register.alarms import states
from lamppost.register.alarms.escalation import Policy, due, held
from lamppost.register.alarms.priority import confidence, ranked
from lamppost.register.alarms.states import Deed, NotNowError, Standing
from lamppost.register.alarms.tables import alarm
from lamppost.register.alarms.values import (
    NORMAL,
    SHELVED,
    SUPPRESSED,
    UNACKNOWLEDGED,
    VERDICTS,
    Alarm,
)
from lamppost.register.live import IncidentView, Snapshot
from lamppost.register.records.deciding import ConflictError, change, check_version, known, text
from lamppost.register.records.links import RefusedError
from lamppost.register.records.tables import asset, link
from lamppost.register.records.writing import IDS_A_QUERY, Row, Writer

KIND = "alarm"
WHO = "incidents"
CLOCK = "clock"
ESCALATED_MAX = 1_000
GRACE_MS = 10_000
CHANNELS_MAX = 64

STANDING = tuple(field.name for field in fields(Standing))


def observe(writer: Writer, incidents: Sequence[IncidentView]) -> int:
    """Raise, follow and end alarms by incidents; returns how many alarms changed state."""
    rows = writer.load(KIND, [one.id for one in incidents])
    trust = verdicts(writer.connection)
    changed = 0
    for incident in incidents:
        row = rows.get(incident.id)
        if row is None:
            row = rows[incident.id] = _raised(writer, incident)
            changed += 1
        changed += _condition(writer, row, incident)
        true, false = trust.get((incident.incident_class, incident.kind), (0, 0))
        _follow(writer, row, incident, confidence(true, false))
    return changed


def act(
    writer: Writer,
    one: str,
    deed: Deed,
    who: str,
    *,
    version: int | None = None,
    reason: str | None = None,
    until_ms: int | None = None,
) -> bool:
    """Do what a person decided; returns False when it was so already.

    Who acknowledges an alarm that a colleague has acknowledged a moment ago succeeds: both
    wanted the same. Everything else is refused on an older version.

    Raises:
        RefusedError: there is no such alarm, or something is missing.
        ConflictError: the alarm has changed since `version`, or the deed has no meaning now.
    """
    row = known(writer, KIND, one)
    before = standing(row)
    try:
        to = states.after(before, deed, writer.now_ms, who, reason=reason, until_ms=until_ms)
    except NotNowError as error:
        raise ConflictError(str(error)) from error
    except ValueError as error:
        raise RefusedError(str(error)) from error
    if to == before:
        return False
    check_version(row, version, row["state"])
    return _stand(writer, row, to, deed)


def assign(writer: Writer, one: str, assignee: str | None, version: int | None = None) -> bool:
    """Give an alarm to somebody, or to nobody.

    Raises:
        RefusedError: there is no such alarm.
        ConflictError: the alarm has changed since `version`.
    """
    row = known(writer, KIND, one)
    if row["assignee"] == assignee:
        return False
    check_version(row, version, row["state"])
    return change(writer, KIND, row, {"assignee": assignee}, "assign")


def judge(writer: Writer, one: str, verdict: str, who: str, note: str | None) -> bool:
    """Note whether an alarm was true, for the report on the detectors.

    Raises:
        RefusedError: there is no such alarm or verdict.
    """
    if verdict not in VERDICTS:
        raise RefusedError(f"verdict: came {verdict!r}, allowed: {', '.join(VERDICTS)}")
    row = known(writer, KIND, one)
    facts = {
        "verdict": verdict,
        "verdict_by": who,
        "verdict_note": None if note is None else text("note", note),
    }
    return change(writer, KIND, row, facts, "judge")


def tick(writer: Writer) -> int:
    """Let time pass: shelves end, what waits too long is passed on; returns the changes."""
    now_ms, policy = writer.now_ms, held(writer.connection)
    ended = select(alarm).where(alarm.c.state == SHELVED, alarm.c.hold_until_ms <= now_ms)
    changed = 0
    for row in writer.take(KIND, ended).values():
        to = states.after(standing(row), "expire", now_ms, CLOCK)
        changed += _stand(writer, row, to, "expire")
    if not policy.after_ms:
        return changed
    waiting = (
        select(alarm)
        .where(alarm.c.state == UNACKNOWLEDGED, alarm.c.escalation < policy.levels)
        .where(or_(*_overdue(now_ms, policy)))
        .order_by(alarm.c.valid_from_ms)
        .limit(ESCALATED_MAX)
    )
    for row in writer.take(KIND, waiting).values():
        level = due(Alarm(**row), now_ms, policy)
        if level > row["escalation"]:
            facts = {"escalation": level, "escalated_ms": now_ms}
            changed += change(writer, KIND, row, facts, "escalate")
    return changed


def reconcile(writer: Writer, snapshot: Snapshot) -> int:
    """Follow what the live view shows: incidents that are over, sources in maintenance.

    A node that the view does not know says nothing about its alarms. What was changed a moment
    ago may be younger than the view.
    """
    nodes = {source_of(one.group, one.name, "") for one in snapshot.nodes}
    is_open = {one.id for one in snapshot.incidents if one.closed_ms is None}
    places = [source_of(one.group, one.node, one.device) for one in snapshot.maintenance]
    rows = writer.take(KIND, select(alarm).where(alarm.c.valid_to_ms.is_(None)))
    changed = 0
    for row in rows.values():
        known_here = "/".join(row["source"].split("/")[:2]) in nodes
        is_old = row["updated_ms"] < snapshot.time_ms - GRACE_MS
        if row["active"] and known_here and is_old and row["id"] not in is_open:
            changed += _fast(writer, row, "return")
        is_there = any(f"{row['source']}/".startswith(f"{place}/") for place in places)
        changed += _maintain(writer, row, is_there=is_there)
    return changed


def verdicts(connection: Connection) -> dict[tuple[str, str], tuple[int, int]]:
    """Return how many alarms of each class and kind people found true, and false."""
    counted = (
        select(alarm.c.alarm_class, alarm.c.kind, alarm.c.verdict, func.count())
        .where(alarm.c.verdict.is_not(None))
        .group_by(alarm.c.alarm_class, alarm.c.kind, alarm.c.verdict)
    )
    told: dict[tuple[str, str], tuple[int, int]] = {}
    for alarm_class, kind, verdict, count in connection.execute(counted):
        true, false = told.get((alarm_class, kind), (0, 0))
        more = (true + count, false) if verdict == "true" else (true, false + count)
        told[alarm_class, kind] = more
    return told


def standing(row: Row) -> Standing:
    """Return the part of an alarm that deeds change."""
    return Standing(**{name: row[name] for name in STANDING})


def source_of(group: str, node: str, device: str) -> str:
    """Return the name of a place: GROUP/NODE or GROUP/NODE/DEVICE."""
    return "/".join(part for part in (group, node, device) if part)


def _raised(writer: Writer, incident: IncidentView) -> Row:
    place = _asset_of(writer, incident)
    rank = ranked(incident.severity, place.get("criticality"), confidence(0, 0))
    facts: dict[str, Any] = {
        **{column.name: None for column in alarm.columns if column.nullable},
        "version": 1,
        "source": source_of(incident.group, incident.node, incident.device),
        "asset": place.get("id"),
        "asset_class": place.get("asset_class"),
        "district": place.get("district"),
        "alarm_class": incident.incident_class,
        "kind": incident.kind,
        "state": UNACKNOWLEDGED,
        "active": True,
        "acked": False,
        "escalation": 0,
        "severity": incident.severity,
        "criticality": place.get("criticality"),
        "confidence": confidence(0, 0),
        "score": rank.score,
        "priority": rank.priority,
        "reason": incident.reason,
        "channels": list(incident.channels[:CHANNELS_MAX]),
    }
    facts.pop("valid_to_ms")
    return writer.create(KIND, incident.id, facts, incident.opened_ms)


def _condition(writer: Writer, row: Row, incident: IncidentView) -> bool:
    deed: Deed = "raise" if incident.closed_ms is None else "return"
    at_ms = incident.opened_ms if incident.closed_ms is None else incident.closed_ms
    return _fast(writer, row, deed, at_ms)


def _fast(writer: Writer, row: Row, deed: Deed, at_ms: int | None = None) -> bool:
    before = standing(row)
    when_ms = writer.now_ms if at_ms is None else at_ms
    to = states.after(before, deed, when_ms, WHO)
    return to != before and _stand(writer, row, to, deed)


def _maintain(writer: Writer, row: Row, *, is_there: bool) -> bool:
    before = standing(row)
    if is_there and before.hold is None and before.state != NORMAL:
        to = states.after(before, "suppress", writer.now_ms, WHO, reason="maintenance")
        return _stand(writer, row, to, "suppress")
    if not is_there and before.hold == SUPPRESSED and before.hold_by == WHO:
        to = states.after(before, "unsuppress", writer.now_ms, WHO)
        return _stand(writer, row, to, "unsuppress")
    return False


def _stand(writer: Writer, row: Row, to: Standing, deed: str) -> bool:
    facts: dict[str, Any] = {name: getattr(to, name) for name in STANDING}
    ended = to.state == NORMAL
    facts["valid_to_ms"] = (row["valid_to_ms"] or writer.now_ms) if ended else None
    return change(writer, KIND, row, facts, deed)


def _follow(writer: Writer, row: Row, incident: IncidentView, trust: float) -> None:
    """What the incident has become; the version stays, since nobody decided anything."""
    rank = ranked(incident.severity, row["criticality"], trust)
    facts = {
        "alarm_class": incident.incident_class,
        "kind": incident.kind,
        "severity": incident.severity,
        "confidence": trust,
        "score": rank.score,
        "priority": rank.priority,
        "reason": incident.reason,
        "channels": list(incident.channels[:CHANNELS_MAX]),
    }
    writer.change(KIND, row, facts, "follow")


def _asset_of(writer: Writer, incident: IncidentView) -> Row:
    """The asset that the incident's most telling linked channel tells of."""
    place = f"{incident.group}/{incident.node}/{incident.device}"
    channels = [f"{place}/{name}" for name in incident.channels[:IDS_A_QUERY]]
    linked = (
        select(asset, link.c.channel.label("by"))
        .join(link, link.c.asset == asset.c.id)
        .where(link.c.channel.in_(channels), link.c.valid_to_ms.is_(None))
    )
    rows = [dict(row) for row in writer.connection.execute(linked).mappings()]
    rows.sort(key=lambda row: (channels.index(row["by"]), row["id"]))
    return rows[0] if rows else {}


def _overdue(now_ms: int, policy: Policy) -> list[Any]:
    return [
        (alarm.c.priority == priority)
        & (alarm.c.valid_from_ms + (alarm.c.escalation + 1) * step_ms <= now_ms)
        for priority, step_ms in policy.after_ms.items()
    ]
