"""Writes the configuration of each edge node that reads a city's devices."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from lamppost.sim.city import City, DeviceSite, NodeSite
from lamppost.sim.registers import UNIT, Register

POLL_S = 0.5
HEARTBEAT_S = 5


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server listens."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"


DEFAULT_BROKER = Address("127.0.0.1", 1883)


def write_configs(
    city: City, devices: Mapping[str, Address], broker: Address, directory: Path
) -> list[Path]:
    """Write `<node>.toml` for each node into `directory` and return the paths."""
    directory.mkdir(parents=True, exist_ok=True)
    paths = []
    for node in city.nodes:
        path = directory / f"{node.name}.toml"
        path.write_text(node_config(city, node, devices, broker), encoding="utf-8")
        paths.append(path)
    return paths


def node_config(
    city: City, node: NodeSite, devices: Mapping[str, Address], broker: Address
) -> str:
    """Return the TOML that makes an edge agent read the node's devices."""
    lines = [
        f"# Node {node.name} of the simulated city {city.name!r}.",
        "[node]",
        f"group = {_text(city.group)}",
        f"name = {_text(node.name)}",
        "",
        "[mqtt]",
        f"host = {_text(broker.host)}",
        f"port = {broker.port}",
    ]
    for device in node.devices:
        lines += ["", *_device(device, devices[device.name])]
    return "\n".join(lines) + "\n"


def _device(device: DeviceSite, address: Address) -> list[str]:
    lines = [
        "[[device]]",
        f"name = {_text(device.name)}",
        'driver = "modbus"',
        f"poll_s = {POLL_S}",
        f"latitude = {device.latitude}",
        f"longitude = {device.longitude}",
        "",
        "[device.options]",
        f"host = {_text(address.host)}",
        f"port = {address.port}",
        f"unit = {UNIT}",
    ]
    for register in device.sheet.registers:
        lines += ["", *_channel(register)]
    return lines


def _channel(register: Register) -> list[str]:
    lines = [
        "[[device.channel]]",
        f"name = {_text(register.channel)}",
        f"class = {_text(register.channel_class)}",
        f"heartbeat_s = {HEARTBEAT_S}",
        f"table = {_text(register.table)}",
        f"address = {register.address}",
    ]
    if register.is_bit:
        return [*lines, 'type = "boolean"']
    return [
        *lines,
        'type = "double"',
        f"unit = {_text(register.unit)}",
        f"low = {register.low}",
        f"high = {register.high}",
        f"encoding = {_text(register.encoding)}",
        f"scale = {register.scale}",
        f"offset = {register.offset}",
    ]


def _text(value: str) -> str:
    """Return a TOML literal; names and units hold no quotes or backslashes."""
    if not value.isprintable() or '"' in value or "\\" in value:
        raise ValueError(f"{value!r} cannot stand in a configuration: printable, no quotes")
    return f'"{value}"'
