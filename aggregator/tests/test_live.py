"""What the console is handed."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from lamppost.aggregator.alarms.maintenance import FILE_NAME, Window, write_windows
from lamppost.aggregator.view.board import Board
from lamppost.aggregator.view.live import KEEP_S, Live
from lamppost.register.live import ChannelView, LiveView
from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.delivery import LedgerRow

from .field import START_MS, Channel, FieldNode, Sample, Station
from .parts import NoStore, OneSeries, Quiet

FLOW = Channel("flow", 10, unit="L/s", low=0.0, high=80.0, heartbeat_ms=1000)
RUNNING = Channel("running", 11, DataType.BOOLEAN, unit="")
MODE = Channel("mode", 12, DataType.STRING, unit="")


@pytest.fixture
def station(tmp_path: Path) -> Iterator[Station]:
    """A pipeline with a node whose device has told three values."""
    one = Station(tmp_path)
    one.connect()
    node = FieldNode()
    one.hear(
        node.nbirth(START_MS, ledger=[LedgerRow("2027-01-15", 4, 1, 3)]),
        node.dbirth("pump", START_MS, [FLOW, RUNNING, MODE]),
        node.ddata(
            "pump",
            [
                Sample(FLOW, 12.0, START_MS),
                Sample(RUNNING, True, START_MS),
                Sample(MODE, "auto", START_MS),
            ],
        ),
    )
    one.settle()
    yield one
    one.crash()


def view(station: Station) -> Live:
    """A live view as of now."""
    board = Board(station.pipeline)
    board.refresh()
    return Live(station.pipeline, board, Quiet(), NoStore(), lambda: station.now_ms)


def channels(station: Station) -> dict[str, ChannelView]:
    """The channels by metric."""
    return {channel.metric: channel for channel in view(station).snapshot().channels}


def test_it_is_what_the_console_expects(station: Station) -> None:
    """The view fulfils the register's protocol."""
    live: LiveView = view(station)
    assert live.snapshot().time_ms == station.now_ms


def test_channels_show_their_last_value(station: Station) -> None:
    """Numbers, booleans and texts come as such, with unit and time."""
    found = channels(station)
    assert (found["flow"].value, found["flow"].unit, found["flow"].time_ms) == (
        12.0, "L/s", START_MS,
    )  # fmt: skip
    assert found["running"].value is True
    assert found["mode"].value == "auto"
    assert not any(channel.stale for channel in found.values())


def test_late_readings_are_not_the_last(station: Station) -> None:
    """A reading older than the last one is stored but not shown; a bad one is."""
    node = FieldNode(batch=1)
    node.seq.next()
    node.seq.next()
    station.hear(node.ddata("pump", [Sample(FLOW, 99.0, START_MS - 5000, historical=True)]))
    assert channels(station)["flow"].value == 12.0
    station.hear(node.ddata("pump", [Sample(FLOW, None, START_MS + 10, Quality.BAD)]))
    assert channels(station)["flow"].value is None
    assert "bad" in channels(station)["flow"].flags


def test_silence_and_death_make_stale(station: Station) -> None:
    """A value past its heartbeat, or of a dead node, is not a present one."""
    station.now_ms += 60_000
    assert channels(station)["flow"].stale
    assert not channels(station)["mode"].stale
    station.hear(FieldNode().ndeath(START_MS))
    assert all(channel.stale for channel in channels(station).values())


def test_nodes_ledger_and_health(station: Station) -> None:
    """The node's facts, its books and our counters are shown."""
    snapshot = view(station).snapshot()
    (node,) = snapshot.nodes
    assert (node.name, node.online, node.acks, node.version) == ("node-1", True, True, "1.2.3")
    assert node.autonomy_h == 12.5
    (books,) = snapshot.ledger
    assert (books.taken, books.stored, books.evicted, books.lost) == (4, 3, 1, 0)
    health = snapshot.health
    assert (health.received, health.judged, health.stored) == (3, 3, 3)
    assert health.latency_p50_ms is not None
    assert health.latency_p99_ms is not None
    assert health.warnings == ()


