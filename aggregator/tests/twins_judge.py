"""The judge as one would write it first: an object a series, one reading at a time."""

import math
from dataclasses import dataclass, field

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge.profile import MAX_VALUE, Profile

NAN = math.nan


@dataclass
class Verdict:
    """The twin's row of the verdict columns."""

    flags: int = 0
    expected: float = NAN
    low: float = NAN
    high: float = NAN
    score: float = 0.0
    severity: float = 0.0
    onset_ms: float = -1


@dataclass
class Stand:
    """How long the channel stands still, and how it usually does."""

    p: Profile
    value: float | None = None
    first: float = 0.0
    before: float | None = None
    since: float = 0.0
    count: int = 0
    stuck: bool = False
    changes: int = 0
    poll: float = 0.0
    between: float = 0.0
    alike: float = 0.0
    longest_alike: float = 0.0
    onward_share: float = 0.0
    fall_share: float = 0.0
    step: float = 0.0
    longest: float = 0.0
    home: float | None = None
    rest: float | None = None

    def judge(self, time: float, x: float) -> int:
        """STUCK, SUSPECT or 0."""
        if self.value is None:
            self.value, self.since, self.count, self.first = x, time, 1, time
            return 0
        if x != self.value:
            if not self.stuck and self.count > 0:
                self._learn(time - self.since, x)
            elif self.count > 0:
                known, self.rest = self.rest, self.value
                part = min(self.p.coarse_min_ms / max(time - self.since, 1), 1)
                rested = part * (time - self.since)
                at_rest = self.onward_share < self.p.stuck_min_steps or self.value == known
                if at_rest:
                    self.longest_alike = max(self.longest_alike, part * self.count)
                if at_rest and rested > self.longest:
                    self.longest, self.home = rested, self.value
            self.before, self.value = self.value, x
            self.since, self.count, self.stuck = time, 1, False
            return 0
        if self.count == 0:
            self.since = time
        self.count += 1
        stood, hops = time - self.since, self._hops(time)
        self.stuck = self.stuck or self._too_long(stood, x, hops)
        if self.stuck:
            return c.STUCK
        spans = self.onward_share >= self.p.stuck_min_steps or hops
        known = self.changes >= self.p.stuck_min_changes and spans
        known = known and self.fall_share >= self.p.stuck_min_falls
        if not known or x == 0:
            return 0
        alpha = self.p.suspect_alpha
        long = stood > max(self.longest, self._patience(alpha))
        often = self.count - 1 > max(self.longest_alike, self._patience_readings(alpha))
        return c.SUSPECT if long or often else 0

    def _learn(self, stood: float, x: float) -> None:
        assert self.value is not None
        self.changes += 1
        if self.changes == 1:
            self.poll = stood
        elif stood < self.poll:
            self.poll += (stood - self.poll) / 2
        else:
            self.poll += 0.01 * (min(stood, 2 * self.poll) - self.poll)
        self.between += (stood - self.between) / min(self.changes, 200)
        self.alike += (self.count - self.alike) / min(self.changes, 200)
        moved = abs(x - self.value)
        self.step = moved if self.step == 0 else min(moved, self.step * 1.001)
        if self.changes > 1:
            onward = 0.0 if x == self.before else 1.0
            self.onward_share += (onward - self.onward_share) / min(self.changes - 1, 50)
            fell = float(x < self.value)
            self.fall_share += (fell - self.fall_share) / min(self.changes - 1, 50)
        fade = min(stood / self.p.longest_memory_ms, 1)
        self.longest_alike = max(self.longest_alike * (1 - fade), self.count)
        self.longest *= 1 - fade
        if stood >= self.longest:
            self.longest, self.home = stood, self.value

    def _patience(self, alpha: float) -> float:
        poll = max(self.poll, 1)
        still = max(1 - poll / max(self.between, poll), 0.02)
        return poll * math.log(alpha) / math.log(still)

    def _patience_readings(self, alpha: float) -> float:
        still = max(1 - 1 / max(self.alike, 1), 0.02)
        return math.log(alpha) / math.log(still)

    def _hops(self, time: float) -> bool:
        """Back and forth at all times, as coins fall; never in bursts with rests between."""
        p = self.p
        if self.changes < 200 or time - self.first < p.coarse_min_ms:
            return False
        usual = p.coarse_chance * self.between / p.longest_memory_ms
        often = self.between <= p.coarse_looks * self.poll
        return often and self.longest <= self._patience(usual)

    def _too_long(self, stood: float, x: float, hops: bool) -> bool:
        p = self.p
        if self.changes < p.stuck_min_changes or self.count < p.stuck_min_readings or x == 0:
            return False
        if self.fall_share < p.stuck_min_falls:
            return False
        if self.onward_share < p.stuck_min_steps:
            beyond = stood >= p.stuck_min_ms
            beyond = beyond and self._beyond(stood, self.longest, self._patience(p.stuck_alpha))
            long = stood >= p.coarse_min_ms and stood > p.coarse_longest * self.longest
            return (hops and beyond) or (long and x != self.home)
        if stood < p.stuck_min_ms:
            return False
        if self._beyond(stood, self.longest, self._patience(p.stuck_alpha)):
            return True
        patience = self._patience_readings(p.stuck_alpha)
        often = self._beyond(self.count - 1, self.longest_alike, patience)
        return often and stood > 3 * self.between

    def _beyond(self, now: float, longest: float, patience: float) -> bool:
        return now > patience and now >= self.p.stuck_longest * longest


