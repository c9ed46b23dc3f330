"""Which sensors are judged together: by whoever says it first, else by what they do."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from lamppost.aggregator.alarms.event import Event, Place
from lamppost.aggregator.judge.group_state import MEMBERS
from lamppost.aggregator.judge.groups import Groups
from lamppost.aggregator.nodes.births import NUMERIC
from lamppost.aggregator.nodes.series import SeriesIndex, SeriesInfo
from lamppost.aggregator.pipeline.kin import Kin
from lamppost.aggregator.pipeline.leads import is_counter
from lamppost.aggregator.settings.groups import GroupConfig

NAMED, ASSET, LEARNED, DEVICE = "named", "asset", "learned", "device"


class TeamKey(NamedTuple):
    """What makes sensors a team, and which."""

    by: str
    name: str


class Teams:
    """Puts series into groups: by `[[groups]]`, else by asset, else learned, else by device.

    A device stands for an asset that nobody has named. Counters only rise and are in none, and
    alone nobody is a group. A team of more than a group holds is several, in order of birth.
    Who is where depends on what is known now, not on the order in which it became known.

    Args:
        groups: filled and emptied here alone.
        index: of all series.
        declared: groups by configuration.
    """

    def __init__(
        self, groups: Groups, index: SeriesIndex, declared: Iterable[GroupConfig] = ()
    ) -> None:
        self.parted = False
        """Groups were dissolved; whoever told of them has to say that it is over."""
        self.kin = Kin()
        self._groups = groups
        self._index = index
        self._named = {name: one.name for one in declared for name in one.members}
        self._keys: dict[int, TeamKey] = {}
        self._teams: dict[TeamKey, set[int]] = {}
        self._made: dict[TeamKey, list[int]] = {}
        self._names: dict[int, str] = {}
        self._moved: set[TeamKey] = set()
        self._asset: dict[int, str] = {}
        self._assets_at: dict[Place, dict[str, int]] = {}

    def admit(self, info: SeriesInfo) -> None:
        """Take a series that is new, or of which something else is known now."""
        self._bind(info, info.asset)
        said = self._said(info)
        if said is None and info.datatype in NUMERIC and not is_counter(info):
            changed = self.kin.admit(info)
        else:
            changed = self.kin.drop(info.index)
        self._assign(info.index, said or self._learned(info))
        self._relearn(changed - {info.index})

    def asset_of(self, event: Event) -> str:
        """The asset that an event is about; "" when nobody has named one, or there are several.

        A device that is lost is about the asset of its channels.
        """
        if event.series in self._asset:
            return self._asset[event.series]
        there = self._assets_at.get(event.asset, {})
        return next(iter(there)) if event.series < 0 and len(there) == 1 else ""

    def look(self) -> bool:
        """Learn what belongs together, where it is time to; returns whether it was anywhere."""
        changed = self.kin.look()
        self._relearn(changed or ())
        return changed is not None

    def restore(self, kin: list[Any]) -> None:
        """Take over what was learned; `kin` is its state."""
        self.kin.restore(kin)
        self._relearn(info.index for info in self._index if info.index in self.kin)

    def _relearn(self, changed: Iterable[int]) -> None:
        for series in changed:
            self._assign(series, self._learned(self._index[series]))

    def _assign(self, series: int, key: TeamKey | None) -> None:
        known = self._keys.get(series)
        if key == known:
            return
        if known is not None:
            del self._keys[series]
            self._teams[known].discard(series)
            self._moved.add(known)
        if key is not None:
            self._keys[series] = key
            self._teams.setdefault(key, set()).add(series)
            self._moved.add(key)

    def settle(self) -> None:
        """Make the groups what the teams are by now; cheap when nothing has changed."""
        if not self._moved:
            return
        moved, self._moved = sorted(self._moved), set()
        wanted = {key: _parts(self._teams[key]) for key in moved}
        for key in moved:
            self._part(key, wanted[key])
        for key in moved:
            self._gather(key, wanted[key])
            if not self._teams[key]:
                del self._teams[key]

    def name(self, group: int) -> str:
        """Its name; "" for the first group of a device."""
        return self._names[group]

    def told_as(self) -> Collection[tuple[Place, str]]:
        """Place and name of each group that was told to depart, and not yet to be whole."""
        return {
            (place_of(self._index[self._groups.members(group)[0]]), name)
            for group, name in self._names.items()
            if self._groups.is_told(group)
        }

    def _bind(self, info: SeriesInfo, asset: str) -> None:
        """Keep in mind which asset a series tells of."""
        known = self._asset.pop(info.index, "")
        if known != asset:
            there = self._assets_at.setdefault(place_of(info), {})
            for name, more in ((known, -1), (asset, 1)):
                there[name] = there.get(name, 0) + more
                if not name or not there[name]:
                    del there[name]
        if asset:
            self._asset[info.index] = asset

    def _said(self, info: SeriesInfo) -> TeamKey | None:
        if info.datatype not in NUMERIC or is_counter(info):
            return None
        path = "/".join(part for part in info.key if part)
        if path in self._named:
            return TeamKey(NAMED, self._named[path])
        asset = self._asset.get(info.index)
        return TeamKey(ASSET, asset) if asset else None

    def _learned(self, info: SeriesInfo) -> TeamKey | None:
        if info.index not in self.kin:
            return None
        members = self.kin.group_of(info.index)
        if members:
            return TeamKey(LEARNED, "+".join(map(str, members)))
        if info.device:
            return TeamKey(DEVICE, f"{info.group}/{info.node}/{info.device}")
        return None

    def _part(self, key: TeamKey, wanted: list[list[int]]) -> None:
        """Dissolve the groups of a team that are no beginning of what is wanted."""
        made = self._made.get(key, [])
        kept: list[int] = []
        for group, part in zip(made, wanted, strict=False):
            now = list(self._groups.members(group))
            if now != part[: len(now)]:
                break
            kept.append(group)
        for group in made[len(kept) :]:
            self._groups.dissolve(group)
            del self._names[group]
            self.parted = True
        self._made[key] = kept

    def _gather(self, key: TeamKey, wanted: list[list[int]]) -> None:
        made = self._made.pop(key)
        for number, part in enumerate(wanted):
            if number == len(made):
                made.append(self._groups.add_group())
                self._names[made[-1]] = _name(key, number + 1, self._index[part[0]].metric)
            for series in part[len(self._groups.members(made[number])) :]:
                self._groups.join(made[number], series)
        if made:
            self._made[key] = made


def _parts(members: Iterable[int]) -> list[list[int]]:
    """As many as a group holds each; one that would be left alone is in none."""
    known = sorted(members)
    parts = [known[at : at + MEMBERS] for at in range(0, len(known), MEMBERS)]
    return [part for part in parts if len(part) > 1]


def _name(key: TeamKey, number: int, first_metric: str) -> str:
    if key.by == LEARNED:
        return f"learned with {first_metric}"
    first = "" if key.by == DEVICE else key.name
    if number == 1:
        return first
    return f"{first or 'group'} {number}"


def place_of(first: SeriesInfo) -> Place:
    """Where a group's events are told of: at the device of its first member."""
    return first.group, first.node, first.device
