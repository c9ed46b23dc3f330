"""The canary: the whole way through real parts, and counted nowhere on it."""

import http.client
import json
import threading
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from lamppost.aggregator.canary.canary import Canary
from lamppost.aggregator.canary.receiver import Receiver
from lamppost.aggregator.config import Config, check
from lamppost.aggregator.settings.canary import CanaryConfig
from lamppost.aggregator.settings.mqtt import MqttConfig
from lamppost.aggregator.settings.rules import ConfigError
from lamppost.aggregator.store.http import Http, Server
from lamppost.aggregator.store.influxql import Reader, Row, select
from lamppost.aggregator.store.seam import StoreUnreachable
from lamppost.sim.broker import RunningBroker
from lamppost.sim.ports import free_port
from lamppost.wire.canary import GROUP as CANARY_GROUP
from lamppost.wire.series import CANARY, EVENT, READING, ROLLUP_CITY, Measurement
from parts.batches import event
from parts.influx import RunningInflux

from .broker import a_broker, wait_for
from .test_run import running

HOST = "lamppost"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    """A broker of this test's own."""
    with a_broker(tmp_path) as one:
        yield one


class Database:
    """A city's databases, asked as a dashboard would."""

    def __init__(self, url: str, city: str) -> None:
        self._http = Http(Server(url))
        self._city = city

    def rows(self, measurement: Measurement, what: str) -> list[Row]:
        """Rows, the latest first."""
        asked = select(what, measurement.name, "time > 0", "ORDER BY time DESC")
        reader = Reader(self._http, self._city)
        return reader.query(measurement.database.named(self._city), asked)[0]

    def close(self) -> None:
        """Close the connection."""
        self._http.close()


def alert(status: str = "firing", **labels: str) -> dict[str, Any]:
    """One alert as Grafana's webhook has it."""
    return {"status": status, "labels": {"lamppost": "canary", "host": HOST} | labels}


def tell(port: int, body: bytes) -> int:
    """POST to the receiver; the status it answers."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as asked:
        asked.request("POST", "/", body)
        return asked.getresponse().status


def notify(database: Database, port: int, stopping: threading.Event) -> None:
    """Do what Grafana's rule does: notify while the last row has an alarm."""
    told = 0
    while not stopping.wait(0.1):
        rows = database.rows(CANARY, '"alarm"')
        if rows and rows[0]["alarm"] == 1 and rows[0]["time"] != told:
            told = rows[0]["time"]
            tell(port, json.dumps({"alerts": [alert()]}).encode())


