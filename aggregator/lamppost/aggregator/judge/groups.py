"""Groups of sensors: who is in which, and what became of their relation."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.judge import group_state as g
from lamppost.aggregator.judge.group import group_tier
from lamppost.aggregator.judge.group_profile import GROUPS, GroupProfile
from lamppost.aggregator.judge.profile import packed

SLAB = 64  # groups
SILENT_CELLS = 30.0
WORSE = 1.5  # told again when it is so many times further out


@dataclass(frozen=True, slots=True)
class Member:
    """What a member has to do with a departure.

    Attributes:
        series: its index.
        share: of the departure, 0..1.
        value: its smoothed value at the worst.
        wanted: what the others said it was; its mean when all went where they never were.
    """

    series: int
    share: float
    value: float
    wanted: float


@dataclass(frozen=True, slots=True)
class Change:
    """A group whose relation broke, grew worse, or is whole again.

    Attributes:
        group: its number.
        since_ms: the first cell beyond the limit.
        open: False when it is over.
        ratio: how many times its limit it was beyond, at the worst.
        by_relation: the members left each other; else all went where they never were.
        members: the largest share first.
    """

    group: int
    since_ms: int
    open: bool
    ratio: float
    by_relation: bool
    members: tuple[Member, ...]


class Groups:
    """State of all groups; one thread calls it.

    Args:
        profile: parameters.
    """

    def __init__(self, profile: GroupProfile = GROUPS) -> None:
        self.profile = profile
        self._parameters = packed(profile)
        self._count = 0
        self._rows = np.tile(g.GROUP_BLANK, (SLAB, 1))
        self._group_of = np.full(0, -1, np.int32)
        self._place_of = np.zeros(0, np.int32)
        self._members: list[list[int]] = []
        self._free: list[int] = []

    def __len__(self) -> int:
        return self._count - len(self._free)

    def __iter__(self) -> Iterator[int]:
        """The numbers of all groups."""
        return (group for group, members in enumerate(self._members) if members)

    def add_group(self) -> int:
        """Begin an empty group; returns its number, which may have been another's before."""
        if self._free:
            return self._free.pop()
        if self._count == len(self._rows):
            more = np.tile(g.GROUP_BLANK, (max(SLAB, self._count // 2), 1))
            self._rows = np.concatenate([self._rows, more])
        self._count += 1
        self._members.append([])
        return self._count - 1

    def join(self, group: int, series: int) -> bool:
        """Put a series into a group; False when that is full or the series is in one."""
        if series >= len(self._group_of):
            room = max(series + 1, 2 * len(self._group_of))
            self._group_of = _longer(self._group_of, room, -1)
            self._place_of = _longer(self._place_of, room, 0)
        members = self._members[group]
        if self._group_of[series] >= 0 or len(members) == g.MEMBERS:
            return False
        self._group_of[series], self._place_of[series] = group, len(members)
        members.append(series)
        self._rows[group, g.SIZE] = len(members)
        return True

    def dissolve(self, group: int) -> None:
        """Forget a group; its members may join others, and nothing more is told of it."""
        self._group_of[self._members[group]] = -1
        self._members[group] = []
        self._rows[group] = g.GROUP_BLANK
        self._free.append(group)

    def members(self, group: int) -> Sequence[int]:
        """The series of a group, in their order."""
        return self._members[group]

    def is_told(self, group: int) -> bool:
        """Whether `changes` has said that it departs, and not that it is over."""
        return bool(self._rows[group, g.TOLD] > 0)

    def update(
        self,
        series: NDArray[np.int32],
        time_ms: NDArray[np.int64],
        value: NDArray[np.float64],
        flags: NDArray[np.uint32],
    ) -> None:
        """Take judged readings in the order given."""
        if self._count:
            group_tier(
                series,
                time_ms,
                value,
                flags,
                self._group_of,
                self._place_of,
                self._rows,
                self._parameters,
            )

    def changes(self, now_ms: int) -> list[Change]:
        """What is new since the last call; a group that fell silent departs no longer."""
        rows = self._rows[: self._count]
        last_ms = (rows[:, g.OPEN] + 2.0) * rows[:, g.CELL_MS]
        silent = now_ms - last_ms > SILENT_CELLS * rows[:, g.CELL_MS]
        rows[silent & (rows[:, g.ALARM] > 0), g.ALARM] = 0.0
        worse = (rows[:, g.ALARM] > 0) & (rows[:, g.RATIO] > WORSE * rows[:, g.TOLD_RATIO])
        found = np.flatnonzero((rows[:, g.ALARM] != rows[:, g.TOLD]) | worse)
        return sorted(map(self._change, found.tolist()), key=lambda one: self._first(one.group))

    def _first(self, group: int) -> int:
        """The first member: numbers of groups are not the same after a restart."""
        return self._members[group][0]

    def _change(self, group: int) -> Change:
        row, size = self._rows[group], len(self._members[group])
        is_open = bool(row[g.ALARM] > 0)
        row[g.TOLD] = row[g.ALARM]
        row[g.TOLD_RATIO] = row[g.RATIO] if is_open else 0.0
        blocks = (row[at : at + size].tolist() for at in (g.SHARE, g.WORST, g.WANTED))
        members = map(Member, self._members[group], *blocks)
        return Change(
            group,
            int(row[g.ONSET]),
            is_open,
            float(row[g.RATIO]),
            bool(row[g.BY_RELATION]),
            tuple(sorted(members, key=lambda one: (-one.share, one.series))),
        )

    def state(self) -> dict[str, NDArray[Any]]:
        """Copies of all arrays, for a checkpoint."""
        known = list(self)
        members = np.full((len(known), g.MEMBERS), -1, np.int32)
        for at, group in enumerate(known):
            series = self._members[group]
            members[at, : len(series)] = series
        return {"rows": self._rows[known], "members": members}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take over what `state` returned, of groups that have the same members now.

        Raises:
            ValueError: the rows are not those of this release.
        """
        rows, members = state["rows"], state["members"].tolist()
        if rows.shape != (len(members), g.GROUP_WIDTH):
            raise ValueError(f"groups: came {rows.shape}, allowed (n, {g.GROUP_WIDTH})")
        now = {tuple(self._members[group]): group for group in self}
        for row, series in zip(rows, members, strict=True):
            group = now.get(tuple(one for one in series if one >= 0))
            if group is not None:
                self._rows[group] = row


def _longer(array: NDArray[np.int32], size: int, blank: int) -> NDArray[np.int32]:
    longer = np.full(size, blank, np.int32)
    longer[: len(array)] = array
    return longer