@dataclass
class Excursion:
    """Where the channel was just now, and whether it jumped away from there."""

    p: Profile
    base: float = 0.0
    dev: float = 0.0
    count: int = 0
    held: int = 0
    back: int = 0
    held_since: float = -1
    height: float = 0.0
    load: float = 0.0
    last_spike: float = 0.0
    first: float = 0.0
    lowest: float = 0.0
    highest: float = 0.0
    tallest: float = 0.0

    def judge(self, time: float, x: float, stand: Stand, interval: float) -> int:
        """SUSPECT, SPIKE or 0."""
        if not self.count:
            self.first = time
        p, distance = self.p, abs(x - self.base)
        limit = max(p.spike_mad * self.dev, 3 * stand.step)
        limit *= min(1 + p.spike_load * self.load, 3)
        if self.held:
            limit = p.spike_return * self.height
        elif stand.poll > p.spike_slow_ms:
            limit = max(limit, self._reach(time))
        if self.count >= p.spike_warm and stand.changes >= 5 and distance > limit:
            if not self.held:
                self.held_since, self.height = time, distance
            self.back = 0
            if self.held < p.spike_readings and time - self.held_since < p.spike_ms:
                self.held += 1
                return c.SUSPECT
            self.held, self.base = 0, x
            self._learn_span(x, interval)
            return 0
        self._learn(x, stand.step)
        self._learn_span(x, interval)
        if not self.held:
            return 0
        self.back += 1
        if self.back < 2 and distance > 0.05 * self.height:
            return c.SUSPECT
        self.held = self.back = 0
        age = time - self.last_spike
        self.load = self.load * (p.spike_load_ms / (p.spike_load_ms + age)) + 1
        self.last_spike = time
        self.tallest = max(self.tallest, self.height)
        return c.SPIKE

    def _reach(self, time: float) -> float:
        """A seldom read channel may be away and back between two readings."""
        p = self.p
        if self.count < p.spike_slow_warm or time - self.first < p.spike_slow_warm_ms:
            return math.inf
        known = max(self.highest - self.base, self.base - self.lowest)
        return max(known + p.spike_spans * (self.highest - self.lowest), self.tallest)

    def _learn_span(self, x: float, interval: float) -> None:
        if self.count == 1:
            self.lowest = self.highest = x
            return
        fade = min(interval / self.p.span_memory_ms, 1)
        self.tallest *= 1 - fade
        self.lowest = min(x, self.lowest + fade * (x - self.lowest))
        self.highest = max(x, self.highest + fade * (x - self.highest))

    def _learn(self, x: float, step: float) -> None:
        self.count += 1
        away = x - self.base
        if self.count == 1:
            self.base = x
            return
        size = abs(away)
        if self.count > self.p.spike_warm:
            size = min(size, 4 * self.dev + step)
        self.dev += (size - self.dev) / min(self.count - 1, self.p.spike_memory)
        self.base += max(self.p.spike_weight, 1 / self.count) * away


