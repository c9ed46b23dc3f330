"""How good the data of each device are now: a grade every quarter of an hour, for dashboards.

Looks at the live view once a minute. A stream counts as seen in a minute when its last reading
is not stale, and as new when it has another time than a minute ago; what comes more often than
that is counted once. Only the last grades are held, in memory: days are what is kept.
"""

import threading
from collections.abc import Mapping
from dataclasses import dataclass, field

from lamppost.register.days.day import FAULTY, LATE, MINUTE_MS
from lamppost.register.days.quality import score
from lamppost.register.live import ChannelView, LiveView, Snapshot
from lamppost.register.records.store import Register

QUARTER_MS = 15 * MINUTE_MS
WAITING_MAX = 4
"""Quarters that may wait for whoever takes them; the oldest go first."""

Key = tuple[str, str, str]


@dataclass(slots=True)
class _Counts:
    looks: int = 0
    seen: int = 0
    new: int = 0
    bad: int = 0
    late: int = 0
    gaps: int = 0
    streams: int = 0
    age_ms: int = 0


@dataclass(frozen=True, slots=True)
class DeviceGrade:
    """A device in a quarter of an hour.

    Attributes:
        group: Sparkplug group.
        node: Sparkplug edge node.
        device: Sparkplug device, "" for the node's own metrics.
        time_ms: The end of the quarter, UTC.
        parts: Score and parts, 0 to 1, None where nothing can be said.
        counts: `n` new readings, `bad_n` and `late_n` of them, `gaps`, `series`.
        age_s: How old the oldest of the newest readings is.
    """

    group: str
    node: str
    device: str
    time_ms: int
    parts: Mapping[str, float | None]
    counts: Mapping[str, int]
    age_s: float


@dataclass(slots=True)
class _Quarter:
    ends_ms: int
    devices: dict[Key, _Counts] = field(default_factory=dict)


class DeviceGrades:
    """Follows the live view; called now and then on one thread, and taken from by another."""

    def __init__(self) -> None:
        self._next_ms = 0
        self._quarter: _Quarter | None = None
        self._before: dict[tuple[str, str, str, str], tuple[int, bool]] = {}
        self._done: list[tuple[DeviceGrade, ...]] = []
        self._lock = threading.Lock()

    def __call__(self, _register: Register, _live: LiveView, snapshot: Snapshot) -> None:
        """Look, once a minute."""
        now_ms = snapshot.time_ms
        if now_ms < self._next_ms:
            return
        self._next_ms = (now_ms // MINUTE_MS + 1) * MINUTE_MS
        if self._quarter is not None and now_ms >= self._quarter.ends_ms:
            self._finish(self._quarter)
            self._quarter = None
        if self._quarter is None:
            self._quarter = _Quarter((now_ms // QUARTER_MS + 1) * QUARTER_MS)
        self._look(self._quarter, snapshot)

    def take(self) -> tuple[DeviceGrade, ...]:
        """Return the grades that were not taken yet."""
        with self._lock:
            done, self._done = self._done, []
        return tuple(one for quarter in done for one in quarter)

    def _look(self, quarter: _Quarter, snapshot: Snapshot) -> None:
        before, self._before = self._before, {}
        for counts in quarter.devices.values():
            counts.streams, counts.age_ms = 0, 0
        for one in snapshot.channels:
            key = one.group, one.node, one.device
            counts = quarter.devices.setdefault(key, _Counts())
            _count(counts, one, before.get((*key, one.metric)), snapshot.time_ms)
            self._before[*key, one.metric] = one.time_ms, one.stale

    def _finish(self, quarter: _Quarter) -> None:
        grades = tuple(
            _grade(key, counts, quarter.ends_ms) for key, counts in quarter.devices.items()
        )
        with self._lock:
            self._done = [*self._done, grades][-WAITING_MAX:]


def _count(
    counts: _Counts, one: ChannelView, before: tuple[int, bool] | None, now_ms: int
) -> None:
    counts.streams += 1
    counts.looks += 1
    counts.seen += not one.stale
    counts.age_ms = max(counts.age_ms, now_ms - one.time_ms)
    if before is None:
        return
    counts.gaps += one.stale and not before[1]
    if one.time_ms != before[0]:
        counts.new += 1
        counts.bad += bool(FAULTY.intersection(one.flags))
        counts.late += LATE in one.flags


def _grade(key: Key, counts: _Counts, ends_ms: int) -> DeviceGrade:
    parts = {
        "completeness": counts.seen / max(counts.looks, 1),
        "validity": 1 - counts.bad / counts.new if counts.new else None,
        "timeliness": 1 - counts.late / counts.new if counts.new else None,
    }
    whole = score(parts) if counts.seen else 0.0
    return DeviceGrade(
        *key,
        ends_ms,
        {"score": whole, **parts},
        {
            "n": counts.new,
            "bad_n": counts.bad,
            "late_n": counts.late,
            "gaps": counts.gaps,
            "series": counts.streams,
        },
        counts.age_ms / 1_000,
    )
