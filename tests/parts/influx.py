"""A real InfluxDB 1.x (Debian's `influxdb`) as a child process on a free loopback port."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import urllib3

from lamppost.sim.ports import LOOPBACK, free_port
from parts.required import require_program
from parts.waiting import wait_for

START_TIMEOUT_S = 120.0
STOP_TIMEOUT_S = 60.0
START_TRIES = 5

DATA = """index-version = "tsi1"
  max-series-per-database = 0
  max-values-per-tag = 0"""

CONFIG = """\
reporting-disabled = true
bind-address = "{host}:0"
[meta]
  dir = "{home}/meta"
[data]
  dir = "{home}/data"
  wal-dir = "{home}/wal"
  {data}
  query-log-enabled = false
[monitor]
  store-enabled = false
[http]
  bind-address = "{host}:{port}"
  log-enabled = false
{extra}
[continuous_queries]
  enabled = false
"""


@dataclass(slots=True)
class RunningInflux:
    """An influxd that can be killed with SIGKILL and started again with its data.

    Attributes:
        home: its files.
        extra: more lines for the [http] section of its configuration, from the next start on.
        data: the same for the [data] section.
        port: kept over restarts.
    """

    home: Path
    extra: str = ""
    data: str = DATA
    port: int = 0
    process: "subprocess.Popen[bytes] | None" = None
    _pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(retries=False, timeout=30.0)
    )

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://{LOOPBACK}:{self.port}"

    @property
    def running(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        """Start it and wait until it answers; the first start picks the port."""
        program = require_program("influxd", "influxdb")
        for _ in range(START_TRIES):
            port = self.port or free_port()
            config = self.home / "influxdb.conf"
            config.write_text(
                CONFIG.format(
                    host=LOOPBACK,
                    home=self.home,
                    port=port,
                    extra=self.extra,
                    data=self.data,
                )
            )
            with (self.home / "log").open("ab") as log:
                self.process = subprocess.Popen(
                    [program, "-config", str(config)], stdout=log, stderr=log
                )
            answers = partial(self._answers, port)
            if wait_for(answers, "influxd to answer", START_TIMEOUT_S) == "up":
                self.port = port
                return
            if self.port:  # a port that is ours already is not given up
                break
        tail = (self.home / "log").read_text(errors="replace")[-2000:]
        raise AssertionError(f"influxd does not start:\n{tail}")

    def kill(self) -> None:
        """SIGKILL it and wait until it is gone."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End it, if it runs."""
        if self.process is None or not self.running:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.kill()

    def _answers(self, port: int) -> str:
        """Tell "up", "gone" or, as an empty text, that it is still starting."""
        assert self.process is not None
        if self.process.poll() is not None:
            return "gone"
        try:
            answer = self._pool.request("GET", f"http://{LOOPBACK}:{port}/ping")
        except urllib3.exceptions.HTTPError:
            return ""
        return "up" if answer.status == 204 and self.process.poll() is None else ""


@contextmanager
def running_influx(home: Path, extra: str = "") -> Iterator[RunningInflux]:
    """An influxd for a test; it ends with the block."""
    server = RunningInflux(home, extra)
    try:
        server.start()
        yield server
    finally:
        server.stop()
