"""Brokers as child processes: they come, are killed, and come back on the same port."""

import os
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

import paho.mqtt.client as mqtt
import pytest
import trustme
from paho.mqtt.enums import CallbackAPIVersion

from lamppost.sim.broker import BrokerError, BrokerTls, RunningBroker, run_broker
from lamppost.sim.broker.mosquitto import find_mosquitto

TIMEOUT_S = 60.0
Kind = Literal["mosquitto", "amqtt"]

needs_mosquitto = pytest.mark.skipif(
    find_mosquitto() is None, reason="mosquitto is not on this machine"
)
KINDS = [pytest.param("mosquitto", marks=needs_mosquitto), "amqtt"]


def new_client(name: str = "", *, clean: bool = True) -> mqtt.Client:
    """Return a client that is not connected yet."""
    return mqtt.Client(CallbackAPIVersion.VERSION2, client_id=name, clean_session=clean)


@contextmanager
def connected(client: mqtt.Client, host: str, port: int) -> Iterator[int]:
    """Connect, hand out the broker's answer (0 accepted), and disconnect."""
    answers: list[int] = []
    answered = threading.Event()

    def on_connect(*args: object) -> None:
        answers.append(args[3].value)  # type: ignore[attr-defined]
        answered.set()

    client.on_connect = on_connect
    client.connect_timeout = TIMEOUT_S
    client.connect(host, port)
    client.loop_start()
    try:
        assert answered.wait(TIMEOUT_S)
        yield answers[0]
    finally:
        client.disconnect()
        client.loop_stop()


def deliver(broker: RunningBroker) -> bytes:
    """Send one message through the broker and return what came out."""
    got: list[bytes] = []
    came = threading.Event()
    client = new_client()

    def on_message(*args: object) -> None:
        got.append(args[2].payload)  # type: ignore[attr-defined]
        came.set()

    def on_subscribe(*_: object) -> None:
        client.publish("a", b"hello", qos=1)

    client.on_message = on_message
    client.on_subscribe = on_subscribe
    with connected(client, broker.host, broker.port):
        client.subscribe("a", qos=1)
        assert came.wait(TIMEOUT_S)
    return got[0]


@pytest.mark.parametrize("kind", KINDS)
def test_it_is_killed_and_comes_back_on_the_same_port(tmp_path: Path, kind: Kind) -> None:
    """After SIGKILL nobody answers; after restart the same address delivers again."""
    with run_broker(directory=tmp_path, kind=kind) as broker:
        assert broker.kind == kind
        assert deliver(broker) == b"hello"
        port, pid = broker.port, broker.pid
        broker.kill()
        assert not broker.is_running
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection((broker.host, port), timeout=1.0)
        with pytest.raises(BrokerError, match="not running"):
            _ = broker.pid
        broker.restart()
        assert (broker.port, broker.pid != pid) == (port, True)
        assert deliver(broker) == b"hello"


@pytest.mark.parametrize("kind", KINDS)
def test_no_process_stays_behind(tmp_path: Path, kind: Kind) -> None:
    """Leaving the context ends the child, and stopping twice is harmless."""
    with run_broker(directory=tmp_path, kind=kind) as broker:
        pid = broker.pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    broker.stop()


@pytest.mark.parametrize("kind", KINDS)
def test_a_taken_port_is_told(tmp_path: Path, kind: Kind) -> None:
    """A broker that cannot have the port it was told to use says which."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=str(port)):
            run_broker(directory=tmp_path, port=port, kind=kind)


@needs_mosquitto
def test_nothing_that_was_acknowledged_is_dropped_from_a_long_queue(tmp_path: Path) -> None:
    """3,000 messages wait for an absent subscriber, three times mosquitto's default limit."""
    count = 3_000
    with run_broker(directory=tmp_path, kind="mosquitto") as broker:
        reader = new_client("reader", clean=False)
        subscribed = threading.Event()
        reader.on_subscribe = lambda *_: subscribed.set()
        with connected(reader, broker.host, broker.port):
            reader.subscribe("a", qos=1)
            assert subscribed.wait(TIMEOUT_S)
        writer = new_client()
        with connected(writer, broker.host, broker.port):
            for n in range(count):
                last = writer.publish("a", str(n), qos=1)
            last.wait_for_publish(TIMEOUT_S)
        got: list[int] = []
        full = threading.Event()

        def on_message(*args: object) -> None:
            got.append(int(args[2].payload))  # type: ignore[attr-defined]
            if len(got) == count:
                full.set()

        reader = new_client("reader", clean=False)
        reader.on_message = on_message
        with connected(reader, broker.host, broker.port):
            assert full.wait(TIMEOUT_S)
    assert got == list(range(count))


