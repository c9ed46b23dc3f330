"""What the register says of channels reaches groups and neighbours, and outlives a restart."""

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from lamppost.aggregator.nodes.series import SeriesInfo, SeriesKey
from lamppost.aggregator.pipeline.bindings import AT_ONCE, Bindings
from lamppost.aggregator.rollup.city import PLACES_EVERY_MS, City
from lamppost.aggregator.rollup.plan import Bound, Plan, plan_of
from lamppost.register.records.births import BirthSeen, ChannelSeen
from lamppost.register.records.store import Register
from lamppost.wire.datatypes import DataType

from .field import START_MS, Channel, FieldNode, Sample, Station
from .test_rollup_city import ASSETS, NOW, city_of

CHANNELS = [Channel("flow", 10), Channel("level", 11)]
KEY = SeriesKey("city", "node-1", "pump", "flow")
INFO = SeriesInfo(0, *KEY, DataType.DOUBLE)
TANK = Bound("tank", "harbour", 50.0, 10.0)


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    """A register that knows two channels of a device and the asset P1."""
    with closing(Register(data_dir=tmp_path, clock_ms=lambda: NOW)) as made:
        made.migrate()
        seen = tuple(ChannelSeen(name, "double") for name in ("flow", "air"))
        made.observe_births([BirthSeen("riverside", "pumps", "", NOW, (), "1", True)])
        made.observe_births([BirthSeen("riverside", "pumps", "pump-1", NOW, seen)])
        file = tmp_path / "assets.geojson"
        file.write_text(json.dumps(ASSETS))
        made.import_assets(file, "ada")
        yield made


def test_links_say_what_a_channel_tells_of_and_where_it_is(register: Register) -> None:
    """A link for the surroundings says only where; a better one beside it says more."""
    assert plan_of(register.database) == {}
    register.bind("riverside/pumps/pump-1/air", "P1", "environment", "ada")
    register.bind("riverside/pumps/pump-1/flow", "P1", "environment", "ada")
    register.bind("riverside/pumps/pump-1/flow", "P1", "state", "ada")
    place = ("riverside", "pumps", "pump-1")
    assert plan_of(register.database) == {
        SeriesKey(*place, "flow"): Bound("P1", "harbour", 50.0, 10.0),
        SeriesKey(*place, "air"): Bound("", "harbour", 50.0, 10.0),
    }


def test_the_city_tells_of_a_plan_when_it_is_another_one(register: Register) -> None:
    """Also of an empty one, once; not of one that it could not ask for."""
    told: list[Plan] = []
    city, snapshot = City(register.database, "lamppost", told.append), city_of("pump-1")
    for number in range(3):
        city.samples(replace(snapshot, time_ms=NOW + number * PLACES_EVERY_MS))
    assert told == [{}]
    register.bind("riverside/pumps/pump-1/flow", "P1", "state", "ada")
    city.samples(replace(snapshot, time_ms=NOW + 3 * PLACES_EVERY_MS))
    assert [len(plan) for plan in told] == [0, 1]


def test_a_large_plan_is_taken_over_bit_by_bit() -> None:
    """So many at once; what is said no more is forgotten; the same again is nothing."""
    plan = {KEY._replace(metric=f"m{number}"): TANK for number in range(AT_ONCE + 2)}
    bindings, sizes = Bindings(), []
    while rows := bindings.changes(plan):
        sizes.append(len(rows))
        bindings.put(json.loads(json.dumps(rows)))
    assert sizes == [AT_ONCE, 2]
    assert bindings.changes(dict(plan)) == []
    plan = dict(list(plan.items())[1:])
    (gone,) = bindings.changes(plan)
    assert gone == [*KEY[:3], "m0"]
    assert bindings.put([gone]) == [KEY._replace(metric="m0")]
    assert len(bindings.state()) == AT_ONCE + 1


def test_whom_to_believe() -> None:
    """A link before the birth's asset, the birth's position before that of the asset."""
    bindings = Bindings()
    told = replace(INFO, asset="pump", latitude=1.0, longitude=2.0)
    assert bindings.placed(told) is told
    assert bindings.district(told) == ""
    bindings.put([[*KEY, *TANK]])
    assert bindings.placed(told) == replace(told, asset="tank")
    assert bindings.placed(INFO) == replace(INFO, asset="tank", latitude=50.0, longitude=10.0)
    assert bindings.district(INFO) == "harbour"
    bindings.put([[*KEY, *TANK._replace(asset="")]])
    assert bindings.placed(told).asset == "pump"


def teams(station: Station) -> list[list[SeriesKey]]:
    """Who is grouped with whom."""
    judging = station.pipeline.tools.judging
    judging.settle()
    return [
        [judging.index[one].key for one in judging.groups.members(group)]
        for group in judging.groups
    ]


@pytest.mark.parametrize("checkpointed", [False, True], ids=["replayed", "checkpoint"])
def test_a_link_groups_the_channels_of_two_devices(tmp_path: Path, checkpointed: bool) -> None:
    """Without the register after a restart as well, and for who is born only later."""
    station, node = Station(tmp_path), FieldNode()
    station.connect()
    level = KEY._replace(device="tank", metric="level")
    station.pipeline.follow({KEY: TANK, level: TANK})
    station.hear(node.nbirth(START_MS), node.dbirth("pump", START_MS, CHANNELS))
    station.settle(1000)
    station.hear(node.dbirth("tank", START_MS, CHANNELS))
    station.hear(node.ddata("pump", [Sample(CHANNELS[0], 1.0, station.now_ms)]))
    station.settle(1000)
    assert teams(station) == [[KEY, level]]
    if checkpointed:
        assert station.pipeline.checkpoint()
    before = station.pipeline.tools.judging.state()[0]
    station.crash()
    again = Station(tmp_path, now_ms=station.now_ms)
    again.restore()
    assert again.pipeline.tools.judging.state()[0] == before
    assert teams(again) == [[KEY, level]]
    again.connect()
    again.pipeline.follow({KEY: TANK})
    again.settle(1000)
    assert teams(again) == [[level._replace(metric="flow"), level]]
    again.crash()
