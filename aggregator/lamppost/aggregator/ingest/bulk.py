"""An MQTT 3.1.1 client that takes all the socket has in one call.

Paho asks the socket four times for each message (one byte, the length byte by byte, the rest)
and waits anew before the next, and makes an object of each. Under load that is most of what a
message costs: so we read in bulk, and take whole messages of QoS 0, which is what nodes send,
out of it ourselves. All else, and what is cut, is paho's. `_sock_recv` and `_in_packet` are its
own names for how it reads; tests on a real broker hold us to them.
"""

from collections.abc import Callable
from contextlib import suppress

import paho.mqtt.client as paho
from paho.mqtt.enums import MQTTErrorCode

BULK_BYTES = 256 * 1024
PUBLISH = 0x30  # with QoS 0
TYPE_AND_QOS = 0xF6
MAX_LENGTH_BITS = 28
MORE = 0x80  # another byte of the length follows
TOPIC_HEAD_BYTES = 2


class BulkClient(paho.Client):
    """One connection's client; a new connection wants a new one.

    Attributes:
        on_bytes: gets the client, and topic and payload of messages of QoS 0, in their order
            among what `on_message` gets; which also gets those whose end was not there yet.
            None: all go to `on_message`.
    """

    on_bytes: Callable[[paho.Client, bytes, bytes], None] | None = None
    _bulk = b""
    _at = 0  # so much of it has been given out
    _asked = False

    def loop_read(self, max_packets: int = 1) -> MQTTErrorCode:
        """Handle what one read of the socket brings, all of it.

        Nothing is left behind, because nobody would wake us for it; and the socket is asked
        only once, so that pings and publishes get their turn however much comes.
        """
        self._asked = False
        if not self._in_packet["command"]:
            with suppress(OSError):  # paho meets it again, and knows what to do
                self._fill()
            self._hand_over()
        code = super().loop_read(max_packets)
        while code == MQTTErrorCode.MQTT_ERR_SUCCESS and self._at < len(self._bulk):
            self._hand_over()
            code = super().loop_read(max_packets)
        return code

    def _hand_over(self) -> None:
        """Give out the whole messages that lie ready, when paho is between two."""
        while self.on_bytes is not None and not self._in_packet["command"]:
            found = publish_at(self._bulk, self._at)
            if found is None:
                return
            topic, payload, self._at = found
            self.on_bytes(self, topic, payload)

    def _fill(self) -> None:
        self._bulk, self._at = super()._sock_recv(BULK_BYTES), 0
        self._asked = len(self._bulk) > 0  # of an end, paho shall hear again

    def _sock_recv(self, bufsize: int) -> bytes:
        """Paho's seam: up to so many bytes, none at the end of the stream.

        Raises:
            BlockingIOError: no more for now.
        """
        if self._at == len(self._bulk):
            if self._asked:
                raise BlockingIOError
            self._fill()
        data = self._bulk[self._at : self._at + bufsize]
        self._at += len(data)
        return data


def publish_at(data: bytes, at: int) -> tuple[bytes, bytes, int] | None:
    """Topic and payload of the QoS 0 message at a place, and where the next begins.

    None when something else, a part or nonsense is there. Source: MQTT 3.1.1, 2.2 and 3.3.
    """
    if at >= len(data) or data[at] & TYPE_AND_QOS != PUBLISH:
        return None
    size, bits, first, byte = 0, 0, at + 1, MORE
    while byte & MORE:
        if first == len(data) or bits == MAX_LENGTH_BITS:
            return None
        byte = data[first]
        size |= (byte & ~MORE) << bits
        bits += 7
        first += 1
    end = first + size
    if size < TOPIC_HEAD_BYTES or end > len(data):
        return None
    name = first + TOPIC_HEAD_BYTES
    begin = name + int.from_bytes(data[first:name])
    return None if begin > end else (data[name:begin], data[begin:end], end)
