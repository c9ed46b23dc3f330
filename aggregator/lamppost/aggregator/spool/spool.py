"""The spool: the one durable log between judgement and the stores.

One thread appends and commits; any thread reads, waits, reports how far it came and asks for
figures. What `commit` returned for is on the medium and stays until every reader has passed
it; only then may the edge be told that its batches are safe.
"""

import contextlib
import fcntl
import itertools
import os
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lamppost.aggregator.spool import segments
from lamppost.aggregator.spool.frames import FrameKind
from lamppost.aggregator.spool.segments import MAX_PAYLOAD_BYTES, Damage, Disk, Segment

SEGMENT_BYTES = 64 * 1024 * 1024
MAX_BYTES = 8 * 1024 * 1024 * 1024
MAX_BUFFERED_BYTES = 64 * 1024 * 1024
MAX_DAMAGES = 1000
READERS = ("checkpoint", "store")


class SpoolFull(Exception):  # noqa: N818 - a state of the spool, not a mistake
    """A bound of the spool is reached; nothing was lost, try again when readers moved on."""

    def __init__(self, what: str, wanted: int, allowed: int) -> None:
        super().__init__(f"{what}: {wanted} bytes wanted, allowed: {allowed}")
        self.wanted = wanted
        self.allowed = allowed


class SpoolLocked(Exception):  # noqa: N818 - a state of the spool, not a mistake
    """Another process has this spool open."""


class SpoolFrame(NamedTuple):
    """One committed frame, and the position to go on reading from."""

    kind: FrameKind
    payload: bytes
    next_position: int


@dataclass(frozen=True, slots=True)
class Recovery:
    """What opening a spool found: the torn tail it cut, and damage it leaves in place."""

    cut_bytes: int
    damage: tuple[Damage, ...]


