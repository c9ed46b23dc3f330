"""Events: what an operator is told, made from the verdicts' transitions."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.series import SeriesInfo

SENSOR_FAULT = "sensor_fault"
PROCESS_ANOMALY = "process_anomaly"
COMMUNICATION = "communication"


@dataclass(frozen=True, slots=True)
class Event:
    """One condition of one channel, device or node, from its onset to its end.

    The id is the same whenever the same condition is found again, so stores may upsert by it.
    """

    id: str
    series: int  # -1 for communication events
    group: str
    node: str
    device: str
    channel: str
    event_class: str
    kind: str
    onset_ms: int
    detected_ms: int
    end_ms: int | None
    severity: float
    value: float | None
    expected: float | None
    low: float | None
    high: float | None
    unit: str
    reason: str


class Events:
    """Open conditions and the rules by which they open, stay and close.

    One thread calls it. Every call returns the events that were opened, changed or closed by it,
    in order, for the spool.

    Args:
        info: gives the SeriesInfo of a series index.
    """

    def __init__(self, info: Callable[[int], SeriesInfo]) -> None:
        self._info = info
        self._open: dict[str, Event] = {}

    def update(
        self,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        verdicts: Verdicts,
        now_ms: int,
    ) -> list[Event]:
        """Take a judged batch (arrays of one length) and find the transitions in it."""
        return []

    def silent(
        self, series: NDArray[np.int32], since_ms: NDArray[np.int64], now_ms: int
    ) -> list[Event]:
        """Take what `Judge.sweep` found: channels silent since, for longer than allowed."""
        return []

    def tick(self, now_ms: int) -> list[Event]:
        """Let time alone close what it may close; call it about once a second."""
        return []

    def offline(self, group: str, node: str, device: str | None, time_ms: int) -> list[Event]:
        """A node (device None) or a device died; its channels' gaps are masked until `online`."""
        return []

    def online(self, group: str, node: str, device: str | None, time_ms: int) -> list[Event]:
        """A node or a device was born; closes its communication event."""
        return []

    def open_events(self) -> tuple[Event, ...]:
        """What is open now, oldest onset first."""
        return tuple(sorted(self._open.values(), key=lambda event: event.onset_ms))

    def recent(self) -> tuple[Event, ...]:
        """What closed lately, newest end first; bounded."""
        return ()

    def state(self) -> dict[str, Any]:
        """JSON-ready state for a checkpoint."""
        return {}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""
