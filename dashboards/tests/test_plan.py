"""What a push would do: from what should be and what is to a list of changes."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.dashboards.alerting.receivers import OURS, Receivers, route
from lamppost.dashboards.arguments import Failed
from lamppost.dashboards.push.grafana import ANY
from lamppost.dashboards.push.notes import from_console, known, of_incident, of_maintenance
from lamppost.dashboards.push.plan import TOLD, InTheWay, plan
from lamppost.dashboards.push.run import planned
from lamppost.dashboards.push.things import Kind, Thing, Verb, covers
from lamppost.dashboards.push.wanted import TREE, wanted
from lamppost.dashboards.site import Site

SITE = Site("city", "http://influx", "http://console", Receivers("http://n", "", "http://w"))
OLD, NEW = (9, 3, 2), (11, 0, 0)
ROOT = {"receiver": "grafana-default-email", "group_by": ["grafana_folder"], "routes": []}
FOREIGN = {"receiver": "theirs", "object_matchers": [["team", "=", "trees"]]}
BOARD = Thing(Kind.BOARD, "lamppost-x", "X", "lamppost-operate", {"title": "X"})


def tree(*routes: Mapping[str, object]) -> Thing:
    """The policies of a Grafana."""
    return Thing(Kind.POLICY, "tree", TREE, body={**ROOT, "routes": list(routes)})


def after(site: Site, version: tuple[int, int, int] = OLD) -> list[Thing]:
    """What is there after a push to an empty Grafana."""
    made = planned(site, "s", version, [tree(FOREIGN)])
    kept = [one.thing for one in made]
    return [
        replace(one, body={**one.body, "secureJsonData": {"httpHeaderValue1": ANY}})
        if one.kind is Kind.SOURCE
        else one
        for one in kept
    ]


def test_everything_is_made_in_an_order_that_works() -> None:
    """Folders before what is in them, contact points before the policies that name them."""
    made = planned(SITE, "s", OLD, [tree()])
    kinds = [one.thing.kind for one in made]
    assert kinds == sorted(kinds, key=list(Kind).index)
    assert set(kinds) == set(Kind) - {Kind.NOTE}
    assert {one.verb for one in made if one.thing.kind is not Kind.POLICY} == {Verb.CREATE}


def test_a_second_push_changes_nothing() -> None:
    """What was pushed is found as it should be."""
    assert planned(SITE, "s", OLD, after(SITE)) == []


def test_only_what_changed_is_changed() -> None:
    """Another webhook is one contact point."""
    other = replace(SITE, receivers=replace(SITE.receivers, watchdog="http://other"))
    (change,) = planned(other, "s", OLD, after(SITE))
    assert (change.verb, change.thing.key) == (Verb.UPDATE, "lamppost-watchdog")


def test_a_new_token_is_set_without_grafana_giving_the_old_one_back() -> None:
    """The mark tells; the token stands nowhere but in the secret."""
    changes = planned(SITE, "other", OLD, after(SITE))
    assert [one.thing.kind for one in changes] == [Kind.SOURCE] * 3
    visible = [
        str({name: part for name, part in one.thing.body.items() if name != "secureJsonData"})
        for one in changes
    ]
    assert not any("other" in text for text in visible)


def test_what_we_made_and_no_longer_have_is_deleted() -> None:
    """Without a watchdog its rule goes first, then its contact point, after the policies."""
    without = replace(SITE, receivers=Receivers("http://n"))
    changes = planned(without, "s", OLD, after(SITE))
    told = [(one.verb.value, one.thing.kind, one.thing.key) for one in changes]
    assert told == [
        ("update", Kind.POLICY, "tree"),
        ("delete", Kind.RULE, "lamppost-watchdog"),
        ("delete", Kind.POINT, "lamppost-watchdog"),
    ]


@given(
    st.sampled_from([kind for kind in Kind if kind not in (Kind.POLICY, Kind.NOTE)]), st.text()
)
def test_nothing_of_others_is_touched(kind: Kind, key: str) -> None:
    """Whatever somebody else has under another name stays, and stays unchanged."""
    theirs = Thing(kind, f"their {key}", f"their {key}", ours=False)
    assert planned(SITE, "s", OLD, [*after(SITE), theirs]) == []


def test_the_policies_of_others_stay() -> None:
    """The root and other routes are as they were; ours comes first, once."""
    ours = route(Receivers("http://old"))
    (change,) = (
        one
        for one in planned(SITE, "s", OLD, [tree(FOREIGN, ours)])
        if one.thing.kind is Kind.POLICY
    )
    body = change.thing.body
    assert body["receiver"] == ROOT["receiver"]
    assert [one["object_matchers"] for one in body["routes"]] == [
        [OURS],
        FOREIGN["object_matchers"],
    ]


@pytest.mark.parametrize("kind", [Kind.FOLDER, Kind.BOARD, Kind.SOURCE, Kind.POINT])
def test_a_name_that_is_taken_stops_everything(kind: Kind) -> None:
    """A Grafana that has boards of these names already: told, and nothing done."""
    ours = next(one for one in wanted(SITE, "s", "OK") if one.kind is kind)
    theirs = replace(ours, key="abc", ours=False)
    with pytest.raises(InTheWay, match="has the name of ours: rename or move it"):
        planned(SITE, "s", OLD, [tree(), theirs])


def test_a_uid_that_is_taken_stops_everything() -> None:
    """A board with our uid but without our tag is somebody else's."""
    theirs = replace(BOARD, ours=False)
    with pytest.raises(InTheWay, match="give it another one"):
        plan([BOARD], [theirs])


