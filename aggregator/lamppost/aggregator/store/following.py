"""Lets windows follow what is in the store, in the order of the spool, gaps or not."""

import time
from collections.abc import Callable
from typing import Protocol

from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.store.collect import Collector
from lamppost.aggregator.store.seam import StoreBatch, WindowRows

SAVE_EVERY_S = 60.0
DUE_EVERY_S = 1.0

Put = Callable[[list[WindowRows]], bool]
Info = Callable[[int], SeriesInfo | None]


class Follower(Protocol):
    """Makes windows of what goes by; the drain's thread calls it, and only it.

    Attributes:
        position: in the spool, up to which its saved state has seen the readings.
    """

    position: int

    def take(self, batch: StoreBatch) -> list[WindowRows]:
        """Take readings that are in the store; return what they closed."""

    def due(self, now_ms: int, info: Info) -> list[WindowRows]:
        """Return what the clock closes and what is to be written again."""

    def save(self, position: int) -> None:
        """Keep the state as of a position; raises OSError."""


class Following:
    """Shows a follower each reading once, none before all earlier ones are in the store.

    Args:
        windows: the follower.
        collector: reads what went by while a gap lay before it.
        end: where the spool ends.
        put: writes windows until the store has them; False when the drain is stopped.
        info: the series of an index.

    Attributes:
        fed: the follower has seen all before this position.
    """

    def __init__(
        self, windows: Follower, collector: Collector, end: int, put: Put, info: Info
    ) -> None:
        self.fed = min(windows.position, end)
        self._windows = windows
        self._collector = collector
        self._put = put
        self._info = info
        self._unsafe = False
        self._due_at = self._saved_at = time.monotonic()

    @property
    def kept(self) -> int:
        """The spool must keep what lies behind this position."""
        return self._windows.position

    def take(self, batch: StoreBatch | None, start: int, end: int) -> None:
        """Show a batch that is in the store, if all before it was shown."""
        if start > self.fed or end <= self.fed:
            return
        self.fed = end
        if batch is not None:
            self._write(self._windows.take(batch))

    def catch_up(self, position: int, max_rows: int) -> bool:
        """Show some of what is in the store and was not shown yet; False when that is nothing.

        Args:
            position: all before it is in the store.
            max_rows: about so many readings.
        """
        if self.fed >= position:
            return False
        start = self.fed
        load, end = self._collector.load(start, position, position, max_rows, -1)
        self.fed = end  # before the rest: what cannot be shown is not shown again for ever
        batch = load.batch()
        if batch is not None:
            self._write(self._windows.take(batch))
        return end > start

    def due(self) -> None:
        """Write what the clock closes, about once a second; called when all is drained."""
        now = time.monotonic()
        if now < self._due_at:
            return
        self._due_at = now + DUE_EVERY_S
        self._write(self._windows.due(time.time_ns() // 1_000_000, self._info))

    def save(self, *, at_once: bool) -> None:
        """Keep the state, now and then.

        Raises:
            OSError: it cannot be written.
        """
        now = time.monotonic()
        # A saved state has closed its windows for good, so they must be in the store.
        if not self._unsafe and (at_once or now - self._saved_at >= SAVE_EVERY_S):
            self._windows.save(self.fed)
            self._saved_at = now

    def _write(self, rows: list[WindowRows]) -> None:
        """Write closed windows; if that does not end, the state that was saved makes them."""
        if not rows:
            return
        self._unsafe = True
        try:
            self._unsafe = not self._put(rows)
        except Exception:
            self._unsafe = False  # no store will ever take them
            raise
