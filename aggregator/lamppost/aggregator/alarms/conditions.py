"""Open conditions: how long they stand, what hides them, and what is told of them.

What something larger explains is hidden: it goes on unseen, and is told after all when nothing
explains it any more.
"""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event, Key
from lamppost.aggregator.alarms.masks import Masks
from lamppost.aggregator.alarms.reasons import reason
from lamppost.aggregator.alarms.topology import Topology

# A condition that comes back so soon after its end (ms, readings' time) is the same event.
HOLD_MS = {e.RANGE: 5_000, e.STUCK: 2_000, e.SPIKE: 30_000, e.GAP: 2_000, e.DEVIATION: 5_000}
DEFAULT_HOLD_MS = 5_000
SLOW_MS = 60_000
HOLD_HEARTBEATS = 1.5
"""Where a channel may be silent for longer than SLOW_MS a hold is at least so many of them."""
RELEASE_MS = 15_000
"""What was hidden has so long to end by itself once nothing explains it any more."""


@dataclass(slots=True)
class Standing:
    """One condition."""

    event: Event
    cleared_ms: int | None = None  # the readings' time
    cleared_at_ms: int = 0  # the aggregator's
    hidden: bool = False
    release_ms: int | None = None  # when a hidden one is told, unless it ends before
    hold_ms: int = DEFAULT_HOLD_MS  # of one that has cleared


