"""Readings as they lie in the buffer: a few bytes each, packed into batches.

A row is `alias u32, milliseconds of the day u32, kind and quality u8`, then the value: nothing
for null, one byte for a boolean, 4 or 8 for a number (4 when it loses nothing), 8 for an
integer, length and UTF-8 for text. All rows of a batch are of one UTC day, so that a day's
account is kept per batch.
"""

import math
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from lamppost.wire.datatypes import Quality

MAX_ROWS: Final = 500
"""Most rows in one batch, which is one message."""

MAX_BATCH_BYTES: Final = 32_768
"""A batch takes no more rows once it is this long; its message is about twice as long."""

MAX_TEXT_BYTES: Final = 4096
"""Longer texts are cut."""

DAY_MS: Final = 86_400_000

Value = float | int | bool | str | None

_HEAD: Final = struct.Struct("<IIB")
_F32: Final = struct.Struct("<f")
_F64: Final = struct.Struct("<d")
_I64: Final = struct.Struct("<q")
_LENGTH: Final = struct.Struct("<H")
_NULL, _FALSE, _TRUE, _FLOAT, _DOUBLE, _INT, _TEXT = range(7)
_QUALITIES: Final = (Quality.GOOD, Quality.BAD, Quality.STALE)
_QUALITY_CODE: Final = {quality: code << 4 for code, quality in enumerate(_QUALITIES)}
_F32_MAX: Final = 3.4028234663852886e38


@dataclass(frozen=True, slots=True)
class Row:
    """One reading: `channel` is the alias the node announces it under, time is UTC ms."""

    channel: int
    time_ms: int
    value: Value
    quality: Quality = Quality.GOOD


@dataclass(frozen=True, slots=True)
class Draft:
    """A batch that has no number yet: rows of one device, one priority and one UTC day."""

    device: str
    priority: int
    day: int
    first_ms: int
    last_ms: int
    count: int
    blob: bytes


@dataclass(frozen=True, slots=True)
class Batch:
    """A committed batch; `stored_ms` is when, by the wall clock.

    Its number never comes back, so a receiver can drop repeats by it.
    """

    number: int
    stored_ms: int
    draft: Draft

    def rows(self) -> Iterator[Row]:
        """Its readings, in the order they were taken."""
        return unpack(self.draft.blob, self.draft.day)


def pack(row: Row) -> bytes:
    """A row as it lies in a blob; numbers that cannot travel become null with quality BAD."""
    kind, body, quality = _NULL, b"", row.quality
    match row.value:
        case None:
            pass
        case bool():
            kind = _TRUE if row.value else _FALSE
        case int():
            if -(2**63) <= row.value < 2**63:
                kind, body = _INT, _I64.pack(row.value)
            else:
                quality = Quality.BAD
        case float():
            if math.isfinite(row.value):
                kind, body = _number(row.value)
            else:
                quality = Quality.BAD
        case str():
            text = row.value.encode("utf-8", "replace")[:MAX_TEXT_BYTES]
            text = text.decode("utf-8", "ignore").encode()
            kind, body = _TEXT, _LENGTH.pack(len(text)) + text
    head = _HEAD.pack(row.channel, row.time_ms % DAY_MS, kind | _QUALITY_CODE[quality])
    return head + body


def unpack(blob: bytes, day: int) -> Iterator[Row]:
    """The rows of a blob of that day."""
    at, start = 0, day * DAY_MS
    while at < len(blob):
        channel, offset, code = _HEAD.unpack_from(blob, at)
        value, at = _value(blob, at + _HEAD.size, code & 15)
        yield Row(channel, start + offset, value, _QUALITIES[code >> 4])


def _number(value: float) -> tuple[int, bytes]:
    if -_F32_MAX <= value <= _F32_MAX:
        short = _F32.pack(value)
        if _F32.unpack(short)[0] == value:
            return _FLOAT, short
    return _DOUBLE, _F64.pack(value)


def _value(blob: bytes, at: int, kind: int) -> tuple[Value, int]:
    if kind == _FLOAT:
        return _F32.unpack_from(blob, at)[0], at + 4
    if kind == _DOUBLE:
        return _F64.unpack_from(blob, at)[0], at + 8
    if kind == _INT:
        return _I64.unpack_from(blob, at)[0], at + 8
    if kind == _TEXT:
        end = at + 2 + _LENGTH.unpack_from(blob, at)[0]
        return blob[at + 2 : end].decode(), end
    return (None if kind == _NULL else kind == _TRUE), at
