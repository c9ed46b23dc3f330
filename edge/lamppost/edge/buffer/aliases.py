"""The numbers metrics go by on the wire, the same for as long as the buffer file lives."""

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from lamppost.edge.config.file import DeviceConfig
from lamppost.wire.datatypes import DataType


@dataclass(frozen=True, slots=True)
class Alias:
    """A metric of a device and its number."""

    alias: int
    device: str
    metric: str
    datatype: DataType


class AliasBook:
    """All metrics this node ever had, those of removed channels included.

    Batches of a removed channel may still lie in the buffer; their births need its name.
    """

    def __init__(self, entries: Iterable[Alias] = ()) -> None:
        self.entries = tuple(entries)
        self._numbers = {(one.device, one.metric): one.alias for one in self.entries}

    def number(self, device: str, metric: str) -> int:
        """The alias of a metric.

        Raises:
            KeyError: no such metric was ever configured.
        """
        return self._numbers[device, metric]

    def of_device(self, device: str) -> tuple[Alias, ...]:
        """All metrics a device ever had."""
        return tuple(one for one in self.entries if one.device == device)


def wanted(devices: Iterable[DeviceConfig]) -> list[tuple[str, str, int]]:
    """What the configuration needs an alias for: device, metric and type."""
    return [
        (device.name, channel.name, int(channel.datatype))
        for device in devices
        for channel in device.channels
    ]


def extend(connection: sqlite3.Connection, needed: Iterable[tuple[str, str, int]]) -> None:
    """Give every metric a number that has none yet; runs inside a transaction."""
    connection.executemany(
        "INSERT INTO alias (device, metric, datatype) VALUES (?, ?, ?)"
        " ON CONFLICT (device, metric) DO UPDATE SET datatype = excluded.datatype"
        " WHERE datatype <> excluded.datatype",
        needed,
    )


def restore(connection: sqlite3.Connection, book: AliasBook) -> None:
    """Write a book into a new file; runs inside a transaction."""
    connection.executemany(
        "INSERT INTO alias VALUES (?, ?, ?, ?)",
        [(one.alias, one.device, one.metric, int(one.datatype)) for one in book.entries],
    )


def load(connection: sqlite3.Connection) -> AliasBook:
    """The book of a file."""
    rows = connection.execute(
        "SELECT alias, device, metric, datatype FROM alias ORDER BY alias"
    )
    return AliasBook(
        Alias(alias, device, metric, DataType(kind)) for alias, device, metric, kind in rows
    )
