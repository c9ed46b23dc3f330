"""Which readings are worth sending: those that say something new, and signs of life."""

from collections.abc import Iterable

from lamppost.edge.config.model import ChannelConfig
from lamppost.edge.drivers.seam import Reading


class _Gate:
    """The last reading of one channel that passed."""

    __slots__ = ("band", "due_ms", "last")

    def __init__(self, band: float, due_ms: float) -> None:
        self.band = band
        self.due_ms = due_ms
        self.last: Reading | None = None

    def passes(self, reading: Reading) -> bool:
        last = self.last
        if last is None or reading.quality != last.quality:
            return True
        elapsed_ms = reading.time_ms - last.time_ms
        # A wall clock that was set back must not silence a channel for as long.
        return elapsed_ms >= self.due_ms or elapsed_ms < 0 or self._moved(reading, last)

    def _moved(self, reading: Reading, last: Reading) -> bool:
        new, old = reading.value, last.value
        if isinstance(new, int | float) and isinstance(old, int | float):
            # With a band of 0 every change passes; inside it, nothing does.
            return abs(new - old) > self.band
        return new != old


class Deadband:
    """The gates of one device's channels.

    A reading passes when it differs from the last one that passed by more than the channel's
    deadband, when its quality differs, or when the heartbeat would otherwise be broken. The
    heartbeat runs on the readings' own times, because those are what the receiver sees.
    """

    def __init__(self, channels: Iterable[ChannelConfig], poll_s: float) -> None:
        """Open all gates: the first reading of every channel passes.

        Args:
            channels: those of one device.
            poll_s: time between two looks. A heartbeat is sent up to half of it early, since
                the next look would come too late for the promise.
        """
        early_ms = poll_s * 500
        self._gates = {
            channel.name: _Gate(channel.deadband, channel.heartbeat_ms - early_ms)
            for channel in channels
        }

    def passes(self, reading: Reading) -> bool:
        """Decide on one reading, and remember it if it passes.

        Raises:
            KeyError: no such channel.
        """
        gate = self._gates[reading.channel]
        if not gate.passes(reading):
            return False
        gate.last = reading
        return True
