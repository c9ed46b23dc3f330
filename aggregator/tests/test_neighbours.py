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
