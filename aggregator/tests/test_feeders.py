"""Feeders by the register's hierarchy: a dead one hides what is wrong with its lights."""

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path as FilePath

import pytest

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.topology import Feed, Path, Topology
from lamppost.aggregator.rollup.city import City
from lamppost.aggregator.rollup.feeders import Feeders, feeders_of
from lamppost.register.records.births import BirthSeen, ChannelSeen
from lamppost.register.records.store import Register

from .field import START_MS, Channel, FieldNode, Sample, Station
from .test_rollup_city import NOW, city_of

ASSETS = """id,name,class,parent
feeder-1,Feeder,feeder,
cabinet-1,Cabinet,light_cabinet,feeder-1
lamp-1,Lamp,street_light,cabinet-1
lamp-2,Lamp,street_light,cabinet-1
kiosk,Kiosk,kiosk,feeder-1
pump-1,Pump,pump,
"""
VOLTAGE = ChannelSeen("voltage", "double", "V", channel_class="voltage")
LIGHT = ChannelSeen("light", "double", "lx", channel_class="light")


@pytest.fixture
def register(tmp_path: FilePath) -> Iterator[Register]:
    """A register with a feeder, a cabinet below it, and two lamps below that."""
    with closing(Register(data_dir=tmp_path, clock_ms=lambda: NOW)) as made:
        made.migrate()
        file = tmp_path / "assets.csv"
        file.write_text(ASSETS)
        assert not made.import_assets(file, "ada").problems
        yield made


def watch(
    register: Register, place: str, asset: str, seen: ChannelSeen = LIGHT, group: str = "city"
) -> None:
    """Let a channel of NODE/DEVICE tell of an asset."""
    node, _, device = place.partition("/")
    named = ChannelSeen(
        seen.metric, "double", seen.unit, channel_class=seen.channel_class, asset=asset
    )
    register.observe_births([BirthSeen(group, node, device, NOW, (named,))])


def test_a_cabinet_feeds_what_tells_of_the_assets_below_it(register: Register) -> None:
    """By its voltage; a lamp that is a node goes dark whole, a gateway of many does not."""
    assert feeders_of(register.database) == ()
    watch(register, "lights/cabinet", "cabinet-1", VOLTAGE)
    assert feeders_of(register.database) == ()
    watch(register, "gateway/lamp-1", "lamp-1")
    watch(register, "gateway/other", "pump-1")
    watch(register, "controller/lamp", "lamp-2")
    watch(register, "elsewhere/lamp", "lamp-2", group="village")
    (found,) = feeders_of(register.database)
    assert found == Feed(
        (Path("controller"), Path("gateway", "lamp-1")),
        Path("lights", "cabinet", "voltage"),
        "city",
    )


def test_the_nearest_supply_that_is_watched_counts(register: Register) -> None:
    """A cabinet that nobody watches is passed over; one that is watched is fed itself."""
    watch(register, "substation/out-1", "feeder-1", LIGHT)
    watch(register, "gateway/lamp-1", "lamp-1")
    watch(register, "gateway/kiosk", "kiosk")
    by = Path("substation", "out-1")
    (found,) = feeders_of(register.database)
    assert found == Feed((Path("gateway", "kiosk"), Path("gateway", "lamp-1")), by, "city")
    watch(register, "lights/cabinet", "cabinet-1", VOLTAGE)
    cabinet, feeder = feeders_of(register.database)
    assert (cabinet.by.node, cabinet.feeds) == ("lights", (Path("gateway", "lamp-1"),))
    assert (feeder.by, feeder.feeds) == (by, (Path("gateway", "kiosk"), Path("lights")))


def test_who_tells_of_several_or_of_the_supply_itself_is_not_fed(register: Register) -> None:
    """What may be right must not be hidden; surroundings are no load of the feeder."""
    both = [
        ChannelSeen(name, "double", channel_class="light", asset=asset)
        for name, asset in (("a", "lamp-1"), ("b", "pump-1"))
    ]
    own = [
        ChannelSeen(name, "double", "V", channel_class="voltage", asset=asset)
        for name, asset in (("l1", "cabinet-1"), ("l2", "cabinet-1"), ("lamp", "lamp-1"))
    ]
    register.observe_births([BirthSeen("city", "mixed", "x", NOW, tuple(both))])
    register.observe_births([BirthSeen("city", "lights", "cabinet", NOW, tuple(own))])
    watch(register, "air/mast", "")
    register.bind("city/air/mast/light", "lamp-2", "environment", "ada")
    assert feeders_of(register.database) == ()


