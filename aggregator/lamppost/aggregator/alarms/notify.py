"""The cap on notifications: so many an hour for each asset, so many in all."""

from collections import deque
from collections.abc import Mapping
from typing import Any

HOUR_MS = 3_600_000
RESERVED_SHARE = 4
"""One in so many of all notifications is kept for what is urgent."""

MAX_CAPPED = 100_000


class Budget:
    """Says whether one more notification may go out; one thread calls it.

    Args:
        per_asset: at most so many of one asset in any hour.
        total: at most so many in any hour; a quarter of them only for what is urgent.
    """

    def __init__(self, per_asset: int, total: int) -> None:
        self.capped = 0
        self._per_asset = per_asset
        self._total = total
        self._sent: deque[int] = deque(maxlen=total)
        self._of: dict[tuple[str, ...], deque[int]] = {}
        self._capped: deque[int] = deque(maxlen=MAX_CAPPED)

    def ask(self, asset: tuple[str, ...], now_ms: int, *, urgent: bool) -> bool:
        """Take one notification out of the budget, or count it as capped."""
        self._forget(now_ms)
        limit = self._total if urgent else self._total - self._total // RESERVED_SHARE
        own = self._of.get(asset, ())
        if len(self._sent) >= limit or len(own) >= self._per_asset:
            self.capped += 1
            self._capped.append(now_ms)
            return False
        self._sent.append(now_ms)
        self._of[asset] = deque((*own, now_ms), self._per_asset)
        return True

    def capped_lately(self, now_ms: int) -> int:
        """How many were capped within the last hour."""
        return sum(now_ms - then < HOUR_MS for then in tuple(self._capped))

    def state(self) -> dict[str, Any]:
        """JSON-ready state for a checkpoint."""
        return {
            "sent": list(self._sent),
            "of": [[list(asset), list(times)] for asset, times in self._of.items()],
            "capped": self.capped,
            "lately": list(self._capped),
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over what `state` returned."""
        self._sent = deque(state["sent"], self._total)
        self._of = {tuple(asset): deque(times, self._per_asset) for asset, times in state["of"]}
        self.capped = int(state["capped"])
        self._capped = deque(state["lately"], MAX_CAPPED)

    def _forget(self, now_ms: int) -> None:
        """What is older than an hour no longer counts."""
        for times in (self._sent, self._capped):
            while times and now_ms - times[0] >= HOUR_MS:
                times.popleft()
        for asset in list(self._of):
            times = self._of[asset]
            while times and now_ms - times[0] >= HOUR_MS:
                times.popleft()
            if not times:
                del self._of[asset]
