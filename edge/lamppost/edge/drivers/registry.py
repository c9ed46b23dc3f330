"""The drivers by name: a new one is one line here, and an unused one is never imported."""

from collections.abc import Mapping
from importlib import import_module
from typing import Final, cast

from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.drivers.seam import Driver, DriverType

DRIVERS: Final[Mapping[str, str]] = {
    "modbus": "lamppost.edge.drivers.modbus:ModbusDriver",
    "replay": "lamppost.edge.drivers.replay:ReplayDriver",
    "system": "lamppost.edge.drivers.system:SystemDriver",
}


def find(name: str, drivers: Mapping[str, str] = DRIVERS) -> DriverType:
    """The driver type of that name, imported on first use.

    Raises:
        KeyError: no driver has that name.
    """
    module, _, attribute = drivers[name].partition(":")
    return cast("DriverType", getattr(import_module(module), attribute))


def make(device: DeviceConfig) -> Driver:
    """A fresh driver for a device."""
    return find(device.driver)(device)
