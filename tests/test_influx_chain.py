"""The chain with a real InfluxDB behind it, which is away for a while."""

import json
from pathlib import Path
from urllib.parse import urlencode
from urllib.request import urlopen

import pytest

from lamppost.sim.broker import run_broker
from lamppost.sim.ports import free_port
from parts.chain import Chain, start_city
from parts.influx import RunningInflux
from parts.waiting import wait_for

NODE = "pump-station-1"
DATABASE = "chain"


def count_readings(influx: RunningInflux) -> int:
    """Readings in the database, over all series; each has its flags."""
    query = urlencode({"db": DATABASE, "q": "SELECT count(flags) FROM reading"})
    with urlopen(f"{influx.url}/query?{query}", timeout=60) as answer:
        result = json.load(answer)["results"][0]
    return int(result["series"][0]["values"][0][1]) if "series" in result else 0


@pytest.mark.timeout(420)
def test_readings_reach_influxdb_after_it_was_away(
    influx: RunningInflux, tmp_path: Path
) -> None:
    """Detection and acknowledgement go on while the database is away; then it gets it all."""
    (tmp_path / "broker").mkdir()
    broker = run_broker(directory=tmp_path / "broker")
    chain = Chain(tmp_path, broker, free_port())
    store = f"influx1+{influx.url}/{DATABASE}"
    try:
        chain.launch(
            "aggregator", "aggregator", "run", "--broker", f"{broker.host}:{broker.port}",
            "--data", str(tmp_path / "aggregator"), "--store", store,
            "--console", f"127.0.0.1:{chain.console_port}",
        )  # fmt: skip
        chain.wait_ready()
        start_city(chain, f"{broker.host}:{broker.port}", nodes=[NODE])
        chain.wait_online(1)
        chain.wait_more(100)
        influx.kill()
        wait_for(lambda: chain.api.get("health")["store"] != "ok", "the outage to show")
        chain.wait_more(100)
        influx.start()
        books = chain.settle()
        assert books.balanced, books
        wait_for(
            lambda: count_readings(influx) == books.stored,
            f"{books.stored} readings in the database",
        )
    finally:
        chain.close()
