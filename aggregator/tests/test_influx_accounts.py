"""`lamppost influx setup` on an InfluxDB 1.x with users: accounts, and what they may do."""

import json
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import urllib3

from lamppost.aggregator.store.http import Http, Server
from lamppost.aggregator.store.influx_cli import FAILED, OK, main
from lamppost.aggregator.store.influxql import Reader
from lamppost.aggregator.store.open import open_store
from lamppost.aggregator.store.seam import StoreRefused
from parts.batches import T0, batch, event
from parts.influx import RunningInflux, running_influx

CITY = "riverside"
Printed = pytest.CaptureFixture[str]


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInflux]:
    """A server that asks who comes, and has no users yet."""
    home = tmp_path_factory.mktemp("closed")
    with running_influx(home, "  auth-enabled = true") as server:
        yield server


def setup(
    server: RunningInflux, folder: Path, printed: Printed, *more: str, code: int = OK
) -> Any:
    """What the command prints: the JSON of its outcome, or what it says is wrong."""
    (folder / "admin").write_text("the-password-of-ann\n")
    words = ["setup", server.url, "--city", CITY, "--json", "--token-dir", str(folder)]
    more = more or ("--user", "ann", "--password-file", str(folder / "admin"))
    assert main([*words, *more]) == code
    out, err = printed.readouterr()
    assert "the-password-of-ann" not in out + err
    return json.loads(out) if code == OK else err


def reader(server: RunningInflux, user: str, folder: Path) -> Reader:
    """Who asks as one of the accounts."""
    password = (folder / f"{CITY}-{user}.password").read_text().strip()
    account = urllib3.make_headers(basic_auth=f"{CITY}-{user}:{password}")
    return Reader(Http(Server(server.url, dict(account))), CITY)


def states(outcome: Any) -> dict[str, str]:
    """What became of the accounts."""
    return {one["user"]: one["state"] for one in outcome["tokens"]}


def test_accounts_are_made_and_kept(
    closed: RunningInflux, tmp_path: Path, capsys: Printed
) -> None:
    """The first administrator, one account that writes and one that reads; twice is once."""
    told = setup(closed, tmp_path, capsys, "--user", "ann", code=FAILED)
    assert "has no users yet: --password-file" in told
    first = setup(closed, tmp_path, capsys)
    assert first["notes"] == ["'ann' is made: the first administrator of this InfluxDB"]
    assert states(first) == {"riverside-aggregator": "made", "riverside-grafana": "made"}
    assert {path.stat().st_mode & 0o777 for path in tmp_path.glob("*.password")} == {0o600}
    again = setup(closed, tmp_path, capsys)
    assert again["notes"] == []
    assert states(again) == {"riverside-aggregator": "kept", "riverside-grafana": "kept"}
    with closing(open_store(first["store_url"], tmp_path)) as store:
        store.write(batch([], events=[event("a", T0)]))
        assert len(store.events(T0, T0 + 1)) == 1
    reading = reader(closed, "grafana", tmp_path)
    assert reading.query(f"{CITY}_ops", 'SELECT "reason" FROM "event"')[0]
    for forbidden in ("DROP DATABASE riverside", "DELETE FROM event", "SHOW USERS"):
        with pytest.raises(StoreRefused, match="403"):
            reading.query(f"{CITY}_ops", forbidden)


def test_what_accounts_may_is_mended(
    closed: RunningInflux, tmp_path: Path, capsys: Printed
) -> None:
    """Rights beyond those wanted are taken, a lost password is set anew, others are kept."""
    setup(closed, tmp_path, capsys)
    admin = urllib3.make_headers(basic_auth="ann:the-password-of-ann")
    asking = Reader(Http(Server(closed.url, dict(admin))), CITY)
    asking.query(
        "",
        "CREATE DATABASE other",
        'GRANT ALL ON "other" TO "riverside-grafana"',
        'GRANT ALL ON "riverside" TO "riverside-grafana"',
        'GRANT ALL PRIVILEGES TO "riverside-grafana"',
    )
    (tmp_path / f"{CITY}-aggregator.password").unlink()
    mended = setup(closed, tmp_path, capsys)
    assert states(mended) == {
        "riverside-aggregator": "replaced",
        "riverside-grafana": "changed",
    }
    reading = reader(closed, "grafana", tmp_path)
    for database in ("riverside", "other"):
        with pytest.raises(StoreRefused, match="403"):
            reading.query(database, "DELETE FROM reading")
    assert set(states(setup(closed, tmp_path, capsys)).values()) == {"kept"}


def test_a_server_that_asks_nobody_is_told(
    influx: RunningInflux, tmp_path: Path, capsys: Printed
) -> None:
    """Accounts protect nothing where everybody is let in without one."""
    told = setup(influx, tmp_path, capsys)
    assert "answers without a user too" in told["notes"][0]
    assert "auth-enabled" in told["notes"][0]
