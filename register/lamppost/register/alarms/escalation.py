"""When an alarm that nobody acknowledges is passed on."""

from collections.abc import Mapping
from dataclasses import dataclass

from lamppost.register.alarms.values import UNACKNOWLEDGED, Alarm

MINUTE_MS = 60_000
LEVELS_MAX = 3


@dataclass(frozen=True, slots=True)
class Policy:
    """How long an alarm may wait before each level, by its priority.

    Attributes:
        after_ms: Priority (1 to 4) to the time of one level; a priority that is not there is
            never passed on.
        levels: Levels there are.
    """

    after_ms: Mapping[int, int]
    levels: int = LEVELS_MAX


POLICY = Policy({1: 10 * MINUTE_MS, 2: 30 * MINUTE_MS, 3: 240 * MINUTE_MS})


def due(alarm: Alarm, now_ms: int, policy: Policy = POLICY) -> int:
    """Return the level an alarm stands at now; it never goes down while it waits."""
    step_ms = policy.after_ms.get(alarm.priority)
    if step_ms is None or alarm.state != UNACKNOWLEDGED:
        return alarm.escalation
    waited_ms = now_ms - alarm.valid_from_ms
    return max(alarm.escalation, min(waited_ms // step_ms, policy.levels))
