"""What of the spool is in the store: everything up to a head, but for a few gaps.

After an outage the head goes on from where the spool ends by then, so that live readings do
not wait, and what lies between is a gap that is filled beside them. A gap that is full is gone;
when none is left, all before the head is stored again, as if nothing had happened.
"""

from dataclasses import dataclass, replace
from typing import Any, Self

MAX_GAPS = 16


@dataclass(frozen=True, slots=True)
class Progress:
    """Positions in the spool, each the start of a frame.

    Attributes:
        head: all before it is in the store, but for the gaps.
        gaps: (start, stop) of what is still missing, ascending, never empty ones.
        learned: the series that frames before it tell of are known; never before `head`.
    """

    head: int = 0
    gaps: tuple[tuple[int, int], ...] = ()
    learned: int = 0

    @property
    def position(self) -> int:
        """All before it is in the store."""
        return self.gaps[0][0] if self.gaps else self.head

    @property
    def missing_bytes(self) -> int:
        """How much is missing before the head."""
        return sum(stop - start for start, stop in self.gaps)

    @property
    def stored(self) -> tuple[tuple[int, int], ...]:
        """(start, stop) of what is stored behind the first gap."""
        starts = [stop for _, stop in self.gaps]
        stops = [*(start for start, _ in self.gaps[1:]), self.head]
        return tuple(zip(starts, stops if self.gaps else [], strict=True))

    def jumped(self, to: int) -> Self:
        """Return the progress of a head that leaves a gap; as it is when there are too many."""
        if to <= self.head or len(self.gaps) >= MAX_GAPS:
            return self
        return replace(self, head=to, gaps=(*self.gaps, (self.head, to)))

    def headed(self, end: int) -> Self:
        """Return the progress after the head has moved on over what is stored now."""
        return replace(self, head=end, learned=max(end, self.learned))

    def filled(self, end: int) -> Self:
        """Return the progress after the first gap was filled up to a position."""
        _, stop = self.gaps[0]
        left = ((end, stop),) if end < stop else ()
        return replace(self, gaps=left + self.gaps[1:])

    def in_order(self) -> Self:
        """Return the progress that forgets what lies behind the first gap; it comes again."""
        return replace(self, head=self.position, gaps=())

    def within(self, end: int) -> Self:
        """Return what of it holds for a spool that ends at a position.

        Recovery cuts only what no commit returned for, so a head beyond the end is that of
        another spool: what lies behind its first gap is not relied on.
        """
        if self.learned <= end:
            return self
        position = min(self.position, end)
        return type(self)(head=position, learned=position)

    def to_json(self) -> dict[str, Any]:
        """Return it as an object; older releases read `position` alone."""
        gaps = [list(gap) for gap in self.gaps]
        head = {"head": self.head, "gaps": gaps, "learned": self.learned}
        return {"position": self.position} | head

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        """Return the progress of an object; with positions that contradict, the least of it.

        Raises:
            KeyError: there is no position.
            TypeError: it is no object.
            ValueError: the position is none.
        """
        position = document["position"]
        if not isinstance(position, int) or position < 0:
            raise ValueError(f"position {position!r} came, allowed: 0 or more")
        try:
            gaps = tuple((int(start), int(stop)) for start, stop in document["gaps"])
            whole = cls(int(document["head"]), gaps, int(document["learned"]))
        except (KeyError, TypeError, ValueError):
            return cls(head=position, learned=position)
        sound = whole.position == position and whole._ascends() and len(gaps) <= MAX_GAPS
        return whole if sound else cls(head=position, learned=position)

    def _ascends(self) -> bool:
        marks = [*(mark for gap in self.gaps for mark in gap), self.head, self.learned]
        return marks == sorted(marks) and all(start < stop for start, stop in self.gaps)
