"""Incidents: what belongs together, what is told of it, and when it is over."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from lamppost.aggregator.alarms.event import COMMUNICATION, PROCESS_ANOMALY, SENSOR_FAULT, Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.incidents import Incidents, Pace, Record
from lamppost.aggregator.alarms.notify import Budget

from .samples_events import at, deviation, lost, over, stuck

PACE = Pace(join_ms=900_000, linger_ms=30_000, gather_ms=5_000)


class Desk:
    """Feeds incidents by hand; keeps the last state of each."""

    def __init__(self, per_asset: int = 6, total: int = 60) -> None:
        self.budget = Budget(per_asset, total)
        self.incidents = Incidents(self.budget, PACE)
        self.known: dict[str, Incident] = {}

    def take(self, event: Event, second: float) -> list[Record]:
        """An event at a time."""
        return self._seen(self.incidents.take(event, at(second)))

    def tick(self, second: float) -> list[Record]:
        """Time alone."""
        return self._seen(self.incidents.tick(at(second)))

    def _seen(self, records: list[Record]) -> list[Record]:
        self.known |= {one.id: one for one in records if isinstance(one, Incident)}
        return records


def only(records: list[Record]) -> Incident:
    """The one incident among records."""
    (found,) = [one for one in records if isinstance(one, Incident)]
    return found


def test_one_leak_is_one_incident() -> None:
    """Four channels, one line that leads with the most telling and names the others."""
    desk = Desk()
    first, opened = desk.take(deviation(10, "level", value=2.9), 12)
    assert isinstance(first, Event)
    assert isinstance(opened, Incident)
    assert first.incident == opened.id
    for second, channel, value in ((11, "pressure", 2.3), (11.5, "flow", 2.8)):
        desk.take(deviation(second, channel, value=value), second + 2)
    (leak,) = desk.incidents.open_incidents()
    assert leak.id == opened.id
    assert leak.channels == ("pressure", "flow", "level")
    assert leak.reason == (
        "pressure fell to 2.30 bar (expected 2.92 to 3.07); also flow, level"
    )
    assert (leak.incident_class, leak.kind, leak.events) == (PROCESS_ANOMALY, "deviation", 3)
    assert (leak.opened_ms, leak.detected_ms) == (at(10), at(12))


def test_it_is_notified_when_the_first_events_have_gathered() -> None:
    """By time alone, once."""
    desk = Desk()
    assert only(desk.take(deviation(10), 10)).notified is None
    assert desk.tick(14) == []
    assert only(desk.tick(15)).notified is True
    assert desk.tick(16) == []
    assert desk.take(deviation(17, "flow"), 17)[1:] != []
    assert desk.tick(60) == []


def test_it_is_over_when_its_events_stayed_over() -> None:
    """Closed by time alone, as of the last end, with the time it took."""
    desk = Desk()
    one, two = deviation(10), deviation(12, "flow")
    desk.take(one, 10)
    desk.take(two, 12)
    desk.tick(20)
    desk.take(over(one, 30), 31)
    desk.take(over(two, 70), 71)
    assert desk.tick(100) == []
    closed = only(desk.tick(101))
    assert (closed.closed_ms, closed.open_events, closed.events) == (at(70), 0, 2)
    assert closed.reason.endswith("after 1 min 0 s")
    assert desk.incidents.open_incidents() == ()
    assert desk.tick(500) == []


def test_what_comes_back_while_it_lingers_belongs_to_it() -> None:
    """One incident, not two."""
    desk = Desk()
    one = deviation(10)
    opened = only(desk.take(one, 10))
    desk.take(over(one, 20), 20)
    assert only(desk.take(deviation(40), 40)).id == opened.id
    assert desk.tick(60)[-1:] != []
    assert len(desk.incidents.open_incidents()) == 1


def test_a_leak_is_not_lost_in_last_weeks_stuck_sensor() -> None:
    """What comes long after everything else opens an incident of its own."""
    desk = Desk()
    desk.take(stuck(10), 10)
    desk.tick(20)
    desk.take(deviation(2_000), 2_000)
    older, newer = desk.incidents.open_incidents()
    assert (older.incident_class, newer.incident_class) == (SENSOR_FAULT, PROCESS_ANOMALY)
    assert only(desk.take(deviation(2_010, "level"), 2_010)).id == newer.id


def test_other_assets_have_other_incidents() -> None:
    """Also on the same node."""
    desk = Desk()
    desk.take(deviation(10), 10)
    desk.take(deviation(10, device="pump-2"), 10)
    assert len(desk.incidents.open_incidents()) == 2


def test_the_highest_class_counts_and_is_told_again() -> None:
    """A stuck sensor first, then the device is lost, then the asset is in trouble."""
    desk = Desk()
    desk.take(stuck(10), 10)
    assert only(desk.tick(15)).incident_class == SENSOR_FAULT
    desk.take(lost(20), 20)
    told = only(desk.tick(25))
    assert (told.incident_class, told.notified) == (COMMUNICATION, True)
    assert told.reason == "offline since 22:13:40Z; also flow (stuck)"
    desk.take(deviation(30), 30)
    told = only(desk.tick(35))
    assert (told.incident_class, told.notified) == (PROCESS_ANOMALY, True)
    assert told.reason.endswith("; also device offline, flow (stuck)")
    assert len(desk.budget.state()["sent"]) == 3


def test_many_channels_are_counted_beyond_the_first() -> None:
    """A sentence stays a sentence."""
    desk = Desk()
    for number in range(300):
        desk.take(deviation(10, f"c{number:03d}"), 10)
    (one,) = desk.incidents.open_incidents()
    assert one.reason.endswith("c001, c002, c003, c004, c005, c006 and 249 more")
    assert (one.events, len(one.channels)) == (300, 64)


def test_a_burst_beyond_the_budget_is_capped_and_counted() -> None:
    """The asset's own bound first; the incidents are there all the same."""
    desk = Desk(per_asset=2)
    second = 0.0
    for _ in range(4):
        one = stuck(second)
        desk.take(one, second)
        desk.take(over(one, second + 5), second + 5)
        desk.tick(second + 40)
        second += 60
    assert [one.notified for one in desk.known.values()] == [True, True, False, False]
    assert desk.budget.capped_lately(at(second)) == 2


