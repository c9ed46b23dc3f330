"""The edge configurations that a city writes."""

import tomllib
from pathlib import Path

import pytest

from lamppost.sim.city import DEMO, City, NodeSite
from lamppost.sim.configs import Address, write_configs

BROKER = Address("127.0.0.1", 18_830)
PLACES = {site.name: Address("127.0.0.1", 20_000 + n) for n, site in enumerate(DEMO.devices)}


def test_one_file_for_each_node_names_its_devices_and_the_broker(tmp_path: Path) -> None:
    """Group, node, broker, device addresses and poll rate are those of the city."""
    paths = write_configs(DEMO, PLACES, BROKER, tmp_path / "nodes")
    assert [path.name for path in paths] == [
        "pump-station-1.toml",
        "lights-1.toml",
        "air-1.toml",
    ]
    for node, path in zip(DEMO.nodes, paths, strict=True):
        config = tomllib.loads(path.read_text())
        assert config["node"] == {"group": "riverside", "name": node.name}
        assert config["mqtt"] == {"host": BROKER.host, "port": BROKER.port}
        for site, device in zip(node.devices, config["device"], strict=True):
            place = PLACES[site.name]
            assert (device["name"], device["driver"]) == (site.name, "modbus")
            assert device["poll_s"] == 0.5
            assert device["options"] == {"host": place.host, "port": place.port, "unit": 1}


def test_every_register_becomes_a_channel_with_the_datasheets_facts(tmp_path: Path) -> None:
    """Address, table, encoding, scale, offset, unit, range and class are passed on."""
    paths = write_configs(DEMO, PLACES, BROKER, tmp_path)
    for node, path in zip(DEMO.nodes, paths, strict=True):
        config = tomllib.loads(path.read_text())
        for site, device in zip(node.devices, config["device"], strict=True):
            for register, channel in zip(site.sheet.registers, device["channel"], strict=True):
                expected = {
                    "name": register.channel,
                    "class": register.channel_class,
                    "heartbeat_s": 5,
                    "table": register.table,
                    "address": register.address,
                    "type": "boolean" if register.is_bit else "double",
                }
                if not register.is_bit:
                    expected |= {
                        "unit": register.unit,
                        "low": register.low,
                        "high": register.high,
                        "encoding": register.encoding,
                        "scale": register.scale,
                        "offset": register.offset,
                    }
                assert channel == expected


def test_a_name_that_would_break_the_file_is_refused(tmp_path: Path) -> None:
    """Names are written as they are, so quotes in them are an error and not a hole."""
    city = City("odd", 'a"b', (NodeSite("node", ()),))
    with pytest.raises(ValueError, match="no quotes"):
        write_configs(city, {}, BROKER, tmp_path)
