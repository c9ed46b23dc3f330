"""The store that needs no server: one SQLite file beside the spool.

One connection writes, another reads, so a chart never waits for a batch (WAL).
"""

import json
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.nodes.series import SeriesInfo, SeriesKey
from lamppost.aggregator.store.deadletter import now_ms
from lamppost.aggregator.store.retention import Retention, RetentionRule
from lamppost.aggregator.store.seam import (
    MAX_READ_EVENTS,
    MAX_READ_ROWS,
    SeriesColumns,
    StoreBatch,
    StoreRefused,
    StoreUnreachable,
    check_window,
)
from lamppost.aggregator.store.sqlschema import (
    EVENT_COLUMNS,
    INCIDENT_COLUMNS,
    INSERT_EVENT,
    INSERT_INCIDENT,
    INSERT_READING,
    INSERT_TEXT,
    SELECT_BUCKET_FLAGS,
    SELECT_BUCKETS,
    SELECT_EVENTS,
    SELECT_RAW,
    SELECT_SERIES,
    SELECT_TEXTS,
    UPSERT_SERIES,
    is_prepared,
    prepare,
)

BUSY_TIMEOUT_S = 10.0
NUMBERS = ("value", "expected", "low", "high", "score", "severity", "p")


class SqliteStore:
    """Readings and events in one file, which is opened (and made) when it is first needed.

    Args:
        path: the file; its directory is created.
        rule: how much is kept.
        clock_ms: UTC milliseconds.
    """

    def __init__(
        self, path: Path, rule: RetentionRule, clock_ms: Callable[[], int] = now_ms
    ) -> None:
        self._path = path
        self._retention = Retention(rule, clock_ms)
        self._ids: dict[int, tuple[SeriesInfo, int]] = {}
        self._writing: sqlite3.Connection | None = None
        self._reading: sqlite3.Connection | None = None
        self._read_lock = threading.Lock()

    def write(self, batch: StoreBatch) -> None:
        """Keep a batch, durably; see `Store.write`."""
        with _as_store_errors(self._path):
            if self._writing is None:
                self._writing = self._open()
            with _transaction(self._writing) as connection:
                try:
                    self._insert(connection, batch)
                except BaseException:
                    self._ids.clear()  # some of them are rolled back
                    raise
            self._retention.written(self._writing, len(batch) + len(batch.texts))

    def _insert(self, connection: sqlite3.Connection, batch: StoreBatch) -> None:
        ids = {index: self._id(connection, info) for index, info in batch.series.items()}
        connection.executemany(INSERT_READING, _reading_rows(batch, ids))
        texts = ((ids[row.series], row.time_ms, row.text) for row in batch.texts)
        connection.executemany(INSERT_TEXT, texts)
        connection.executemany(INSERT_EVENT, map(_event_row, batch.events))
        connection.executemany(INSERT_INCIDENT, map(_incident_row, batch.incidents))

    def _id(self, connection: sqlite3.Connection, info: SeriesInfo) -> int:
        """Return the file's own number of a series; a new spool would number them anew."""
        known = self._ids.get(info.index)
        if known is not None and known[0] == info:
            return known[1]
        facts = (info.unit, info.low, info.high, info.heartbeat_ms, info.channel_class)
        row = (*info.key, int(info.datatype), *facts)
        ((number,),) = connection.execute(UPSERT_SERIES, row).fetchall()
        self._ids[info.index] = info, number
        return int(number)

    def read(self, series: SeriesKey, from_ms: int, to_ms: int, step_ms: int) -> SeriesColumns:
        """Return the readings of a window; see `Store.read`."""
        check_window(from_ms, to_ms, step_ms)
        with self._reader() as ask:
            found = ask(SELECT_SERIES, {**series._asdict()})
            window: dict[str, Any] = {
                "from": from_ms,
                "to": to_ms,
                "step": step_ms,
                "limit": MAX_READ_ROWS + 1,
            }
            window["series"] = found[0][0] if found else -1
            texts = ask(SELECT_TEXTS, window)
            if not step_ms:
                rows = ask(SELECT_RAW, window)
                return _columns(rows, {row[0]: row[5] for row in rows}, texts)
            flags: dict[int, int] = {}
            for start, bits in ask(SELECT_BUCKET_FLAGS, window):
                flags[start] = flags.get(start, 0) | bits
            return _columns(ask(SELECT_BUCKETS, window), flags, texts)

    def events(self, from_ms: int, to_ms: int) -> tuple[Event, ...]:
        """Return the events of a window; see `Store.events`."""
        with self._reader() as ask:
            window = {"from": from_ms, "to": to_ms, "limit": MAX_READ_EVENTS}
            return tuple(
                Event.from_json(dict(zip(EVENT_COLUMNS, row, strict=True)))
                for row in ask(SELECT_EVENTS, window)
            )

    def close(self) -> None:
        """Close the file."""
        with self._read_lock:
            for connection in (self._reading, self._writing):
                if connection is not None:
                    connection.close()
            self._reading = self._writing = None

    def _open(self) -> sqlite3.Connection:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(
            self._path, BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False
        )
        try:
            prepare(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    @contextmanager
    def _reader(self) -> Iterator[Callable[[str, Mapping[str, Any]], list[Any]]]:
        """Give a function that runs one SELECT; before the first write, nothing is found."""
        with self._read_lock, _as_store_errors(self._path):
            if self._reading is None and self._path.exists():
                self._reading = self._open_reading()
            reading = self._reading

            def ask(statement: str, values: Mapping[str, Any]) -> list[Any]:
                if reading is None:
                    return []
                return reading.execute(statement, values).fetchall()

            yield ask

    def _open_reading(self) -> sqlite3.Connection | None:
        uri = f"{self._path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(
            uri, BUSY_TIMEOUT_S, isolation_level=None, check_same_thread=False, uri=True
        )
        try:
            if is_prepared(connection):
                return connection
        except sqlite3.Error:
            connection.close()
            raise
        connection.close()  # the first write is just making the tables
        return None


