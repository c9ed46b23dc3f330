"""How the alarm system itself does, after ISA-18.2 and EEMUA 191.

What counts: at most one alarm in ten minutes an operator; more than ten in ten minutes is a
flood; three of the same in a minute chatter; what stands longer than a day is standing.
"""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, select

from lamppost.register.alarms.tables import alarm
from lamppost.register.records.links import RefusedError
from lamppost.register.work.tables import work_order

MINUTE_MS = 60_000
WINDOW_MS = 10 * MINUTE_MS
FLOOD = 10
CHATTER = 3
STANDING_MS = 24 * 60 * MINUTE_MS
PERIOD_MS = 7 * 24 * 60 * MINUTE_MS
PERIOD_MAX_MS = 92 * 24 * 60 * MINUTE_MS
CHATTERING_MAX = 20


@dataclass(frozen=True, slots=True)
class Period:
    """`from_ms <= time < to_ms`."""

    from_ms: int
    to_ms: int

    def within(self, column: ColumnElement[int]) -> ColumnElement[bool]:
        """Return the condition that a time lies in it."""
        return and_(column >= self.from_ms, column < self.to_ms)


@dataclass(frozen=True, slots=True)
class Chattering:
    """A source that comes and goes.

    Attributes:
        source: GROUP/NODE or GROUP/NODE/DEVICE.
        kind: What comes and goes.
        bursts: Minutes in which it came three times or more.
        most: Most times in one minute.
    """

    source: str
    kind: str
    bursts: int
    most: int


@dataclass(frozen=True, slots=True)
class Kpis:
    """How the alarm system did in a period.

    Attributes:
        from_ms: Begin of the period.
        to_ms: Its end.
        operators: Operators the alarms were shared by.
        raised: Alarms raised.
        per_operator_10min: Mean alarms in ten minutes an operator.
        peak_operator_10min: Most alarms in ten minutes an operator.
        floods: Ten-minute windows with more than ten alarms an operator.
        flood_share: Share of the period's windows that were floods, 0 to 1.
        open: Alarms that are not normal, at the time of asking.
        standing: Those of them that were raised more than a day before the period's end.
        chattering: Sources that came three times in a minute or more, most bursts first.
        false_share: False alarms among the judged ones; None while nobody has judged.
        mean_to_acknowledge_s: Mean from raised to acknowledged; None without any.
        mean_to_repair_s: Mean from alarm to the work order done; None without any.
        states: Open alarms by state.
    """

    from_ms: int
    to_ms: int
    operators: int
    raised: int
    per_operator_10min: float
    peak_operator_10min: float
    floods: int
    flood_share: float
    open: int
    standing: int
    chattering: tuple[Chattering, ...]
    false_share: float | None
    mean_to_acknowledge_s: float | None
    mean_to_repair_s: float | None
    states: dict[str, int]


def period(from_ms: int | None, to_ms: int | None, now_ms: int) -> Period:
    """Return the period that was asked for, the last week by default.

    Raises:
        RefusedError: it is empty or too long.
    """
    end_ms = now_ms if to_ms is None else to_ms
    begin_ms = max(end_ms - PERIOD_MS, 0) if from_ms is None else from_ms
    if not 0 < end_ms - begin_ms <= PERIOD_MAX_MS:
        raise RefusedError(
            f"from_ms, to_ms: came {begin_ms} to {end_ms}, allowed: a period of up to 92 days"
        )
    return Period(begin_ms, end_ms)


def measure(connection: Connection, asked: Period, operators: int = 1) -> Kpis:
    """Return the figures of a period.

    Args:
        connection: From `Database.reading`.
        asked: The period.
        operators: How many people share the alarms.
    """
    counts = _windows(connection, asked)
    windows = max((asked.to_ms - asked.from_ms) / WINDOW_MS, 1.0)
    floods = sum(count > FLOOD * operators for count in counts)
    states = _states(connection)
    return Kpis(
        from_ms=asked.from_ms,
        to_ms=asked.to_ms,
        operators=operators,
        raised=sum(counts),
        per_operator_10min=sum(counts) / windows / operators,
        peak_operator_10min=max(counts, default=0) / operators,
        floods=floods,
        flood_share=min(floods / windows, 1.0),
        open=sum(states.values()),
        standing=_standing(connection, asked.to_ms),
        chattering=_chattering(connection, asked),
        false_share=_false_share(connection, asked),
        mean_to_acknowledge_s=_acknowledged_s(connection, asked),
        mean_to_repair_s=_repaired_s(connection, asked),
        states=states,
    )


def _windows(connection: Connection, asked: Period) -> list[int]:
    window = alarm.c.valid_from_ms // WINDOW_MS
    counted = select(func.count()).where(asked.within(alarm.c.valid_from_ms)).group_by(window)
    return list(connection.execute(counted).scalars())


def _states(connection: Connection) -> dict[str, int]:
    counted = (
        select(alarm.c.state, func.count())
        .where(alarm.c.valid_to_ms.is_(None))
        .group_by(alarm.c.state)
    )
    return {state: int(count) for state, count in connection.execute(counted)}


def _standing(connection: Connection, to_ms: int) -> int:
    counted = select(func.count()).where(
        alarm.c.valid_to_ms.is_(None), alarm.c.valid_from_ms < to_ms - STANDING_MS
    )
    return int(connection.execute(counted).scalar_one())


def _chattering(connection: Connection, asked: Period) -> tuple[Chattering, ...]:
    minute = alarm.c.valid_from_ms // MINUTE_MS
    bursts = (
        select(alarm.c.source, alarm.c.kind, func.count().label("times"))
        .where(asked.within(alarm.c.valid_from_ms))
        .group_by(alarm.c.source, alarm.c.kind, minute)
        .having(func.count() >= CHATTER)
        .subquery()
    )
    worst = (
        select(bursts.c.source, bursts.c.kind, func.count(), func.max(bursts.c.times))
        .group_by(bursts.c.source, bursts.c.kind)
        .order_by(func.count().desc(), bursts.c.source)
        .limit(CHATTERING_MAX)
    )
    return tuple(Chattering(*row) for row in connection.execute(worst))


def _false_share(connection: Connection, asked: Period) -> float | None:
    verdict = func.coalesce(alarm.c.verdict, "")  # as in `feedback`: by time, not by verdict
    counted = (
        select(verdict, func.count())
        .where(asked.within(alarm.c.valid_from_ms), verdict != "")
        .group_by(verdict)
    )
    told = {verdict: int(count) for verdict, count in connection.execute(counted)}
    judged = sum(told.values())
    return told.get("false", 0) / judged if judged else None


def _acknowledged_s(connection: Connection, asked: Period) -> float | None:
    waited = func.avg(alarm.c.acknowledged_ms - alarm.c.valid_from_ms)
    asking = select(waited).where(
        asked.within(alarm.c.valid_from_ms), alarm.c.acknowledged_ms.is_not(None)
    )
    return _seconds(connection.execute(asking).scalar_one())


def _repaired_s(connection: Connection, asked: Period) -> float | None:
    took = func.avg(work_order.c.done_ms - alarm.c.valid_from_ms)
    asking = (
        select(took)
        .select_from(work_order.join(alarm, work_order.c.alarm == alarm.c.id))
        .where(asked.within(alarm.c.valid_from_ms), work_order.c.done_ms.is_not(None))
    )
    return _seconds(connection.execute(asking).scalar_one())


def _seconds(mean_ms: Any) -> float | None:  # noqa: ANN401 - float or Decimal, by the database
    return None if mean_ms is None else float(mean_ms) / 1_000
