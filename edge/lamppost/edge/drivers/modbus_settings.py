"""The Modbus driver's own keys in the configuration."""

from dataclasses import dataclass
from typing import Final

from lamppost.edge.config import table as config_table
from lamppost.edge.config.device import driver_tables
from lamppost.edge.config.model import ChannelConfig, DeviceConfig
from lamppost.edge.config.problems import Problems
from lamppost.edge.drivers.modbus_points import BIG, ENCODINGS, LITTLE, Encoding, Point, Table
from lamppost.wire.datatypes import DataType

MAX_ADDRESS: Final = 65_535
DEFAULT_PORT: Final = 502
DEFAULT_GAP: Final = 16
TABLES: Final = {table.value: table for table in Table}


@dataclass(frozen=True, slots=True)
class ModbusSettings:
    """Whom to ask, and for what."""

    host: str
    port: int
    unit: int
    max_gap: int
    points: tuple[Point, ...]


def read_settings(device: DeviceConfig, problems: Problems) -> ModbusSettings:
    """Read and check the options and every channel's place."""
    with driver_tables(device, problems) as (options, channels):
        word_order = options.choice("word_order", (BIG, LITTLE), BIG)
        return ModbusSettings(
            host=options.text("host", empty=False),
            port=options.integer("port", 1, 65_535, DEFAULT_PORT),
            unit=options.integer("unit", 0, 255, 1),
            max_gap=options.integer("max_gap", 0, 125, DEFAULT_GAP),
            points=tuple(
                _point(table, channel, word_order)
                for table, channel in zip(channels, device.channels, strict=True)
            ),
        )


def _point(keys: config_table.Table, channel: ChannelConfig, word_order: str) -> Point:
    table = TABLES[keys.choice("table", TABLES, Table.HOLDING.value)]
    address = keys.integer("address", 0, MAX_ADDRESS)
    if channel.datatype is DataType.STRING:
        keys.wrong("type", "double, int64 or boolean for a Modbus channel")
    if table.is_bits:
        _bits_need(keys, channel, table)
        return Point(channel.name, table, address, channel.datatype)
    point = Point(
        channel.name,
        table,
        address,
        channel.datatype,
        ENCODINGS[keys.choice("encoding", ENCODINGS)],
        keys.number("scale", -1e300, 1e300, 1.0),
        keys.number("offset", -1e300, 1e300, 0.0),
        word_order,
    )
    if point.end > MAX_ADDRESS + 1:
        keys.wrong("address", f"0..{MAX_ADDRESS - 1} for a value of two registers")
    if channel.datatype is DataType.INT64:
        _int64_needs(keys, point)
    return point


def _bits_need(keys: config_table.Table, channel: ChannelConfig, table: Table) -> None:
    if channel.datatype is not DataType.BOOLEAN:
        keys.wrong("type", f"'boolean' for a channel of table '{table.value}'")


def _int64_needs(keys: config_table.Table, point: Point) -> None:
    if point.encoding is Encoding.FLOAT32:
        keys.wrong("encoding", "a whole-number encoding for type = 'int64'")
    for key, value in (("scale", point.scale), ("offset", point.offset)):
        if not value.is_integer():
            keys.wrong(key, "a whole number for type = 'int64'")
