"""The way into the spool: frames in order, group commit, and what to do while the disk is full.

What must not be lost (series, births) waits in memory when it does not fit; judged readings are
held up to a bound and beyond it dropped unclaimed, so that their nodes send them again.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.incidents import Record
from lamppost.aggregator.nodes.nodes import Node
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.pipeline.judging import record_frame
from lamppost.aggregator.spool.frames import (
    MAX_META_BYTES,
    DataFrame,
    FrameError,
    FrameKind,
    TextRow,
    pack_birth,
    pack_json,
)
from lamppost.aggregator.spool.spool import Spool, SpoolFull

TEXT_CHARS_PER_FRAME = MAX_META_BYTES // 12  # JSON may take six bytes for a character
RETRY_MS = 1000
MAX_UNSAVED = 1_000_000


@dataclass(slots=True)
class Parcel:
    """What becomes true when a data frame is durable.

    Attributes:
        claims: batches whose readings are in the frame.
        tally: readings per node and day.
        live_ms: times of the readings that were not sent late.
    """

    claims: list[tuple[Node, int, int]] = field(default_factory=list)
    tally: list[tuple[Node, int, int]] = field(default_factory=list)
    live_ms: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))


class Log(Protocol):
    """Where the pipeline writes what happened; a replay puts a silent one in its place."""

    def clock(self, now_ms: int) -> None:
        """It is now that time, for all that follows."""

    def series(self, info: SeriesInfo) -> None:
        """A series is new or has changed."""

    def birth(self, topic: str, payload: bytes) -> None:
        """A birth was taken."""

    def node(self, document: dict[str, Any]) -> None:
        """Something about a node, or the clock, that the judge's state depends on."""

    def events(self, records: Iterable[Record]) -> None:
        """Events and incidents were opened, changed or closed."""

    def data(self, frame: DataFrame, parcel: Parcel) -> bool:
        """Readings were judged; False when they had to be dropped."""


