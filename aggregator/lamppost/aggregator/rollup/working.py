"""Work on nodes and devices as rows: when it begins, and again when it ends before its time."""

from collections.abc import Iterable

from lamppost.aggregator.store.seam import Sample
from lamppost.register.live import MaintenanceView
from lamppost.wire.series import MAINTENANCE

Key = tuple[str, str, str, int]


class Working:
    """Remembers the work that was told, to tell only what is new; one thread calls it."""

    def __init__(self) -> None:
        self._told: dict[Key, MaintenanceView] = {}

    def rows(self, working: Iterable[MaintenanceView], now_ms: int) -> tuple[Sample, ...]:
        """Return rows of what has begun, has another end, or is over already."""
        now = {(one.group, one.node, one.device, one.since_ms): one for one in working}
        changed = [
            (one, one.until_ms) for key, one in now.items() if self._told.get(key) != one
        ]
        over = [
            (one, now_ms)
            for key, one in self._told.items()
            if key not in now and now_ms < one.until_ms
        ]
        self._told = now
        return tuple(_row(one, until_ms) for one, until_ms in (*changed, *over))


def _row(one: MaintenanceView, until_ms: int) -> Sample:
    tags = {"group": one.group, "node": one.node, "device": one.device}
    return Sample(MAINTENANCE, one.since_ms, tags, {"until_ms": until_ms, "reason": one.reason})
