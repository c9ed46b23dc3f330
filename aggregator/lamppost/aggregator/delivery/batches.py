"""Which batches of a node are durable here, which are on their way, and what may be acked.

A batch is claimed when its readings go to the spool and becomes durable when the spool's commit
returned; only durable batches are ever acked. A claim that is forgotten, because its frame had
to be dropped, is as if the batch had never come: the node sends it again.
"""

from collections.abc import Iterable
from typing import Any, Self

from lamppost.wire.delivery import Ack, Header, Received

MAX_EPOCHS = 4
"""A node has one epoch per buffer file; more than a few at once is a mistake or a lie."""


class Delivery:
    """The acknowledged delivery of one node."""

    def __init__(self) -> None:
        self.duplicates = 0
        self.next_ack_ms = 0
        self._durable: dict[int, Received] = {}
        self._claimed: set[tuple[int, int]] = set()
        self._latest: int | None = None

    @property
    def epoch(self) -> int | None:
        """The epoch of the latest batch, None before the first."""
        return self._latest

    def knows(self, epoch: int) -> bool:
        """Whether batches of that epoch came before."""
        return epoch in self._durable

    def seen(self, header: Header) -> bool:
        """Whether the batch is durable or claimed; closes what the header says is evicted."""
        received = self._of(header.epoch)
        received.raise_floor(header.oldest)
        self._latest = header.epoch
        return (header.epoch, header.batch) in self._claimed or received.seen(header.batch)

    def claim(self, epoch: int, batch: int) -> None:
        """The readings of a batch are on their way to the spool."""
        self._claimed.add((epoch, batch))

    def forget(self, epoch: int, batch: int) -> None:
        """They did not get there: a resend is welcome."""
        self._claimed.discard((epoch, batch))

    def durable(self, epoch: int, batch: int) -> None:
        """The spool's commit returned."""
        self._claimed.discard((epoch, batch))
        self._of(epoch).add(batch)
        self._latest = epoch

    def ack(self) -> Ack | None:
        """What may be said to the node now; None before its first batch."""
        if self._latest is None:
            return None
        return self._durable[self._latest].ack()

    def state(self) -> dict[str, Any]:
        """The durable part as JSON values; claims die with the process."""
        return {
            "latest": self._latest,
            "duplicates": self.duplicates,
            "received": [received.state() for received in self._durable.values()],
        }

    @classmethod
    def from_state(cls, state: dict[str, Any]) -> Self:
        """Rebuild from `state`'s output."""
        delivery = cls()
        delivery.duplicates = int(state["duplicates"])
        delivery._restore(Received.from_state(one) for one in state["received"])
        latest = state["latest"]
        delivery._latest = None if latest is None else int(latest)
        return delivery

    def _restore(self, received: Iterable[Received]) -> None:
        self._durable = {one.epoch: one for one in received}

    def _of(self, epoch: int) -> Received:
        received = self._durable.get(epoch)
        if received is None:
            received = self._durable[epoch] = Received(epoch)
            while len(self._durable) > MAX_EPOCHS:
                gone = next(iter(self._durable))
                del self._durable[gone]
                self._claimed = {claim for claim in self._claimed if claim[0] != gone}
        return received
