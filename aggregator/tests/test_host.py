"""The host session, against a real broker."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from lamppost.aggregator.ingest.host import Host
from lamppost.aggregator.ingest.inbox import CONNECTED, LOST, Inbox
from lamppost.aggregator.settings.mqtt import MqttConfig
from lamppost.sim.broker import RunningBroker
from lamppost.sim.ports import free_port
from lamppost.wire.state import HostState, decode_state, encode_state

from .broker import Client, a_broker, wait_for

STATE = "spBv1.0/STATE/lamppost"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    """A broker of this test's own."""
    with a_broker(tmp_path) as one:
        yield one


@pytest.fixture
def inbox() -> Inbox:
    """Where the host puts what it hears."""
    return Inbox(1 << 20)


@pytest.fixture
def host(broker: RunningBroker, inbox: Inbox) -> Iterator[Host]:
    """A host that is online."""
    one = Host(MqttConfig(port=broker.port), inbox)
    one.start()
    wait_for(lambda: one.state == "ok", "the host to be online")
    yield one
    one.stop()


def states(client: Client) -> list[HostState]:
    """The STATE messages that a client heard."""
    return [decode_state(payload) for payload in client.on(STATE)]


def test_birth_and_will_have_one_timestamp(broker: RunningBroker, inbox: Inbox) -> None:
    """The birth is retained; when the connection dies, the will tells of that very session."""
    watcher = Client(broker.port, STATE)
    host = Host(MqttConfig(port=broker.port), inbox)
    host.start()
    wait_for(lambda: states(watcher), "the birth")
    (birth,) = states(watcher)
    assert birth.online
    late = Client(broker.port, STATE)
    wait_for(lambda: late.heard, "the retained birth")
    assert late.heard[0][2]
    client = host._client
    assert client is not None
    sock = client.socket()
    assert sock is not None
    with socket.socket(fileno=os.dup(sock.fileno())) as cable:
        cable.shutdown(socket.SHUT_RDWR)  # as a cut, not as a farewell
    wait_for(lambda: not states(watcher)[-1].online or len(states(watcher)) > 2, "the will")
    will = next(state for state in states(watcher) if not state.online)
    assert will.timestamp == birth.timestamp
    wait_for(lambda: states(watcher)[-1].online, "the next birth")
    assert states(watcher)[-1].timestamp > birth.timestamp
    host.stop()
    for one in (watcher, late):
        one.close()


def test_a_clean_leave_says_offline(broker: RunningBroker, inbox: Inbox) -> None:
    """At a stop the retained STATE is offline, with the time of leaving."""
    host = Host(MqttConfig(port=broker.port), inbox)
    host.start()
    wait_for(lambda: host.online, "the host to be online")
    watcher = Client(broker.port, STATE)
    wait_for(lambda: states(watcher), "the birth")
    host.stop()
    wait_for(lambda: not states(watcher)[-1].online, "the farewell")
    assert states(watcher)[-1].timestamp >= states(watcher)[0].timestamp
    watcher.close()


def test_it_contradicts_a_false_offline(broker: RunningBroker, host: Host) -> None:
    """A STATE of ours that says offline while we are here is put right at once."""
    watcher = Client(broker.port, STATE)
    wait_for(lambda: states(watcher), "the birth")
    birth = states(watcher)[0]
    watcher.say((STATE, encode_state(HostState(online=False, timestamp=5))), retain=True, qos=1)
    wait_for(lambda: len(states(watcher)) >= 3, "the contradiction")
    assert states(watcher)[-1] == birth
    assert host.online
    watcher.close()


def test_messages_and_commands(broker: RunningBroker, host: Host, inbox: Inbox) -> None:
    """What nodes say reaches the inbox as it came; our commands reach them, unretained."""
    node = Client(broker.port, "spBv1.0/g/NCMD/n")
    node.say(("spBv1.0/g/NDATA/n", b"\x00raw"), ("elsewhere/topic", b"no"))
    heard: list[tuple[str, bytes]] = []

    def message_came() -> bool:
        heard.extend((item.topic, item.payload) for item in inbox.take(10, 0.1))
        return len(heard) > 1

    wait_for(message_came, "the message")
    assert heard == [(CONNECTED, b""), ("spBv1.0/g/NDATA/n", b"\x00raw")]
    assert host.publish("spBv1.0/g/NCMD/n", b"ack")
    wait_for(lambda: node.heard, "the command")
    assert node.heard[0][1:] == (b"ack", False)
    node.close()


def test_a_broker_that_dies_and_comes_back(
    broker: RunningBroker, host: Host, inbox: Inbox
) -> None:
    """The loss is noted between the messages, shown in words, and met with a new session."""
    broker.kill()
    wait_for(lambda: host.state != "ok", "the loss to show")
    assert str(broker.port) in host.state
    assert not host.publish("t", b"x")
    broker.restart()
    wait_for(lambda: host.state == "ok", "the host to be back")
    notes = [item.topic for item in inbox.take(100, 0.0) if item.topic in (CONNECTED, LOST)]
    assert notes == [CONNECTED, LOST, CONNECTED]


def test_an_unreachable_broker_is_told(inbox: Inbox) -> None:
    """Nobody listens there: the state says so with host and port, and stopping works."""
    port = free_port()
    host = Host(MqttConfig(port=port), inbox)
    host.start()
    wait_for(lambda: host.state.startswith("unreachable"), "the trouble to show")
    assert f"127.0.0.1:{port}" in host.state
    host.stop()


def test_wrong_credentials_are_told(tmp_path: Path, inbox: Inbox) -> None:
    """A broker that refuses us is named as refusing."""
    from lamppost.sim.broker import run_broker

    broker = run_broker(
        directory=tmp_path / "broker", allow_anonymous=False, users={"lamppost": "right"}
    )
    (tmp_path / "word").write_text("wrong")
    word = tmp_path / "word"
    host = Host(MqttConfig(port=broker.port, username="lamppost", password_file=word), inbox)
    host.start()
    wait_for(lambda: host.state.startswith("refused"), "the refusal to show")
    word.write_text("right\n")
    wait_for(lambda: host.state == "ok", "the right password to be taken")
    host.stop()
    broker.stop()
