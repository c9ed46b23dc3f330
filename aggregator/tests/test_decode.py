"""The batch decoder beside protobuf and beside `lamppost.wire`, on honest and hostile bytes."""

import random
import struct
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.aggregator import columns as c
from lamppost.aggregator.decode.payloads import decode_batch, join
from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.decode import DecodeError, decode
from lamppost.wire.encode import encode
from lamppost.wire.payload import DataSet, Metric, Payload, Property

from .samples_decode import corpus, mutated, random_payload
from .twins_decode import read_header, read_row, refused_by_choice, twin

CANARY = -7_777_777
Result = list[tuple[int, list[dict[str, Any]], dict[str, Any]]]


def decoded(payloads: list[bytes], rows: int = 512) -> Result:
    """Every payload's status, rows and header, in one call; checks the canaries."""
    joined, offsets = join(payloads)
    guard = 8
    table = np.full((rows + guard, c.WIDTH), CANARY, np.int64)
    lines = np.full((len(payloads) + guard, c.MSG_WIDTH), CANARY, np.int64)
    room, messages = table[:rows], lines[: len(payloads)]
    assert decode_batch(joined, offsets, room, messages) == len(payloads)
    assert (table[rows:] == CANARY).all()
    assert (lines[len(payloads) :] == CANARY).all()
    whole = joined.tobytes()
    result = []
    for line in messages:
        first, count = int(line[c.FIRST]), int(line[c.COUNT])
        metrics = [read_row(row, whole) for row in room[first : first + count]]
        result.append((int(line[c.STATUS]), metrics, read_header(line, whole)))
    return result


def agrees(data: bytes, status: int, metrics: Any, header: Any) -> None:
    """Ours and the twin's: the same verdict, and where both accept, the same values."""
    expected = twin(data)
    if status == c.OK:
        # repr tells NaN, -0.0 and 1 from 1.0, which == does not.
        assert repr((metrics, header)) == repr(expected), data.hex()
    else:
        assert metrics == []
        assert expected is None or refused_by_choice(data), (status, data.hex())


def test_random_payloads_decode_as_protobuf_does() -> None:
    """Fields in any order, repeated, unknown, with foreign wire types: the same rows."""
    rng = random.Random(1)
    payloads = [random_payload(rng) for _ in range(4_000)]
    for at in range(0, len(payloads), 100):
        batch = payloads[at : at + 100]
        for data, result in zip(batch, decoded(batch, 2_000), strict=True):
            agrees(data, *result)


def test_every_truncation_and_every_byte_is_decided_as_protobuf_does() -> None:
    """A corpus cut at every length, and with every byte replaced by telling ones."""
    hostile = [data[:cut] for data in corpus() for cut in range(len(data))]
    for data in corpus():
        for at, old in enumerate(data):
            telling = {0x00, 0x01, 0x7F, 0x80, 0xFF, old ^ 1, old ^ 0x80, (old + 8) & 0xFF}
            hostile += [data[:at] + bytes([new]) + data[at + 1 :] for new in sorted(telling)]
    for at in range(0, len(hostile), 256):
        batch = hostile[at : at + 256]
        for data, result in zip(batch, decoded(batch, 4_000), strict=True):
            agrees(data, *result)


def test_random_mutations_are_decided_as_protobuf_does() -> None:
    """Flipped, inserted, dropped and repeated bytes."""
    rng = random.Random(2)
    for _ in range(40):
        batch = [mutated(rng, rng.choice(corpus())) for _ in range(250)]
        for data, result in zip(batch, decoded(batch, 4_000), strict=True):
            agrees(data, *result)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.binary(max_size=60), min_size=1, max_size=8))
def test_noise_is_decided_as_protobuf_does(batch: list[bytes]) -> None:
    """Bytes from nowhere."""
    for data, result in zip(batch, decoded(batch), strict=True):
        agrees(data, *result)


def test_what_wire_accepts_is_decoded_alike() -> None:
    """The slow path is stricter, never looser, and sees the same values."""
    rng = random.Random(3)
    accepted = 0
    for _ in range(6_000):
        data = mutated(rng, rng.choice(corpus()))
        try:
            payload = decode(data)
        except DecodeError:
            continue
        accepted += 1
        ((status, metrics, header),) = decoded([data])
        assert status == c.OK, data.hex()
        assert header["seq"] == (-1 if payload.seq is None else _wrap(payload.seq))
        assert len(metrics) == len(payload.metrics)
        for mine, theirs in zip(metrics, payload.metrics, strict=True):
            assert mine["alias"] == (None if theirs.alias is None else _wrap(theirs.alias))
            assert mine["null"] == bool(theirs.is_null)
            if mine["kind"] == c.NUMERIC and mine["datatype"] is None:
                assert isinstance(theirs.value, int | float)
                assert repr(mine["value"]) == repr(float(theirs.value))
            elif mine["kind"] == c.TEXT:
                assert mine["value"].decode() == theirs.value
    assert accepted > 300


