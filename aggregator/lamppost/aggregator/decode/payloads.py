"""Sparkplug B payloads to columns: one call decodes a whole batch, straight from its bytes.

Semantics are protobuf's: the last one wins, a oneof keeps its last member, a known field with
a foreign wire type is unknown, and unknown fields are stepped over. Deliberate differences:
groups are refused, UTF-8 is left to whoever turns text into `str`, and DataSets, Templates,
metadata and what property values hold are stepped over; `lamppost.wire.decode` looks into them.
"""

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator.decode.metric import read_metric
from lamppost.aggregator.decode.wirebytes import (
    DELIMITED,
    VARINT,
    Bytes,
    read_length,
    read_tag,
    read_varint,
    skip,
)
from lamppost.aggregator.jit import borrowed, kernel

Columns = NDArray[np.int64]


def join(payloads: list[bytes]) -> tuple[Bytes, Columns]:
    """The payloads as one buffer and its n + 1 offsets, as `decode_batch` wants them."""
    offsets = np.empty(len(payloads) + 1, np.int64)
    offsets[0] = 0
    np.cumsum(np.fromiter(map(len, payloads), np.int64, len(payloads)), out=offsets[1:])
    return np.frombuffer(b"".join(payloads), np.uint8), offsets


@kernel
def decode_batch(joined: Bytes, offsets: Columns, rows: Columns, messages: Columns) -> int:
    """Decode payloads until they or the room in `rows` or `messages` end.

    A payload that is not well formed gets its status and no rows; its neighbours are safe.

    Args:
        joined: all payloads, one after the other.
        offsets: int64[n + 1], where each begins and the last ends.
        rows: int64[capacity, WIDTH], filled from 0; nothing behind the last row's is touched.
        messages: int64[m, MSG_WIDTH], filled from 0.

    Returns:
        How many payloads were consumed: call again with the rest.
    """
    joined, rows, messages = borrowed(joined), borrowed(rows), borrowed(messages)
    total = min(offsets.shape[0] - 1, messages.shape[0])
    row = 0
    for message in range(total):
        first = int(offsets[message])
        end = int(offsets[message + 1])
        if first < 0 or end < first or end > joined.shape[0]:
            _start(messages, message, row)
            messages[message, c.STATUS] = c.BAD_OFFSETS
            continue
        status = _read_payload(joined, first, end, rows, row, messages, message)
        if status == c.TOO_MANY and row > 0:
            return int(message)
        messages[message, c.STATUS] = status
        if status == c.OK:
            count = int(messages[message, c.COUNT])
            _settle(rows, row, count, message, int(messages[message, c.MSG_TIME]))
            row += count
        else:
            messages[message, c.COUNT] = 0
    return int(total)


@kernel
def _start(messages: Columns, message: int, row: int) -> None:
    messages[message, c.STATUS] = c.OK
    messages[message, c.FIRST] = row
    messages[message, c.COUNT] = 0
    messages[message, c.SEQ] = -1
    messages[message, c.MSG_TIME] = -1
    messages[message, c.BODY_OFF] = 0
    messages[message, c.BODY_LEN] = -1


@kernel
def _read_payload(
    buf: Bytes, pos: int, end: int, rows: Columns, row: int, messages: Columns, message: int
) -> int:
    """Fill the message's line and its rows from `row`; returns its status."""
    _start(messages, message, row)
    count = 0
    while pos < end:
        tag, pos = read_tag(buf, pos, end)
        if pos < 0:
            return int(-pos)
        if tag == 2 << 3 | DELIMITED:
            length, pos = read_length(buf, pos, end)
            if pos < 0:
                return -pos
            if row + count >= rows.shape[0]:
                return c.TOO_MANY
            status = read_metric(buf, pos, pos + length, rows, row + count)
            if status != c.OK:
                return status
            count += 1
            pos += length
        else:
            pos = _read_header(buf, pos, end, tag, messages, message)
            if pos < 0:
                return -pos
    messages[message, c.COUNT] = count
    return c.OK


@kernel
def _read_header(
    buf: Bytes, pos: int, end: int, tag: int, messages: Columns, message: int
) -> int:
    """Timestamp, seq and body; anything else is stepped over."""
    if tag == 1 << 3 | VARINT:
        value, pos = read_varint(buf, pos, end)
        messages[message, c.MSG_TIME] = value
    elif tag == 3 << 3 | VARINT:
        value, pos = read_varint(buf, pos, end)
        messages[message, c.SEQ] = value
    elif tag == 5 << 3 | DELIMITED:
        length, pos = read_length(buf, pos, end)
        messages[message, c.BODY_OFF] = pos
        messages[message, c.BODY_LEN] = length
        return pos if pos < 0 else pos + length
    else:
        pos = skip(buf, pos, end, tag & 7)
    return pos


@kernel
def _settle(rows: Columns, first: int, count: int, message: int, time: int) -> None:
    """What is known only when the payload has been read: times, and integers as floats."""
    floats = rows.view(np.float64)
    for row in range(first, first + count):
        rows[row, c.MSG] = message
        flags = int(rows[row, c.FLAGS])
        if flags & c.HAS_TIME == 0:
            rows[row, c.TIME] = time
            if time != -1:
                rows[row, c.FLAGS] = flags | c.HAS_TIME
        if flags & c.IS_NULL:
            rows[row, c.KIND] = c.NULL
        elif rows[row, c.KIND] == c.NUMERIC and rows[row, c.LEN] != 0:
            raw = int(rows[row, c.OFF])
            floats[row, c.BITS] = (
                float(raw) if raw >= 0 else float(raw) + 18446744073709551616.0
            )
