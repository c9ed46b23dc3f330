"""The neighbours tier's kernel beside its twin, on rings of every size that drift and pause."""

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import BLANKS, CHANNELS, NEAR, NEIGHBOURS, TIERS
from lamppost.aggregator.judge.neighbours import LEAST, MAX_NEAR, SEVERITY
from lamppost.aggregator.judge.profile import DEFAULT, Profile, packed
from lamppost.aggregator.judge.state import KIND
from lamppost.aggregator.judge.state import NEAR as HAS_NEAR

from .samples_judge import T0, Floats, Stream
from .twins_neighbours import ring

STEP_MS = 60_000
LENGTH = 1_500
NOW = T0 + 10**12
QUICK = DEFAULT._replace(  # learns in hours what takes days, and believes a drift in the end
    instrument_readings=64.0,
    instrument_ms=64.0 * STEP_MS,
    instrument_accept_ms=3e7,
    neighbours_area_ms=60.0 * STEP_MS,
)


def walking(seed: int, count: int) -> Floats:
    """Values[reading, member] of one quantity; some walk away, back or together."""
    rng = np.random.default_rng(seed)
    truth = 20 + 3 * np.sin(np.arange(LENGTH)[:, None] / 40)
    truth[700:720] += 30 * rng.integers(0, 2)
    values = rng.uniform(0.6, 1.4, count) * truth + 0.1 * rng.standard_normal((LENGTH, count))
    for _ in range(3):
        first, much = int(rng.integers(300, LENGTH - 400)), float(rng.normal(0, 4))
        walk = np.minimum(np.arange(400) / rng.integers(1, 300), 1.0) * much
        who = rng.permutation(count)[: 1 + int(rng.integers(0, 2))]
        values[first : first + 400, who] += walk[:, None]
    return np.asarray(values)


def stream_of(seed: int, values: Floats) -> Stream:
    """Each member at moments of its own, with pauses, repeats of a time and nonsense."""
    rng = np.random.default_rng([seed, 1])
    length, count = values.shape
    every = rng.choice([1, 1, 1, 2, 3], count)
    kept = (np.arange(length)[:, None] % every == 0) & (rng.random((length, count)) > 0.02)
    start = int(rng.integers(200, length - 200))
    kept[start : start + 150, rng.integers(count)] = False
    reading, member = np.nonzero(kept)
    value = values[kept]
    odd = rng.integers(len(value), size=10)
    value[odd] = rng.choice([1e300, -1e300, 5e-324, 0.0], 10)
    stamps = T0 + reading * STEP_MS + rng.integers(0, STEP_MS // 2, len(reading))
    order = np.argsort(stamps, kind="stable")
    return Stream(
        member[order].astype(np.int32),
        stamps[order],
        value[order],
        np.full(len(order), c.QUALITY_GOOD, np.int16),
    )


def compared(
    stream: Stream, seed: int, count: int, least: int = 1, profile: Profile = QUICK
) -> int:
    """Compare both on a ring; returns all flags that the tier added."""
    channels = np.tile(BLANKS[CHANNELS], (count, 1))
    channels[:, KIND] = c.NUMERIC
    channels[:, HAS_NEAR] = count - 1
    near = np.tile(BLANKS[NEAR], (count, 1))
    for step in range(1, min(count, MAX_NEAR + 1)):
        near[:, step - 1] = (np.arange(count) - step) % count
    near[:, LEAST] = least
    out = Verdicts.empty(len(stream))
    tiers = {tier.name: tier.run for tier in TIERS}
    rng = np.random.default_rng([seed, 2])
    before = np.zeros(len(stream), np.uint32)
    withheld = rng.integers(len(stream), size=len(stream) // 50)
    before[withheld] = rng.choice([c.SUSPECT, c.STUCK, c.LATE, c.SPIKE], len(withheld))
    out.flags[:] = before
    out.expected[:] = np.nan
    tiers[NEIGHBOURS](
        stream.series,
        stream.time_ms,
        stream.value,
        stream.quality,
        NOW,
        channels,
        np.tile(BLANKS[NEIGHBOURS], (count, 1)),
        near,
        packed(profile),
        out.flags,
        out.expected,
        out.low,
        out.high,
        out.score,
        out.severity,
        out.onset_ms,
    )
    members, seen = ring(profile, count, least), 0
    for row in range(len(stream)):
        member = members[stream.series[row]]
        was = int(before[row])
        flags = member.judge(float(stream.time_ms[row]), float(stream.value[row]), was)
        assert int(out.flags[row]) == flags, row
        seen |= flags & ~was
        if flags & ~was & c.DRIFT:
            assert int(out.onset_ms[row]) == int(member.distance.since), row
            assert out.severity[row] == np.float32(SEVERITY), row
            half = profile.neighbours_matter * member.spread
            band = (member.said, member.said - half, member.said + half)
            told = (out.expected[row], out.low[row], out.high[row])
            assert told == pytest.approx(band, rel=1e-5, abs=1e-5), row
        else:
            assert np.isnan(out.expected[row]), row
    return seen


@pytest.mark.parametrize(("count", "least"), [(2, 1), (3, 1), (4, 1), (12, 1), (5, 3)])
def test_the_kernel_judges_as_its_twin_does(count: int, least: int) -> None:
    """Members that leave, come back, leave together and pause: the same flags and onsets."""
    seen = 0
    for seed in range(4):
        seen |= compared(stream_of(seed, walking(seed, count)), seed, count, least)
    assert seen == c.DRIFT | c.SUSPECT


def test_strangers_are_compared_now_and_then() -> None:
    """Where nobody has ever measured the same the twin says so too, and idles as long."""
    lone = QUICK._replace(neighbours_memory=100.0)
    for seed in range(2):
        values = np.random.default_rng(seed).standard_normal((LENGTH, 3)).cumsum(axis=0)
        values[1_000:] = values[1_000:, :1] + 0.01 * values[1_000:, 1:2]
        compared(stream_of(seed, values), seed, 3, profile=lone)
