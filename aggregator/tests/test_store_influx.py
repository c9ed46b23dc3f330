"""Both InfluxDB houses: what a real server refuses, and what servers answer in bad times."""

import json
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lamppost.aggregator.store.columnlines import Block
from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.http import Http, Server
from lamppost.aggregator.store.influx1 import Influx1Store
from lamppost.aggregator.store.influx2 import Influx2Store
from lamppost.aggregator.store.influxql import Reader
from lamppost.aggregator.store.open import open_store
from lamppost.aggregator.store.seam import (
    Sample,
    Store,
    StoreBatch,
    StoreRefused,
    StoreUnreachable,
)
from lamppost.wire.series import NODE_HEALTH, OPS, RAW, READING_1M, ROLLUP, ROLLUP_DISTRICT
from parts.batches import T0, batch, event, series
from parts.influx import RunningInflux, running_influx
from parts.influx_front import TOKEN, Canned, Front, running_front

ONE = batch([series()], [0], [T0], [1.0])
NOBODY = "http://127.0.0.1:9"  # the discard port: nobody listens there


@pytest.fixture
def name() -> str:
    """A database of this test alone."""
    return f"t{uuid.uuid4().hex}"


@pytest.fixture
def front() -> Iterator[Front]:
    """A server that answers only what it is told."""
    with running_front(wants_token=False) as made:
        yield made


@pytest.fixture(params=["influx1", "influx2"])
def store(request: pytest.FixtureRequest, front: Front, tmp_path: Path) -> Iterator[Store]:
    """Each house on the front."""
    server, dead = Server(front.url), DeadLetters(tmp_path / "dead")
    made: Store = (
        Influx1Store(server, "city", dead)
        if request.param == "influx1"
        else Influx2Store(server, "org", "city", TOKEN, dead)
    )
    with closing(made):
        yield made


@pytest.mark.parametrize(
    ("answer", "kind", "text"),
    [
        (Canned(401, b'{"message":"unauthorized access"}'), StoreRefused, "401 unauthorized"),
        (Canned(403, b'{"error":"token expired"}'), StoreRefused, "403 token expired"),
        (Canned(404, b'{"message":"bucket city not found"}'), StoreRefused, "404 bucket"),
        (Canned(500, b'{"error":"timeout"}'), StoreUnreachable, "500 timeout"),
        (Canned(503, b""), StoreUnreachable, "503 Service Unavailable"),
    ],
    ids=lambda value: str(value.status) if isinstance(value, Canned) else "",
)
def test_an_answer_becomes_an_error(
    store: Store, front: Front, answer: Canned, kind: type[Exception], text: str
) -> None:
    """Both clients tell the same of the same answer, and the next write may succeed."""
    front.canned += [answer, Canned(204)]
    with pytest.raises(kind, match=text):
        store.write(ONE)
    store.write(ONE)


def test_a_url_of_version_2_with_a_server_of_version_1_is_told(
    influx: RunningInflux, name: str, tmp_path: Path
) -> None:
    """A path that is not found says nothing; which version it is, and what to write, does."""
    made = Influx2Store(Server(influx.url), "org", name, TOKEN, DeadLetters(tmp_path / "dead"))
    told = r"404.*InfluxDB 1\.6.*begins with influx1\+"
    with closing(made), pytest.raises(StoreRefused, match=told):
        made.write(ONE)


def test_a_url_of_version_1_with_a_server_of_version_2_is_told(
    front: Front, tmp_path: Path
) -> None:
    """A version 2 refuses whoever brings no token; the right one is left with its own words."""
    front.version, front.wants_token = "v2.7.12", True
    server, dead = Server(front.url), DeadLetters(tmp_path / "dead")
    one, two = Influx1Store(server, "c", dead), Influx2Store(server, "org", "c", "old", dead)
    told = r"401.*InfluxDB 2\.7\.12.*with influx2\+"
    with closing(one), pytest.raises(StoreRefused, match=told):
        one.write(ONE)
    with closing(two), pytest.raises(StoreRefused, match=r"401 unauthorized access$"):
        two.write(ONE)