def test_another_city_stops_everything() -> None:
    """Its boards have the same addresses, so each city needs an organisation of its own."""
    found = after(SITE)
    other = replace(SITE, city="hillside")
    with pytest.raises(InTheWay, match="reads 'city', which is another city than 'hillside'"):
        planned(other, "s", OLD, found)
    nothing = [replace(one, body={}) if one.kind is Kind.SOURCE else one for one in found]
    with pytest.raises(InTheWay, match="reads ''"):
        planned(other, "s", OLD, nothing)


def test_what_files_provision_is_not_pushed_over() -> None:
    """Grafana would set it back at the next start; so it is told, a few and a number."""
    found = [replace(one, origin="file") for one in after(SITE)]
    with pytest.raises(InTheWay, match="comes from a provisioning file") as caught:
        planned(SITE, "s", OLD, found)
    assert len(caught.value.conflicts) > TOLD
    assert f"and {len(caught.value.conflicts) - TOLD} more" in str(caught.value)


def test_newer_grafanas_keep_the_last_state_in_an_outage() -> None:
    """From 10.4 on an outage does not even resolve what is firing."""
    for version, wanted_state in ((OLD, "OK"), (NEW, "KeepLast")):
        rules = [one for one in after(SITE, version=version) if one.kind is Kind.RULE]
        states = {one.body["execErrState"] for one in rules}
        assert states == {"Alerting", wanted_state}


def test_what_grafana_adds_is_no_difference() -> None:
    """Keys of its own are left, another value or a shorter list is a difference."""
    assert covers({"a": 1, "id": 7}, {"a": 1})
    assert not covers({"a": 1}, {"a": 1, "b": 2})
    assert not covers({"a": [1, 2]}, {"a": [1]})
    assert covers([{"a": 1, "b": 2}], [{"a": 1}])


INCIDENT = {
    "id": "i-7",
    "incident_class": "process_anomaly",
    "group": "g",
    "node": "n",
    "device": "d",
    "opened_ms": 1_000,
    "closed_ms": None,
    "reason": "flow rose",
}
WORK = {
    "group": "g",
    "node": "n",
    "device": "",
    "since_ms": 5,
    "until_ms": 9,
    "by": "A. Fitter",
    "reason": "impeller",
}


def there(*notes: Thing) -> list[Thing]:
    """What Grafana says of annotations that were pushed to it."""
    return list(known([{**note.body, "id": at} for at, note in enumerate(notes)]))


def test_an_incident_is_one_annotation_that_gets_an_end() -> None:
    """Pushed open, pushed again without a change, and closed later: one annotation."""
    opened = of_incident(INCIDENT)
    (made,) = planned(SITE, "s", OLD, after(SITE), [opened])
    assert (made.verb, made.thing.body["tags"][-1]) == (Verb.CREATE, "lamppost")
    found = [*after(SITE), *there(opened)]
    assert planned(SITE, "s", OLD, found, [opened]) == []
    (ended,) = planned(SITE, "s", OLD, found, [of_incident({**INCIDENT, "closed_ms": 4_000})])
    assert (ended.verb, ended.thing.body["id"]) == (Verb.UPDATE, 0)
    assert ended.thing.body["timeEnd"] == 4_000


def test_annotations_the_console_forgot_stay() -> None:
    """History is not deleted, with notes or without."""
    found = [*after(SITE), *there(of_incident(INCIDENT), of_maintenance(WORK))]
    assert planned(SITE, "s", OLD, found) == []
    assert planned(SITE, "s", OLD, found, [of_maintenance(WORK)]) == []


def test_maintenance_says_who_and_why() -> None:
    """The annotation is a sentence, and its tags are what boards look for."""
    note = of_maintenance(WORK)
    assert note.body["text"] == "Maintenance at g/n by A. Fitter: impeller"
    assert {"lamppost", "maintenance"} <= set(note.body["tags"])


def test_a_console_that_is_none_is_told() -> None:
    """An address where nobody answers ends with a sentence, before anything is changed."""
    with pytest.raises(Failed, match="came no answer of a console"):
        from_console("http://127.0.0.1:1")


def test_a_console_that_asks_who_comes_is_shown_the_token() -> None:
    """With it annotations are made; without one the sentence says which option is missing."""
    with console("s3cret") as url:
        assert [one.key for one in from_console(url, "s3cret")] == [of_incident(INCIDENT).key]
        with pytest.raises(Failed, match=r"401 .*allowed: a viewer's token in --console-token"):
            from_console(url)


@contextmanager
def console(token: str) -> Iterator[str]:
    """A console with one incident for whoever shows this token."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            known = self.headers["Authorization"] == f"Bearer {token}"
            listed = {"incidents": [INCIDENT], "maintenance": []}
            body = json.dumps(listed).encode() if known else b""
            self.send_response(HTTPStatus.OK if known else HTTPStatus.UNAUTHORIZED)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Not on the terminal."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            thread.join()