@needs_mosquitto
def test_users_have_passwords(tmp_path: Path) -> None:
    """The right password connects; a wrong one and no name at all do not."""
    with run_broker(
        directory=tmp_path, allow_anonymous=False, users={"edge": "s3cret"}
    ) as broker:
        answers = []
        for name, password in (("edge", "s3cret"), ("edge", "guess"), (None, None)):
            client = new_client()
            client.username_pw_set(name, password)
            with connected(client, broker.host, broker.port) as answer:
                answers.append(answer == 0)
    assert answers == [True, False, False]
    assert "s3cret" not in (tmp_path / "passwords").read_text()


@pytest.fixture
def authority(tmp_path: Path) -> tuple[trustme.CA, BrokerTls]:
    """A certificate authority and the broker's certificates."""
    ca = trustme.CA()
    server = ca.issue_cert("127.0.0.1", "localhost")
    ca.cert_pem.write_to_path(tmp_path / "ca.pem")
    server.private_key_pem.write_to_path(tmp_path / "key.pem")
    server.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    return ca, BrokerTls(
        ca_file=tmp_path / "ca.pem",
        cert_file=tmp_path / "cert.pem",
        key_file=tmp_path / "key.pem",
        require_certificate=True,
        use_identity_as_username=True,
    )


def connect_packet_over(context: ssl.SSLContext, host: str, port: int) -> bytes:
    """Return the broker's answer to CONNECT; with TLS 1.3 a refusal comes only here."""
    with (
        socket.create_connection((host, port), TIMEOUT_S) as raw,
        context.wrap_socket(raw, server_hostname=host) as wrapped,
    ):
        wrapped.sendall(b"\x10\x0c\x00\x04MQTT\x04\x02\x00\x3c\x00\x00")
        return wrapped.recv(4)


@needs_mosquitto
def test_tls_asks_for_a_certificate_and_takes_its_name(
    tmp_path: Path, authority: tuple[trustme.CA, BrokerTls]
) -> None:
    """A client with a certificate is its common name to the access list; one without is out."""
    ca, tls = authority
    acl = tmp_path / "acl"
    acl.write_text("user node-1\ntopic readwrite own/node-1\ntopic write own/all\n")
    with run_broker(
        directory=tmp_path / "broker", tls=tls, allow_anonymous=False, acl_file=acl
    ) as broker:
        assert broker.tls_port is not None
        context = ssl.create_default_context(cafile=str(tls.ca_file))
        with pytest.raises((ssl.SSLError, ConnectionError)):
            connect_packet_over(context, broker.host, broker.tls_port)
        ca.issue_cert("node-1.test", common_name="node-1").configure_cert(context)
        client = new_client()
        client.tls_set_context(context)
        granted: list[str] = []
        came = threading.Event()

        def on_message(*args: object) -> None:
            granted.append(args[2].topic)  # type: ignore[attr-defined]
            came.set()

        def on_subscribe(*_: object) -> None:
            client.publish("own/all", b"not to be read by it")
            client.publish("own/node-1", b"mine")

        client.on_message = on_message
        client.on_subscribe = on_subscribe
        with connected(client, broker.host, broker.tls_port) as answer:
            assert answer == 0
            client.subscribe("own/#", qos=0)
            assert came.wait(TIMEOUT_S)
        assert granted == ["own/node-1"]


def test_the_fallback_does_one_thing_only(
    tmp_path: Path, authority: tuple[trustme.CA, BrokerTls]
) -> None:
    """What amqtt would silently not do is refused with the way out."""
    with pytest.raises(BrokerError, match="need mosquitto"):
        run_broker(directory=tmp_path, kind="amqtt", tls=authority[1])
    with pytest.raises(BrokerError, match="need mosquitto"):
        run_broker(directory=tmp_path, kind="amqtt", users={"a": "b"})


def test_an_unknown_kind_lists_the_known(tmp_path: Path) -> None:
    """A typo does not fall back to something else."""
    with pytest.raises(BrokerError, match="auto, mosquitto, amqtt"):
        run_broker(directory=tmp_path, kind="mosquito")  # type: ignore[arg-type]


@needs_mosquitto
def test_a_broken_certificate_is_told_with_the_brokers_own_words(
    tmp_path: Path, authority: tuple[trustme.CA, BrokerTls]
) -> None:
    """The error carries the broker's log instead of a timeout."""
    tls = authority[1]
    tls.key_file.write_text("nonsense")
    with pytest.raises(BrokerError, match=r"(?i)key"):
        run_broker(directory=tmp_path / "broker", tls=tls, kind="mosquitto")