def test_events_are_shown_open_and_closed(station: Station) -> None:
    """A dead node is an open event, and after its birth a closed one."""
    node = FieldNode()
    station.hear(node.ndeath(START_MS))
    (event,) = view(station).snapshot().events
    assert (event.kind, event.end_ms) == ("node_offline", None)
    assert event.reason
    station.hear(node.nbirth(START_MS))
    (event,) = view(station).snapshot().events
    assert event.end_ms == station.now_ms


def test_incidents_carry_their_events(station: Station) -> None:
    """A dead node is one incident, told after it has gathered, and closed after its return."""
    node = FieldNode()
    station.hear(node.ndeath(START_MS))
    snapshot = view(station).snapshot()
    (event,), (incident,) = snapshot.events, snapshot.incidents
    assert event.incident == incident.id
    assert (incident.incident_class, incident.kind, incident.notified) == (
        "communication", "node_offline", None,
    )  # fmt: skip
    station.settle(6_000)
    (incident,) = view(station).snapshot().incidents
    assert incident.notified is True
    station.hear(node.nbirth(START_MS))
    station.settle(31_000)
    (incident,) = view(station).snapshot().incidents
    assert (incident.closed_ms, incident.open_events) == (START_MS + 6_200, 0)


def test_who_works_where_is_shown_and_unknown_places_are_told(station: Station) -> None:
    """A mistyped place would pause nothing; a broken file is told too."""
    path = station.folder / FILE_NAME
    pump = Window(
        "city", "node-1", "pump", START_MS, START_MS + 60_000, "A. Fitter", "impeller"
    )
    write_windows(path, [pump, replace(pump, device="pmup")])
    station.settle(1_000)
    snapshot = view(station).snapshot()
    assert [window.device for window in snapshot.maintenance] == ["pump", "pmup"]
    (warning,) = snapshot.health.warnings
    assert warning == "maintenance of city/node-1/pmup: nobody knows it"
    path.write_text("{")
    station.settle(1_000)
    assert any(FILE_NAME in warning for warning in view(station).snapshot().health.warnings)


def test_what_the_cap_left_out_is_told(station: Station) -> None:
    """How many, and which cap."""
    node = FieldNode()
    for number in range(9):
        station.hear(node.ndeath(START_MS))
        station.settle(300_000)
        node.bdseq = (number + 1) % 256
        station.hear(node.nbirth(START_MS))
        station.settle(1_000)
        station.settle(60_000)
    (warning,) = view(station).snapshot().health.warnings
    assert "3 incidents of the last hour were not notified: at most 6 of one asset" in warning


def test_a_snapshot_is_kept_for_a_moment(station: Station) -> None:
    """Ten pages cost as much as one."""
    live = view(station)
    assert live.snapshot() is live.snapshot()
    assert KEEP_S < 1.0


def test_strangers_are_not_shown(station: Station) -> None:
    """A node that never was born has no row."""
    station.hear(FieldNode("ghost").ddata("pump", [Sample(FLOW, 1.0, START_MS)]))
    assert [node.name for node in view(station).snapshot().nodes] == ["node-1"]


def test_history_comes_from_the_store(station: Station) -> None:
    """Numbers and texts in one order, absent ones as None, flags in words."""
    live = Live(station.pipeline, Board(station.pipeline), Quiet(), OneSeries())
    history = live.history("city", "node-1", "pump", "flow", 100, 200, 0)
    assert history.time_ms == (100, 101, 102)
    assert history.value == (1.0, "auto", None)
    assert history.expected == (1.5, None, None)
    assert history.flags == (("range",), (), ("bad",))


def test_history_of_nothing_and_of_a_store_that_is_away(station: Station) -> None:
    """An unknown channel is a LookupError, a silent store an OSError."""
    live = view(station)
    with pytest.raises(LookupError, match="city/node-1/pump/nothing"):
        live.history("city", "node-1", "pump", "nothing", 0, 1, 0)
    with pytest.raises(OSError, match="flow from 0"):
        live.history("city", "node-1", "pump", "flow", 0, 1, 0)
