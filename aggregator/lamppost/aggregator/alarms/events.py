"""Conditions: what is wrong now, made from the verdicts' transitions.

The kernels decide when a condition begins and ends, with their own hysteresis; here conditions
become events with a name, a place, an onset, an end and a sentence, and one hides another: a
sensor fault its channel's process anomaly, and what `Masks` knows all that it explains. What is
hidden goes on unseen; when nothing explains it any more, it is told after all.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import (
    COMMUNICATION,
    PROCESS_ANOMALY,
    SENSOR_FAULT,
    Event,
    Key,
    Place,
    revived,
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
from lamppost.aggregator.alarms.reasons import reason
from lamppost.aggregator.alarms.topology import Topology
from lamppost.aggregator.alarms.transitions import ASIDE, CONDITION, WIDTH, find_transitions
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.nodes.series import SeriesInfo

__all__ = ["COMMUNICATION", "PROCESS_ANOMALY", "SENSOR_FAULT", "Event", "Events"]

MAX_OPEN = 20_000
SLAB = 1024
GAP_SEVERITY = 0.7

# A condition that comes back so soon after its end (ms, readings' time) is the same event.
HOLD_MS = {e.RANGE: 5_000, e.STUCK: 2_000, e.SPIKE: 30_000, e.GAP: 2_000, e.DEVIATION: 5_000}
DEFAULT_HOLD_MS = 5_000
RELEASE_MS = 15_000
"""What was hidden has so long to end by itself once nothing explains it any more."""

BITS = {
    c.RANGE: e.RANGE,
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
    e.STUCK,
    e.GAP,
    e.NOISE,
    e.UNIT,
    e.DRIFT,
)  # kinds that leave nothing to say about the process


@dataclass(slots=True)
class _Open:
    event: Event
    cleared_ms: int | None = None  # the readings' time
    cleared_at_ms: int = 0  # the aggregator's
    hidden: bool = False
    release_ms: int | None = None  # when a hidden one is told, unless it ends before


class Events:
    """Open conditions and the rules by which they open, stay and close.

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
        self.dropped = 0
        self._info = info
        self._max_open = max_open
        self._open: dict[Key, _Open] = {}
        self._by_node: dict[str, set[Key]] = {}
        self._cleared: set[Key] = set()
        self._hidden: set[Key] = set()
        self.masks = Masks(topology or Topology(), self._open.__contains__)
        self._memory = _blank(SLAB)

    @property
    def hidden(self) -> int:
        """How many conditions something larger explains."""
        return len(self._hidden)

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

    def tick(self, now_ms: int) -> tuple[bool, list[Event]]:
        """Let time alone close and show what it may; call it about once a second.

        Returns:
            Whether anything changed, and the events.
        """
        told: list[Event] = []
        changed = False
        for key in sorted(self._cleared):
            condition = self._open[key]
            if now_ms - condition.cleared_at_ms >= HOLD_MS.get(key[0], DEFAULT_HOLD_MS):
                self._close(key, condition.cleared_ms, told)
                changed = True
        for key in sorted(self._hidden - self._cleared):
            changed |= self._release(key, now_ms, told)
        return changed, told

    def offline(self, group: str, node: str, device: str | None, time_ms: int) -> list[Event]:
        """A node (device None) or a device died: that hides what is wrong with its parts."""
        place = (group, node, device or "")
        lost = self.masks.offline
        if place in lost or (group, node, "") in lost:
            return []
        lost.add(place)
        told: list[Event] = []
        self._hide((node,), time_ms, told)
        kind = e.DEVICE_OFFLINE if device else e.NODE_OFFLINE
        self._put((kind, *place, ""), loss_of(kind, place, time_ms), told)
        return told

    def online(self, group: str, node: str, device: str | None, time_ms: int) -> list[Event]:
        """A node or a device was born; closes its communication event."""
        place = (group, node, device or "")
        self.masks.offline.discard(place)
        kind = e.DEVICE_OFFLINE if device else e.NODE_OFFLINE
        told: list[Event] = []
        for key in sorted(self._by_node.get(node, ())):
            its_gap = key[:2] == (e.GAP, group) and device in (None, key[3])
            if its_gap and key in self._hidden:
                self._close(key, time_ms, told)  # a birth starts the timers of silence anew
        if (kind, *place, "") in self._open:
            self._close((kind, *place, ""), time_ms, told)
        return told

    def clock(
        self, group: str, node: str, since_ms: int, ahead_ms: float, now_ms: int
    ) -> list[Event]:
        """A node's clock went wrong by so much, or (0) is right again."""
        told: list[Event] = []
        key = (e.CLOCK, group, node, "", "")
        if ahead_ms:
            self._put(key, clock_of((group, node, ""), since_ms, ahead_ms, now_ms), told)
        elif key in self._open:
            self._close(key, now_ms, told)
        return told

    def relation(self, event: Event, now_ms: int, *, over: bool) -> list[Event]:
        """A group departs from what it has always done, or does it again."""
        told: list[Event] = []
        known = self._open.get(event.key)
        if not over:
            first = event if known is None else replace(event, detected_ms=known.event.detected_ms)
            self._put(event.key, first, told)
        elif known is not None:
            self._close(event.key, max(now_ms, known.event.onset_ms), told)
        return told

    def maintain(self, places: Iterable[Place], now_ms: int) -> list[Event]:
        """Say on what somebody works now: all that is wrong there is hidden meanwhile."""
        self.masks.maintenance = frozenset(places)
        told: list[Event] = []
        self._hide(sorted({place[1] for place in self.masks.maintenance}), now_ms, told)
        return told

    def open_events(self) -> tuple[Event, ...]:
        """What is open now and not hidden, oldest onset first."""
        events = [one.event for one in self._open.values() if not one.hidden]
        return tuple(sorted(events, key=lambda event: (event.onset_ms, event.id)))

    def state(self) -> dict[str, Any]:
        """JSON-ready state for a checkpoint."""
        memory = self._memory
        kept = np.flatnonzero((memory[:, CONDITION] != 0) | ~np.isnan(memory[:, ASIDE]))
        return {
            "open": [
                [
                    asdict(one.event),
                    one.cleared_ms,
                    one.cleared_at_ms,
                    one.hidden,
                    one.release_ms,
                ]
                for one in self._open.values()
            ],
            "offline": sorted(self.masks.offline),
            "maintenance": sorted(self.masks.maintenance),
            "dropped": self.dropped,
            "memory": [[int(s), *(finite(float(x)) for x in memory[s])] for s in kept.tolist()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned; fields that an older release lacked are blank."""
        self._open.clear()
        self._by_node.clear()
        for fields, *rest in state["open"]:
            one = _Open(revived(fields), *rest)
            self._open[one.event.key] = one
            self._by_node.setdefault(one.event.node, set()).add(one.event.key)
        self._cleared = {key for key, one in self._open.items() if one.cleared_ms is not None}
        self._hidden = {key for key, one in self._open.items() if one.hidden}
        self.masks.offline = {(g, n, d) for g, n, d in state["offline"]}
        self.masks.maintenance = frozenset(
            (g, n, d) for g, n, d in state.get("maintenance", ())
        )
        self.dropped = int(state["dropped"])
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
                self._clear((kind, *info.key), reading.time_ms, now_ms)

    def _enter(
        self, info: SeriesInfo, kind: str, reading: Reading, now_ms: int, told: list[Event]
    ) -> None:
        key = (kind, *info.key)
        if kind == e.DEVIATION and self._is_faulty(info):
            return
        onset = reading.onset_ms if reading.onset_ms >= 0 else reading.time_ms
        known = self._open.get(key)
        if known is not None and known.cleared_ms is not None:
            if onset - known.cleared_ms > HOLD_MS.get(kind, DEFAULT_HOLD_MS):
                self._close(key, known.cleared_ms, told)
                known = None
            else:
                known.cleared_ms = None
                self._cleared.discard(key)
        if known is None:
            self._put(key, event_of(info, kind, onset, reading, now_ms), told)
            if kind in MASKING:
                self._mask_process(info, onset, told)
            return
        if known.hidden and not self.masks.hides(key):
            self._show(key, told)
        if reading.severity > known.event.severity:
            worse = event_of(info, kind, known.event.onset_ms, reading, known.event.detected_ms)
            self._put(key, worse, told)

    def _mask_process(self, info: SeriesInfo, onset_ms: int, told: list[Event]) -> None:
        key = (e.DEVIATION, *info.key)
        if key in self._open:
            self._close(key, max(onset_ms, self._open[key].event.onset_ms), told)

    def _is_faulty(self, info: SeriesInfo) -> bool:
        """Whether a sensor fault of the channel leaves nothing to say about the process."""
        return any(
            (kind, *info.key) in self._open and (kind, *info.key) not in self._cleared
            for kind in MASKING
        )

    def _clear(self, key: Key, time_ms: int, now_ms: int) -> None:
        condition = self._open.get(key)
        if condition is None or condition.cleared_ms is not None:
            return
        condition.cleared_ms = max(time_ms, condition.event.onset_ms)
        condition.cleared_at_ms = now_ms
        self._cleared.add(key)

    def _close(self, key: Key, end_ms: int | None, told: list[Event]) -> None:
        one = self._open.pop(key)
        self._by_node[key[2]].discard(key)
        if not self._by_node[key[2]]:
            del self._by_node[key[2]]
        self._cleared.discard(key)
        if key in self._hidden:
            self._hidden.discard(key)
        else:
            told.append(_ended(one.event, end_ms))

    def _put(self, key: Key, event: Event, told: list[Event]) -> None:
        """Open a condition, or change it."""
        event = replace(event, reason=reason(event))
        known = self._open.get(key)
        if known is not None:
            known.event = event
        elif len(self._open) >= self._max_open:
            self.dropped += 1
            return
        else:
            self._open[key] = _Open(event, hidden=self.masks.hides(key))
            self._by_node.setdefault(key[2], set()).add(key)
            if self._open[key].hidden:
                self._hidden.add(key)
        if key not in self._hidden:
            told.append(event)
        if known is None:
            self._hide(sorted(self.masks.may_hide(key)), event.detected_ms, told)

    def _hide(self, nodes: Iterable[str], time_ms: int, told: list[Event]) -> None:
        """Keep from the operator what by now something larger explains."""
        for node in nodes:
            for key in sorted(self._by_node.get(node, ())):
                if key in self._hidden or not self.masks.hides(key):
                    continue
                one = self._open[key]
                one.hidden, one.release_ms = True, None
                self._hidden.add(key)
                told.append(_ended(one.event, max(time_ms, one.event.onset_ms)))

    def _show(self, key: Key, told: list[Event]) -> None:
        one = self._open[key]
        one.hidden, one.release_ms = False, None
        self._hidden.discard(key)
        told.append(one.event)

    def _release(self, key: Key, now_ms: int, told: list[Event]) -> bool:
        """Show what outlasts its explanation; returns whether anything changed."""
        one = self._open[key]
        if self.masks.hides(key):
            changed, one.release_ms = one.release_ms is not None, None
            return changed
        if one.release_ms is None:
            one.release_ms = now_ms + RELEASE_MS
            return True
        if now_ms < one.release_ms:
            return False
        self._show(key, told)
        return True

    def _make_room(self, count: int) -> None:
        if count > len(self._memory):
            taller = _blank(max(-(-count // SLAB) * SLAB, len(self._memory) * 3 // 2))
            taller[: len(self._memory)] = self._memory
            self._memory = taller


def _blank(rows: int) -> NDArray[np.float64]:
    memory = np.zeros((rows, WIDTH))
    memory[:, ASIDE] = np.nan
    return memory


def _ended(event: Event, end_ms: int | None) -> Event:
    event = replace(event, end_ms=end_ms)
    return replace(event, reason=reason(event))
