"""What people found of alarms, told to whoever looks after the detectors."""

from dataclasses import dataclass

from sqlalchemy import Connection, case, func, select

from lamppost.register.alarms.kpis import Period
from lamppost.register.alarms.priority import confidence
from lamppost.register.alarms.tables import alarm

WORST_MAX = 20


@dataclass(frozen=True, slots=True)
class DetectorLine:
    """Alarms of one class and kind in a period.

    Attributes:
        alarm_class: Class of the alarms.
        kind: Their kind.
        raised: How many there were.
        true: How many people found true.
        false: How many people found false.
        precision: true / (true + false); None while nobody has judged.
        confidence: What the kind counts in priorities, by these verdicts alone.
    """

    alarm_class: str
    kind: str
    raised: int
    true: int
    false: int
    precision: float | None
    confidence: float


@dataclass(frozen=True, slots=True)
class FalseSource:
    """A source whose alarms people found false.

    Attributes:
        source: GROUP/NODE or GROUP/NODE/DEVICE.
        kind: The kind of those alarms.
        false: How many.
    """

    source: str
    kind: str
    false: int


@dataclass(frozen=True, slots=True)
class DetectorReport:
    """The report on the detectors.

    Attributes:
        from_ms: Begin of the period.
        to_ms: Its end.
        judged: Share of the alarms that people have judged, 0 to 1; None without alarms.
        kinds: One line a class and kind, most false alarms first.
        worst: Sources with most false alarms, at most `WORST_MAX`.
    """

    from_ms: int
    to_ms: int
    judged: float | None
    kinds: tuple[DetectorLine, ...]
    worst: tuple[FalseSource, ...]


def report(connection: Connection, period: Period) -> DetectorReport:
    """Return what people found of the alarms raised in a period."""
    true = func.sum(case((alarm.c.verdict == "true", 1), else_=0))
    false = func.sum(case((alarm.c.verdict == "false", 1), else_=0))
    within = period.within(alarm.c.valid_from_ms)
    # Grouping and comparing by expressions leaves SQLite only the index on time, which a period
    # of two years' alarms needs; by columns it walks all alarms in the order of the groups.
    alarm_class, kind = func.coalesce(alarm.c.alarm_class, ""), func.coalesce(alarm.c.kind, "")
    rows = connection.execute(
        select(alarm_class, kind, func.count(), true, false)
        .where(within)
        .group_by(alarm_class, kind)
    )
    lines = sorted((_line(*row) for row in rows), key=lambda one: (-one.false, one.kind))
    raised = sum(one.raised for one in lines)
    judged = sum(one.true + one.false for one in lines)
    source = func.coalesce(alarm.c.source, "")
    worst = connection.execute(
        select(source, kind, func.count())
        .where(within, func.coalesce(alarm.c.verdict, "") == "false")
        .group_by(source, kind)
        .order_by(func.count().desc(), source)
        .limit(WORST_MAX)
    )
    return DetectorReport(
        period.from_ms,
        period.to_ms,
        judged / raised if raised else None,
        tuple(lines),
        tuple(FalseSource(*row) for row in worst),
    )


def _line(alarm_class: str, kind: str, raised: int, true: int, false: int) -> DetectorLine:
    judged = true + false
    precision = true / judged if judged else None
    return DetectorLine(
        alarm_class, kind, raised, true, false, precision, confidence(true, false)
    )
