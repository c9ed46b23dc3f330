"""Which batch goes out next, and which are on their way: decisions only, no I/O.

Live batches go in the order of their numbers. What lies behind at the start of a session is
sent first when it is short, and as backfill beside live batches when it is long. Until a batch
is acknowledged it is in flight; what stays unacknowledged is sent again.

A host that acknowledges gets all of this. Without one (`acking` is False) this is a plain
Sparkplug node: live batches go out as they come, backfill goes at a bounded pace, nothing is
sent twice.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from lamppost.wire.delivery import Ack

MAX_BACKOFF: Final = 8
"""A batch that is never acknowledged waits at most so many times the first timeout."""

PLAIN_HOLD_S: Final = 1.0
"""To a host that never acknowledges, a backfilled batch holds its place for so long."""

STALL_TIMEOUTS: Final = 3
"""After so many ack timeouts without any ack a full window gives up on acknowledgement."""

MAX_SHARE: Final = 0.9
"""Live batches keep at least the rest, whatever is configured."""


class Road(Enum):
    """How a batch goes out."""

    LIVE = auto()
    BACKFILL = auto()
    AGAIN = auto()


@dataclass(frozen=True, slots=True)
class Step:
    """What to send next: on LIVE and BACKFILL the batch after `number`, on AGAIN itself."""

    road: Road
    number: int


@dataclass(slots=True)
class Flight:
    """A batch on its way."""

    device: str
    due_s: float
    backfill: bool
    tries: int = 1


class Window:
    """The bounded set of unacknowledged batches and the two cursors that feed it.

    Args:
        size: most batches in flight.
        share: of the messages, and of the places in flight, that backfill may take.
        ack_timeout_s: after which a batch is sent again.
        patient: never gives up on acknowledgement, because the host is known to give it.
    """

    def __init__(
        self, size: int, share: float, ack_timeout_s: float, *, patient: bool = False
    ) -> None:
        self._size, self._timeout_s, self._patient = size, ack_timeout_s, patient
        self._share = min(share, MAX_SHARE)
        self._flights: dict[int, Flight] = {}
        self._credit = 0.0
        self._due_s = float("inf")
        self._heard_s = 0.0
        self.acking = False
        self.live = 0
        self.back = 0
        self.back_end = 0

    @property
    def in_flight(self) -> frozenset[int]:
        """The numbers of the batches on their way."""
        return frozenset(self._flights)

    @property
    def due_s(self) -> float:
        """When the next batch is due for another try; infinity when none is."""
        return self._due_s

    def begin(self, oldest: int, last: int, now_s: float, *, short: bool) -> None:
        """Start over from the oldest batch that is held: a new session, or a rebirth."""
        self._flights.clear()
        self._due_s, self._heard_s = float("inf"), now_s
        if short:
            self.live, self.back, self.back_end = oldest - 1, 0, 0
        else:
            self.live, self.back, self.back_end = last, oldest - 1, last

    def fall_behind(self, last: int) -> None:
        """The live cursor lags too far: what is between it and the newest becomes backfill."""
        if self.back >= self.back_end:
            self.back = self.live
        self.back_end = self.live = last

    def choose(self, last: int, now_s: float) -> Step | None:
        """What to send next, given the newest batch number; None when nothing may go."""
        if now_s >= self._due_s:
            self._review(now_s)
            if (again := self._overdue(now_s)) is not None:
                return Step(Road.AGAIN, again)
        live = last > self.live and self._has_room()
        back = self.back < self.back_end and self._has_room() and self._has_back_room()
        if live and back:
            self._credit += self._share
            if self._credit < 1:
                return Step(Road.LIVE, self.live)
            self._credit -= 1
            return Step(Road.BACKFILL, self.back)
        if live:
            return Step(Road.LIVE, self.live)
        return Step(Road.BACKFILL, self.back) if back else None

    def sent(self, step: Step, number: int, device: str, now_s: float) -> None:
        """A batch went out on that road."""
        backfill = step.road is Road.BACKFILL
        if step.road is Road.AGAIN:
            if (flight := self._flights.get(number)) is None:
                return  # acknowledged while it was read from the disk
            flight.tries += 1
            wait_s = self._timeout_s * min(2 ** (flight.tries - 1), MAX_BACKOFF)
            flight.due_s = now_s + wait_s
        else:
            self.passed(step, number)
            if self.acking:
                self._flights[number] = Flight(device, now_s + self._timeout_s, backfill)
            elif backfill:
                self._flights[number] = Flight(device, now_s + PLAIN_HOLD_S, backfill)
        self._due_s = min(
            (flight.due_s for flight in self._flights.values()), default=float("inf")
        )

    def passed(self, step: Step, number: int) -> None:
        """Move the cursor of a road on, past a batch that was sent or need not be."""
        if step.road is Road.LIVE:
            self.live = number
        elif step.road is Road.BACKFILL:
            self.back = number

    def gone(self, number: int) -> None:
        """A batch is no longer held, so it is not in flight either."""
        self._flights.pop(number, None)

    def acked(self, ack: Ack, now_s: float) -> bool:
        """Take an acknowledgement; True when it is the first sign that this host gives any."""
        self._heard_s = now_s
        for number in [number for number in self._flights if ack.covers(number)]:
            del self._flights[number]
        first, self.acking = not self.acking, True
        return first

    def give_up_if_stalled(self, now_s: float) -> bool:
        """Stop waiting for acks that never come; True when that was decided just now."""
        silent = now_s - self._heard_s > STALL_TIMEOUTS * self._timeout_s
        if self._patient or not (self.acking and silent and not self._has_room()):
            return False
        self.acking = False
        self._flights.clear()
        self._due_s = float("inf")
        return True

    def is_idle(self, last: int) -> bool:
        """Whether everything was sent at least once."""
        return self.live >= last and self.back >= self.back_end

    def carries(self, device: str) -> bool:
        """Whether a batch of that device is on its way."""
        return any(flight.device == device for flight in self._flights.values())

    def _has_room(self) -> bool:
        return not self.acking or len(self._flights) < self._size

    def _has_back_room(self) -> bool:
        backfill = sum(flight.backfill for flight in self._flights.values())
        return backfill < max(1, int(self._size * self._share))

    def _review(self, now_s: float) -> None:
        if not self.acking:
            for number in list(self._overdue_all(now_s)):
                del self._flights[number]
        self._due_s = min(
            (flight.due_s for flight in self._flights.values()), default=float("inf")
        )

    def _overdue(self, now_s: float) -> int | None:
        return next(self._overdue_all(now_s), None)

    def _overdue_all(self, now_s: float) -> Iterator[int]:
        return (number for number, flight in self._flights.items() if flight.due_s <= now_s)
