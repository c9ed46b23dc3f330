"""Births, deaths, gaps, and what an interruption of ours means."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lamppost.aggregator.ingest.inbox import CONNECTED, LOST
from lamppost.aggregator.nodes.nodes import Node
from lamppost.aggregator.pipeline.lifecycle import SILENCE_MS

from .field import START_MS, Channel, FieldNode, Sample, Station

FLOW = Channel("flow", 10)
CONFIRM_MS = 45_000


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A connected pipeline."""
    one = Station(tmp_path)
    one.connect()
    yield one
    one.crash()


def born(station: Station, name: str = "node-1", *, acks: bool = True) -> FieldNode:
    """A node with one device comes online."""
    node = FieldNode(name, acks=acks)
    station.hear(node.nbirth(station.now_ms), node.dbirth("pump", station.now_ms, [FLOW]))
    return node


def known(station: Station, node: FieldNode) -> Node:
    """The node as the aggregator has it."""
    return station.pipeline.tools.book.nodes[f"{node.group}/{node.name}"]


def kinds(station: Station) -> list[tuple[str, str, bool]]:
    """Communication events: kind, device, whether it is over."""
    return [
        (event.kind, event.device, event.end_ms is not None)
        for event in station.events
        if event.event_class == "communication"
    ]


def test_death_and_new_birth(station: Station) -> None:
    """A death with the birth's bdSeq takes the node offline with an event; a birth ends it."""
    node = born(station)
    station.hear(node.ndeath(station.now_ms))
    assert not known(station, node).online
    assert kinds(station) == [("node_offline", "", False)]
    node.bdseq = 1
    station.settle(1000)
    station.hear(node.nbirth(station.now_ms))
    assert known(station, node).online
    assert kinds(station)[-1] == ("node_offline", "", True)


def test_a_stale_death_is_ignored(station: Station) -> None:
    """The will of a session that a newer birth has replaced changes nothing."""
    node = born(station)
    node.bdseq = 1
    station.hear(node.nbirth(station.now_ms), node.ndeath(station.now_ms, bdseq=0))
    assert known(station, node).online
    assert kinds(station) == []
    assert station.pipeline.lifecycle.stale_deaths == 1


def test_device_death(station: Station) -> None:
    """A device dies and is born again, the node stays."""
    node = born(station)
    station.hear(node.ddeath("pump", station.now_ms))
    assert known(station, node).online
    assert kinds(station) == [("device_offline", "pump", False)]
    station.hear(node.dbirth("pump", station.now_ms + 1, [FLOW]))
    assert kinds(station)[-1] == ("device_offline", "pump", True)


def test_a_gap_asks_for_rebirth_after_the_timeout(station: Station) -> None:
    """A missing message is waited for; when it does not come, a birth is asked for."""
    node = born(station)
    node.seq.next()
    station.hear(node.ddata("pump", [Sample(FLOW, 1.0, START_MS)]))
    station.settle(1000)
    assert station.rebirths(node) == 0
    station.settle(2000)
    assert station.rebirths(node) == 1
    assert known(station, node).sequence.gaps == 1


def test_rebirths_are_not_repeated_too_soon(station: Station) -> None:
    """A node that keeps sending what nobody understands is asked once in a while."""
    stranger = FieldNode("node-2")
    for _ in range(50):
        station.hear(stranger.ddata("pump", [Sample(FLOW, 1.0, START_MS)]))
        station.settle(100)
    assert station.rebirths(stranger) == 1


def test_an_interruption_makes_all_nodes_stale(station: Station) -> None:
    """While our connection is away nobody is known to be online, and no alarm is raised."""
    node = born(station)
    station.hear((LOST, b""))
    station.settle(300_000)
    assert known(station, node).stale
    assert known(station, node).online
    assert kinds(station) == []
    station.hear((CONNECTED, b""), node.ddata("pump", [Sample(FLOW, 1.0, START_MS)]))
    assert not known(station, node).stale


