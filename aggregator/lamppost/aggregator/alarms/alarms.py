"""Alarms: the way from conditions to what an operator is told.

Conditions (`events.py`) pass the chatter filter and join incidents; each step returns records,
events and incidents as they stand now, in the order in which they are written.
"""

from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.alarms.chatter import Chatter
from lamppost.aggregator.alarms.event import Event, Place
from lamppost.aggregator.alarms.events import Events
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.incidents import Incidents, Pace, Record
from lamppost.aggregator.alarms.notify import Budget
from lamppost.aggregator.alarms.topology import Topology
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.settings.rules import number, ruled, whole
from lamppost.wire import canary

MAX_RECENT = 1_000
MAX_RECENT_INCIDENTS = 500


@dataclass(frozen=True, slots=True)
class AlarmConfig:
    """How much an operator is told; the section [alarms]."""

    per_asset_per_h: int = ruled(whole(1, 10_000, "notifications of one asset an hour"), 6)
    total_per_h: int = ruled(whole(1, 100_000, "notifications an hour in all"), 60)
    join_s: float = ruled(number(1, 86_400, "seconds"), 900.0)
    linger_s: float = ruled(number(0, 86_400, "seconds"), 30.0)
    gather_s: float = ruled(number(0, 600, "seconds"), 5.0)
    chatter_count: int = ruled(whole(2, 1_000, "openings"), 4)
    chatter_s: float = ruled(number(1, 86_400, "seconds"), 600.0)

    @property
    def pace(self) -> Pace:
        """The times of an incident."""
        join_s, linger_s, gather_s = self.join_s, self.linger_s, self.gather_s
        return Pace(int(join_s * 1000), int(linger_s * 1000), int(gather_s * 1000))


