"""Which rows are due: each minute conditions, the alarm system and quality, the rest hourly."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from lamppost.register.days.devices import DeviceGrades
from lamppost.register.publish import quality, rows
from lamppost.register.publish.quality import Mark
from lamppost.register.publish.rows import HOUR_MS, MINUTE_MS, Row
from lamppost.register.records.store import Register

TOLD_AGAIN_MS = 2 * 86_400_000
"""After a restart, days that were kept so lately are told once more."""

log = logging.getLogger(__name__)


class Publisher:
    """Gives the rows that are due; one thread calls it, as often as it likes.

    What was given is not given again, whether or not it could be written: conditions come again
    when they change or within the hour, days each hour, and all of it after a restart.

    Args:
        register: What is told of.
        grades: Grades of devices, when somebody follows the live view.
    """

    def __init__(self, register: Register, grades: DeviceGrades | None = None) -> None:
        self._register = register
        self._grades = grades
        self._days: Mark | None = None
        self._values_ms = -1
        self._minute_ms = -1
        self._hour_ms = -1
        self._conditions_ms = -1

    def due(self, now_ms: int) -> tuple[Row, ...]:
        """Return what is due; nothing while the register's database is away."""
        minute_ms = now_ms // MINUTE_MS
        if minute_ms == self._minute_ms:
            return ()
        self._minute_ms = minute_ms
        try:
            return tuple(self._rows(now_ms))
        except SQLAlchemyError as error:
            log.info("the register does not answer; nothing is published: %s", error)
            return ()

    def _rows(self, now_ms: int) -> list[Row]:
        hour_ms = now_ms // HOUR_MS
        with self._register.database.reading() as connection:
            told = list(rows.conditions(connection, self._conditions_ms))
            latest_ms = max((row.time_ms for row in told), default=self._conditions_ms)
            told.append(rows.alarm_system(connection, now_ms))
            if hour_ms != self._hour_ms:
                told += rows.capacity(connection, now_ms)
                told += rows.resource_use(connection, now_ms)
            if self._grades is not None:
                told += quality.devices(connection, self._grades.take())
            after = self._days or (now_ms - TOLD_AGAIN_MS, "", 0)
            days, mark = quality.streams(connection, after)
            told += days
            values, values_ms = rows.indicators(connection, self._values_ms)
            told += values
        self._conditions_ms, self._hour_ms = latest_ms, hour_ms
        self._days, self._values_ms = mark, values_ms
        return told
