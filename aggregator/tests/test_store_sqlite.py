"""The SQLite store's own promises: bounds, durability settings, readers, and trouble."""

import dataclasses
import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import pytest

from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.spool.frames import TextRow
from lamppost.aggregator.store.retention import CLEAN_EVERY_MS, DAY_MS, RetentionRule
from lamppost.aggregator.store.seam import StoreBatch, StoreRefused, StoreUnreachable
from lamppost.aggregator.store.sqlite import SqliteStore
from lamppost.aggregator.store.sqlschema import TABLES
from parts.batches import T0, batch, event, random_batch, series

END = T0 + 10**12


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_ms = T0

    def __call__(self) -> int:
        """Tell the time."""
        return self.now_ms


@pytest.fixture
def clock() -> Clock:
    """A clock at T0."""
    return Clock()


NEW_COLUMNS = """, incident TEXT NOT NULL DEFAULT '',
    peak_ms INTEGER, of TEXT NOT NULL DEFAULT '', count INTEGER NOT NULL DEFAULT 1,
    contributors TEXT NOT NULL DEFAULT ''"""
"""Of the table of events, in the order in which they came."""


def store_of(path: Path, clock: Clock, **rule: float) -> SqliteStore:
    """A store with a rule."""
    return SqliteStore(path, RetentionRule(**rule), clock)  # type: ignore[arg-type]


def count(path: Path, table: str) -> int:
    """Rows of a table, asked for on a connection of our own."""
    with closing(sqlite3.connect(path)) as connection:
        (number,) = connection.execute(f"SELECT count(*) FROM {table}").fetchone()  # noqa: S608
        return int(number)


def test_a_committed_batch_is_synced(tmp_path: Path, clock: Clock) -> None:
    """The spool drops what the store took, so the file is in WAL mode and fully synchronous."""
    with closing(store_of(tmp_path / "r.db", clock)) as store:
        store.write(batch([series()], [0], [T0], [1.0]))
        assert store._writing is not None
        settings = [
            store._writing.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("journal_mode", "synchronous")
        ]
        assert settings == ["wal", 2]


def test_old_rows_go(tmp_path: Path, clock: Clock) -> None:
    """Readings, texts and ended events beyond retain_days go; an open event stays."""
    path = tmp_path / "r.db"
    info = series()
    with closing(store_of(path, clock, days=2)) as store:
        store.write(
            batch(
                [info],
                [0, 0],
                [T0, T0 + DAY_MS],
                [1.0, 2.0],
                texts=[TextRow(0, T0, "old"), TextRow(0, T0 + DAY_MS, "new")],
                events=[event("ended", T0, end_ms=T0 + 1), event("open", T0)],
            )
        )
        clock.now_ms = T0 + 2 * DAY_MS + 1
        store.write(batch([info], [0], [clock.now_ms], [3.0]))
        read = store.read(info.key, 0, END, 0)
        assert read.value.tolist() == [2.0, 3.0]
        assert read.texts == ((T0 + DAY_MS, "new"),)
        assert [row.id for row in store.events(0, END)] == ["open"]


def test_cleaning_is_not_done_at_every_write(tmp_path: Path, clock: Clock) -> None:
    """Old rows may stay for up to an hour, because looking for them costs time."""
    info = series()
    with closing(store_of(tmp_path / "r.db", clock, days=1)) as store:
        store.write(batch([info], [0], [T0], [1.0]))
        store.write(batch([info], [0], [T0 - 2 * DAY_MS], [0.0]))
        assert len(store.read(info.key, 0, END, 0)) == 2
        clock.now_ms += CLEAN_EVERY_MS
        store.write(batch([info], [0], [T0 + 1], [1.0]))
        assert len(store.read(info.key, 0, END, 0)) == 2


def test_the_number_of_rows_is_bounded(tmp_path: Path, clock: Clock) -> None:
    """Beyond max_rows the oldest rows of all series go, and the newest stay."""
    path = tmp_path / "r.db"
    infos = [series(i) for i in range(5)]
    with closing(store_of(path, clock, max_rows=5000)) as store:
        for step in range(20):
            store.write(random_batch(infos, 1000, T0 + step * 200_000))
            assert count(path, "readings") <= 5000 + 5000 // 20 + 1000
        newest = T0 + 20 * 200_000 - 1000
        for info in infos:
            times = store.read(info.key, 0, END, 0).time_ms
            assert times[-1] == newest
            assert len(times) >= 700


def test_one_clock_in_the_future_does_not_empty_the_store(tmp_path: Path, clock: Clock) -> None:
    """The bound is kept by counting rows, so a reading of the year 2099 costs only its row."""
    path = tmp_path / "r.db"
    info = series()
    with closing(store_of(path, clock, max_rows=1000)) as store:
        store.write(batch([info], [0], [T0 + 73 * 365 * DAY_MS], [1.0]))
        for step in range(3):
            store.write(random_batch([info], 500, T0 + step * 500_000))
        assert 800 <= count(path, "readings") <= 1000


def test_the_file_does_not_grow_without_end(tmp_path: Path, clock: Clock) -> None:
    """Pages of deleted rows are used again, so the file's size settles."""
    path = tmp_path / "r.db"
    infos = [series(i) for i in range(5)]
    sizes = []
    with closing(store_of(path, clock, max_rows=5000)) as store:
        for step in range(30):
            store.write(random_batch(infos, 1000, T0 + step * 200_000))
            assert store._writing is not None
            sizes += store._writing.execute("PRAGMA page_count").fetchone()
    assert sizes[-1] <= sizes[9] * 1.2


