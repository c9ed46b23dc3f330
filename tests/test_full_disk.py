"""A full disk on either side: work goes on, nothing acknowledged is lost, and it is shown.

The kernel's file size limit stands in for the full disk: set on the running process from
outside, writes fail as they do on one, and lifting it is room again.
"""

import resource
from pathlib import Path
from typing import Any

import pytest

from parts.chain import Chain, running_chain
from parts.waiting import wait_for

NODE = "pump-station-1"
TINY_BYTES = 4096


def fill_disk(pid: int) -> None:
    """Let no file of the process grow beyond a page."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (TINY_BYTES, hard))


def make_room(pid: int) -> None:
    """Lift the limit again."""
    _, hard = resource.prlimit(pid, resource.RLIMIT_FSIZE)
    resource.prlimit(pid, resource.RLIMIT_FSIZE, (hard, hard))


def node_view(chain: Chain) -> dict[str, Any]:
    """The node as the console shows it."""
    nodes: list[dict[str, Any]] = chain.api.get("nodes")["nodes"]
    return next(node for node in nodes if node["name"] == NODE)


@pytest.mark.timeout(420)
def test_full_disk_at_the_aggregator(tmp_path: Path) -> None:
    """Judging goes on, nothing new is acknowledged, a warning shows, and all arrives later."""
    with running_chain(tmp_path, nodes=[NODE]) as chain:
        chain.wait_more(100)
        pid = chain.children["aggregator"].process.pid
        fill_disk(pid)
        wait_for(
            lambda: chain.api.get("health")["spool"] != "ok", "the spool's trouble to show"
        )
        judged = chain.api.get("health")["judged"]
        wait_for(
            lambda: chain.api.get("health")["judged"] > judged + 50,
            "judging to go on with a full disk",
        )
        acked = chain.edge_status(NODE)["stored"]
        chain.wait_status(
            NODE,
            lambda told: told["in_flight"] > 100,
            "the node to hold what is not written",
        )
        assert chain.edge_status(NODE)["stored"] == acked
        assert chain.api.get("health")["warnings"]
        make_room(pid)
        wait_for(lambda: chain.api.get("health")["spool"] == "ok", "the spool to recover")
        books = chain.settle()
        assert books.balanced, books
        assert books.evicted == 0


@pytest.mark.timeout(420)
def test_full_disk_at_the_node(tmp_path: Path) -> None:
    """Sampling goes on in memory, the node says so, and the books still balance."""
    with running_chain(tmp_path, nodes=[NODE]) as chain:
        chain.wait_more(100)
        pid = chain.children[NODE].process.pid
        fill_disk(pid)
        wait_for(lambda: node_view(chain)["disk_full"], "the node to tell of its full disk")
        assert NODE in chain.online()
        make_room(pid)
        wait_for(lambda: not node_view(chain)["disk_full"], "the node to recover")
        chain.wait_more(100)
        books = chain.settle()
        assert books.balanced, books
        assert books.lost == 0
