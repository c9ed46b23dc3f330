"""The clocks of nodes as one would write them first: one node, one arrival at a time."""

from dataclasses import dataclass

from lamppost.aggregator.judge.profile import Profile


@dataclass
class Clock:
    """Where a node's stamps stand against the time its readings arrive."""

    p: Profile
    usual: float = 0.0
    dev: float = 0.0
    count: int = 0
    reference: float = 0.0
    away_at: float | None = None
    away_count: int = 0
    away_since: float = 0.0
    wrong: float = 0.0
    wrong_since: float = 0.0

    def take(self, now: float, time: float) -> None:
        """A live reading stamped `time` arrives."""
        offset = now - time
        away = offset - self.usual
        if self.count < 20:
            self.usual += away / (self.count + 1)
            self.reference = self.usual
            if self.count:
                self.dev += (abs(away) - self.dev) / self.count
            self.count += 1
        elif abs(away) <= max(self.p.clock_step_ms, 10 * self.dev):
            self.away_at = None
            step = max(self.dev, 1)
            self.usual += 0.05 * max(-step, min(away, step))
            self.dev += 0.02 * (abs(away) - self.dev)
            self._skew(now)
        else:
            self._step(now, offset, away)

    def _skew(self, now: float) -> None:
        self.reference = min(self.reference, max(self.usual, 0.0))
        skew = self.usual - self.reference
        if abs(skew) <= self.p.clock_step_ms * (0.5 if self.wrong else 1):
            self.wrong = 0.0
        elif not self.wrong:
            self.wrong, self.wrong_since = skew, now

    def _step(self, now: float, offset: float, away: float) -> None:
        if self.away_at is None or abs(offset - self.away_at) > max(0.02 * abs(away), 2_000):
            self.away_at, self.away_count, self.away_since = offset, 0, now
        self.away_count += 1
        lasts = now - self.away_since >= self.p.clock_ms
        if self.wrong or self.away_count < self.p.clock_readings or not lasts:
            return
        if self.usual > 0 and abs(offset) <= self.p.clock_step_ms:
            self.count, self.usual, self.reference, self.dev = 1, offset, offset, 0.0
            self.away_at = None
        else:
            self.wrong, self.wrong_since = away, self.away_since
