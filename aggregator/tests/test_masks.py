"""What hides what: the lost, the unfed, maintenance; and what comes to light again."""

import json

import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.topology import Feed, Path, Topology

from .test_events import Desk, ms

PUMP_1, PUMP_2 = ("riverside", "station-1", "pump-1"), ("riverside", "station-1", "pump-2")
BY_CABINET = Topology([Feed((Path("station-1"),), Path("lights-1", "cabinet-1", "power"))])
POWER, PRESSURE = 3, 0  # series


def told(events: list[Event]) -> list[tuple[str, str, bool]]:
    """Kind, device, whether it is over."""
    return [(event.kind, event.device, event.end_ms is not None) for event in events]


def test_a_dead_node_hides_all_that_is_wrong_with_its_devices() -> None:
    """Also what was told before; its neighbours still speak."""
    desk = Desk()
    desk.read(10, c.ANOMALY, onset=9)
    desk.read(10, c.STUCK, series=POWER, onset=5)
    events = desk.events.offline("riverside", "station-1", None, ms(20))
    assert told(events) == [
        (e.DEVIATION, "pump-1", True),
        (e.NODE_OFFLINE, "", False),
    ]
    assert desk.read(21, c.RANGE, series=2, onset=20) == []
    assert sorted(desk.open_kinds()) == [e.NODE_OFFLINE, e.STUCK]
    assert desk.events.hidden == 2


def test_what_outlasts_its_explanation_is_told_after_all() -> None:
    """By time alone, with its own onset; what was mended meanwhile is not."""
    desk = Desk()
    desk.events.offline("riverside", "station-1", "pump-1", ms(5))
    assert desk.read(6, c.RANGE, onset=6) == []
    assert desk.read(6, c.STUCK, series=1, onset=2) == []
    desk.events.online("riverside", "station-1", "pump-1", ms(30))
    desk.read(32, 0, series=1)
    assert [desk.tick(second) for second in (31, 40, 45)] == [[], [], []]
    (shown,) = desk.tick(46)
    assert (shown.kind, shown.onset_ms, shown.end_ms) == (e.RANGE, ms(6), None)
    assert desk.events.hidden == 0


def test_fresh_evidence_is_told_at_once() -> None:
    """A worse reading need not wait for the clock."""
    desk = Desk()
    desk.events.maintain([PUMP_1], ms(1))
    desk.read(6, c.ANOMALY, severity=0.5, onset=6)
    desk.events.maintain([], ms(8))
    events = desk.read(9, c.ANOMALY, severity=0.8, onset=6)
    assert told(events) == [(e.DEVIATION, "pump-1", False)] * 2


def test_a_lost_device_of_a_lost_node_is_told_when_only_the_node_returns() -> None:
    """A node's birth does not bring its devices back."""
    desk = Desk()
    desk.events.offline("riverside", "station-1", "pump-1", ms(5))
    desk.events.offline("riverside", "station-1", None, ms(6))
    assert desk.open_kinds() == [e.NODE_OFFLINE]
    desk.events.online("riverside", "station-1", None, ms(10))
    desk.tick(11)
    assert told(desk.tick(30)) == [(e.DEVICE_OFFLINE, "pump-1", False)]


@pytest.mark.parametrize("flags", [c.ANOMALY, c.RANGE], ids=["deviation", "range"])
def test_a_power_event_hides_what_it_feeds(flags: int) -> None:
    """Before and after it; it alone is told."""
    desk = Desk(topology=BY_CABINET)
    desk.read(10, c.ANOMALY, onset=9)
    events = desk.read(11, flags, series=POWER, onset=10)
    assert [(event.device, event.end_ms is not None) for event in events] == [
        ("cabinet-1", False),
        ("pump-1", True),
    ]
    assert desk.read(12, c.STUCK, series=2, onset=10) == []
    assert desk.events.offline("riverside", "station-1", "pump-2", ms(13)) == []
    assert len(desk.events.open_events()) == 1
    desk.read(20, 0, series=POWER)
    assert [event.device for event in desk.tick(30)] == ["cabinet-1"]
    assert sorted(told(desk.tick(60))) == [
        (e.DEVIATION, "pump-1", False),
        (e.DEVICE_OFFLINE, "pump-2", False),
    ]


