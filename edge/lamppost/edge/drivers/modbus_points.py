"""Where one channel lives in a Modbus device, and how its words become a value."""

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final

from lamppost.wire.datatypes import DataType


class Table(Enum):
    """The four address spaces of a Modbus device."""

    INPUT = "input"
    HOLDING = "holding"
    COIL = "coil"
    DISCRETE = "discrete"

    @property
    def is_bits(self) -> bool:
        """Whether its words are single bits."""
        return self in (Table.COIL, Table.DISCRETE)


class Encoding(Enum):
    """How a number lies in 16-bit registers; the value is `struct`'s code for it."""

    INT16 = "h"
    UINT16 = "H"
    INT32 = "i"
    UINT32 = "I"
    FLOAT32 = "f"

    @property
    def registers(self) -> int:
        """Registers that one number takes."""
        return 1 if self in (Encoding.INT16, Encoding.UINT16) else 2


ENCODINGS: Final = {encoding.name.lower(): encoding for encoding in Encoding}
BIG: Final = "big"
LITTLE: Final = "little"


@dataclass(frozen=True, slots=True)
class Point:
    """One channel's place. `encoding` is None for a coil or discrete input."""

    channel: str
    table: Table
    address: int
    datatype: DataType
    encoding: Encoding | None = None
    scale: float = 1.0
    offset: float = 0.0
    word_order: str = BIG

    @property
    def count(self) -> int:
        """Words this point takes: registers, or one bit."""
        return 1 if self.encoding is None else self.encoding.registers

    @property
    def end(self) -> int:
        """The first address after it."""
        return self.address + self.count

    def value(self, words: Sequence[int], first: int) -> float | int | bool:
        """This point's value out of words read from address `first` on."""
        at = self.address - first
        if self.encoding is None:
            return bool(words[at])
        raw = decode(words[at : at + self.count], self.encoding, self.word_order)
        if self.datatype is DataType.BOOLEAN:
            return raw != 0
        if self.datatype is DataType.INT64:
            return int(raw) * int(self.scale) + int(self.offset)
        # Untouched unless asked: 1.0 * x + 0.0 would turn -0.0 into 0.0.
        if self.scale == 1.0 and self.offset == 0.0:
            return float(raw)
        return raw * self.scale + self.offset


def decode(words: Sequence[int], encoding: Encoding, word_order: str) -> float | int:
    """The number that lies in one or two registers; bytes inside a register are big-endian."""
    ordered = words if word_order == BIG else words[::-1]
    data = struct.pack(f">{len(ordered)}H", *ordered)
    number: float | int = struct.unpack(f">{encoding.value}", data)[0]
    return number
