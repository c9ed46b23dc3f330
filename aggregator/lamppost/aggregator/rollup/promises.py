"""Promises and how fast their error budgets go, once a minute.

A budget is what a promise may miss; at a burn of 1 it lasts exactly its time. What was before
this start is not known and counts as kept, so a restart raises no alarm.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np

from lamppost.aggregator.store.seam import Sample
from lamppost.register.live import Snapshot
from lamppost.wire.series import SLO

MINUTE_MS = 60_000
SPANS = {"5m": 5, "1h": 60, "6h": 360, "3d": 4320}
"""Minutes."""
LONGEST = max(SPANS.values())
READINGS, NODES, STORE = "readings", "nodes", "store"
OBJECTIVES = {READINGS: 0.99, NODES: 0.99, STORE: 0.999}
PROMISED_LAG_S = 60.0
STARTING = "starting"
"""What the drain says of a store until it has tried it."""

Tally = tuple[int, int]


class Record:
    """Good and all of something, by minute, over the longest span."""

    def __init__(self) -> None:
        self._counts = np.zeros((LONGEST, 2), np.int64)

    def put(self, minute: int, passed: int, good: int, total: int) -> None:
        """Enter a minute; those passed since the last one had nothing, unless it says so."""
        for gone in range(minute - min(passed, LONGEST) + 1, minute):
            self._counts[gone % LONGEST] = 0
        self._counts[minute % LONGEST] = good, total

    def last(self, minute: int, minutes: int) -> Tally:
        """Return good and all of so many minutes up to this one."""
        places = np.arange(minute - minutes + 1, minute + 1) % LONGEST
        good, total = self._counts[places].sum(axis=0).tolist()
        return int(good), int(total)


@dataclass(frozen=True, slots=True)
class Burn:
    """How a promise was kept over a span.

    Attributes:
        good: of `total`, what was as promised.
        known: share of the span that was seen.
    """

    good: int
    total: int
    objective: float
    known: float

    @property
    def fields(self) -> dict[str, float | str | None]:
        """The fields of its row."""
        ratio = self.good / self.total
        burn = (1.0 - ratio) * self.known / (1.0 - self.objective)
        return {
            "burn": burn, "ratio": ratio, "objective": self.objective,
            "good": self.good, "total": self.total,
        }  # fmt: skip


class Promises:
    """Counts, minute by minute; one thread calls it.

    - readings: live ones that were durable within ten seconds of their time
    - nodes: those that are online
    - store: minutes in which the database took rows and was at most a minute behind

    Args:
        host: the aggregator's Sparkplug host id.
        readings: good and all live readings since the start.
    """

    def __init__(self, host: str, readings: Callable[[], Tally]) -> None:
        self._host = host
        self._readings = readings
        self._before = readings()
        self._records = {name: Record() for name in OBJECTIVES}
        self._first = self._minute = -1

    def samples(self, snapshot: Snapshot, lag_s: float) -> tuple[Sample, ...]:
        """Return the rows of a minute, at its first call."""
        minute = snapshot.time_ms // MINUTE_MS
        if minute <= self._minute:
            return ()
        passed = minute - self._minute if self._first >= 0 else 1
        self._first = minute if self._first < 0 else self._first
        self._minute = minute
        for name, (good, total) in self._tallies(snapshot, lag_s, passed).items():
            self._records[name].put(minute, passed, good, total)
        return tuple(
            Sample(
                SLO, minute * MINUTE_MS, {"host": self._host, "slo": name, "span": span}, row
            )
            for name in OBJECTIVES
            for span, minutes in SPANS.items()
            if (row := self._row(name, minutes))
        )

    def _tallies(self, snapshot: Snapshot, lag_s: float, passed: int) -> Mapping[str, Tally]:
        now = self._readings()
        good, total = now[0] - self._before[0], now[1] - self._before[1]
        self._before = now
        online = sum(node.online for node in snapshot.nodes)
        # While the store is away nobody asks: what passed unasked, it was away.
        stored = int(lag_s <= PROMISED_LAG_S and snapshot.health.store == "ok")
        # At a start nobody has asked it yet: one such minute would be an alarm.
        asked = passed if snapshot.health.store != STARTING else 0
        return {
            READINGS: (good, total),
            NODES: (online, len(snapshot.nodes)),
            STORE: (stored, asked),
        }

    def _row(self, name: str, minutes: int) -> dict[str, float | str | None] | None:
        good, total = self._records[name].last(self._minute, minutes)
        if not total:
            return None
        known = min(1.0, (self._minute - self._first + 1) / minutes)
        return Burn(good, total, OBJECTIVES[name], known).fields
