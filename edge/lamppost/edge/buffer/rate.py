"""The byte rate at which a buffer fills, and how long what is left of it lasts."""

import math
from typing import Final

WINDOW_S: Final = 600.0
"""Older minutes count less and less."""

SETTLE_S: Final = 5.0
"""Until so much time was seen there is no rate to tell."""

RESTORED_S: Final = 60.0
"""How much a rate from an earlier run weighs."""


class ByteRate:
    """A mean over the last minutes: plain at first, then with old bytes fading."""

    def __init__(self, now_s: float, restored: float = 0.0) -> None:
        self._seconds = RESTORED_S if restored > 0 else 0.0
        self._bytes = restored * self._seconds
        self._last_s = now_s

    def add(self, count: int, now_s: float) -> None:
        """Count bytes that were taken since the last call."""
        elapsed = max(0.0, now_s - self._last_s)
        fade = math.exp(-elapsed / WINDOW_S)
        self._bytes = self._bytes * fade + count
        self._seconds = self._seconds * fade + elapsed
        self._last_s = now_s

    @property
    def per_s(self) -> float:
        """Bytes a second; 0 while too little was seen."""
        return self._bytes / self._seconds if self._seconds >= SETTLE_S else 0.0


def autonomy_h(free_bytes: int, rate: float) -> float | None:
    """Hours until `free_bytes` are filled at `rate`; None when nothing is known to flow."""
    if rate <= 0:
        return None
    return max(0, free_bytes) / rate / 3600
