"""What the spool holds: the kinds of frames, and the columns of judged readings as bytes.

A data frame is a fixed head, then the columns one after the other (the eight-byte ones first,
so all of them stay aligned), then a small JSON part with what is not numbers: which deliveries
the rows came in, and the text values. Everything is little-endian.
"""

import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

VERSION = 2
WITHOUT_P = 1  # the version before, which had no `p`
MAX_ROWS = 250_000
MAX_META_BYTES = 4 * 1024 * 1024
MAX_TOPIC_BYTES = 4096
HEAD = struct.Struct("<BxxxIII")  # version, rows, bytes of JSON, reserved
TOPIC_HEAD = struct.Struct("<I")
COLUMNS: tuple[tuple[str, str], ...] = (
    ("time_ms", "<i8"),
    ("value", "<f8"),
    ("series", "<i4"),
    ("flags", "<u4"),
    ("expected", "<f4"),
    ("low", "<f4"),
    ("high", "<f4"),
    ("score", "<f4"),
    ("severity", "<f4"),
    ("p", "<f4"),
)


class FrameKind(IntEnum):
    """What a frame's payload is; the numbers are on disk and never change their meaning."""

    SERIES = 1  # JSON: one series as a birth declared it
    BIRTH = 2  # topic and raw payload of a birth
    DATA = 3  # columns of judged readings
    EVENT = 4  # JSON: one event as it stands now
    NODE = 5  # JSON: what changed about a node
    INCIDENT = 6  # JSON: one incident as it stands now


class FrameError(ValueError):
    """A payload is not what its frame kind promises."""


class Delivery(NamedTuple):
    """One batch of one node that is (partly) in a frame."""

    node: str
    epoch: int
    batch: int


class TextRow(NamedTuple):
    """One text value."""

    series: int
    time_ms: int
    text: str


@dataclass(frozen=True, slots=True, eq=False)
class DataFrame:
    """Readings with their verdicts; all columns have the same length.

    Unpacked columns are read-only views of the payload: copy what a kernel shall write to, or
    what it was compiled for as writable.

    Attributes:
        deliveries: the batches these rows came in.
        series: int32, index of the series.
        time_ms: int64, UTC.
        value: float64, NaN when the reading has no value.
        flags: uint32, bits of the verdict.
        expected: float32, NaN when nothing was expected yet; so are `low`, `high`, the band.
        low: float32.
        high: float32.
        score: float32, evidence against the reading.
        severity: float32, 0 to 1.
        p: float32, 0 to 1; NaN in frames of releases that did not find it.
        texts: values that are text, beside the columns.
    """

    deliveries: tuple[Delivery, ...]
    series: NDArray[np.int32]
    time_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    flags: NDArray[np.uint32]
    expected: NDArray[np.float32]
    low: NDArray[np.float32]
    high: NDArray[np.float32]
    score: NDArray[np.float32]
    severity: NDArray[np.float32]
    p: NDArray[np.float32]
    texts: tuple[TextRow, ...] = ()

    def __len__(self) -> int:
        return len(self.series)

    def pack(self) -> bytes:
        """Return the frame's payload.

        Raises:
            FrameError: the columns differ in length, or there are too many rows or texts.
        """
        rows = len(self.series)
        if rows > MAX_ROWS:
            raise FrameError(f"{rows} rows came, a frame holds at most {MAX_ROWS}")
        parts = [b""]
        for name, kind in COLUMNS:
            column = getattr(self, name)
            if column.shape != (rows,):
                raise FrameError(f"column {name}: shape {column.shape} came, ({rows},) wanted")
            parts.append(np.ascontiguousarray(column, kind).tobytes())
        meta = pack_json({"deliveries": self.deliveries, "texts": self.texts})
        if len(meta) > MAX_META_BYTES:
            raise FrameError(
                f"{len(meta)} bytes of deliveries and texts came, allowed: {MAX_META_BYTES}"
            )
        parts[0] = HEAD.pack(VERSION, rows, len(meta), 0)
        parts.append(meta)
        return b"".join(parts)

    @classmethod
    def unpack(cls, payload: bytes) -> Self:
        """Return the frame of a payload; its columns are read-only views of it.

        Raises:
            FrameError: the payload is not a data frame.
        """
        if len(payload) < HEAD.size:
            raise FrameError(
                f"{len(payload)} bytes came, a data frame has at least {HEAD.size}"
            )
        version, rows, meta_bytes, _ = HEAD.unpack_from(payload)
        if version not in {VERSION, WITHOUT_P}:
            raise FrameError(
                f"data frame version {version} came, {WITHOUT_P} and {VERSION} are known"
            )
        there = COLUMNS if version == VERSION else COLUMNS[:-1]
        wanted = HEAD.size + rows * row_bytes(there) + meta_bytes
        if rows > MAX_ROWS or len(payload) != wanted:
            raise FrameError(f"{len(payload)} bytes came for {rows} rows, {wanted} wanted")
        columns, position = {}, HEAD.size
        for name, kind in there:
            columns[name] = np.frombuffer(payload, kind, rows, position)
            position += columns[name].nbytes
        columns.setdefault("p", np.full(rows, np.nan, np.float32))
        deliveries, texts = _unpack_meta(payload[position:])
        return cls(deliveries=deliveries, texts=texts, **columns)


