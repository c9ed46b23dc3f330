"""A store in memory that does what a test tells it to."""

import threading

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.nodes.series import SeriesKey
from lamppost.aggregator.store.seam import Sample, SeriesColumns, StoreBatch, WindowRows


class Shelf:
    """A store in memory.

    Attributes:
        readings: value by series name and time.
        batches: readings of each write, but for those of windows.
        trouble: exceptions to raise, one a write, before anything is kept.
        gate: writes wait for it.
    """

    def __init__(self) -> None:
        self.readings: dict[tuple[SeriesKey, int], float] = {}
        self.texts: list[str] = []
        self.found: dict[str, Event] = {}
        self.samples: list[Sample] = []
        self.windows: list[WindowRows] = []
        self.batches: list[int] = []
        self.trouble: list[Exception] = []
        self.gate = threading.Event()
        self.gate.set()

    def write(self, given: StoreBatch) -> None:
        """Keep a batch, or raise what is prepared."""
        self.gate.wait(60.0)
        if self.trouble:
            raise self.trouble.pop(0)
        if not given.windows:
            self.batches.append(len(given))
        for index, time_ms, value in zip(given.index, given.time_ms, given.value, strict=True):
            self.readings[given.series[int(index)].key, int(time_ms)] = float(value)
        self.texts += [row.text for row in given.texts]
        self.found |= {row.id: row for row in given.events}
        self.samples += given.samples
        self.windows += given.windows

    def read(self, *_: object) -> SeriesColumns:
        """Not asked for by a drain."""
        raise NotImplementedError

    def events(self, *_: object) -> tuple[Event, ...]:
        """Not asked for by a drain."""
        raise NotImplementedError

    def close(self) -> None:
        """Nothing to close."""
