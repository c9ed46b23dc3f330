"""Carries the spool into a store: a thread that never gives up and never hurries the spool."""

import contextlib
import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.backoff import REFUSED, UNREACHABLE, Backoff
from lamppost.aggregator.store.collect import Collector
from lamppost.aggregator.store.cursor import Cursor, SeriesBook
from lamppost.aggregator.store.following import Follower, Following
from lamppost.aggregator.store.load import Load
from lamppost.aggregator.store.progress import Progress
from lamppost.aggregator.store.seam import (
    Sample,
    Store,
    StoreBatch,
    StoreRefused,
    StoreUnreachable,
    WindowRows,
)

MAX_ROWS = 20_000
LEAST_ROWS = 1_000
AHEAD_BYTES = 1024 * 1024
GAP_WRITE_S = 0.4
LEARN_S = 0.5
IDLE_S = 0.5
LINGER_S = 0.2
SAVE_EVERY_S = 1.0
SAMPLE_EVERY_S = 10.0
SAMPLE_SOON_S = 0.5
MAX_SAMPLES_KEPT = 50_000

log = logging.getLogger(__name__)


class Drain:
    """Reads committed frames and writes them to a store, at least once.

    In order, while the store keeps up. When much has come together (an outage is over), what
    comes from now on goes first and the rest, oldest first, beside it: live readings wait for
    one write of the backlog, which is made as small as the store is slow.

    Start it with `start` and end it with `stop`; the figures may be read from any thread.

    Args:
        spool: what to read; its reader "store" follows what is safe in the store.
        store: where to write; the drain does not close it.
        cursor_file: keeps the progress; the series are kept beside it.
        max_rows: frames are put together up to this many readings.
        ahead_bytes: with more than this to write, live readings go first.
        unreachable: waits while the store is away.
        refused: waits while the store says no.
        draw: random, 0 to 1.
        windows: follows the readings, and is written after them; None for no windows.

    Attributes:
        stored_readings: readings and texts written since the start.
        stored_events: events written since the start.
        failures: tries in a row that failed.
        bad_frames: frames nobody could make sense of; they were passed over.
        unknown_rows: readings of series that no frame told of; they were passed over.
    """

    def __init__(
        self,
        spool: Spool,
        store: Store,
        cursor_file: Path,
        *,
        max_rows: int = MAX_ROWS,
        ahead_bytes: int = AHEAD_BYTES,
        unreachable: Backoff = UNREACHABLE,
        refused: Backoff = REFUSED,
        draw: Callable[[], float] = random.random,
        windows: Follower | None = None,
    ) -> None:
        self.stored_readings = 0
        self.stored_events = 0
        self.failures = 0
        self.bad_frames = 0
        self.unknown_rows = 0
        self._spool = spool
        self._store = store
        self._cursor = Cursor(cursor_file)
        self._book = SeriesBook(cursor_file.with_name(cursor_file.name + ".series"))
        self._collector = Collector(spool, self._book)
        self._max_rows = max_rows
        self._ahead_bytes = ahead_bytes
        self._gap_rows = max_rows
        self._backoffs = {False: unreachable, True: refused}
        self._draw = draw
        self._state = "starting"
        self._progress = self._cursor.load().within(spool.position)
        self._in_order_until = 0
        self._saved: object = None
        self._saved_at = time.monotonic()
        self._following: Following | None = None
        if windows is not None:
            self._following = Following(
                windows, self._collector, spool.position, self._put, self._book.get
            )
        self._took_s = 0.0
        self._samples: Callable[[], Sequence[Sample]] | None = None
        self._sample_every_s = 0.0
        self._sample_at = 0.0
        self._unsent: tuple[Sample, ...] = ()
        self._behind_since: float | None = None
        self._moved = threading.Condition()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="store drain", daemon=True)

    @property
    def state(self) -> str:
        """What goes on: starting, ok, stopped, or "unreachable: …", "refused: …"."""
        return self._state

    @property
    def position(self) -> int:
        """All frames before this position are in the store."""
        return self._progress.position

    @property
    def head(self) -> int:
        """Where live frames are read; all before it are in the store or in a gap."""
        return self._progress.head

    @property
    def lag_bytes(self) -> int:
        """How many committed bytes of the spool are not in the store yet."""
        progress = self._progress
        head = max(progress.head, self._spool.first_position)
        return max(0, self._spool.position - head) + progress.missing_bytes

    @property
    def lag_s(self) -> float:
        """How long it has been since the store last had all that was committed."""
        since = self._behind_since
        return 0.0 if since is None else time.monotonic() - since

    def watch(
        self, samples: Callable[[], Sequence[Sample]], every_s: float = SAMPLE_EVERY_S
    ) -> None:
        """Also write samples of how things are, now and then; call it before `start`.

        They are not in the spool: while the store is away none are taken, and the gap stays.

        Args:
            samples: called on the drain's thread.
            every_s: seconds from one to the next.
        """
        self._samples, self._sample_every_s = samples, every_s

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self, timeout_s: float = 10.0) -> bool:
        """End the thread after the write it is at; return whether it ended in time.

        What is not drained stays in the spool for the next start.
        """
        self._stopping.set()
        self._spool.wake()
        if self._thread.ident is not None:
            self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def flush(self, timeout_s: float) -> bool:
        """Wait until all that is committed by now is in the store; False after the timeout."""
        goal = self._spool.position
        with self._moved:
            return self._moved.wait_for(lambda: self.position >= goal, timeout_s)

    def _run(self) -> None:
        recalled = False
        while not self._stopping.is_set():
            try:
                if not recalled:
                    self._collector.recall(self._progress)
                    recalled = True
                self._step()
            except Exception as problem:  # noqa: BLE001 - a dead thread would tell nobody
                self._failed(f"failing: {problem!r}", 0.0, refused=True)
        self._save(0.0)
        self._state = "stopped"

    def _step(self) -> None:
        self._save(SAVE_EVERY_S)
        self._look_ahead()
        busy = self._carry_head()
        busy = self._fill_gap() or busy
        following = self._following
        if following is not None and not self._stopping.is_set():
            busy = following.catch_up(self.position, self._max_rows) or busy
            if self.position >= self._spool.position:
                following.due()
        if not busy and self._spool.wait(self._progress.head, IDLE_S):
            # A little later there is more to write at once; nobody waits for the store.
            self._stopping.wait(LINGER_S)
        self._sample()

    def _look_ahead(self) -> None:
        """Let the head go on from the end of the spool when much lies before that."""
        end = self._spool.position
        if self._collector.crowded:
            self._in_order_until = end
            self._move(self._progress.in_order())
            self._collector.newer.clear()
        if end - self._progress.head <= self._ahead_bytes or self._in_order_until > self.head:
            return
        if self._learn(LEARN_S) >= end:
            self._move(self._progress.jumped(end))

    def _learn(self, for_s: float) -> int:
        """Get to know the series in the rest of the spool; return how far that came."""
        learned, end = self._progress.learned, self._spool.position
        if learned < end:
            learned = self._collector.learn(learned, end, for_s)
            self._move(replace(self._progress, learned=learned))
        return learned

    def _carry_head(self) -> bool:
        """Write what came last, if anything did; return whether that is so."""
        progress, end = self._progress, self._spool.position
        if end <= progress.head:
            self._behind_since = self._behind_since if progress.gaps else None
            return False
        if self._behind_since is None:
            self._behind_since = time.monotonic()
        load, end = self._loaded(progress.head, end, self._max_rows)
        batch = load.batch()
        if not self._carried(load, batch):
            return True
        if progress.gaps:
            self._collector.wrote(load, end)
        self._move(self._progress.headed(end))
        self._shown(batch, progress.head, end)
        return end > progress.head

    def _fill_gap(self) -> bool:
        """Write a piece of what is missing, if anything is; return whether that is so."""
        if not self._progress.gaps or self._stopping.is_set():
            return False
        start, stop = self._progress.gaps[0]
        load, end = self._loaded(start, stop, self._gap_rows)
        batch = load.batch()
        if not self._carried(load, batch):
            return True
        if load.rows and self._took_s:
            # As many rows as the store takes in the time that live readings may wait.
            fit = int(load.rows / self._took_s * GAP_WRITE_S)
            self._gap_rows = min(max(fit, LEAST_ROWS), 2 * self._gap_rows, self._max_rows)
        self._move(self._progress.filled(end))
        self._shown(batch, start, end)
        if not self._progress.gaps:
            self._collector.newer.clear()
        return end > start

    def _loaded(self, start: int, stop: int, max_rows: int) -> tuple[Load, int]:
        # What windows have seen before a crash and what they have not goes apart.
        apart = -1 if self._following is None else self._following.fed
        return self._collector.load(start, stop, self._progress.learned, max_rows, apart)

    def _shown(self, batch: StoreBatch | None, start: int, end: int) -> None:
        if self._following is not None:
            self._following.take(batch, start, end)

    def _move(self, progress: Progress) -> None:
        with self._moved:
            self._progress = progress
            self._moved.notify_all()

    def _sample(self) -> None:
        """Write samples when they are due, with one try; they go again with the next ones."""
        now = time.monotonic()
        if self._samples is None or now < self._sample_at or self._stopping.is_set():
            return
        self._sample_at = now + self._sample_every_s
        kept = (*self._unsent, *self._samples())[-MAX_SAMPLES_KEPT:]
        self._unsent = kept
        if not kept or self._written(StoreBatch.of_samples(kept)):
            self._unsent = ()

    def _put(self, rows: list[WindowRows]) -> bool:
        """Write windows, again and again until the store has them or the drain is stopped."""
        if not rows:
            return True
        used = set(np.unique(np.concatenate([one.index for one in rows])).tolist())
        series = {i: info for i in used if (info := self._book.get(i)) is not None}
        batch = StoreBatch.of_windows(rows, series)
        while not self._written(batch):
            if self._stopping.is_set():
                return False
        return True

    def _carried(self, load: Load, batch: StoreBatch | None) -> bool:
        """Write a load until the store has it; False when the drain is stopped before."""
        while not self._written(batch):
            if self._stopping.is_set():
                return False
        self.bad_frames += load.bad_frames
        self.unknown_rows += load.unknown_rows
        if batch is not None:
            self.stored_readings += len(batch) + len(batch.texts)
            self.stored_events += len(batch.events)
            if batch.incidents:  # boards shall not wait for the next sample
                soon = time.monotonic() + SAMPLE_SOON_S
                self._sample_at = min(self._sample_at, soon)
        return True

    def _written(self, batch: StoreBatch | None) -> bool:
        began = time.monotonic()
        try:
            if batch is not None:
                self._store.write(batch)
        except StoreRefused as problem:
            self._failed(f"refused: {problem}", problem.retry_after_s, refused=True)
        except StoreUnreachable as problem:
            self._failed(f"unreachable: {problem}", problem.retry_after_s, refused=False)
        else:
            if batch is not None or self._state == "starting":
                self._turn("ok")
                self.failures = 0
            self._took_s = time.monotonic() - began
            return True
        return False

    def _failed(self, state: str, retry_after_s: float, *, refused: bool) -> None:
        self.failures += 1
        self._turn(state)
        self._save(SAVE_EVERY_S)
        with contextlib.suppress(OSError):  # a later step tells of it
            self._learn(LEARN_S)
        self._stopping.wait(
            self._backoffs[refused].delay_s(self.failures, self._draw(), retry_after_s)
        )

    def _turn(self, state: str) -> None:
        if state != self._state:
            log.log(logging.INFO if state == "ok" else logging.WARNING, "store: %s", state)
            self._state = state

    def _save(self, every_s: float) -> None:
        """Keep the position, now and then; a cursor that lags only means rewriting."""
        now = time.monotonic()
        progress, following = self._progress, self._following
        state = progress, following and following.fed
        if state == self._saved or now - self._saved_at < every_s:
            return
        self._saved_at = now
        try:
            self._book.save()
            if following is not None:
                following.save(at_once=not every_s)
            self._cursor.save(progress)
        except OSError as problem:
            log.warning("store: cursor not saved: %s", problem)
            return
        self._saved = state
        kept = progress.position
        self._spool.passed("store", kept if following is None else min(kept, following.kept))
