"""The receiver that ships, without console and store: broker to judged and in the spool."""

import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from lamppost.aggregator.ingest.host import Host
from lamppost.aggregator.ingest.inbox import Inbox
from lamppost.aggregator.ingest.quarantine import Quarantine
from lamppost.aggregator.pipeline.pipeline import Pipeline
from lamppost.aggregator.settings.mqtt import MqttConfig
from lamppost.aggregator.spool.checkpoint import Checkpoints
from lamppost.aggregator.spool.spool import Spool
from lamppost.aggregator.warm import warm
from lamppost.bench.traffic import METRICS

INBOX_BYTES = 64_000_000
TAKE_ITEMS = 4096
PATIENCE_S = 30.0


def receive(home: Path, port: int, metrics: int, parent: Connection) -> None:
    """Take `metrics` readings off the broker; send what they cost through `parent`."""
    warm()
    inbox = Inbox(INBOX_BYTES)
    host = Host(MqttConfig(port=port), inbox)
    spool = Spool(home / "spool")
    spool.recover()
    pipeline = Pipeline(
        spool, Checkpoints(home / "checkpoints"), Quarantine(home / "quarantine"),
        publish=host.publish,
    )  # fmt: skip
    host.start()
    while not host.online:
        time.sleep(0.01)
    parent.send("ready")
    _drive(pipeline, inbox, 0, parent)  # the births
    parent.send("ready")
    cpu, wall = time.process_time(), time.perf_counter()
    stages = dict(pipeline.stage_ns)
    _drive(pipeline, inbox, metrics, parent)
    parent.send(
        _result(
            pipeline, metrics, time.process_time() - cpu, time.perf_counter() - wall, stages
        )
    )
    host.stop()
    spool.close()


def _drive(pipeline: Pipeline, inbox: Inbox, metrics: int, parent: Connection) -> None:
    """Run the pipeline until so many readings are durable; tells the parent as they are."""
    deadline = time.monotonic() + PATIENCE_S
    told = pipeline.counters.stored
    goal = told + metrics
    while pipeline.counters.stored < goal or not pipeline.index:
        batch = inbox.take(TAKE_ITEMS, 0.02, 0.01)
        if batch:
            pipeline.process(batch)
            deadline = time.monotonic() + PATIENCE_S
        elif time.monotonic() > deadline:
            raise RuntimeError(f"{pipeline.counters.stored} of {goal} readings came")
        pipeline.tick()
        if (stored := pipeline.counters.stored) > told:
            parent.send(stored)
            told = stored


def _result(
    pipeline: Pipeline, metrics: int, cpu_s: float, wall_s: float, before: dict[str, int]
) -> dict[str, Any]:
    messages = metrics / METRICS
    spent = {name: (ns - before[name]) / 1e9 for name, ns in pipeline.stage_ns.items()}
    # What the stages did not use went to paho's thread, the inbox and the dispatch.
    spent["mqtt and queue"] = max(0.0, cpu_s - sum(spent.values()))
    stages = {name: round(seconds / messages * 1e6, 1) for name, seconds in spent.items()}
    return {
        "metrics_per_cpu_s": metrics / cpu_s,
        "metrics_per_s": metrics / wall_s,
        "us_per_message": stages,
        "judged": pipeline.counters.judged,
    }
