"""Which rows are due: conditions and the alarm system each minute, days once an hour."""

import logging

from sqlalchemy.exc import SQLAlchemyError

from lamppost.register.publish import rows
from lamppost.register.publish.rows import HOUR_MS, MINUTE_MS, Row
from lamppost.register.records.store import Register

log = logging.getLogger(__name__)


class Publisher:
    """Gives the rows that are due; one thread calls it, as often as it likes.

    What was given is not given again, whether or not it could be written: conditions come again
    when they change or within the hour, days each hour, and all of it after a restart.

    Args:
        register: What is told of.
    """

    def __init__(self, register: Register) -> None:
        self._register = register
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
        self._conditions_ms, self._hour_ms = latest_ms, hour_ms
        return told
