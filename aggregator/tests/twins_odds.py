"""The odds tier once more, slowly and obviously: one series, one reading at a time."""

from dataclasses import dataclass, field
from math import log

DECADE = log(10.0)


@dataclass
class Threshold:
    """What one in so many readings exceeds."""

    share: float
    jump: float
    at: float = 0.0
    rise: float = 0.0

    def take(self, evidence: float, decade: float) -> None:
        """Rise when exceeded; else sink by the share of the last rise, thrice before any."""
        if evidence > self.at:
            self.rise = max(decade, self.jump * (evidence - self.at))
            self.at += self.rise
        else:
            hurry = 1.0 if self.rise else 3.0
            self.at -= hurry * self.share * max(self.rise, decade)


@dataclass
class Odds:
    """One series."""

    warm: float
    anew_ms: float = 86_400_000.0
    first_ms: int | None = None
    count: int = 0
    excess: float = 0.0
    tenth: float = 0.0
    hundredth: float = 0.0
    far: tuple[Threshold, Threshold] = field(
        default_factory=lambda: (Threshold(1e-3, 0.5), Threshold(1e-4, 1.5))
    )

    def judge(self, time_ms: int, evidence: float) -> float:
        """The p-value of a reading, by what came before it; then learn it.

        Once, when the series is so old, all that was told from is forgotten.
        """
        if self.first_ms is None:
            self.first_ms = time_ms
        if time_ms - self.first_ms >= self.anew_ms:
            if self.count >= self.warm:
                vars(self).update(vars(Odds(self.warm)))
            self.first_ms, self.anew_ms = time_ms, float("inf")
        known = self.count >= self.warm and evidence > 0.0
        found = self.chance(evidence) if known else 1.0
        self.learn(evidence)
        return found

    def chance(self, evidence: float) -> float:
        """Straight lines in the logarithm from the rarest threshold that is exceeded."""
        knots = [self.tenth, self.hundredth, *(one.at for one in self.far)]
        exceeded = [k for k in range(4) if evidence > knots[k]]
        if not exceeded:
            return 1.0 - 0.9 * evidence / self.tenth
        last = exceeded[-1]
        if last == 3:
            width = max(knots[3] - knots[2], 0.1 * DECADE * self.excess)
        else:
            width = knots[last + 1] - knots[last]
        return float(10.0 ** -min(1 + last + (evidence - knots[last]) / width, 12.0))

    def learn(self, evidence: float) -> None:
        """Move all thresholds."""
        self.count += 1
        if self.count == 1:
            self.tenth, self.excess = evidence, max(evidence, 0.01)
        step = self.excess * max(0.3, 3.0 / self.count)
        self.tenth += step * (0.9 if evidence > self.tenth else -0.1)
        above = evidence - self.tenth
        if above > 0.0:
            weight = max(0.02, 1.0 / (1.0 + 0.1 * self.count))
            self.excess += weight * (min(above, 10.0 * self.excess) - self.excess)
            self.excess = max(self.excess, 0.01)
        decade = DECADE * self.excess
        if self.count <= self.warm:
            self.hundredth = self.tenth + decade
            self.far[0].at = self.hundredth + 0.8 * decade
            self.far[1].at = self.far[0].at + 0.5 * decade
            return
        self.hundredth += 0.3 * decade * (0.99 if evidence > self.hundredth else -0.01)
        for one in self.far:
            one.take(evidence, decade)
