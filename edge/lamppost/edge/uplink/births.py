"""The metrics a node announces and sends: from configuration, last values and batches."""

from collections.abc import Iterable, Mapping
from typing import Final

from lamppost.edge.buffer.aliases import Alias
from lamppost.edge.buffer.rows import Row
from lamppost.edge.config.file import ChannelConfig, DeviceConfig
from lamppost.edge.drivers.seam import Reading
from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.payload import Metric, Property

ENG_UNIT: Final = "engUnit"
ENG_LOW: Final = "engLow"
ENG_HIGH: Final = "engHigh"
ENG_RATE: Final = "engRate"
HEARTBEAT: Final = "heartbeatMs"
CLASS: Final = "className"
ASSET: Final = "asset"
LATITUDE: Final = "latitude"
LONGITUDE: Final = "longitude"
QUALITY: Final = "Quality"

_QUALITY_OF: Final[Mapping[Quality, Mapping[str, Property]]] = {
    quality: {QUALITY: Property(int(quality), DataType.INT32)} for quality in Quality
}


def device_metrics(
    device: DeviceConfig,
    aliases: Iterable[Alias],
    values: Mapping[str, Reading],
    now_ms: int,
) -> tuple[Metric, ...]:
    """Every metric of a device's birth, with its current value and what it promises.

    Args:
        device: as configured; without channels when it is no longer configured.
        aliases: those of the device; metrics that are no longer configured are announced
            without a value, for batches from before may still hold them.
        values: the last reading of each channel.
        now_ms: the time of metrics that have no value yet.
    """
    channels = {channel.name: channel for channel in device.channels}
    return tuple(
        _birth(device, one, channels.get(one.metric), values.get(one.metric), now_ms)
        for one in aliases
    )


def data_metrics(rows: Iterable[Row], *, historical: bool) -> tuple[Metric, ...]:
    """The metrics of a data message, in the order of their times."""
    flag = True if historical else None
    return tuple(
        Metric(
            alias=row.channel,
            timestamp=max(0, row.time_ms),
            value=row.value,
            is_historical=flag,
            is_null=True if row.value is None else None,
            properties=None if row.quality is Quality.GOOD else _QUALITY_OF[row.quality],
        )
        for row in sorted(rows, key=lambda row: row.time_ms)
    )


def _birth(
    device: DeviceConfig,
    alias: Alias,
    channel: ChannelConfig | None,
    reading: Reading | None,
    now_ms: int,
) -> Metric:
    known = channel is not None and reading is not None and reading.value is not None
    quality = Quality.STALE if channel is None else reading.quality if reading else Quality.GOOD
    return Metric(
        name=alias.metric,
        alias=alias.alias,
        datatype=alias.datatype,
        timestamp=max(0, reading.time_ms) if reading else now_ms,
        value=reading.value if known and reading else None,
        is_null=None if known else True,
        properties=_properties(device, channel, quality) or None,
    )


def _properties(
    device: DeviceConfig, channel: ChannelConfig | None, quality: Quality
) -> dict[str, Property]:
    told: dict[str, Property] = {}
    if channel is not None:
        told[ENG_UNIT] = Property(channel.unit, DataType.STRING)
        if channel.low is not None:
            told[ENG_LOW] = Property(float(channel.low), DataType.DOUBLE)
        if channel.high is not None:
            told[ENG_HIGH] = Property(float(channel.high), DataType.DOUBLE)
        if channel.rate_per_s is not None:
            told[ENG_RATE] = Property(float(channel.rate_per_s), DataType.DOUBLE)
        told[HEARTBEAT] = Property(channel.heartbeat_ms, DataType.INT64)
        told[CLASS] = Property(channel.channel_class, DataType.STRING)
        asset = channel.asset or device.asset
        if asset:
            told[ASSET] = Property(asset, DataType.STRING)
        if device.latitude is not None and device.longitude is not None:
            told[LATITUDE] = Property(device.latitude, DataType.DOUBLE)
            told[LONGITUDE] = Property(device.longitude, DataType.DOUBLE)
    if quality is not Quality.GOOD:
        told |= _QUALITY_OF[quality]
    return told
