"""The latency histogram."""

import numpy as np

from lamppost.aggregator.pipeline.latency import WINDOW_MS, Latency


def test_quantiles_are_close() -> None:
    """The median and the 99th percentile are within a bucket's width of the true ones."""
    latency = Latency()
    assert latency.quantile(0.5) is None
    took = np.arange(1, 1001)
    latency.add(1_000_000 - took, 1_000_000)
    for share, true in ((0.5, 500), (0.99, 990)):
        found = latency.quantile(share)
        assert found is not None
        assert abs(found - true) / true < 0.1


def test_the_past_is_forgotten() -> None:
    """After two windows only what came since counts."""
    latency = Latency()
    latency.add(np.array([0]), 60_000)
    for turn in range(1, 3):
        now_ms = 60_000 + turn * WINDOW_MS
        latency.add(np.full(10, now_ms - 10), now_ms)
    found = latency.quantile(1.0)
    assert found is not None
    assert found < 20


def test_odd_times_do_no_harm() -> None:
    """Readings from the future or from 1970 fall into the outermost buckets."""
    latency = Latency()
    latency.add(np.array([2_000_000_000_000, 0]), 1_000_000_000_000)
    assert latency.quantile(0.1) is not None
