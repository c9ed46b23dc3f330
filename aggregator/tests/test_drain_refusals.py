"""The drain and a real InfluxDB that says no: to whoever asks, to a series, to a field."""

import json
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lamppost.aggregator.config import Config
from lamppost.aggregator.run import _figures
from lamppost.aggregator.spool.frames import FrameKind, pack_json
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.backoff import Backoff
from lamppost.aggregator.store.columnlines import Block
from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.drain import Drain
from lamppost.aggregator.store.http import Http, Server
from lamppost.aggregator.store.influx import InfluxStore
from lamppost.aggregator.store.influx1 import Influx1Store
from lamppost.aggregator.store.influx2 import Influx2Store
from lamppost.aggregator.store.influxql import identifier, literal, select
from lamppost.aggregator.store.lineprotocol import clean, original
from lamppost.aggregator.store.open import open_store
from lamppost.aggregator.store.seam import Sample, StoreBatch, WindowRows
from lamppost.wire.series import ASSET_STATE, OPS, PIPELINE, READING_1M, FieldType
from parts.batches import T0, frame, random_batch, series
from parts.influx import RunningInflux, running_influx
from parts.influx_front import TOKEN, running_front
from parts.waiting import wait_for

QUICK = Backoff(base_s=0.05, cap_s=0.2)
NEVER = Backoff(base_s=1000.0, cap_s=1000.0)
INFOS = [series(i) for i in range(10)]
ROWS = 100
USER = "writer"
PASSWORD = "correct horse"


@pytest.fixture
def name() -> str:
    """A city of this test alone."""
    return f"t{uuid.uuid4().hex}"


@pytest.fixture
def spool(tmp_path: Path) -> Iterator[Spool]:
    """A spool that knows the series."""
    with Spool(tmp_path / "spool", 100_000, 50_000_000) as made:
        for info in INFOS:
            made.append(FrameKind.SERIES, pack_json(info.to_json()))
        made.commit()
        yield made


@pytest.fixture
def dead(tmp_path: Path) -> DeadLetters:
    """A file of dead letters, not made yet."""
    return DeadLetters(tmp_path / "dead")


def put(spool: Spool, given: StoreBatch) -> None:
    """Commit readings."""
    spool.append(FrameKind.DATA, frame(given).pack())
    spool.commit()