def row_bytes(columns: tuple[tuple[str, str], ...]) -> int:
    """Bytes of a row of these columns."""
    return sum(np.dtype(kind).itemsize for _, kind in columns)


def _unpack_meta(data: bytes) -> tuple[tuple[Delivery, ...], tuple[TextRow, ...]]:
    document = unpack_json(data)
    try:
        deliveries = tuple(
            Delivery(str(n), int(e), int(b)) for n, e, b in document["deliveries"]
        )
        texts = tuple(TextRow(int(s), int(t), str(text)) for s, t, text in document["texts"])
    except (KeyError, TypeError, ValueError) as problem:
        raise FrameError(f"deliveries and texts of a data frame: {problem!r}") from problem
    return deliveries, texts


def pack_json(document: Mapping[str, Any]) -> bytes:
    """Return a JSON payload, as SERIES, EVENT and NODE frames have it.

    JSON has no NaN and no infinity: such a value becomes null.

    Raises:
        ValueError: one stands deeper than in a field of the object itself.
    """
    document = {
        key: None if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in document.items()
    }
    text = json.dumps(document, separators=(",", ":"), allow_nan=False, ensure_ascii=False)
    # Half a surrogate pair is no character: no database would take it, so it ends here.
    return text.encode("utf-8", "replace")


def unpack_json(payload: bytes) -> dict[str, Any]:
    """Return the object of a JSON payload.

    Raises:
        FrameError: the payload is not one JSON object.
    """
    try:
        document = json.loads(payload)
    except (ValueError, RecursionError) as problem:
        raise FrameError(f"not JSON: {problem}") from problem
    if not isinstance(document, dict):
        raise FrameError(f"a JSON {type(document).__name__} came, an object is wanted")
    return document


def pack_birth(topic: str, payload: bytes) -> bytes:
    """Return the payload of a BIRTH frame: the topic and the raw message.

    Raises:
        FrameError: the topic is longer than `MAX_TOPIC_BYTES`.
    """
    name = topic.encode()
    if len(name) > MAX_TOPIC_BYTES:
        raise FrameError(f"a topic of {len(name)} bytes came, allowed: {MAX_TOPIC_BYTES}")
    return TOPIC_HEAD.pack(len(name)) + name + payload


def unpack_birth(payload: bytes) -> tuple[str, bytes]:
    """Return topic and raw message of a BIRTH frame.

    Raises:
        FrameError: the payload is not a birth.
    """
    if len(payload) < TOPIC_HEAD.size:
        raise FrameError(f"{len(payload)} bytes came, a birth has at least {TOPIC_HEAD.size}")
    (size,) = TOPIC_HEAD.unpack_from(payload)
    end = TOPIC_HEAD.size + size
    if size > MAX_TOPIC_BYTES or len(payload) < end:
        raise FrameError(f"a topic of {size} bytes in a birth of {len(payload)} bytes")
    try:
        return payload[TOPIC_HEAD.size : end].decode(), payload[end:]
    except UnicodeDecodeError as problem:
        raise FrameError(f"topic of a birth: {problem}") from problem