@contextmanager
def _transaction(connection: sqlite3.Connection) -> Iterator[sqlite3.Connection]:
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield connection
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise


@contextmanager
def _as_store_errors(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as problem:  # full, busy, I/O: may pass
        raise StoreUnreachable(f"{path}: {problem}") from problem
    except sqlite3.DatabaseError as problem:  # not a database, damaged: will not pass by itself
        raise StoreRefused(
            f"{path}: {problem}; move the file away to begin a new one"
        ) from problem
    except OSError as problem:
        raise StoreUnreachable(str(problem)) from problem


def _reading_rows(batch: StoreBatch, ids: Mapping[int, int]) -> Iterator[tuple[Any, ...]]:
    """Return the rows in order of the primary key, which keeps the insertion local.

    The sort is stable: of two readings of one series and time the later one still wins.
    """
    unique, place = np.unique(batch.index, return_inverse=True)
    numbers = np.array([ids[index] for index in unique.tolist()], np.int64)[place]
    order = np.lexsort((batch.time_ms, numbers))
    columns: list[NDArray[Any]] = [numbers, batch.time_ms, batch.flags]
    columns += [_finite(getattr(batch, name)) for name in NUMBERS]
    return zip(*(column[order].tolist() for column in columns), strict=True)


def _finite(column: NDArray[Any]) -> NDArray[Any]:
    """SQLite binds NaN as NULL; an infinite value is no value either."""
    return np.where(np.isfinite(column), column, np.nan)


def _event_row(event: Event) -> tuple[Any, ...]:
    facts = {name: getattr(event, name) for name in EVENT_COLUMNS}
    return tuple((facts | {"contributors": json.dumps(event.contributors)}).values())


def _incident_row(incident: Incident) -> tuple[Any, ...]:
    facts = {name: getattr(incident, name) for name in INCIDENT_COLUMNS}
    return tuple((facts | {"channels": json.dumps(incident.channels)}).values())


def _columns(rows: list[Any], flags: Mapping[int, int], texts: list[Any]) -> SeriesColumns:
    kept = rows[:MAX_READ_ROWS]
    table = np.array([row[1:5] for row in kept], np.float64).reshape(len(kept), 4)  # None: NaN
    times = [row[0] for row in kept]
    return SeriesColumns(
        time_ms=np.array(times, np.int64),
        value=table[:, 0],
        expected=table[:, 1],
        low=table[:, 2],
        high=table[:, 3],
        flags=np.array([flags[time] for time in times], np.uint32),
        texts=tuple((time, text) for time, text in texts[:MAX_READ_ROWS]),
        truncated=max(len(rows), len(texts)) > MAX_READ_ROWS,
    )
