"""The p-value of every reading: beside its twin, right on average, 1 where nothing is known."""

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import BLANKS, CHANNELS, ODDS
from lamppost.aggregator.judge.odds import odds_tier
from lamppost.aggregator.judge.profile import DEFAULT, packed
from lamppost.aggregator.judge.state import KIND

from .samples_judge import (
    T0,
    Floats,
    autocorrelated,
    healthy,
    judge_of,
    judged,
    polled,
    troubled,
)
from .twins_odds import Odds

SERIES = 6
HIDDEN = c.SUSPECT | c.FAULTS | c.UNJUDGED | c.LEARNING


def test_p_values_are_those_of_the_twin() -> None:
    """On trouble of every kind, from the verdicts of the other tiers."""
    profile = DEFAULT._replace(odds_readings=100.0, odds_anew_ms=9e7)
    stream = troubled(4, 8_000, SERIES)
    out = judged(judge_of(SERIES, profile=profile), stream)
    twins = [Odds(100.0, 9e7) for _ in range(SERIES)]
    told = 0
    for row in range(len(stream)):
        if int(out.flags[row]) & HIDDEN:
            assert out.p[row] == 1.0
            continue
        evidence = float(out.score[row])
        half = 0.5 * (float(out.high[row]) - float(out.low[row]))
        middle = float(out.expected[row])
        if half > 1e-6 * abs(middle):
            z = profile.band_sd * abs(float(stream.value[row]) - middle) / half
            evidence += 0.5 * min(z, 30.0)
        wanted = twins[stream.series[row]].judge(int(stream.time_ms[row]), evidence)
        assert out.p[row] == pytest.approx(wanted, rel=1e-5), row
        told += wanted < 1.0
    assert told > 300


def p_of(evidence: Floats, every_ms: int = 1) -> Floats:
    """What the kernel makes of scores[reading, series] alone."""
    ticks, count = evidence.shape
    channels = np.tile(BLANKS[CHANNELS], (count, 1))
    channels[:, KIND] = c.NUMERIC
    state = np.tile(BLANKS[ODDS], (count, 1))
    rows = evidence.size
    out = Verdicts.empty(rows)
    out.score[:] = evidence.ravel()
    out.expected[:] = np.nan
    odds_tier(
        np.tile(np.arange(count, dtype=np.int32), ticks),
        np.repeat(T0 + every_ms * np.arange(ticks), count),
        np.zeros(rows),
        np.full(rows, c.QUALITY_GOOD, np.int16),
        T0,
        channels,
        state,
        packed(DEFAULT),
        out.flags,
        out.expected,
        out.low,
        out.high,
        out.score,
        out.severity,
        out.onset_ms,
        out.p,
    )  # fmt: skip
    return out.p.reshape(ticks, count).astype(np.float64)


@pytest.mark.parametrize("keep", [0.0, 0.9, 0.98])
@pytest.mark.parametrize("tail", ["exponential", "gauss", "heavy"])
def test_p_is_right_on_average(keep: float, tail: str) -> None:
    """Within a factor of two down to 1e-4, however alike neighbours are, whatever the tail."""
    noise = np.abs(autocorrelated(np.random.default_rng(5), 100_000, 10, keep))
    evidence = {"exponential": noise * noise, "gauss": noise, "heavy": np.expm1(noise)}[tail]
    found = p_of(evidence)[400:]
    for level in (1e-2, 1e-3, 1e-4):
        assert 0.5 <= (found <= level).mean() / level <= 2.0, level


def test_p_is_right_within_weeks() -> None:
    """No tail at all, eight weeks of five minutes: the rarest is met as often as it says."""
    evidence = np.random.default_rng(8).random((16_000, 60))
    found = p_of(evidence)[400:]
    for level in (1e-2, 1e-3, 1e-4):
        assert 0.5 <= (found <= level).mean() / level <= 2.0, level


def test_p_is_right_of_whole_verdicts() -> None:
    """The same through all tiers, on healthy channels; and small is what is unusual."""
    stream = polled(healthy("laplace", 3, 20_000, 6))
    stream.value[-6:] += 40.0
    out = judged(judge_of(6), stream)
    healthy_p = out.p[6 * 500 : -6]
    for level in (1e-1, 1e-2, 1e-3):
        assert 0.5 <= (healthy_p <= level).mean() / level <= 2.0, level
    assert ((out.p > 0.0) & (out.p <= 1.0)).all()


def test_an_anomaly_is_rare() -> None:
    """A step that stays: within ten readings p is below one in a thousand, everywhere."""
    values = healthy("gauss", 6, 4_000, 8)
    values[3_900:] += 15.0
    stream = polled(values, deadband=False)
    out = judged(judge_of(8), stream)
    after = out.p.reshape(-1, 8)[3_900:3_910]
    assert (after.min(axis=0) < 1e-3).all()


def test_p_begins_anew_when_habits_begin_to_speak() -> None:
    """After a day other evidence is usual: p says nothing for a while, then what is right."""
    noise = np.random.default_rng(9).exponential(size=(5 * 1_440, 60))
    noise[1_440:] = 3.0 + 5.0 * noise[1_440:]
    found = p_of(noise, 60_000)
    assert (found[1_000:1_440] < 1.0).any()
    assert (found[1_440:1_840] == 1.0).all()
    for level in (1e-2, 1e-3):
        assert 0.5 <= (found[1_840 : 2 * 1_440] <= level).mean() / level <= 2.0, level


def test_nothing_known_is_one() -> None:
    """Boolean channels, what is withheld, and the first four hundred readings."""
    stream = polled(healthy("gauss", 7, 390, 3))
    assert (judged(judge_of(3), stream).p == 1.0).all()
    boolean = judge_of(3, kind=c.BOOLEAN)
    assert (judged(boolean, polled(healthy("gauss", 7, 900, 3))).p == 1.0).all()


def test_a_series_that_shows_nothing_has_no_small_p() -> None:
    """Evidence of zero all day is never rare."""
    assert (p_of(np.zeros((5_000, 1))) == 1.0).all()