def test_the_city_tells_of_feeders_when_they_are_others(register: Register) -> None:
    """Once with the plan, and not again while they are the same."""
    told: list[Feeders] = []
    city = City(register.database, "lamppost", on_feeders=told.append)
    watch(register, "lights/cabinet", "cabinet-1", VOLTAGE)
    watch(register, "gateway/lamp-1", "lamp-1")
    for _ in range(2):
        city.samples(city_of("pump-1"))
    assert [[feed.by.node for feed in one] for one in told] == [["lights"]]


MAINS = Channel("voltage", 10, unit="V", low=180.0, high=260.0)
LAMP = Channel("power", 11, unit="W", low=0.0, high=100.0)
FEEDERS = (Feed((Path("lamps"),), Path("lights", "cabinet", "voltage"), "city"),)


def open_kinds(station: Station) -> set[tuple[str, str]]:
    """Kind and node of what is told and open."""
    events = station.pipeline.tools.judging.alarms.open_events()
    return {(one.kind, one.node) for one in events}


@pytest.mark.parametrize("checkpointed", [False, True], ids=["replayed", "checkpoint"])
def test_a_dead_feeder_hides_its_lights(tmp_path: FilePath, checkpointed: bool) -> None:
    """What was wrong before, too, and after a restart; it is told when power is back."""
    station, cabinet, lamps = Station(tmp_path), FieldNode("lights"), FieldNode("lamps")
    station.connect()
    station.hear(cabinet.nbirth(START_MS), cabinet.dbirth("cabinet", START_MS, [MAINS]))
    station.hear(lamps.nbirth(START_MS), lamps.dbirth("lamp-1", START_MS, [LAMP]))
    for _ in range(10):
        station.hear(cabinet.ddata("cabinet", [Sample(MAINS, 0.0, station.now_ms)]))
        station.hear(lamps.ddata("lamp-1", [Sample(LAMP, 500.0, station.now_ms)]))
        station.settle(1000)
    assert open_kinds(station) == {(e.RANGE, "lights"), (e.RANGE, "lamps")}
    station.pipeline.follow_feeders(FEEDERS)
    station.settle(1000)
    assert open_kinds(station) == {(e.RANGE, "lights")}
    station.hear(lamps.ndeath(station.now_ms))
    station.settle(1000)
    assert open_kinds(station) == {(e.RANGE, "lights")}
    if checkpointed:
        assert station.pipeline.checkpoint()
    station.crash()
    again = Station(tmp_path, now_ms=station.now_ms)
    again.restore()
    assert again.pipeline.tools.judging.feeders == FEEDERS
    assert open_kinds(again) == {(e.RANGE, "lights")}
    again.connect()
    for feeders in (FEEDERS, ()):
        assert (e.NODE_OFFLINE, "lamps") not in open_kinds(again)
        again.pipeline.follow_feeders(feeders)
        for _ in range(20):
            again.settle(1000)
    assert (e.NODE_OFFLINE, "lamps") in open_kinds(again)
    again.crash()


def test_the_configuration_counts_more() -> None:
    """Of what it feeds the register says nothing; a ring of both ends."""
    by_hand = Topology([Feed((Path("a"),), Path("b", "m", "voltage"))])
    both = by_hand.with_feeders(
        [
            Feed((Path("a", "x"), Path("b", "m")), Path("a", "y", "voltage"), "city"),
            Feed((Path("a"),), Path("c"), "city"),
        ]
    )
    assert both.parents("city", Path("a", "x", "c")) == [Path("b", "m", "voltage")]
    assert both.parents("city", Path("b", "m", "v")) == [Path("a", "y", "voltage")]
    assert both.below("b") == both.below("a") == {"a", "b"}
    assert both.below("c") == set()
