"""Readings that are not on the disk yet: a bounded ring in memory.

Normally it holds one flush. When the disk refuses, what was taken out is given back and kept,
oldest first out when the ring is full, lowest priority before higher.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from lamppost.edge.buffer.rows import DAY_MS, MAX_BATCH_BYTES, MAX_ROWS, Draft, Row, pack

RING_BYTES: Final = 4_000_000
"""Most bytes that wait in memory while the disk refuses."""

DRAFT_OVERHEAD: Final = 200
"""What a batch costs beyond its rows, about, in memory and in the file alike."""

_Key = tuple[str, int, int]


@dataclass(slots=True)
class _Open:
    blob: bytearray = field(default_factory=bytearray)
    count: int = 0
    first_ms: int = 0
    last_ms: int = 0


class Staging:
    """Collects rows into drafts, one per device, priority and day, up to the row limit."""

    def __init__(self, ring_bytes: int = RING_BYTES) -> None:
        self._ring_bytes = ring_bytes
        self._open: dict[_Key, _Open] = {}
        self._open_bytes = 0
        self._full: list[Draft] = []
        self._full_bytes = 0
        self._dropped: dict[int, int] = {}

    def __bool__(self) -> bool:
        return bool(self._open or self._full or self._dropped)

    @property
    def rows(self) -> int:
        """How many readings wait."""
        return sum(draft.count for draft in self._full) + sum(
            one.count for one in self._open.values()
        )

    def add(self, device: str, priority: int, rows: Iterable[Row]) -> None:
        """Take rows in; what the ring cannot hold is dropped and counted by day."""
        for row in rows:
            packed = pack(row)
            key = (device, priority, row.time_ms // DAY_MS)
            one = self._open.get(key)
            if one is None:
                one = self._open[key] = _Open(first_ms=row.time_ms, last_ms=row.time_ms)
                self._open_bytes += DRAFT_OVERHEAD
            one.blob += packed
            one.count += 1
            one.first_ms = min(one.first_ms, row.time_ms)
            one.last_ms = max(one.last_ms, row.time_ms)
            self._open_bytes += len(packed)
            if one.count >= MAX_ROWS or len(one.blob) >= MAX_BATCH_BYTES:
                self._seal(key)
        self._bound()

    def take(self) -> tuple[list[Draft], dict[int, int]]:
        """Everything that waits, in order, and what had to be dropped, by day."""
        for key in list(self._open):
            self._seal(key)
        drafts, dropped = self._full, self._dropped
        self._full, self._full_bytes, self._dropped = [], 0, {}
        return drafts, dropped

    def give_back(self, drafts: list[Draft], dropped: dict[int, int]) -> None:
        """Keep what `take` handed out and the disk refused; small drafts are joined."""
        joined: list[Draft] = []
        last: dict[_Key, int] = {}
        for draft in drafts:
            key = (draft.device, draft.priority, draft.day)
            at = last.get(key)
            if at is not None and _fit(joined[at], draft):
                joined[at] = _join(joined[at], draft)
            else:
                last[key] = len(joined)
                joined.append(draft)
        self._full = joined + self._full
        self._full_bytes = sum(_size(draft) for draft in self._full)
        for day, count in dropped.items():
            self._drop(day, count)
        self._bound()

    def _seal(self, key: _Key) -> None:
        one = self._open.pop(key)
        device, priority, day = key
        draft = Draft(
            device, priority, day, one.first_ms, one.last_ms, one.count, bytes(one.blob)
        )
        self._full.append(draft)
        self._full_bytes += _size(draft)
        self._open_bytes -= _size(draft)

    def _bound(self) -> None:
        while self._full_bytes + self._open_bytes > self._ring_bytes:
            if not self._full:
                for key in list(self._open):
                    self._seal(key)
            at = min(range(len(self._full)), key=lambda index: self._full[index].priority)
            draft = self._full.pop(at)
            self._full_bytes -= _size(draft)
            self._drop(draft.day, draft.count)

    def _drop(self, day: int, count: int) -> None:
        self._dropped[day] = self._dropped.get(day, 0) + count


def _size(draft: Draft) -> int:
    return len(draft.blob) + DRAFT_OVERHEAD


def _fit(left: Draft, right: Draft) -> bool:
    return (
        left.count + right.count <= MAX_ROWS
        and len(left.blob) + len(right.blob) <= MAX_BATCH_BYTES
    )


def _join(left: Draft, right: Draft) -> Draft:
    return Draft(
        left.device,
        left.priority,
        left.day,
        min(left.first_ms, right.first_ms),
        max(left.last_ms, right.last_ms),
        left.count + right.count,
        left.blob + right.blob,
    )
