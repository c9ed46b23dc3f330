"""Whatever happens in whatever order: what opens closes or stays open, and counts balance."""

import json
from typing import Any

import numpy as np
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from lamppost.aggregator import columns as c
from lamppost.aggregator.alarms.alarms import AlarmConfig, Alarms
from lamppost.aggregator.alarms.event import Event, Place
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.incidents import Record
from lamppost.aggregator.alarms.notify import HOUR_MS
from lamppost.aggregator.alarms.topology import Feed, Path, Topology
from lamppost.aggregator.columns import Verdicts

from .test_events import T0, index

CONFIG = AlarmConfig(
    per_asset_per_h=1,
    total_per_h=3,
    join_s=60,
    linger_s=10,
    gather_s=3,
    chatter_count=3,
    chatter_s=40,
)
FEEDER = Topology(
    [Feed((Path("station-1", "pump-2"),), Path("lights-1", "cabinet-1", "power"))]
)
FLAGS = st.sampled_from([0, c.ANOMALY, c.STUCK, c.RANGE, c.BAD | c.GAP, c.SPIKE])
SERIES = st.integers(0, 3)
PLACES: list[Place] = [
    ("riverside", "station-1", ""),
    ("riverside", "station-1", "pump-1"),
    ("riverside", "station-1", "pump-2"),
    ("riverside", "lights-1", "cabinet-1"),
]


def new_alarms() -> Alarms:
    """Alarms of four channels."""
    return Alarms(index().__getitem__, CONFIG, FEEDER)


