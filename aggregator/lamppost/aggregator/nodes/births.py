"""What a birth certificate declares, as values: series, node facts, and what is left out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from lamppost.wire.datatypes import DataType
from lamppost.wire.payload import Metric, Payload, Property
from lamppost.wire.session import ACK, BDSEQ

NUMERIC = frozenset(
    {
        DataType.INT8,
        DataType.INT16,
        DataType.INT32,
        DataType.INT64,
        DataType.UINT8,
        DataType.UINT16,
        DataType.UINT32,
        DataType.UINT64,
        DataType.FLOAT,
        DataType.DOUBLE,
    }
)
TEXTUAL = frozenset({DataType.STRING, DataType.TEXT, DataType.UUID})
FACT_PREFIXES = ("Node Control/", "Delivery/", "Node Info/")
MAX_NAME_CHARS = 1024
MAX_UNIT_CHARS = 64
MAX_ASSET_CHARS = 256
MAX_LATITUDE = 90.0
MAX_LONGITUDE = 180.0
MAX_HEARTBEAT_MS = 30 * 86_400_000


@dataclass(frozen=True, slots=True)
class Declared:
    """One metric that becomes a series."""

    name: str
    alias: int | None
    datatype: DataType
    unit: str
    low: float | None
    high: float | None
    rate_per_s: float | None
    heartbeat_ms: int | None
    channel_class: str
    asset: str
    latitude: float | None
    longitude: float | None
    metric: Metric


@dataclass(frozen=True, slots=True)
class Birth:
    """A birth, sorted.

    Attributes:
        seq: the message's number.
        timestamp: the payload's time, None when it has none.
        bdseq: number of the session, None when it is missing or the birth is a device's.
        acks: the node takes part in the acknowledged delivery.
        series: metrics that are numbers, booleans or text.
        facts: the node's own control, delivery and info metrics, which are no series.
        ignored: metrics of kinds that are not kept: tables, templates, files, arrays.
    """

    seq: int
    timestamp: int | None
    bdseq: int | None
    acks: bool
    series: tuple[Declared, ...]
    facts: tuple[Metric, ...]
    ignored: tuple[Metric, ...]


def read_birth(payload: Payload, device: str) -> Birth:
    """Sort the metrics of a birth.

    Args:
        payload: the decoded message.
        device: the topic's device, "" for NBIRTH.
    """
    series: list[Declared] = []
    facts: list[Metric] = []
    ignored: list[Metric] = []
    bdseq: int | None = None
    acks = False
    for metric in payload.metrics:
        name = metric.name
        if not name or len(name) > MAX_NAME_CHARS:
            ignored.append(metric)
        elif not device and (name == BDSEQ or name.startswith(FACT_PREFIXES)):
            facts.append(metric)
            acks = acks or name == ACK
            if name == BDSEQ and isinstance(metric.value, int):
                bdseq = metric.value
        elif metric.datatype in NUMERIC | TEXTUAL or metric.datatype is DataType.BOOLEAN:
            series.append(_declared(name, metric))
        else:
            ignored.append(metric)
    return Birth(
        payload.seq or 0,
        payload.timestamp,
        bdseq,
        acks,
        tuple(series),
        tuple(facts),
        tuple(ignored),
    )


def _declared(name: str, metric: Metric) -> Declared:
    properties = metric.properties or {}
    heartbeat = _number(properties, "heartbeatMs")
    within = heartbeat is not None and 1 <= heartbeat <= MAX_HEARTBEAT_MS
    low, high = _number(properties, "engLow"), _number(properties, "engHigh")
    rate = _number(properties, "engRate")
    if low is not None and high is not None and low >= high:
        low = high = None
    return Declared(
        name,
        metric.alias,
        metric.datatype or DataType.UNKNOWN,
        _text(properties, "engUnit"),
        low,
        high,
        rate if rate is not None and rate > 0.0 else None,
        int(heartbeat) if within and heartbeat is not None else None,
        _text(properties, "className"),
        _text(properties, "asset", MAX_ASSET_CHARS),
        *_position(properties),
        metric,
    )


def _position(properties: Mapping[str, Property]) -> tuple[float | None, float | None]:
    """Latitude and longitude in degrees; neither, unless both are possible."""
    latitude, longitude = _number(properties, "latitude"), _number(properties, "longitude")
    if latitude is None or longitude is None:
        return None, None
    if abs(latitude) > MAX_LATITUDE or abs(longitude) > MAX_LONGITUDE:
        return None, None
    return latitude, longitude


def _number(properties: Mapping[str, Property], key: str) -> float | None:
    value: Any = properties[key].value if key in properties else None
    good = isinstance(value, (int, float)) and not isinstance(value, bool)
    finite = good and abs(value) < float("inf")
    return float(value) if finite else None


def _text(properties: Mapping[str, Property], key: str, most: int = MAX_UNIT_CHARS) -> str:
    value = properties[key].value if key in properties else None
    return value[:most] if isinstance(value, str) else ""


def by_name(metrics: Iterable[Metric]) -> dict[str, Metric]:
    """The metrics that have a name, by it."""
    return {metric.name: metric for metric in metrics if metric.name}
