"""A real Grafana that the environment names: push, evaluate, and notify exactly once.

Set LAMPPOST_GRAFANA_URL and LAMPPOST_GRAFANA_TOKEN (Admin) of a Grafana on this machine that
may be written to. It reads the InfluxDB that the tests start.
"""

import json
import os
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import urllib3

from lamppost.dashboards.alerting.city import NOW_INTERVAL_S
from lamppost.dashboards.alerting.every import every_query
from lamppost.dashboards.alerting.receivers import Receivers
from lamppost.dashboards.asked import Asked
from lamppost.dashboards.influx import Influx
from lamppost.dashboards.push.run import push
from lamppost.dashboards.push.things import Kind, Verb
from lamppost.dashboards.rendering import RENDERED, load
from lamppost.dashboards.site import Site
from lamppost.dashboards.sources import SOURCES
from lamppost.wire.series import OPS
from parts.influx import RunningInflux, running_influx
from parts.seeded import create
from parts.waiting import wait_for

URL = os.environ.get("LAMPPOST_GRAFANA_URL", "").rstrip("/")
TOKEN = os.environ.get("LAMPPOST_GRAFANA_TOKEN", "")
CITY = "grafana"
RULE = "critical-incidents"
POOL = urllib3.PoolManager(retries=False, timeout=30.0)
EVALUATED_S = 420.0
SETTLE_S = 90.0
REGROUPED_S = 90.0
"""The interval of the group of critical alerts, and what evaluating takes."""
CACHED_S = 30.0
"""Grafana keeps what it knows of a data source for some seconds."""

pytestmark = [
    pytest.mark.usefixtures("site"),
    pytest.mark.slow,
    pytest.mark.timeout(900),
    pytest.mark.skipif(
        not (URL and TOKEN), reason="LAMPPOST_GRAFANA_URL and LAMPPOST_GRAFANA_TOKEN not set"
    ),
]


@dataclass(slots=True)
class Hooks:
    """A receiver of webhooks: when each came, on which path, and what it said."""

    port: int = 0
    got: list[tuple[float, str, dict[str, Any]]] = field(default_factory=list)

    def of(self, path: str, rule: str, status: str = "firing") -> list[float]:
        """When a message about a rule came."""
        return [
            at
            for at, where, told in list(self.got)
            if where == path
            and told["status"] == status
            and any(one["labels"].get("lamppost") == rule for one in told["alerts"])
        ]


@pytest.fixture(scope="module")
def hooks() -> Iterator[Hooks]:
    """A receiver on loopback."""
    kept = Hooks()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            length = int(self.headers["Content-Length"])
            told = json.loads(self.rfile.read(length))
            kept.got.append((time.monotonic(), self.path, told))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Not on the terminal."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield kept
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningInflux]:
    """An InfluxDB that these tests may stop."""
    with running_influx(tmp_path_factory.mktemp("influx")) as server:
        create(Influx(server.url), CITY)
        yield server


@pytest.fixture(scope="module")
def site(hooks: Hooks, database: RunningInflux) -> Site:
    """A city that is well, on a Grafana that all of it was pushed to."""
    base = f"http://127.0.0.1:{hooks.port}"
    receivers = Receivers(f"{base}/notify", f"{base}/page", f"{base}/watchdog")
    made = Site(CITY, database.url, "http://127.0.0.1:8080", receivers)
    well(database)
    push(URL, TOKEN, made, "unused")
    return made


def well(database: RunningInflux) -> None:
    """Write what a healthy aggregator says now."""
    parts = "broker_ok=1i,store_ok=1i,spool_ok=1i,nodes=10i,nodes_online=10i,dropped=0i"
    more = "dead_letters=0i,spool_bytes=1i,spool_limit_bytes=100i,store_lag_s=0.1"
    disk = "disk_free_bytes=90i,disk_bytes=100i,uptime_s=100.0"
    line(database, f"pipeline,host=h {parts},{more},{disk}")


