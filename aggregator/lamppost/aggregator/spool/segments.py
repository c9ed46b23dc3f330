"""Frames on disk: one segment file of the spool, its checksums and how damage is found.

A frame is a head and a payload. The checksum covers the head, the payload and the frame's
position in the life of the spool, so bytes that were copied, left over or shifted are never
taken for a frame. Each head also says how far back the group it was fsynced with begins: all
that lies before the group of the last good frame was on disk before that group was written, so
damage there is bit rot (step over it, count it), while damage within it is a torn write (cut).
"""

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from lamppost.aggregator.spool.frames import FrameKind

MAGIC = b"LPSF"
HEAD = struct.Struct("<4sBIII")  # magic, kind, payload length, distance to group, crc32
PLACE = struct.Struct("<QBIQ")  # what the checksum covers beside the payload
MAX_PAYLOAD_BYTES = 16 * 1024 * 1024
CHUNK_BYTES = 1024 * 1024
# A payload may be full of bytes that look like heads; a search through damage gives up on the
# rest of the segment after this many of them, so it stays quick whatever the bytes are.
MAX_TRIES = 1000
SUFFIX = ".seg"
KINDS = {int(kind): kind for kind in FrameKind}


class Frame(NamedTuple):
    """One frame as it lies in a segment."""

    kind: FrameKind
    payload: bytes
    position: int
    next_position: int
    group: int


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of the spool that are no frames: from `start` up to `end`."""

    start: int
    end: int

    @property
    def size(self) -> int:
        """How many bytes."""
        return self.end - self.start


class Disk:
    """The calls that can fail when a disk is full or broken; tests put a failing one here."""

    def write(self, handle: int, data: memoryview, offset: int) -> int:
        """Write at an offset; return how many bytes went out, like `os.pwrite`."""
        return os.pwrite(handle, data, offset)

    def sync(self, handle: int) -> None:
        """Return when the file's data is on the medium."""
        os.fdatasync(handle)

    def truncate(self, handle: int, size: int) -> None:
        """Cut the file to a size."""
        os.ftruncate(handle, size)

    def create(self, path: Path) -> int:
        """Create a file, make its name durable and return its handle."""
        handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            sync_directory(path.parent)
        except OSError:
            os.close(handle)
            raise
        return handle


def sync_directory(path: Path) -> None:
    """Make the names in a directory durable."""
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def segment_path(directory: Path, start: int) -> Path:
    """Return the file of the segment that starts at a position."""
    return directory / f"{start:020d}{SUFFIX}"


def segment_starts(directory: Path) -> list[int]:
    """Return the start positions of the segments in a directory, ascending."""
    names = (path.stem for path in directory.glob(f"*{SUFFIX}"))
    return sorted(int(name) for name in names if len(name) == 20 and name.isdecimal())


def pack_head(kind: FrameKind, payload: bytes, position: int, group: int) -> bytes:
    """Return the head of the frame that shall lie at `position`."""
    crc = _checksum(kind, payload, position, group)
    return HEAD.pack(MAGIC, kind, len(payload), position - group, crc)


def _checksum(kind: int, payload: bytes | memoryview, position: int, group: int) -> int:
    return zlib.crc32(payload, zlib.crc32(PLACE.pack(position, kind, len(payload), group)))


class Segment:
    """Reads the frames of one segment file, by positions of the spool."""

    def __init__(self, path: Path, start: int) -> None:
        self.start = start
        self._handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        self._chunk = b""
        self._chunk_at = start

    def __enter__(self) -> "Segment":
        return self

    def __exit__(self, *_: object) -> None:
        os.close(self._handle)

    @property
    def end(self) -> int:
        """The position after the file's last byte."""
        return self.start + os.fstat(self._handle).st_size

    def frame_at(self, position: int, end: int) -> Frame | None:
        """Return the frame at a position, or None when no whole, sound one lies there."""
        head = self._bytes(position, HEAD.size, end)
        if len(head) < HEAD.size:
            return None
        magic, kind, length, back, crc = HEAD.unpack(head)
        if magic != MAGIC or kind not in KINDS or length > MAX_PAYLOAD_BYTES:
            return None
        payload = self._bytes(position + HEAD.size, length, end)
        group = position - back
        if len(payload) < length or group < self.start:
            return None
        if _checksum(kind, payload, position, group) != crc:
            return None
        return Frame(KINDS[kind], payload, position, position + HEAD.size + length, group)

    def next_frame(self, position: int, end: int) -> Frame | None:
        """Return the first sound frame at or after a position, or None."""
        for _ in range(MAX_TRIES):
            frame = self.frame_at(position, end)
            if frame is not None:
                return frame
            position = self._find_magic(position + 1, end)
            if position >= end:
                break
        return None

    def _find_magic(self, position: int, end: int) -> int:
        while position < end:
            chunk = self._bytes(position, min(CHUNK_BYTES, end - position), end)
            found = chunk.find(MAGIC)
            if found >= 0:
                return position + found
            if len(chunk) < len(MAGIC):
                break
            position += len(chunk) - len(MAGIC) + 1
        return end

    def _bytes(self, position: int, size: int, end: int) -> bytes:
        """Return up to `size` bytes before `end`, through a read-ahead of one chunk."""
        size = min(size, end - position)
        offset = position - self._chunk_at
        if offset < 0 or offset + size > len(self._chunk):
            want = min(max(size, CHUNK_BYTES), end - position)
            self._chunk = os.pread(self._handle, want, position - self.start)
            self._chunk_at, offset = position, 0
        return self._chunk[offset : offset + size]


def frames(
    segment: Segment, position: int, end: int, damage: list[Damage] | None = None
) -> Iterator[Frame]:
    """Yield the sound frames from a position on; report what lies between them."""
    while position < end:
        frame = segment.next_frame(position, end)
        found = end if frame is None else frame.position
        if found > position and damage is not None:
            damage.append(Damage(position, found))
        if frame is None:
            return
        yield frame
        position = frame.next_position


class Tail(NamedTuple):
    """Where the newest segment goes on, what lies torn behind that, and the damage before."""

    position: int
    torn_bytes: int
    damage: tuple[Damage, ...]


def scan_tail(path: Path, start: int) -> Tail:
    """Read the whole newest segment to find the end of what can be relied on."""
    damage: list[Damage] = []
    group = position = start
    with Segment(path, start) as segment:
        end = segment.end
        for frame in frames(segment, start, end, damage):
            group, position = frame.group, frame.next_position
    # Damage that reaches into the last group is a torn write; the frames behind it go too.
    torn = [max(found.start, group) for found in damage if found.end > group]
    position = min(torn, default=position)
    kept = (Damage(d.start, min(d.end, position)) for d in damage if d.start < position)
    return Tail(position, end - position, tuple(kept))
