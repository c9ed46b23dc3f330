"""The whole chain as child processes: broker, simulated city, edge agents, aggregator.

Everything is the shipped command on free loopback ports. A part can be killed with SIGKILL and
started again in the same place, which is what the outage tests do.
"""

import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lamppost.sim.broker import RunningBroker, run_broker
from lamppost.sim.demo.console import ConsoleApi
from lamppost.sim.demo.outcome import Books, books_of
from lamppost.sim.demo.processes import Child, output_of, start
from lamppost.sim.ports import free_port
from parts.waiting import wait_for

WARM_TIMEOUT_S = 300.0
READY = "READY"
STATUS_POLL_S = 0.5
"""To ask a node is a process of its own, which slows down those that are waited for."""


@dataclass(slots=True)
class Chain:
    """A running chain; `nodes` are its edge configuration files by node name."""

    home: Path
    broker: RunningBroker
    console_port: int
    nodes: dict[str, Path] = field(default_factory=dict)
    children: dict[str, Child] = field(default_factory=dict)
    commands: dict[str, list[str]] = field(default_factory=dict)

    @property
    def api(self) -> ConsoleApi:
        """The console's API."""
        return ConsoleApi(f"http://127.0.0.1:{self.console_port}")

    def launch(self, name: str, *args: str) -> Child:
        """Start `lamppost ARGS` and remember how, for `relaunch`."""
        self.commands[name] = list(args)
        return self.relaunch(name)

    def relaunch(self, name: str) -> Child:
        """Start a part again, as it was started before."""
        self.children[name] = start(name, self.commands[name], self.home)
        return self.children[name]

    def kill(self, name: str) -> None:
        """SIGKILL a part and wait until it is gone."""
        self.children[name].process.kill()
        self.children[name].process.wait()

    def wait_ready(self) -> None:
        """Wait until the aggregator has its broker and its console answers."""
        wait_for(self.api.ready, "the aggregator", WARM_TIMEOUT_S)

    def wait_online(self, count: int) -> None:
        """Wait until `count` nodes are online."""
        wait_for(lambda: len(self.online()) >= count, f"{count} nodes online")

    def online(self) -> list[str]:
        """The nodes that the aggregator sees online."""
        return [node["name"] for node in self.api.get("nodes")["nodes"] if node["online"]]

    def ledger(self) -> list[dict[str, Any]]:
        """The aggregator's ledger, a row per node and day."""
        rows: list[dict[str, Any]] = self.api.get("ledger")["ledger"]
        return rows

    def stored(self) -> int:
        """Readings that the aggregator has made durable, by its ledger."""
        return sum(row["stored"] for row in self.ledger())

    def wait_more(self, count: int) -> int:
        """Wait until `count` more readings than now are stored."""
        goal = self.stored() + count
        wait_for(lambda: self.stored() >= goal, f"{goal} readings stored")
        return goal

    def edge_status(self, name: str) -> dict[str, Any]:
        """What the node itself says of its readings."""
        status: dict[str, Any] = json.loads(
            output_of(["edge", "status", str(self.nodes[name]), "--json"])
        )
        return status

    def wait_status(self, name: str, good: Callable[[dict[str, Any]], bool], what: str) -> None:
        """Wait until what the node says of its readings is good."""
        wait_for(lambda: good(self.edge_status(name)), what, poll_s=STATUS_POLL_S)

    def books(self) -> Books:
        """The nodes' counts against the aggregator's."""
        return books_of([self.edge_status(name) for name in self.nodes], self.stored())

    def settle(self) -> Books:
        """Stop the edge agents, which hand over what they hold; the books when all is there."""
        for name in self.nodes:
            self.children[name].stop()
        wait_for(
            lambda: self.books().in_flight == 0,
            "everything in flight to arrive",
            poll_s=STATUS_POLL_S,
        )
        return self.books()

    def log(self, name: str) -> str:
        """All that a part has printed."""
        return (self.home / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def close(self) -> None:
        """Stop everything that still runs, the aggregator last."""
        for name in [*self.nodes, "city", "aggregator"]:
            if name in self.children:
                self.children[name].stop()
        self.broker.stop()


@contextmanager
def running_chain(
    home: Path, *, faults: Sequence[str] = (), nodes: Sequence[str] | None = None
) -> Iterator[Chain]:
    """Start a chain with the demo city; `nodes` limits which edge agents run."""
    (home / "broker").mkdir()
    chain = Chain(home, run_broker(directory=home / "broker"), free_port())
    try:
        address = f"{chain.broker.host}:{chain.broker.port}"
        chain.launch(
            "aggregator", "aggregator", "run", "--broker", address,
            "--data", str(home / "aggregator"), "--console", f"127.0.0.1:{chain.console_port}",
        )  # fmt: skip
        chain.wait_ready()
        start_city(chain, address, faults=faults, nodes=nodes)
        chain.wait_online(len(chain.nodes))
        yield chain
    finally:
        chain.close()


def start_city(
    chain: Chain,
    address: str,
    *,
    faults: Sequence[str] = (),
    nodes: Sequence[str] | None = None,
) -> None:
    """Start the simulated city and an edge agent for each of its nodes."""
    configs = chain.home / "nodes"
    chain.launch(
        "city", "sim", "serve", "--city", "demo", "--seed", "7",
        "--labels", str(chain.home / "labels.jsonl"),
        "--write-configs", str(configs), "--broker", address,
        *(word for fault in faults for word in ("--fault", fault)),
    )  # fmt: skip
    wait_for(lambda: READY in chain.log("city"), "the simulated city")
    for file in sorted(configs.glob("*.toml")):
        if nodes is None or file.stem in nodes:
            chain.nodes[file.stem] = file
            chain.launch(file.stem, "edge", "run", str(file))
