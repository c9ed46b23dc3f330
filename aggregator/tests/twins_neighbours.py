"""The neighbours tier as one would write it first: members, one reading at a time."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge.profile import MAX_VALUE, Profile

UNSEEN = c.NOT_THE_LAST | c.FAULTS | c.SUSPECT
LOOKED_AT = 8  # others of a ring


@dataclass
class Sum:
    """One side of a CUSUM and when it last left zero."""

    height: float = 0.0
    since: float = 0.0

    def add(self, z: float, slack: float, top: float, time: float) -> None:
        """Take a deviation."""
        if self.height <= 0:
            self.since = time
        self.height = min(max(self.height + z - slack, 0.0), top)


def beyond(away: float, allowed: float) -> float:
    """What of a distance is not allowed."""
    return math.copysign(max(abs(away) - allowed, 0), away)


@dataclass
class Distance:
    """How far a member is from the middle of the others, and how it has always been."""

    p: Profile
    count: int = 0
    mean: float = 0.0
    gain: float = 0.0
    dev: float = 0.0
    run: float = 0.0
    run_dev: float = 0.0
    up: Sum = field(default_factory=Sum)
    down: Sum = field(default_factory=Sum)
    told_at: float = 0.0
    near_until: float = 0.0
    least: int = 1

    @property
    def since(self) -> float:
        """When the higher of the sums left zero."""
        return (self.up if self.up.height >= self.down.height else self.down).since

    def judge(
        self, time: float, z: float, middle: float, usual: float, others: "Sequence[Member]"
    ) -> int:
        """DRIFT, SUSPECT or 0 of a member's deviation beside the middle one of the others."""
        p, count, apart = self.p, self.count + 1, z - middle
        away = apart - self.mean - self.gain * middle
        clipped = away
        if count > 30 and self.dev > 0:
            most = max(5 * self.dev, 2 * p.neighbours_matter)
            clipped = min(max(away, -most), most)
        alike = max(self.run_dev * math.sqrt(31) / self.dev, 1) if self.dev > 0 else 1
        allowed = abs(middle) / 10  # gains are known no better
        self.run += (beyond(clipped, allowed) - self.run) / min(count, 16)
        gone = max(self.up.height, self.down.height) >= p.neighbours_alarm
        if abs(self.run) < p.neighbours_matter / (2 if gone else 1):
            self.near_until = time
        near = 0 < self.dev <= p.neighbours_share * usual
        if count >= p.instrument_readings and near:
            height = self._height(time, beyond(away, allowed) / (1.25 * self.dev * alike))
            if self.told_at:
                return self._goes_on(time, height, apart)
            found = self._found(time, height, others)
            if found is not None:
                return found
        self._learn(count, clipped, middle)
        return 0

    def _height(self, time: float, z: float) -> float:
        z = min(max(z, -4), 4)
        slack, top = self.p.neighbours_slack, 2 * self.p.neighbours_alarm
        self.up.add(z, slack, top, time)
        self.down.add(-z, slack, top, time)
        return max(self.up.height, self.down.height)

    def _goes_on(self, time: float, height: float, apart: float) -> int:
        accepted = time - self.told_at > self.p.instrument_accept_ms
        if height > 0 and not accepted:
            return c.DRIFT
        if height > 0:
            self.mean = apart
        self.told_at = self.up.height = self.down.height = 0
        self.dev *= 1.5
        return 0

    def _found(self, time: float, height: float, others: "Sequence[Member]") -> int | None:
        """What is to be told; None where the distance is to be learned."""
        sure = height >= self.p.neighbours_alarm
        matters = abs(self.run) >= self.p.neighbours_matter
        if height < 0.4 * self.p.neighbours_alarm or (sure and not matters):
            return None
        if self.least > 1 and time - self.near_until < self.p.neighbours_area_ms:
            return 0
        farther = [one for one in others if abs(one.distance.run) > abs(self.run)]
        if len(others) > 1 and farther:
            return 0
        if not sure:
            return c.SUSPECT
        self.told_at = time
        return c.DRIFT

    def _learn(self, count: int, clipped: float, middle: float) -> None:
        self.count = count
        weight = 1 / min(count, self.p.neighbours_memory)
        self.mean += weight * clipped
        self.gain += weight * clipped * middle / (1 + middle * middle)
        self.dev += weight * (abs(clipped) - self.dev)
        self.run_dev += weight * (abs(self.run) - self.run_dev)


