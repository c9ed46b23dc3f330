"""What the node knows of its devices right now: last values, and how their drivers fare."""

from collections.abc import Callable, Iterable, Mapping
from typing import Final

from lamppost.edge.config.file import DeviceConfig
from lamppost.edge.drivers.seam import Reading
from lamppost.edge.sampling.sampler import CONNECTING, OK

MAX_TEXT: Final = 4096


class Board:
    """Last reading of each channel and last word of each driver.

    `changed` is called when a device is lost or comes back.
    """

    def __init__(
        self, devices: Iterable[DeviceConfig], changed: Callable[[], None] = lambda: None
    ) -> None:
        self._drivers = {device.name: device.driver for device in devices}
        self._states = dict.fromkeys(self._drivers, CONNECTING)
        self._values: dict[str, dict[str, Reading]] = {name: {} for name in self._drivers}
        self.changed = changed

    def note(self, device: str, readings: Iterable[Reading]) -> None:
        """Remember the newest readings."""
        values = self._values[device]
        for reading in readings:
            values[reading.channel] = reading

    def report(self, device: str, state: str) -> bool:
        """Remember a driver's state in words; True when the device was lost or came back."""
        was_down = self.is_down(device)
        self._states[device] = state
        if was_down == self.is_down(device):
            return False
        self.changed()
        return True

    def is_down(self, device: str) -> bool:
        """Whether the device was lost (one that is still being opened is not)."""
        return self._states.get(device, OK) not in {OK, CONNECTING}

    def values(self, device: str) -> Mapping[str, Reading]:
        """The last reading of each channel of a device."""
        return self._values.get(device, {})

    def words(self) -> str:
        """All drivers in words: `modbus:pump-1 ok; system:node connecting`."""
        told = (f"{self._drivers[name]}:{name} {self.state(name)}" for name in self._drivers)
        return "; ".join(told)[:MAX_TEXT]

    def state(self, device: str) -> str:
        """A driver's state in words, without the delay of the next try: that is only noise."""
        return self._states[device].partition("; retry")[0]
