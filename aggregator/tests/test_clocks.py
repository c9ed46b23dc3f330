"""The clocks kernel beside its twin, and clocks that run fast or slow."""

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge import instrument_state as w
from lamppost.aggregator.judge.judge import CLOCKS
from lamppost.aggregator.judge.profile import DEFAULT

from .samples_judge import T0, Stream, judge_of, judged
from .twins_clocks import Clock

EVERY_MS = 5_000


def offsets(seed: int, count: int) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """How late readings come (ms): the network, steps, a ramp, a backlog, lone stragglers."""
    rng = np.random.default_rng(seed)
    late = rng.exponential(300, count)
    step = int(rng.integers(100, count - 200))
    late[step : step + 80] += rng.choice([-3_600_000, 3_600_000, 40_000, -25_000])
    ramp = int(rng.integers(100, count - 100))
    late[ramp:] += np.arange(count - ramp) * rng.choice([0.0, 40.0, -40.0])
    backlog = int(rng.integers(100, count - 60))
    late[backlog : backlog + 50] += np.arange(50, 0, -1) * 20_000
    late[rng.integers(count, size=10)] += 90_000
    return late.astype(np.int64)


@pytest.mark.parametrize("seed", range(8))
def test_the_kernel_follows_clocks_as_its_twin_does(seed: int) -> None:
    """After every reading: the same offset, and the same verdict since the same time."""
    judge = judge_of(1)
    judge.relate(0, 0)
    twin, wrongs = Clock(DEFAULT), set()
    for reading, late in enumerate(offsets(seed, 1_200).tolist()):
        now = T0 + reading * EVERY_MS
        one = Stream(
            np.zeros(1, np.int32),
            np.full(1, now - late, np.int64),
            np.full(1, 20.0 + reading % 7),
            np.full(1, c.QUALITY_GOOD, np.int16),
        )
        judged(judge, one, now)
        twin.take(now, now - late)
        row = judge.state()[CLOCKS][0]
        assert row[w.OFFSET] == pytest.approx(twin.usual, abs=1e-3)
        assert row[w.CLOCK_WRONG] == pytest.approx(twin.wrong, abs=1e-3)
        assert not twin.wrong or row[w.WRONG_SINCE] == twin.wrong_since
        wrongs.add(bool(twin.wrong))
    assert wrongs == {True, False}


@pytest.mark.parametrize("ms_an_hour", [2_000, -2_000])
def test_a_clock_that_runs_fast_or_slow_is_told(ms_an_hour: int) -> None:
    """Two seconds an hour: no step anywhere; told when it is 20 s off, and only once."""
    judge = judge_of(1)
    judge.relate(0, 0)
    told = []
    for minute in range(16 * 60):
        now = T0 + minute * 60_000
        skew = ms_an_hour * minute // 60
        one = Stream(
            np.zeros(1, np.int32),
            np.full(1, now - 150 - minute % 5 * 30 + skew, np.int64),
            np.full(1, 20.0 + minute % 7),
            np.full(1, c.QUALITY_GOOD, np.int16),
        )
        judged(judge, one, now)
        told += [(minute, ahead) for ahead in judge.clocks()[2].tolist()]
    assert len(told) == 1
    minute, ahead = told[0]
    assert 600 <= minute <= 660
    assert ahead == pytest.approx(np.sign(ms_an_hour) * 20_000, abs=500)


@pytest.mark.parametrize("at_once", [1, 30])
def test_a_backlog_at_the_first_start_is_no_clock(at_once: int) -> None:
    """The first readings came minutes late because nobody took them; no clock was set."""
    judge = judge_of(1)
    judge.relate(0, 0)
    told = []
    stamps = iter(range(T0 - 8 * 60_000, T0 + 3_600_000, EVERY_MS))
    backlog = [next(stamps) for _ in range(8 * 60_000 // EVERY_MS)]
    batches = [backlog[at : at + at_once] for at in range(0, len(backlog), at_once)]
    batches += [[stamp] for stamp in stamps]
    for number, batch in enumerate(batches):
        now = max(batch[-1] + 200, T0 + number * 100)
        one = Stream(
            np.zeros(len(batch), np.int32),
            np.array(batch, np.int64),
            20.0 + np.arange(len(batch), dtype=np.float64) % 7,
            np.full(len(batch), c.QUALITY_GOOD, np.int16),
        )
        judged(judge, one, now)
        told += judge.clocks()[2].tolist()
    assert told == []


def test_a_clock_that_is_set_right_starts_anew() -> None:
    """An hour slow from the start, which nobody can know; right since, and then fast: told."""
    judge = judge_of(1)
    judge.relate(0, 0)
    told = []
    for reading, late in enumerate([3_600_000] * 100 + [300] * 100 + [-3_600_000] * 100):
        now = T0 + reading * EVERY_MS
        one = Stream(
            np.zeros(1, np.int32),
            np.full(1, now - late, np.int64),
            np.full(1, 20.0 + reading % 7),
            np.full(1, c.QUALITY_GOOD, np.int16),
        )
        judged(judge, one, now)
        told += [(reading, ahead) for ahead in judge.clocks()[2].tolist()]
    assert len(told) == 1
    assert told[0][0] >= 200
    assert told[0][1] == pytest.approx(3_600_300, abs=1_000)