class Conditions:
    """All of them; what is told goes to the end of the lists that are given.

    Args:
        topology: what feeds what.
        max_open: beyond so many they are counted in `dropped` and not told.
    """

    def __init__(self, topology: Topology, max_open: int) -> None:
        self.dropped = 0
        self.standing: dict[Key, Standing] = {}
        self.masks = Masks(topology, self.standing.__contains__)
        self._max_open = max_open
        self._by_node: dict[str, set[Key]] = {}
        self._cleared: set[Key] = set()
        self._hidden: set[Key] = set()
        self._relations: set[Key] = set()

    @property
    def hidden(self) -> int:
        """How many conditions something larger explains."""
        return len(self._hidden)

    def is_hidden(self, key: Key) -> bool:
        """Whether something larger explains it."""
        return key in self._hidden

    def holds(self, key: Key) -> bool:
        """Whether it is open and does not seem over."""
        return key in self.standing and key not in self._cleared

    def of_node(self, node: str) -> list[Key]:
        """What is open at a node, in order."""
        return sorted(self._by_node.get(node, ()))

    def relations(self) -> list[Key]:
        """What is open of groups of sensors, in order."""
        return sorted(self._relations)

    def resume(self, key: Key, onset_ms: int, told: list[Event]) -> Standing | None:
        """The condition as it goes on, when it is open still or was so within its hold."""
        known = self.standing.get(key)
        if known is None or known.cleared_ms is None:
            return known
        if onset_ms - known.cleared_ms > known.hold_ms:
            self.close(key, known.cleared_ms, told)
            return None
        known.cleared_ms = None
        self._cleared.discard(key)
        return known

    def tick(self, now_ms: int) -> tuple[bool, list[Event]]:
        """Let time alone close and show what it may; call it about once a second.

        Returns:
            Whether anything changed, and the events.
        """
        told: list[Event] = []
        changed = False
        for key in sorted(self._cleared):
            condition = self.standing[key]
            if now_ms - condition.cleared_at_ms >= condition.hold_ms:
                self.close(key, condition.cleared_ms, told)
                changed = True
        for key in sorted(self._hidden - self._cleared):
            changed |= self._release(key, now_ms, told)
        return changed, told

    def open_events(self) -> tuple[Event, ...]:
        """What is open now and not hidden, oldest onset first."""
        events = [one.event for one in self.standing.values() if not one.hidden]
        return tuple(sorted(events, key=lambda event: (event.onset_ms, event.id)))

    def put(self, key: Key, event: Event, told: list[Event]) -> None:
        """Open a condition, or change it."""
        event = replace(event, reason=reason(event))
        known = self.standing.get(key)
        if known is not None:
            known.event = event
        elif len(self.standing) >= self._max_open:
            self.dropped += 1
            return
        else:
            self.standing[key] = Standing(event, hidden=self.masks.hides(key))
            self._by_node.setdefault(key[2], set()).add(key)
            if key[0] == e.RELATION:
                self._relations.add(key)
            if self.standing[key].hidden:
                self._hidden.add(key)
        if key not in self._hidden:
            told.append(event)
        if known is None:
            self.hide(sorted(self.masks.may_hide(key)), event.detected_ms, told)

    def clear(
        self, key: Key, time_ms: int, now_ms: int, heartbeat_ms: int | None = None
    ) -> None:
        """It seems over, at `time_ms`; the hold begins.

        Args:
            key: the condition.
            time_ms: of the reading that says so.
            now_ms: the aggregator's time.
            heartbeat_ms: how long its channel may be silent, None when nobody said.
        """
        condition = self.standing.get(key)
        if condition is None or condition.cleared_ms is not None:
            return
        condition.cleared_ms = max(time_ms, condition.event.onset_ms)
        condition.cleared_at_ms = now_ms
        condition.hold_ms = _hold_ms(key[0], heartbeat_ms)
        self._cleared.add(key)

    def close(self, key: Key, end_ms: int | None, told: list[Event]) -> None:
        """It is over; told unless it was hidden."""
        one = self.standing.pop(key)
        self._by_node[key[2]].discard(key)
        if not self._by_node[key[2]]:
            del self._by_node[key[2]]
        self._cleared.discard(key)
        self._relations.discard(key)
        if key in self._hidden:
            self._hidden.discard(key)
        else:
            told.append(_ended(one.event, end_ms))

    def hide(self, nodes: Iterable[str], time_ms: int, told: list[Event]) -> None:
        """Keep from the operator what by now something larger explains."""
        for node in nodes:
            for key in sorted(self._by_node.get(node, ())):
                if key in self._hidden or not self.masks.hides(key):
                    continue
                one = self.standing[key]
                one.hidden, one.release_ms = True, None
                self._hidden.add(key)
                told.append(_ended(one.event, max(time_ms, one.event.onset_ms)))

    def show(self, key: Key, told: list[Event]) -> None:
        """Nothing explains it any more."""
        one = self.standing[key]
        one.hidden, one.release_ms = False, None
        self._hidden.discard(key)
        told.append(one.event)

    def _release(self, key: Key, now_ms: int, told: list[Event]) -> bool:
        """Show what outlasts its explanation; returns whether anything changed."""
        one = self.standing[key]
        if self.masks.hides(key):
            changed, one.release_ms = one.release_ms is not None, None
            return changed
        if one.release_ms is None:
            one.release_ms = now_ms + RELEASE_MS
            return True
        if now_ms < one.release_ms:
            return False
        self.show(key, told)
        return True

    def state(self) -> dict[str, Any]:
        """JSON-ready state for a checkpoint."""
        return {
            "open": [
                [
                    asdict(one.event),
                    one.cleared_ms,
                    one.cleared_at_ms,
                    one.hidden,
                    one.release_ms,
                    one.hold_ms,
                ]
                for one in self.standing.values()
            ],
            "offline": sorted(self.masks.offline),
            "maintenance": sorted(self.masks.maintenance),
            "dropped": self.dropped,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned; fields that an older release lacked are blank."""
        self.standing.clear()
        self._by_node.clear()
        for fields, *rest in state["open"]:
            one = Standing(Event.from_json(fields), *rest)
            self.standing[one.event.key] = one
            self._by_node.setdefault(one.event.node, set()).add(one.event.key)
        standing = self.standing.items()
        self._cleared = {key for key, one in standing if one.cleared_ms is not None}
        self._hidden = {key for key, one in standing if one.hidden}
        self._relations = {key for key, _ in standing if key[0] == e.RELATION}
        self.masks.offline = {(g, n, d) for g, n, d in state["offline"]}
        self.masks.maintenance = frozenset(
            (g, n, d) for g, n, d in state.get("maintenance", ())
        )
        self.dropped = int(state["dropped"])


def _hold_ms(kind: str, heartbeat_ms: int | None) -> int:
    """How long it has to stay away: at least until its channel has had to speak again."""
    hold_ms = HOLD_MS.get(kind, DEFAULT_HOLD_MS)
    if heartbeat_ms is None or heartbeat_ms <= SLOW_MS:
        return hold_ms
    return max(hold_ms, int(HOLD_HEARTBEATS * heartbeat_ms))


def _ended(event: Event, end_ms: int | None) -> Event:
    event = replace(event, end_ms=end_ms)
    return replace(event, reason=reason(event))
