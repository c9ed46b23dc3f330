"""Runs the demo: broker, aggregator, simulated city and edge agents, a process each."""

import json
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lamppost.sim.broker import BrokerKind, RunningBroker, run_broker
from lamppost.sim.demo.console import ConsoleApi
from lamppost.sim.demo.narrator import Narrator
from lamppost.sim.demo.outcome import (
    Report,
    books_of,
    false_alarms,
    outcome_of,
    read_labels,
)
from lamppost.sim.demo.plan import PlannedFault, planned_faults
from lamppost.sim.demo.processes import Child, output_of, start

READY_TIMEOUT_S = 300.0
"""Compiling the kernels for the first time takes long on a small machine."""

SETTLE_TIMEOUT_S = 60.0
POLL_S = 0.5


class DemoError(RuntimeError):
    """A part of the demo did not come up or died; the message holds its last words."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person may choose."""

    directory: Path
    port: int
    seed: int
    broker: BrokerKind | None
    for_s: float | None


@dataclass(slots=True)
class City:
    """Everything that runs."""

    broker: RunningBroker
    aggregator: Child
    simulator: Child
    edges: list[Child]
    configs: list[Path]
    labels: Path
    api: ConsoleApi
    rss_mb: dict[str, float | None] = field(default_factory=dict)

    @property
    def children(self) -> list[Child]:
        """All our own processes."""
        return [self.aggregator, self.simulator, *self.edges]


def run_demo(
    settings: Settings,
    narrator: Narrator,
    *,
    stopped: Callable[[], bool],
    sleep: Callable[[float], None] = time.sleep,
    clock: Callable[[], float] = time.monotonic,
) -> Report:
    """Run until `settings.for_s` has passed or `stopped()` says so, and settle the books.

    Raises:
        DemoError: a part did not start or died on the way.
    """
    faults = planned_faults(settings.for_s)
    with ExitStack() as stack:
        city = _start(settings, faults, narrator, stack, sleep, clock)
        began = clock()
        while not stopped() and (settings.for_s is None or clock() - began < settings.for_s):
            _check_alive(city.children)
            _tell(city, narrator)
            sleep(POLL_S)
        city.rss_mb = {child.name: child.rss_mb() for child in city.children}
        return _settle(city, narrator, sleep, clock)


def _start(
    settings: Settings,
    faults: Sequence[PlannedFault],
    narrator: Narrator,
    stack: ExitStack,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> City:
    home = settings.directory
    for name in ("broker", "nodes", "logs", "aggregator"):
        (home / name).mkdir(parents=True, exist_ok=True)
    logs = home / "logs"

    broker = run_broker(directory=home / "broker", kind=settings.broker or "auto")
    stack.callback(broker.stop)
    fallback = "" if broker.kind == "mosquitto" else " (no mosquitto here: the pip-only broker)"
    narrator.say(f"broker: {broker.kind} on {broker.host}:{broker.port}{fallback}")

    def launch(name: str, *args: str) -> Child:
        child = start(name, args, logs)
        stack.callback(child.stop)
        return child

    address = f"{broker.host}:{broker.port}"
    api = ConsoleApi(f"http://127.0.0.1:{settings.port}")
    narrator.say("aggregator: starting (the first start compiles its kernels: a minute or two)")
    aggregator = launch(
        "aggregator", "aggregator", "run", "--broker", address,
        "--data", str(home / "aggregator"), "--console", f"127.0.0.1:{settings.port}",
    )  # fmt: skip
    _await(api.ready, [aggregator], "the aggregator", sleep, clock)
    narrator.say(f"console: {api.url}", "good")

    configs, labels = home / "nodes", home / "labels.jsonl"
    simulator = launch(
        "city", "sim", "serve", "--city", "demo", "--seed", str(settings.seed),
        "--labels", str(labels), "--write-configs", str(configs), "--broker", address,
        *(word for fault in faults for word in ("--fault", fault.spec)),
    )  # fmt: skip
    _await(
        lambda: "READY" in simulator.log.read_text(encoding="utf-8", errors="replace"),
        [simulator], "the simulated city", sleep, clock,
    )  # fmt: skip
    files = sorted(configs.glob("*.toml"))
    edges = [launch(file.stem, "edge", "run", str(file)) for file in files]
    city = City(broker, aggregator, simulator, edges, files, labels, api)
    _await(
        lambda: sum(node["online"] for node in api.get("nodes")["nodes"]) >= len(edges),
        city.children, "the edge agents", sleep, clock,
    )  # fmt: skip
    channels = len(api.get("channels")["channels"])
    narrator.say(f"city: {len(edges)} nodes with {channels} channels report", "good")
    when = ", ".join(f"{fault.kind} in {fault.at_s:.0f} s" for fault in faults[:2])
    narrator.say(f"to come: {when}")
    return city


def _await(
    ready: Callable[[], bool],
    children: Sequence[Child],
    what: str,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> None:
    deadline = clock() + READY_TIMEOUT_S
    while not ready():
        _check_alive(children)
        if clock() > deadline:
            words = "\n".join(child.last_words() for child in children)
            raise DemoError(f"{what} did not come up within {READY_TIMEOUT_S:.0f} s:\n{words}")
        sleep(POLL_S / 2)


def _check_alive(children: Sequence[Child]) -> None:
    for child in children:
        if not child.alive:
            code = child.process.returncode
            words = child.last_words()
            raise DemoError(
                f"{child.name} ended with code {code}:\n{words}\n(log: {child.log})"
            )


def _tell(city: City, narrator: Narrator) -> list[dict[str, Any]]:
    for fault in read_labels(city.labels):
        narrator.fault(fault)
    events: list[dict[str, Any]] = city.api.get("events")["events"]
    incidents: list[dict[str, Any]] = city.api.get("incidents")["incidents"]
    for incident in sorted(incidents, key=lambda one: one["detected_ms"]):
        narrator.incident(incident)
    return events


def _settle(
    city: City,
    narrator: Narrator,
    sleep: Callable[[float], None],
    clock: Callable[[], float],
) -> Report:
    """Stop the edges, let what is on its way arrive, and hold the two sides' books together."""
    events = _tell(city, narrator)
    narrator.say("stopping: the edges hand over what they hold")
    for edge in city.edges:
        edge.stop()
    edges = [
        json.loads(output_of(["edge", "status", str(file), "--json"])) for file in city.configs
    ]
    expected = sum(node["taken"] - node["evicted"] - node["in_flight"] for node in edges)
    deadline = clock() + SETTLE_TIMEOUT_S
    while (health := city.api.get("health"))["stored"] < expected and clock() < deadline:
        sleep(POLL_S)
    city.simulator.stop()
    faults = read_labels(city.labels)
    return Report(
        broker=city.broker.kind,
        books=books_of(edges, _stored(city.api)),
        faults=tuple(outcome_of(fault, events) for fault in faults),
        false_alarms=len(false_alarms(faults, events)),
        latency_ms={"p50": health["latency_p50_ms"], "p99": health["latency_p99_ms"]},
        rss_mb=city.rss_mb,
    )


def _stored(api: ConsoleApi) -> int:
    return sum(row["stored"] for row in api.get("ledger")["ledger"])