def test_the_loss_of_a_feeder_hides_too_and_a_stuck_meter_does_not() -> None:
    """A sensor's fault explains nothing about the asset."""
    desk = Desk(topology=BY_CABINET)
    desk.read(10, c.STUCK, series=POWER, onset=5)
    assert len(desk.read(11, c.ANOMALY, onset=10)) == 1
    events = desk.events.offline("riverside", "lights-1", None, ms(12))
    assert told(events)[-1] == (e.DEVIATION, "pump-1", True)
    assert desk.open_kinds() == [e.NODE_OFFLINE]


def test_feeders_may_be_stacked() -> None:
    """What feeds the feeder explains both."""
    topology = Topology(
        [
            Feed((Path("station-1", "pump-1"),), Path("station-1", "pump-2")),
            Feed((Path("station-1", "pump-2"),), Path("lights-1", "cabinet-1")),
        ]
    )
    desk = Desk(topology=topology)
    desk.events.offline("riverside", "lights-1", "cabinet-1", ms(5))
    assert desk.read(6, c.ANOMALY, onset=6) == []
    assert desk.read(6, c.ANOMALY, series=2, onset=6) == []


def test_maintenance_hides_a_device_or_a_whole_node() -> None:
    """Its loss included."""
    desk = Desk()
    desk.events.maintain([PUMP_2, ("riverside", "lights-1", "")], ms(1))
    assert desk.read(6, c.ANOMALY, series=2, onset=6) == []
    assert desk.events.offline("riverside", "lights-1", None, ms(7)) == []
    assert [event.device for event in desk.silent(20, 0, 1, 2)] == ["pump-1", "pump-1"]


def test_a_restart_remembers_what_is_hidden_and_until_when() -> None:
    """Word for word."""

    def second(desk: Desk) -> list[Event]:
        return desk.tick(40) + desk.tick(60) + desk.read(70, 0) + desk.tick(90)

    straight = Desk(topology=BY_CABINET)
    straight.events.maintain([PUMP_1], ms(1))
    straight.read(6, c.ANOMALY, onset=6)
    straight.events.offline("riverside", "lights-1", "cabinet-1", ms(7))
    straight.events.maintain([], ms(20))
    straight.events.online("riverside", "lights-1", "cabinet-1", ms(21))
    straight.tick(22)
    again = Desk(topology=BY_CABINET)
    again.events.restore(json.loads(json.dumps(straight.events.state())))
    assert again.events.hidden == 1
    assert second(again) == second(straight)


def relation(onset: float, series: int = PRESSURE) -> Event:
    """The pump's sensors leave each other; the channel that leads is a series."""
    return Event(
        "r", *PUMP_1, "", e.PROCESS_ANOMALY, e.RELATION, ms(onset), ms(onset + 1), None, 0.6,
        2.1, 3.9, None, None, "bar", "", series, of=e.APART, contributors=(("pressure", 0.6),),
    )  # fmt: skip


def test_a_lost_device_hides_what_its_sensors_do_together() -> None:
    """Though such an event is of no channel."""
    desk = Desk()
    assert told(desk.events.relation(relation(5), ms(6), over=False))
    events = desk.events.offline(*PUMP_1, ms(20))
    assert told(events) == [(e.RELATION, "pump-1", True), (e.DEVICE_OFFLINE, "pump-1", False)]


def test_a_relation_that_a_broken_sensor_broke_is_that_sensors() -> None:
    """It ends when the fault is found, is not told while it lasts, and may be afterwards."""
    desk = Desk()
    desk.events.relation(relation(5), ms(6), over=False)
    assert told(desk.read(9, c.STUCK, series=1, onset=4)) == [(e.STUCK, "pump-1", False)]
    events = desk.read(10, c.DRIFT, onset=4)
    assert told(events) == [(e.DRIFT, "pump-1", False), (e.RELATION, "pump-1", True)]
    assert desk.events.relation(relation(11), ms(12), over=False) == []
    desk.read(20, 0)
    desk.tick(30)
    assert told(desk.events.relation(relation(31), ms(32), over=False))
