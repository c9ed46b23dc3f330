"""The peer of the ingest benchmark: the same job as people write it first.

paho, protobuf, a Python loop with an exponentially weighted mean and deviation for each
channel, and SQLite, committed with fsync for every 200 messages.
"""

import queue
import sqlite3
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from lamppost.bench.decode_peer import PAYLOAD

ALPHA = 0.05
COMMIT_EVERY = 200
BIRTHS = ("NBIRTH", "DBIRTH")


class Receiver:
    """Decodes, scores and stores."""

    def __init__(self, file: Path) -> None:
        self.stored = 0
        self._state: dict[tuple[str, int], tuple[float, float]] = {}
        self._rows: list[tuple[str, int, int, float, float]] = []
        self._store = sqlite3.connect(file)
        self._store.execute("PRAGMA journal_mode=WAL")
        self._store.execute("PRAGMA synchronous=FULL")
        self._store.execute("CREATE TABLE reading (topic, alias, time_ms, value, score)")

    def take(self, topic: str, data: bytes) -> None:
        """Decode one message and score its metrics."""
        payload = PAYLOAD.FromString(data)
        for metric in payload.metrics:
            key, value = (topic, metric.alias), metric.double_value
            mean, deviation = self._state.get(key, (value, 1.0))
            residual = value - mean
            score = residual / deviation
            self._state[key] = (
                mean + ALPHA * residual,
                deviation + ALPHA * (abs(residual) - deviation) + 1e-9,
            )
            self._rows.append((topic, metric.alias, metric.timestamp, value, score))

    def commit(self) -> None:
        """Make everything taken so far durable."""
        with self._store:
            self._store.executemany("INSERT INTO reading VALUES (?, ?, ?, ?, ?)", self._rows)
        self.stored += len(self._rows)
        self._rows.clear()


def receive(home: Path, port: int, metrics: int, parent: Connection) -> None:
    """Take `metrics` readings off the broker; send what they cost through `parent`."""
    receiver = Receiver(home / "peer.db")
    arrived: queue.SimpleQueue[tuple[str, bytes]] = queue.SimpleQueue()
    subscribed: queue.SimpleQueue[bool] = queue.SimpleQueue()

    def on_message(_client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:  # noqa: ANN401
        if message.topic.split("/")[2] not in BIRTHS:
            arrived.put((message.topic, bytes(message.payload)))

    client = mqtt.Client(CallbackAPIVersion.VERSION2)
    client.on_message = on_message
    client.on_subscribe = lambda *_: subscribed.put(True)
    client.connect("127.0.0.1", port)
    client.subscribe("spBv1.0/#")
    client.loop_start()
    subscribed.get()
    parent.send("ready")
    parent.send("ready")
    topic, data = arrived.get()
    cpu, wall = time.process_time(), time.perf_counter()
    taken = 0
    while True:
        receiver.take(topic, data)
        taken += 1
        if taken % COMMIT_EVERY == 0 or arrived.empty():
            receiver.commit()
            parent.send(receiver.stored)
            if receiver.stored >= metrics:
                break
        topic, data = arrived.get()
    parent.send(
        {
            "metrics_per_cpu_s": metrics / (time.process_time() - cpu),
            "metrics_per_s": metrics / (time.perf_counter() - wall),
        }
    )
    client.disconnect()
    client.loop_stop()
