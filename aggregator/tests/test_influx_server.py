"""What a real InfluxDB 2.x does, when the environment names one.

With LAMPPOST_INFLUX_URL and, in LAMPPOST_INFLUX_ADMIN_TOKEN, a token that may make buckets and
tokens: the setup, the rights of its tokens, and every way in which the server refuses lines.
"""

import json
import os
import time
import uuid
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest

from lamppost.aggregator.store.columnlines import Block
from lamppost.aggregator.store.deadletter import DeadLetters
from lamppost.aggregator.store.http import Http, Server
from lamppost.aggregator.store.influx2 import Influx2Store
from lamppost.aggregator.store.influx_cli import OK, main
from lamppost.aggregator.store.seam import Sample, StoreBatch, StoreRefused
from lamppost.wire.series import DATABASES, NODE_HEALTH, OPS, RAW
from parts.batches import batch, event, series

URL = os.environ.get("LAMPPOST_INFLUX_URL", "")
ADMIN = os.environ.get("LAMPPOST_INFLUX_ADMIN_TOKEN", "")
pytestmark = pytest.mark.skipif(
    not (URL and ADMIN), reason="LAMPPOST_INFLUX_URL and LAMPPOST_INFLUX_ADMIN_TOKEN not set"
)
DAY_MS = 86_400_000


@dataclass
class City:
    """A city of one test on the server."""

    name: str
    folder: Path
    outcome: dict[str, Any]

    @property
    def org(self) -> str:
        """Its organisation."""
        return unquote(urlsplit(str(self.outcome["store_url"])).path.split("/")[1])

    def token(self, role: str) -> str:
        """A token that was made for it."""
        return (self.folder / f"{self.name}-{role}.token").read_text().strip()

    def store(self, token: str) -> Influx2Store:
        """Its store, for the owner of a token."""
        return Influx2Store(Server(URL), self.org, self.name, token, self.dead)

    @property
    def dead(self) -> DeadLetters:
        """Its dead letters."""
        return DeadLetters(self.folder / "dead")


def run(name: str, folder: Path, capsys: pytest.CaptureFixture[str]) -> dict[str, Any]:
    """Set a city up and return what the command prints."""
    (folder / "admin").write_text(ADMIN)
    arguments = ["setup", URL, "--city", name, "--json", "--token-dir", str(folder)]
    org = os.environ.get("LAMPPOST_INFLUX_ORG", "")
    code = main([*arguments, "--org", org, "--token-file", str(folder / "admin")])
    out, err = capsys.readouterr()
    assert code == OK, err
    outcome: dict[str, Any] = json.loads(out)
    return outcome


@pytest.fixture
def city(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[City]:
    """A city that was just set up; its buckets go with the test."""
    name = f"test-{uuid.uuid4().hex[:12]}"
    yield City(name, tmp_path, run(name, tmp_path, capsys))
    with closing(Http(Server(URL, {"Authorization": f"Token {ADMIN}"}))) as http:
        for known in DATABASES:
            found = json.loads(
                http.request("GET", f"/api/v2/buckets?name={known.named(name)}").data
            )
            http.request("DELETE", f"/api/v2/buckets/{found['buckets'][0]['id']}")


def test_setup_twice(city: City, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The second run finds everything that the first one made, tokens too."""
    parts = ("databases", "mappings", "tokens")
    states = {one["state"] for part in parts for one in city.outcome[part]}
    assert states == {"made"}
    again = run(city.name, tmp_path, capsys)
    assert {one["state"] for part in parts for one in again[part]} == {"kept"}
    assert again["notes"] == []
    assert [one["retain_days"] for one in again["databases"]] == [
        known.retain_days for known in DATABASES
    ]


def test_the_writer_writes_and_grafana_reads(city: City) -> None:
    """Both tokens do what they are for, in both databases, and Grafana's cannot write."""
    now_ms = time.time_ns() // 1_000_000
    info = series()
    given = batch([info], [0], [now_ms], [1.5], events=[event("a", now_ms)])
    with closing(city.store(city.token("aggregator"))) as store:
        store.write(given)
        tags = {"group": "riverside", "node": "pump-station-1"}
        store.write(StoreBatch.of_samples([Sample(NODE_HEALTH, now_ms, tags, {"online": 1})]))
    with closing(city.store(city.token("grafana"))) as store:
        assert store.read(info.key, now_ms, now_ms + 1, 0).value.tolist() == [1.5]
        assert [one.id for one in store.events(now_ms, now_ms + 1)] == ["a"]
        (rows,) = store._reader.query(OPS.named(city.name), "SELECT online FROM node_health")
        assert rows == [{"time": now_ms, "online": 1}]
        with pytest.raises(StoreRefused, match="403"):
            store.write(given)
    with closing(city.store("wrong")) as store, pytest.raises(StoreRefused, match="401"):
        store.write(given)


def test_refused_lines_are_dead_letters(city: City) -> None:
    """Lines of another type or of none are dead letters; their neighbours are stored."""
    now_ms = time.time_ns() // 1_000_000
    with closing(city.store(city.token("aggregator"))) as store:
        store._raw.write(Block.of([f"m,t=a v=1 {now_ms}"]))
        bad = [f'm,t=b v="text" {now_ms}', f"m,t=c v=NaN {now_ms}", "nonsense"]
        good = [f"m,t={name} v=2 {now_ms}" for name in "def"]
        store._raw.write(
            Block.of([line for pair in zip(good, bad, strict=True) for line in pair])
        )
        (rows,) = store._reader.query(RAW.named(city.name), "SELECT count(v) AS n FROM m")
    assert rows[0]["n"] == 4
    letters = [json.loads(line) for line in (city.folder / "dead").read_text().splitlines()]
    assert [letter["line"] for letter in letters] == bad
    assert {letter["database"] for letter in letters} == {city.name}


def test_readings_beyond_the_retention_are_counted(city: City) -> None:
    """What is older than the bucket keeps is no dead letter, and its neighbours are stored."""
    now_ms = time.time_ns() // 1_000_000
    infos = [series(i) for i in range(4)]
    times = [now_ms, now_ms - 60 * DAY_MS, now_ms, now_ms - 90 * DAY_MS]
    with closing(city.store(city.token("aggregator"))) as store:
        store.write(batch(infos, [0, 1, 2, 3], times, [0.0, 1.0, 2.0, 3.0]))
        assert (store._raw.too_old, store._raw.dead.count) == (2, 0)
        read = [len(store.read(info.key, 0, now_ms + 1, 0)) for info in infos]
        assert read == [1, 0, 1, 0]


def test_a_bucket_that_is_missing(city: City) -> None:
    """The answer names the bucket and what makes it; reading finds nothing there."""
    dead = DeadLetters(city.folder / "dead")
    with closing(Influx2Store(Server(URL), city.org, "nowhere", ADMIN, dead)) as store:
        with pytest.raises(StoreRefused, match=r"404 bucket .nowhere. not found; .lamppost"):
            store.write(batch([series()], [0], [0], [1.0]))
        assert len(store.read(series().key, 0, 1, 0)) == 0