class Operator(RuleBasedStateMachine):
    """Drives alarms at random beside a twin that is restarted at every step."""

    @initialize()
    def begin(self) -> None:
        """Nothing is wrong yet."""
        self.now_ms = T0
        self.alarms, self.twin = new_alarms(), new_alarms()
        self.open: dict[str, Event] = {}
        self.incidents: dict[str, Incident] = {}
        self.closed: set[str] = set()
        self.members: dict[str, set[str]] = {}
        self.notified: list[tuple[int, Place]] = []
        self.told_class: dict[str, str] = {}
        self.asked: set[tuple[str, str]] = set()

    @rule(seconds=st.integers(1, 30))
    def wait(self, seconds: int) -> None:
        """Time passes, second by second."""
        for _ in range(seconds):
            self.now_ms += 1000
            changed, records = self.alarms.tick(self.now_ms)
            before = self.twin.state()
            assert self.twin.tick(self.now_ms) == (changed, records)
            if not changed:
                assert self.twin.state() == before
            self.take(records)

    @rule(series=SERIES, flags=FLAGS, severity=st.sampled_from([0.4, 0.7, 1.0]))
    def read(self, series: int, flags: int, severity: float) -> None:
        """A judged reading comes."""
        out = Verdicts.empty(1)
        out.flags[0], out.severity[0] = flags, severity
        out.expected[0], out.low[0], out.high[0] = 4.0, 3.8, 4.2
        columns = (
            np.array([series], np.int32),
            np.array([self.now_ms - 300]),
            np.array([2.1]),
            out,
            self.now_ms,
        )
        self.both(lambda alarms: alarms.update(*columns))

    @rule(series=SERIES)
    def fall_silent(self, series: int) -> None:
        """A sweep finds silence."""
        since = np.array([self.now_ms - 15_000])
        self.both(lambda a: a.silent(np.array([series], np.int32), since, self.now_ms))

    @rule(place=st.sampled_from(PLACES), dead=st.booleans())
    def die_or_live(self, place: Place, dead: bool) -> None:
        """A node or a device comes or goes."""
        group, node, device = place
        name = "offline" if dead else "online"
        self.both(lambda a: getattr(a, name)(group, node, device or None, self.now_ms))

    @rule(place=st.sampled_from(PLACES), times=st.integers(2, 5), stays=st.booleans())
    def flap(self, place: Place, times: int, stays: bool) -> None:
        """A node or a device that comes and goes, and perhaps stays away."""
        for number in range(times):
            self.die_or_live(place, dead=True)
            self.wait(1)
            if not stays or number < times - 1:
                self.die_or_live(place, dead=False)
            self.wait(1)

    @rule(places=st.sets(st.sampled_from(PLACES), max_size=2))
    def work(self, places: set[Place]) -> None:
        """Fitters come and go."""
        self.both(lambda alarms: alarms.maintain(sorted(places), self.now_ms))

    @rule()
    def restart(self) -> None:
        """The twin goes on from a checkpoint."""
        again = new_alarms()
        again.restore(json.loads(json.dumps(self.twin.state())))
        self.twin = again

    def both(self, call: Any) -> None:
        """Do the same to both; they must say the same."""
        records = call(self.alarms)
        assert call(self.twin) == records
        self.take(records)

    def take(self, records: list[Record]) -> None:
        """Keep the books of an operator who reads everything."""
        for record in records:
            if isinstance(record, Incident):
                self.take_incident(record)
                continue
            known = self.open.get(record.id)
            assert record != known, "told twice"
            assert record.incident, "an event without an incident"
            assert record.incident not in self.closed
            if record.end_ms is None:
                self.open[record.id] = record
                self.members.setdefault(record.incident, set()).add(record.id)
            else:
                assert known is not None, "an end without a beginning"
                assert record.end_ms >= record.onset_ms
                del self.open[record.id]

    def take_incident(self, incident: Incident) -> None:
        """The same for incidents."""
        assert incident != self.incidents.get(incident.id), "told twice"
        assert incident.id not in self.closed, "raised again"
        assert incident.reason
        assert incident.events == len(self.members[incident.id])
        self.incidents[incident.id] = incident
        asked = (incident.id, incident.incident_class)
        if incident.notified and asked not in self.asked:
            self.notified.append((self.now_ms, incident.asset))
        if incident.notified is not None:
            self.asked.add(asked)
        if incident.closed_ms is not None:
            assert incident.notified is not None, "over before anybody was asked"
            assert not any(one.incident == incident.id for one in self.open.values())
            self.closed.add(incident.id)

    @invariant()
    def books_balance(self) -> None:
        """What is open by what was told is what the live view shows."""
        if not hasattr(self, "alarms"):
            return
        assert {one.id: one for one in self.alarms.open_events()} == self.open
        told = {(one.of or one.kind, *one.key[1:]) for one in self.open.values()}
        assert {one.key for one in self.alarms.conditions.open_events()} <= told
        shown = {one.id: one for one in self.alarms.open_incidents()}
        kept = {name: one for name, one in self.incidents.items() if name not in self.closed}
        assert shown == kept
        for name, incident in kept.items():
            mine = [one for one in self.open.values() if one.incident == name]
            assert incident.open_events == len(mine)
        assert self.alarms.state() == self.twin.state()

    @invariant()
    def the_cap_holds(self) -> None:
        """In no hour are there more notifications than allowed, of one asset or in all."""
        if not hasattr(self, "alarms"):
            return
        lately = [asset for then, asset in self.notified if self.now_ms - then < HOUR_MS]
        assert len(lately) <= CONFIG.total_per_h
        assert all(lately.count(asset) <= CONFIG.per_asset_per_h for asset in set(lately))
        capped = sum(one.notified is False for one in self.incidents.values())
        assert self.alarms.budget.capped >= capped

    def teardown(self) -> None:
        """When all is well again, time alone closes everything."""
        if not hasattr(self, "alarms"):
            return
        self.work(set())
        for place in PLACES:
            self.die_or_live(place, dead=False)
        for series in range(4):
            self.read(series, 0, 0.0)
        for _ in range(4):
            self.wait(30)
        assert self.open == {}
        assert set(self.incidents) == self.closed
        assert self.alarms.conditions.hidden == 0


TestOperator = Operator.TestCase
TestOperator.settings = settings(max_examples=30, stateful_step_count=40, deadline=None)
