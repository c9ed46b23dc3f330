"""Spools with small segments, and a disk that fails on command."""

import errno
from collections.abc import Callable
from pathlib import Path

from lamppost.aggregator.spool.frames import FrameKind
from lamppost.aggregator.spool.segments import Disk
from lamppost.aggregator.spool.spool import Spool

SMALL = 200  # bytes a segment


def spool_of(directory: Path, **options: int | Disk) -> Spool:
    """A spool with small segments."""
    given: dict[str, int | Disk] = {"segment_bytes": SMALL, "max_bytes": 100_000}
    return Spool(directory, **(given | options))  # type: ignore[arg-type]


def payloads(spool: Spool, position: int = 0) -> list[bytes]:
    """All payloads from a position on."""
    return [frame.payload for frame in spool.read(position)]


def fill(spool: Spool, *groups: list[bytes]) -> list[int]:
    """Commit each group; return the positions."""
    positions = []
    for group in groups:
        for payload in group:
            spool.append(FrameKind.DATA, payload)
        positions.append(spool.commit())
    return positions


class FailingDisk(Disk):
    """A disk with room for so many bytes, and a switch for each call that may fail.

    Attributes:
        room: bytes that can still be written; half a write goes out before it fails.
        sync_error: errno of the next syncs, 0 for none.
        truncate_error: errno of the next truncations.
        create_error: errno of the next new segment.
        on_sync: called at each sync, before anything else.
    """

    def __init__(self) -> None:
        self.room = 1 << 40
        self.sync_error = self.truncate_error = self.create_error = 0
        self.on_sync: Callable[[], None] = lambda: None

    def write(self, handle: int, data: memoryview, offset: int) -> int:
        """Write what there is room for."""
        if self.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        written = super().write(handle, data[: self.room], offset)
        self.room -= written
        return written

    def sync(self, handle: int) -> None:
        """Fail or sync."""
        self.on_sync()
        if self.sync_error:
            raise OSError(self.sync_error, "sync")
        super().sync(handle)

    def truncate(self, handle: int, size: int) -> None:
        """Fail or truncate."""
        if self.truncate_error:
            raise OSError(self.truncate_error, "truncate")
        super().truncate(handle, size)

    def create(self, path: Path) -> int:
        """Fail or create."""
        if self.create_error:
            raise OSError(self.create_error, "create")
        return super().create(path)
