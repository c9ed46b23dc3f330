"""Sparkplug traffic for benchmarks: nodes with 100 channels, births, numbered batches."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass

from lamppost.wire.datatypes import DataType
from lamppost.wire.delivery import Header
from lamppost.wire.encode import encode
from lamppost.wire.payload import Metric, Payload, Property
from lamppost.wire.session import ACK, REBIRTH, data, device_birth, node_birth
from lamppost.wire.topic import Topic, Verb

GROUP = "bench"
DEVICE = "device-1"
METRICS = 100
STEP_MS = 1000
EPOCH = 1


@dataclass(frozen=True, slots=True)
class Message:
    """One MQTT message."""

    topic: str
    payload: bytes


def node_name(n: int) -> str:
    """The id of the n-th node."""
    return f"node-{n}"


def births(nodes: int, start_ms: int) -> Iterator[Message]:
    """NBIRTH and DBIRTH of each node."""
    for n in range(nodes):
        control = (
            Metric(name=REBIRTH, value=False, datatype=DataType.BOOLEAN),
            Metric(name=ACK, value="", datatype=DataType.STRING),
        )
        yield Message(
            Topic(GROUP, Verb.NBIRTH, node_name(n)).text,
            encode(node_birth(0, 0, start_ms, control)),
        )
        channels = tuple(
            Metric(
                name=f"channel-{m}",
                alias=m + 1,
                value=_level(m),
                datatype=DataType.DOUBLE,
                timestamp=start_ms,
                properties={"engUnit": Property("L/s", DataType.STRING)},
            )
            for m in range(METRICS)
        )
        yield Message(
            Topic(GROUP, Verb.DBIRTH, node_name(n), DEVICE).text,
            encode(device_birth(1, start_ms, channels)),
        )


def data_payload(step: int, start_ms: int, rng: random.Random) -> Payload:
    """The step-th batch of a node: 100 readings at one time, around each channel's level."""
    time_ms = start_ms + step * STEP_MS
    metrics = tuple(
        Metric(alias=m + 1, timestamp=time_ms, value=_level(m) + rng.gauss(0, 0.1))
        for m in range(METRICS)
    )
    header = Header(EPOCH, step, 1)
    return data((step + 1) % 256, time_ms, metrics, header.pack())


def batches(nodes: int, steps: int, start_ms: int, seed: int = 1) -> list[Message]:
    """`steps` batches of each of `nodes` nodes, in the order they would be sent."""
    rng = random.Random(seed)  # noqa: S311  (noise, not secrets)
    topics = [Topic(GROUP, Verb.DDATA, node_name(n), DEVICE).text for n in range(nodes)]
    return [
        Message(topic, encode(data_payload(step, start_ms, rng)))
        for step in range(1, steps + 1)
        for topic in topics
    ]


def _level(m: int) -> float:
    return 20.0 + 5.0 * math.sin(m)