@dataclass
class Member:
    """One channel of a ring, its values in their own mean and deviation."""

    p: Profile
    count: int = 0
    first: float = 0.0
    last: float = 0.0
    before: float = 0.0
    interval: float = 0.0
    mean: float = 0.0
    spread: float = 0.0
    zed: float = 0.0
    zed_before: float = 0.0
    usual: float = 0.0
    said: float = 0.0  # by the others, of the last reading compared
    distance: Distance = field(init=False)
    others: "list[Member]" = field(default_factory=list)
    least: int = 1

    def __post_init__(self) -> None:
        self.distance = Distance(self.p, least=self.least)

    def judge(self, time: float, x: float, found: int) -> int:
        """All flags of a reading to which the tiers before gave `found`."""
        if found & UNSEEN or abs(x) > MAX_VALUE:
            return found
        if not self.count:
            self.count, self.first, self.last, self.mean = 1, time, time, x
            return found
        then, elapsed = self.last, time - self.last
        if self.count > 30:
            elapsed = min(elapsed, 3 * self.interval)
        self.interval += (elapsed - self.interval) / min(self.count, 30)
        known = self.count >= 30 and self.spread > 0
        added = self._beside_others(time, then) if known and self.count > 30 else 0
        self.zed_before, self.before, self.last = self.zed, then, time
        if known:
            self.zed = (x - self.mean) / self.spread
        if not added:
            self._learn(elapsed, x, known)
        return found | added

    def _beside_others(self, time: float, then: float) -> int:
        """The last reading, not the present one: now all others of its time are there."""
        if self._idles():
            return 0
        others = [one for one in self.others[:LOOKED_AT] if one.speaks_of(then, self)]
        if len(others) < self.least or time - self.first < self.p.instrument_ms:
            return 0
        middle = median(one.at(then) for one in others)
        if abs(middle) > 5:
            return 0
        added = self.distance.judge(time, self.zed, middle, self.usual, others)
        offset, gain = self.distance.mean, self.distance.gain
        self.said = self.mean + self.spread * (offset + middle + gain * middle)
        return added

    def _idles(self) -> bool:
        """Long known to have no neighbours in these: one reading in sixteen is compared."""
        known, p = self.distance, self.p
        if known.count < p.neighbours_memory or known.told_at:
            return False
        return known.dev > 2 * p.neighbours_share * self.usual and self.count % 16 != 0

    def speaks_of(self, then: float, other: "Member") -> bool:
        """Whether it was read about then, is known, and does not drift itself."""
        away = min(abs(then - self.last), abs(then - self.before))
        known = self.count > 31 and not self.distance.told_at
        return known and away <= max(self.interval, other.interval)

    def at(self, then: float) -> float:
        """Its deviation at the nearer of its last two readings."""
        earlier = abs(then - self.before) < abs(then - self.last)
        return self.zed_before if earlier else self.zed

    def _learn(self, elapsed: float, x: float, known: bool) -> None:
        weight = max(1 / (self.count + 1), min(elapsed / self.p.neighbours_ms, 1 / 30))
        away = x - self.mean
        if known:
            most = 8 * self.spread
            away = min(max(away, -most), most)
        self.mean += weight * away
        self.spread += max(weight, 1 / self.count) * (abs(away) - self.spread)
        if known:
            share = max(weight, 1 / (self.count - 29))
            self.usual += share * (min(abs(self.zed), 8) - self.usual)
        self.count += 1


def ring(p: Profile, count: int, least: int = 1) -> list[Member]:
    """Members that have each other for others, the next of each the one numbered below."""
    members = [Member(p, least=least) for _ in range(count)]
    for number, one in enumerate(members):
        one.others = [members[(number - step) % count] for step in range(1, count)]
    return members
