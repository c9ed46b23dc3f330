"""Which batches of a node have come: the receiver's side of the delivery header."""

from bisect import bisect_right
from collections.abc import Mapping
from typing import Any

from lamppost.wire.ack import MAX_RANGES, Ack
from lamppost.wire.header import DeliveryError
from lamppost.wire.payload import MAX_UINT64

MAX_HELD_RANGES = 1_024
"""Ranges beyond the cumulative number that are remembered for one node and epoch."""


class Received:
    """The set of batches received in one epoch, as one number and a few ranges beyond it.

    Not thread-safe; one owner per node and epoch.
    """

    __slots__ = ("_ranges", "_upto", "epoch")

    def __init__(self, epoch: int, upto: int = 0) -> None:
        self.epoch = epoch
        self._upto = upto
        # Ascending, disjoint, never touching each other or `upto`.
        self._ranges: list[tuple[int, int]] = []

    def __repr__(self) -> str:
        return f"Received({self.state()})"

    def seen(self, batch: int) -> bool:
        """True when the batch has come, or never will (see `raise_floor`)."""
        if batch <= self._upto:
            return True
        at = bisect_right(self._ranges, (batch, MAX_UINT64))
        return at > 0 and batch <= self._ranges[at - 1][1]

    def add(self, batch: int) -> bool:
        """Remember a batch; True when it is new and now remembered.

        False means: seen already; or there are `MAX_HELD_RANGES` ranges and it touches none.
        In the latter case `seen` stays False and the caller should not keep the batch either:
        it is not acknowledged, so the node sends it again, when holes below have closed.
        """
        if self.seen(batch):
            return False
        ranges = self._ranges
        at = bisect_right(ranges, (batch, MAX_UINT64))
        joins_left = at > 0 and ranges[at - 1][1] == batch - 1
        joins_right = at < len(ranges) and ranges[at][0] == batch + 1
        if batch == self._upto + 1:
            self._upto = batch
            self._absorb()
        elif joins_left and joins_right:
            ranges[at - 1 : at + 1] = [(ranges[at - 1][0], ranges[at][1])]
        elif joins_left:
            ranges[at - 1] = (ranges[at - 1][0], batch)
        elif joins_right:
            ranges[at] = (batch, ranges[at][1])
        elif len(ranges) < MAX_HELD_RANGES:
            ranges.insert(at, (batch, batch))
        else:
            return False
        return True

    def raise_floor(self, oldest: int) -> None:
        """Close all holes below `oldest`: the node no longer holds what belonged in them."""
        if oldest - 1 > self._upto:
            self._upto = oldest - 1
            self._absorb()

    def ack(self) -> Ack:
        """Return what may be acknowledged, the lowest `MAX_RANGES` ranges of it."""
        return Ack(self.epoch, self._upto, tuple(self._ranges[:MAX_RANGES]))

    def state(self) -> dict[str, Any]:
        """Return a value for JSON that `from_state` reads."""
        return {
            "epoch": self.epoch,
            "upto": self._upto,
            "ranges": [list(pair) for pair in self._ranges],
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> "Received":
        """Return the set that `state` described.

        Raises:
            DeliveryError: It is no such description.
        """
        try:
            received = cls(int(state["epoch"]), int(state["upto"]))
            ranges = [(int(first), int(last)) for first, last in state["ranges"]]
        except (KeyError, TypeError, ValueError):
            raise DeliveryError(
                f"came {state!r}, allowed: epoch, upto and ranges as `state` gives them"
            ) from None
        before = received._upto + 1
        for first, last in ranges[: MAX_HELD_RANGES + 1]:
            if not before < first <= last:
                raise DeliveryError(f"came the range {first}-{last} after {before}")
            before = last + 1
        if len(ranges) > MAX_HELD_RANGES:
            raise DeliveryError(f"came {len(ranges)} ranges, allowed: {MAX_HELD_RANGES}")
        received._ranges = ranges
        return received

    def _absorb(self) -> None:
        """Take the ranges that `upto` has reached into it."""
        done = 0
        for first, last in self._ranges:
            if first > self._upto + 1:
                break
            self._upto = max(self._upto, last)
            done += 1
        del self._ranges[:done]
