"""Readings in another unit: while the process moves on, and of channels that never moved."""

import numpy as np

from lamppost.aggregator import columns as c

from .samples_judge import judge_of, judged
from .test_instrument import BEFORE, after, daily, stream_of, told


def test_the_process_moves_on_while_the_unit_is_wrong() -> None:
    """A dip to what the channel has often been is no reason to drop the suspicion."""
    values = daily(20, 2)
    values[BEFORE - 40 : BEFORE + 60] = 20 + 0.1 * (np.arange(100) % 3)[:, None]
    values[BEFORE - 300 : BEFORE - 290] = 8.0
    values[BEFORE : BEFORE + 60] *= 0.001
    values[BEFORE + 2] = 0.01
    stream = stream_of(values)
    out = judged(judge_of(2), stream)
    assert (told(stream, out, c.SCALE) == BEFORE + 5).all()
    early = after(stream, BEFORE) & ~after(stream, BEFORE + 5)
    assert (out.flags[early] & c.SUSPECT != 0).all()


def test_a_cellar_that_never_moved_may_be_read_as_fahrenheit() -> None:
    """Where no change has ever been seen, what lands where it was is the other unit."""
    values = np.full((BEFORE + 60, 1), 11.0)
    values[BEFORE:] = 51.8
    judge = judge_of(1)
    judge.relate(0, 0, temperature=True)
    stream = stream_of(values)
    assert (told(stream, judged(judge, stream), c.SCALE) == BEFORE + 4).all()
