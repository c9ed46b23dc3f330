"""A made-up anomaly now and then, timed until it is noticed, stored and told.

It goes the way of every reading: broker, judge, event, spool, database, and, where a receiver
is configured, a rule of Grafana and its webhook. What it finds is one row of `canary` at the
time of the anomaly; there the event itself, when the drain wrote it, has set `alarm`.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Any, Protocol

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.canary.node import CanaryNode
from lamppost.aggregator.settings.canary import CanaryConfig
from lamppost.aggregator.settings.mqtt import MqttConfig
from lamppost.aggregator.store.seam import Sample, StoreError
from lamppost.wire import canary
from lamppost.wire.series import CANARY, Measurement

POLL_S = 0.2
FIRST_S = 30.0
MAX_KEPT = 100
SENT, NOTICED, STORED, NOTIFIED = "sent", "noticed", "stored", "notified"

log = logging.getLogger(__name__)


class Rows(Protocol):
    """A store that can be asked for a row of a dashboard's measurement."""

    def row(
        self, measurement: Measurement, tags: Mapping[str, str], time_ms: int
    ) -> Mapping[str, Any] | None:
        """Return the fields of a row; raises StoreError."""


class Ear(Protocol):
    """What hears notifications.

    Attributes:
        heard_ms: when the last one came, 0 before.
    """

    heard_ms: int


class Canary:
    """Sings on a thread of its own; `noticed` and `samples` may be called from any.

    Args:
        config: how often, and how long it waits.
        mqtt: the broker.
        store: where its row must appear.
        ear: where its notification must arrive; None when nobody measures that.
        clock_ms: UTC milliseconds.
    """

    def __init__(
        self,
        config: CanaryConfig,
        mqtt: MqttConfig,
        store: Rows,
        ear: Ear | None = None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._config = config
        self._mqtt = mqtt
        self._store = store
        self._ear = ear
        self._clock_ms = clock_ms
        self._noticed: tuple[int, int] = (0, 0)
        self._away = False
        self._found: deque[Sample] = deque(maxlen=MAX_KEPT)
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="canary", daemon=True)

    def start(self) -> None:
        """Begin; the first one comes after half a minute, when all has settled."""
        self._thread.start()

    def stop(self) -> None:
        """End, also in the middle of a song."""
        self._stopping.set()
        if self._thread.ident is not None:
            self._thread.join()

    def noticed(self, event: Event) -> None:
        """Take an event of the pipeline; it may be any."""
        if (event.group, event.node) == (canary.GROUP, self._mqtt.host_id):
            self._noticed = event.onset_ms, self._clock_ms()

    def samples(self) -> tuple[Sample, ...]:
        """Return what was found since the last call."""
        found = []
        while self._found:
            found.append(self._found.popleft())
        return tuple(found)

    def sing(self) -> Sample:
        """Send one anomaly and return what became of it."""
        start_ms = self._clock_ms()
        took: dict[str, int] = {}
        try:
            with CanaryNode(self._mqtt) as node:
                start_ms = self._clock_ms()
                node.say(canary.LOUD, start_ms)
                took[SENT] = 0
                self._follow(node, start_ms, took)
                node.say(canary.CALM, self._clock_ms())
        except OSError as problem:
            log.warning("canary: %s", problem)
        missing = [step for step in self._steps if step not in took]
        if missing:
            log.warning("canary: not %s within %g s", missing[0], self._config.patience_s)
        # That the store is away is told by others; what lies behind it proves nothing then.
        untold = self._away and missing[:1] in ([STORED], [NOTIFIED])
        fields = {
            "ok": None if untold else not missing,
            "alarm": 0,
            "detect_ms": took.get(NOTICED),
            "stored_ms": took.get(STORED),
            "delivered_ms": took.get(NOTIFIED),
            "id": f"{self._mqtt.host_id}-{start_ms}",
            "missing": missing[0] if missing else "",
        }
        return Sample(CANARY, start_ms, {"host": self._mqtt.host_id}, fields)

    @property
    def _steps(self) -> tuple[str, ...]:
        heard = () if self._ear is None else (NOTIFIED,)
        return (SENT, NOTICED, STORED, *heard)

    def _follow(self, node: CanaryNode, start_ms: int, took: dict[str, int]) -> None:
        """Note when each step was reached, until all were or patience ends.

        The judge does not believe a single reading, so it goes on singing until it is noticed.
        """
        until_ms = start_ms + int(self._config.patience_s * 1000)
        while len(took) < len(self._steps) and self._clock_ms() < until_ms:
            if self._noticed[0] == start_ms:
                took.setdefault(NOTICED, self._noticed[1] - start_ms)
            elif NOTICED not in took:
                node.say(canary.LOUD, max(start_ms + 1, self._clock_ms()))
            if STORED not in took and self._is_stored(start_ms):
                took[STORED] = self._clock_ms() - start_ms
            if self._ear is not None and self._ear.heard_ms >= start_ms:
                took.setdefault(NOTIFIED, self._ear.heard_ms - start_ms)
            if self._stopping.wait(POLL_S):
                return

    def _is_stored(self, start_ms: int) -> bool:
        try:
            row = self._store.row(CANARY, {"host": self._mqtt.host_id}, start_ms)
        except StoreError:
            self._away = True
            return False
        self._away = False
        return row is not None and row.get("alarm") == 1

    def _run(self) -> None:
        wait_s = min(FIRST_S, self._config.every_s)
        while not self._stopping.wait(wait_s):
            began = time.monotonic()
            try:
                self._found.append(self.sing())
            except Exception:
                log.exception("canary: it choked")
            wait_s = max(0.0, self._config.every_s - (time.monotonic() - began))
