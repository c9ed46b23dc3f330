"""The process tier's twin, and the judge's: both tiers of one series, reading by reading."""

import math
from dataclasses import dataclass

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge.profile import Profile

from .twins_judge import Quality, Verdict

HIDDEN = c.FAULTS | c.SUSPECT


def clip(x: float, limit: float) -> float:
    """`x`, but no further from 0 than `limit`."""
    return max(-limit, min(x, limit))


@dataclass
class Level:
    """The process tier of one series."""

    p: Profile
    count: int = 0
    near: float = 0.0
    first: float = 0.0
    last: float = 0.0
    interval: float = 0.0
    level: float = 0.0
    trend: float = 0.0
    dev: float = 0.0
    run_mean: float = 0.0
    run_dev: float = 0.0
    value: float = 0.0
    step: float = 0.0
    up: float = 0.0
    up_since: float = 0.0
    down: float = 0.0
    down_since: float = 0.0
    side: float = 0.0
    side_since: float = 0.0
    lately: tuple[float, float] = (0.0, 0.0)
    anomalous_since: float = 0.0
    onset: float = 0.0
    calm: int = 0
    calm_since: float = 0.0
    faulted: bool = False
    settling: int = 0
    severity: float = 0.0
    over: float = 0.0
    over_at: float = 0.0
    tallest: float = 0.0
    peak: float = 0.0
    told: bool = False

    def scales(self) -> tuple[float, float]:
        """Standard deviation of a residual, alone and in a run."""
        p = self.p
        dev = max(self.dev, self.step * p.quantum_floor / 1.25, 1e-9 * abs(self.level))
        if dev == 0:
            return 0.0, 0.0
        dev = max(dev, 1e-30)
        alike = max(self.run_dev * math.sqrt((2 - p.run_weight) / p.run_weight) / dev, 1)
        single = 1.25 * dev * (1 + p.early_sd * alike / math.sqrt(max(self.count - 1, 1)))
        return single, single * alike

    def predict(self, ahead: float) -> float:
        """The level that much later."""
        horizon = max(self.p.level_ms, self.p.min_level_readings * self.interval)
        return self.level + self.trend * min(ahead, horizon)

    def judge(self, time: float, x: float, held_since: float) -> tuple[int, float]:
        """Flags and evidence of a believable reading."""
        p = self.p
        if self.count == 0:
            self.count, self.near, self.first, self.last = 1, 1, time, time
            self.level = self.value = x
            return c.LEARNING, 0.0
        elapsed = time - self.last
        pause = max(p.settle_after_ms, p.pause_intervals * self.interval)
        paused = elapsed > pause and self.count >= 8
        patience = max(p.accept_ms, p.accept_intervals * self.interval)
        accepted = self.anomalous_since and time - self.anomalous_since > patience
        usual = min(elapsed, 10 * self.interval) if self.count >= 8 else elapsed
        self.interval += (usual - self.interval) / min(self.count, 50)
        if self.faulted or paused or accepted:
            self.settling, self.faulted = int(p.settle_readings), False
        memory = max(p.severity_ms, p.severity_intervals * self.interval)
        self.severity *= memory / (memory + elapsed)
        if self.settling:
            self._settle(time, x)
            return c.LEARNING, 0.0
        residual = x - self.predict(elapsed)
        found, evidence = c.LEARNING, 0.0
        warm = self.count >= p.warm_readings and time - self.first >= p.warm_ms
        if warm and self.scales()[0] > 0:
            found, evidence = self._test(time, residual, held_since)
            evidence = min(evidence, 100)
            self.severity = max(self.severity, evidence / (evidence + p.alarm_score))
        if not self.anomalous_since:
            self._learn(elapsed, x, residual)
        self.last = time
        return found, evidence

    def _settle(self, time: float, x: float) -> None:
        done = self.p.settle_readings - self.settling + 1
        self.level = x if done == 1 else self.level + (x - self.level) / done
        self.settling -= 1
        self.near, self.last, self.value = done, time, x
        self.trend = self.up = self.down = self.side = self.run_mean = 0.0
        self.anomalous_since = 0.0

    def _test(self, time: float, residual: float, held_since: float) -> tuple[int, float]:
        p = self.p
        single, run = self.scales()
        z, start = residual / single, held_since if held_since >= 0 else time
        near = self._nearest_of_three(z, start)
        height = self._cusum(clip(residual / run, p.cusum_clip_sd), start)
        evidence = p.alarm_score * max(height / p.cusum_alarm, (near / p.run_sd) ** 2)
        if self.anomalous_since:
            return self._stay(time, residual, z, evidence)
        if evidence < p.alarm_score:
            return 0, evidence
        self.anomalous_since, self.calm = time, 0
        summed = self.up_since if self.up >= self.down else self.down_since
        self.onset = self.side_since if near >= p.run_sd else summed
        self.told = self._may_tell(time, abs(residual))
        return c.ANOMALY if self.told else 0, evidence

    def _may_tell(self, time: float, size: float) -> bool:
        p, waited = self.p, time - self.over_at
        over = max(self.over - p.level_false_a_week * waited / 604_800_000, 0)
        faded = self.tallest * math.exp(-max(waited, 0) / p.span_memory_ms)
        self.tallest, self.peak = max(faded, self.peak), size
        self.over, self.over_at = min(over + 1, p.level_most), time
        return over < p.level_credit or size > p.level_taller * self.tallest

    def _nearest_of_three(self, z: float, start: float) -> float:
        three = (z, *self.lately)
        self.lately = three[:2]
        side = 1.0 if z > 0 else -1.0
        if abs(z) < self.p.leave_sd:
            self.side = 0
        elif self.side != side:
            self.side, self.side_since = side, start
        return min(map(abs, three)) if all(one * side > 0 for one in three[1:]) else 0.0

    def _cusum(self, z: float, start: float) -> float:
        p = self.p
        if self.up <= 0:
            self.up_since = start
        if self.down <= 0:
            self.down_since = start
        self.up = min(max(self.up + z - p.cusum_slack_sd, 0), 2 * p.cusum_alarm)
        self.down = min(max(self.down - z - p.cusum_slack_sd, 0), 2 * p.cusum_alarm)
        return max(self.up, self.down)

    def _stay(
        self, time: float, residual: float, z: float, evidence: float
    ) -> tuple[int, float]:
        self.peak = max(self.peak, abs(residual))
        if not self.told and abs(residual) > self.p.level_taller * self.tallest:
            self.told, self.onset = True, time
        flag = c.ANOMALY if self.told else 0
        if abs(z) >= self.p.leave_sd:
            self.calm = 0
            return flag, evidence
        if self.calm == 0:
            self.calm_since = time
        self.calm += 1
        calm_ms = time - self.calm_since
        if self.calm < self.p.leave_readings or calm_ms < self.p.leave_ms:
            return flag, evidence
        self.anomalous_since = self.up = self.down = 0.0
        return 0, 0.0

    def _learn(self, elapsed: float, x: float, residual: float) -> None:
        p, (scale, _) = self.p, self.scales()
        moved = abs(x - self.value)
        self.value = x
        if moved:
            self.step = moved if self.step == 0 else min(moved, self.step * 1.001)
        robust = self.count >= 8 and scale > 0
        clipped = clip(residual, p.huber_sd * scale) if robust else residual
        weight = min(elapsed / (elapsed + p.level_ms), 1 / p.min_level_readings)
        if weight * (self.near + 1) < 1:
            weight = 1 / (self.near + 1)
        else:
            span = p.trend_ms / p.level_ms * elapsed / weight
            self.trend += weight * clipped / max(p.trend_ms, span)
        self.level = self.predict(elapsed) + weight * clipped
        self.near += 1
        self._learn_scales(elapsed, residual, clipped, scale)
        self.count += 1

    def _learn_scales(
        self, elapsed: float, residual: float, clipped: float, scale: float
    ) -> None:
        p = self.p
        weight = min(elapsed / (elapsed + p.scale_ms), 1 / p.min_scale_readings)
        weight, size = max(weight, 1 / self.count), abs(residual)
        if self.count > 8 and size > 3 * scale:
            weight, size = weight / 4, min(size, 6 * scale)
        self.dev += weight * (size - self.dev)
        self.run_mean += max(p.run_weight, 1 / self.count) * (clipped - self.run_mean)
        self.run_dev += weight * (abs(self.run_mean) - self.run_dev)


