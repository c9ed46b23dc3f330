"""A broker, and a peer that acknowledges as the aggregator does."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import paho.mqtt.client as mqtt
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from lamppost.sim.broker import RunningBroker, run_broker
from lamppost.wire import session
from lamppost.wire.decode import decode
from lamppost.wire.delivery import LEDGER, Header, LedgerRow, Received, ledger_rows
from lamppost.wire.encode import encode
from lamppost.wire.payload import Payload
from lamppost.wire.state import HostState, encode_state
from lamppost.wire.topic import Topic, TopicError, Verb, state_topic

GROUP, NODE, HOST = "g", "n1", "lamppost"


class Peer:
    """A small host: notes what nodes say, drops repeats, acknowledges when told to."""

    def __init__(self, port: int, *, acks: bool = True, state: bool = True) -> None:
        self.acks, self.state = acks, state
        self.deaf = False
        self.messages: list[tuple[Topic, Payload]] = []
        self.readings: list[tuple[str, int, int, object, bool]] = []
        self.repeats = 0
        self.seq_gaps = 0
        self.ledger: dict[str, LedgerRow] = {}
        self.online_ms = 1
        self._received: dict[int, Received] = {}
        self._seq: int | None = None
        self._lock = threading.RLock()
        self._client = mqtt.Client(CallbackAPIVersion.VERSION2, reconnect_on_failure=True)
        self._client.reconnect_delay_set(1, 1)
        self._client.on_connect = self._on_connect
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def close(self) -> None:
        """Leave the broker."""
        self._client.disconnect()
        self._client.loop_stop()
        # It closes its last sockets when it is let go of, and would keep itself through us.
        self._client.on_connect = self._client.on_message = None

    def set_online(self, online: bool) -> None:
        """Say that this host came or went."""
        self.online_ms += 1
        state = encode_state(HostState(online, self.online_ms))
        self._client.publish(state_topic(HOST), state, qos=1, retain=True)

    def command(self, payload: Payload) -> None:
        """Send a command to the node."""
        self._client.publish(Topic(GROUP, Verb.NCMD, NODE).text, encode(payload))

    def raw(self, topic: str, data: bytes) -> None:
        """Send any bytes on any topic."""
        self._client.publish(topic, data)

    def of(self, verb: Verb, device: str | None = None) -> list[Payload]:
        """The messages of that kind, in the order they came."""
        with self._lock:
            return [
                payload
                for topic, payload in self.messages
                if topic.verb is verb and device in {None, topic.device}
            ]

    def verbs(self) -> list[str]:
        """The kinds of all messages, in the order they came."""
        with self._lock:
            return [topic.verb.value for topic, _ in self.messages]

    def _on_connect(self, *_: object) -> None:
        self._client.subscribe("spBv1.0/#", qos=1)
        if self.state:
            self.set_online(True)

    def _on_message(self, _c: object, _u: object, message: mqtt.MQTTMessage) -> None:
        try:
            topic = Topic.parse(message.topic)
        except TopicError:
            return
        if topic.verb in {Verb.NCMD, Verb.DCMD}:
            return
        payload = decode(bytes(message.payload))
        with self._lock:
            self.messages.append((topic, payload))
            self._check_seq(topic, payload)
            if topic.verb is Verb.DDATA and not self.deaf:
                self._take(topic, payload)
            if topic.verb in {Verb.NBIRTH, Verb.NDATA}:
                for metric in payload.metrics:
                    if metric.name == LEDGER:
                        self.ledger |= {row.day: row for row in ledger_rows(metric)}

    def _check_seq(self, topic: Topic, payload: Payload) -> None:
        if topic.verb is Verb.NBIRTH:
            self._seq = 0
            return
        if payload.seq is not None and self._seq is not None:
            self._seq = (self._seq + 1) % 256
            if payload.seq != self._seq:
                self.seq_gaps += 1
                self._seq = payload.seq

    def _take(self, topic: Topic, payload: Payload) -> None:
        header = Header.unpack(payload.body)
        assert header is not None
        received = self._received.setdefault(header.epoch, Received(header.epoch))
        received.raise_floor(header.oldest)
        if received.seen(header.batch):
            self.repeats += 1
        else:
            received.add(header.batch)
            for one in payload.metrics:
                assert one.alias is not None
                assert one.timestamp is not None
                self.readings.append(
                    (
                        topic.device or "",
                        one.alias,
                        one.timestamp,
                        one.value,
                        bool(one.is_historical),
                    )
                )
        if self.acks:
            self.command(session.ack_command(int(time.time() * 1000), received.ack()))


async def until(condition: Callable[[], object], timeout_s: float = 60.0) -> None:
    """Wait until something is so; only what never comes meets the timeout."""
    async with asyncio.timeout(timeout_s):
        while not condition():  # noqa: ASYNC110 - the peer lives in another thread
            await asyncio.sleep(0.01)


@pytest.fixture
def wait() -> Callable[..., object]:
    """How tests wait until a condition holds."""
    return until


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    """A mosquitto of one's own."""
    with run_broker(directory=tmp_path / "broker", kind="mosquitto") as running:
        yield running


@pytest.fixture
def make_peer(broker: RunningBroker) -> Iterator[Callable[..., Peer]]:
    """Makes peers of the broker; they leave at the end."""
    peers: list[Peer] = []

    def make(**options: Any) -> Peer:
        peers.append(Peer(broker.port, **options))
        return peers[-1]

    yield make
    for peer in peers:
        peer.close()
