"""Kill -9 at each part of the chain, in the middle of a run, against real processes."""

import json
import signal
from pathlib import Path

import pytest

from parts.chain import Chain, running_chain
from parts.spool import judged_rows, rows_in_store
from parts.waiting import wait_for

NODE = "pump-station-1"
LONG_S = 420


def assert_accounted(chain: Chain) -> None:
    """In the end every reading is stored, none is lost, none was judged twice."""
    books = chain.settle()
    assert books.lost == 0, books
    assert books.balanced, books
    assert books.stored == books.taken - books.evicted, books
    home = chain.home / "aggregator"
    wait_for(lambda: rows_in_store(home) == books.stored, f"{books.stored} rows in the store")
    assert chain.children["aggregator"].stop() == 0
    rows = judged_rows(home)
    assert len(rows) > 100
    assert len(rows) == len(set(rows)), "a reading was judged twice"


@pytest.mark.timeout(LONG_S)
@pytest.mark.parametrize("part", ["broker", "edge", "aggregator"])
def test_kill_nine_loses_nothing(part: str, tmp_path: Path) -> None:
    """Whatever dies in the middle of a run and comes back, the ledger balances to zero lost."""
    with running_chain(tmp_path, nodes=[NODE]) as chain:
        chain.wait_more(100)
        if part == "broker":
            chain.broker.kill()
            taken = chain.edge_status(NODE)["taken"]
            chain.wait_status(
                NODE,
                lambda told: told["taken"] > taken + 50,
                "sampling to go on without a broker",
            )
            chain.broker.restart()
        elif part == "edge":
            chain.kill(NODE)
            wait_for(lambda: NODE not in chain.online(), "the will to tell of the death")
            chain.relaunch(NODE)
        else:
            chain.kill("aggregator")
            taken = chain.edge_status(NODE)["taken"]
            chain.wait_status(
                NODE,
                lambda told: told["taken"] > taken + 50,
                "sampling to go on without an aggregator",
            )
            chain.relaunch("aggregator")
            chain.wait_ready()
        chain.wait_online(1)
        chain.wait_more(100)
        assert_accounted(chain)


@pytest.mark.timeout(LONG_S)
def test_batches_that_come_twice_count_once(tmp_path: Path) -> None:
    """While the aggregator is frozen the node sends again; both copies come, one is kept."""
    with running_chain(tmp_path, nodes=[]) as chain:
        config = tmp_path / "nodes" / f"{NODE}.toml"
        hasty = "[buffer]\nack_timeout_s = 1\n\n[[device]]"
        config.write_text(config.read_text().replace("[[device]]", hasty, 1))
        chain.nodes[NODE] = config
        chain.launch(NODE, "edge", "run", str(config))
        chain.wait_online(1)
        chain.wait_more(50)
        aggregator = chain.children["aggregator"].process
        aggregator.send_signal(signal.SIGSTOP)
        try:
            taken = chain.edge_status(NODE)["taken"]
            chain.wait_status(
                NODE,
                lambda told: told["taken"] > taken + 100,
                "the node to run into its timeouts",
            )
        finally:
            aggregator.send_signal(signal.SIGCONT)
        wait_for(
            lambda: sum(row["duplicates"] for row in chain.ledger()) > 0, "duplicates to come"
        )
        assert_accounted(chain)


@pytest.mark.timeout(LONG_S)
def test_restart_raises_no_event_twice(tmp_path: Path) -> None:
    """An event that was open when the aggregator was killed is the same one afterwards."""
    fault = "stuck:pump-1/pressure:at=15:for=600"
    with running_chain(tmp_path, nodes=[NODE], faults=[fault]) as chain:

        def stuck() -> list[str]:
            events = chain.api.get("events")["events"]
            return [e["id"] for e in events if e["kind"] == "stuck" and e["end_ms"] is None]

        before = wait_for(stuck, "the stuck sensor to be told")
        chain.kill("aggregator")
        chain.relaunch("aggregator")
        chain.wait_ready()
        chain.wait_online(1)
        chain.wait_more(100)
        assert stuck() == before
        assert_accounted(chain)


@pytest.mark.timeout(LONG_S)
def test_unreachable_device_does_not_stop_its_neighbours(tmp_path: Path) -> None:
    """When the simulated devices go away, the node stays up, says so, and recovers."""
    with running_chain(tmp_path, nodes=[NODE]) as chain:
        chain.wait_more(50)
        chain.kill("city")

        def drivers() -> str:
            nodes = chain.api.get("nodes")["nodes"]
            return str(next(node["drivers"] for node in nodes if node["name"] == NODE))

        wait_for(lambda: "unreachable" in drivers(), "the driver's trouble to be shown")
        assert NODE in chain.online()
        status = json.dumps(chain.edge_status(NODE))
        assert NODE in status
