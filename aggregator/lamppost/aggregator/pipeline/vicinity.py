"""Who measures the same as whom: on the same device, else within some kilometres.

Only the class and the unit of channels say that they measure the same; whether they really move
together, the judge finds out itself.
"""

from bisect import bisect_left
from collections.abc import Iterable
from itertools import product
from math import cos, floor, radians, sin
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.judge.neighbours import MAX_NEAR
from lamppost.aggregator.nodes.births import NUMERIC
from lamppost.aggregator.nodes.series import SeriesInfo
from lamppost.aggregator.pipeline.leads import is_counter

RADIUS_M = 2_000.0
NEAREST = 5  # of an area; on a device up to MAX_NEAR
LEAST_NEARBY = 3  # have to speak: fewer do not show what the area does
EARTH_M = 6_371_000.0
MAX_POOL = 256
"""Channels of one measurand that are looked at for neighbours of one square; lowest first."""

EVERY_MS = 600_000
"""What has changed counts with the first readings of the next ten minutes."""

AROUND = tuple(product((-1, 0, 1), repeat=3))


class Cell(NamedTuple):
    """What is measured, and in which cube of RADIUS_M or, without a place, which district."""

    channel_class: str
    unit: str
    group: str
    cube: tuple[int, ...]


class Vicinity:
    """Finds each channel's neighbours, anew where something has changed.

    Whom a channel gets depends on what is known of all, not on the order of births.
    """

    def __init__(self) -> None:
        self.slot = -1
        """The ten minutes in which it last settled, counted since 1970."""
        self._devices: dict[tuple[str, ...], set[int]] = {}
        self._cells: dict[Cell, set[int]] = {}
        self._at: dict[int, NDArray[np.float64] | None] = {}
        self._home: dict[int, tuple[tuple[str, ...], Cell]] = {}
        self._gone: set[int] = set()
        self._changed_devices: set[tuple[str, ...]] = set()
        self._changed_cells: set[Cell] = set()

    def admit(self, info: SeriesInfo, district: str = "") -> None:
        """Take a channel that is new, or of which something else is known now.

        Args:
            info: the channel, with its position if that is known.
            district: where it counts; without one, its Sparkplug group.
        """
        series = info.index
        self._leave(series)
        if not info.channel_class or not info.device or info.datatype not in NUMERIC:
            return
        measured = info.channel_class, info.unit
        device = (info.group, info.node, info.device, *measured)
        at = _on_earth(info)
        cube = () if at is None else tuple(floor(x / RADIUS_M) for x in at.tolist())
        cell = Cell(*measured, (district or info.group) if at is None else "", cube)
        self._home[series], self._at[series] = (device, cell), at
        self._devices.setdefault(device, set()).add(series)
        if not is_counter(info):
            self._cells.setdefault(cell, set()).add(series)
        self._changed_devices.add(device)
        self._changed_cells.add(cell)

    def settle(self, judge: Judge, time_ms: int) -> None:
        """Tell the judge whose neighbours are others by now, at most once in ten minutes.

        Args:
            judge: knows all channels.
            time_ms: of the readings that come next; restarts see the same.
        """
        slot = time_ms // EVERY_MS
        if slot == self.slot or not (self._gone or self._changed_devices):
            return
        self.slot = slot
        pools: dict[Cell, list[int]] = {}
        for series in self._concerned():
            if series not in self._home:
                judge.compare(series, ())
                continue
            device, cell = self._home[series]
            twins = _following(sorted(self._devices[device]), series, MAX_NEAR)
            if twins:
                judge.compare(series, twins)
                continue
            if cell not in pools:
                pools[cell] = self._pool(cell)
            near = self._nearest(series, pools[cell])
            judge.compare(series, near if len(near) >= LEAST_NEARBY else (), LEAST_NEARBY)

    def _concerned(self) -> list[int]:
        """All whose neighbours may be others since the last call, in order."""
        found, self._gone = self._gone, set()
        for device in self._changed_devices:
            found |= self._devices[device]
        for cell in {each for one in self._changed_cells for each in _around(one)}:
            found |= self._cells.get(cell, set())
        self._changed_devices, self._changed_cells = set(), set()
        return sorted(found)

    def _nearest(self, series: int, pool: list[int]) -> list[int]:
        """Of one place or, where no place is known, of one group, the nearest others."""
        at = self._at[series]
        if at is None:
            return _following(pool, series, NEAREST)
        pool = pool[:MAX_POOL]
        others = [one for one in pool if one != series]
        if not others:
            return []
        away = np.linalg.norm(np.array([self._at[one] for one in others]) - at, axis=1)
        order = np.argsort(away, kind="stable")[:NEAREST]
        return [others[one] for one in order.tolist() if away[one] <= RADIUS_M]

    def _pool(self, cell: Cell) -> list[int]:
        return sorted(one for each in _around(cell) for one in self._cells.get(each, ()))

    def _leave(self, series: int) -> None:
        home = self._home.pop(series, None)
        if home is None:
            return
        device, cell = home
        self._devices[device].discard(series)
        self._cells.get(cell, set()).discard(series)
        self._gone.add(series)
        self._changed_devices.add(device)
        self._changed_cells.add(cell)


def _on_earth(info: SeriesInfo) -> NDArray[np.float64] | None:
    """Metres from the earth's middle, so that no meridian is a border; None when unknown."""
    if info.latitude is None or info.longitude is None:
        return None
    north, east = radians(info.latitude), radians(info.longitude)
    return EARTH_M * np.array([cos(north) * cos(east), cos(north) * sin(east), sin(north)])


def _around(cell: Cell) -> Iterable[Cell]:
    if not cell.cube:
        return (cell,)
    return (
        cell._replace(cube=tuple(a + b for a, b in zip(cell.cube, way, strict=True)))
        for way in AROUND
    )


def _following(ring: list[int], series: int, most: int) -> list[int]:
    """Those that come after one in a ring of all, which is in order."""
    at = bisect_left(ring, series)
    if at == len(ring) or ring[at] != series:
        return []
    after = ring[at + 1 : at + 1 + most]
    return after + ring[: min(at, most - len(after))]
