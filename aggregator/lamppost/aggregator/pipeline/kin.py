"""Groups that nobody has declared, learned from how sensors of one place move together.

Once a day, by the times of the readings, the sensors of a place are compared. A group is made,
or changed, when looks on three days in a row have found the very same one, and goes when three
have not found it: it does not come and go with the weather.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import floor
from typing import Any

from lamppost.aggregator.judge.group_hours import Hours
from lamppost.aggregator.judge.group_kin import clusters, kinship
from lamppost.aggregator.judge.group_state import MEMBERS
from lamppost.aggregator.nodes.series import SeriesInfo

MAX_TOGETHER = 128
"""Sensors that are compared with one another; a place with more of them counts as several."""

CELL_DEG = 0.005  # some 500 m: sensors whose positions are known are of one place
ENTER, LEAVE = 0.5, 0.3  # kinship
LOOKS = 3
EVERY_H = 24.0

Members = tuple[int, ...]


@dataclass(slots=True)
class _Place:
    """Who is compared with whom; counts are looks in a row."""

    members: list[int] = field(default_factory=list)
    groups: list[Members] = field(default_factory=list)
    found: dict[Members, int] = field(default_factory=dict)
    missed: dict[Members, int] = field(default_factory=dict)


class Kin:
    """Sensors of which nobody says what they belong to; one thread calls it."""

    def __init__(self) -> None:
        self.hours = Hours()
        self._places: dict[tuple[str, ...], _Place] = {}
        self._of: dict[int, tuple[str, ...]] = {}
        self._device: dict[int, str] = {}
        self._at_device: dict[str, int] = {}
        self._group_of: dict[int, Members] = {}

    def __contains__(self, series: int) -> bool:
        return series in self._of

    def admit(self, info: SeriesInfo) -> set[int]:
        """Take a sensor, or its new position; returns those whose group is another one now."""
        where, series = _where(info), info.index
        known = self._of.get(series)
        if known is not None and known[:-1] == where:
            return set()
        changed: set[int] = set()
        if known is None:
            self.hours.add(series)
            self._device[series] = device = f"{info.group}/{info.node}/{info.device}"
            self._at_device[device] = self._at_device.get(device, 0) + 1
        else:
            changed = self._leave(series)
        number = 0
        while len(self._place((*where, str(number))).members) >= MAX_TOGETHER:
            number += 1
        self._enter((*where, str(number)), series)
        return changed

    def drop(self, series: int) -> set[int]:
        """Forget a sensor: by now somebody says what it belongs to; returns as `admit` does."""
        if series not in self._of:
            return set()
        self.hours.drop(series)
        self._at_device[self._device.pop(series)] -= 1
        return self._leave(series)

    def group_of(self, series: int) -> Members:
        """The sensors it belongs to, itself among them; () for none."""
        return self._group_of.get(series, ())

    def look(self) -> set[int] | None:
        """Look at the places where it is time to, MAX_TOGETHER sensors at once.

        Returns:
            The sensors whose group is another one now; None when there was nothing to look at.
        """
        if not self.hours.any_due():
            return None
        changed: set[int] = set()
        room = MAX_TOGETHER
        for where in sorted({self._of[series] for series in self.hours.due()}):
            place = self._places[where]
            if room < MAX_TOGETHER and len(place.members) > room:
                break
            room -= len(place.members)
            changed |= self._look(place)
        return changed

    def state(self) -> list[Any]:
        """JSON-ready state for a checkpoint, beside that of `hours`."""
        return [
            [
                list(where),
                place.members,
                [list(group) for group in place.groups],
                [[list(group), count] for group, count in place.found.items()],
                [[list(group), count] for group, count in place.missed.items()],
            ]
            for where, place in self._places.items()
        ]

    def restore(self, state: list[Any]) -> None:
        """Take over what `state` returned, as far as it is of sensors that are here."""
        for where, members, groups, found, missed in state:
            here = [one for one in members if one in self._of]
            for series in here:
                self._leave(series)
                self._enter(tuple(where), series)
            if len(here) < len(members):
                continue
            place = self._place(tuple(where))
            place.found = {tuple(group): count for group, count in found}
            place.missed = {tuple(group): count for group, count in missed}
            self._regroup(place, [tuple(group) for group in groups])

    def _place(self, where: tuple[str, ...]) -> _Place:
        return self._places.setdefault(where, _Place())

    def _enter(self, where: tuple[str, ...], series: int) -> None:
        self._of[series] = where
        self._place(where).members.append(series)

    def _leave(self, series: int) -> set[int]:
        """Out of its place, and with it all that was found there of it."""
        where = self._of.pop(series)
        place = self._places[where]
        place.members.remove(series)
        place.found = _without(place.found, series)
        place.missed = _without(place.missed, series)
        if not place.members:
            del self._places[where]
        return self._regroup(place, [one for one in place.groups if series not in one])

    def _look(self, place: _Place) -> set[int]:
        at = {series: number for number, series in enumerate(place.members)}
        kin = kinship(self.hours.of(place.members))
        known = [[at[series] for series in group] for group in place.groups]
        found = [
            tuple(sorted(place.members[one] for one in group))
            for group in clusters(kin, known, ENTER, LEAVE, MEMBERS)
        ]
        self.hours.looked(place.members, EVERY_H)
        return self._weigh(place, found)

    def _weigh(self, place: _Place, found: list[Members]) -> set[int]:
        """Believe what was found, or not found, often enough; returns who is concerned."""
        groups = place.groups
        news = [group for group in found if group not in groups and self._is_news(group)]
        counts = {group: place.found.get(group, 0) + 1 for group in news}
        sure = [group for group, count in counts.items() if count >= LOOKS]
        seen = [set(group) for group in found]
        lost = [group for group in groups if all(len(set(group) & one) < 2 for one in seen)]
        missed = {group: place.missed.get(group, 0) + 1 for group in lost}
        concerned = {one for group in sure for one in group}
        kept = [
            group
            for group in groups
            if not concerned & set(group) and missed.get(group, 0) < LOOKS
        ]
        place.found = {group: count for group, count in counts.items() if count < LOOKS}
        place.missed = {group: count for group, count in missed.items() if group in kept}
        return self._regroup(place, kept + sure)

    def _is_news(self, group: Members) -> bool:
        """Sensors of one device that one group holds are together already."""
        devices = {self._device[one] for one in group}
        return len(devices) > 1 or self._at_device[devices.pop()] > MEMBERS

    def _regroup(self, place: _Place, groups: list[Members]) -> set[int]:
        before = {one: group for group in place.groups for one in group}
        place.groups = sorted(groups)
        after = {one: group for group in place.groups for one in group}
        changed = {
            one for one in before.keys() | after.keys() if before.get(one) != after.get(one)
        }
        for one in before:
            self._group_of.pop(one, None)
        self._group_of |= after
        return changed


def _where(info: SeriesInfo) -> tuple[str, ...]:
    """A square of the map if it is known where the sensor is, else its node."""
    if info.latitude is None or info.longitude is None:
        return info.group, info.node
    row, column = floor(info.latitude / CELL_DEG), floor(info.longitude / CELL_DEG)
    return info.group, "", f"{row} {column}"


def _without(counts: Mapping[Members, int], series: int) -> dict[Members, int]:
    return {group: count for group, count in counts.items() if series not in group}
