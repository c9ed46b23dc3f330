"""A recording as if it happened now: a CSV of `timestamp,value`."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lamppost.edge.config.device import driver_tables
from lamppost.edge.config.model import ChannelConfig, DeviceConfig
from lamppost.edge.config.problems import Problems
from lamppost.edge.config.table import Table
from lamppost.edge.drivers.recording import Recording, RecordingError, Row
from lamppost.edge.drivers.seam import Reading, Value, WallClock, wall_ms
from lamppost.wire.datatypes import DataType, Quality

MAX_ROWS_PER_READ: Final = 10_000
"""Most rows of one channel in one poll; what is due beyond that comes with the next."""

MAX_SPEED: Final = 1_000_000
DEFAULT_INTERVAL_MS: Final = 1000
"""Between the end of a recording of one row and its repetition."""

TRUE: Final = frozenset(("1", "true", "yes", "on"))
FALSE: Final = frozenset(("0", "false", "no", "off"))


@dataclass(frozen=True, slots=True)
class ReplaySettings:
    """What to play, and how."""

    speed: float
    loop: bool
    recordings: tuple[Recording, ...]


class ReplayDriver:
    """Plays one recording per channel; the earliest row of all happens when it is opened.

    Rows keep their distances, divided by `speed`. Pauses in a recording are pauses here. After
    its last row a channel is BAD, or starts again when `loop` is set.
    """

    def __init__(self, device: DeviceConfig, wall: WallClock = wall_ms) -> None:
        """Read the settings.

        Raises:
            ConfigError: the settings are not usable.
        """
        problems = Problems(str(device.file))
        self._settings = read_settings(device, problems)
        problems.raise_if_any()
        self._channels = device.channels
        self._wall = wall
        self._players: tuple[_Player, ...] = ()

    @staticmethod
    def check(device: DeviceConfig, problems: Problems) -> None:
        """Note what is wrong with the options, and whether the recordings can be read."""
        read_settings(device, problems)

    async def open(self) -> None:
        """Start to play.

        Raises:
            RecordingError: a recording cannot be read any more.
        """
        settings = self._settings
        first_ms = min(recording.first().time_ms for recording in settings.recordings)
        start_ms = self._wall()
        self._players = tuple(
            _Player(
                channel, _play(recording, settings.loop), first_ms, start_ms, settings.speed
            )
            for channel, recording in zip(self._channels, settings.recordings, strict=True)
        )

    async def read(self) -> Sequence[Reading]:
        """All rows that are due."""
        now_ms = self._wall()
        return [reading for player in self._players for reading in player.due(now_ms)]

    async def close(self) -> None:
        """Let go of the files."""
        self._players = ()


class _Player:
    """One channel's recording and how far it has come."""

    def __init__(
        self,
        channel: ChannelConfig,
        rows: Iterator[Row],
        first_ms: int,
        start_ms: int,
        speed: float,
    ) -> None:
        self._channel = channel
        self._rows = rows
        self._first_ms = first_ms
        self._start_ms = start_ms
        self._speed = speed
        self._next = next(rows, None)

    def due(self, now_ms: int) -> Iterator[Reading]:
        if self._next is None:
            yield Reading(self._channel.name, None, now_ms, Quality.BAD)
            return
        for _ in range(MAX_ROWS_PER_READ):
            if self._next is None:
                return
            shifted_ms = (self._next.time_ms - self._first_ms) / self._speed
            time_ms = self._start_ms + round(shifted_ms)
            if time_ms > now_ms:
                return
            value = value_of(self._next.text, self._channel.datatype)
            quality = Quality.BAD if value is None else Quality.GOOD
            yield Reading(self._channel.name, value, time_ms, quality)
            self._next = next(self._rows, None)


def _play(recording: Recording, loop: bool) -> Iterator[Row]:
    """The rows once, or for ever: then each round follows one interval after the last."""
    shift_ms = 0
    while True:
        first_ms = last_ms = interval_ms = None
        for row in recording.rows():
            if last_ms is not None:
                interval_ms = row.time_ms - last_ms
            first_ms = row.time_ms if first_ms is None else first_ms
            last_ms = row.time_ms
            yield Row(row.time_ms + shift_ms, row.text)
        if not loop or first_ms is None or last_ms is None:
            return
        pause_ms = interval_ms if interval_ms and interval_ms > 0 else DEFAULT_INTERVAL_MS
        shift_ms += max(last_ms - first_ms, 0) + pause_ms


def value_of(text: str, datatype: DataType) -> Value:
    """A cell as a value of the channel's type; None when it is none."""
    cell = text.strip()
    if datatype is DataType.STRING:
        return cell or None
    if datatype is DataType.BOOLEAN:
        word = cell.lower()
        return True if word in TRUE else False if word in FALSE else None
    try:
        return int(cell) if datatype is DataType.INT64 else float(cell)
    except ValueError:
        return None


def read_settings(device: DeviceConfig, problems: Problems) -> ReplaySettings:
    """Read and check the driver's own keys; `file` may stand at the device or the channel."""
    beside = device.file.parent
    with driver_tables(device, problems) as (options, channels):
        given = options.has("file")
        common = options.file("file", beside, required=given)
        return ReplaySettings(
            speed=options.number("speed", 0.001, MAX_SPEED, 1.0, "a factor"),
            loop=options.boolean("loop", default=False),
            recordings=tuple(_recording(table, beside, common, given) for table in channels),
        )


def _recording(table: Table, beside: Path, common: Path | None, given: bool) -> Recording:
    own = table.file("file", beside, required=not given)
    recording = Recording(own or common or beside, table.text("column", "value", empty=False))
    if own or common:
        try:
            recording.first()
        except RecordingError as error:
            table.wrong("file" if own else "column", f"a recording: {error}")
    return recording