class Twin:
    """Both tiers of one series."""

    def __init__(
        self,
        p: Profile,
        low: float,
        high: float,
        heartbeat: float,
        *,
        numeric: bool = True,
        rate: float = 0.0,
    ) -> None:
        self.quality = Quality(p, low, high, heartbeat, numeric, rate)
        self.level = Level(p)

    def judge(self, time: float, x: float, code: int, now: float) -> Verdict:
        """The verdict on one reading."""
        found, since = self.quality.judge(time, x, code, now)
        verdict = Verdict(found, severity=_fault_severity(found), onset_ms=since)
        level = self.level
        if not self.quality.numeric or found & c.UNJUDGED:
            return verdict
        if level.count:
            middle, (scale, _) = level.predict(time - level.last), level.scales()
            if scale > 0:
                reach = level.p.band_sd * scale
                verdict.expected = middle
                verdict.low, verdict.high = middle - reach, middle + reach
        if found & HIDDEN:
            if found & (c.STUCK | c.RANGE | c.RATE | c.INSTRUMENT) and not found & c.SUSPECT:
                level.faulted, level.anomalous_since = True, 0.0
            return verdict
        added, verdict.score = level.judge(time, x, since)
        verdict.flags |= added
        if added & c.ANOMALY:
            verdict.onset_ms = level.onset
        elif not found & c.SPIKE:
            verdict.onset_ms = -1
        verdict.severity = max(verdict.severity, level.severity)
        return verdict


_SEVERITIES = (
    (c.RANGE, 0.8),
    (c.STUCK | c.RATE, 0.7),
    (c.GAP, 0.7),
    (c.SPIKE, 0.4),
)


def _fault_severity(found: int) -> float:
    if found & c.SUSPECT:
        return 0.0
    for bit, severity in _SEVERITIES:
        if found & bit:
            return severity
    return 0.0
