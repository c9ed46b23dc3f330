"""What stands in the way of using data together, rule by rule."""

import json
from pathlib import Path
from typing import Any

import pytest

from lamppost.register import cli
from lamppost.register.records.births import ChannelSeen
from lamppost.register.records.store import Register
from lamppost.register.resources import deciding, graph
from lamppost.register.resources.barriers import NAMES, Barriers, barriers
from lamppost.register.resources.graph import Edge, Thing
from lamppost.register.resources.loading import StreamSeen, World
from lamppost.register.resources.values import Resource

from .asking import asking, body
from .registers import FLOW, birth
from .test_resources_findings import resource

GOOD: dict[str, dict[str, Any]] = {
    "dataset": {
        "owner": "City Water", "contact": "data@city", "licence": "CC-BY-4.0",
        "media_type": "text/csv; charset=utf-8", "conforms_to": "SensorThings 1.1",
        "endpoint_url": "https://city/flows",
    },
    "service": {
        "owner": "City IT", "contact": "it@city", "endpoint_url": "https://city/v1.1",
        "conforms_to": "OGC SensorThings 1.1",
    },
}  # fmt: skip


def looked_at(*resources: Resource, stream: StreamSeen | None = None) -> Barriers:
    """Look at resources, and at a stream that feeds all of the datasets."""
    streams = () if stream is None else (stream,)
    things = [Thing(f"{one.kind}:{one.id}", one.kind, one.name) for one in resources]
    things += [Thing(f"stream:{one.id}", "stream", one.id) for one in streams]
    edges = [
        Edge(f"stream:{seen.id}", f"dataset:{one.id}", "feeds")
        for seen in streams
        for one in resources
        if one.kind == "dataset"
    ]
    return barriers(World(resources, streams, graph.graph(things, edges)))


def seen(**facts: Any) -> StreamSeen:
    """Return a stream."""
    whole = {"device": "d", "group": "g", "measurand": "flow", "unit": "L/s", **facts}
    return StreamSeen("s", "g/n/d/flow", **whole)


def test_what_is_open_in_every_way_has_no_barrier() -> None:
    """A stream in a dataset that a service serves, all of them described."""
    told = looked_at(
        *(resource(kind, kind, **facts) for kind, facts in GOOD.items()), stream=seen()
    )
    assert (told.items, told.things, told.free, told.rules) == ((), 3, 3, {})


@pytest.mark.parametrize(
    ("kind", "facts", "rules"),
    [
        ("dataset", {"owner": None}, {"no_owner"}),
        ("dataset", {"contact": None}, {"no_contact"}),
        ("dataset", {"licence": None}, {"no_licence"}),
        ("dataset", {"media_type": None}, {"no_format"}),
        ("dataset", {"media_type": "application/x-vendor"}, {"closed_format"}),
        ("dataset", {"conforms_to": None}, {"no_vocabulary"}),
        ("dataset", {"endpoint_url": None}, {"no_open_interface"}),
        ("service", {"owner": None}, {"no_owner"}),
        ("service", {"endpoint_url": None}, {"no_open_interface"}),
        ("service", {"endpoint_url": "http://city/v1.1"}, {"not_encrypted"}),
        ("service", {"conforms_to": None}, {"no_open_interface"}),
        ("service", {"conforms_to": "Acme 3"}, {"closed_interface"}),
    ],
)
def test_each_rule_finds_what_is_missing(
    kind: str, facts: dict[str, Any], rules: set[str]
) -> None:
    """And says what would take it away."""
    one = resource("x", kind, **{**GOOD[kind], **facts})
    told = looked_at(one, stream=seen() if kind == "dataset" else None)
    found = {barrier.rule for barrier in told.items if barrier.kind == kind}
    assert found == rules
    assert all(barrier.remedy and barrier.key == f"{kind}:x" for barrier in told.items[:1])


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"unit": "l/sec", "unit_ok": False}, "no_ucum_unit"),
        ({"measurand": ""}, "no_measurand"),
        ({"measurand": "wobble"}, "no_vocabulary"),
    ],
)
def test_a_stream_says_what_it_measures_and_in_what(facts: dict[str, Any], rule: str) -> None:
    """Unit and measurand are what others need to use it."""
    told = looked_at(resource("x", **GOOD["dataset"]), stream=seen(**facts))
    assert [one.rule for one in told.items] == [rule]


def test_a_stream_that_is_in_no_dataset_has_nobody() -> None:
    """Neither a dataset nor an owner; what a resource about it says counts."""
    assert set(looked_at(stream=seen()).rules) == {"no_dataset", "no_owner"}
    about = resource("about", "stream", about="s", owner="City Water")
    assert set(looked_at(about, stream=seen()).rules) == {"no_dataset"}


def test_data_from_elsewhere_must_say_their_time_zone() -> None:
    """What streams feed is in UTC; the rest needs a word."""
    assert set(looked_at(resource("x", **GOOD["dataset"])).rules) == {"no_time_zone"}
    told = looked_at(resource("x", **GOOD["dataset"], keywords=["tz:Europe/Berlin"]))
    assert told.items == ()


@pytest.mark.sqlite
async def test_barriers_are_served_and_told(
    register: Register, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Counted by rule, filtered by kind and rule, the same on the command line."""
    odd = ChannelSeen("odd", "double", "l/sec", channel_class="wobble")
    register.observe_births([birth(FLOW, odd)])
    with register.changing("ada") as writer:
        deciding.enter(writer, "flows", "dataset", {"name": "Flows", "gathers_class": "flow"})
    async with asking(register) as client:
        told = await body(client, "map/barriers")
        (unit,) = (await body(client, "map/barriers?rule=no_ucum_unit"))["items"]
        datasets = await body(client, "map/barriers?kind=dataset&limit=2")
        assert (await client.get("map/barriers?kind=node")).status_code == 400
    assert (told["things"], told["free"], told["total"]) == (3, 0, len(told["items"]))
    assert unit["name"].endswith("/odd")
    assert "l/sec" in unit["told"]
    assert (datasets["total"], len(datasets["items"])) == (6, 2)
    register.close()
    asked = ["barriers", "--data", str(tmp_path), "--kind", "dataset"]
    assert cli.main(asked) == 0
    said = capsys.readouterr().out
    assert "dataset\tFlows\tno_licence" in said
    assert "0 of 3 streams, datasets and services" in said
    assert cli.main([*asked, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rules"] == told["rules"]
    assert set(told["rules"]) <= set(NAMES)
