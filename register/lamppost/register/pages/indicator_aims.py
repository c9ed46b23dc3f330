"""What indicators shall be, in words beside what they are."""

from sqlalchemy import select

from lamppost.register import words
from lamppost.register.condition.tables import target
from lamppost.register.condition.values import INDICATOR
from lamppost.register.indicators.values import Value
from lamppost.register.publish.rows import met
from lamppost.register.records.store import Register

TARGETS_MAX = 1_000
NONE = "none is set"


def aims(register: Register) -> dict[str, tuple[float, float, str]]:
    """Return baseline, goal and what they stand on, by indicator."""
    columns = (target.c.subject, target.c.baseline, target.c.goal, target.c.basis)
    of_indicators = (target.c.scope == INDICATOR) & target.c.valid_to_ms.is_(None)
    query = select(*columns).where(of_indicators).limit(TARGETS_MAX)
    with register.database.reading() as connection:
        return {row[0]: (row[1], row[2], row[3]) for row in connection.execute(query)}


def told(value: Value, aim: tuple[float, float, str] | None) -> str:
    """Return a target in words; of what is not reported nobody knows whether it is met."""
    if aim is None:
        return NONE
    baseline, goal, _ = aim
    is_met = met(value.value, baseline, goal)
    unit = words.unit(value.unit)
    reached = {None: "not known", 0: "not met", 1: "met"}[is_met]
    return f"{words.number(goal)} {unit}, {reached}".replace(" ,", ",")
