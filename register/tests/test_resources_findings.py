"""What the map shows to be missing, and streams that may measure the same."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import date
from typing import Any

import httpx
import pytest
import pytest_asyncio
from hypothesis import given
from hypothesis import strategies as st

from lamppost.register.days.day import DAY_MS
from lamppost.register.records.births import ChannelSeen
from lamppost.register.records.store import Register
from lamppost.register.resources import deciding, graph
from lamppost.register.resources.duplicates import (
    LOOKS_MAX,
    PAIRS_MAX,
    Placed,
    distance_m,
    duplicates,
)
from lamppost.register.resources.facts import EMPTY
from lamppost.register.resources.findings import (
    completeness,
    ending,
    firmware,
    orphans,
    overdue,
    unused,
)
from lamppost.register.resources.loading import StreamSeen, World, world
from lamppost.register.resources.places import Place, middle
from lamppost.register.resources.values import Resource
from lamppost.register.seed.parts import PARTS
from lamppost.register.seed.seeding import Seeding, seed_city

from .asking import asking, body
from .registers import FLOW, LEVEL, T0, birth, opened

TODAY = date(2026, 3, 1)
HERE = (9.18, 48.78)


def resource(one: str, kind: str = "dataset", **facts: Any) -> Resource:
    """Return a resource."""
    whole = {
        "id": one, "created_ms": 0, "updated_ms": 0, "valid_from_ms": 0, "valid_to_ms": None,
        "version": 1, "kind": kind, "about": None, **EMPTY, "name": one,
        "attested_ms": None, "attested_by": None, **facts,
    }  # fmt: skip
    return Resource(**whole)


def placed(one: str, place: Place = HERE, **facts: str) -> Placed:
    """Return a stream at a place, of a device of its own."""
    whole: dict[str, Any] = {"device": one, "group": "g", "measurand": "flow", "unit": "L/s"}
    return Placed(StreamSeen(one, one, **{**whole, **facts}), place)


def now(register: Register) -> World:
    """Return what there is."""
    with register.database.reading() as connection:
        return world(connection)


@pytest_asyncio.fixture
async def client(register: Register) -> AsyncIterator[httpx.AsyncClient]:
    """The API on two streams, one of them in a dataset that is used."""
    register.observe_births([birth(FLOW, LEVEL)])
    with register.changing("ada") as writer:
        said = {"name": "flows", "owner": "a", "steward": "b", "gathers_class": "flow"}
        deciding.enter(writer, "flows", "dataset", said)
        deciding.enter(writer, "levels", "dataset", {"name": "levels"})
        deciding.enter(writer, "works", "consumer", {"name": "works", "owner": "c"})
        deciding.connect(writer, "dataset:flows", "consumer:works", "ada")
    async with asking(register) as client:
        yield client


async def test_findings_by_name(client: httpx.AsyncClient) -> None:
    """Each has its list; a name that is none is refused, and a page is cut."""
    lists = {}
    for what in ("orphans", "unused", "overdue", "ending"):
        told = await body(client, f"map/findings?what={what}")
        lists[what] = {one["key"]: one["told"] for one in told["items"]}
    level = f"stream:riverside/station/pump-1/level@{T0}"
    assert lists["orphans"] == {
        "consumer:works": "has no steward",
        "dataset:levels": "has no owner and no steward",
        "node:riverside/station": "has no owner and no steward",
        level: "is in no dataset",
    }
    assert set(lists["unused"]) == {"dataset:levels", level}
    assert len(lists["overdue"]) == 3
    assert lists["ending"] == {}
    cut = await body(client, "map/findings?what=orphans&limit=1")
    assert (cut["total"], len(cut["items"])) == (4, 1)
    assert (await client.get("map/findings?what=ghosts")).status_code == 400
    assert (await client.get("map/duplicates?radius_m=1e9")).status_code == 400
    kinds = {one["kind"]: one for one in (await body(client, "map/completeness"))["items"]}
    assert kinds["dataset"]["owned"] == 0.5
    assert (kinds["service"]["there"], kinds["service"]["share"]) == (0, None)
    assert (kinds["node"]["there"], kinds["node"]["entered"], kinds["node"]["said"]) == (
        1,
        0,
        0,
    )


def test_reviews_are_overdue_the_day_after() -> None:
    """On the day itself there is still time; without a date there is none to keep."""
    due = [resource("a", review_due_on="2026-03-01"), resource("b", review_due_on="2026-02-27")]
    told = overdue([*due, resource("c")], TODAY)
    assert [(one.key, one.told) for one in told] == [
        ("dataset:b", "review was due 2026-02-27, 2 d ago"),
        ("dataset:c", "has no review date"),
    ]


def test_ends_of_support_and_contract() -> None:
    """What has ended comes first; what ends later than asked is left out."""
    entries = [
        resource("a", "system", support_end_on="2026-02-28", contract_end_on="2026-03-11"),
        resource("b", "agreement", contract_end_on="2026-03-12"),
    ]
    told = [(one.key, one.told) for one in ending(entries, TODAY, 10)]
    assert told == [
        ("system:a", "support ends 2026-02-28, 1 d ago"),
        ("system:a", "contract ends 2026-03-11, in 10 d"),
    ]


def test_complete_is_every_expected_fact() -> None:
    """A fact that is false is said; one that is empty is not."""
    said: dict[str, Any] = {
        "owner": "a", "steward": "b", "contact": "c", "review_due_on": "2027-01-01",
        "licence": "CC0-1.0", "personal_data": False, "purpose": "p", "retention_days": 1,
        "provenance": "measured",
    }  # fmt: skip
    whole = graph.graph([graph.Thing(f"dataset:{n}", "dataset", n, "a") for n in "ab"], [])
    entries = [resource("a", **said), resource("b", owner="a")]
    line = next(one for one in completeness(whole, entries) if one.kind == "dataset")
    assert (line.expected, line.said, line.share, line.owned) == (18, 10, 0.5556, 1.0)


def test_old_firmware_is_told_with_its_age(register: Register) -> None:
    """By the newest that is seen here, number by number; the oldest comes first."""
    told = {"a": "0.9.2", "b": "0.10.0", "c": "0.9.10", "d": None, "e": "0.10.0"}
    births = [replace(birth(FLOW, node=one), version=v) for one, v in told.items()]
    register.observe_births(births)
    newer = replace(birth(FLOW, node="a", at_ms=T0 + 3 * DAY_MS), version="0.9.3")
    register.observe_births([newer, replace(newer, time_ms=T0 + 4 * DAY_MS)])
    there = now(register)
    found = firmware(there.nodes, there.resources, T0 + 10 * DAY_MS)
    assert [(one.name, one.told) for one in found] == [
        ("riverside/d", "does not tell its version"),
        ("riverside/a", "runs 0.9.3 for 7 d; the newest here is 0.10.0"),
        ("riverside/c", "runs 0.9.10 for 10 d; the newest here is 0.10.0"),
    ]
    node = register.one("nodes", "riverside/a")
    assert (node.version, node.version_since_ms) == ("0.9.3", T0 + 3 * DAY_MS)
    assert register.verify_audit().faults == ()


def test_duplicates_are_near_alike_and_of_two_devices() -> None:
    """Another unit, another measurand, the same device or a longer way is none."""
    streams = [
        placed("a"),
        placed("b", (9.1805, 48.78)),
        placed("far", (9.19, 48.78)),
        placed("unit", unit="m3/h"),
        placed("other", measurand="level"),
        placed("a-2", device="a", place=(9.1810, 48.78)),
    ]
    costs = [
        resource("x", "stream", about="a", cost_year=300.0, currency="EUR"),
        resource("y", "stream", about="b", cost_year=120.0, currency="EUR"),
        resource("z", "stream", about="a-2", cost_year=1.0, currency="USD"),
    ]
    told = duplicates(streams, 9, 50.0, costs)
    assert [(pair.first, pair.second) for pair in told.pairs] == [("a", "b"), ("b", "a-2")]
    first, second = told.pairs
    assert first.apart_m == pytest.approx(36.6, abs=0.2)
    assert (first.saving_year, first.currency, first.correlation) == (120.0, "EUR", None)
    assert second.saving_year is None
    assert (told.placed, told.streams, told.cut) == (6, 9, False)


@given(
    st.lists(st.tuples(st.floats(9.0, 9.02), st.floats(59.99, 60.01)), min_size=2, max_size=30),
    st.floats(1, 900),
)
def test_no_pair_within_the_radius_is_left_out(places: list[Place], radius_m: float) -> None:
    """The cells find what comparing all with all finds."""
    streams = [placed(str(n), place) for n, place in enumerate(places)]
    told = duplicates(streams, len(streams), radius_m, [])
    slowly = {
        frozenset((a.seen.id, b.seen.id))
        for n, a in enumerate(streams)
        for b in streams[:n]
        if distance_m(a.place, b.place) <= radius_m
    }
    assert {frozenset((pair.first, pair.second)) for pair in told.pairs} == slowly


def test_a_heap_of_sensors_at_one_place_is_cut() -> None:
    """As many pairs as anybody reads, and it is told that there are more."""
    told = duplicates([placed(str(n)) for n in range(100)], 100, 10.0, [])
    assert (len(told.pairs), told.cut) == (PAIRS_MAX, True)
    one = duplicates([placed(str(n), device="d") for n in range(2_000)], 2_000, 10.0, [])
    assert one.cut is (LOOKS_MAX < 2_000 * 1_999 // 2)


def test_the_middle_of_every_geometry() -> None:
    """Of a line, an area and a collection: that of the box around."""
    line = {"type": "LineString", "coordinates": [[0.0, 0.0], [2.0, 4.0, 7.0]]}
    assert middle(line) == (1.0, 2.0)
    ring = [[[0.0, 0.0], [4.0, 0.0], [4.0, 2.0], [0.0, 0.0]]]
    point = {"type": "Point", "coordinates": [6.0, 0.0]}
    whole = [{"type": "Polygon", "coordinates": ring}, point]
    assert middle({"type": "GeometryCollection", "geometries": whole}) == (3.0, 1.0)


async def test_the_made_up_city_has_something_to_show(register: Register) -> None:
    """Datasets that gather, a portal that depends on them, and something of each finding."""
    seed_city(Seeding(register, T0, 32), PARTS, lambda _: None)
    there = now(register)
    assert {one.kind for one in there.resources} >= {
        "dataset", "service", "system", "consumer", "agreement", "node",
    }  # fmt: skip
    assert any(one.key.startswith("stream:") for one in orphans(there.graph))
    assert any(one.kind == "dataset" for one in unused(there.graph))
    gone = graph.impact(there.graph, "node:riverside/air-1")
    assert {"dataset", "service"} <= set(gone.lost)
    assert gone.thinned == {"consumer": 1, "indicator": 3}
    async with asking(register) as client:
        assert (await body(client, "map/findings?what=overdue"))["total"] > 0
        alike = await body(client, "map/duplicates?radius_m=1500")
        assert 0 < alike["placed"] <= alike["streams"]
        assert alike["unlike"] > 0, "chance does not move together"
    assert register.verify_audit().faults == ()


def test_a_city_of_2_000_streams(tmp_path: Any) -> None:
    """Born, gathered, mapped and searched."""
    register = opened(tmp_path)
    metrics = [ChannelSeen(f"f{n}", "double", "L/s", channel_class="flow") for n in range(20)]
    register.observe_births([birth(*metrics, node=f"n{n}") for n in range(100)])
    with register.changing("ada") as writer:
        deciding.enter(writer, "all", "dataset", {"name": "all", "gathers_class": "flow"})
    there = now(register)
    assert len(there.streams) == 2_000
    assert graph.impact(there.graph, "node:riverside/n7").thinned == {"dataset": 1}
    assert len(unused(there.graph)) == 2_001
    assert len(orphans(there.graph)) == 101
    things = [replace(placed(one.id), seen=one) for one in there.streams]
    assert duplicates(things, 2_000, 50.0, there.resources).cut
    register.close()
