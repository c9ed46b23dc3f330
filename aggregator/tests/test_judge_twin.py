"""The kernels beside their twin, cut anywhere, among other series, and from a checkpoint."""

from dataclasses import fields

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.columns import Verdicts
from lamppost.aggregator.judge.habit_profile import HABITS, HabitProfile
from lamppost.aggregator.judge.judge import Judge
from lamppost.aggregator.judge.profile import DEFAULT

from .samples_judge import HEARTBEAT_MS, NO_HABITS, T0, Stream, judged, troubled
from .twins_level import Twin

SERIES = 12
LOW, HIGH = -50.0, 150.0
RATE = 2.0  # of every fourth series
NOW = T0 + 10**11


def judge(habits: HabitProfile = HABITS) -> Judge:
    """Numeric series with and without declared range, and a boolean one."""
    new = Judge(SERIES, habits=habits)
    for index in range(SERIES):
        low, high = (LOW, HIGH) if index % 2 else (None, None)
        kind = c.BOOLEAN if index == 3 else c.NUMERIC
        heartbeat = HEARTBEAT_MS if index % 3 else None
        rate = RATE if index % 4 == 1 else None
        new.add_series(index, low, high, heartbeat, kind, rate_per_s=rate)
    return new


def twins() -> list[Twin]:
    """The same as twins."""
    return [
        Twin(
            DEFAULT,
            LOW if index % 2 else np.nan,
            HIGH if index % 2 else np.nan,
            HEARTBEAT_MS if index % 3 else 0,
            numeric=index != 3,
            rate=RATE if index % 4 == 1 else 0.0,
        )
        for index in range(SERIES)
    ]


def same(one: Verdicts, other: Verdicts) -> None:
    """Equal to the last bit."""
    for column in fields(Verdicts):
        mine, theirs = getattr(one, column.name), getattr(other, column.name)
        assert mine.tobytes() == theirs.tobytes(), column.name


@pytest.mark.parametrize("seed", range(6))
def test_the_kernels_judge_as_their_twin_does(seed: int) -> None:
    """On every kind of trouble: the same flags and onsets, the same numbers."""
    stream = troubled(seed, 6_000, SERIES)
    out, slow = judged(judge(NO_HABITS), stream, NOW), twins()
    for row in range(len(stream)):
        verdict = slow[stream.series[row]].judge(
            float(stream.time_ms[row]),
            float(stream.value[row]),
            int(stream.quality[row]),
            float(NOW),
        )
        assert int(out.flags[row]) == verdict.flags, row
        assert int(out.onset_ms[row]) == verdict.onset_ms, row
        for name in ("expected", "low", "high", "score", "severity"):
            wanted = np.float32(getattr(verdict, name))
            assert getattr(out, name)[row] == pytest.approx(wanted, rel=1e-5, nan_ok=True), row


def test_trouble_is_of_every_kind() -> None:
    """The streams these tests share make every flag appear."""
    seen = 0
    for seed in range(6):
        seen |= int(np.bitwise_or.reduce(judged(judge(), troubled(seed, 6_000, 12), NOW).flags))
    wanted = set(c.FLAG_NAMES.values()) - {"maintenance"}  # a person's doing, not a stream's
    wanted -= set(c.flag_names(c.INSTRUMENT | c.STEEP))  # days pass before: test_instrument.py
    assert wanted - {"alarm"} <= set(c.flag_names(seen)) <= wanted


@pytest.mark.parametrize("seed", range(3))
def test_cuts_change_nothing(seed: int) -> None:
    """Any chunking of a stream gives the same bits: no tier sees what comes later."""
    stream = troubled(seed, 4_000, SERIES)
    whole_judge, cut_judge = judge(), judge()
    whole = judged(whole_judge, stream, NOW)
    rng = np.random.default_rng(seed)
    first, parts = 0, []
    while first < len(stream):
        last = first + int(rng.choice([1, 2, 7, 300]))
        parts.append(judged(cut_judge, stream.part(first, last), NOW))
        first = last
    glued = Verdicts(
        *(
            np.concatenate([getattr(part, column.name) for part in parts])
            for column in fields(Verdicts)
        )
    )
    same(whole, glued)
    for name, array in whole_judge.state().items():
        assert array.tobytes() == cut_judge.state()[name].tobytes(), name


