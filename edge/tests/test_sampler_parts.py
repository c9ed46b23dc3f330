"""The sampler's smaller parts: fitting values to types, and delays between tries."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lamppost.edge.backoff import LEAST_S, Backoff
from lamppost.edge.drivers.seam import Reading, Value
from lamppost.edge.sampling.conform import MAX_TEXT, conform
from lamppost.wire.datatypes import DataType, Quality

FITS: list[tuple[DataType, Value, Value]] = [
    (DataType.DOUBLE, 3, 3.0),
    (DataType.DOUBLE, True, 1.0),
    (DataType.DOUBLE, -0.5, -0.5),
    (DataType.BOOLEAN, 0.0, False),
    (DataType.BOOLEAN, 7, True),
    (DataType.INT64, 2.0, 2),
    (DataType.INT64, -(2**63), -(2**63)),
    (DataType.STRING, "on", "on"),
    (DataType.STRING, "x" * 2000, "x" * MAX_TEXT),
]
UNFIT: list[tuple[DataType, Value]] = [
    (DataType.DOUBLE, math.nan),
    (DataType.DOUBLE, math.inf),
    (DataType.DOUBLE, -math.inf),
    (DataType.DOUBLE, 10**400),
    (DataType.DOUBLE, "5"),
    (DataType.DOUBLE, None),
    (DataType.BOOLEAN, math.nan),
    (DataType.BOOLEAN, "true"),
    (DataType.INT64, 2.5),
    (DataType.INT64, 2**63),
    (DataType.INT64, math.inf),
    (DataType.STRING, 5),
    (DataType.STRING, None),
]


@pytest.mark.parametrize(("datatype", "came", "kept"), FITS)
def test_fits(datatype: DataType, came: Value, kept: Value) -> None:
    """A value that fits the channel's type is carried over in that type."""
    reading = conform(Reading("x", came, 1, Quality.STALE), datatype)
    assert reading == Reading("x", kept, 1, Quality.STALE)
    assert type(reading.value) is type(kept)


@pytest.mark.parametrize(("datatype", "came"), UNFIT)
def test_does_not_fit(datatype: DataType, came: Value) -> None:
    """What is no value of the channel's type becomes a reading without value, and BAD."""
    assert conform(Reading("x", came, 1), datatype) == Reading("x", None, 1, Quality.BAD)


@given(draws=st.lists(st.floats(0, 1, exclude_max=True), min_size=1, max_size=50))
def test_delays_stay_below_a_doubling_bound(draws: list[float]) -> None:
    """Each delay is the draw's share of a bound that doubles up to the cap."""
    left = iter(draws)
    backoff = Backoff(1.0, 60.0, lambda: next(left))
    for n, draw in enumerate(draws):
        assert backoff.next_s() == max(LEAST_S, draw * min(60.0, 2.0**n))


def test_success_starts_over() -> None:
    """After a reset the first delay is short again."""
    backoff = Backoff(1.0, 60.0, lambda: 0.5)
    assert [backoff.next_s() for _ in range(8)] == [0.5, 1, 2, 4, 8, 16, 30, 30]
    backoff.reset()
    assert backoff.next_s() == 0.5
