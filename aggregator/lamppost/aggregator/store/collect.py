"""Reads the spool for a drain: loads of frames, the names of series, the newest of events."""

import time

from lamppost.aggregator.spool.frames import FrameError, FrameKind, unpack_json
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.cursor import SeriesBook
from lamppost.aggregator.store.load import Load
from lamppost.aggregator.store.progress import Progress

MAX_LOAD_BYTES = 16 * 1024 * 1024
LEARN_BYTES = 4 * 1024 * 1024
MAX_NEWER = 200_000


class Collector:
    """Makes loads of what lies in the spool; the drain's thread calls it.

    Args:
        spool: what to read.
        book: what is known of the series.

    Attributes:
        newer: of each event and incident written ahead of a gap, the position before which
            its newest row lies: older rows must not follow it into the store.
    """

    def __init__(self, spool: Spool, book: SeriesBook) -> None:
        self.newer: dict[str, int] = {}
        self._spool = spool
        self._book = book

    @property
    def crowded(self) -> bool:
        """Too many events to remember: the spool must be drained in order."""
        return len(self.newer) > MAX_NEWER

    def load(
        self, start: int, stop: int, learned: int, max_rows: int, apart: int
    ) -> tuple[Load, int]:
        """Return frames, put together, and where they end; the start when none can be read.

        Args:
            start: of the first frame.
            stop: where a frame ends that is the last to be taken.
            learned: series that frames before it tell of are known, and may be outdated there.
            max_rows: more frames are taken up to this many readings.
            apart: what lies before this position goes into a load of its own.
        """
        load, end = Load(self._book, self.newer, start), start
        for frame in self._spool.read(start, MAX_LOAD_BYTES):
            if frame.next_position > stop:
                end = end if end > start else stop  # nothing sound is left before it
                break
            if frame.kind is not FrameKind.SERIES or frame.next_position > learned:
                load.add(frame.kind, frame.payload)
            end = frame.next_position
            if load.rows >= max_rows or end == apart:
                break
        return load, end

    def learn(self, learned: int, stop: int, for_s: float) -> int:
        """Read ahead for series, for a while; return up to where they are known now."""
        until = time.monotonic() + for_s
        while learned < stop and time.monotonic() < until:
            load, start = Load(self._book), learned
            for frame in self._spool.read(start, LEARN_BYTES):
                if frame.kind is FrameKind.SERIES:
                    load.add(frame.kind, frame.payload)
                learned = frame.next_position
            if learned == start:  # nothing there can be read, for now
                break
        return min(learned, stop)

    def wrote(self, load: Load, end: int) -> None:
        """Remember the events and incidents of a load that is in the store ahead of a gap."""
        self.newer |= dict.fromkeys(load.ids, end)

    def recall(self, progress: Progress) -> None:
        """Remember what was written ahead of gaps before a restart."""
        for start, stop in progress.stored:
            for frame in self._spool.read(start):
                if frame.next_position > stop:
                    break
                if frame.kind in (FrameKind.EVENT, FrameKind.INCIDENT):
                    self._recall(frame.payload, frame.next_position)

    def _recall(self, payload: bytes, end: int) -> None:
        try:
            record_id = unpack_json(payload).get("id")
        except FrameError:
            return
        if isinstance(record_id, str):
            self.newer[record_id] = end
