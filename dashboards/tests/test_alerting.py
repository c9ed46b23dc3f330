"""Alert rules: what holds for all of them, and their queries on a real InfluxDB."""

import re
import time
from urllib.request import urlopen

import pytest

from lamppost.aggregator.store.lineprotocol import sample_line
from lamppost.aggregator.store.seam import Sample
from lamppost.dashboards.alerting.city import CRITICAL_INCIDENTS, INDICATOR_MISSED
from lamppost.dashboards.alerting.every import GROUPS, every_group, every_query
from lamppost.dashboards.alerting.receivers import Receivers, contact_points, route
from lamppost.dashboards.alerting.rule import (
    ALERTING,
    CONDITION,
    KEEP_LAST,
    MAX_UID_CHARS,
    OK,
    Rule,
)
from lamppost.dashboards.asked import asked as asked_of
from lamppost.dashboards.boards.every import every_board
from lamppost.dashboards.checking import check, summary
from lamppost.dashboards.influx import Influx
from lamppost.wire.series import INCIDENT, OPS
from parts.influx import RunningInflux
from parts.seeded import create, named_influx, small_city, write

RULES = [rule for group in GROUPS for rule in group.rules]
EACH = pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.name))
ALL = Receivers("http://n", "http://p", "http://w", "http://c")
CITY, EMPTY, TAKEN = "alerts", "alerts-empty", "alerts-taken"
MAX_ROWS = 200


@EACH
def test_a_rule_says_what_to_do(rule: Rule) -> None:
    """Every rule has a sentence on what is wrong, one on what to do first, and a board."""
    told = rule.as_json("http://console")["annotations"]
    assert told["summary"]
    assert told["runbook"].endswith(".")
    boards = {board.uid for board in every_board()}
    assert told["board"].removeprefix("{{ externalURL }}d/") in boards
    assert ("http://console/alarms" in told.get("act", "")) == rule.acts


@EACH
def test_what_a_runbook_names_is_on_its_board(rule: Rule) -> None:
    """Who was woken and opens the board finds the field that the sentence sends them to."""
    (board,) = (one.as_json() for one in every_board() if one.uid == rule.board)
    queries = " ".join(one.text for one in asked_of(board))
    for name in re.findall(r"`(\w+)`", rule.runbook):
        assert f'"{name}"' in queries


@EACH
def test_a_rule_is_whole(rule: Rule) -> None:
    """Each letter is asked, reduced and used, and the states of failure are always set."""
    made = rule.as_json("http://console")
    refs = [part["refId"] for part in made["data"]]
    assert refs == [*(name for ref in rule.queries for name in (ref, f"{ref}Last")), CONDITION]
    used = set(re.findall(r"\$(\w+)", made["data"][-1]["model"]["expression"]))
    assert used == {f"{ref}Last" for ref in rule.queries}
    assert {made["noDataState"], made["execErrState"]} <= {OK, ALERTING}
    assert len(made["uid"]) <= MAX_UID_CHARS


def test_uids_and_titles_are_unique() -> None:
    """Grafana refuses two rules of one title in a folder, and two of one uid anywhere."""
    assert (
        len({rule.uid for rule in RULES}) == len({rule.title for rule in RULES}) == len(RULES)
    )


def test_one_rule_tells_of_an_outage() -> None:
    """A query that fails is told once, silence is told once, whatever the version."""
    for on_error in (OK, KEEP_LAST):
        made = [rule.as_json("http://console", on_error) for rule in RULES]
        loud = [one["uid"] for one in made if one["execErrState"] == ALERTING]
        assert loud == ["lamppost-data-source"]
        assert {one["execErrState"] for one in made} == {ALERTING, on_error}
    assert [rule.name for rule in RULES if rule.on_no_data != OK] == ["pipeline-silent"]


def test_an_end_is_not_told_with_an_old_number() -> None:
    """Where rows vanish when all is well, Grafana ends an alert with the words it had."""
    for rule in (CRITICAL_INCIDENTS, INDICATOR_MISSED):
        assert "$values" not in rule.summary


