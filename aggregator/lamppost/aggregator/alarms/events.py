"""Events: what is wrong now, made from the verdicts' transitions.

The kernels decide when a condition begins and ends, with their own hysteresis; here conditions
become events with a name, a place, an onset, an end and a sentence, and one hides another: a
sensor fault its channel's process anomaly, and what `Masks` knows all that it explains. How
long they stand, and what is told of them, is for `conditions`.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.conditions import Conditions
from lamppost.aggregator.alarms.event import (
    COMMUNICATION,
    PROCESS_ANOMALY,
    SENSOR_FAULT,
    Event,
    Place,
)
from lamppost.aggregator.alarms.event_of import (
    Reading,
    clock_of,
    event_of,
    finite,
    loss_of,
    reading_of,
)
from lamppost.aggregator.alarms.masks import Masks
from lamppost.aggregator.alarms.topology import Topology
from lamppost.aggregator.alarms.transitions import ASIDE, CONDITION, WIDTH, find_transitions
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.nodes.series import SeriesInfo

__all__ = ["COMMUNICATION", "PROCESS_ANOMALY", "SENSOR_FAULT", "Event", "Events"]

MAX_OPEN = 20_000
SLAB = 1024
GAP_SEVERITY = 0.7

BITS = {
    c.RANGE: e.RANGE,
    c.RATE: e.RATE,
    c.STUCK: e.STUCK,
    c.GAP: e.GAP,
    c.SPIKE: e.SPIKE,
    c.NOISE: e.NOISE,
    c.SCALE: e.UNIT,
    c.DRIFT: e.DRIFT,
    c.RESET: e.COUNTER,
    c.ANOMALY: e.DEVIATION,
}
MOMENTARY = (e.SPIKE, e.COUNTER)
MASKING = (
    e.RANGE,
    e.RATE,
    e.STUCK,
    e.GAP,
    e.NOISE,
    e.UNIT,
    e.DRIFT,
)  # kinds that leave nothing to say about the process


class Events:
    """The rules by which conditions open, grow worse, hide one another and close.

    One thread calls it. Every call returns the events that it opened, changed or closed, in
    order. What is returned depends on the calls alone, so a replay tells the same events.

    Args:
        info: gives the SeriesInfo of a series index.
        topology: what feeds what.
        max_open: conditions beyond so many open ones are counted in `dropped` and not told.
    """

    def __init__(
        self,
        info: Callable[[int], SeriesInfo],
        topology: Topology | None = None,
        max_open: int = MAX_OPEN,
    ) -> None:
        self._info = info
        self._conditions = Conditions(topology or Topology(), max_open)
        self._memory = _blank(SLAB)

    @property
    def masks(self) -> Masks:
        """What explains what."""
        return self._conditions.masks

    @property
    def dropped(self) -> int:
        """Conditions beyond the bound, which were not told."""
        return self._conditions.dropped

    @property
    def hidden(self) -> int:
        """How many conditions something larger explains."""
        return self._conditions.hidden

    def tick(self, now_ms: int) -> tuple[bool, list[Event]]:
        """Let time alone close and show what it may; call it about once a second.

        Returns:
            Whether anything changed, and the events.
        """
        return self._conditions.tick(now_ms)

    def open_events(self) -> tuple[Event, ...]:
        """What is open now and not hidden, oldest onset first."""
        return self._conditions.open_events()

    def update(
        self,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        verdicts: Verdicts,
        now_ms: int,
    ) -> list[Event]:
        """Take a judged batch (arrays of one length) and find the transitions in it."""
        count = len(series)
        if count == 0:
            return []
        self._make_room(int(series.max()) + 1)
        rows = np.empty(count, np.int64)
        aside = np.empty(count)
        flags, severity = verdicts.flags[:count], verdicts.severity[:count]
        found = find_transitions(series, value, flags, severity, self._memory, rows, aside)
        told: list[Event] = []
        for row, put_aside in zip(rows[:found].tolist(), aside[:found].tolist(), strict=True):
            reading = reading_of(verdicts, row, int(time_ms[row]), float(value[row]), put_aside)
            info = self._info(int(series[row]))
            self._take(info, int(flags[row]), reading, now_ms, told)
        return told

    def silent(
        self, series: NDArray[np.int32], since_ms: NDArray[np.int64], now_ms: int
    ) -> list[Event]:
        """Take what `Judge.sweep` found: channels silent since, for longer than allowed."""
        if len(series):
            self._make_room(int(series.max()) + 1)
        told: list[Event] = []
        for index, since in zip(series.tolist(), since_ms.tolist(), strict=True):
            info = self._info(index)
            if self.masks.is_lost((e.GAP, *info.key)):
                continue  # a birth will start its timer anew
            self._memory[index, CONDITION] = int(self._memory[index, CONDITION]) | c.GAP
            reading = Reading(since, None, None, None, None, GAP_SEVERITY, since, None)
            self._enter(info, e.GAP, reading, now_ms, told)
        return told

    def offline(self, group: str, node: str, device: str | None, time_ms: int) -> list[Event]:
        """A node (device None) or a device died: that hides what is wrong with its parts."""
        place = (group, node, device or "")
        lost = self.masks.offline
        if place in lost or (group, node, "") in lost:
            return []
        lost.add(place)
        told: list[Event] = []
        self._conditions.hide((node,), time_ms, told)
        kind = e.DEVICE_OFFLINE if device else e.NODE_OFFLINE
        self._conditions.put((kind, *place, ""), loss_of(kind, place, time_ms), told)
        return told

    def online(self, group: str, node: str, device: str | None, time_ms: int) -> list[Event]:
        """A node or a device was born; closes its communication event."""
        place = (group, node, device or "")
        self.masks.offline.discard(place)
        kind = e.DEVICE_OFFLINE if device else e.NODE_OFFLINE
        told: list[Event] = []
        for key in self._conditions.of_node(node):
            its_gap = key[:2] == (e.GAP, group) and device in (None, key[3])
            if its_gap and self._conditions.is_hidden(key):
                self._conditions.close(
                    key, time_ms, told
                )  # a birth starts the timers of silence anew
        if (kind, *place, "") in self._conditions.standing:
            self._conditions.close((kind, *place, ""), time_ms, told)
        return told

    def clock(
        self, group: str, node: str, since_ms: int, ahead_ms: float, now_ms: int
    ) -> list[Event]:
        """A node's clock went wrong by so much, or (0) is right again."""
        told: list[Event] = []
        key = (e.CLOCK, group, node, "", "")
        if ahead_ms:
            self._conditions.put(
                key, clock_of((group, node, ""), since_ms, ahead_ms, now_ms), told
            )
        elif key in self._conditions.standing:
            self._conditions.close(key, now_ms, told)
        return told

    def relation(self, event: Event, now_ms: int, *, over: bool) -> list[Event]:
        """A group departs from what it has always done, or does it again.

        Where the channel that leads is faulty the departure is the sensor's, and is not told.
        """
        told: list[Event] = []
        known = self._conditions.standing.get(event.key)
        if not over and self._is_faulty(self._info(event.series)):
            return told
        if not over:
            first = (
                event if known is None else replace(event, detected_ms=known.event.detected_ms)
            )
            self._conditions.put(event.key, first, told)
        elif known is not None:
            self._conditions.close(event.key, max(now_ms, known.event.onset_ms), told)
        return told

    def relations(self, told_as: Collection[tuple[Place, str]], now_ms: int) -> list[Event]:
        """End what was told of groups of sensors that are no more.

        Args:
            told_as: place and name of each group that is told of.
            now_ms: the time.
        """
        told: list[Event] = []
        for key in self._conditions.relations():
            if (key[1:4], key[4]) not in told_as:
                onset_ms = self._conditions.standing[key].event.onset_ms
                self._conditions.close(key, max(now_ms, onset_ms), told)
        return told

    def maintain(self, places: Iterable[Place], now_ms: int) -> list[Event]:
        """Say on what somebody works now: all that is wrong there is hidden meanwhile."""
        self.masks.maintenance = frozenset(places)
        told: list[Event] = []
        self._conditions.hide(
            sorted({place[1] for place in self.masks.maintenance}), now_ms, told
        )
        return told

    def feed(self, topology: Topology, now_ms: int) -> list[Event]:
        """Say what feeds what from now on; what that explains is hidden."""
        self.masks.topology = topology
        told: list[Event] = []
        self._conditions.hide(sorted(topology.fed_nodes), now_ms, told)
        return told

    def state(self) -> dict[str, Any]:
        """JSON-ready state for a checkpoint."""
        memory = self._memory
        kept = np.flatnonzero((memory[:, CONDITION] != 0) | ~np.isnan(memory[:, ASIDE]))
        return self._conditions.state() | {
            "memory": [[int(s), *(finite(float(x)) for x in memory[s])] for s in kept.tolist()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned; fields that an older release lacked are blank."""
        self._conditions.restore(state)
        self._memory = _blank(SLAB)
        for index, *values in state["memory"]:
            self._make_room(index + 1)
            self._memory[index] = [np.nan if x is None else x for x in values]

    def _take(
        self, info: SeriesInfo, flags: int, reading: Reading, now_ms: int, told: list[Event]
    ) -> None:
        """One transition: enter what its flags say, clear what they no longer say."""
        for bit, kind in BITS.items():
            if flags & bit:
                self._enter(info, kind, reading, now_ms, told)
            if not flags & bit or kind in MOMENTARY:
                key = (kind, *info.key)
                self._conditions.clear(key, reading.time_ms, now_ms, info.heartbeat_ms)

    def _enter(
        self, info: SeriesInfo, kind: str, reading: Reading, now_ms: int, told: list[Event]
    ) -> None:
        key = (kind, *info.key)
        if kind == e.DEVIATION and self._is_faulty(info):
            return
        onset = reading.onset_ms if reading.onset_ms >= 0 else reading.time_ms
        known = self._conditions.resume(key, onset, told)
        if known is None:
            self._conditions.put(key, event_of(info, kind, onset, reading, now_ms), told)
            if kind in MASKING:
                self._mask_process(info, onset, told)
            return
        if known.hidden and not self.masks.hides(key):
            self._conditions.show(key, told)
        if reading.severity > known.event.severity:
            worse = event_of(info, kind, known.event.onset_ms, reading, known.event.detected_ms)
            self._conditions.put(key, worse, told)

    def _mask_process(self, info: SeriesInfo, onset_ms: int, told: list[Event]) -> None:
        """End what was told of the process because of a channel that turns out to be faulty."""
        standing = self._conditions.standing
        mistaken = [(e.DEVIATION, *info.key)] + [
            key
            for key in self._conditions.relations()
            if standing[key].event.series == info.index
        ]
        for key in mistaken:
            if key in standing:
                onset = standing[key].event.onset_ms
                self._conditions.close(key, max(onset_ms, onset), told)

    def _is_faulty(self, info: SeriesInfo) -> bool:
        """Whether a sensor fault of the channel leaves nothing to say about the process."""
        return any(self._conditions.holds((kind, *info.key)) for kind in MASKING)

    def _make_room(self, count: int) -> None:
        if count > len(self._memory):
            taller = _blank(max(-(-count // SLAB) * SLAB, len(self._memory) * 3 // 2))
            taller[: len(self._memory)] = self._memory
            self._memory = taller


def _blank(rows: int) -> NDArray[np.float64]:
    memory = np.zeros((rows, WIDTH))
    memory[:, ASIDE] = np.nan
    return memory
