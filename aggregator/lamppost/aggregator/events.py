"""Events: what an operator is told, made from the verdicts' transitions.

The kernels decide when a condition begins and ends, with their own hysteresis; here conditions
become events with a name, a place, an onset, an end and a sentence, and one masks another: a
sensor fault its channel's process anomaly, a dead node or device the gaps of its channels.
"""

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator import event as e
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.event import (
    COMMUNICATION,
    PROCESS_ANOMALY,
    SENSOR_FAULT,
    Event,
    event_id,
)
from lamppost.aggregator.event_of import Reading, event_of, finite, reading_of
from lamppost.aggregator.reasons import reason
from lamppost.aggregator.series import SeriesInfo
from lamppost.aggregator.transitions import ASIDE, CONDITION, WIDTH, find_transitions

__all__ = ["COMMUNICATION", "PROCESS_ANOMALY", "SENSOR_FAULT", "Event", "Events"]

MAX_OPEN = 20_000
MAX_RECENT = 1_000
SLAB = 1024
GAP_SEVERITY = 0.7
OFFLINE_SEVERITY = 0.9

# A condition that comes back so soon after its end (ms, readings' time) is the same event.
HOLD_MS = {e.RANGE: 5_000, e.STUCK: 2_000, e.SPIKE: 30_000, e.GAP: 2_000, e.DEVIATION: 5_000}
BITS = {
    c.RANGE: e.RANGE,
    c.STUCK: e.STUCK,
    c.GAP: e.GAP,
    c.SPIKE: e.SPIKE,
    c.ANOMALY: e.DEVIATION,
}
MASKING = (e.RANGE, e.STUCK, e.GAP)  # kinds that leave nothing to say about the process

Key = tuple[str, str, str, str, str]  # kind, group, node, device, channel


@dataclass(slots=True)
class _Open:
    event: Event
    cleared_ms: int | None = None  # the readings' time
    cleared_at_ms: int = 0  # the aggregator's