def test_retry_after_is_handed_on(store: Store, front: Front) -> None:
    """A server that is too busy says for how long, and the drain gets to know it."""
    front.canned.append(Canned(429, b"{}", {"Retry-After": "12"}))
    with pytest.raises(StoreUnreachable) as caught:
        store.write(ONE)
    assert caught.value.retry_after_s == 12.0


def test_a_413_halves_the_request(store: Store, front: Front) -> None:
    """A body that is too large comes again as two."""
    front.canned += [Canned(413, b"{}"), Canned(204), Canned(204)]
    store.write(batch([series()], [0, 0], [T0, T0 + 1], [1.0, 2.0]))
    assert len(front.bodies) == 3


def test_lines_travel_compressed(store: Store, front: Front) -> None:
    """Lines repeat themselves, so they are sent compressed."""
    front.canned.append(Canned(204))
    rows = 1000
    store.write(batch([series()], [0] * rows, range(T0, T0 + rows), [1.0] * rows))
    assert front.bodies[0] < rows * 30


@pytest.mark.parametrize("kind", ["influx1", "influx2"])
def test_nobody_there_is_unreachable(tmp_path: Path, kind: str) -> None:
    """A refused connection names the address, for writes and for reads."""
    dead = DeadLetters(tmp_path / "dead")
    made: Store = (
        Influx1Store(Server(NOBODY), "city", dead)
        if kind == "influx1"
        else Influx2Store(Server(NOBODY), "org", "city", TOKEN, dead)
    )
    with closing(made):
        with pytest.raises(StoreUnreachable, match=r"^http://127\.0\.0\.1:9: Failed to est"):
            made.write(ONE)
        with pytest.raises(StoreUnreachable, match=r"127\.0\.0\.1"):
            made.read(series().key, T0, T0 + 1, 0)
        with pytest.raises(StoreUnreachable, match=r"127\.0\.0\.1"):
            made.events(T0, T0 + 1)


def test_a_server_that_is_no_influxdb(store: Store, front: Front) -> None:
    """What no InfluxDB answers is an error of the store, and redirects are not followed."""
    front.canned.append(Canned(302, b"moved", {"Location": "http://elsewhere.invalid/"}))
    with pytest.raises(StoreRefused, match="302 moved"):
        store.write(ONE)
    front.canned.append(Canned(200, b"<html>Sign in</html>"))
    with pytest.raises(StoreRefused, match="200 <html>Sign in</html> came, allowed: 204"):
        store.write(ONE)
    front.query = Canned(200, b"<html>hello</html>")
    with pytest.raises(StoreUnreachable, match="not an InfluxDB's answer"):
        store.read(series().key, T0, T0 + 1, 0)
    front.query = Canned(200, b'{"results":[{"error":"it is too late"}]}')
    with pytest.raises(StoreRefused, match="it is too late"):
        store.events(T0, T0 + 1)
    front.query = Canned(503, b"busy")
    with pytest.raises(StoreUnreachable, match="503 busy"):
        store.events(T0, T0 + 1)


def test_a_type_conflict_on_the_real_server(
    influx: RunningInflux, tmp_path: Path, name: str
) -> None:
    """A line whose field had another type is a dead letter; its neighbours are stored."""
    dead = DeadLetters(tmp_path / "dead")
    with closing(Influx1Store(Server(influx.url), name, dead)) as store:
        store.write(ONE)
        infos = [series(i) for i in range(3)]
        with closing(Http(Server(influx.url))) as http:
            line = f'reading,metric=other value="text" {T0}'
            answer = http.post(f"/write?db={name}&precision=ms", line.encode(), {})
            assert b"partial write: field type conflict" in answer.data
        lines = [
            f"reading,metric=a value=1 {T0}",
            f'reading,metric=b value="text" {T0}',
            f"reading,metric=c value=3 {T0}",
        ]
        store._raw.write(Block.of(lines))  # the store itself only writes floats
        letters = [json.loads(line) for line in (tmp_path / "dead").read_text().splitlines()]
        assert [letter["line"] for letter in letters] == [f'reading,metric=b value="text" {T0}']
        assert "field type conflict" in letters[0]["reason"]
        (rows,) = store._reader.query(name, 'SELECT count("value") AS "n" FROM "reading"')
        assert rows[0]["n"] == 3
        store.write(batch(infos, [0, 1, 2], [T0] * 3, [1.0, 2.0, 3.0]))


