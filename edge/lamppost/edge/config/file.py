"""The node's TOML file, read and checked as a whole before anything starts."""

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from lamppost.edge.config.device import read_devices
from lamppost.edge.config.model import (
    BufferConfig,
    ChannelConfig,
    Config,
    DeviceConfig,
    MqttConfig,
    NodeConfig,
)
from lamppost.edge.config.problems import ConfigError, Problem, Problems
from lamppost.edge.config.table import Table
from lamppost.edge.drivers.registry import DRIVERS

__all__ = [
    "BufferConfig",
    "ChannelConfig",
    "Config",
    "ConfigError",
    "DeviceConfig",
    "MqttConfig",
    "NodeConfig",
    "Problem",
    "default_data_dir",
    "load",
]

MAX_FILE_BYTES: Final = 4_000_000
SYSTEM_CONFIG: Final = Path("/etc/lamppost")
SYSTEM_DATA: Final = Path("/var/lib/lamppost")
SECTIONS: Final = ("node", "mqtt", "buffer", "device")


def load(path: Path | str, drivers: Mapping[str, str] = DRIVERS) -> Config:
    """Read a node's file and check all of it, the drivers' own keys included.

    Args:
        path: the TOML file.
        drivers: the drivers a device may name; see `lamppost.edge.drivers.registry`.

    Raises:
        ConfigError: with every problem found, not only the first.
    """
    file = Path(path)
    problems = Problems(str(path))
    root = Table(_parse(file, problems), "", problems)
    problems.raise_if_any()
    node = _node(Table(root.table("node"), "node", problems), file)
    mqtt = _mqtt(Table(root.table("mqtt"), "mqtt", problems), file.parent)
    buffer = _buffer(Table(root.table("buffer"), "buffer", problems))
    devices = read_devices(root, file, problems, drivers)
    root.close()
    problems.raise_if_any()
    return Config(file, node, mqtt, buffer, devices)


def _parse(file: Path, problems: Problems) -> Mapping[str, object]:
    try:
        with file.open("rb") as stream:
            data = stream.read(MAX_FILE_BYTES + 1)
        if len(data) > MAX_FILE_BYTES:
            problems("", "", "a longer file", f"at most {MAX_FILE_BYTES} bytes")
            return {}
        return tomllib.loads(data.decode())
    except OSError as error:
        problems("", "", error.strerror or str(error), "a readable TOML file")
    except UnicodeDecodeError as error:
        problems("", "", f"byte {data[error.start]:#04x} at {error.start}", "UTF-8 text")
    except tomllib.TOMLDecodeError as error:
        problems("", "", f"a line that is not TOML: {error}", "TOML 1.0")
    return {}


def _node(table: Table, file: Path) -> NodeConfig:
    group = table.identifier("group")
    name = table.identifier("name")
    data_dir = table.text("data_dir", str(default_data_dir(file, name)), empty=False)
    table.close()
    return NodeConfig(group, name, file.parent / Path(data_dir).expanduser())


def default_data_dir(file: Path, name: str) -> Path:
    """Return where a node keeps its data when its file does not say: beside it.

    Nobody but root writes to /etc, so a file there has its data where the systemd unit of the
    same name may write.
    """
    if file.absolute().parent == SYSTEM_CONFIG:
        return SYSTEM_DATA / file.stem
    return Path(f"{name}.data")


def _mqtt(table: Table, beside: Path) -> MqttConfig:
    ca_file = table.file("ca_file", beside)
    config = MqttConfig(
        host=table.text("host", "127.0.0.1", empty=False),
        port=table.integer("port", 1, 65535, 1883),
        keepalive_s=table.integer("keepalive_s", 1, 3600, 15),
        username=table.text("username", ""),
        password_file=table.file("password_file", beside),
        tls=table.boolean("tls", default=ca_file is not None),
        ca_file=ca_file,
        cert_file=table.file("cert_file", beside),
        key_file=table.file("key_file", beside),
        primary_host=table.identifier("primary_host", "lamppost")
        if table.text("primary_host", "lamppost")
        else "",
    )
    if table.has("cert_file") != table.has("key_file"):
        missing = "key_file" if table.has("cert_file") else "cert_file"
        table.wrong(missing, "cert_file and key_file together, or neither")
    for key in ("ca_file", "cert_file"):
        if table.has(key) and not config.tls:
            table.wrong("tls", f"true when {key} is given")
    if table.has("password_file") and not config.username:
        table.wrong("username", "a text of 1..1024 characters when password_file is given")
    table.close()
    return config


def _buffer(table: Table) -> BufferConfig:
    config = BufferConfig(
        max_mb=table.number("max_mb", 1, 100_000, 64, "megabytes"),
        flush_ms=table.integer("flush_ms", 10, 60_000, 200),
        window=table.integer("window", 1, 10_000, 64),
        backlog_order_min=table.number("backlog_order_min", 0, 1440, 10, "minutes"),
        backfill_share=table.number("backfill_share", 0.01, 1, 0.5, "a share of the link"),
        ack_timeout_s=table.number("ack_timeout_s", 0.1, 3600, 10, "seconds"),
        drain_s=table.number("drain_s", 0, 3600, 10, "seconds"),
    )
    table.close()
    return config