class Events:
    """Open conditions and the rules by which they open, stay and close.

    One thread calls it. Every call returns the events that it opened, changed or closed, in
    order, for the spool. What is returned depends on the calls alone, so a replay tells the
    same events.

    Args:
        info: gives the SeriesInfo of a series index.
        max_open: conditions beyond so many open ones are counted in `dropped` and not told.
    """

    def __init__(self, info: Callable[[int], SeriesInfo], max_open: int = MAX_OPEN) -> None:
        self.dropped = 0
        self._info = info
        self._max_open = max_open
        self._open: dict[Key, _Open] = {}
        self._cleared: set[Key] = set()
        self._offline: set[tuple[str, str, str]] = set()
        self._recent: deque[Event] = deque(maxlen=MAX_RECENT)
        self._memory = _blank(SLAB)

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
            if self._is_masked(info):
                continue
            self._memory[index, CONDITION] = int(self._memory[index, CONDITION]) | c.GAP
            reading = Reading(since, None, None, None, None, GAP_SEVERITY, since, None)
            self._enter(info, e.GAP, reading, now_ms, told)
        return told

    def tick(self, now_ms: int) -> list[Event]:
        """Let time alone close what it may close; call it about once a second."""
        told: list[Event] = []
        for key in sorted(self._cleared):
            condition = self._open[key]
            if now_ms - condition.cleared_at_ms >= HOLD_MS[key[0]]:
                self._close(key, condition.cleared_ms, told)
        return told

    def offline(self, group: str, node: str, device: str | None, time_ms: int) -> list[Event]:
        """A node (device None) or a device died: its channels' gaps are masked for now."""
        place = (group, node, device or "")
        if place in self._offline or (group, node, "") in self._offline:
            return []
        self._offline.add(place)
        told: list[Event] = []
        for key in [key for key in self._open if self._covers(place, key)]:
            self._close(key, max(time_ms, self._open[key].event.onset_ms), told)
        kind = e.DEVICE_OFFLINE if device else e.NODE_OFFLINE
        blank = Event(
            event_id(kind, time_ms, *place),
            e.NO_SERIES,
            *place,
            "",
            COMMUNICATION,
            kind,
            time_ms,
            time_ms,
            None,
            OFFLINE_SEVERITY,
            None,
            None,
            None,
            None,
            "",
            "",
        )
        self._tell((kind, *place, ""), blank, told)
        return told

    def online(self, group: str, node: str, device: str | None, time_ms: int) -> list[Event]:
        """A node or a device was born; closes its communication event."""
        place = (group, node, device or "")
        self._offline.discard(place)
        kind = e.DEVICE_OFFLINE if device else e.NODE_OFFLINE
        told: list[Event] = []
        if (kind, *place, "") in self._open:
            self._close((kind, *place, ""), time_ms, told)
        return told

    def open_events(self) -> tuple[Event, ...]:
        """What is open now, oldest onset first."""
        events = [condition.event for condition in self._open.values()]
        return tuple(sorted(events, key=lambda event: (event.onset_ms, event.id)))

    def recent(self) -> tuple[Event, ...]:
        """What closed lately, newest end first; bounded."""
        return tuple(reversed(self._recent))

    def state(self) -> dict[str, Any]:
        """JSON-ready state for a checkpoint."""
        memory = self._memory
        kept = np.flatnonzero((memory[:, CONDITION] != 0) | ~np.isnan(memory[:, ASIDE]))
        return {
            "open": [
                [asdict(one.event), one.cleared_ms, one.cleared_at_ms]
                for one in self._open.values()
            ],
            "recent": [asdict(event) for event in self._recent],
            "offline": sorted(self._offline),
            "dropped": self.dropped,
            "memory": [[int(s), *(finite(float(x)) for x in memory[s])] for s in kept.tolist()],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""
        self._open.clear()
        for fields, cleared_ms, cleared_at_ms in state["open"]:
            event = Event(**fields)
            self._open[_key(event)] = _Open(event, cleared_ms, cleared_at_ms)
        self._cleared = {key for key, one in self._open.items() if one.cleared_ms is not None}
        self._recent = deque((Event(**fields) for fields in state["recent"]), MAX_RECENT)
        self._offline = {(group, node, device) for group, node, device in state["offline"]}
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
            if not flags & bit or kind == e.SPIKE:
                self._clear((kind, *info.key), reading.time_ms, now_ms)

    def _enter(
        self, info: SeriesInfo, kind: str, reading: Reading, now_ms: int, told: list[Event]
    ) -> None:
        key = (kind, *info.key)
        if self._is_suppressed(key):
            return
        onset = reading.onset_ms if reading.onset_ms >= 0 else reading.time_ms
        known = self._open.get(key)
        if known is not None and known.cleared_ms is not None:
            if onset - known.cleared_ms > HOLD_MS[kind]:
                self._close(key, known.cleared_ms, told)
                known = None
            else:
                known.cleared_ms = None
                self._cleared.discard(key)
        if known is None:
            self._tell(key, event_of(info, kind, onset, reading, now_ms), told)
            if kind in MASKING:
                self._mask_process(info, onset, told)
        elif reading.severity > known.event.severity:
            worse = event_of(info, kind, known.event.onset_ms, reading, known.event.detected_ms)
            self._tell(key, worse, told)

    def _mask_process(self, info: SeriesInfo, onset_ms: int, told: list[Event]) -> None:
        key = (e.DEVIATION, *info.key)
        if key in self._open:
            self._close(key, max(onset_ms, self._open[key].event.onset_ms), told)

    def _is_suppressed(self, key: Key) -> bool:
        if key[0] == e.GAP:
            return (*key[1:3], "") in self._offline or key[1:4] in self._offline
        return key[0] == e.DEVIATION and any(
            (kind, *key[1:]) in self._open and (kind, *key[1:]) not in self._cleared
            for kind in MASKING
        )

    def _is_masked(self, info: SeriesInfo) -> bool:
        return self._is_suppressed((e.GAP, *info.key))

    def _covers(self, place: tuple[str, str, str], key: Key) -> bool:
        """Whether the loss of `place` explains the condition `key`."""
        kind, group, node, device, _ = key
        if (group, node) != place[:2] or place[2] not in {"", device}:
            return False
        return kind == e.GAP or (kind == e.DEVICE_OFFLINE and not place[2])

    def _clear(self, key: Key, time_ms: int, now_ms: int) -> None:
        condition = self._open.get(key)
        if condition is None or condition.cleared_ms is not None:
            return
        condition.cleared_ms = max(time_ms, condition.event.onset_ms)
        condition.cleared_at_ms = now_ms
        self._cleared.add(key)

    def _close(self, key: Key, end_ms: int | None, told: list[Event]) -> None:
        event = replace(self._open.pop(key).event, end_ms=end_ms)
        self._cleared.discard(key)
        event = replace(event, reason=reason(event))
        self._recent.append(event)
        told.append(event)

    def _tell(self, key: Key, event: Event, told: list[Event]) -> None:
        if key not in self._open and len(self._open) >= self._max_open:
            self.dropped += 1
            return
        event = replace(event, reason=reason(event))
        self._open[key] = _Open(event)
        told.append(event)

    def _make_room(self, count: int) -> None:
        if count > len(self._memory):
            taller = _blank(max(-(-count // SLAB) * SLAB, len(self._memory) * 3 // 2))
            taller[: len(self._memory)] = self._memory
            self._memory = taller


def _blank(rows: int) -> NDArray[np.float64]:
    memory = np.zeros((rows, WIDTH))
    memory[:, ASIDE] = np.nan
    return memory


def _key(event: Event) -> Key:
    return event.kind, event.group, event.node, event.device, event.channel