def test_a_line_no_parser_takes(influx: RunningInflux, tmp_path: Path, name: str) -> None:
    """A line the real server cannot parse is a dead letter; its neighbours are stored."""
    dead = DeadLetters(tmp_path / "dead")
    with closing(Influx1Store(Server(influx.url), name, dead)) as store:
        store._raw.write(Block.of([f"m v=1 {T0}", f"m v=NaN {T0}", f"m v=3 {T0 + 1}"]))
        (rows,) = store._reader.query(name, 'SELECT "v" FROM "m"')
        assert [row["v"] for row in rows] == [1, 3]
        assert dead.count == 1


def test_a_database_at_its_series_limit(tmp_path: Path, name: str) -> None:
    """Series beyond the server's own limit are dead letters, and the known ones go on."""
    with running_influx(tmp_path) as influx:
        influx.stop()
        influx.data = "max-series-per-database = 2"  # its older index minds it
        influx.start()
        dead = DeadLetters(tmp_path / "dead")
        with closing(Influx1Store(Server(influx.url), name, dead)) as store:
            infos = [series(i) for i in range(4)]
            store.write(batch(infos[:2], [0, 1], [T0] * 2, [1.0, 2.0]))
            rows = range(4)
            store.write(batch(infos, rows, [T0 + 1] * 4, [float(i) for i in rows]))
            assert dead.count == 2
            assert "max-series-per-database" in (tmp_path / "dead").read_text()
            assert len(store.read(infos[0].key, T0, T0 + 2, 0)) == 2


def test_users_and_passwords(tmp_path: Path, name: str) -> None:
    """A server with users wants the right password; the wrong one is refused and not shown."""
    secret = "correct horse"
    (tmp_path / "right").write_text(secret + "\n")
    (tmp_path / "wrong").write_text("battery staple\n")
    home = tmp_path / "influx"
    home.mkdir()
    with running_influx(home) as influx:
        with closing(Http(Server(influx.url))) as http:
            http.post(
                "/query?q=CREATE+USER+lamppost+WITH+PASSWORD+'correct+horse'+WITH+ALL+PRIVILEGES",
                b"",
                {},
            )
        influx.stop()
        influx.extra = "  auth-enabled = true"
        influx.start()
        address = f"influx1+http://lamppost@127.0.0.1:{influx.port}/{name}?retain_days=5000"
        address += "&password_file="
        with closing(open_store(address + "right", tmp_path)) as store:
            store.write(ONE)
            assert len(store.read(series().key, T0, T0 + 1, 0)) == 1
        with closing(open_store(address + "wrong", tmp_path)) as store:
            with pytest.raises(StoreRefused, match="401") as caught:
                store.write(ONE)
            assert "staple" not in str(caught.value)
            with pytest.raises(StoreRefused, match="401"):
                store.read(series().key, T0, T0 + 1, 0)


def test_missing_databases_are_made_with_their_retention(
    influx: RunningInflux, tmp_path: Path, name: str
) -> None:
    """The first write creates each; events stay as long as readings, or two years."""
    for days, hours in ((5000, (120_000, 120_000)), (7, (168, 17_520))):
        city = f"{name}{days}"
        url = f"influx1+{influx.url}/{city}?retain_days={days}"
        with closing(open_store(url, tmp_path)) as store:
            assert store.events(T0, T0 + 1) == ()
            store.write(replace(ONE, events=[event("a", T0)]))
            assert len(store.events(T0, T0 + 1)) == 1
        assert tuple(kept_hours(influx, known.named(city)) for known in (RAW, OPS)) == hours