@dataclass
class Quality:
    """The quality tier of one series."""

    p: Profile
    low: float
    high: float
    heartbeat: float
    numeric: bool
    rate: float = 0.0
    value_at: float = 0.0
    last: float = -1
    interval: float = 0.0
    intervals: int = 0
    bad_since: float = -1
    bad_count: int = 0
    out_since: float = -1
    out_count: int = 0
    stand: Stand = field(init=False)
    excursion: Excursion = field(init=False)

    def __post_init__(self) -> None:
        self.stand, self.excursion = Stand(self.p), Excursion(self.p)

    def judge(self, time: float, x: float, code: int, now: float) -> tuple[int, float]:
        """Flags, and since when."""
        if time > now + self.p.max_ahead_ms:
            return c.CLOCK, -1
        if time <= self.last:
            return c.LATE | (c.REPEATED if time == self.last else 0), -1
        if self.last >= 0:
            self._learn_interval(time - self.last)
        self.last = time
        if math.isnan(x) or not c.QUALITY_GOOD <= code <= 255:
            return self._bad(time)
        self.bad_since = -1
        if not self.numeric:
            return 0, -1
        if abs(x) > MAX_VALUE or x < self.low or x > self.high:
            return self._outside(time, c.RANGE)
        if self._too_fast(time, x):
            return self._outside(time, c.RATE)
        out_since, self.out_since = self.out_since, -1
        found = self.stand.judge(time, x)
        if found & c.STUCK:
            return found, self.stand.since
        self.value_at = time
        excursion = self.excursion.judge(time, x, self.stand, self.interval)
        since = self.excursion.held_since
        if excursion != c.SUSPECT:
            self.excursion.held_since = -1
        if not excursion and out_since >= 0 and self.out_count < self.p.range_hold_readings:
            return found | c.SPIKE, out_since
        return found | excursion, since

    def _learn_interval(self, elapsed: float) -> None:
        if elapsed > 5 * max(self.heartbeat, self.interval):
            self.stand.count = 0
        self.intervals += 1
        if self.intervals > 10:
            elapsed = min(elapsed, 5 * self.interval)
        self.intervals = min(self.intervals, 200)
        self.interval += (elapsed - self.interval) / self.intervals

    def _bad(self, time: float) -> tuple[int, float]:
        if self.bad_since < 0:
            self.bad_since, self.bad_count = time, 0
        self.bad_count += 1
        self.stand.count = 0
        long = time - self.bad_since >= self.p.bad_hold_ms
        gap = long or self.bad_count >= self.p.bad_hold_readings
        return c.BAD | (c.GAP if gap else 0), self.bad_since

    def _too_fast(self, time: float, x: float) -> bool:
        stand = self.stand
        if not self.rate or stand.value is None or stand.changes < 5:
            return False
        seconds = max(time - self.value_at, self.interval) / 1000
        return abs(x - stand.value) > self.rate * seconds + stand.step

    def _outside(self, time: float, kind: int) -> tuple[int, float]:
        if self.out_since < 0:
            self.out_since, self.out_count = time, 0
        self.out_count += 1
        self.stand.count = 0
        long = time - self.out_since >= self.p.range_hold_ms
        if long or self.out_count >= self.p.range_hold_readings:
            self.out_count = int(self.p.range_hold_readings)
            return kind, self.out_since
        return kind | c.SUSPECT, self.out_since
