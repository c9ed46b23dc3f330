"""Collects frames of the spool into one batch for a store."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from lamppost.aggregator.alarms.event import RANGE, Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.spool.frames import COLUMNS, DataFrame, FrameKind, unpack_json
from lamppost.aggregator.store.cursor import SeriesBook
from lamppost.aggregator.store.seam import Sample, StoreBatch
from lamppost.wire import canary
from lamppost.wire.series import CANARY


@dataclass(slots=True)
class Load:
    """Frames on their way to a store.

    Attributes:
        newer: the position before which the newest row of an event or incident lay that is
            in the store already.
        start: where the frames begin; they bring no row that the store has a newer one of.
        rows: readings so far.
        bad_frames: frames with a sound checksum and a content that is not understood.
        unknown_rows: readings of series no frame told of; they have no name to store them by.
        ids: of the events and incidents.
    """

    book: SeriesBook
    newer: Mapping[str, int] = field(default_factory=dict)
    start: int = 0
    rows: int = 0
    bad_frames: int = 0
    unknown_rows: int = 0
    ids: list[str] = field(default_factory=list)
    _frames: list[DataFrame] = field(default_factory=list)
    _events: list[Event] = field(default_factory=list)
    _incidents: list[Incident] = field(default_factory=list)
    _samples: list[Sample] = field(default_factory=list)

    def add(self, kind: FrameKind, payload: bytes) -> None:
        """Take one frame."""
        try:
            if kind is FrameKind.DATA:
                frame = DataFrame.unpack(payload)
                self._frames.append(frame)
                self.rows += len(frame)
            elif kind is FrameKind.EVENT:
                self._take_event(self._event(unpack_json(payload)))
            elif kind is FrameKind.INCIDENT:
                incident = Incident.from_json(unpack_json(payload))
                if self._is_news(incident.id):
                    self.ids.append(incident.id)
                    self._incidents.append(incident)
            elif kind is FrameKind.SERIES:
                self.book.put(SeriesInfo.from_json(unpack_json(payload)))
        except (ValueError, KeyError, TypeError):  # FrameError is a ValueError
            self.bad_frames += 1

    def _take_event(self, event: Event) -> None:
        if not self._is_news(event.id):
            return
        if event.group != canary.GROUP:
            self._events.append(event)
        elif event.kind == RANGE and event.channel == canary.METRIC:
            self._samples.append(sung(event))
        self.ids.append(event.id)

    def _is_news(self, record_id: str) -> bool:
        return self.newer.get(record_id, 0) <= self.start

    def _event(self, document: dict[str, Any]) -> Event:
        index = document.get("series")
        info = self.book.get(index) if isinstance(index, int) else None
        return Event.from_json(document, info.group if info else "")

    def batch(self) -> StoreBatch | None:
        """Return what a store shall write, or None when that is nothing."""
        texts = [row for frame in self._frames for row in frame.texts]
        columns: dict[str, Any] = {
            name: np.concatenate([np.empty(0, kind), *(getattr(f, name) for f in self._frames)])
            for name, kind in COLUMNS
        }
        index = columns.pop("series")
        used = set(np.unique(index).tolist()) | {row.series for row in texts}
        told = {i: info for i in used if (info := self.book.get(i)) is not None}
        series = {i: info for i, info in told.items() if info.group != canary.GROUP}
        batch = StoreBatch(
            series,
            index,
            **columns,
            texts=texts,
            events=tuple(self._events),
            incidents=tuple(self._incidents),
            samples=tuple(self._samples),
        )
        if len(series) < len(used):
            known = np.isin(index, np.array(list(told), np.int32))
            nameless = sum(row.series not in told for row in texts)
            self.unknown_rows = int((~known).sum()) + nameless
            batch = _of_series(batch)
        others = batch.texts or batch.events or batch.incidents or batch.samples
        return batch if len(batch) or others else None


def _of_series(batch: StoreBatch) -> StoreBatch:
    """Return a batch without the rows of series that it does not name."""
    known = np.isin(batch.index, np.array(list(batch.series), np.int32))
    kept = [row for row in batch.texts if row.series in batch.series]
    columns = {name: getattr(batch, name)[known] for name, _ in COLUMNS if name != "series"}
    return replace(batch, index=batch.index[known], texts=kept, **columns)


def sung(event: Event) -> Sample:
    """Return the canary's event as the row in which it is looked for; it is no event."""
    fields: dict[str, float | str | None] = {"alarm": event.end_ms is None, "id": event.id}
    return Sample(CANARY, event.onset_ms, {"host": event.node}, fields)
