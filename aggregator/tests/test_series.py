"""The series index."""

import pytest

from lamppost.aggregator.nodes.series import (
    SeriesIndex,
    SeriesInfo,
    SeriesKey,
    SeriesLimitError,
)
from lamppost.wire.datatypes import DataType

FLOW = SeriesKey("city", "node-1", "pump", "flow")
LEVEL = SeriesKey("city", "node-1", "pump", "level")


def test_indices_are_dense_and_stay() -> None:
    """A name gets the next number once and keeps it whatever its birth says later."""
    index = SeriesIndex()
    flow = index.add(FLOW, DataType.DOUBLE, unit="L/s")
    level = index.add(LEVEL, DataType.DOUBLE)
    changed = index.add(FLOW, DataType.FLOAT, unit="m3/h", high=80.0)
    assert (flow.index, level.index, changed.index) == (0, 1, 0)
    assert index[0] == changed
    assert index[0].unit == "m3/h"
    assert index.find(*FLOW) is index[0]
    assert index.find("city", "node-1", "pump", "nothing") is None
    assert len(index) == 2


def test_nothing_new_is_the_same_object() -> None:
    """A birth without news returns the known object, so `is` tells."""
    index = SeriesIndex()
    first = index.add(FLOW, DataType.DOUBLE, unit="L/s", heartbeat_ms=1000)
    assert index.add(FLOW, DataType.DOUBLE, unit="L/s", heartbeat_ms=1000) is first


def test_limit_is_told() -> None:
    """The index never grows beyond its limit, and known names still work then."""
    index = SeriesIndex(limit=1)
    index.add(FLOW, DataType.DOUBLE)
    with pytest.raises(SeriesLimitError) as error:
        index.add(LEVEL, DataType.DOUBLE)
    assert error.value.limit == 1
    assert index.add(FLOW, DataType.FLOAT).index == 0


def test_state_comes_back() -> None:
    """A checkpoint's state rebuilds the same index."""
    index = SeriesIndex()
    index.add(FLOW, DataType.DOUBLE, unit="L/s", low=0.0, high=80.0, channel_class="flow")
    index.add(LEVEL, DataType.STRING)
    assert list(SeriesIndex.from_state(index.state())) == list(index)


@pytest.mark.parametrize(
    ("number", "key"), [(2, LEVEL), (0, LEVEL), (1, FLOW)], ids=["hole", "taken", "double"]
)
def test_put_refuses_contradictions(number: int, key: SeriesKey) -> None:
    """A replay cannot make holes, rename an index or give a name two of them."""
    index = SeriesIndex()
    index.add(FLOW, DataType.DOUBLE)
    with pytest.raises(ValueError, match=r"series|index"):
        index.put(SeriesInfo(number, *key, DataType.DOUBLE))


def test_channel_names() -> None:
    """A channel is device/metric, a node's own metric stands alone."""
    assert SeriesInfo(0, *FLOW, DataType.DOUBLE).channel == "pump/flow"
    assert SeriesInfo(0, "city", "node-1", "", "load", DataType.DOUBLE).channel == "load"
