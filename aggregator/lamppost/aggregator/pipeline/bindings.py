"""What the register says of channels, as far as the pipeline has taken it over."""

from collections import deque
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from lamppost.aggregator.nodes.series import SeriesInfo, SeriesKey
from lamppost.aggregator.rollup.plan import Bound, Plan

AT_ONCE = 500
"""Channels that are taken over in a second; each costs a place among neighbours and groups."""

Row = list[Any]
"""Group, node, device, metric and the fields of Bound; those lack where nothing is said now."""


class Bindings:
    """Follows a plan; one thread calls it, and what it holds depends on `put` alone."""

    def __init__(self) -> None:
        self._known: dict[SeriesKey, Bound] = {}
        self._plan: Plan | None = None
        self._waiting: deque[SeriesKey] = deque()

    def changes(self, plan: Plan) -> list[Row]:
        """The next rows that a plan differs in from what is held, for `put`."""
        if plan is not self._plan:
            self._plan = plan
            named = dict.fromkeys((*self._known, *plan))
            self._waiting = deque(key for key in named if self._known.get(key) != plan.get(key))
        count = min(AT_ONCE, len(self._waiting))
        keys = [self._waiting.popleft() for _ in range(count)]
        return [[*key, *plan.get(key, ())] for key in keys]

    def put(self, rows: Iterable[Row]) -> list[SeriesKey]:
        """Take rows over; returns the names of their channels."""
        keys = []
        for group, node, device, metric, *bound in rows:
            key = SeriesKey(group, node, device, metric)
            keys.append(key)
            if bound:
                self._known[key] = Bound(*bound)
            else:
                self._known.pop(key, None)
        return keys

    def placed(self, info: SeriesInfo) -> SeriesInfo:
        """A series with the asset that people have linked it to, and with where that is.

        A link counts more than what a birth says of the asset, a position of the birth's own
        more than that of a whole asset.
        """
        bound = self._known.get(info.key)
        if bound is None:
            return info
        placed = replace(info, asset=bound.asset or info.asset)
        if info.latitude is not None:
            return placed
        return replace(placed, latitude=bound.latitude, longitude=bound.longitude)

    def district(self, info: SeriesInfo) -> str:
        """Where it counts; "" when the register does not say."""
        bound = self._known.get(info.key)
        return "" if bound is None else bound.district

    def state(self) -> list[Row]:
        """JSON-ready state for a checkpoint, which `put` takes."""
        return [[*key, *bound] for key, bound in self._known.items()]
