"""When an alarm that nobody acknowledges is passed on, and to whom."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import Connection, select

from lamppost.register.alarms.priority import WORDS
from lamppost.register.alarms.tables import escalation
from lamppost.register.alarms.values import UNACKNOWLEDGED, Alarm
from lamppost.register.records.deciding import text
from lamppost.register.records.links import RefusedError
from lamppost.register.records.writing import Writer

KIND = "escalation"
MINUTE_MS = 60_000
MINUTES_MAX = 7 * 24 * 60
LEVELS_MAX = 3
NAME_CHARS_MAX = 100


@dataclass(frozen=True, slots=True)
class Policy:
    """How long an alarm may wait before each level, by its priority.

    Attributes:
        after_ms: Priority (1 to 4) to the time of one level; a priority that is not there is
            never passed on.
        levels: Levels there are.
        tell: Who is told at each level, by priority; "" or nothing where nobody is named.
    """

    after_ms: Mapping[int, int]
    levels: int = LEVELS_MAX
    tell: Mapping[int, Sequence[str]] = field(default_factory=dict)

    def whom(self, priority: int, level: int) -> str:
        """Return who is told at a level, from 1 on; "" when nobody is named."""
        named = self.tell.get(priority, ())
        return named[level - 1] if 0 < level <= len(named) else ""


POLICY = Policy({1: 10 * MINUTE_MS, 2: 30 * MINUTE_MS, 3: 240 * MINUTE_MS})
"""What holds until somebody decides otherwise."""


def due(alarm: Alarm, now_ms: int, policy: Policy = POLICY) -> int:
    """Return the level an alarm stands at now; it never goes down while it waits."""
    step_ms = policy.after_ms.get(alarm.priority)
    if step_ms is None or alarm.state != UNACKNOWLEDGED:
        return alarm.escalation
    waited_ms = now_ms - alarm.valid_from_ms
    return max(alarm.escalation, min(waited_ms // step_ms, policy.levels))


def next_ms(alarm: Alarm, policy: Policy) -> int | None:
    """Return when an alarm is passed on next, UTC ms; None when it is not."""
    step_ms = policy.after_ms.get(alarm.priority)
    is_waiting = alarm.state == UNACKNOWLEDGED and alarm.escalation < policy.levels
    if step_ms is None or not is_waiting:
        return None
    return alarm.valid_from_ms + (alarm.escalation + 1) * step_ms


def held(connection: Connection) -> Policy:
    """Return what holds now: what people decided, and of the rest what is built in."""
    after_ms, tell = dict(POLICY.after_ms), dict[int, Sequence[str]]()
    rows = connection.execute(select(escalation).where(escalation.c.valid_to_ms.is_(None)))
    for row in rows:
        after_ms.pop(row.priority, None)
        if row.after_ms is not None:
            after_ms[row.priority] = row.after_ms
        tell[row.priority] = tuple(row.tell)
    return Policy(after_ms, POLICY.levels, tell)


def told(policy: Policy) -> list[dict[str, object]]:
    """Return a policy as the API tells it: minutes and names of each priority."""
    steps = {one: policy.after_ms.get(one) for one in sorted(WORDS)}
    return [
        {
            "priority": one,
            "minutes": None if step_ms is None else step_ms // MINUTE_MS,
            "tell": list(policy.tell.get(one, ())),
        }
        for one, step_ms in steps.items()
    ]


def decide(writer: Writer, priority: int, minutes: int | None, tell: Sequence[str]) -> bool:
    """Say when alarms of a priority are passed on, and to whom; False when it was so before.

    Args:
        writer: Works in the name of who decides.
        priority: 1 to 4.
        minutes: Of each level; None is never.
        tell: A name for each level, from the first; "" for nobody.

    Raises:
        RefusedError: there is no such priority, or minutes or a name are none.
    """
    if priority not in WORDS:
        raise RefusedError(f"priority: came {priority}, allowed: 1 to {len(WORDS)}")
    if minutes is not None and not 0 < minutes <= MINUTES_MAX:
        raise RefusedError(f"minutes: came {minutes}, allowed: 1 to {MINUTES_MAX}, or nothing")
    names = [text("tell", one, NAME_CHARS_MAX) if one.strip() else "" for one in tell]
    facts = {
        "priority": priority,
        "after_ms": None if minutes is None else minutes * MINUTE_MS,
        "tell": names[:LEVELS_MAX],
    }
    one = f"priority-{priority}"
    row = writer.load(KIND, [one]).get(one)
    if row is None:
        writer.create(KIND, one, facts, writer.now_ms)
        return True
    return writer.change(KIND, row, facts)
