"""A register of a datasheet, and how its value stands on the Modbus wire.

Words are big-endian and the high word comes first; `value = raw * scale + offset`.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

Table = Literal["input", "discrete"]
Encoding = Literal["bit", "int16", "uint16", "int32", "uint32", "float32"]

WORD_BITS = 16
UNIT = 1
"""The unit id that configurations name; the devices do not look at it."""

FORMATS: Mapping[str, str] = MappingProxyType(
    {"int16": ">h", "uint16": ">H", "int32": ">i", "uint32": ">I", "float32": ">f"}
)
RAW_RANGES: Mapping[str, tuple[int, int]] = MappingProxyType(
    {
        "int16": (-(2**15), 2**15 - 1),
        "uint16": (0, 2**16 - 1),
        "int32": (-(2**31), 2**31 - 1),
        "uint32": (0, 2**32 - 1),
    }
)


@dataclass(frozen=True, slots=True)
class Register:
    """One line of a datasheet's register table.

    Attributes:
        address: of its first word (or bit), as it stands in the Modbus request, from 0.
        unit: UCUM; empty for bits.
        low: lowest value the sensor can tell; it saturates there.
        high: highest value the sensor can tell.
        noise: standard deviation of one sample, in `unit`.
        quantum: smallest step between two values, in `unit`.
        channel_class: the physical quantity.
    """

    channel: str
    table: Table
    address: int
    encoding: Encoding
    meaning: str
    channel_class: str
    unit: str = ""
    low: float = 0.0
    high: float = 1.0
    noise: float = 0.0
    quantum: float = 1.0
    scale: float = 1.0
    offset: float = 0.0

    @property
    def is_bit(self) -> bool:
        """Whether this is a discrete input."""
        return self.encoding == "bit"

    @property
    def width(self) -> int:
        """How many words (or bits) it takes."""
        return 1 if self.is_bit else struct.calcsize(FORMATS[self.encoding]) // 2

    @property
    def span(self) -> float:
        """The width of the measuring range, in `unit`."""
        return self.high - self.low

    @property
    def addresses(self) -> range:
        """The addresses it occupies in its table."""
        return range(self.address, self.address + self.width)


def to_words(register: Register, value: float) -> tuple[int, ...]:
    """Quantise `value` and lay it out as words; a bit is one word, 0 or 1.

    Values outside the measuring range are told as its nearest end, as a saturated sensor does.
    """
    if register.is_bit:
        return (1 if value >= 0.5 else 0,)
    inside = min(max(value, register.low), register.high)
    raw: float | int
    if register.encoding == "float32":
        raw = round(inside / register.quantum) * register.quantum
    else:
        lowest, highest = RAW_RANGES[register.encoding]
        steps = round((inside - register.offset) / register.scale)
        raw = min(max(steps, lowest), highest)
    data = struct.pack(FORMATS[register.encoding], raw)
    return struct.unpack(f">{register.width}H", data)


def from_words(register: Register, words: tuple[int, ...]) -> float:
    """Return the value that `words` stand for, in the register's unit."""
    if register.is_bit:
        return float(words[0])
    data = struct.pack(f">{register.width}H", *words)
    (raw,) = struct.unpack(FORMATS[register.encoding], data)
    return float(raw) * register.scale + register.offset