class Outlet:
    """Writes to the spool.

    Args:
        spool: its own buffer bound must be well above `held_bytes`.
        held_bytes: bound of judged frames that wait for a disk that is full.
        on_event: told of every event that is written.
        on_incident: told of every incident that is written.
    """

    def __init__(
        self,
        spool: Spool,
        held_bytes: int,
        on_event: Callable[[Event], None] = lambda _: None,
        on_incident: Callable[[Incident], None] = lambda _: None,
    ) -> None:
        self.trouble = ""
        self.dropped_readings = 0
        self._spool = spool
        self._held_bytes = held_bytes
        self._on_event = on_event
        self._on_incident = on_incident
        self._parcels: list[Parcel] = []
        self._unsaved: dict[object, tuple[FrameKind, bytes]] = {}
        self._clock_ms: int | None = None
        self._first_ms: int | None = None
        self._retry_ms = 0

    @property
    def idle(self) -> bool:
        """Nothing waits for a commit."""
        return not self._spool.buffered_bytes and not self._unsaved

    @property
    def waiting_bytes(self) -> int:
        """How much waits for a commit."""
        return self._spool.buffered_bytes

    def clock(self, now_ms: int) -> None:
        """Write the time before the next frame, unless it was written already."""
        if self._first_ms is None:
            self._first_ms = now_ms
        if now_ms != self._clock_ms:
            self._clock_ms = now_ms
            self._must("clock", FrameKind.NODE, pack_json({"now_ms": now_ms}))

    def series(self, info: SeriesInfo) -> None:
        """Write a series; the newest facts count."""
        self._must(("series", info.index), FrameKind.SERIES, pack_json(info.to_json()))

    def birth(self, topic: str, payload: bytes) -> None:
        """Write a birth; the newest one counts."""
        try:
            frame = pack_birth(topic, payload)
        except FrameError:
            return  # a topic beyond all bounds: it works until the restart
        self._must(("birth", topic), FrameKind.BIRTH, frame)

    def node(self, document: dict[str, Any]) -> None:
        """Write a note."""
        self._must(
            ("node", document.get("node"), document["do"]), FrameKind.NODE, pack_json(document)
        )

    def events(self, records: Iterable[Record]) -> None:
        """Write events and incidents; the newest state of each counts."""
        for record in records:
            self._must(("event", record.id), *record_frame(record))
            if isinstance(record, Event):
                self._on_event(record)
            else:
                self._on_incident(record)

    def data(self, frame: DataFrame, parcel: Parcel) -> bool:
        """Write judged readings, or drop them when too much waits already."""
        payloads = [part.pack() for part in _split(frame)]
        size = sum(map(len, payloads))
        full = self._spool.buffered_bytes + size > self._held_bytes
        if self._unsaved or (full and self.trouble):
            self.dropped_readings += len(frame) + len(frame.texts)
            return False
        try:
            for payload in payloads:
                self._spool.append(FrameKind.DATA, payload)
        except SpoolFull as full_buffer:
            self._stumble(full_buffer)
            self.dropped_readings += len(frame) + len(frame.texts)
            return False
        self._parcels.append(parcel)
        return True

    def due(self, now_ms: int, interval_ms: int, max_bytes: int) -> bool:
        """Whether a commit should be tried now."""
        if self.idle:
            self._first_ms = None
            return False
        if self._first_ms is None:
            self._first_ms = now_ms
        if self.trouble:
            return now_ms >= self._retry_ms
        waited = now_ms - self._first_ms
        return waited >= interval_ms or waited < 0 or self.waiting_bytes >= max_bytes

    def commit(self, now_ms: int) -> list[Parcel]:
        """Make durable what waits; returns what became true, nothing when the disk refuses."""
        self._first_ms = None
        self._retry_ms = now_ms + RETRY_MS
        try:
            self._spool.commit()
            self._save_unsaved()
        except (OSError, SpoolFull) as error:
            self._stumble(error)
            return []
        self.trouble = ""
        parcels, self._parcels = self._parcels, []
        return parcels

    def restart_clock(self) -> None:
        """Write the time again with the next frame: a checkpoint cuts the log here."""
        self._clock_ms = None

    def _save_unsaved(self) -> None:
        for key, (kind, payload) in list(self._unsaved.items()):
            self._spool.append(kind, payload)
            del self._unsaved[key]
        self._spool.commit()

    def _must(self, key: object, kind: FrameKind, payload: bytes) -> None:
        if not self._unsaved:
            try:
                self._spool.append(kind, payload)
                return
            except SpoolFull as full:
                self._stumble(full)
            except ValueError:  # longer than a frame may be: not even a birth is that long
                return
        if key in self._unsaved or len(self._unsaved) < MAX_UNSAVED:
            self._unsaved[key] = (kind, payload)

    def _stumble(self, error: Exception) -> None:
        self.trouble = f"not writing: {error}"


def _split(frame: DataFrame) -> list[DataFrame]:
    """Texts that are too long for one frame go ahead in frames of their own."""
    if not frame.texts or sum(len(row.text) for row in frame.texts) <= TEXT_CHARS_PER_FRAME:
        return [frame]
    groups: list[list[TextRow]] = [[]]
    chars = 0
    for row in frame.texts:
        if chars + len(row.text) > TEXT_CHARS_PER_FRAME and groups[-1]:
            groups.append([])
            chars = 0
        groups[-1].append(row)
        chars += len(row.text)
    return [*(_texts_only(group) for group in groups), _without_texts(frame)]


def _texts_only(texts: list[TextRow]) -> DataFrame:
    none = np.empty(0)
    return DataFrame(
        deliveries=(),
        series=none.astype(np.int32),
        time_ms=none.astype(np.int64),
        value=none,
        flags=none.astype(np.uint32),
        expected=none.astype(np.float32),
        low=none.astype(np.float32),
        high=none.astype(np.float32),
        score=none.astype(np.float32),
        severity=none.astype(np.float32),
        p=none.astype(np.float32),
        texts=tuple(texts),
    )


def _without_texts(frame: DataFrame) -> DataFrame:
    return DataFrame(
        deliveries=frame.deliveries,
        series=frame.series,
        time_ms=frame.time_ms,
        value=frame.value,
        flags=frame.flags,
        expected=frame.expected,
        low=frame.low,
        high=frame.high,
        score=frame.score,
        severity=frame.severity,
        p=frame.p,
    )
