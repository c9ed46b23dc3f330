"""The buffer's SQLite file: its tables, how it is opened, and what happens to a broken one."""

import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import Final

FILE_NAME: Final = "buffer.db"
FORMAT: Final = 1
PAGE_BYTES: Final = 4096
CACHE_KIB: Final = 2048
BUSY_S: Final = 5.0
MAX_WAL_PAGES: Final = 256
MIN_WAL_PAGES: Final = 16

DDL: Final = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS alias (
    alias INTEGER PRIMARY KEY AUTOINCREMENT, device TEXT NOT NULL, metric TEXT NOT NULL,
    datatype INTEGER NOT NULL, UNIQUE (device, metric));
CREATE TABLE IF NOT EXISTS ledger (
    day INTEGER PRIMARY KEY, taken INTEGER NOT NULL, evicted INTEGER NOT NULL,
    pending INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS batch (
    number INTEGER PRIMARY KEY AUTOINCREMENT, stored_ms INTEGER NOT NULL,
    device TEXT NOT NULL, priority INTEGER NOT NULL, day INTEGER NOT NULL,
    first_ms INTEGER NOT NULL, last_ms INTEGER NOT NULL,
    count INTEGER NOT NULL, crc INTEGER NOT NULL, blob BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS batch_class ON batch (priority, number);
"""

_CORRUPT: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_FULL: Final = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
    }
)


@dataclass(frozen=True, slots=True)
class Opened:
    """An open buffer file; `moved` is where a broken predecessor lies, if there was one."""

    connection: sqlite3.Connection
    moved: Path | None = None
    reason: str = ""


class FormatError(Exception):
    """The file was written by another release; it is left as it is."""


def open_file(path: Path, max_bytes: int, now_ms: int) -> Opened:
    """Open the buffer file, or make it; a broken one is moved aside and a new one begun.

    Raises:
        FormatError: the file is sound but of an unknown format.
        sqlite3.Error: the folder cannot be written to, or the disk is full.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        return Opened(_open_sound(path, max_bytes, now_ms))
    except sqlite3.DatabaseError as error:
        if not is_corrupt(error):
            raise
        reason = str(error)
    moved = set_aside(path, now_ms)
    return Opened(_open_sound(path, max_bytes, now_ms), moved, reason)


def is_corrupt(error: sqlite3.Error) -> bool:
    """Whether the file itself is broken (and no retry will help)."""
    return _primary(error) in _CORRUPT


def is_disk_full(error: sqlite3.Error) -> bool:
    """Whether the disk does not take writes: full, failing, or mounted read-only."""
    return _primary(error) in _FULL


def set_aside(path: Path, now_ms: int) -> Path:
    """Rename a broken file and its WAL; only the latest such file is kept.

    Returns:
        Where the file lies now.
    """
    for old in path.parent.glob(f"{path.name}.broken-*"):
        old.unlink(missing_ok=True)
    moved = path.with_name(f"{path.name}.broken-{now_ms}")
    path.rename(moved)
    for suffix in ("-wal", "-shm"):
        beside = path.with_name(path.name + suffix)
        if beside.exists():
            beside.rename(path.with_name(f"{moved.name}{suffix}"))
    return moved


def wal_pages(max_bytes: int) -> int:
    """After how many pages the WAL is folded back: small for small buffers."""
    return max(MIN_WAL_PAGES, min(MAX_WAL_PAGES, max_bytes // 8 // PAGE_BYTES))


def connect(path: Path, max_bytes: int) -> sqlite3.Connection:
    """A connection in WAL mode that syncs every commit; used by one thread at a time."""
    connection = sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False
    )
    try:
        _configure(connection, max_bytes)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _configure(connection: sqlite3.Connection, max_bytes: int) -> None:
    pages = wal_pages(max_bytes)
    connection.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    connection.execute(f"PRAGMA wal_autocheckpoint = {pages}")
    connection.execute(f"PRAGMA journal_size_limit = {pages * PAGE_BYTES}")
    connection.execute("PRAGMA temp_store = MEMORY")


def _open_sound(path: Path, max_bytes: int, now_ms: int) -> sqlite3.Connection:
    connection = connect(path, max_bytes)
    try:
        _check(connection)
        _create(connection, now_ms)
    except (sqlite3.Error, FormatError):
        connection.close()
        raise
    return connection


def _check(connection: sqlite3.Connection) -> None:
    found = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if found != "ok":
        error = sqlite3.DatabaseError(found)
        error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT
        raise error


def _create(connection: sqlite3.Connection, now_ms: int) -> None:
    connection.execute("BEGIN IMMEDIATE")
    try:
        for statement in DDL.split(";"):
            connection.execute(statement)
        fresh: list[tuple[str, float]] = [
            ("format", FORMAT),
            ("epoch", now_ms),
            ("bdseq", -1),
            ("sent", 0),
        ]
        fresh += [("acked", 0), ("rate", 0.0)]
        connection.executemany("INSERT OR IGNORE INTO meta VALUES (?, ?)", fresh)
        connection.execute("COMMIT")
    except sqlite3.Error:
        if connection.in_transaction:
            connection.execute("ROLLBACK")
        raise
    row = connection.execute("SELECT value FROM meta WHERE key = 'format'").fetchone()
    if row[0] != FORMAT:
        raise FormatError(f"buffer file: came format {row[0]!r}, allowed: {FORMAT}")


def _primary(error: sqlite3.Error) -> int:
    code: int = getattr(error, "sqlite_errorcode", 0) or 0
    return code & 0xFF
