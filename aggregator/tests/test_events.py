"""From flags to events: opening, growing, ending, masking, and what is remembered."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.events import Events
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.nodes.series import SeriesIndex, SeriesKey
from lamppost.wire.datatypes import DataType

T0 = 1_700_000_000_000
SECOND = 1_000


def index() -> SeriesIndex:
    """Two channels of one pump, one of another, one of another node."""
    new = SeriesIndex()
    for node, device, metric in (
        ("station-1", "pump-1", "pressure"),
        ("station-1", "pump-1", "flow"),
        ("station-1", "pump-2", "flow"),
        ("lights-1", "cabinet-1", "power"),
    ):
        key = SeriesKey("riverside", node, device, metric)
        new.add(key, DataType.DOUBLE, unit="bar", low=0.0, high=10.0)
    return new


class Desk:
    """Feeds events by hand."""

    def __init__(self, **options: Any) -> None:
        self.events = Events(index().__getitem__, **options)

    def read(
        self,
        second: float,
        flags: int,
        series: int = 0,
        value: float = 2.1,
        severity: float = 0.6,
        onset: float | None = None,
    ) -> list[Event]:
        """One judged reading; its onset in seconds."""
        out = Verdicts.empty(1)
        out.flags[0] = flags
        out.expected[0], out.low[0], out.high[0] = 4.0, 3.8, 4.2
        out.severity[0] = severity
        out.onset_ms[0] = -1 if onset is None else ms(onset)
        return self.events.update(
            np.array([series], np.int32),
            np.array([ms(second)]),
            np.array([value]),
            out,
            ms(second) + 300,
        )

    def silent(self, second: float, *series: int) -> list[Event]:
        """What a sweep found."""
        since = np.full(len(series), ms(second - 15))
        return self.events.silent(np.array(series, np.int32), since, ms(second))

    def tick(self, second: float) -> list[Event]:
        """Time alone."""
        return self.events.tick(ms(second))[1]

    def open_kinds(self) -> list[str]:
        """What is open."""
        return [event.kind for event in self.events.open_events()]


def ms(second: float) -> int:
    """Seconds after the start as UTC ms."""
    return T0 + int(second * SECOND)


def test_an_anomaly_from_onset_to_end() -> None:
    """Opened with its onset; closed some calm seconds later, as of the first calm reading."""
    desk = Desk()
    (opened,) = desk.read(10, c.ANOMALY, onset=8)
    assert opened.event_class == e.PROCESS_ANOMALY
    assert opened.kind == e.DEVIATION
    assert (opened.onset_ms, opened.detected_ms, opened.end_ms) == (ms(8), ms(10) + 300, None)
    assert (opened.group, opened.node, opened.device, opened.channel) == (
        "riverside",
        "station-1",
        "pump-1",
        "pressure",
    )
    assert desk.read(11, c.ANOMALY, onset=8) == []
    assert desk.read(20, 0) == []
    assert desk.tick(22) == []
    (closed,) = desk.tick(26)
    assert closed == replace(opened, end_ms=ms(20), reason=closed.reason)
    assert desk.events.open_events() == ()


def test_a_short_calm_does_not_end_it() -> None:
    """A condition that is back within its hold goes on as the same event."""
    desk = Desk()
    (opened,) = desk.read(10, c.ANOMALY, onset=10)
    desk.read(20, 0)
    assert desk.read(23, c.ANOMALY, onset=23) == []
    assert desk.tick(60) == []
    assert [event.id for event in desk.events.open_events()] == [opened.id]


def test_a_longer_calm_makes_two_events() -> None:
    """Also in a backlog, where nobody ticks between the readings."""
    desk = Desk()
    (first,) = desk.read(10, c.ANOMALY, onset=10)
    desk.read(20, 0)
    closed, second = desk.read(40, c.ANOMALY, onset=38)
    assert (closed.id, closed.end_ms) == (first.id, ms(20))
    assert (second.onset_ms, second.end_ms) == (ms(38), None)
    assert second.id != first.id


def test_growing_severity_is_told_in_steps() -> None:
    """The peak, its value and its sentence; not every reading."""
    desk = Desk()
    desk.read(10, c.ANOMALY, severity=0.5, value=3.5, onset=9)
    assert desk.read(11, c.ANOMALY, severity=0.55, value=3.4, onset=9) == []
    (worse,) = desk.read(12, c.ANOMALY, severity=0.8, value=2.1, onset=9)
    assert (worse.severity, worse.value) == (0.8, 2.1)
    assert worse.onset_ms == ms(9)
    assert "2.1 bar" in worse.reason
    assert desk.read(13, c.ANOMALY, severity=0.7, value=3.0, onset=9) == []


@pytest.mark.parametrize(
    ("flags", "kind"), [(c.STUCK, e.STUCK), (c.RANGE, e.RANGE), (c.BAD | c.GAP, e.GAP)]
)
def test_a_sensor_fault_ends_and_masks_the_process_anomaly(flags: int, kind: str) -> None:
    """One channel cannot be both: what a broken sensor reads says nothing of the process."""
    desk = Desk()
    (anomaly,) = desk.read(10, c.ANOMALY, onset=9)
    opened, closed = desk.read(12, flags, onset=11)
    assert (opened.kind, opened.event_class) == (kind, e.SENSOR_FAULT)
    assert (closed.id, closed.end_ms) == (anomaly.id, ms(11))
    assert desk.read(13, flags | c.ANOMALY, onset=11) == []
    assert desk.open_kinds() == [kind]


def test_a_fault_masks_its_own_channel_only() -> None:
    """The asset's other channels go on alarming."""
    desk = Desk()
    desk.read(10, c.STUCK, series=0, onset=5)
    (other,) = desk.read(11, c.ANOMALY, series=1, onset=10)
    assert other.channel == "flow"
    assert sorted(desk.open_kinds()) == [e.DEVIATION, e.STUCK]


