"""How long to wait for a store that does not take what it shall."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait between tries: full jitter below a doubling, capped bound."""

    base_s: float
    cap_s: float

    def delay_s(self, failures: int, draw: float, at_least_s: float = 0.0) -> float:
        """Return the wait after so many failures in a row.

        Args:
            failures: 1 or more.
            draw: random, 0 to 1.
            at_least_s: what the server asked for; heeded up to the cap.
        """
        bound_s = min(self.cap_s, self.base_s * 2.0 ** min(failures - 1, 32))
        return max(draw * bound_s, min(at_least_s, self.cap_s))


UNREACHABLE = Backoff(base_s=0.5, cap_s=30.0)
REFUSED = Backoff(base_s=10.0, cap_s=120.0)
