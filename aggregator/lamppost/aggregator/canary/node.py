"""A Sparkplug node that lives for one song: its own MQTT connection, birth, data, death."""

import threading
import time
from types import TracebackType
from typing import Self

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from lamppost.aggregator.ingest.host import new_client
from lamppost.aggregator.settings.mqtt import MqttConfig
from lamppost.wire import canary
from lamppost.wire.datatypes import DataType
from lamppost.wire.encode import encode
from lamppost.wire.payload import Metric, Payload, Property
from lamppost.wire.session import Sequence, data, node_birth, node_death
from lamppost.wire.topic import Topic, Verb

WELCOME_S = 10.0
BDSEQ = 0
LIMITS = {
    "engLow": Property(canary.LOW, DataType.DOUBLE),
    "engHigh": Property(canary.HIGH, DataType.DOUBLE),
}


class CanaryNode:
    """Connects and is born with the block, and dies with it.

    Args:
        config: the broker, as the aggregator itself reaches it.

    Raises:
        OSError: the broker does not answer, or will not have it.
    """

    def __init__(self, config: MqttConfig) -> None:
        self._config = config
        self._sequence = Sequence()
        self._client: paho.Client | None = None

    def __enter__(self) -> Self:
        client = new_client(self._config, f"lamppost-canary-{self._config.host_id}")
        client.will_set(self._topic(Verb.NDEATH), encode(node_death(BDSEQ)), qos=1)
        welcome, refusal = threading.Event(), list[str]()

        def on_connect(
            _client: paho.Client,
            _userdata: object,
            _flags: paho.ConnectFlags,
            reason: ReasonCode,
            _properties: Properties | None,
        ) -> None:
            if reason.is_failure:
                refusal.append(str(reason))
            welcome.set()

        client.on_connect = on_connect
        client.connect(self._config.host, self._config.port, self._config.keepalive_s)
        client.loop_start()
        self._client = client
        if not welcome.wait(WELCOME_S) or refusal:
            self._leave()
            raise OSError(f"the broker will not have the canary: {refusal or 'no welcome'}")
        # A reading is judged when it is newer than the one before it: that of the birth.
        born_ms = time.time_ns() // 1_000_000 - 1
        calm = _song(canary.CALM, born_ms)
        born = node_birth(BDSEQ, self._sequence.birth(), born_ms, [calm])
        self._publish(Verb.NBIRTH, born)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._publish(Verb.NDEATH, node_death(BDSEQ, time.time_ns() // 1_000_000))
        self._leave()

    def say(self, value: float, time_ms: int) -> None:
        """Send a reading.

        Raises:
            OSError: the connection is gone.
        """
        told = data(self._sequence.next(), time_ms, [_song(value, time_ms)])
        if self._publish(Verb.NDATA, told) is not MQTTErrorCode.MQTT_ERR_SUCCESS:
            raise OSError("the connection of the canary is gone")

    def _publish(self, verb: Verb, payload: Payload) -> MQTTErrorCode:
        if self._client is None:
            return MQTTErrorCode.MQTT_ERR_NO_CONN
        # QoS 0, as the standard asks of all but a death.
        said = self._client.publish(self._topic(verb), encode(payload))
        return said.rc

    def _leave(self) -> None:
        if self._client is not None:
            self._client.disconnect()
            self._client.loop_stop()
            self._client = None

    def _topic(self, verb: Verb) -> str:
        return Topic(canary.GROUP, verb, self._config.host_id).text


def _song(value: float, time_ms: int) -> Metric:
    return Metric(canary.METRIC, value, DataType.DOUBLE, timestamp=time_ms, properties=LIMITS)