def test_the_anomaly_that_outlasts_a_gap_is_told_again() -> None:
    """With its old onset, and so with its old id."""
    desk = Desk()
    (before,) = desk.read(10, c.ANOMALY, onset=9)
    desk.read(12, c.BAD | c.GAP, onset=11)
    (after,) = desk.read(20, c.ANOMALY, onset=9)
    assert (after.id, after.end_ms) == (before.id, None)


def test_spikes_in_a_row_are_one_event() -> None:
    """With the value that was withheld; it ends by itself."""
    desk = Desk()
    assert desk.read(10, c.SUSPECT, value=9.5, onset=10) == []
    (spike,) = desk.read(10.5, c.SPIKE, value=4.0, onset=10)
    assert (spike.kind, spike.value, spike.onset_ms) == (e.SPIKE, 9.5, ms(10))
    desk.read(11, 0)
    desk.read(20, c.SUSPECT, value=9.0, onset=20)
    assert desk.read(20.5, c.SPIKE, onset=20) == []
    assert desk.tick(49) == []
    (closed,) = desk.tick(51)
    assert closed.end_ms == ms(20.5)


def test_what_says_nothing_changes_nothing() -> None:
    """Withheld, late and singly bad readings neither open nor close."""
    desk = Desk()
    for flags in (c.SUSPECT, c.RANGE | c.SUSPECT, c.LATE, c.CLOCK, c.BAD, c.LEARNING):
        assert desk.read(1, flags) == []
    desk.read(10, c.ANOMALY, onset=9)
    for flags in (c.SUSPECT, c.RANGE | c.SUSPECT, c.LATE, c.CLOCK, c.BAD):
        desk.read(11, flags)
    assert desk.tick(100) == []
    assert desk.open_kinds() == [e.DEVIATION]


def test_silence_opens_a_gap_and_a_reading_ends_it() -> None:
    """Since the last arrival; told once."""
    desk = Desk()
    (gap,) = desk.silent(20, 0)
    assert (gap.kind, gap.onset_ms, gap.detected_ms) == (e.GAP, ms(5), ms(20))
    assert desk.silent(30, 0) == []
    desk.read(40, 0)
    (closed,) = desk.tick(43)
    assert (closed.id, closed.end_ms) == (gap.id, ms(40))