def test_a_failed_write_leaves_nothing_and_can_be_repeated(
    tmp_path: Path, clock: Clock
) -> None:
    """After a full disk no part of the batch is there; a retry has all of it."""
    path = tmp_path / "r.db"
    infos = [series(i) for i in range(3)]
    with closing(store_of(path, clock)) as store:
        store.write(batch([infos[0]], [0], [T0], [1.0]))
        assert store._writing is not None
        (pages,) = store._writing.execute("PRAGMA page_count").fetchone()
        store._writing.execute(f"PRAGMA max_page_count = {pages}")
        with pytest.raises(StoreUnreachable, match="full"):
            store.write(random_batch(infos, 5000))
        assert count(path, "readings") == 1
        assert count(path, "series") == 1
        store._writing.execute("PRAGMA max_page_count = 1000000")
        store.write(random_batch(infos, 5000))
        assert len(store.read(infos[2].key, T0, END, 0)) == 5000 // 3


def test_a_file_that_is_no_database_is_refused(tmp_path: Path, clock: Clock) -> None:
    """Nobody's file is overwritten; a person is told what to do."""
    path = tmp_path / "r.db"
    path.write_bytes(b"these are my holiday notes" * 100)
    with closing(store_of(path, clock)) as store:
        with pytest.raises(StoreRefused, match="not a database; move the file away"):
            store.write(batch([series()], [0], [T0], [1.0]))
        with pytest.raises(StoreRefused, match="not a database"):
            store.read(series().key, T0, END, 0)
    assert path.read_bytes().startswith(b"these are")


def test_a_later_schema_is_refused(tmp_path: Path, clock: Clock) -> None:
    """A file of a later version is left alone."""
    path = tmp_path / "r.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with (
        closing(store_of(path, clock)) as store,
        pytest.raises(StoreRefused, match="schema version 99 came, 4 is known"),
    ):
        store.write(batch([series()], [0], [T0], [1.0]))


def test_a_directory_that_cannot_be_made_may_come_later(tmp_path: Path, clock: Clock) -> None:
    """A mount that is missing at start is waited for like a database that is away."""
    (tmp_path / "mount").write_text("in the way")
    with closing(store_of(tmp_path / "mount" / "r.db", clock)) as store:
        with pytest.raises(StoreUnreachable, match="mount"):
            store.write(batch([series()], [0], [T0], [1.0]))
        (tmp_path / "mount").unlink()
        store.write(batch([series()], [0], [T0], [1.0]))


def test_charts_are_read_while_batches_are_written(tmp_path: Path, clock: Clock) -> None:
    """Readers on other threads see whole batches, and neither side waits for the other."""
    infos = [series(i) for i in range(4)]
    problems: list[BaseException] = []
    seen: list[int] = []
    done = threading.Event()
    with closing(store_of(tmp_path / "r.db", clock)) as store:

        def look() -> None:
            try:
                while not done.is_set():
                    seen.append(len(store.read(infos[1].key, T0, END, 0)))
            except BaseException as problem:  # noqa: BLE001 - handed to the test below
                problems.append(problem)

        readers = [threading.Thread(target=look) for _ in range(2)]
        for reader in readers:
            reader.start()
        for step in range(20):
            store.write(random_batch(infos, 400, T0 + step * 100_000))
        done.set()
        for reader in readers:
            reader.join()
        assert problems == []
        assert {number % 100 for number in seen} <= {0}
        assert len(store.read(infos[1].key, T0, END, 0)) == 2000


def test_incidents_are_kept_and_an_older_file_is_upgraded(tmp_path: Path) -> None:
    """A file from before there were incidents keeps its events and takes incidents."""
    path = tmp_path / "readings.db"
    with closing(sqlite3.connect(path)) as old:
        before = TABLES.replace(NEW_COLUMNS, "")
        old.executescript(before.replace(", p REAL", ""))
        old.execute("DROP TABLE incidents")
        old.execute("PRAGMA user_version = 1")
        old.commit()
    store = SqliteStore(path, RetentionRule())
    leak = Incident(
        "i", "g", "n", "d", "process_anomaly", "deviation", 1, 2, None, 0.5, ("a", "b"), 2, 2,
        None, "a fell; also b",
    )  # fmt: skip
    for one in (leak, dataclasses.replace(leak, closed_ms=9, notified=True)):
        store.write(dataclasses.replace(StoreBatch.of_samples(()), incidents=(one,)))
    store.close()
    with closing(sqlite3.connect(path)) as kept:
        rows = kept.execute(
            "SELECT id, closed_ms, channels, notified FROM incidents"
        ).fetchall()
        assert rows == [("i", 9, '["a", "b"]', 1)]
        wanted = "SELECT incident, peak_ms, of, count, contributors FROM events"
        assert kept.execute(wanted).fetchall() == []


def test_readings_of_an_older_file_have_no_p(tmp_path: Path) -> None:
    """They are kept as they are; new ones beside them have it."""
    path = tmp_path / "readings.db"
    with closing(sqlite3.connect(path)) as old:
        old.executescript(TABLES.replace(", p REAL", ""))
        row = f"VALUES (9, {T0 - 1}, 2.5, 0)"
        old.execute(f"INSERT INTO readings (series, time_ms, value, flags) {row}")
        old.execute("PRAGMA user_version = 2")
        old.commit()
    store = SqliteStore(path, RetentionRule(), lambda: T0)
    store.write(batch([series()], [0], [T0], [3.0], p=[0.25]))
    store.close()
    with closing(sqlite3.connect(path)) as kept:
        rows = kept.execute("SELECT value, p FROM readings ORDER BY time_ms").fetchall()
        assert rows == [(2.5, None), (3.0, 0.25)]
