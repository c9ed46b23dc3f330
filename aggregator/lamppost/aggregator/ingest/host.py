"""The Sparkplug host session: one MQTT connection after the other, each with its STATE.

Every connection is a client of its own, so the will carries the timestamp of exactly this
connect and nothing of a dead session survives. Losses are met with capped full jitter.
"""

import contextlib
import random
import ssl
import threading
import time
from collections.abc import Callable

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lamppost.aggregator.ingest.bulk import BulkClient
from lamppost.aggregator.ingest.inbox import CONNECTED, LOST, Inbox
from lamppost.aggregator.settings.mqtt import MqttConfig
from lamppost.wire.state import HostState, StateError, decode_state, encode_state
from lamppost.wire.topic import NAMESPACE, state_topic

BACKOFF_BASE_S = 0.5
BACKOFF_CAP_S = 15.0
CONNECT_TIMEOUT_S = 5.0
LEAVE_TIMEOUT_S = 2.0
WELCOME_TIMEOUT_S = 10.0


def new_client(config: MqttConfig, client_id: str) -> BulkClient:
    """A paho client (3.1.1, clean session) with the credentials of `config`."""
    client = BulkClient(
        CallbackAPIVersion.VERSION2,
        client_id=client_id,
        clean_session=True,
        protocol=paho.MQTTv311,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_TIMEOUT_S
    if config.username:
        client.username_pw_set(config.username, config.password())
    if config.ca_file is not None or config.cert_file is not None:
        client.tls_set(
            ca_certs=None if config.ca_file is None else str(config.ca_file),
            certfile=None if config.cert_file is None else str(config.cert_file),
            keyfile=None if config.key_file is None else str(config.key_file),
            tls_version=ssl.PROTOCOL_TLS_CLIENT,
        )
    return client


class Host:
    """Keeps a host session alive on its own thread and feeds the inbox.

    Args:
        config: broker, credentials and host id.
        inbox: where messages go, with CONNECTED and LOST between them.
        clock_ms: UTC milliseconds.
        rng: jitter.
    """

    def __init__(
        self,
        config: MqttConfig,
        inbox: Inbox,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        rng: random.Random | None = None,
    ) -> None:
        self.state = "not connected yet"
        self._config = config
        self._inbox = inbox
        self._clock_ms = clock_ms
        self._rng = rng or random.Random()  # noqa: S311 - jitter
        self._topic = state_topic(config.host_id)
        self._stopping = threading.Event()
        self._gone = threading.Event()
        self._decided = threading.Event()
        self._announced = False
        self._client: paho.Client | None = None
        self._timestamp = 0
        self._thread = threading.Thread(target=self._run, name="host-session", daemon=True)

    @property
    def online(self) -> bool:
        """True while subscribed and announced."""
        return self._client is not None

    def start(self) -> None:
        """Begin; returns at once."""
        self._thread.start()

    def stop(self) -> None:
        """Say `online: false`, disconnect and end the thread."""
        self._stopping.set()
        client = self._client
        if client is not None:
            offline = encode_state(HostState(online=False, timestamp=self._clock_ms()))
            said = client.publish(self._topic, offline, qos=1, retain=True)
            # When the connection goes first, the will says it.
            with contextlib.suppress(RuntimeError, ValueError):
                said.wait_for_publish(LEAVE_TIMEOUT_S)
        self._end()
        if self._thread.ident is not None:
            self._thread.join()

    def publish(self, topic: str, payload: bytes) -> bool:
        """Send a command (QoS 0, not retained); False when there is no connection."""
        client = self._client
        if client is None:
            return False
        return client.publish(topic, payload).rc == paho.MQTT_ERR_SUCCESS

    def _run(self) -> None:
        failures = 0
        while not self._stopping.is_set():
            self._gone.clear()
            failures = 0 if self._session() else failures + 1
            if self._stopping.is_set():
                return
            ceiling = min(BACKOFF_CAP_S, BACKOFF_BASE_S * 2 ** min(failures, 16))
            self._stopping.wait(self._rng.uniform(0, ceiling))

    def _session(self) -> bool:
        """Live through one connection; True when it got as far as being announced."""
        where = f"{self._config.host}:{self._config.port}"
        self._timestamp = self._clock_ms()
        self._announced = False
        self._decided.clear()
        try:
            client = self._prepare()
            client.connect(self._config.host, self._config.port, self._config.keepalive_s)
        except (OSError, ValueError) as error:
            self.state = f"unreachable: {where}: {error}"
            return False
        client.loop_start()
        if not self._decided.wait(WELCOME_TIMEOUT_S):
            self.state = f"unreachable: {where}: no welcome within {WELCOME_TIMEOUT_S:g} s"
            self._gone.set()
        self._gone.wait()
        self._client = None
        client.disconnect()
        client.loop_stop()
        if self._announced and not self._stopping.is_set():
            self._inbox.note(LOST, time.time_ns())
        return self._announced

    def _prepare(self) -> BulkClient:
        client = new_client(self._config, f"lamppost-host-{self._config.host_id}")
        offline = encode_state(HostState(online=False, timestamp=self._timestamp))
        client.will_set(self._topic, offline, qos=1, retain=True)
        where = f"{self._config.host}:{self._config.port}"

        def on_connect(
            client: paho.Client,
            _userdata: object,
            _flags: paho.ConnectFlags,
            reason: ReasonCode,
            _properties: Properties | None,
        ) -> None:
            if reason.is_failure:
                self.state = f"refused: {where}: {reason}"
                return
            client.subscribe([(self._topic, 1), (f"{NAMESPACE}/#", 1)])

        def on_subscribe(
            client: paho.Client,
            _userdata: object,
            _mid: int,
            reasons: list[ReasonCode],
            _properties: Properties | None,
        ) -> None:
            if any(reason.is_failure for reason in reasons):
                self.state = f"refused: {where}: subscription to {NAMESPACE}/#"
                self._end()
                return
            self._inbox.note(CONNECTED, time.time_ns())
            self._announce(client)
            self._client = client
            self.state = "ok"
            self._announced = True
            self._decided.set()

        def on_disconnect(
            _client: paho.Client,
            _userdata: object,
            _flags: paho.DisconnectFlags,
            reason: ReasonCode,
            _properties: Properties | None,
        ) -> None:
            self._client = None
            if self.state == "ok":
                self.state = f"lost: {where}: {reason}"
            elif not self.state.startswith("refused"):
                self.state = f"unreachable: {where}: {reason}"
            self._end()

        client.on_connect = on_connect
        client.on_subscribe = on_subscribe
        client.on_disconnect = on_disconnect
        client.on_message = self._on_message
        client.on_bytes = self._on_bytes
        return client

    def _end(self) -> None:
        self._gone.set()
        self._decided.set()

    def _announce(self, client: paho.Client) -> None:
        online = encode_state(HostState(online=True, timestamp=self._timestamp))
        client.publish(self._topic, online, qos=1, retain=True)

    def _on_message(
        self, client: paho.Client, _userdata: object, message: paho.MQTTMessage
    ) -> None:
        try:
            self._heard(client, message.topic, bytes(message.payload))
        except UnicodeDecodeError:
            self._inbox.dropped += 1

    def _on_bytes(self, client: paho.Client, topic: bytes, payload: bytes) -> None:
        try:
            self._heard(client, topic.decode(), payload)
        except UnicodeDecodeError:
            self._inbox.dropped += 1

    def _heard(self, client: paho.Client, topic: str, payload: bytes) -> None:
        if topic == self._topic:
            self._reassert(client, payload)
        else:
            self._inbox.put(topic, payload, time.time_ns())

    def _reassert(self, client: paho.Client, payload: bytes) -> None:
        """Answer a STATE of ours that says offline: an old will, or another's mistake."""
        try:
            state = decode_state(payload)
        except StateError:
            state = HostState(online=False, timestamp=0)
        if not state.online and self._client is not None and not self._stopping.is_set():
            self._announce(client)
