"""How much the SQLite store keeps: the oldest rows go, by age and by number."""

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass

DAY_MS = 86_400_000
MINUTE_MS = 60_000
CLEAN_EVERY_MS = 3_600_000
# Counting reads the whole table, so it is done once in this share of the bound, and frees as
# much beyond the bound.
SLACK = 20
SERIES_PER_COMMIT = 200


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """What is kept.

    Attributes:
        days: readings, texts, ended events and incidents older than this go.
        max_rows: of more readings than this, the oldest go; a row takes about 80 bytes.
    """

    days: float = 30.0
    max_rows: int = 20_000_000


class Retention:
    """Deletes what a rule no longer keeps, between writes."""

    def __init__(self, rule: RetentionRule, clock_ms: Callable[[], int]) -> None:
        self._rule = rule
        self._clock_ms = clock_ms
        self._next_ms = 0
        self._rows_until_count = max(1, rule.max_rows // SLACK)

    def written(self, connection: sqlite3.Connection, rows: int) -> None:
        """Note that rows were written, and clean up when it is time."""
        now = self._clock_ms()
        self._rows_until_count -= rows
        cut = None
        if now >= self._next_ms:
            cut = now - round(self._rule.days * DAY_MS)
        if self._rows_until_count <= 0:
            cut = max(self._cut_by_rows(connection), cut or 0)
        if cut is not None:
            self._delete(connection, cut)
        # Only after success: what failed is due again.
        if now >= self._next_ms:
            self._next_ms = now + CLEAN_EVERY_MS
        if self._rows_until_count <= 0:
            self._rows_until_count = max(1, self._rule.max_rows // SLACK)

    def _cut_by_rows(self, connection: sqlite3.Connection) -> int:
        """Return the time before which enough rows lie to be below the bound again."""
        minutes = connection.execute(
            "SELECT time_ms / ? AS m, count(*) FROM readings GROUP BY m ORDER BY m",
            (MINUTE_MS,),
        ).fetchall()
        excess = sum(count for _, count in minutes) - self._rule.max_rows
        if excess <= 0:
            return 0
        excess += self._rule.max_rows // SLACK
        while excess > 0:
            minute, count = minutes.pop(0)
            excess -= count
        return int((minute + 1) * MINUTE_MS)

    def _delete(self, connection: sqlite3.Connection, cut_ms: int) -> None:
        """Delete by primary key, series by series, so no index on time is needed."""
        ids = [number for (number,) in connection.execute("SELECT id FROM series")]
        for start in range(0, len(ids), SERIES_PER_COMMIT):
            some = [(number, cut_ms) for number in ids[start : start + SERIES_PER_COMMIT]]
            with connection:
                connection.execute("BEGIN IMMEDIATE")
                for table in ("readings", "texts"):
                    connection.executemany(
                        f"DELETE FROM {table} WHERE series = ? AND time_ms < ?",  # noqa: S608
                        some,
                    )
        connection.execute(
            "DELETE FROM events WHERE onset_ms < ? AND end_ms IS NOT NULL", (cut_ms,)
        )
        connection.execute(
            "DELETE FROM incidents WHERE opened_ms < ? AND closed_ms IS NOT NULL", (cut_ms,)
        )
