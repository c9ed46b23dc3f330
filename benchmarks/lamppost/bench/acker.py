"""A receiver that acknowledges like the aggregator does, without its work behind it."""

import time
from typing import Any

import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from lamppost.wire.decode import decode
from lamppost.wire.delivery import Header, Received
from lamppost.wire.encode import encode
from lamppost.wire.session import ack_command
from lamppost.wire.topic import Topic, Verb

ACK_EVERY_S = 0.1


class Acker:
    """Counts what nodes deliver, and acknowledges it, at most ten times a second."""

    def __init__(self, host: str, port: int) -> None:
        self.metrics = 0
        self._received: dict[tuple[str, str], Received] = {}
        self._acked: dict[tuple[str, str], float] = {}
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = self._on_message
        self._client.connect(host, port)
        self._client.subscribe("spBv1.0/#")
        self._client.loop_start()

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()

    def _on_message(self, _client: mqtt.Client, _data: Any, message: mqtt.MQTTMessage) -> None:  # noqa: ANN401
        topic = Topic.parse(message.topic)
        if topic.verb is not Verb.DDATA:
            return
        payload = decode(bytes(message.payload))
        self.metrics += len(payload.metrics)
        header = Header.unpack(payload.body or b"")
        if header is None:
            return
        node = (topic.group, topic.node)
        received = self._received.get(node)
        if received is None or received.epoch != header.epoch:
            received = self._received[node] = Received(header.epoch)
        received.raise_floor(header.oldest)
        received.add(header.batch)
        now = time.monotonic()
        if now - self._acked.get(node, 0.0) >= ACK_EVERY_S:
            self._acked[node] = now
            command = ack_command(time.time_ns() // 1_000_000, received.ack())
            target = Topic(topic.group, Verb.NCMD, topic.node)
            self._client.publish(target.text, encode(command))
