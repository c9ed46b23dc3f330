"""The `[[device]]` tables: keys every device has, then the keys of its driver."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from lamppost.edge.config.model import ChannelConfig, DeviceConfig
from lamppost.edge.config.problems import Problems
from lamppost.edge.config.table import Table
from lamppost.edge.drivers import registry
from lamppost.wire.datatypes import DataType

MAX_DEVICES: Final = 1000
MAX_CHANNELS: Final = 5000
"""Most channels of one device."""

MIN_POLL_S: Final = 0.01
MAX_POLL_S: Final = 3600
MAX_HEARTBEAT_S: Final = 86_400
DEFAULT_HEARTBEAT_S: Final = 10.0
DEFAULT_TIMEOUT_S: Final = 5.0
MAX_LATITUDE: Final = 90.0
MAX_LONGITUDE: Final = 180.0

TYPES: Final[Mapping[str, DataType]] = {
    "double": DataType.DOUBLE,
    "boolean": DataType.BOOLEAN,
    "string": DataType.STRING,
    "int64": DataType.INT64,
}
NUMERIC: Final = (DataType.DOUBLE, DataType.INT64)
CHANNEL_KEYS: Final = (
    "name",
    "type",
    "unit",
    "class",
    "asset",
    "low",
    "rate_per_s",
    "high",
    "deadband",
    "heartbeat_s",
)


def read_devices(
    root: Table, file: Path, problems: Problems, drivers: Mapping[str, str]
) -> tuple[DeviceConfig, ...]:
    """Read every device and have its driver check its part; problems go into `problems`."""
    devices = tuple(
        _device(values, index, file, problems, drivers)
        for index, values in enumerate(root.tables("device", MAX_DEVICES))
    )
    _no_twins("device", [device.name for device in devices], problems)
    return devices


@contextmanager
def driver_tables(
    device: DeviceConfig, problems: Problems
) -> Iterator[tuple[Table, Sequence[Table]]]:
    """Open the driver's own keys: its options, and for each channel a table in channel order.

    On leaving, keys that were not read are noted as unknown. A driver's `check` and its
    constructor both read their settings through here, so they cannot disagree.
    """
    options = Table(device.options, f"device.{device.name}.options", problems)
    channels = [
        Table(channel.options, channel_label(device, channel), problems, also=CHANNEL_KEYS)
        for channel in device.channels
    ]
    yield options, channels
    for table in (options, *channels):
        table.close()


def channel_label(device: DeviceConfig, channel: ChannelConfig) -> str:
    """How messages call the table of a channel."""
    return f"device.{device.name}.channel.{channel.name}"


def _device(
    values: Mapping[str, object],
    index: int,
    file: Path,
    problems: Problems,
    drivers: Mapping[str, str],
) -> DeviceConfig:
    label = f"device.{_label(values, index)}"
    table = Table(values, label, problems)
    before = len(problems)
    name = table.identifier("name")
    driver = table.choice("driver", drivers)
    poll_s = table.number("poll_s", MIN_POLL_S, MAX_POLL_S, 1.0, "a number of seconds")
    device = DeviceConfig(
        name=name,
        driver=driver,
        poll_s=poll_s,
        timeout_s=table.number(
            "timeout_s", MIN_POLL_S, MAX_POLL_S, DEFAULT_TIMEOUT_S, "a number of seconds"
        ),
        priority=table.integer("priority", 0, 9, 1),
        options=table.table("options"),
        channels=tuple(
            _channel(channel, f"{label}.channel.{_label(channel, at)}", poll_s, problems)
            for at, channel in enumerate(table.tables("channel", MAX_CHANNELS))
        ),
        file=file,
        asset=table.text("asset", ""),
        latitude=_degrees(table, "latitude", MAX_LATITUDE),
        longitude=_degrees(table, "longitude", MAX_LONGITUDE),
    )
    if (device.latitude is None) != (device.longitude is None):
        table.wrong("latitude", "latitude and longitude, or neither")
    table.close()
    _no_twins(f"{label}.channel", [channel.name for channel in device.channels], problems)
    # A driver can only judge its part of a device whose own keys could be read.
    if driver in drivers and table.has("driver") and _named(problems, before):
        registry.find(driver, drivers).check(device, problems)
    return device


def _degrees(table: Table, key: str, most: float) -> float | None:
    if not table.has(key):
        return table.maybe_number(key)
    return table.number(key, -most, most, what="degrees (WGS 84)")


def _named(problems: Problems, before: int) -> bool:
    return not any(problem.key in ("driver", "name") for problem in list(problems)[before:])


def _channel(
    values: Mapping[str, object], label: str, poll_s: float, problems: Problems
) -> ChannelConfig:
    table = Table(values, label, problems)
    datatype = TYPES[table.choice("type", TYPES, "double")]
    # A promise of less silence than one poll could never be kept.
    heartbeat_s = table.number(
        "heartbeat_s",
        poll_s,
        MAX_HEARTBEAT_S,
        max(DEFAULT_HEARTBEAT_S, poll_s),
        "a number of seconds, not less than poll_s,",
    )
    channel = ChannelConfig(
        name=table.text("name", empty=False),
        datatype=datatype,
        unit=table.text("unit", ""),
        channel_class=table.text("class", ""),
        asset=table.text("asset", ""),
        low=table.maybe_number("low"),
        high=table.maybe_number("high"),
        rate_per_s=table.maybe_number("rate_per_s"),
        deadband=table.number("deadband", 0, 1e300, 0.0),
        heartbeat_s=heartbeat_s,
        options=table.rest(),
    )
    if datatype not in NUMERIC:
        for key in ("low", "high", "rate_per_s", "deadband"):
            if table.has(key):
                table.wrong(key, f"{key} only with type = 'double' or 'int64'")
    if channel.low is not None and channel.high is not None and channel.low >= channel.high:
        table.wrong("high", f"a number above low, which is {channel.low:g}")
    if channel.rate_per_s is not None and channel.rate_per_s <= 0:
        table.wrong("rate_per_s", "a number above 0, in units a second")
    return channel


def _label(values: Mapping[str, object], index: int) -> str:
    name = values.get("name")
    return name if isinstance(name, str) and name else f"#{index + 1}"


def _no_twins(label: str, names: Sequence[str], problems: Problems) -> None:
    for name, count in Counter(names).items():
        if count > 1 and name:
            problems(label, "name", f"{name!r} {count} times", "a name of its own for each")