class Alarms:
    """Everything between verdicts and operators; one thread calls it.

    What is returned depends on the calls alone, so a replay tells the same.

    Args:
        info: gives the SeriesInfo of a series index.
        config: how much is told.
        topology: what feeds what.
        asset_of: the asset that an event is about, "" when it is not known.
    """

    def __init__(
        self,
        info: Callable[[int], SeriesInfo],
        config: AlarmConfig | None = None,
        topology: Topology | None = None,
        asset_of: Callable[[Event], str] = lambda _: "",
    ) -> None:
        config = config or AlarmConfig()
        self.conditions = Events(info, topology)
        self.budget = Budget(config.per_asset_per_h, config.total_per_h)
        self._chatter = Chatter(config.chatter_count, int(config.chatter_s * 1000))
        self._incidents = Incidents(self.budget, config.pace, asset_of)
        self._open: dict[str, Event] = {}
        self._recent: dict[str, Event] = {}
        self._recent_incidents: deque[Incident] = deque(maxlen=MAX_RECENT_INCIDENTS)

    def update(
        self,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        verdicts: Verdicts,
        now_ms: int,
    ) -> list[Record]:
        """Take a judged batch; see `Events.update`."""
        return self._pass(
            self.conditions.update(series, time_ms, value, verdicts, now_ms), now_ms
        )

    def silent(
        self, series: NDArray[np.int32], since_ms: NDArray[np.int64], now_ms: int
    ) -> list[Record]:
        """Take what `Judge.sweep` found; see `Events.silent`."""
        return self._pass(self.conditions.silent(series, since_ms, now_ms), now_ms)

    def tick(self, now_ms: int) -> tuple[bool, list[Record]]:
        """Let time alone close and tell what it may; call it about once a second.

        Returns:
            Whether anything changed, and the records.
        """
        changed, events = self.conditions.tick(now_ms)
        records = self._pass(events, now_ms)
        records += self._group(self._chatter.tick(now_ms), now_ms)
        records += self._kept(self._incidents.tick(now_ms))
        return changed or bool(records), records

    def offline(self, group: str, node: str, device: str | None, now_ms: int) -> list[Record]:
        """A node (device None) or a device died."""
        return self._pass(self.conditions.offline(group, node, device, now_ms), now_ms)

    def online(self, group: str, node: str, device: str | None, now_ms: int) -> list[Record]:
        """A node or a device was born."""
        return self._pass(self.conditions.online(group, node, device, now_ms), now_ms)

    def clock(
        self, group: str, node: str, since_ms: int, ahead_ms: float, now_ms: int
    ) -> list[Record]:
        """A node's clock went wrong, or right again; see `Events.clock`."""
        return self._pass(
            self.conditions.clock(group, node, since_ms, ahead_ms, now_ms), now_ms
        )

    def relation(self, event: Event, now_ms: int, *, over: bool) -> list[Record]:
        """A group's members left each other, or are together again; see `Events.relation`."""
        return self._pass(self.conditions.relation(event, now_ms, over=over), now_ms)

    def relations(self, told_as: Collection[tuple[Place, str]], now_ms: int) -> list[Record]:
        """End what was told of groups that are no more; see `Events.relations`."""
        return self._pass(self.conditions.relations(told_as, now_ms), now_ms)

    def maintain(self, places: Iterable[Place], now_ms: int) -> list[Record]:
        """Say on what somebody works now."""
        return self._pass(self.conditions.maintain(places, now_ms), now_ms)

    def feed(self, topology: Topology, now_ms: int) -> list[Record]:
        """Say what feeds what from now on."""
        return self._pass(self.conditions.feed(topology, now_ms), now_ms)

    @property
    def maintenance(self) -> frozenset[Place]:
        """On what somebody works now."""
        return self.conditions.masks.maintenance

    def open_events(self) -> tuple[Event, ...]:
        """What is told and not over, oldest onset first."""
        return tuple(sorted(self._open.values(), key=lambda event: (event.onset_ms, event.id)))

    def recent(self) -> tuple[Event, ...]:
        """What was over lately, newest end first; bounded."""
        return tuple(reversed(self._recent.values()))

    def open_incidents(self) -> tuple[Incident, ...]:
        """Incidents that are not over, oldest first."""
        return self._incidents.open_incidents()

    def recent_incidents(self) -> tuple[Incident, ...]:
        """Incidents that were over lately, newest end first; bounded."""
        return tuple(reversed(self._recent_incidents))

    def state(self) -> dict[str, Any]:
        """JSON-ready state for a checkpoint."""
        return {
            "conditions": self.conditions.state(),
            "chatter": self._chatter.state(),
            "incidents": self._incidents.state(),
            "budget": self.budget.state(),
            "open": [asdict(event) for event in self._open.values()],
            "recent": [asdict(event) for event in self._recent.values()],
            "recent_incidents": [asdict(incident) for incident in self._recent_incidents],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned, or what a release without incidents did."""
        if "conditions" not in state:
            self.conditions.restore(state)
            for event in self.conditions.open_events():
                self._pass([event], event.detected_ms)
            return
        self.conditions.restore(state["conditions"])
        self._chatter.restore(state["chatter"])
        self._incidents.restore(state["incidents"])
        self.budget.restore(state["budget"])
        self._open = {fields["id"]: Event.from_json(fields) for fields in state["open"]}
        self._recent = {fields["id"]: Event.from_json(fields) for fields in state["recent"]}
        self._recent_incidents = deque(
            map(Incident.from_json, state["recent_incidents"]), MAX_RECENT_INCIDENTS
        )

    def _pass(self, events: Iterable[Event], now_ms: int) -> list[Record]:
        records: list[Record] = []
        for event in events:
            if event.group == canary.GROUP:  # written, and told to nobody
                records.append(event)
            else:
                records += self._group(self._chatter.take(event, now_ms), now_ms)
        return records

    def _group(self, events: Iterable[Event], now_ms: int) -> list[Record]:
        records: list[Record] = []
        for event in events:
            records += self._kept(self._incidents.take(event, now_ms))
        return records

    def _kept(self, records: list[Record]) -> list[Record]:
        """Remember what the live view shows."""
        for record in records:
            if isinstance(record, Incident):
                if record.closed_ms is not None:
                    self._recent_incidents.append(record)
            elif record.end_ms is None:
                self._recent.pop(record.id, None)
                self._open[record.id] = record
            else:
                self._open.pop(record.id, None)
                self._recent[record.id] = record
                if len(self._recent) > MAX_RECENT:
                    del self._recent[next(iter(self._recent))]
        return records