def line(database: RunningInflux, text: str, at_ms: int = 0) -> None:
    """Write one line of the operations database, at this moment unless told otherwise."""
    now_ms = at_ms or time.time_ns() // 1_000_000
    url = f"{database.url}/write?db={OPS.named(CITY)}&precision=ms"
    answer = POOL.request("POST", url, body=f"{text} {now_ms}")
    assert answer.status == 204, answer.data


OPENED_MS = time.time_ns() // 1_000_000


def incident(
    database: RunningInflux, node: str, *, acked: bool = False, shelved: bool = False
) -> None:
    """Write a critical incident as the aggregator does: at its opening, as it stands now."""
    stands = f"open=1i,level=3i,acked={acked:d}i,shelved={shelved:d}i"
    line(database, f"incident,group=north,node={node} {stands}", OPENED_MS)


def asked(method: str, path: str, body: object = None) -> Any:
    """What Grafana answers."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    sent = None if body is None else json.dumps(body)
    answer = POOL.request(method, URL + path, body=sent, headers=headers)
    assert answer.status == 200, (path, answer.status, answer.data)
    return json.loads(answer.data)


def rules() -> dict[str, dict[str, Any]]:
    """The state of our rules, by the name in their label."""
    groups = asked("GET", "/api/prometheus/grafana/api/v1/rules")["data"]["groups"]
    listed = [rule for group in groups for rule in group["rules"]]
    return {rule["labels"]["lamppost"]: rule for rule in listed if "lamppost" in rule["labels"]}


def test_a_second_push_changes_nothing(site: Site) -> None:
    """On the real one too: what was pushed is found as it should be."""
    assert push(URL, TOKEN, site, "unused") == []


def test_what_changed_is_changed_again_and_back(site: Site) -> None:
    """Rules, boards and contact points that are there can be changed, not only made."""
    other = replace(site, console_url="http://127.0.0.1:8081")
    changes = push(URL, TOKEN, other, "unused")
    assert {one.verb for one in changes} == {Verb.UPDATE}
    assert {Kind.RULE, Kind.BOARD} <= {one.thing.kind for one in changes}
    assert len(push(URL, TOKEN, site, "unused")) == len(changes)


@pytest.mark.parametrize("board", load(RENDERED), ids=lambda one: str(one["uid"]))
def test_each_board_is_there(board: dict[str, Any]) -> None:
    """The board Grafana has is the one in git, in a folder of ours."""
    found = asked("GET", f"/api/dashboards/uid/{board['uid']}")
    assert found["dashboard"]["title"] == board["title"]
    assert len(found["dashboard"]["panels"]) == len(board["panels"])
    assert found["meta"]["folderUid"].startswith("lamppost-")


@pytest.mark.parametrize("query", every_query(), ids=lambda one: f"{one.place} {one.ref}")
def test_rule_queries_answer_through_grafana(query: Asked) -> None:
    """`/api/ds/query` gives frames and no error."""
    source = next(one for one in SOURCES if one.uid == query.source)
    target = {
        "refId": "A",
        "datasource": source.reference,
        "query": query.text,
        "rawQuery": True,
        "resultFormat": "time_series",
        "intervalMs": 60_000,
        "maxDataPoints": 1_000,
    }
    body = {"queries": [target], "from": "now-1h", "to": "now"}

    def frames() -> bool:
        """A data source that was changed a moment ago is asked where it was before."""
        try:
            return "error" not in asked("POST", "/api/ds/query", body)["results"]["A"]
        except AssertionError:
            return False

    wait_for(frames, query.text, CACHED_S, 1.0)


def test_every_rule_evaluates(database: RunningInflux) -> None:
    """All are healthy and only the watchdog fires in a city that is well."""

    def settled() -> bool:
        well(database)
        found = rules()
        return bool(found) and all(
            one["health"] in ("ok", "nodata") and one["lastEvaluation"][:4] != "0001"
            for one in found.values()
        )

    wait_for(settled, "every rule to be evaluated", EVALUATED_S, 1.0)
    assert {name for name, one in rules().items() if one["state"] == "firing"} <= {"watchdog"}


def test_one_critical_incident_is_one_message(database: RunningInflux, hooks: Hooks) -> None:
    """It comes within an evaluation interval and five seconds, once, with board and runbook."""
    incident(database, "n-1")
    start = time.monotonic()
    within = wait_for(lambda: hooks.of("/page", RULE), "the message", NOW_INTERVAL_S + 5.0)
    print(f"\nanomaly to webhook: {within[0] - start:.1f} s")
    told = next(body for _, path, body in hooks.got if path == "/page")
    (alert,) = told["alerts"]
    assert "Critical incident at north/n-1" in alert["annotations"]["summary"]
    assert alert["annotations"]["board"].endswith("/d/lamppost-city")
    until = time.monotonic() + SETTLE_S
    wait_for(lambda: time.monotonic() > until, "more messages", SETTLE_S + 10, 1.0)
    assert len(hooks.of("/page", RULE)) == 1


def test_the_next_incident_is_told_too(database: RunningInflux, hooks: Hooks) -> None:
    """Another one of the same group is a message of its own, while the first stands."""
    incident(database, "n-2")
    wait_for(lambda: len(hooks.of("/page", RULE)) == 2, "its message", REGROUPED_S)


def test_what_is_acknowledged_is_not_told_again(database: RunningInflux, hooks: Hooks) -> None:
    """The register writes the acknowledgement, and the alert ends though the incident lasts."""
    for node in ("n-1", "n-2"):
        incident(database, node, acked=True)
    wait_for(lambda: hooks.of("/page", RULE, "resolved"), "the end", REGROUPED_S)
    assert len(hooks.of("/page", RULE)) == 2


def test_what_is_shelved_is_silent_until_it_comes_back(
    database: RunningInflux, hooks: Hooks
) -> None:
    """Shelving ends the alert though the incident lasts; when its time is up it is told."""
    told, ended = len(hooks.of("/page", RULE)), len(hooks.of("/page", RULE, "resolved"))
    incident(database, "n-3")
    wait_for(lambda: len(hooks.of("/page", RULE)) == told + 1, "its message", REGROUPED_S)
    incident(database, "n-3", shelved=True)
    wait_for(
        lambda: len(hooks.of("/page", RULE, "resolved")) == ended + 1, "the end", REGROUPED_S
    )
    until = time.monotonic() + SETTLE_S
    wait_for(lambda: time.monotonic() > until, "more messages", SETTLE_S + 10, 1.0)
    assert len(hooks.of("/page", RULE)) == told + 1
    incident(database, "n-3")
    wait_for(lambda: len(hooks.of("/page", RULE)) == told + 2, "it comes back", REGROUPED_S)


def test_an_outage_of_the_database_is_one_message(
    database: RunningInflux, hooks: Hooks
) -> None:
    """All rules fail, one tells of it; whoever is woken is woken once."""
    before = len(hooks.got)
    database.stop()
    wait_for(lambda: hooks.of("/page", "data-source"), "the message", 300.0)
    until = time.monotonic() + SETTLE_S
    wait_for(lambda: time.monotonic() > until, "more messages", SETTLE_S + 10, 1.0)
    firing = [
        alert["labels"]["lamppost"]
        for _, _, told in hooks.got[before:]
        for alert in told["alerts"]
        if told["status"] == "firing" and alert["labels"]["lamppost"] != "watchdog"
    ]
    print("\ntold in the outage:", firing)
    assert firing == ["data-source"]
    database.start()


def test_the_watchdog_is_heard(hooks: Hooks) -> None:
    """Its receiver got it, however the database was."""
    assert hooks.of("/watchdog", "watchdog")


def test_what_is_pushed_can_be_taken_back(site: Site) -> None:
    """Without a watchdog its rule and contact point go, and nothing else."""
    without = Site(
        site.city, site.influx_url, site.console_url, Receivers("http://127.0.0.1:9")
    )
    told = [one.told for one in push(URL, TOKEN, without, "unused")]
    deleted = [one for one in told if one.startswith("delete")]
    assert len(deleted) == 2
    assert all("lamppost-watchdog" in one for one in deleted)
