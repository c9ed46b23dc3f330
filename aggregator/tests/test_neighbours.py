"""Neighbours whose gains are not quite alike: what is a drift beside them, and what is not."""

import numpy as np
import pytest

from lamppost.aggregator import columns as c

from .samples_judge import judged
from .test_instrument import BEFORE, redundant, stream_of


@pytest.mark.parametrize("drift", [0.0, 1.5])
def test_gains_are_known_to_a_tenth(drift: float) -> None:
    """One that follows the process a little less far than the others does not drift; unless."""
    values, judge = redundant(19, 3)
    span = values[:BEFORE].std(axis=0)
    far = np.linspace(0, 3, 600)[:, None] * span
    values[BEFORE:] += far
    values[BEFORE:, 1] -= (0.08 + drift * np.linspace(0, 1, 600)) * far[:, 1] / 3
    flags = judged(judge, stream_of(values)).flags
    assert bool((flags & c.DRIFT).any()) == (drift > 0)


def test_what_a_drifting_channel_should_read_is_told() -> None:
    """Through all tiers: expected is what its neighbours say, wherever they go meanwhile."""
    values, judge = redundant(20, 3)
    span = values[:BEFORE, 1].std()
    values[BEFORE + 500 :] += 3.0 * values[:BEFORE].std(axis=0)
    healthy = values[BEFORE:, 1].copy()
    values[BEFORE:, 1] += 3.0 * span * np.linspace(0, 1, len(healthy))
    out = judged(judge, stream_of(values))
    drifts = (out.flags.reshape(-1, 3)[BEFORE:, 1] & c.DRIFT) != 0
    drifts[: len(healthy) // 2] = False
    assert drifts.any()
    expected, low, high = (
        column.reshape(-1, 3)[BEFORE:, 1][drifts]
        for column in (out.expected, out.low, out.high)
    )
    assert np.abs(expected - healthy[drifts])[-50:].max() < span
    assert (low < expected).all()
    assert (values[BEFORE:, 1][drifts] > high).all()