def test_a_dead_node_masks_the_gaps_of_its_channels() -> None:
    """One communication event instead of one for each channel; its neighbours still speak."""
    desk = Desk()
    (gap,) = desk.silent(20, 0)
    closed, offline = desk.events.offline("riverside", "station-1", None, ms(21))
    assert (closed.id, closed.end_ms) == (gap.id, ms(21))
    assert offline.event_class == e.COMMUNICATION
    assert (offline.kind, offline.series) == (e.NODE_OFFLINE, e.NO_SERIES)
    assert [event.node for event in desk.silent(22, 0, 1, 2, 3)] == ["lights-1"]
    assert desk.events.offline("riverside", "station-1", None, ms(23)) == []
    assert desk.events.offline("riverside", "station-1", "pump-1", ms(23)) == []
    (back,) = desk.events.online("riverside", "station-1", None, ms(60))
    assert (back.id, back.end_ms) == (offline.id, ms(60))
    assert [event.channel for event in desk.silent(80, 0)] == ["pressure"]


def test_a_dead_device_masks_its_own_channels() -> None:
    """The other devices of the node still owe their readings."""
    desk = Desk()
    (offline,) = desk.events.offline("riverside", "station-1", "pump-1", ms(5))
    assert (offline.kind, offline.device) == (e.DEVICE_OFFLINE, "pump-1")
    assert [event.device for event in desk.silent(22, 0, 1, 2)] == ["pump-2"]
    (closed, _node) = [
        event
        for event in desk.events.offline("riverside", "station-1", None, ms(30))
        if event.event_class == e.COMMUNICATION
    ]
    assert (closed.kind, closed.end_ms) == (e.DEVICE_OFFLINE, ms(30))


def test_open_events_are_bounded_and_the_rest_is_counted() -> None:
    """Ten thousand broken channels do not fill the memory."""
    desk = Desk(max_open=2)
    for series in range(4):
        desk.read(10, c.STUCK, series=series, onset=5)
    assert len(desk.events.open_events()) == 2
    assert desk.events.dropped == 2


def test_the_same_calls_tell_the_same_events_from_a_checkpoint() -> None:
    """State is JSON-ready, and a restored desk goes on word for word."""
    import json

    def first(desk: Desk) -> None:
        desk.read(10, c.ANOMALY, onset=9)
        desk.read(10, c.STUCK, series=1, onset=2)
        desk.read(11, 0, series=1)
        desk.read(12, c.SUSPECT, series=2, value=9.9)
        desk.events.offline("riverside", "lights-1", None, ms(12))

    def second(desk: Desk) -> list[Event]:
        told = desk.read(12.5, c.SPIKE, series=2, onset=12)
        told += desk.read(13, c.ANOMALY, severity=0.9, onset=9)
        told += desk.silent(20, 3) + desk.tick(60) + desk.read(70, 0) + desk.tick(90)
        return told + desk.events.online("riverside", "lights-1", None, ms(95))

    straight, before, after = Desk(), Desk(), Desk()
    first(straight)
    first(before)
    after.events.restore(json.loads(json.dumps(before.events.state())))
    assert after.events.open_events() == before.events.open_events()
    assert second(after) == second(straight)
    assert after.events.state() == json.loads(json.dumps(straight.events.state()))


def test_ids_tell_conditions_apart_and_survive() -> None:
    """The id comes from kind, place and onset alone."""
    one = e.event_id(e.STUCK, 5, "g", "n", "d", "c")
    assert one == e.event_id(e.STUCK, 5, "g", "n", "d", "c")
    others = {
        e.event_id(e.GAP, 5, "g", "n", "d", "c"),
        e.event_id(e.STUCK, 6, "g", "n", "d", "c"),
        e.event_id(e.STUCK, 5, "g", "n", "dc", ""),
    }
    assert len(others | {one}) == 4


def test_a_slow_channel_has_time_to_come_back() -> None:
    """Its condition ends one and a half heartbeats after it has cleared, not sooner."""
    desk = Desk()
    slow = replace(index()[0], heartbeat_ms=900_000)
    desk.events = Events(lambda _: slow)
    (first,) = desk.read(0, c.RANGE, onset=0)
    desk.read(900, 0)
    assert desk.tick(1_700) == []
    assert desk.read(1_800, c.RANGE, onset=1_800) == []
    desk.read(2_700, 0)
    assert desk.tick(4_000) == []
    (over,) = desk.tick(4_051)
    assert (over.id, over.end_ms) == (first.id, ms(2_700))
