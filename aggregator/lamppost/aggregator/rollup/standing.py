"""Where an alarm stands with the operators, as the register keeps it."""

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import or_, select

from lamppost.register.alarms.tables import alarm
from lamppost.register.records.database import Database

RECENT_MS = 86_400_000
MAX_STANDINGS = 10_000


@dataclass(frozen=True, slots=True)
class Standing:
    """Who knows of an incident and what they made of it.

    Attributes:
        acked: somebody has acknowledged it.
        held: it is shelved, suppressed by design or out of service.
        assigned: who has it; "" for nobody.
        false_alarm: a person found that there was nothing; None before.
        acked_after_s: from its raising to the acknowledgement; None before.
        score: what it is ranked by, 0 to 1.
    """

    acked: bool = False
    held: bool = False
    assigned: str = ""
    false_alarm: bool | None = None
    acked_after_s: float | None = None
    score: float | None = None


def standings_of(database: Database, now_ms: int) -> Mapping[str, Standing]:
    """Read the alarms that are open or were raised of late, by incident.

    Raises:
        sqlalchemy.exc.SQLAlchemyError: the database does not answer.
    """
    c = alarm.c
    told = c.id, c.acked, c.hold, c.assignee, c.verdict, c.acknowledged_ms, c.valid_from_ms
    asked = (
        select(*told, c.score)
        .where(or_(c.valid_to_ms.is_(None), c.valid_from_ms >= now_ms - RECENT_MS))
        .order_by(c.valid_from_ms.desc())
        .limit(MAX_STANDINGS)
    )
    with database.reading() as connection:
        rows = connection.execute(asked).all()
    return {
        row.id: Standing(
            bool(row.acked),
            row.hold is not None,
            row.assignee or "",
            None if row.verdict is None else row.verdict == "false",
            None
            if row.acknowledged_ms is None
            else (row.acknowledged_ms - row.valid_from_ms) / 1000,
            row.score,
        )
        for row in rows
    }
