"""Broker to decoded, judged and durable, beside the same job in plain Python.

Both receivers take the same Sparkplug messages of 100 metrics from the same mosquitto, each in
a process of its own, one after the other, several rounds. The figure is readings for each
second of processor time that the receiving process used, all its threads together: what one
core can do, whatever else the machine is at.
"""

import argparse
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from lamppost.bench import ingest_ours, ingest_peer
from lamppost.bench.traffic import METRICS, Message, batches, births
from lamppost.sim.broker import run_broker

NODES = 20
ROUNDS = 3
WINDOW = 400
"""Messages under way at most, so that no queue of the broker grows without bound."""

PEER_SHARE = 10
"""The peer gets a tenth of the messages: it would take minutes otherwise."""

START_TIMEOUT_S = 300.0
STALL_S = 60.0
GOAL_PER_S = 1_000_000

Receive = Callable[[Path, int, int, Connection], None]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The benchmark's own options."""
    parser.add_argument(
        "--messages", type=int, default=20_000, help="of 100 metrics, a round (%(default)s)"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure both receivers in turn; medians over the rounds."""
    steps = max(PEER_SHARE, args.messages // NODES)
    now_ms = time.time_ns() // 1_000_000
    start_ms = now_ms - (steps + 1) * 1000
    born = list(births(NODES, start_ms))
    sent = batches(NODES, steps, start_ms)
    ours, peer = [], []
    for _ in range(ROUNDS):
        ours.append(_measure(ingest_ours.receive, born, sent))
        peer.append(_measure(ingest_peer.receive, born, sent[: len(sent) // PEER_SHARE]))
    ours_per_s = statistics.median(result["metrics_per_cpu_s"] for result in ours)
    peer_per_s = statistics.median(result["metrics_per_cpu_s"] for result in peer)
    return {
        "benchmark": "ingest",
        "what": "mosquitto to decoded, judged and fsynced, messages of 100 metrics",
        "unit": "metrics per second of one core",
        "ours": round(ours_per_s),
        "peer": round(peer_per_s),
        "peer_name": "paho, protobuf, EWMA z-score in a Python loop, SQLite with fsync",
        "ratio": round(ours_per_s / peer_per_s, 1),
        "ours_wall_per_s": round(statistics.median(r["metrics_per_s"] for r in ours)),
        "us_per_message": ours[-1]["us_per_message"],
        "judged": ours[-1]["judged"],
        "goal": GOAL_PER_S,
        "met": ours_per_s >= GOAL_PER_S,
    }


def _measure(receive: Receive, born: Sequence[Message], sent: Sequence[Message]) -> Any:  # noqa: ANN401
    context = multiprocessing.get_context("spawn")
    with tempfile.TemporaryDirectory() as name:
        home = Path(name)
        (home / "broker").mkdir()
        with run_broker(directory=home / "broker") as broker:
            ours, theirs = context.Pipe()
            metrics = len(sent) * METRICS
            child = context.Process(target=receive, args=(home, broker.port, metrics, theirs))
            child.start()
            theirs.close()
            client = mqtt.Client(CallbackAPIVersion.VERSION2)
            client.connect(broker.host, broker.port)
            client.loop_start()
            try:
                _expect(ours, "ready", START_TIMEOUT_S)
                for message in born:
                    client.publish(message.topic, message.payload)
                _expect(ours, "ready", STALL_S)
                result = _send(client, sent, ours)
            finally:
                client.disconnect()
                client.loop_stop()
                child.join(STALL_S)
                if child.is_alive():
                    child.kill()
    return result


def _send(client: mqtt.Client, sent: Sequence[Message], receiver: Connection) -> Any:  # noqa: ANN401
    """Publish everything, never more than WINDOW messages ahead; return the result."""
    done = 0
    for n, message in enumerate(sent):
        while n - done >= WINDOW or receiver.poll():
            answer = _receive(receiver, STALL_S)
            if isinstance(answer, dict):
                return answer
            done = answer // METRICS
        client.publish(message.topic, message.payload)
    while not isinstance(answer := _receive(receiver, STALL_S), dict):
        pass
    return answer


def _expect(receiver: Connection, word: str, timeout_s: float) -> None:
    if (answer := _receive(receiver, timeout_s)) != word:
        raise RuntimeError(f"the receiver said {answer!r}, expected {word!r}")


def _receive(receiver: Connection, timeout_s: float) -> Any:  # noqa: ANN401
    if receiver.poll(timeout_s):
        with suppress(EOFError):
            return receiver.recv()
    raise RuntimeError(f"the receiver fell silent for {timeout_s:.0f} s or ended")
