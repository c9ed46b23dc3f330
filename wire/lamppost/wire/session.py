"""What a node and a host say to each other in a Sparkplug session, as pure functions.

Two counters keep a session together: `seq` numbers every message of a node from its birth on,
0..255 and round again; `bdSeq` numbers its connections and ties a death to its birth.
"""

from collections.abc import Iterable

from lamppost.wire.ack import Ack
from lamppost.wire.datatypes import DataType
from lamppost.wire.header import DeliveryError
from lamppost.wire.payload import Metric, Payload

SEQ_MODULUS = 256
BDSEQ = "bdSeq"
REBIRTH = "Node Control/Rebirth"
ACK = "Node Control/Lamppost Ack"


class Sequence:
    """The `seq` of one node, shared by the node and all its devices.

    Taking a number and publishing the message must be one step: the order on the wire counts.
    """

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def birth(self) -> int:
        """Begin anew and return 0, the number of the node's birth."""
        self._last = 0
        return 0

    def next(self) -> int:
        """Return the number of the next message; 0 follows 255."""
        self._last = (self._last + 1) % SEQ_MODULUS
        return self._last


def next_bdseq(bdseq: int) -> int:
    """Return the `bdSeq` of the connection after this one; 0 follows 255."""
    return (bdseq + 1) % SEQ_MODULUS


def node_death(bdseq: int, timestamp: int | None = None) -> Payload:
    """Return a node's death: its will at every CONNECT, and what it says before it leaves."""
    return Payload(timestamp, (_bdseq(bdseq, timestamp),))


def node_birth(bdseq: int, seq: int, timestamp: int, metrics: Iterable[Metric] = ()) -> Payload:
    """Return a node's birth: `bdSeq`, the rebirth control, and every metric of the node.

    The first two are made here; metrics of these names among `metrics` are left out.
    """
    control = Metric(REBIRTH, False, DataType.BOOLEAN, timestamp=timestamp)
    own = tuple(metric for metric in metrics if metric.name not in {BDSEQ, REBIRTH})
    return Payload(timestamp, (_bdseq(bdseq, timestamp), control, *own), seq)


def device_birth(seq: int, timestamp: int, metrics: Iterable[Metric]) -> Payload:
    """Return a device's birth: every metric it will ever send in this session."""
    return Payload(timestamp, tuple(metrics), seq)


def device_death(seq: int, timestamp: int) -> Payload:
    """Return a device's death, said by its node."""
    return Payload(timestamp, (), seq)


def data(
    seq: int, timestamp: int, metrics: Iterable[Metric], body: bytes | None = None
) -> Payload:
    """Return data of a node or a device; `body` is the packed delivery header."""
    return Payload(timestamp, tuple(metrics), seq, body=body)


def rebirth_command(timestamp: int) -> Payload:
    """Return the command that asks a node for all its births."""
    metric = Metric(REBIRTH, True, DataType.BOOLEAN, timestamp=timestamp)
    return Payload(timestamp, (metric,))


def ack_command(timestamp: int, ack: Ack) -> Payload:
    """Return the command that tells a node which of its batches are durable."""
    return Payload(timestamp, (Metric(ACK, ack.text, DataType.STRING, timestamp=timestamp),))


def bdseq_of(payload: Payload) -> int | None:
    """Return the `bdSeq` of a birth or a death, or None when there is no sound one."""
    for metric in payload.metrics:
        if metric.name == BDSEQ:
            value = metric.value
            return value if type(value) is int and 0 <= value < SEQ_MODULUS else None
    return None


def is_rebirth(payload: Payload) -> bool:
    """True when a command asks for rebirth."""
    return any(metric.name == REBIRTH and metric.value is True for metric in payload.metrics)


def ack_of(payload: Payload) -> Ack | None:
    """Return the acknowledgement in a command.

    None when there is none, or none that can be read: the node then goes on as if it had not
    come, repeats what is not acknowledged, and the next acknowledgement says it all again.
    """
    for metric in payload.metrics:
        if metric.name == ACK and isinstance(metric.value, str):
            try:
                return Ack.parse(metric.value)
            except DeliveryError:
                return None
    return None


def _bdseq(bdseq: int, timestamp: int | None) -> Metric:
    return Metric(BDSEQ, bdseq, DataType.INT64, timestamp=timestamp)
