"""What a birth declares."""

import pytest

from lamppost.aggregator.nodes.births import read_birth
from lamppost.wire.datatypes import DataType
from lamppost.wire.payload import DataSet, Metric, Payload, Property
from lamppost.wire.session import ACK, device_birth, node_birth


def test_node_birth_is_sorted() -> None:
    """Control, delivery and info metrics are facts, the rest of the numbers are series."""
    payload = node_birth(
        7,
        0,
        1000,
        [
            Metric(ACK, "", DataType.STRING),
            Metric("Node Info/Version", "1", DataType.STRING),
            Metric("load", 0.5, DataType.DOUBLE, alias=3),
            Metric("table", DataSet((), ()), DataType.DATASET),
        ],
    )
    birth = read_birth(payload, "")
    assert birth.bdseq == 7
    assert birth.acks
    assert [one.name for one in birth.series] == ["load"]
    assert [metric.name for metric in birth.ignored] == ["table"]
    assert {metric.name for metric in birth.facts} == {
        "bdSeq", "Node Control/Rebirth", ACK, "Node Info/Version",
    }  # fmt: skip


def test_foreign_node_takes_no_acks() -> None:
    """Without the ack metric a node is never acknowledged."""
    assert not read_birth(node_birth(0, 0, 1000), "").acks


def test_properties_become_facts_of_the_series() -> None:
    """Unit, limits, heartbeat and class come from the metric's properties."""
    properties = {
        "engUnit": Property("L/s", DataType.STRING),
        "engLow": Property(0.0, DataType.DOUBLE),
        "engHigh": Property(80, DataType.INT32),
        "engRate": Property(0.5, DataType.DOUBLE),
        "heartbeatMs": Property(10_000, DataType.INT64),
        "className": Property("flow", DataType.STRING),
        "asset": Property("pump-7", DataType.STRING),
        "latitude": Property(48.2, DataType.DOUBLE),
        "longitude": Property(16.4, DataType.DOUBLE),
    }
    metric = Metric("flow", 1.0, DataType.DOUBLE, alias=5, properties=properties)
    (one,) = read_birth(device_birth(1, 1000, [metric]), "pump").series
    assert (one.unit, one.low, one.high, one.rate_per_s) == ("L/s", 0.0, 80.0, 0.5)
    assert (one.heartbeat_ms, one.channel_class, one.alias) == (10_000, "flow", 5)
    assert (one.asset, one.latitude, one.longitude) == ("pump-7", 48.2, 16.4)


@pytest.mark.parametrize(
    "properties",
    [
        {"engLow": Property("x", DataType.STRING), "engHigh": Property(None, DataType.DOUBLE)},
        {"engLow": Property(9.0, DataType.DOUBLE), "engHigh": Property(1.0, DataType.DOUBLE)},
        {"heartbeatMs": Property(-5, DataType.INT64), "engUnit": Property(3, DataType.INT32)},
        {"engLow": Property(float("nan"), DataType.DOUBLE)},
        {"engRate": Property(0.0, DataType.DOUBLE)},
        {"latitude": Property(48.2, DataType.DOUBLE), "asset": Property(7, DataType.INT32)},
        {
            "latitude": Property(91.0, DataType.DOUBLE),
            "longitude": Property(1.0, DataType.DOUBLE),
        },
    ],
    ids=["types", "order", "negative", "nan", "no rate", "half a position", "no position"],
)
def test_odd_properties_are_as_if_absent(properties: dict[str, Property]) -> None:
    """A birth with nonsense in its properties still gives a series without limits."""
    metric = Metric("flow", 1.0, DataType.DOUBLE, properties=properties)
    (one,) = read_birth(Payload(1, (metric,), 0), "pump").series
    assert (one.low, one.high, one.rate_per_s) == (None, None, None)
    assert (one.heartbeat_ms, one.unit) == (None, "")
    assert (one.asset, one.latitude, one.longitude) == ("", None, None)


def test_a_device_has_no_facts() -> None:
    """`Delivery/...` is the node's word; of a device it is a metric like any other."""
    metric = Metric("Delivery/Pending", 3, DataType.INT64)
    birth = read_birth(device_birth(1, 1, [metric]), "pump")
    assert [one.name for one in birth.series] == ["Delivery/Pending"]
    assert birth.facts == ()
