"""What hides what: a lost device its channels, maintenance an asset, a feeder the fed."""

from collections.abc import Callable, Collection

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Key, Place
from lamppost.aggregator.alarms.topology import Path, Topology

POWER_KINDS = (e.DEVIATION, e.RANGE)
"""A feeding channel that reads so has lost its supply; a stuck or silent one says nothing."""

LOSSES = (e.NODE_OFFLINE, e.DEVICE_OFFLINE)


class Masks:
    """Which conditions are explained by something larger, as things are now.

    Args:
        topology: what feeds what.
        is_open: whether a condition is open, hidden or not.
    """

    def __init__(self, topology: Topology, is_open: Callable[[Key], bool]) -> None:
        self.offline: set[Place] = set()
        self.maintenance: frozenset[Place] = frozenset()
        self.topology = topology
        self._is_open = is_open

    def hides(self, key: Key) -> bool:
        """Whether a condition is to be kept from the operator."""
        return (
            self.in_maintenance(key[1:4])
            or self.is_lost(key)
            or (
                key[2] in self.topology.fed_nodes
                and self._is_unfed(key[1], Path(key[2], key[3], key[4]))
            )
        )

    def is_lost(self, key: Key) -> bool:
        """Whether the node or device of a condition is offline; its own loss is not hidden."""
        kind, group, node, device, _ = key
        if kind != e.NODE_OFFLINE and (group, node, "") in self.offline:
            return True
        return kind not in LOSSES and (group, node, device) in self.offline

    def in_maintenance(self, place: Place) -> bool:
        """Whether somebody works on a node or device."""
        if not self.maintenance:
            return False
        return place in self.maintenance or (*place[:2], "") in self.maintenance

    def may_hide(self, key: Key) -> Collection[str]:
        """The nodes that a newly opened condition may hide something of, by what it feeds."""
        return self.topology.below(key[2])

    def _is_unfed(self, group: str, path: Path) -> bool:
        """Whether something above has failed; a ring of configuration and register ends."""
        seen, waiting = {path}, [path]
        while waiting:
            for parent in self.topology.parents(group, waiting.pop()):
                if parent in seen:
                    continue
                if self._has_failed(group, parent):
                    return True
                seen.add(parent)
                waiting.append(parent)
        return False

    def _has_failed(self, group: str, parent: Path) -> bool:
        node, device, channel = parent
        if (group, node, "") in self.offline or (group, node, device) in self.offline:
            return True
        return bool(channel) and any(
            self._is_open((kind, group, *parent)) for kind in POWER_KINDS
        )