def test_an_outage_is_not_told_again_when_it_is_over() -> None:
    """The promise of the store is broken then: one bad minute burns sixteen times too fast."""
    (burn,) = (rule for rule in RULES if rule.name == "slo-burn")
    assert all("\"slo\" != 'store'" in one.text for one in burn.queries.values())


def test_a_database_that_is_started_anew_wakes_nobody() -> None:
    """Queries have to fail for two minutes."""
    (outage,) = (rule for rule in RULES if rule.name == "data-source")
    assert outage.hold == "2m"


def test_the_watchdog_asks_no_database() -> None:
    """It must sing while everything else is broken."""
    (watchdog,) = (rule for rule in RULES if rule.name == "watchdog")
    made = watchdog.as_json("http://console")
    assert [part["datasourceUid"] for part in made["data"]] == ["__expr__"]
    assert made["data"][0]["model"]["expression"] == "1 == 1"


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: str(group.name))
def test_intervals_are_grafanas(group: object) -> None:
    """Grafana evaluates in steps of ten seconds."""
    assert group.interval_s % 10 == 0  # type: ignore[attr-defined]


def test_rules_without_a_receiver_are_left_out() -> None:
    """No watchdog rule without a watchdog, no canary without a measurer; no dangling route."""
    names = {rule.name for group in every_group(Receivers("http://n")) for rule in group.rules}
    assert not names & {"watchdog", "canary"}
    assert len(names) == len(RULES) - 2
    points = {one["name"] for one in contact_points(Receivers("http://n"))}
    tree = route(Receivers("http://n"))
    assert {tree["receiver"], *(one["receiver"] for one in tree["routes"])} <= points


def test_repeats_are_multiples_of_their_interval() -> None:
    """Otherwise Alertmanager repeats at the next multiple, which nobody expects."""
    seconds = {"s": 1, "m": 60, "h": 3600, "d": 86400}
    tree = route(ALL)
    for one in (tree, *tree["routes"]):
        interval, repeat = (
            int(one[key][:-1]) * seconds[one[key][-1]]
            for key in ("group_interval", "repeat_interval")
        )
        assert repeat % interval == 0


def test_rule_queries_are_answered(influx: RunningInflux) -> None:
    """No error on a seeded city nor on an empty one, and few rows: never one per sensor."""
    asked = named_influx() or Influx(influx.url)
    create(asked, EMPTY)
    assert summary(check(asked, EMPTY, [], every_query()))["failures"] == []
    write(asked, CITY, small_city())
    outcomes = check(asked, CITY, [], every_query())
    assert summary(outcomes)["failures"] == []
    assert max(one.rows for one in outcomes) <= MAX_ROWS
    answered = {one.asked.place for one in outcomes if one.rows}
    assert {"Many nodes are offline", "Many assets are silent"} <= answered
    assert all(len(one.asked.text) < 1_000 for one in outcomes)


UNTAKEN = {"open": 1, "level": 3, "acked": 0, "shelved": 0}


def test_who_has_taken_an_incident_is_not_told_again(influx: RunningInflux) -> None:
    """Only critical incidents that are open, not acknowledged and not shelved, one by one."""
    asked = Influx(influx.url)
    create(asked, TAKEN)
    now_ms = time.time_ns() // 1_000_000
    told = {
        "pump-1": UNTAKEN,
        "pump-2": UNTAKEN,
        "": UNTAKEN,
        "acknowledged": UNTAKEN | {"acked": 1},
        "shelved": UNTAKEN | {"shelved": 1},
        "closed": UNTAKEN | {"open": 0},
        "a warning": UNTAKEN | {"level": 2},
    }
    lines = [
        sample_line(
            Sample(INCIDENT, now_ms, {"group": "g", "node": "n", "device": name}, fields)
        )
        for name, fields in told.items()
    ]
    url = f"{influx.url}/write?db={OPS.named(TAKEN)}&precision=ms"
    with urlopen(url, "\n".join(lines).encode(), timeout=60) as answer:
        assert answer.status == 204
    text = CRITICAL_INCIDENTS.queries["A"].text.replace("$timeFilter", "time > now() - 1h")
    found = {
        series["tags"]["device"]: series["values"][0][1]
        for series in asked.query(OPS.named(TAKEN), text)
    }
    assert found == {"pump-1": 1, "pump-2": 1, "": 1}
