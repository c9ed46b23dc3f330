"""What a node is told to do: frozen values, already checked."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from lamppost.wire.datatypes import DataType


@dataclass(frozen=True, slots=True)
class ChannelConfig:
    """One measured quantity of a device. `options` are the driver's own keys, unread.

    `asset` is what it tells of, by its id in the register; "" for what the device tells of.
    """

    name: str
    datatype: DataType = DataType.DOUBLE
    unit: str = ""
    channel_class: str = ""
    asset: str = ""
    low: float | None = None
    high: float | None = None
    rate_per_s: float | None = None
    deadband: float = 0.0
    heartbeat_s: float = 10.0
    options: Mapping[str, object] = field(default_factory=dict, hash=False)

    @property
    def heartbeat_ms(self) -> int:
        """The longest silence this channel promises, in milliseconds."""
        return round(self.heartbeat_s * 1000)


@dataclass(frozen=True, slots=True)
class DeviceConfig:
    """One device and how often it is asked. `options` are the driver's own keys, unread.

    `timeout_s` bounds each call of the driver; `file` is the configuration it came from,
    beside which relative paths are looked for. `asset` is what its channels tell of, unless
    they name another; `latitude` and `longitude` (degrees, WGS 84) are both there or None.
    """

    name: str
    driver: str
    channels: tuple[ChannelConfig, ...]
    poll_s: float = 1.0
    timeout_s: float = 5.0
    priority: int = 1
    options: Mapping[str, object] = field(default_factory=dict, hash=False)
    file: Path = Path("node.toml")
    asset: str = ""
    latitude: float | None = None
    longitude: float | None = None


@dataclass(frozen=True, slots=True)
class NodeConfig:
    """Who this node is, and where it keeps its buffer."""

    group: str
    name: str
    data_dir: Path


@dataclass(frozen=True, slots=True)
class MqttConfig:
    """How to reach the broker. `primary_host` is empty when there is none to wait for."""

    host: str = "127.0.0.1"
    port: int = 1883
    keepalive_s: int = 15
    username: str = ""
    password_file: Path | None = None
    tls: bool = False
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    primary_host: str = "lamppost"


@dataclass(frozen=True, slots=True)
class BufferConfig:
    """Bounds of the buffer and of what is on its way.

    `window` is the most unacknowledged batches in flight; a backlog older than
    `backlog_order_min` minutes is backfilled with at most `backfill_share` of the link;
    `drain_s` is how long a stopping node waits for its last acknowledgements.
    """

    max_mb: float = 64.0
    flush_ms: int = 200
    window: int = 64
    backlog_order_min: float = 10.0
    backfill_share: float = 0.5
    ack_timeout_s: float = 10.0
    drain_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Config:
    """Everything in one node's file."""

    file: Path
    node: NodeConfig
    mqtt: MqttConfig
    buffer: BufferConfig
    devices: tuple[DeviceConfig, ...]
