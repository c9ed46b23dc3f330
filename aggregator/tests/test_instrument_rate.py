"""Changes faster than ever, where no rate is declared: said of them, and nothing withheld."""

import numpy as np
import pytest

from lamppost.aggregator import columns as c
from lamppost.aggregator.judge.qartod import SUSPECT, qartod

from .samples_judge import judge_of, judged
from .test_instrument import BEFORE, after, daily, stream_of


@pytest.mark.parametrize(("step", "steep"), [(1.0, False), (3.0, True), (-3.0, True)])
def test_a_step_faster_than_ever_is_steep(step: float, steep: bool) -> None:
    """Changes are of up to about 0.6; one of 3 is steep, goes on being so, and is learned."""
    values = daily(30, 2)
    values[BEFORE:] += step
    values[BEFORE + 100 :] += step
    stream = stream_of(values)
    flags = judged(judge_of(2), stream).flags
    told = (flags & c.STEEP != 0) & after(stream, BEFORE)
    assert told.any() == steep
    assert not (flags[~after(stream, BEFORE)] & c.STEEP).any()
    assert not told[after(stream, BEFORE + 20)].any()
    assert not (flags & c.FAULTS).any()


def test_steep_is_suspect_and_believed() -> None:
    """QARTOD's rate of change test knows no failure, and what is steep is no sensor fault."""
    assert qartod(c.STEEP) == SUSPECT
    assert not c.STEEP & (c.FAULTS | c.UNJUDGED)


def test_slow_for_days_and_a_pause_is_not_steep() -> None:
    """What came far during a pause had time for it."""
    changes = 0.01 * (1.0 + np.arange(BEFORE + 200) % 3)
    values = np.asarray(np.cumsum(changes)[:, None], np.float64)
    stream = stream_of(values)
    kept = ~(after(stream, BEFORE) & ~after(stream, BEFORE + 100))
    part = type(stream)(
        stream.series[kept], stream.time_ms[kept], stream.value[kept], stream.quality[kept]
    )
    assert not (judged(judge_of(1), part).flags & c.STEEP).any()
