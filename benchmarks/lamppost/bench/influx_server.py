"""Debian's influxd as a child process on a free loopback port, as large as a city needs it."""

import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import urllib3

from lamppost.sim.ports import LOOPBACK, free_port

START_S = 30.0
CONFIG = """\
reporting-disabled = true
bind-address = "{host}:0"
[meta]
  dir = "{home}/meta"
[data]
  dir = "{home}/data"
  wal-dir = "{home}/wal"
  index-version = "tsi1"
  max-series-per-database = 0
  max-values-per-tag = 0
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "{host}:{port}"
  log-enabled = false
[continuous_queries]
  enabled = false
"""


@dataclass(slots=True)
class Influx:
    """A server that can be ended and started again."""

    home: Path
    port: int
    process: "subprocess.Popen[bytes] | None" = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start it and wait until it answers.

        Raises:
            RuntimeError: it does not.
        """
        config = self.home / "influxdb.conf"
        config.write_text(CONFIG.format(host=LOOPBACK, home=self.home, port=self.port))
        with (self.home / "influxd.log").open("ab") as log:
            command = ["influxd", "-config", str(config)]
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        until = time.monotonic() + START_S
        while time.monotonic() < until:
            try:
                if urllib3.request("GET", f"{self.url}/ping", retries=False).status == 204:
                    return
            except urllib3.exceptions.HTTPError:
                time.sleep(0.1)
        raise RuntimeError(f"influxd did not answer within {START_S:g} s")

    def stop(self) -> None:
        """End it."""
        if self.process is not None:
            self.process.terminate()
            self.process.wait(30)
            self.process = None

    def kill(self) -> None:
        """End it without warning."""
        if self.process is not None:
            self.process.kill()
            self.process.wait(30)
            self.process = None


@contextmanager
def an_influx(folder: Path) -> Iterator[Influx]:
    """Run a server until the block ends."""
    home = folder / "influx"
    home.mkdir()
    server = Influx(home, free_port())
    server.start()
    try:
        yield server
    finally:
        server.stop()
