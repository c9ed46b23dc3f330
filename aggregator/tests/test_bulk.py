"""The client that reads in bulk, on a real broker: nothing is lost, split or out of order."""

import threading
from collections.abc import Iterator
from pathlib import Path

import paho.mqtt.client as paho
import pytest
from paho.mqtt.enums import CallbackAPIVersion

from lamppost.aggregator.ingest import bulk
from lamppost.aggregator.ingest.bulk import BulkClient, publish_at
from lamppost.sim.broker import RunningBroker

from .broker import TIMEOUT_S, Client, a_broker, wait_for

SIZES = (0, 1, 2, 120, 127, 128, 5_000, 16_383, 16_384, 70_000)
"""Around the sizes at which MQTT's length takes another byte."""


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    """A broker of this test's own."""
    with a_broker(tmp_path) as one:
        yield one


def listening(port: int) -> tuple[BulkClient, list[bytes]]:
    """A client that is subscribed to everything, and what it hears."""
    client = BulkClient(CallbackAPIVersion.VERSION2)
    heard: list[bytes] = []
    ready = threading.Event()
    client.on_connect = lambda one, *_: one.subscribe("#", qos=1)
    client.on_subscribe = lambda *_: ready.set()
    client.on_message = lambda _client, _userdata, message: heard.append(bytes(message.payload))
    client.on_bytes = lambda _client, _topic, payload: heard.append(payload)
    client.connect("127.0.0.1", port)
    client.loop_start()
    assert ready.wait(TIMEOUT_S)
    return client, heard


def packet(topic: bytes, payload: bytes, head: int = 0x30) -> bytes:
    """A PUBLISH as MQTT 3.1.1 writes it."""
    rest = len(topic).to_bytes(2) + topic + payload
    size, length = len(rest), b""
    while size > 127:
        length, size = length + bytes([size % 128 + 128]), size // 128
    return bytes([head]) + length + bytes([size]) + rest


@pytest.mark.parametrize("size", SIZES)
def test_a_message_is_read_only_when_it_is_whole(size: int) -> None:
    """Behind other bytes, retained or not; and no part of it is taken for one."""
    data = packet(b"a/topic", bytes(size))
    assert publish_at(b"??" + data, 2) == (b"a/topic", bytes(size), len(data) + 2)
    assert publish_at(packet(b"", b"x", 0x31), 0) == (b"", b"x", 5)
    for cut in {0, 1, 2, 3, 4, len(data) // 2, len(data) - 1}:
        assert publish_at(data[:cut], 0) is None


@pytest.mark.parametrize(
    "data",
    [
        packet(b"t", b"\0\1payload", 0x32),  # QoS 1
        packet(b"t", b"\0\1payload", 0x34),  # QoS 2
        b"\xd0\x00",  # an answer to a ping
        b"\x30\x00",  # no topic
        b"\x30\x03\x00\x09t",  # a topic that is longer than its message
        b"\x30\xff\xff\xff\xff\x01" + bytes(300),  # a length of five bytes
    ],
)
def test_all_else_is_left_to_paho(data: bytes) -> None:
    """Other packets, and nonsense."""
    assert publish_at(data, 0) is None


@pytest.mark.parametrize("at_once", [1, 7, 4096, bulk.BULK_BYTES])
@pytest.mark.parametrize("qos", [0, 1])
def test_messages_arrive_whole_and_in_order(
    broker: RunningBroker, monkeypatch: pytest.MonkeyPatch, at_once: int, qos: int
) -> None:
    """However little the socket gives at once, wherever that cuts a message."""
    monkeypatch.setattr(bulk, "BULK_BYTES", at_once)
    client, heard = listening(broker.port)
    sizes = SIZES if at_once > 100 else SIZES[:-4]
    sent = [bytes([number]) * size for number, size in enumerate(sizes * 3)]
    sender = Client(broker.port)
    for payload in sent:
        sender.say(("some/topic", payload), qos=qos)
    wait_for(lambda: len(heard) >= len(sent), "all messages")
    assert heard == sent
    sender.close()
    client.disconnect()
    client.loop_stop()


def test_the_socket_is_asked_once_for_many(
    broker: RunningBroker, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Messages that lie ready cost one read together, and more of them cannot hold us up."""
    client, heard = listening(broker.port)
    asked: list[int] = []
    ask = paho.Client._sock_recv

    def counted(one: paho.Client, size: int) -> bytes:
        if one is client:
            asked.append(size)
        return ask(one, size)

    monkeypatch.setattr(paho.Client, "_sock_recv", counted)
    halt, go_on = threading.Event(), threading.Event()

    def hold(_client: paho.Client, _userdata: object, _message: paho.MQTTMessage) -> None:
        heard.append(b"held")
        client.on_message = lambda *_: heard.append(b"one of many")
        halt.set()
        assert go_on.wait(TIMEOUT_S)

    client.on_bytes = None
    client.on_message = hold
    sender = Client(broker.port)
    sender.say(("some/topic", b"first"))
    assert halt.wait(TIMEOUT_S)
    before = len(asked)
    sender.say(*[("some/topic", b"x" * 100)] * 50, qos=1)
    go_on.set()
    wait_for(lambda: len(heard) == 51, "all messages")
    assert len(asked) - before < 25
    sender.close()
    client.disconnect()
    client.loop_stop()
