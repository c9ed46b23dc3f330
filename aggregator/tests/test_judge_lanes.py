"""Neighbouring series judged at once get what each gets alone."""

from dataclasses import fields

import numpy as np
import pytest
from numpy.typing import NDArray

from lamppost.aggregator import columns as c
from lamppost.aggregator import lanes
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import Judge

from .samples_judge import NO_HABITS, T0, Stream, autocorrelated, judged

SERIES = 4 * lanes.LANES + 3  # the last block is never full
TICKS = 700
NOW = T0 + 10**12


def judge() -> Judge:
    """Mostly numbers, with ranges, rates and heartbeats of all kinds among them."""
    new = Judge(SERIES, habits=NO_HABITS)
    for index in range(SERIES):
        low, high = (0.0, 60.0) if index % 3 == 0 else (None, None)
        kind = c.BOOLEAN if index == SERIES - 5 else c.NUMERIC
        rate = 40.0 if index % 5 == 0 else None
        new.add_series(index, low, high, 5_000 if index % 2 else None, kind, rate_per_s=rate)
    new.tune(2, level_factor=1.5, spike_factor=2.0)
    return new


def ticks(seed: int, step_ms: int, trouble: float) -> Stream:
    """All series once a tick, in their order, with some share of readings that are odd."""
    rng = np.random.default_rng(seed)
    value = 30 + autocorrelated(rng, TICKS, SERIES, 0.5)
    value += np.linspace(0, 5, TICKS)[:, None] * (np.arange(SERIES) % 4 == 1)
    value[:, 5] = np.round(value[:, 5])
    odd = rng.random(value.shape) < trouble
    value[odd] += rng.choice([20.0, -3.0, 1e6, np.nan, np.inf], odd.sum())
    held = np.flatnonzero(rng.random(TICKS) < trouble)
    value[held] = value[np.maximum(held - 1, 0)]
    quality = np.full(value.shape, c.QUALITY_GOOD, np.int16)
    quality[rng.random(value.shape) < trouble / 4] = c.QUALITY_BAD
    gaps = rng.choice([step_ms, 40 * step_ms], TICKS, p=[1 - trouble / 4, trouble / 4])
    times = T0 + np.cumsum(gaps)
    stamps = np.repeat(times[:, None], SERIES, axis=1)
    late = rng.random(stamps.shape) < trouble / 4
    stamps[late] -= 2 * step_ms
    return Stream(
        np.tile(np.arange(SERIES, dtype=np.int32), TICKS),
        stamps.ravel().astype(np.int64),
        value.ravel(),
        quality.ravel(),
    )


def reordered(stream: Stream, order: NDArray[np.int64]) -> Stream:
    """The same readings one after the other in another way."""
    return Stream(
        stream.series[order], stream.time_ms[order], stream.value[order], stream.quality[order]
    )


@pytest.mark.parametrize("step_ms", [500, 30_000, 300_000])
@pytest.mark.parametrize("trouble", [0.0, 0.02])
def test_neighbours_at_once_get_what_each_alone_gets(step_ms: int, trouble: float) -> None:
    """By ticks, where blocks come whole, and series by series, where none does."""
    stream = ticks(int(step_ms + 100 * trouble), step_ms, trouble)
    together, apart = judge(), judge()
    out = judged(together, stream, NOW)
    order = np.argsort(stream.series, kind="stable")
    alone = judged(apart, reordered(stream, order), NOW)
    for column in fields(Verdicts):
        mine, theirs = getattr(out, column.name)[order], getattr(alone, column.name)
        assert mine.tobytes() == theirs.tobytes(), column.name
    for name in ("quality", "level"):
        mine, theirs = together.state()[name], apart.state()[name]
        assert mine.tobytes() == theirs.tobytes(), name


def test_troubled_ticks_have_every_kind_of_trouble() -> None:
    """What the test above compares is not only healthy."""
    seen = 0
    for step_ms in (500, 30_000):
        out = judged(judge(), ticks(step_ms + 2, step_ms, 0.02), NOW)
        seen |= int(np.bitwise_or.reduce(out.flags))
    wanted = {"range", "rate", "spike", "gap", "bad", "late", "learning", "anomaly", "suspect"}
    assert wanted <= set(c.flag_names(seen))


def test_state_is_rows_however_it_is_kept() -> None:
    """A checkpoint has a row for each series, also of what stands side by side."""
    stream = ticks(1, 500, 0.02)
    before, after = judge(), Judge(1)
    judged(before, stream, NOW)
    state = before.state()
    assert {len(array) for array in state.values()} == {SERIES}
    assert (state["quality"][:, 0] > T0).all()
    after.restore(state)
    for name, array in after.state().items():
        assert array.tobytes() == state[name].tobytes(), name
