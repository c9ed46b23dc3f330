"""The acknowledgement that answers delivery headers: what has become durable."""

import re
from dataclasses import dataclass

from lamppost.wire.header import DeliveryError
from lamppost.wire.payload import MAX_UINT64

MAX_RANGES = 64
"""Ranges beyond the cumulative number that one acknowledgement names."""

_FORM = "epoch:upto or epoch:upto:a-b,c-d with ascending whole numbers"
_NUMBER = r"[0-9]{1,20}"
_ACK = re.compile(
    rf"({_NUMBER}):({_NUMBER})(?::({_NUMBER}-{_NUMBER}(?:,{_NUMBER}-{_NUMBER})*))?"
)
_SHOWN_CHARS = 100


@dataclass(frozen=True, slots=True)
class Ack:
    """Which batches of an epoch are durable: all up to `upto`, and the closed ranges beyond."""

    epoch: int
    upto: int
    ranges: tuple[tuple[int, int], ...] = ()

    def __post_init__(self) -> None:
        if len(self.ranges) > MAX_RANGES:
            raise DeliveryError(f"came {len(self.ranges)} ranges, allowed: {MAX_RANGES}")
        if not (0 <= self.epoch <= MAX_UINT64 and 0 <= self.upto <= MAX_UINT64):
            raise DeliveryError(f"came {self.epoch}:{self.upto}, allowed: numbers of 64 bits")
        before = self.upto
        for first, last in self.ranges:
            if not before < first <= last <= MAX_UINT64:
                raise DeliveryError(f"came {first}-{last} after {before}, allowed: {_FORM}")
            before = last

    @property
    def text(self) -> str:
        """The acknowledgement as the metric `Node Control/Lamppost Ack` carries it."""
        text = f"{self.epoch}:{self.upto}"
        if not self.ranges:
            return text
        return text + ":" + ",".join(f"{first}-{last}" for first, last in self.ranges)

    @classmethod
    def parse(cls, text: str) -> "Ack":
        """Return the acknowledgement that the text holds.

        Raises:
            DeliveryError: It has another form, or more than `MAX_RANGES` ranges.
        """
        match = _ACK.fullmatch(text)
        if match is None:
            raise DeliveryError(f"came {text[:_SHOWN_CHARS]!r}, allowed: {_FORM}")
        epoch, upto, listed = match.groups()
        pairs = [pair.split("-") for pair in listed.split(",")] if listed else []
        return cls(int(epoch), int(upto), tuple((int(a), int(b)) for a, b in pairs))

    def covers(self, batch: int) -> bool:
        """True when the batch is durable."""
        return batch <= self.upto or any(first <= batch <= last for first, last in self.ranges)
