"""The Modbus driver and the simulated devices know only the datasheet; here they meet."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from lamppost.edge.config.file import load
from lamppost.edge.config.model import DeviceConfig
from lamppost.edge.drivers.registry import make
from lamppost.edge.drivers.seam import Reading
from lamppost.sim.demo.processes import start
from lamppost.wire.datatypes import Quality
from parts.chain import READY
from parts.waiting import wait_for

GAP = ("pump-2", "flow")


@pytest.fixture(scope="module")
def configs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Path]]:
    """The demo city alone, one channel without a value, and the configurations it writes."""
    home = tmp_path_factory.mktemp("city")
    child = start(
        "city",
        [
            "sim", "serve", "--city", "demo", "--seed", "3",
            "--write-configs", str(home / "nodes"), "--broker", "127.0.0.1:1883",
            "--fault", f"gap:{'/'.join(GAP)}:at=0:for=600",
        ],
        home,
    )  # fmt: skip
    try:
        wait_for(lambda: READY in child.log.read_text(), "the simulated city")
        yield sorted((home / "nodes").glob("*.toml"))
    finally:
        child.stop()


async def poll(device: DeviceConfig) -> list[Reading]:
    """One poll by the driver that the configuration names."""
    driver = make(device)
    try:
        await driver.open()
        return list(await driver.read())
    finally:
        await driver.close()


async def test_every_channel_of_the_city_reads_within_its_range(configs: list[Path]) -> None:
    """Each channel gives a value within its declared range, except the one that is gone."""
    seen = 0
    for file in configs:
        for device in load(file).devices:
            readings = {reading.channel: reading for reading in await poll(device)}
            assert set(readings) == {channel.name for channel in device.channels}
            for channel in device.channels:
                reading = readings[channel.name]
                if (device.name, channel.name) == GAP:
                    assert reading.value is None
                    assert reading.quality is Quality.BAD
                    continue
                assert reading.quality is Quality.GOOD, (device.name, reading)
                assert reading.value is not None
                if channel.low is not None and channel.high is not None:
                    assert channel.low <= float(reading.value) <= channel.high, reading
                seen += 1
    assert seen >= 20
