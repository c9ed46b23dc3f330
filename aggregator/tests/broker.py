"""A real broker for a test, and a client that listens and speaks on it."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion

from lamppost.sim.broker import RunningBroker, run_broker

TIMEOUT_S = 60.0
POLL_S = 0.01


def wait_for(condition: Callable[[], object], what: str, timeout_s: float = TIMEOUT_S) -> None:
    """Wait until a condition holds; the test fails with `what` when it never does."""
    until = time.monotonic() + timeout_s
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < until, f"waited {timeout_s:g} s for {what}"
        pause.wait(POLL_S)


class Client:
    """Listens to some topics and publishes."""

    def __init__(self, port: int, *topics: str) -> None:
        self.heard: list[tuple[str, bytes, bool]] = []
        self._subscribed = threading.Event()
        self._client = paho.Client(CallbackAPIVersion.VERSION2)
        self._client.on_message = lambda _c, _u, message: self.heard.append(
            (message.topic, bytes(message.payload), message.retain)
        )
        self._client.on_subscribe = lambda *_: self._subscribed.set()
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if topics:
            self._client.subscribe([(topic, 1) for topic in topics])
            assert self._subscribed.wait(TIMEOUT_S)

    def say(self, *said: tuple[str, bytes], retain: bool = False, qos: int = 0) -> None:
        """Publish and wait until it is on its way."""
        for topic, payload in said:
            self._client.publish(topic, payload, qos, retain).wait_for_publish(TIMEOUT_S)

    def on(self, topic: str) -> list[bytes]:
        """What was heard on a topic."""
        return [payload for to, payload, _ in self.heard if to == topic]

    def close(self) -> None:
        """Leave."""
        self._client.disconnect()
        self._client.loop_stop()
        # It closes its last sockets when it is let go of, and would keep itself through us.
        self._client.on_subscribe = self._client.on_message = None


@contextmanager
def a_broker(folder: Path) -> Iterator[RunningBroker]:
    """A broker of this test's own."""
    broker = run_broker(directory=folder / "broker")
    try:
        yield broker
    finally:
        broker.stop()
