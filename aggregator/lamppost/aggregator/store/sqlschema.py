"""The tables of the SQLite store and the statements on them."""

import contextlib
import sqlite3
from itertools import chain

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.incident import Incident

VERSION = 4
CACHE_KIB = 32 * 1024
JOURNAL_BYTES = 64 * 1024 * 1024
EVENT_COLUMNS = tuple(name for name in Event.__dataclass_fields__ if name != "series")
INCIDENT_COLUMNS = tuple(Incident.__dataclass_fields__)

TABLES = """
CREATE TABLE IF NOT EXISTS series (
    id INTEGER PRIMARY KEY,
    "group" TEXT NOT NULL, node TEXT NOT NULL, device TEXT NOT NULL, metric TEXT NOT NULL,
    datatype INTEGER NOT NULL, unit TEXT NOT NULL, low REAL, high REAL,
    heartbeat_ms INTEGER, channel_class TEXT NOT NULL,
    UNIQUE ("group", node, device, metric)
);
CREATE TABLE IF NOT EXISTS readings (
    series INTEGER NOT NULL, time_ms INTEGER NOT NULL, value REAL, flags INTEGER NOT NULL,
    expected REAL, low REAL, high REAL, score REAL, severity REAL, p REAL,
    PRIMARY KEY (series, time_ms)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS texts (
    series INTEGER NOT NULL, time_ms INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (series, time_ms)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    id TEXT PRIMARY KEY, "group" TEXT NOT NULL, node TEXT NOT NULL, device TEXT NOT NULL,
    channel TEXT NOT NULL, event_class TEXT NOT NULL, kind TEXT NOT NULL,
    onset_ms INTEGER NOT NULL, detected_ms INTEGER NOT NULL, end_ms INTEGER,
    severity REAL NOT NULL, value REAL, expected REAL, low REAL, high REAL,
    unit TEXT NOT NULL, reason TEXT NOT NULL, incident TEXT NOT NULL DEFAULT '',
    peak_ms INTEGER, of TEXT NOT NULL DEFAULT '', count INTEGER NOT NULL DEFAULT 1,
    contributors TEXT NOT NULL DEFAULT ''
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS incidents (
    id TEXT PRIMARY KEY, "group" TEXT NOT NULL, node TEXT NOT NULL, device TEXT NOT NULL,
    incident_class TEXT NOT NULL, kind TEXT NOT NULL, opened_ms INTEGER NOT NULL,
    detected_ms INTEGER NOT NULL, closed_ms INTEGER, severity REAL NOT NULL,
    channels TEXT NOT NULL, events INTEGER NOT NULL, open_events INTEGER NOT NULL,
    notified INTEGER, reason TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS incidents_by_opening ON incidents (opened_ms);
CREATE INDEX IF NOT EXISTS events_by_onset ON events (onset_ms);
"""

_EVENT_NAMES = ", ".join(f'"{name}"' for name in EVENT_COLUMNS)
_MARKS = ", ".join("?" * len(EVENT_COLUMNS))
_WINDOW = "series = :series AND time_ms >= :from AND time_ms < :to"
# SQLite's % takes the sign of the left side; times before 1970 shall round down too.
_BUCKET = "time_ms - (time_ms % :step + :step) % :step"

INSERT_READING = """
INSERT OR REPLACE INTO readings
    (series, time_ms, flags, value, expected, low, high, score, severity, p)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
"""
INSERT_TEXT = "INSERT OR REPLACE INTO texts (series, time_ms, text) VALUES (?, ?, ?)"
INSERT_EVENT = f"INSERT OR REPLACE INTO events ({_EVENT_NAMES}) VALUES ({_MARKS})"  # noqa: S608
_INCIDENT_NAMES = ", ".join(f'"{name}"' for name in INCIDENT_COLUMNS)
_INCIDENT_MARKS = ", ".join("?" * len(INCIDENT_COLUMNS))
INSERT_INCIDENT = f"""
INSERT OR REPLACE INTO incidents ({_INCIDENT_NAMES}) VALUES ({_INCIDENT_MARKS})
"""  # noqa: S608
UPGRADES = {
    1: ("ALTER TABLE events ADD COLUMN incident TEXT NOT NULL DEFAULT ''",),
    2: ("ALTER TABLE readings ADD COLUMN p REAL",),
    3: (
        "ALTER TABLE events ADD COLUMN peak_ms INTEGER",
        "ALTER TABLE events ADD COLUMN of TEXT NOT NULL DEFAULT ''",
        "ALTER TABLE events ADD COLUMN count INTEGER NOT NULL DEFAULT 1",
        "ALTER TABLE events ADD COLUMN contributors TEXT NOT NULL DEFAULT ''",
    ),
}
"""What makes a file of a version one of the next."""
UPSERT_SERIES = """
INSERT INTO series
    ("group", node, device, metric, datatype, unit, low, high, heartbeat_ms, channel_class)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT ("group", node, device, metric) DO UPDATE SET
    datatype = excluded.datatype, unit = excluded.unit, low = excluded.low,
    high = excluded.high, heartbeat_ms = excluded.heartbeat_ms,
    channel_class = excluded.channel_class
RETURNING id
"""
SELECT_SERIES = """
SELECT id FROM series
WHERE "group" = :group AND node = :node AND device = :device AND metric = :metric
"""
SELECT_RAW = f"""
SELECT time_ms, value, expected, low, high, flags FROM readings
WHERE {_WINDOW} ORDER BY time_ms LIMIT :limit
"""  # noqa: S608
SELECT_BUCKETS = f"""
SELECT {_BUCKET} AS start, avg(value), avg(expected), avg(low), avg(high) FROM readings
WHERE {_WINDOW} GROUP BY start ORDER BY start LIMIT :limit
"""  # noqa: S608
SELECT_BUCKET_FLAGS = f"SELECT DISTINCT {_BUCKET}, flags FROM readings WHERE {_WINDOW}"  # noqa: S608
SELECT_TEXTS = f"SELECT time_ms, text FROM texts WHERE {_WINDOW} ORDER BY time_ms LIMIT :limit"  # noqa: S608
SELECT_EVENTS = f"""
SELECT {_EVENT_NAMES} FROM events WHERE onset_ms >= :from AND onset_ms < :to
ORDER BY onset_ms DESC LIMIT :limit
"""  # noqa: S608


def is_prepared(connection: sqlite3.Connection) -> bool:
    """Whether the tables are there."""
    return bool(connection.execute("PRAGMA user_version").fetchone()[0])


def prepare(connection: sqlite3.Connection) -> None:
    """Make the tables, or check that they are ours.

    Raises:
        sqlite3.DatabaseError: the file is of a later version, or not a database.
    """
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise sqlite3.DatabaseError(f"schema version {version} came, {VERSION} is known")
    connection.execute("PRAGMA journal_mode = WAL")
    # After a write the spool may drop its copy, so the rows must be on the disk by then.
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute(f"PRAGMA journal_size_limit = {JOURNAL_BYTES}")
    for statement in chain(*(UPGRADES[old] for old in range(version or VERSION, VERSION))):
        with contextlib.suppress(sqlite3.OperationalError):  # done by a run that then died
            connection.execute(statement)
    # The version is written with the tables: a reader that finds it finds them.
    connection.executescript(f"BEGIN; {TABLES} PRAGMA user_version = {VERSION}; COMMIT")
