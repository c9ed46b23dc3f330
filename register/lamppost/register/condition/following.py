"""Keeps conditions, days of load and forecasts true while the aggregator runs."""

import logging

from lamppost.register.condition import desk
from lamppost.register.condition.load import DAY_MS, MINUTE_MS, Day, day_of
from lamppost.register.condition.use import METERS
from lamppost.register.live import LiveView, Snapshot
from lamppost.register.records.store import Register

CONDITIONS_EVERY_MS = 60_000
DAYS_A_LOOK = 4
REST_MS = 3_600_000
"""When every channel's day is kept, or the store is away, so long nobody asks again."""

EMPTY = Day(0, 0, None, None, None, None, None)

log = logging.getLogger(__name__)


class ConditionFollower:
    """Follows the live view; called now and then, on one thread.

    Conditions are found anew each minute. Yesterday's minutes of a few channels are read from
    the store at each call, so a large city is spread over the day.
    """

    def __init__(self) -> None:
        self._next_conditions_ms = 0
        self._next_days_ms = 0

    def __call__(self, register: Register, live: LiveView, snapshot: Snapshot) -> None:
        """Do what is due."""
        now_ms = register.now_ms()
        if now_ms >= self._next_conditions_ms:
            self._next_conditions_ms = now_ms + CONDITIONS_EVERY_MS
            with register.database.reading() as connection:
                told = desk.conditions(connection, snapshot, now_ms)
            with register.database.writing() as connection:
                desk.keep_conditions(connection, told, now_ms)
        if now_ms >= self._next_days_ms and not self._days(register, live, now_ms):
            self._next_days_ms = min(now_ms + REST_MS, (now_ms // DAY_MS + 1) * DAY_MS)

    def _days(self, register: Register, live: LiveView, now_ms: int) -> bool:
        """Keep some channels' yesterday; returns False when there is nothing to do."""
        day_ms = now_ms // DAY_MS * DAY_MS - DAY_MS
        with register.database.reading() as connection:
            wanting = desk.wanting_days(connection, METERS, day_ms, DAYS_A_LOOK)
        for one, unit in wanting:
            try:
                day = read_day(live, one, day_ms)
            except OSError as error:
                log.info("the day of %s cannot be read now: %s", one, error)
                return False
            with register.database.writing() as connection:
                desk.keep_day(connection, one, unit, day_ms, day)
                desk.keep_forecasts(connection, one, now_ms)
        return bool(wanting)


def read_day(live: LiveView, one: str, day_ms: int) -> Day:
    """Return a day of a channel from the store; an empty one when nobody knows it.

    Raises:
        OSError: the store does not answer.
    """
    group, node, device, metric = one.split("/", 3)
    try:
        history = live.history(group, node, device, metric, day_ms, day_ms + DAY_MS, MINUTE_MS)
    except LookupError:
        return EMPTY
    return day_of(history)
