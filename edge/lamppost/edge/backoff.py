"""How long to wait before trying again: capped exponential delays with full jitter."""

import random
from collections.abc import Callable
from typing import Final

BASE_S: Final = 1.0
CAP_S: Final = 60.0
LEAST_S: Final = 0.05
"""Full jitter may draw 0; this keeps a loop of failures from spinning."""

MAX_DOUBLINGS: Final = 32


class Backoff:
    """Delays drawn evenly from 0 to a bound that doubles with every failure, up to a cap.

    Full jitter spreads the clients of a server that comes back over the whole interval,
    instead of having all of them return at once.
    """

    def __init__(
        self,
        base_s: float = BASE_S,
        cap_s: float = CAP_S,
        draw: Callable[[], float] = random.random,
    ) -> None:
        """Start with no failure counted; `draw` gives numbers in [0, 1)."""
        self._base_s = base_s
        self._cap_s = cap_s
        self._draw = draw
        self._failures = 0

    def next_s(self) -> float:
        """Count one more failure and say how many seconds to wait."""
        bound = min(self._cap_s, self._base_s * 2.0 ** min(self._failures, MAX_DOUBLINGS))
        self._failures += 1
        return max(LEAST_S, self._draw() * bound)

    def reset(self) -> None:
        """It worked: the next failure is the first again."""
        self._failures = 0