def kept_hours(influx: RunningInflux, database: str) -> int:
    """The retention of a database, as it tells it."""
    with closing(Http(Server(influx.url))) as http:
        shown = f'SHOW RETENTION POLICIES ON "{database}"'
        (rows,) = Reader(http, database).query(database, shown)
    return int(rows[0]["duration"].partition("h")[0])


def test_readings_beyond_the_retention(
    influx: RunningInflux, tmp_path: Path, name: str
) -> None:
    """What is older than the database keeps is counted, and its neighbours are stored."""
    dead, now_ms = DeadLetters(tmp_path / "dead"), time.time_ns() // 1_000_000
    with closing(Influx1Store(Server(influx.url), name, dead, retain_days=7)) as store:
        infos = [series(i) for i in range(3)]
        times = [now_ms, now_ms - 30 * 86_400_000, now_ms]
        store.write(batch(infos, [0, 1, 2], times, [1.0, 2.0, 3.0]))
        assert store.figures == {"dead_letters": 0, "too_old": 1}
        assert [len(store.read(info.key, 0, now_ms + 1, 0)) for info in infos] == [1, 0, 1]


def test_samples_are_in_the_operations_database(
    influx: RunningInflux, tmp_path: Path, name: str
) -> None:
    """Samples are rows of their own measurement, beside the events, with the schema's types."""
    dead = DeadLetters(tmp_path / "dead")
    with closing(Influx1Store(Server(influx.url), name, dead)) as store:
        tags = {"group": "riverside", "node": "pump-station-1"}
        fields = {"online": False, "silent_s": 61.5, "autonomy_h": None, "drivers": "a ok"}
        store.write(StoreBatch.of_samples([Sample(NODE_HEALTH, T0, tags, fields)]))
        rows, types = store._reader.query(
            OPS.named(name), "SELECT * FROM node_health", "SHOW FIELD KEYS FROM node_health"
        )
    assert rows == [
        {"time": T0, **tags, "online": 0, "silent_s": 61.5, "drivers": "a ok"},
    ]
    written = {row["fieldKey"]: row["fieldType"] for row in types}
    assert written == {
        field.name: field.type.value for field in NODE_HEALTH.fields if field.name in written
    }


def test_each_sample_is_in_the_database_of_its_measurement(
    influx: RunningInflux, tmp_path: Path, name: str
) -> None:
    """A rollup, which is kept for years, does not stand where events stand."""
    dead, tags = DeadLetters(tmp_path / "dead"), {"district": "north", "host": "a"}
    with closing(Influx1Store(Server(influx.url), name, dead)) as store:
        samples = [
            Sample(ROLLUP_DISTRICT, T0, tags, {"ok": 3}),
            Sample(NODE_HEALTH, T0, {"group": "g", "node": "n"}, {"online": 1}),
            Sample(READING_1M, T0, {"group": "g", "node": "n", "metric": "m"}, {"n": 60}),
        ]
        store.write(StoreBatch.of_samples(samples))
        for database, kept in zip((ROLLUP, OPS, RAW), samples, strict=True):
            (found,) = store._reader.query(database.named(name), "SHOW MEASUREMENTS")
            assert [row["name"] for row in found] == [kept.measurement.name]


def test_a_wrong_token_is_refused(influx: RunningInflux, tmp_path: Path) -> None:
    """A token that is not (or no longer) valid stops the write, and is not shown."""
    dead = DeadLetters(tmp_path / "dead")
    with (
        running_front(influx.url) as front,
        closing(Influx2Store(Server(front.url), "o", "b", "old-token", dead)) as store,
    ):
        with pytest.raises(StoreRefused, match="401") as caught:
            store.write(ONE)
        assert "old-token" not in str(caught.value)
        with pytest.raises(StoreRefused, match="401"):
            store.read(series().key, T0, T0 + 1, 0)