def _wrap(value: int) -> int:
    return value - (1 << 64) if value >= 1 << 63 else value


def test_columns_of_a_data_message() -> None:
    """What the agent sends comes out in its columns, times and qualities included."""
    bad = {"Quality": Property(int(Quality.BAD), DataType.INT32)}
    payload = Payload(
        1_700_000_000_000,
        (
            Metric(value=21.5, alias=1, timestamp=1_700_000_000_001),
            Metric(value=True, alias=2),
            Metric(value="on", alias=3, is_historical=True),
            Metric(alias=4, is_null=True, properties=bad),
            Metric(value=DataSet(("a",), (DataType.INT32,), ((1,),)), alias=5),
        ),
        seq=7,
        body=b"header",
    )
    ((status, rows, header),) = decoded([encode(payload)])
    assert status == c.OK
    assert header == {"seq": 7, "time": 1_700_000_000_000, "body": b"header"}
    assert [row["value"] for row in rows[:4]] == [21.5, True, b"on", None]
    assert [row["kind"] for row in rows] == [c.NUMERIC, c.BOOLEAN, c.TEXT, c.NULL, c.COMPLEX]
    assert [row["time"] % 1000 for row in rows] == [1, 0, 0, 0, 0]
    assert rows[2]["historical"]
    assert rows[3]["quality"] == Quality.BAD


@pytest.mark.parametrize("value", [1e-45, -3e-39, 1.5, -0.0, float("inf"), 3.4e38])
def test_floats_become_the_doubles_that_equal_them(value: float) -> None:
    """Subnormals, zeros and infinities of 32 bits too."""
    data = b"\x12\x05\x65" + struct.pack("<f", value)
    ((_, rows, _),) = decoded([data])
    (expected,) = struct.unpack("<f", struct.pack("<f", value))
    assert repr(rows[0]["value"]) == repr(expected)


def test_bad_neighbours_change_nothing() -> None:
    """A refused message leaves no row behind; the others come out as if alone."""
    rng = random.Random(4)
    for _ in range(60):
        good = [random_payload(rng) for _ in range(6)]
        alone = [decoded([data], 600)[0] for data in good]
        batch, wanted = [], []
        for data, result in zip(good, alone, strict=True):
            batch += [data[:-1] + b"\xff", data, b"\x12\x7f"]
            wanted.append(result)
        assert repr(decoded(batch, 2_000)[1::3]) == repr(wanted)


def test_a_full_table_stops_between_messages() -> None:
    """When the rows end, the count tells where to go on, and the rest decodes the same."""
    payloads = [
        encode(Payload(1, tuple(Metric(value=float(n), alias=n) for n in range(size))))
        for size in (3, 4, 2, 5, 1)
    ]
    whole = [rows for _, rows, _ in decoded(payloads)]
    rows = np.empty((7, c.WIDTH), np.int64)
    messages = np.empty((5, c.MSG_WIDTH), np.int64)
    taken, done = [], 0
    while done < len(payloads):
        joined, offsets = join(payloads[done:])
        count = decode_batch(joined, offsets, rows, messages)
        assert count > 0
        for line in messages[:count]:
            first, size = int(line[c.FIRST]), int(line[c.COUNT])
            taken.append([read_row(row, joined.tobytes()) for row in rows[first:][:size]])
        done += count
    assert taken == whole


def test_a_message_larger_than_the_table_is_refused() -> None:
    """It gets a status of its own, so that nobody waits for room that will never be there."""
    big = encode(Payload(1, tuple(Metric(value=1.0, alias=n) for n in range(9))))
    small = encode(Payload(1, (Metric(value=1.0, alias=1),)))
    assert [status for status, _, _ in decoded([big, small], rows=8)] == [c.TOO_MANY, c.OK]


def test_offsets_that_leave_the_buffer_are_refused() -> None:
    """Backwards, negative or beyond the end: a status, and no read."""
    joined, _ = join([encode(Payload(1, (Metric(value=1.0, alias=1),)))])
    rows = np.empty((4, c.WIDTH), np.int64)
    messages = np.empty((3, c.MSG_WIDTH), np.int64)
    offsets = np.array([-5, 4, 2, len(joined) + 1], np.int64)
    assert decode_batch(joined, offsets, rows, messages) == 3
    assert messages[:, c.STATUS].tolist() == [c.BAD_OFFSETS] * 3


def test_every_status_has_words() -> None:
    """The quarantine can say what was wrong."""
    assert set(c.STATUS_TEXT) == set(range(len(c.STATUS_TEXT)))