def stretch(step: int) -> StoreBatch:
    """Readings of all series in a stretch of time."""
    return random_batch(INFOS, ROWS, T0 + step * ROWS // len(INFOS) * 1000)


def stored(store: InfluxStore) -> list[int]:
    """Readings of each series in the database."""
    return [len(store.read(info.key, T0, T0 + 10**9, 0)) for info in INFOS]


def drained(spool: Spool, store: InfluxStore, cursor: Path) -> Drain:
    """A drain that has brought all that is committed to the store, and has ended."""
    drain = Drain(spool, store, cursor, unreachable=QUICK, refused=QUICK)
    drain.start()
    try:
        assert drain.flush(60.0), drain.state
        assert drain.state == "ok"
    finally:
        assert drain.stop(60.0)
    return drain


def statement(server: Server, text: str) -> bool:
    """Have a statement run; whether the server took it."""
    with closing(Http(server)) as http:
        answer = http.request("POST", "/query?q=" + text.replace(" ", "+"))
        return answer.status == 200 and b'"error"' not in answer.data


def test_a_token_that_expires(
    influx: RunningInflux, spool: Spool, dead: DeadLetters, tmp_path: Path, name: str
) -> None:
    """While the token is not valid the drain stands and tells; then it goes on, complete."""
    with closing(Influx1Store(Server(influx.url), name, dead)) as maker:
        maker.write(stretch(0))  # the front makes no databases
    with (
        running_front(influx.url) as front,
        closing(Influx2Store(Server(front.url), "o", name, TOKEN, dead)) as store,
    ):
        drain = Drain(spool, store, tmp_path / "cursor", refused=QUICK)
        drain.start()
        try:
            put(spool, stretch(0))
            assert drain.flush(60.0)
            front.token = "the next one"
            safe = drain.position
            for step in (1, 2):
                put(spool, stretch(step))
            wait_for(lambda: drain.failures > 2, "some tries")
            assert drain.state == "refused: 401 unauthorized access"
            assert drain.position == safe
            front.token = TOKEN
            assert drain.flush(60.0)
            assert (drain.state, drain.failures) == ("ok", 0)
        finally:
            assert drain.stop(60.0)
        assert stored(store) == [3 * ROWS // len(INFOS)] * len(INFOS)
    assert dead.count == 0


def test_a_token_that_is_rotated(
    influx: RunningInflux, spool: Spool, dead: DeadLetters, tmp_path: Path, name: str
) -> None:
    """A token that was replaced in its file is taken from there, and no 401 is told."""
    with closing(Influx1Store(Server(influx.url), name, dead)) as maker:
        maker.write(stretch(0))  # the front makes no databases
    file = tmp_path / "token"
    file.write_text(TOKEN)
    with running_front(influx.url) as front:
        store = open_store(f"influx2+{front.url}/o/{name}?token_file=token", tmp_path)
        assert isinstance(store, InfluxStore)
        with closing(store):
            drain = Drain(spool, store, tmp_path / "cursor", refused=NEVER)
            drain.start()
            try:
                put(spool, stretch(0))
                assert drain.flush(60.0)
                file.write_text("the next one")
                front.token = "the next one"
                put(spool, stretch(1))
                assert drain.flush(60.0), drain.state
                assert drain.failures == 0
            finally:
                assert drain.stop(60.0)
            assert stored(store) == [2 * ROWS // len(INFOS)] * len(INFOS)


def test_a_password_that_is_changed(spool: Spool, tmp_path: Path, name: str) -> None:
    """A database with a new password for its user gets all when the file has it too."""
    home = tmp_path / "influx"
    home.mkdir()
    (tmp_path / "password").write_text(PASSWORD)
    with running_influx(home) as influx:
        admin = "CREATE USER admin WITH PASSWORD 'a' WITH ALL PRIVILEGES"
        assert statement(Server(influx.url), admin)
        influx.stop()
        influx.extra = "  auth-enabled = true"
        influx.start()
        owner = Server(influx.url, {"Authorization": "Basic YWRtaW46YQ=="})
        made = f"CREATE USER {USER} WITH PASSWORD '{PASSWORD}' WITH ALL PRIVILEGES"
        assert statement(owner, made)
        url = f"influx1+http://{USER}@127.0.0.1:{influx.port}/{name}"
        url += "?retain_days=5000&password_file=password"
        store = open_store(url, tmp_path)
        assert isinstance(store, InfluxStore)
        with closing(store):
            drain = Drain(spool, store, tmp_path / "cursor", refused=QUICK)
            drain.start()
            try:
                put(spool, stretch(0))
                assert drain.flush(60.0)
                assert statement(owner, f"SET PASSWORD FOR {USER} = 'another'")
                put(spool, stretch(1))
                wait_for(lambda: drain.failures > 1, "some tries")
                assert drain.state.startswith("refused: 401 ")
                assert PASSWORD not in drain.state
                (tmp_path / "password").write_text("another")
                assert drain.flush(60.0)
            finally:
                assert drain.stop(60.0)
            assert stored(store) == [2 * ROWS // len(INFOS)] * len(INFOS)
            assert store.figures == {"dead_letters": 0, "too_old": 0}


def test_a_full_database_and_the_letters_written_again(
    spool: Spool, dead: DeadLetters, tmp_path: Path, name: str
) -> None:
    """Beyond the series limit lines are letters; with room again they make it complete."""
    home = tmp_path / "influx"
    home.mkdir()
    with running_influx(home) as influx:
        influx.stop()
        influx.data = "max-series-per-database = 4"  # its older index minds it
        influx.start()
        for step in range(3):
            put(spool, stretch(step))
        with closing(Influx1Store(Server(influx.url), name, dead)) as store:
            drain = drained(spool, store, tmp_path / "cursor")
            assert drain.position == spool.position
            kept, each = stored(store), 3 * ROWS // len(INFOS)
            assert sorted(kept) == [0] * 6 + [each] * 4
            assert store.figures == {"dead_letters": 6 * each, "too_old": 0}
            influx.stop()
            influx.data = "max-series-per-database = 0"
            influx.start()
            letters = [json.loads(text) for text in dead.path.read_text().splitlines()]
            assert all("max-series-per-database" in letter["reason"] for letter in letters)
            store._raw.write(Block.of([letter["line"] for letter in letters]))
            assert stored(store) == [each] * len(INFOS)


def test_a_field_that_has_another_type(
    influx: RunningInflux, spool: Spool, dead: DeadLetters, tmp_path: Path, name: str
) -> None:
    """Rows with a field that somebody wrote as text are letters, and all others are stored."""
    given = stretch(0)
    severity = np.where(np.arange(ROWS) % 3 == 0, given.severity, np.nan).astype(np.float32)
    with closing(Influx1Store(Server(influx.url), name, dead)) as store:
        store._reader.query("", f"CREATE DATABASE {name}")
        store._raw.write(Block.of([f'reading,metric=other severity="high" {T0}']))
        put(spool, replace(given, severity=severity))
        put(spool, replace(stretch(1), severity=np.full(ROWS, np.nan, np.float32)))
        drain = drained(spool, store, tmp_path / "cursor")
        assert drain.position == spool.position
        refused = int(np.isfinite(severity).sum())
        assert sum(stored(store)) == 2 * ROWS - refused
        row = Sample(PIPELINE, T0, {"host": "h"}, _figures(Config(), spool, drain, store))
        assert (row.fields["dead_letters"], row.fields["too_old"]) == (refused, 0)
    letters = [json.loads(text) for text in dead.path.read_text().splitlines()]
    assert all("field type conflict" in letter["reason"] for letter in letters)
    assert {letter["database"] for letter in letters} == {name}


HOSTILE = (
    "a,b", "a b", "a=b", 'a"b', "a'b", "a\\", "\\", "a\\,b", "a\\ =", "a\nb", "\r\n", "\t",
    "\x00", "\x85", "\u2028", "#a", "Süd 漢字 🏙", "100 %", "%41", "%5C", " ", "x" * 200,
    "ü" * 200, "\\" * 200, ", =" * 66, "time", "$1", "/a/", "null",
)  # fmt: skip


def test_names_of_any_kind_in_the_rows_for_boards(
    influx: RunningInflux, dead: DeadLetters, name: str
) -> None:
    """Samples and windows under hostile names are found by them, each once."""
    columns: dict[str, NDArray[Any]] = {
        field.name: np.zeros(len(HOSTILE)) for field in READING_1M.fields
    }
    for count in READING_1M.names(FieldType.INTEGER):
        columns[count] = np.arange(len(HOSTILE))
    index = np.arange(len(HOSTILE), dtype=np.int32)
    infos = {
        i: series(i, group=one, node=one, device=one, metric=one)
        for i, one in enumerate(HOSTILE)
    }
    windows = WindowRows(READING_1M, index, np.full(len(HOSTILE), T0), columns)
    samples = [
        Sample(ASSET_STATE, T0, dict.fromkeys(ASSET_STATE.tags, one), {"code": i, "name": one})
        for i, one in enumerate(HOSTILE)
    ]
    with closing(Influx1Store(Server(influx.url), name, dead)) as store:
        store.write(StoreBatch.of_windows([windows], infos))
        store.write(StoreBatch.of_samples(samples))
        for known, field in ((READING_1M, "n"), (ASSET_STATE, "code")):
            tags = known.tags
            asked = [
                select(
                    "*",
                    known.name,
                    " AND ".join(f"{identifier(tag)} = {literal(clean(one))}" for tag in tags),
                )
                for one in HOSTILE
            ]
            found = store._reader.query(known.database.named(name), *asked)
            assert [[row[field] for row in rows] for rows in found] == [
                [i] for i in range(len(HOSTILE))
            ]
            read = [{original(rows[0][tag]) for tag in tags} for rows in found]
            assert read == [{one} for one in HOSTILE]
        named = store._reader.query(OPS.named(name), 'SELECT "name" FROM "asset_state"')[0]
        assert {row["name"] for row in named} == set(HOSTILE)
    assert dead.count == 0
