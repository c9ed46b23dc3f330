"""Payloads to decode: well-formed in every odd way, and damaged."""

import random
import struct
from functools import cache

from lamppost.wire.datatypes import DataType
from lamppost.wire.encode import encode
from lamppost.wire.payload import DataSet, MetaData, Metric, Payload, Property

EDGES = (0, 1, 127, 128, 255, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**63 - 1, 2**63, 2**64 - 1)


def varint(value: int) -> bytes:
    """A varint as protobuf writes it."""
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes([*out, value])


def field(number: int, wire: int, content: bytes) -> bytes:
    """A tag and what follows it."""
    if wire == 2:
        content = varint(len(content)) + content
    return varint(number << 3 | wire) + content


def random_payload(rng: random.Random) -> bytes:
    """Fields in any order, some twice, some unknown, some with a wire type of another field."""
    parts = [field(2, 2, _metric(rng)) for _ in range(rng.randrange(5))]
    parts += [_varied(rng, number, 0) for number in (1, 3) if rng.random() < 0.7]
    parts += [_varied(rng, number, 2) for number in (4, 5) if rng.random() < 0.3]
    return _shuffled(rng, parts)


def _metric(rng: random.Random) -> bytes:
    wires = {8: 2, 10: 0, 11: 0, 12: 5, 13: 1, 14: 0}
    parts = [_varied(rng, n, wires.get(n, 2)) for n in rng.choices(range(10, 20), k=2)]
    parts += [_varied(rng, n, 0) for n in range(2, 8) if rng.random() < 0.5]
    parts += [field(1, 2, rng.randbytes(rng.randrange(4))) for _ in range(rng.randrange(2))]
    parts += [field(9, 2, _properties(rng)) for _ in range(rng.choice((0, 0, 1, 2)))]
    parts += [field(8, 2, _varied(rng, 3, 0)) for _ in range(rng.choice((0, 0, 0, 1)))]
    return _shuffled(rng, parts)


def _properties(rng: random.Random) -> bytes:
    parts = []
    for _ in range(rng.randrange(4)):
        key = rng.choice((b"Quality", b"Quality", b"engUnit", b"quality", b""))
        parts += [field(1, 2, key), field(2, 2, _property(rng))]
    return _shuffled(rng, parts) if rng.random() < 0.3 else b"".join(parts)


def _property(rng: random.Random) -> bytes:
    wires = {5: 5, 6: 1, 7: 0, 8: 2, 9: 2, 10: 2, 11: 2}
    parts = [_varied(rng, n, wires.get(n, 0)) for n in rng.choices(range(1, 12), k=2)]
    parts += [field(3, 0, varint(rng.choice((0, 192, 500, 2**32 - 1))))]
    return _shuffled(rng, parts)


def _varied(rng: random.Random, number: int, wire: int) -> bytes:
    """A field, now and then unknown or of another wire type."""
    chance = rng.random()
    if chance < 0.05:
        wire = rng.choice((0, 1, 2, 5))
    elif chance < 0.1:
        number = rng.choice((20, 99, 2**29 - 1))
    if wire == 0:
        return field(number, 0, varint(rng.choice((*EDGES, rng.randrange(2**20)))))
    if wire == 2:
        return field(number, 2, rng.randbytes(rng.randrange(6)))
    bits = struct.pack("<d", rng.choice((0.0, -1.5, 1e300, float("inf"), rng.gauss(0, 9))))
    return field(number, wire, bits if wire == 1 else struct.pack("<f", rng.gauss(0, 9)))


def _shuffled(rng: random.Random, parts: list[bytes]) -> bytes:
    rng.shuffle(parts)
    return b"".join(parts)


@cache
def corpus() -> tuple[bytes, ...]:
    """A birth, a data message, one of everything, and some odd ones."""
    low = {
        "engUnit": Property("bar", DataType.STRING),
        "engLow": Property(0.0, DataType.DOUBLE),
    }
    bad = {"Quality": Property(0, DataType.INT32)}
    birth = (
        Metric("bdSeq", 3, DataType.INT64),
        Metric("pump/flow", 21.5, DataType.DOUBLE, alias=1, timestamp=5, properties=low),
        Metric("n", -4, DataType.INT8, alias=2, metadata=MetaData(size=3, md5="x")),
    )
    data = (
        Metric(value=21.25, alias=1, timestamp=1_700_000_000_123),
        Metric(value=2**40, alias=2, is_historical=True),
        Metric(value=True, alias=300),
        Metric(alias=4, is_null=True, properties=bad),
        Metric(value="é", alias=5, properties=low | bad),
        Metric(value=DataSet(("a",), (DataType.INT32,), ((1,), (2,))), alias=6),
    )
    rng = random.Random(5)
    return (
        encode(Payload(1_700_000_000_000, birth, 0)),
        encode(Payload(1_700_000_000_000, data, 255, body=b"LPD1" + bytes(24))),
        b"",
        *(random_payload(rng) for _ in range(6)),
    )


def mutated(rng: random.Random, data: bytes) -> bytes:
    """One to three damages."""
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(data) + 1)
        span = rng.randrange(1, 4)
        damage = rng.randrange(4)
        if damage == 0:
            data = data[:at] + rng.randbytes(span) + data[at + span :]
        elif damage == 1:
            data = data[:at] + rng.randbytes(span) + data[at:]
        elif damage == 2:
            data = data[:at] + data[at + span :]
        else:
            data = data[:at] + data[at : at + span] * 2 + data[at + span :]
    return data
