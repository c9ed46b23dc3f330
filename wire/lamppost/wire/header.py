"""The delivery header: which of a node's batches a data message is."""

import struct
from dataclasses import dataclass

from lamppost.wire.payload import MAX_UINT64

_HEADER = struct.Struct("<4sQQQ")
_MAGIC = b"LPD1"


class DeliveryError(ValueError):
    """A header, an acknowledgement or a ledger that breaks its rules."""


@dataclass(frozen=True, slots=True)
class Header:
    """What a data message carries in `body`.

    Attributes:
        epoch: When the node's buffer was created, in UTC milliseconds; a new one counts anew.
        batch: The message's number, from 1; a repeated message keeps it.
        oldest: The oldest number that the node still holds. All below are acknowledged or
            evicted and will never come again.
    """

    epoch: int
    batch: int
    oldest: int

    def __post_init__(self) -> None:
        if not (0 <= self.epoch <= MAX_UINT64 and 1 <= self.oldest <= self.batch <= MAX_UINT64):
            raise DeliveryError(f"came {self}, allowed: 1 <= oldest <= batch, all in 64 bits")

    def pack(self) -> bytes:
        """Return the 28 bytes of the header."""
        return _HEADER.pack(_MAGIC, self.epoch, self.batch, self.oldest)

    @staticmethod
    def unpack(body: bytes | None) -> "Header | None":
        """Return the header in a payload's body, or None when there is none of ours in it."""
        if body is None or len(body) != _HEADER.size:
            return None
        magic, epoch, batch, oldest = _HEADER.unpack(body)
        if magic != _MAGIC or not 1 <= oldest <= batch:
            return None
        return Header(epoch, batch, oldest)
