"""Which sensors are judged together: those a configuration names, else those of one device."""

from collections.abc import Iterable

from lamppost.aggregator.alarms.event import Place
from lamppost.aggregator.judge.groups import Groups
from lamppost.aggregator.nodes.births import NUMERIC
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.pipeline.rings import is_counter
from lamppost.aggregator.settings.groups import GroupConfig


class Teams:
    """Puts series into groups in the order of their births.

    A device is an asset: its numeric channels are one group, or several where there are more
    than a group holds. Counters only rise and are in none.
    """

    def __init__(self, groups: Groups, declared: Iterable[GroupConfig] = ()) -> None:
        self._groups = groups
        self._named = {name: one.name for one in declared for name in one.members}
        self._open: dict[tuple[str, ...], int] = {}
        self._names: list[str] = []
        self._made: dict[tuple[str, ...], int] = {}
        self._known: set[int] = set()

    def admit(self, info: SeriesInfo) -> None:
        """Find the group of a series that is new."""
        if info.index in self._known or info.datatype not in NUMERIC or is_counter(info):
            return
        path = "/".join(part for part in info.key if part)
        name = self._named.get(path, "")
        if not name and not info.device:
            return
        self._known.add(info.index)
        key = ("named", name) if name else (info.group, info.node, info.device)
        if key not in self._open or not self._groups.join(self._open[key], info.index):
            group = self._groups.add_group()
            self._groups.join(group, info.index)
            self._open[key] = group
            made = self._made[key] = self._made.get(key, 0) + 1
            self._names.append(name or ("" if made == 1 else f"group {made}"))

    def name(self, group: int) -> str:
        """Its name; "" for the first group of a device."""
        return self._names[group]


def place_of(first: SeriesInfo) -> Place:
    """Where a group's events are told of: at the asset of its first member."""
    return first.group, first.node, first.device
