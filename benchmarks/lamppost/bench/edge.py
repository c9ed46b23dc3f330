"""Memory and processor time of the edge agent with 100 channels at 1 Hz, beside a naive poller.

Both poll the same simulated air-quality masts over Modbus TCP and publish to the same broker,
at the same time, each in a process of its own.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil

from lamppost.bench.acker import Acker
from lamppost.sim.broker import run_broker
from lamppost.sim.sheets import AIR_QUALITY_MAST

DEVICES = 20
CHANNELS = 5
MAST = "mast-1"
START_TIMEOUT_S = 20.0
WARM_UP_S = 8.0
RSS_LIMIT_MB = 40.0
CPU_LIMIT_PERCENT = 5.0

HEAD = """\
[node]
group = "bench"
name = "edge-1"
data_dir = "{data}"

[mqtt]
port = {port}
primary_host = ""
"""
DEVICE = """
[[device]]
name = "mast-{n}"
driver = "modbus"
poll_s = 1.0
options = {{ host = "127.0.0.1", port = {port}, unit = 1 }}
"""
CHANNEL = """
[[device.channel]]
name = "{name}"
unit = "{unit}"
table = "input"
address = {address}
encoding = "{encoding}"
scale = {scale}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument("--seconds", type=float, default=30.0, help="to measure (%(default)s)")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure both, side by side."""
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "broker").mkdir()
        with run_broker(directory=home / "broker") as broker, _served_mast(home) as mast_port:
            acker = Acker(broker.host, broker.port)
            config = home / "edge.toml"
            config.write_text(_config(home / "data", broker.port, mast_port))
            edge = _start("lamppost.wire.command", "edge", "run", str(config))
            peer = _start(
                "lamppost.bench.naive_poller",
                *map(str, (mast_port, broker.port, DEVICES, CHANNELS)),
            )
            try:
                result = _measure(edge, peer, acker, args.seconds)
            finally:
                for process in (edge, peer):
                    process.terminate()
                    process.wait(30)
                acker.close()
    return result


def _measure(
    edge: subprocess.Popen[bytes], peer: subprocess.Popen[bytes], acker: Acker, seconds: float
) -> dict[str, Any]:
    time.sleep(WARM_UP_S)
    watched = {"ours": psutil.Process(edge.pid), "peer": psutil.Process(peer.pid)}
    before = {name: sum(process.cpu_times()[:2]) for name, process in watched.items()}
    metrics, began = acker.metrics, time.monotonic()
    time.sleep(seconds)
    took = time.monotonic() - began
    figures = {
        name: {
            "rss_mb": round(process.memory_info().rss / 1e6, 1),
            "cpu_percent": round(100 * (sum(process.cpu_times()[:2]) - before[name]) / took, 2),
        }
        for name, process in watched.items()
    }
    ours, other = figures["ours"], figures["peer"]
    return {
        "benchmark": "edge",
        "what": f"{DEVICES * CHANNELS} channels at 1 Hz, Modbus TCP to acknowledged",
        "unit": "MB resident, % of one core",
        "ours": ours,
        "peer": other | {"name": "blocking pymodbus loop, JSON per channel, keeps nothing"},
        "ratio": {key: round(ours[key] / other[key], 2) for key in ours},
        "delivered_per_s": round((acker.metrics - metrics) / took, 1),
        "goal": {"rss_mb": RSS_LIMIT_MB, "cpu_percent": CPU_LIMIT_PERCENT},
        "met": ours["rss_mb"] <= RSS_LIMIT_MB and ours["cpu_percent"] <= CPU_LIMIT_PERCENT,
    }


def _config(data: Path, mqtt_port: int, mast_port: int) -> str:
    registers = [r for r in AIR_QUALITY_MAST.registers if not r.is_bit][:CHANNELS]
    channels = "".join(
        CHANNEL.format(
            name=r.channel, unit=r.unit, address=r.address, encoding=r.encoding, scale=r.scale
        )
        for r in registers
    )
    devices = "".join(DEVICE.format(n=n, port=mast_port) + channels for n in range(DEVICES))
    return HEAD.format(data=data, port=mqtt_port) + devices


def _start(module: str, *args: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", module, *args],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@contextmanager
def _served_mast(home: Path) -> Iterator[int]:
    """The simulated city as a child process; yields the port of its mast."""
    ports = home / "ports.json"
    city = _start("lamppost.wire.command", "sim", "serve", "--ports-file", str(ports))
    try:
        deadline = time.monotonic() + START_TIMEOUT_S
        while not ports.exists():
            if city.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the simulated city did not start; try `lamppost sim serve`")
            time.sleep(0.1)
        devices = json.loads(ports.read_text())["devices"]
        yield next(entry["port"] for entry in devices if entry["device"] == MAST)
    finally:
        city.terminate()
        city.wait(30)