class Spool:
    """A log of frames in segment files.

    Positions are byte offsets over the life of the spool: they only grow, also when the oldest
    segments are dropped. Recovery may cut frames that no commit returned for; a reader whose
    position lies beyond `position` after opening goes on from `position`.

    Args:
        directory: where the segments are; created when missing.
        segment_bytes: a segment that has this size is followed by a new one.
        max_bytes: bound of all segments together; `commit` raises SpoolFull beyond it.
        max_buffered_bytes: bound of what waits for a commit; `append` raises SpoolFull.
        readers: who must have passed a segment (see `passed`) before it may go.
        disk: the calls that can fail.

    Raises:
        SpoolLocked: another process uses the directory.
        OSError: the directory or its last segment cannot be read or written.
    """

    _handle = -1
    _lock = -1

    def __init__(
        self,
        directory: Path,
        segment_bytes: int = SEGMENT_BYTES,
        max_bytes: int = MAX_BYTES,
        max_buffered_bytes: int = MAX_BUFFERED_BYTES,
        readers: Sequence[str] = READERS,
        disk: Disk | None = None,
    ) -> None:
        if max_bytes < 2 * segment_bytes:
            raise ValueError(
                f"max_bytes {max_bytes} came, allowed: {2 * segment_bytes} or more"
            )
        self.directory = directory
        self.segment_bytes = segment_bytes
        self.max_bytes = max_bytes
        self.max_buffered_bytes = max_buffered_bytes
        self._disk = disk or Disk()
        self._moved = threading.Condition()
        self._passed = dict.fromkeys(readers, 0)
        self._damage: dict[int, Damage] = {}
        self._buffer: list[tuple[FrameKind, bytes]] = []
        self._buffered_bytes = 0
        self._wakes = 0
        directory.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(directory)
        self._starts = segments.segment_starts(directory)
        self._position = self._starts[-1] if self._starts else 0
        self.recovery = self.recover()

    def __enter__(self) -> "Spool":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def position(self) -> int:
        """The position after the last committed frame."""
        return self._position

    @property
    def first_position(self) -> int:
        """The position of the oldest frame that is still held."""
        with self._moved:
            return self._starts[0] if self._starts else self._position

    @property
    def size_bytes(self) -> int:
        """How many bytes the segments hold."""
        return self.position - self.first_position

    @property
    def buffered_bytes(self) -> int:
        """How many bytes wait for a commit."""
        return self._buffered_bytes

    @property
    def damage(self) -> tuple[Damage, ...]:
        """Committed bytes that could not be read back, as far as anybody came across them."""
        with self._moved:
            return tuple(self._damage.values())

    def recover(self) -> Recovery:
        """Cut a torn tail off the last segment; opening a spool does this.

        Only what was written after the last successful commit can be torn, so only that is cut;
        damage before it is bit rot, which is reported and stepped over.
        """
        if not self._starts or self._handle >= 0:
            return Recovery(0, ())
        start = self._starts[-1]
        path = segments.segment_path(self.directory, start)
        tail = segments.scan_tail(path, start)
        handle = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        os.ftruncate(handle, tail.position - start)
        os.fsync(handle)  # a frame that was found must not vanish with the page cache
        self._handle, self._position = handle, tail.position
        self._report(tail.damage)
        return Recovery(tail.torn_bytes, tail.damage)

    def append(self, kind: FrameKind, payload: bytes) -> None:
        """Take a frame into the buffer; `commit` makes it durable.

        Raises:
            ValueError: the payload is longer than `MAX_PAYLOAD_BYTES`.
            SpoolFull: the buffer is full; the frame was not taken.
        """
        if len(payload) > MAX_PAYLOAD_BYTES:
            raise ValueError(
                f"{len(payload)} bytes came, a frame has at most {MAX_PAYLOAD_BYTES}"
            )
        size = self._buffered_bytes + segments.HEAD.size + len(payload)
        if size > self.max_buffered_bytes:
            raise SpoolFull("frames that wait for a commit", size, self.max_buffered_bytes)
        self._buffer.append((kind, payload))
        self._buffered_bytes = size

    def commit(self) -> int:
        """Write all buffered frames and fsync them; return the position after them.

        Raises:
            SpoolFull: `max_bytes` is reached.
            OSError: the disk is full or broken.

        Whatever was raised, the buffered frames are kept and the next commit writes them.
        """
        if not self._buffer:
            return self._position
        size = self.size_bytes + self._buffered_bytes
        if size > self.max_bytes:
            raise SpoolFull(f"spool {self.directory}", size, self.max_bytes)
        if self._handle < 0 or self._position - self._starts[-1] >= self.segment_bytes:
            self._roll()
        offset = self._position - self._starts[-1]
        try:
            self._write(self._encoded(), offset)
            self._disk.sync(self._handle)
        except OSError:
            # What stays behind is overwritten by the next commit if it cannot be cut now.
            with contextlib.suppress(OSError):
                self._disk.truncate(self._handle, offset)
            raise
        with self._moved:
            self._position += self._buffered_bytes
            self._moved.notify_all()
        self._buffer.clear()
        self._buffered_bytes = 0
        return self._position

    def _roll(self) -> None:
        handle = self._disk.create(segments.segment_path(self.directory, self._position))
        if self._handle >= 0:
            os.close(self._handle)
        self._handle = handle
        with self._moved:
            self._starts.append(self._position)

    def _encoded(self) -> bytes:
        group = position = self._position
        parts: list[bytes] = []
        for kind, payload in self._buffer:
            parts += (segments.pack_head(kind, payload, position, group), payload)
            position += segments.HEAD.size + len(payload)
        return b"".join(parts)

    def _write(self, data: bytes, offset: int) -> None:
        left = memoryview(data)
        while left:
            written = self._disk.write(self._handle, left, offset)
            left, offset = left[written:], offset + written

    def read(self, position: int, limit_bytes: int | None = None) -> Iterator[SpoolFrame]:
        """Yield committed frames from a position on.

        Frames that were dropped by `trim` are passed over; so are damaged ones, which `damage`
        then tells.

        Args:
            position: 0, or a `next_position`.
            limit_bytes: stop after the frame that reaches this many payload bytes.
        """
        left = self.max_bytes if limit_bytes is None else limit_bytes
        with self._moved:
            starts, end = list(self._starts), self._position
        for start, stop in itertools.pairwise([*starts, end]):
            if stop <= position:
                continue
            damage: list[Damage] = []
            try:
                segment = Segment(segments.segment_path(self.directory, start), start)
            except FileNotFoundError:  # trimmed since
                continue
            with segment:
                for frame in segments.frames(segment, max(position, start), stop, damage):
                    self._report(damage)
                    damage.clear()
                    yield SpoolFrame(frame.kind, frame.payload, frame.next_position)
                    left -= len(frame.payload)
                    if left <= 0:
                        return
            self._report(damage)

    def _report(self, damage: Sequence[Damage]) -> None:
        for found in damage:
            with self._moved:
                if len(self._damage) < MAX_DAMAGES:
                    self._damage.setdefault(found.start, found)

    def wait(self, position: int, timeout_s: float) -> bool:
        """Return True once frames beyond `position` are committed, False after the timeout."""
        with self._moved:
            wakes = self._wakes
            self._moved.wait_for(
                lambda: self._position > position or self._wakes != wakes, timeout_s
            )
            return self._position > position

    def wake(self) -> None:
        """End every `wait` at once: what its caller waits for may be something else."""
        with self._moved:
            self._wakes += 1
            self._moved.notify_all()

    def passed(self, reader: str, position: int) -> None:
        """Note that a reader is done with what lies before a position; drop what all are.

        Raises:
            ValueError: the reader is not one of this spool's.
        """
        with self._moved:
            if reader not in self._passed:
                raise ValueError(f"reader {reader!r} came, allowed: {', '.join(self._passed)}")
            self._passed[reader] = max(position, self._passed[reader])
            least = min(self._passed.values())
        self.trim(least)

    def trim(self, position: int) -> None:
        """Drop the segments that lie wholly before a position; the newest one always stays."""
        with self._moved:
            while len(self._starts) > 1 and self._starts[1] <= position:
                start = self._starts.pop(0)
                segments.segment_path(self.directory, start).unlink(missing_ok=True)

    def close(self) -> None:
        """Let go of the files; frames that were not committed are gone."""
        self.wake()
        self._release()

    def __del__(self) -> None:
        self._release()

    def _release(self) -> None:
        for handle in (self._handle, self._lock):
            if handle >= 0:
                os.close(handle)
        self._handle = self._lock = -1


def _lock(directory: Path) -> int:
    handle = os.open(directory / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as problem:
        os.close(handle)
        raise SpoolLocked(f"spool {directory} is in use by another process") from problem
    return handle
