"""The whole judge on what no sensor should ever send: no crash, no NaN, no effect on others."""

from dataclasses import fields

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.judge import Judge

from .samples_judge import T0, Stream, judged

DAY_MS = 86_400_000
YEAR_MS = 365 * DAY_MS
FOREVER = T0 + 100 * YEAR_MS
HEALTHY, ILL = 0, 1
NASTY = (
    np.nan, np.inf, -np.inf, 1e300, -1e300, 1e30, -1e30, 5e-324, -5e-324, 2.2e-308, 0.0, -0.0,
)  # fmt: skip
STEPS = (0, -1, -1_000, -DAY_MS, -YEAR_MS, 1, 500, 300_000, 3_600_000, DAY_MS, YEAR_MS)
CODES = (c.QUALITY_GOOD, c.QUALITY_BAD, c.QUALITY_STALE, -1, 255, 256)

ordinary = st.floats(-1e6, 1e6, width=32)
readings = st.lists(
    st.tuples(
        st.one_of(st.sampled_from(NASTY), ordinary, st.sampled_from((3.0, 4.0))),
        st.sampled_from(STEPS),
        st.sampled_from(CODES[:1] * 8 + CODES),
    ),
    max_size=300,
)


def ill(rows: list[tuple[float, int, int]], known: int) -> Stream:
    """Series ILL: `known` healthy readings, so that the tiers are awake, then `rows`."""
    rng = np.random.default_rng(known)
    value = [*(20 + rng.standard_normal(known)), *(row[0] for row in rows)]
    steps = [*(300_000,) * known, *(row[1] for row in rows)]
    code = [*(c.QUALITY_GOOD,) * known, *(row[2] for row in rows)]
    return Stream(
        np.full(len(value), ILL, np.int32),
        T0 + np.cumsum(np.array(steps, np.int64)),
        np.array(value, np.float64),
        np.array(code, np.int16),
    )


def healthy(count: int) -> Stream:
    """Series HEALTHY, `count` readings."""
    value = 10 + np.random.default_rng(1).standard_normal(count)
    return Stream(
        np.full(count, HEALTHY, np.int32),
        T0 + np.arange(count, dtype=np.int64) * 300_000,
        value,
        np.full(count, c.QUALITY_GOOD, np.int16),
    )


def woven(one: Stream, other: Stream) -> Stream:
    """One reading of each in turn; what is left of the longer comes last."""
    at = np.r_[2 * np.arange(len(one)), 2 * np.arange(len(other)) + 1]
    order = np.argsort(at, kind="stable")
    return Stream(
        *(
            np.concatenate([getattr(one, column.name), getattr(other, column.name)])[order]
            for column in fields(Stream)
        )
    )


def two() -> Judge:
    """A judge of both series, on one node."""
    judge = Judge(2)
    for index in (HEALTHY, ILL):
        judge.add_series(index, None, None, None, c.NUMERIC)
        judge.relate(index, HEALTHY, counter=index == ILL, temperature=True)
    return judge


def sane(out: Verdicts, judge: Judge) -> None:
    """Numbers within their bounds; a band is there whole or not at all; state without NaN."""
    assert np.isfinite(out.score).all()
    assert ((out.score >= 0) & (out.score <= 100)).all()
    assert ((out.severity >= 0) & (out.severity <= 1)).all()
    there = ~np.isnan(out.expected)
    band = np.stack([out.expected, out.low, out.high])[:, there]
    assert np.isfinite(band).all()
    assert (out.low[there] <= out.high[there]).all()
    assert np.isnan(out.low[~there]).all()
    assert np.isnan(out.high[~there]).all()
    for name, array in judge.state().items():
        if name in ("quality", "instrument", "neighbours", "level", "clocks"):
            assert np.isfinite(array).all(), name


@settings(max_examples=60, deadline=None)
@given(rows=readings, known=st.sampled_from((0, 1, 30, 700)))
def test_nonsense_makes_no_nonsense(rows: list[tuple[float, int, int]], known: int) -> None:
    """NaN, infinities, subnormals, two values, times that repeat, go back or jump a year."""
    judge = two()
    stream = ill(rows, known)
    sane(judged(judge, stream, FOREVER), judge)
    judge.sweep(FOREVER)
    judge.clocks()


@settings(max_examples=30, deadline=None)
@given(rows=readings, known=st.sampled_from((0, 700)))
def test_nonsense_stays_where_it_is(rows: list[tuple[float, int, int]], known: int) -> None:
    """Another series gets the same verdicts, to the last bit, as without the nonsense."""
    good, bad = healthy(400), ill(rows, known)
    alone = judged(two(), good, FOREVER)
    both = woven(good, bad)
    among = judged(two(), both, FOREVER)
    mine = both.series == HEALTHY
    for column in fields(Verdicts):
        was, now = getattr(alone, column.name), getattr(among, column.name)[mine]
        assert was.tobytes() == now.tobytes(), column.name


def test_a_series_that_appears_and_vanishes_leaves_the_others_alone() -> None:
    """Added in the middle, sent once, never again: the old series goes on as it was."""
    good = healthy(400)
    whole = judged(two(), good, FOREVER)
    judge = two()
    judged(judge, good.part(0, 200), FOREVER)
    judge.add_series(4_000, None, None, 1_000, c.NUMERIC)
    guest = Stream(
        np.array([4_000], np.int32), good.time_ms[:1], good.value[:1], good.quality[:1]
    )
    sane(judged(judge, guest, FOREVER), judge)
    rest = judged(judge, good.part(200, 400), FOREVER)
    assert rest.score.tobytes() == whole.score[200:].tobytes()