def test_silence_during_an_interruption_is_nobodys_fault(station: Station) -> None:
    """Channels that we could not hear owe nothing: no gap is told, then or right after."""
    node = FieldNode()
    watched = Channel("flow", 10, heartbeat_ms=1000)
    station.hear(node.nbirth(START_MS), node.dbirth("pump", START_MS, [watched]))
    for _ in range(20):
        station.hear(node.ddata("pump", [Sample(watched, 1.0, station.now_ms)]))
        station.settle(1000)
    station.hear((LOST, b""))
    station.settle(30_000)
    station.settle(30_000)
    station.hear((CONNECTED, b""))
    station.settle(1000)
    assert station.events == []
    station.settle(30_000)
    assert [event.kind for event in station.events] == ["gap"]


def test_a_node_that_does_not_come_back_is_offline(station: Station) -> None:
    """After an interruption a silent node is asked, and then counted as dead."""
    node = born(station)
    station.hear((LOST, b""), (CONNECTED, b""))
    station.settle(CONFIRM_MS // 2 + 1000)
    assert station.rebirths(node) == 1
    assert known(station, node).online
    station.settle(CONFIRM_MS)
    assert not known(station, node).online
    assert kinds(station) == [("node_offline", "", False)]


def test_a_node_of_ours_may_not_be_silent_for_ever(station: Station) -> None:
    """A broker that never fires a will does not hide a dead node."""
    node = born(station)
    station.settle(SILENCE_MS + 1000)
    station.settle(CONFIRM_MS)
    station.settle(CONFIRM_MS)
    assert not known(station, node).online


def test_a_foreign_nodes_births_are_not_trusted_after_an_interruption(
    station: Station,
) -> None:
    """Its aliases may have changed unseen, so its data waits for a birth; ours does not."""
    foreign, ours = born(station, "plc", acks=False), born(station, "ours")
    station.hear((LOST, b""), (CONNECTED, b""))
    before = station.pipeline.counters.judged
    station.hear(
        foreign.ddata("pump", [Sample(FLOW, 1.0, START_MS)]),
        ours.ddata("pump", [Sample(FLOW, 1.0, START_MS)]),
    )
    station.settle()
    assert station.pipeline.counters.judged == before + 1
    assert (station.rebirths(foreign), station.rebirths(ours)) == (1, 0)


def test_a_changed_birth_changes_what_aliases_mean(station: Station) -> None:
    """A foreign node may give its aliases new meanings at each birth."""
    foreign = born(station, "plc", acks=False)
    swapped = [Channel("level", 10), Channel("flow", 11)]
    station.hear(
        foreign.nbirth(START_MS),
        foreign.dbirth("pump", START_MS, swapped),
        foreign.ddata("pump", [Sample(swapped[0], 3.0, START_MS + 1)]),
    )
    columns, _ = station.pipeline.tools.judging.latest.copy()
    level = station.pipeline.index.find("city", "plc", "pump", "level")
    assert level is not None
    assert columns["value"][level.index] == 3.0


def test_an_alias_that_a_birth_left_out_means_nothing(station: Station) -> None:
    """A channel that is gone from the birth is gone from the table."""
    foreign = born(station, "plc", acks=False)
    before = station.pipeline.counters.judged
    station.hear(
        foreign.nbirth(START_MS),
        foreign.dbirth("pump", START_MS, [Channel("level", 11)]),
        foreign.ddata("pump", [Sample(FLOW, 3.0, START_MS + 1)]),
    )
    unborn = 1  # the null of the birth of `level`
    assert station.pipeline.counters.judged == before + unborn
    assert station.pipeline.tools.quarantine.count == 1


def test_a_device_birth_before_the_nodes(station: Station) -> None:
    """Without the node's birth nobody knows whether it takes acks: it is asked for."""
    node = FieldNode("late")
    station.hear(node.dbirth("pump", START_MS, [FLOW]))
    station.settle()
    assert station.rebirths(node) == 1
    assert len(station.pipeline.index) == 0


def test_a_birth_that_cannot_be_decoded_is_set_aside(station: Station) -> None:
    """It is counted and kept, and the node stays unknown."""
    node = FieldNode("odd")
    topic, payload = node.nbirth(START_MS)
    station.hear((topic, payload[:-5]))
    assert station.pipeline.tools.quarantine.count == 1
    assert not known(station, node).online
