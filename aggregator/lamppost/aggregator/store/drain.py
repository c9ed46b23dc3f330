"""Carries the spool into a store: a thread that never gives up and never hurries the spool."""

import logging
import random
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.store.cursor import Cursor, SeriesBook
from lamppost.aggregator.store.load import Load
from lamppost.aggregator.store.seam import (
    Sample,
    Store,
    StoreBatch,
    StoreRefused,
    StoreUnreachable,
    WindowRows,
)

MAX_ROWS = 20_000
MAX_LOAD_BYTES = 16 * 1024 * 1024
IDLE_S = 0.5
LINGER_S = 0.2
SAVE_EVERY_S = 1.0
WINDOWS_EVERY_S = 60.0
SAMPLE_EVERY_S = 10.0
SAMPLE_SOON_S = 0.5
MAX_SAMPLES_KEPT = 50_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait between tries: full jitter below a doubling, capped bound."""

    base_s: float
    cap_s: float

    def delay_s(self, failures: int, draw: float, at_least_s: float = 0.0) -> float:
        """Return the wait after so many failures in a row.

        Args:
            failures: 1 or more.
            draw: random, 0 to 1.
            at_least_s: what the server asked for; heeded up to the cap.
        """
        bound_s = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 32))
        return max(draw * bound_s, min(at_least_s, self.cap_s))


UNREACHABLE = Backoff(base_s=0.5, cap_s=30.0)
REFUSED = Backoff(base_s=10.0, cap_s=120.0)


class Follower(Protocol):
    """Makes windows of what goes by; the drain's thread calls it, and only it.

    Attributes:
        position: in the spool, up to which its saved state has seen the readings.
    """

    position: int

    def take(self, batch: StoreBatch) -> list[WindowRows]:
        """Take readings that are in the store; return what they closed."""

    def due(self, now_ms: int, info: Callable[[int], SeriesInfo | None]) -> list[WindowRows]:
        """Return what the clock closes and what is to be written again."""

    def save(self, position: int) -> None:
        """Keep the state as of a position; raises OSError."""


class Drain:
    """Reads committed frames and writes them to a store, at least once, in order.

    Start it with `start` and end it with `stop`; the figures may be read from any thread.

    Args:
        spool: what to read; its reader "store" follows what is safe in the store.
        store: where to write; the drain does not close it.
        cursor_file: keeps the position; the series are kept beside it.
        max_rows: frames are put together up to this many readings.
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
        self._max_rows = max_rows
        self._backoffs = {False: unreachable, True: refused}
        self._draw = draw
        self._state = "starting"
        # Beyond the spool's end lies nothing: recovery cut what no store may rely on.
        self._position = min(self._cursor.load(), spool.position)
        self._saved = -1
        self._saved_at = time.monotonic()
        self._windows = windows
        self._fed = 0 if windows is None else min(windows.position, spool.position)
        self._lost_rows = False
        self._due_at = self._windows_saved_at = self._saved_at
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
        return self._position

    @property
    def lag_bytes(self) -> int:
        """How many committed bytes of the spool are not in the store yet."""
        return max(0, self._spool.position - max(self._position, self._spool.first_position))

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
            return self._moved.wait_for(lambda: self._position >= goal, timeout_s)

    def _run(self) -> None:
        try:
            self._catch_up()
        except Exception:
            log.exception("store: windows begin anew")
        while not self._stopping.is_set():
            try:
                self._step()
            except Exception as problem:  # noqa: BLE001 - a dead thread would tell nobody
                self._failed(f"failing: {problem!r}", 0.0, refused=True)
        self._save(0.0)
        self._state = "stopped"

    def _step(self) -> None:
        self._save(SAVE_EVERY_S)
        load, end = self._collect()
        if end > self._position:
            if self._behind_since is None:
                self._behind_since = time.monotonic()
            self._carry(load, end)
            if self._position >= self._spool.position:
                self._behind_since = None
        elif self._spool.wait(self._position, IDLE_S):
            # A little later there is more to write at once; nobody waits for the store.
            self._stopping.wait(LINGER_S)
        self._close_windows()
        self._sample()

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

    def _collect(self) -> tuple[Load, int]:
        load, end = Load(self._book), self._position
        for frame in self._spool.read(self._position, MAX_LOAD_BYTES):
            load.add(frame.kind, frame.payload)
            end = frame.next_position
            # What windows have seen before a crash and what they have not goes apart.
            if load.rows >= self._max_rows or end == self._fed:
                break
        return load, end

    def _catch_up(self) -> None:
        """Show the windows what the store has had since their state was saved."""
        while self._windows is not None and self._fed < self._position:
            load, end = Load(self._book), self._fed
            for frame in self._spool.read(self._fed, MAX_LOAD_BYTES):
                if frame.next_position > self._position:
                    break
                load.add(frame.kind, frame.payload)
                end = frame.next_position
                if load.rows >= self._max_rows:
                    break
            if end == self._fed:
                self._fed = self._position
                return
            batch = load.batch()
            self._fed = end
            if batch is not None and not self._put(self._windows.take(batch)):
                return

    def _put(self, rows: list[WindowRows]) -> bool:
        """Write windows, again and again until the store has them or the drain is stopped."""
        if not rows:
            return True
        used = set(np.unique(np.concatenate([one.index for one in rows])).tolist())
        series = {i: info for i in used if (info := self._book.get(i)) is not None}
        batch = StoreBatch.of_windows(rows, series)
        while not self._written(batch):
            if self._stopping.is_set():
                self._lost_rows = True  # the saved state, which is older, makes them again
                return False
        return True

    def _follow(self, batch: StoreBatch | None, end: int) -> None:
        """Let the windows follow a batch that is in the store."""
        if self._windows is None or end <= self._fed:
            return
        self._fed = end
        if batch is not None:
            self._put(self._windows.take(batch))

    def _close_windows(self) -> None:
        """Write the windows that the clock closes, about once a second while all is drained."""
        now = time.monotonic()
        if self._windows is None or now < self._due_at or self._stopping.is_set():
            return
        if self._position < self._spool.position:
            return
        self._due_at = now + SAVE_EVERY_S
        self._put(self._windows.due(time.time_ns() // 1_000_000, self._book.get))

    def _carry(self, load: Load, end: int) -> None:
        """Write a load, again and again until it is in the store or the drain is stopped."""
        batch = load.batch()
        while not self._written(batch):
            if self._stopping.is_set():
                return
        self.bad_frames += load.bad_frames
        self.unknown_rows += load.unknown_rows
        if batch is not None:
            self.stored_readings += len(batch) + len(batch.texts)
            self.stored_events += len(batch.events)
            if batch.incidents:  # boards shall not wait for the next sample
                soon = time.monotonic() + SAMPLE_SOON_S
                self._sample_at = min(self._sample_at, soon)
        with self._moved:
            self._position = end
            self._moved.notify_all()
        self._follow(batch, end)

    def _written(self, batch: StoreBatch | None) -> bool:
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
            return True
        return False

    def _failed(self, state: str, retry_after_s: float, *, refused: bool) -> None:
        self.failures += 1
        self._turn(state)
        self._save(SAVE_EVERY_S)
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
        if self._position == self._saved or now - self._saved_at < every_s:
            return
        self._saved_at = now
        try:
            self._book.save()
            self._save_windows(now, at_once=not every_s)
            self._cursor.save(self._position)
        except OSError as problem:
            log.warning("store: cursor not saved: %s", problem)
            return
        self._saved = self._position
        kept = self._position
        if self._windows is not None:
            kept = min(kept, self._windows.position)
        self._spool.passed("store", kept)

    def _save_windows(self, now: float, *, at_once: bool) -> None:
        if self._windows is None or self._lost_rows or self._fed != self._position:
            return
        if at_once or now - self._windows_saved_at >= WINDOWS_EVERY_S:
            self._windows.save(self._fed)
            self._windows_saved_at = now
