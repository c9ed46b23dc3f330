"""Debian's InfluxDB 1.x as a child process, for benchmarks that need one of their own."""

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

from lamppost.sim.ports import LOOPBACK, free_port

START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 30.0
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
"""


@contextmanager
def running_influxd() -> Iterator[str]:
    """Start an influxd on a free loopback port and yield its address; it ends with the block.

    Raises:
        FileNotFoundError: influxd is not installed.
        TimeoutError: it does not answer.
    """
    program = shutil.which("influxd") or shutil.which("/usr/sbin/influxd")
    if program is None:
        raise FileNotFoundError("influxd is not installed (Debian package influxdb)")
    with tempfile.TemporaryDirectory(prefix="lamppost-influxd-") as folder:
        home, port = Path(folder), free_port()
        config = home / "influxdb.conf"
        config.write_text(CONFIG.format(host=LOOPBACK, home=home, port=port))
        with (home / "log").open("wb") as log:
            process = subprocess.Popen([program, "-config", config], stdout=log, stderr=log)
        try:
            url = f"http://{LOOPBACK}:{port}"
            _wait(url, process)
            yield url
        finally:
            process.terminate()
            process.wait(STOP_TIMEOUT_S)


def _wait(url: str, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with urlopen(f"{url}/ping", timeout=1):  # noqa: S310 - our own child
                return
        except (URLError, TimeoutError):
            time.sleep(0.1)
    raise TimeoutError(f"influxd does not answer on {url}")