def test_a_song_goes_the_whole_way(
    broker: RunningBroker,
    influx: RunningInflux,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Noticed, stored and told, each timed in one row; no list, count or record has it."""
    city, port = f"c{uuid.uuid4().hex}", free_port()
    document = {
        "mqtt": {"port": broker.port},
        "data": {"data_dir": str(tmp_path / "data")},
        "store": {"url": f"influx1+{influx.url}/{city}"},
        "console": {"port": free_port()},
        "canary": {"every_s": 15, "patience_s": 30, "listen": f"127.0.0.1:{port}"},
    }
    stopping = threading.Event()
    with closing(Database(influx.url, city)) as database:
        grafana = threading.Thread(target=notify, args=(database, port, stopping))
        with running(check(document, "test", tmp_path)) as one:
            grafana.start()
            try:
                wait_for(lambda: sung(database), "a song that was told", 240.0)
            finally:
                stopping.set()
                grafana.join()
            for what in ("nodes", "channels", "events", "incidents", "ledger"):
                assert one.get(what)[what] == []
            wait_for(lambda: database.rows(ROLLUP_CITY, "*"), "the city's row")
        (last, *_) = sung(database)
        # Each was looked for on its own, so stored and told may have been seen in any order.
        assert 0 < last["detect_ms"] <= min(last["stored_ms"], last["delivered_ms"])
        assert max(last["stored_ms"], last["delivered_ms"]) < 30_000
        assert (last["missing"], last["alarm"]) == ("", 0)
        assert database.rows(READING, "*") == database.rows(EVENT, "*") == []
        for row in database.rows(ROLLUP_CITY, '"assets", "channels", "open_incidents"'):
            assert (row["assets"], row["channels"], row["open_incidents"]) == (0, 0, 0)
    assert one.out.getvalue() == ""
    assert "no such table" not in caplog.text


def sung(database: Database) -> list[Row]:
    """Songs that came through."""
    names = "alarm, ok, detect_ms, stored_ms, delivered_ms, missing"
    return [row for row in database.rows(CANARY, names) if row["ok"] == 1]


class Rows:
    """A store that has the row, has not, or is away."""

    def __init__(self, answer: Mapping[str, Any] | None = None, *, away: bool = False) -> None:
        self.answer = answer
        self.away = away

    def row(self, *_: object) -> Mapping[str, Any] | None:
        """The same for whatever is asked."""
        if self.away:
            raise StoreUnreachable("gone")
        return self.answer


@pytest.mark.parametrize(
    ("rows", "missing"),
    [(Rows(), "noticed"), (Rows({"alarm": 1}), "noticed"), (Rows(away=True), "noticed")],
    ids=["no row", "a row", "away"],
)
def test_a_song_that_is_not_heard(broker: RunningBroker, rows: Rows, missing: str) -> None:
    """Where no aggregator listens the row tells which step is missing first."""
    canary = Canary(CanaryConfig(1, 1), MqttConfig(port=broker.port), rows)
    fields = canary.sing().fields
    assert (fields["ok"], fields["missing"]) == (False, missing)
    assert (fields["stored_ms"] is not None) == (rows.answer is not None)


class Away(Rows):
    """A store that is away while all before it works."""

    canary: Canary

    def row(self, *asked: object) -> Mapping[str, Any] | None:
        """Nothing; by now the pipeline has noticed the song."""
        onset_ms = int(str(asked[-1]))
        self.canary.noticed(
            replace(event("a", onset_ms), group=CANARY_GROUP, node=HOST, device="")
        )
        return super().row(*asked)


@pytest.mark.parametrize("away", [True, False])
def test_a_song_says_nothing_of_a_store_that_is_away(broker: RunningBroker, away: bool) -> None:
    """That is told by others, once; a store that answers and has no row is told by this."""
    rows = Away(away=away)
    rows.canary = Canary(CanaryConfig(1, 1), MqttConfig(port=broker.port), rows)
    fields = rows.canary.sing().fields
    assert (fields["ok"], fields["missing"]) == (None if away else False, "stored")
    assert fields["alarm"] == 0


def test_a_song_that_cannot_be_sent() -> None:
    """Without a broker the row says so, rather than that there is none."""
    canary = Canary(CanaryConfig(1, 1), MqttConfig(port=free_port()), Rows())
    fields = canary.sing().fields
    assert (fields["ok"], fields["missing"]) == (False, "sent")


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A receiver on a free port."""
    with closing(Receiver("127.0.0.1", 0, HOST)) as one:
        yield one


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"[]", 400),
        (b'{"alerts": 5}', 400),
        (b'{"alerts": [5]}', 400),
        (b'{"alerts": [{"labels": []}]}', 400),
        (json.dumps({"alerts": []}).encode(), 200),
        (json.dumps({"alerts": [alert("resolved")]}).encode(), 200),
        (json.dumps({"alerts": [alert(lamppost="watchdog")]}).encode(), 200),
        (json.dumps({"alerts": [alert(host="another")]}).encode(), 200),
        (b" " * (2 << 20), 413),
    ],
)
def test_what_is_no_song_is_not_heard(receiver: Receiver, body: bytes, status: int) -> None:
    """Rubbish, other rules, other hosts and the end of an alert are no arrival."""
    try:
        assert tell(receiver.port, body) == status
    except ConnectionError:
        assert status == 413  # it was refused while it was still sent
    assert receiver.heard_ms == 0


def test_a_song_is_heard(receiver: Receiver) -> None:
    """A firing alert among others is an arrival, and its time is kept."""
    before_ms = time.time_ns() // 1_000_000
    body = {"alerts": [alert("resolved"), alert()]}
    assert tell(receiver.port, json.dumps(body).encode()) == 200
    assert receiver.heard_ms >= before_ms


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ({"every_s": 600}, "[canary] every_s"),
        ({"every_s": -1}, "[canary] every_s"),
        ({"listen": "somewhere"}, "[canary] listen"),
        ({"listen": "h:-1"}, "[canary] listen"),
        ({"patience_s": 0}, "[canary] patience_s"),
    ],
)
def test_a_canary_that_cannot_be(tmp_path: Path, table: dict[str, Any], key: str) -> None:
    """Without an InfluxDB there is nothing to read back; addresses and times are checked."""
    with pytest.raises(ConfigError) as raised:
        check({"canary": table}, "city.toml", tmp_path)
    assert raised.value.key == key


def test_there_is_none_unless_it_is_asked_for() -> None:
    """Off by default."""
    assert Config().canary.every_s == 0