def test_an_end_without_a_beginning_passes() -> None:
    """As after an upgrade: no incident is made up for it."""
    desk = Desk()
    (passed,) = desk.take(over(deviation(10), 20), 20)
    assert isinstance(passed, Event)
    assert passed.incident == ""
    assert desk.incidents.open_incidents() == ()


@pytest.mark.parametrize("cut", [1, 2, 3, 4, 5])
def test_a_restart_at_any_point_goes_on_word_for_word(cut: int) -> None:
    """State is JSON-ready."""
    one, two = stuck(10), deviation(2_000)
    steps: list[Callable[[Desk], list[Record]]] = [
        lambda desk: desk.take(one, 10),
        lambda desk: desk.tick(16),
        lambda desk: desk.take(two, 2_000),
        lambda desk: desk.take(replace(two, severity=0.9), 2_001),
        lambda desk: desk.tick(2_006),
        lambda desk: desk.take(over(two, 2_010), 2_010),
        lambda desk: desk.tick(2_040),
        lambda desk: desk.take(deviation(2_050), 2_050),
        lambda desk: desk.take(over(one, 2_060), 2_060) + desk.tick(3_000),
    ]
    straight, before, after = Desk(), Desk(), Desk()
    wanted = [record for step in steps for record in step(straight)]
    told = [record for step in steps[:cut] for record in step(before)]
    after.incidents.restore(json.loads(json.dumps(before.incidents.state())))
    after.budget.restore(json.loads(json.dumps(before.budget.state())))
    told += [record for step in steps[cut:] for record in step(after)]
    assert told == wanted
    assert after.incidents.state() == straight.incidents.state()


def test_what_happens_to_an_asset_is_one_incident_on_all_its_devices() -> None:
    """The sentence and the channels say of which device, where it is another one."""
    incidents = Incidents(
        Budget(6, 60), PACE, lambda event: "" if event.device == "mast" else "pump"
    )
    first, opened = incidents.take(deviation(10), at(10))
    second, changed = incidents.take(deviation(11, "level", device="tank", value=2.9), at(11))
    third, _ = incidents.take(deviation(12, device="mast"), at(12))
    assert isinstance(changed, Incident)
    assert isinstance(opened, Incident)
    assert changed.id == opened.id
    assert first.incident == second.incident != third.incident  # type: ignore[union-attr]
    assert changed.asset == opened.asset
    assert changed.channels == ("pressure", "tank/level")
    assert changed.reason.endswith("; also tank/level")
    again = Incidents(Budget(6, 60), PACE, lambda _: "pump")
    again.restore(json.loads(json.dumps(incidents.state())))
    (joined, _) = again.take(deviation(13, "flow", device="tank"), at(13))
    assert joined.incident == opened.id  # type: ignore[union-attr]


def test_an_asset_has_one_share_of_notifications_on_all_its_devices() -> None:
    """What one device has used up is gone for the other, after a restart too."""
    budget = Budget(1, 60)
    incidents = Incidents(budget, PACE, lambda _: "pump")
    incidents.take(deviation(10), at(10))
    assert only(incidents.tick(at(15))).notified is True
    incidents.take(over(deviation(10), 20), at(20))
    incidents.tick(at(60))
    again = Budget(1, 60)
    again.restore(json.loads(json.dumps(budget.state())))
    incidents = Incidents(again, PACE, lambda _: "pump")
    incidents.take(deviation(1_000, device="tank"), at(1_000))
    assert only(incidents.tick(at(1_005))).notified is False
