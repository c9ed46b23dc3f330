"""Maintenance in the judge: what is worked on is neither judged nor learned from."""

import numpy as np

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import Judge

T0 = 1_700_000_000_000
STEP_MS = 1_000


def steady(count: int, seed: int) -> np.ndarray:
    """A healthy channel."""
    return 20.0 + np.random.default_rng(seed).normal(0.0, 0.1, count)


def judged(judge: Judge, series: int, start: int, values: np.ndarray) -> Verdicts:
    """Judge readings of one series, one a second."""
    count = len(values)
    time_ms = T0 + STEP_MS * np.arange(start, start + count)
    out = Verdicts.empty(count)
    judge.update(
        np.full(count, series, np.int32),
        time_ms,
        values,
        np.full(count, c.QUALITY_GOOD, np.int16),
        np.zeros(count, np.uint8),
        int(time_ms[-1]) + 1,
        out,
    )
    return out


def learned(count: int = 2) -> Judge:
    """A judge that knows so many healthy channels."""
    judge = Judge()
    for series in range(count):
        judge.add_series(series, None, None, None, c.NUMERIC)
        judged(judge, series, 0, steady(300, 1))
    return judge


def test_what_is_in_maintenance_is_marked_and_not_judged() -> None:
    """A pump that is switched off by its fitter is no anomaly; the other one still is."""
    judge = learned()
    judge.pause(np.array([0], np.int32), paused=True)
    off = np.linspace(0.0, 0.5, 60) + steady(60, 2) - 20.0
    paused, other = judged(judge, 0, 300, off), judged(judge, 1, 300, off)
    assert np.all(paused.flags & c.MAINTENANCE)
    assert not np.any(paused.flags & c.ANOMALY)
    assert np.any(other.flags & c.ANOMALY)
    assert not np.any(other.flags & c.MAINTENANCE)


def test_nothing_is_learned_meanwhile() -> None:
    """The process tiers' state is the same bits as before; afterwards they go on."""
    judge = learned()
    before = judge.state()
    judge.pause(np.array([0], np.int32), paused=True)
    judged(judge, 0, 300, 5.0 * steady(500, 3))
    during = judge.state()
    assert during["level"].tobytes() == before["level"].tobytes()
    assert during["quality"].tobytes() != before["quality"].tobytes()
    judge.pause(np.array([0], np.int32), paused=False)
    after = judged(judge, 0, 800, steady(100, 4))
    assert not np.any(after.flags & (c.MAINTENANCE | c.ANOMALY))
    assert judge.state()["level"].tobytes() != before["level"].tobytes()


def test_a_restart_remembers_what_is_paused() -> None:
    """The marks go on after a checkpoint."""
    judge = learned(1)
    judge.pause(np.array([0], np.int32), paused=True)
    again = Judge()
    again.restore(judge.state())
    assert np.all(judged(again, 0, 300, steady(5, 5)).flags & c.MAINTENANCE)
