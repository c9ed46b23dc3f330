"""Births on their way into the register."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lamppost.aggregator.config import Config, with_data_dir
from lamppost.aggregator.records import feed
from lamppost.aggregator.run import run
from lamppost.aggregator.settings.rules import ConfigError
from lamppost.register.records.births import BirthSeen
from lamppost.register.records.intake import Intake
from lamppost.register.records.reading import Wanted
from lamppost.register.records.store import Register
from lamppost.register.records.values import Channel as ChannelRecord
from lamppost.register.records.values import Node as NodeRecord

from .field import START_MS, Channel, FieldNode, Sample, Station

FLOW = Channel("flow", 10, unit="L/s", low=0.0, high=80.0, rate_per_s=4.0, asset="P1")
WAIT_S = 60.0


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    """A register beside the station."""
    one = Register("sqlite:register.db", tmp_path)
    yield one
    one.close()


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A connected pipeline."""
    one = Station(tmp_path)
    one.connect()
    yield one
    one.crash()


def entered(intake: Intake) -> int:
    """Let the births in, and return how many they were."""
    assert intake.settle(WAIT_S)
    intake.stop()
    return intake.entered


def channels(register: Register) -> tuple[ChannelRecord, ...]:
    """The channels that hold."""
    return register.page("channels", Wanted({})).items


def test_births_fill_the_register(station: Station, register: Register) -> None:
    """What a node declares is a record, with unit, range, rate, asset and version."""
    intake = feed(register, station.pipeline)
    node = FieldNode()
    station.hear(node.nbirth(START_MS), node.dbirth("pump", START_MS, [FLOW]))
    station.hear(node.ddata("pump", [Sample(FLOW, 1.0, START_MS)]))
    assert entered(intake) == 2
    (flow,) = channels(register)
    assert flow.id == "city/node-1/pump/flow"
    assert (flow.unit, flow.unit_ok, flow.low, flow.high) == ("L/s", True, 0.0, 80.0)
    assert (flow.rate_per_s, flow.declared_asset) == (4.0, "P1")
    (found,) = register.page("nodes", Wanted({})).items
    assert isinstance(found, NodeRecord)
    assert (found.version, found.acks, found.valid_from_ms) == ("1.2.3", True, station.now_ms)


def test_a_register_that_comes_later_hears_of_births_before_it(
    station: Station, register: Register, tmp_path: Path
) -> None:
    """After a restart no node is born again, and a new register is whole nevertheless."""
    node = FieldNode()
    station.hear(node.nbirth(START_MS), node.dbirth("pump", START_MS, [FLOW]))
    station.settle()
    station.crash()
    again = Station(tmp_path, now_ms=station.now_ms + 1_000)
    again.restore()
    assert entered(feed(register, again.pipeline)) == 2
    assert [one.metric for one in channels(register)] == ["flow"]
    again.crash()


def test_a_replay_is_not_told_again(station: Station, tmp_path: Path) -> None:
    """What the register has heard of, a restart does not repeat."""
    node = FieldNode()
    station.hear(node.nbirth(START_MS), node.dbirth("pump", START_MS, [FLOW]))
    station.settle()
    station.crash()
    again = Station(tmp_path, now_ms=station.now_ms + 1_000)
    told: list[BirthSeen] = []
    again.pipeline.tools.on_birth = told.append
    again.restore()
    assert told == []
    again.hear(node.dbirth("pump", again.now_ms, [FLOW]))
    assert [one.device for one in told] == ["pump"]
    again.crash()


def test_an_address_that_is_none_ends_the_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As any other wrong configuration, by name."""
    monkeypatch.setenv("LAMPPOST_REGISTER_URL", "mysql://db/city")
    with pytest.raises(ConfigError, match=r"LAMPPOST_REGISTER_URL.*'mysql'.*postgresql"):
        run(with_data_dir(Config(), tmp_path))