def test_the_future_changes_nothing() -> None:
    """The verdicts on a prefix are those it gets alone."""
    stream = troubled(9, 4_000, SERIES)
    whole = judged(judge(), stream, NOW)
    alone = judged(judge(), stream.part(0, 1_700), NOW)
    same(whole.head(1_700), alone)


def test_other_series_change_nothing() -> None:
    """Each series alone gets the verdicts it got among the others."""
    stream = troubled(10, 4_000, SERIES)
    whole = judged(judge(), stream, NOW)
    for index in range(SERIES):
        mine = stream.series == index
        alone = Stream(
            stream.series[mine], stream.time_ms[mine], stream.value[mine], stream.quality[mine]
        )
        out = judged(judge(), alone, NOW)
        assert out.flags.tobytes() == whole.flags[mine].tobytes()
        assert out.score.tobytes() == whole.score[mine].tobytes()


def test_no_number_is_missing_that_should_be_there() -> None:
    """NaN, infinities, 1e300 and subnormals in: scores and severities stay in their bounds."""
    for seed in range(4):
        out = judged(judge(), troubled(seed, 4_000, SERIES), NOW)
        assert np.isfinite(out.score).all()
        assert ((out.score >= 0) & (out.score <= 100)).all()
        assert ((out.severity >= 0) & (out.severity <= 1)).all()
        there = ~np.isnan(out.expected)
        assert np.isfinite(out.low[there]).all()
        assert (out.low[there] <= out.high[there]).all()


def test_a_restored_judge_goes_on_as_if_nothing_had_happened() -> None:
    """Half a stream, a checkpoint, a new judge, the other half: the same bits."""
    stream = troubled(11, 4_000, SERIES)
    whole = judged(judge(), stream, NOW)
    before = judge()
    judged(before, stream.part(0, 2_000), NOW)
    after = Judge(1)
    after.restore(before.state())
    rest = judged(after, stream.part(2_000, 4_000), NOW)
    assert rest.flags.tobytes() == whole.flags[2_000:].tobytes()
    assert rest.severity.tobytes() == whole.severity[2_000:].tobytes()


def test_growing_keeps_what_is_known() -> None:
    """New series far beyond the room leave the old ones' memory as it was."""
    stream = troubled(12, 2_000, SERIES)
    whole = judged(judge(), stream, NOW)
    growing = judge()
    judged(growing, stream.part(0, 1_000), NOW)
    growing.add_series(5_000, None, None, None, c.NUMERIC)
    assert growing.capacity >= 5_001
    assert len(growing) == 5_001
    rest = judged(growing, stream.part(1_000, 2_000), NOW)
    assert rest.flags.tobytes() == whole.flags[1_000:].tobytes()


def test_a_foreign_state_is_refused() -> None:
    """State arrays of other widths, or of unequal lengths, are no state of this release."""
    state = judge().state()
    for wrong in (
        state | {"level": state["level"][:, 1:]},
        state | {"level": state["level"][1:]},
        {name: array for name, array in state.items() if name != "quality"},
    ):
        with pytest.raises(ValueError, match="judging state"):
            Judge().restore(wrong)


def test_a_new_birth_changes_limits_and_nothing_else() -> None:
    """Declared again with another range, the series keeps its memory."""
    stream = troubled(13, 2_000, SERIES)
    whole = judged(judge(), stream, NOW)
    again = judge()
    judged(again, stream.part(0, 1_000), NOW)
    for index in range(SERIES):
        low, high = (LOW, HIGH) if index % 2 else (None, None)
        kind = c.BOOLEAN if index == 3 else c.NUMERIC
        heartbeat = HEARTBEAT_MS if index % 3 else None
        rate = RATE if index % 4 == 1 else None
        again.add_series(index, low, high, heartbeat, kind, rate_per_s=rate)
    rest = judged(again, stream.part(1_000, 2_000), NOW)
    assert rest.flags.tobytes() == whole.flags[1_000:].tobytes()
