"""What comes in during a session: commands to this node, and the state of its host."""

import logging
from collections.abc import Callable
from typing import Final

from lamppost.edge.config.file import Config
from lamppost.wire import session
from lamppost.wire.decode import DecodeError, decode
from lamppost.wire.delivery import Ack
from lamppost.wire.state import HostState, StateError, decode_state
from lamppost.wire.topic import NAMESPACE, STATE, Topic, TopicError, Verb, parse_state_topic

MAX_COMMAND_BYTES: Final = 65_536
STATE_PREFIX: Final = f"{NAMESPACE}/{STATE}/"

_log = logging.getLogger(__name__)


class Inbox:
    """Reads messages and keeps what they ask until it is done.

    `acked` is called for each acknowledgement, `wake` after anything that matters.
    """

    def __init__(
        self, config: Config, acked: Callable[[Ack], None], wake: Callable[[], None]
    ) -> None:
        self._config, self._acked, self._wake = config, acked, wake
        self._host: HostState | None = None
        self._online_ms = 0
        self.rebirth = False
        self.refused = 0

    @property
    def host_online(self) -> bool:
        """Whether births may go out: the primary host is there, or none is waited for."""
        if not self._config.mqtt.primary_host:
            return True
        return self._host is not None and self._host.online

    def take(self, topic: str, data: bytes) -> None:
        """Read one message; what cannot be read is counted and told once."""
        try:
            self._read(topic, data)
        except (DecodeError, StateError, TopicError) as error:
            self.refused += 1
            if self.refused == 1:
                _log.warning("uplink: unreadable message on %s: %s", topic, error)

    def _read(self, topic: str, data: bytes) -> None:
        if topic.startswith(STATE_PREFIX):
            if parse_state_topic(topic) == self._config.mqtt.primary_host:
                self._take_state(decode_state(data))
            return
        if Topic.parse(topic).verb is not Verb.NCMD:
            return
        if len(data) > MAX_COMMAND_BYTES:
            raise DecodeError(f"command of {len(data)} bytes", MAX_COMMAND_BYTES)
        payload = decode(data)
        if session.is_rebirth(payload):
            self.rebirth = True
            self._wake()
        ack = session.ack_of(payload)
        if ack is not None:
            self._acked(ack)

    def _take_state(self, state: HostState) -> None:
        """Believe a state unless it is older than what is known.

        A birth older than any state seen, or a death older than the last birth, is the late
        word of an earlier connection of the host.
        """
        known = self._host.timestamp if self._host else 0
        if state.timestamp < (known if state.online else self._online_ms):
            return
        self._host = state
        if state.online:
            self._online_ms = state.timestamp
        self._wake()
