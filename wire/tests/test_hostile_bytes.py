import random

import pytest

from lamppost.wire import session
from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.decode import DecodeError, decode
from lamppost.wire.delivery import Header, LedgerRow, ledger_metric
from lamppost.wire.encode import encode
from lamppost.wire.payload import (
    DataSet,
    MetaData,
    Metric,
    Parameter,
    Payload,
    Property,
    Template,
)

from .oracle import parse, read
from .sample import Sample

NOW = 1_763_692_800_123
UNIT = {"engUnit": Property("L/s", DataType.STRING), "low": Property(-1.5, DataType.DOUBLE)}
BAD = {"Quality": Property(Quality.BAD, DataType.INT32)}
NESTED = {
    "set": Property({"in": Property(-1, DataType.INT8)}, DataType.PROPERTY_SET),
    "sets": Property((UNIT, {}), DataType.PROPERTY_SET_LIST),
}
TABLE = DataSet(
    ("a", "b", "c"),
    (DataType.INT16, DataType.STRING, DataType.FLOAT),
    ((-1, "x", 0.5), (None, "", None)),
)
TEMPLATE = Template(
    "1.0",
    (
        Metric("m", 5, DataType.UINT8),
        Metric("t", Template(template_ref="u"), DataType.TEMPLATE),
    ),
    (Parameter("p", True, DataType.BOOLEAN), Parameter("q", 7, DataType.UINT32)),
    "ref",
    False,
)
ABOUT = MetaData(True, "text/csv", 10, 1, "f.csv", "csv", "00ff", "ü")

CORPUS = {
    "birth": session.node_birth(3, 0, NOW, [Metric("flow", -2, DataType.INT64, 1, NOW)]),
    "device birth": session.device_birth(
        1, NOW, [Metric("°C", 1.25, DataType.FLOAT, 2, NOW, properties=UNIT)]
    ),
    "death": session.node_death(255, NOW),
    "data": session.data(
        5,
        NOW,
        [
            Metric(alias=1, value=21.57, timestamp=NOW),
            Metric(alias=300, value=True, timestamp=NOW, is_historical=True),
            Metric(alias=3, timestamp=NOW, is_null=True, properties=BAD),
        ],
        Header(NOW, 12, 9).pack(),
    ),
    "command": session.rebirth_command(NOW),
    "ledger": session.data(
        6,
        NOW,
        [ledger_metric([LedgerRow("2025-11-21", 90_000, 0, 12)], NOW, name=None, alias=4)],
    ),
    "compound": Payload(
        NOW,
        (
            Metric("table", TABLE, DataType.DATASET, properties=NESTED),
            Metric("file", b"\0\1\2", DataType.FILE, metadata=ABOUT, is_transient=True),
            Metric("template", TEMPLATE, DataType.TEMPLATE),
        ),
        uuid="u",
    ),
}
MESSAGES = {name: encode(payload) for name, payload in CORPUS.items()}
# Every bit alone, and the values at which numbers and tags change their kind.
SOME_CHANGES = tuple(1 << bit for bit in range(8))
SOME_VALUES = (0x00, 0x01, 0x7F, 0x80, 0xFF, 0x0A, 0x12, 0x0B, 0x0C)


def check(data: bytes) -> bool:
    """Assert that the bytes are refused, or read as protobuf reads them; True when read."""
    try:
        ours = decode(data)
    except DecodeError as error:
        if not 0 <= error.offset <= len(data):
            pytest.fail(f"offset {error.offset} of {len(data)} bytes: {data.hex()}")
        return False
    theirs = parse(data)
    assert theirs is not None, f"protobuf refuses {data.hex()}"
    assert repr(ours) == repr(read(theirs)), data.hex()
    return True


@pytest.mark.parametrize("name", MESSAGES)
def test_every_truncation_is_refused_or_read_alike(name: str) -> None:
    """A message cut at any byte is a DecodeError, or reads as protobuf reads it."""
    data = MESSAGES[name]
    read_alike = sum(check(data[:end]) for end in range(len(data) + 1))
    assert read_alike >= 2  # the empty and the whole message at least


@pytest.mark.parametrize("name", MESSAGES)
def test_every_changed_byte_is_refused_or_read_alike(name: str) -> None:
    """A message with any one byte changed is a DecodeError, or reads as protobuf reads it."""
    data = MESSAGES[name]
    for at, byte in enumerate(data):
        for value in {*(byte ^ change for change in SOME_CHANGES), *SOME_VALUES}:
            check(data[:at] + bytes((value,)) + data[at + 1 :])


@pytest.mark.slow
@pytest.mark.parametrize("name", MESSAGES)
def test_every_value_of_every_byte_is_refused_or_read_alike(name: str) -> None:
    """The same with all 256 values of each byte, and with each inserted before each byte."""
    data = MESSAGES[name]
    for at in range(len(data)):
        for value in range(256):
            check(data[:at] + bytes((value,)) + data[at + 1 :])
            check(data[:at] + bytes((value,)) + data[at:])


def test_random_damage_to_random_payloads_is_refused_or_read_alike() -> None:
    """Bytes cut, doubled, exchanged between messages and changed never end otherwise."""
    sample, dice = Sample(seed=9), random.Random(10)
    pool = [encode(sample.payload()) for _ in range(400)]
    read_alike = 0
    for _ in range(10_000):
        data = bytearray(dice.choice(pool))
        for _ in range(dice.randint(1, 3)):
            at, other = dice.randint(0, len(data)), dice.choice(pool)
            start = dice.randint(0, len(other))
            match dice.randrange(4):
                case 0:
                    data[at:at] = other[start : start + dice.randint(1, 40)]
                case 1:
                    del data[at : at + dice.randint(1, 4)]
                case 2:
                    data[at : at + 1] = dice.randbytes(1)
                case _:
                    data += other
        read_alike += check(bytes(data))
    assert read_alike > 1_000
