"""What to do next: one list over alarms, work, capacity, condition, gaps and calibrations.

Everything is ranked by the same multiplication: severity x criticality / 5 x confidence. What
severity means for each kind is said in `SEVERITIES`, and told with the line.
"""

from collections.abc import Iterator
from heapq import nlargest

from sqlalchemy import ColumnElement, Connection, Table, func, select, true

from lamppost.register.alarms.priority import ranked
from lamppost.register.alarms.tables import alarm
from lamppost.register.alarms.values import HOLDS
from lamppost.register.condition.coverage import important_gaps
from lamppost.register.condition.tables import asset_condition, forecast
from lamppost.register.condition.values import Next
from lamppost.register.days.day import DAY_MS
from lamppost.register.records.tables import asset, channel, link
from lamppost.register.work.tables import work_order

EACH_MAX = 200
YEAR_DAYS = 365
GAP_SEVERITY = 0.2
CALIBRATION_SEVERITY = 0.3
BAD_GRADE = 4

SEVERITIES = {
    "alarm": "as the detector has it",
    "overdue_work": "of the order, up to half more once a week late",
    "capacity": "1 today, 0 in a year; as sure as the forecast's back-test was",
    "condition": "(grade - 1) / 4, of the grades 4 and 5",
    "gap": f"{GAP_SEVERITY} each",
    "calibration": f"{CALIBRATION_SEVERITY} each",
}
"""By kind of line: what its severity is, for a person."""


def what_next(
    connection: Connection, now_ms: int, limit: int, district: str | None = None
) -> tuple[Next, ...]:
    """Return what to do next, the most pressing first.

    Args:
        connection: From `Database.reading`.
        now_ms: The time.
        limit: Most lines.
        district: Of this one only; None for all.
    """
    lines = (
        line
        for part in (
            _alarms(connection, district),
            _overdue(connection, now_ms, district),
            _running_out(connection, now_ms, district),
            _bad(connection, district),
            _gaps(connection, district),
            _calibrations(connection, now_ms, district),
        )
        for line in part
    )
    return tuple(nlargest(limit, lines, key=lambda one: (one.score, one.subject)))


def _line(
    kind: str,
    subject: str,
    asset_id: str | None,
    what: str,
    severity: float,
    criticality: int | None,
    confidence: float,
) -> Next:
    rank = ranked(severity, criticality, confidence)
    return Next(kind, subject, asset_id, what, rank.score, rank.arithmetic)


def _alarms(connection: Connection, district: str | None) -> Iterator[Next]:
    """Open alarms that nobody has work for; severity as the detector has it."""
    working = select(work_order.c.alarm).where(
        work_order.c.alarm == alarm.c.id, work_order.c.valid_to_ms.is_(None)
    )
    asked = (
        select(alarm)
        .where(alarm.c.valid_to_ms.is_(None), alarm.c.state.not_in(HOLDS), ~working.exists())
        .where(_in(alarm, district))
        .order_by(alarm.c.score.desc(), alarm.c.id)
        .limit(EACH_MAX)
    )
    for row in connection.execute(asked):
        yield _line(
            "alarm", row.id, row.asset, f"{row.state}: {row.reason}",
            row.severity, row.criticality, row.confidence,
        )  # fmt: skip


def _overdue(connection: Connection, now_ms: int, district: str | None) -> Iterator[Next]:
    """Work that is late; its own severity, and half as much more once a week late."""
    asked = (
        select(work_order)
        .where(work_order.c.valid_to_ms.is_(None), work_order.c.done_ms.is_(None))
        .where(work_order.c.due_ms < now_ms, _in(work_order, district))
        .order_by(work_order.c.score.desc(), work_order.c.id)
        .limit(EACH_MAX)
    )
    for row in connection.execute(asked):
        late_days = (now_ms - row.due_ms) / DAY_MS
        severity = min(row.severity * (1 + min(late_days / 14, 0.5)), 1.0)
        yield _line(
            "overdue_work", row.id, row.asset, f"late by {late_days:.1f} days: {row.title}",
            severity, row.criticality, row.confidence,
        )  # fmt: skip


def _running_out(connection: Connection, now_ms: int, district: str | None) -> Iterator[Next]:
    """Headroom that ends within a year; 1 today, 0 in a year; as sure as the back-test was."""
    asked = (
        select(forecast, asset.c.criticality)
        .join(asset, asset.c.id == forecast.c.asset)
        .where(forecast.c.runs_out_ms < now_ms + YEAR_DAYS * DAY_MS, _in(asset, district))
        .order_by(forecast.c.runs_out_ms, forecast.c.asset)
        .limit(EACH_MAX)
    )
    for row in connection.execute(asked):
        days = max((row.runs_out_ms - now_ms) / DAY_MS, 0.0)
        what = f"headroom runs out in {days:.0f} days (assumption from {row.days} days)"
        yield _line(
            "capacity", row.asset, row.asset, what,
            1 - days / YEAR_DAYS, row.criticality, row.back_test["inside"],
        )  # fmt: skip


def _bad(connection: Connection, district: str | None) -> Iterator[Next]:
    """Assets in grade 4 or 5; severity (grade - 1) / 4."""
    asked = (
        select(asset_condition, asset.c.criticality)
        .join(asset, asset.c.id == asset_condition.c.asset)
        .where(asset_condition.c.grade >= BAD_GRADE, asset.c.valid_to_ms.is_(None))
        .where(_in(asset, district))
        .order_by(
            asset.c.criticality.desc().nulls_last(),
            asset_condition.c.grade.desc(),
            asset_condition.c.asset,
        )
        .limit(EACH_MAX)
    )
    for row in connection.execute(asked):
        what = f"condition {row.grade} of 5 ({row.status}): {row.reason}"
        yield _line(
            "condition", row.asset, row.asset, what,
            (row.grade - 1) / 4, row.criticality, row.confidence,
        )  # fmt: skip


def _gaps(connection: Connection, district: str | None) -> Iterator[Next]:
    """Measurands that are required and missing; severity 0.2 each."""
    for gap in important_gaps(connection, EACH_MAX, district=district):
        what = f"{gap.measurand} is not measured: {gap.why}"
        yield _line("gap", gap.asset, gap.asset, what, GAP_SEVERITY, gap.criticality, 1.0)


def _calibrations(connection: Connection, now_ms: int, district: str | None) -> Iterator[Next]:
    """Channels whose calibration is overdue; severity 0.3."""
    asked = (
        select(channel.c.id, channel.c.calibration_due_ms, asset.c.criticality, link.c.asset)
        .join(link, link.c.channel == channel.c.id)
        .join(asset, asset.c.id == link.c.asset)
        .where(channel.c.calibration_due_ms < now_ms, channel.c.valid_to_ms.is_(None))
        .where(link.c.valid_to_ms.is_(None), _in(asset, district))
        .order_by(channel.c.calibration_due_ms, channel.c.id)
        .limit(EACH_MAX)
    )
    for row in connection.execute(asked):
        days = (now_ms - row.calibration_due_ms) / DAY_MS
        yield _line(
            "calibration", row.id, row.asset, f"calibration is overdue by {days:.0f} days",
            CALIBRATION_SEVERITY, row.criticality, 1.0,
        )  # fmt: skip


def _in(table: Table, district: str | None) -> ColumnElement[bool]:
    """Rows of one district, or of all.

    Few rows are open and many are of the district: SQLite, which cannot know, would begin with
    the district where that is a column with an index, and read them all.
    """
    return true() if district is None else func.coalesce(table.c.district, "") == district
