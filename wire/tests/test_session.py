from lamppost.wire import session
from lamppost.wire.ack import Ack
from lamppost.wire.datatypes import DataType
from lamppost.wire.decode import decode
from lamppost.wire.delivery import Header
from lamppost.wire.encode import encode
from lamppost.wire.payload import Metric, Payload

NOW = 1_763_692_800_123


def wired(payload: Payload) -> Payload:
    """Return the payload as the other side reads it."""
    return decode(encode(payload))


def test_seq_counts_from_the_birth_and_round() -> None:
    """The birth is 0, then 1..255, then 0 again."""
    sequence = session.Sequence()
    assert [sequence.birth(), *(sequence.next() for _ in range(257))] == [*range(256), 0, 1]


def test_a_rebirth_begins_the_seq_anew() -> None:
    """After a second birth the numbers start over."""
    sequence = session.Sequence()
    sequence.birth()
    sequence.next()
    assert (sequence.birth(), sequence.next()) == (0, 1)


def test_bdseq_counts_round() -> None:
    """Each connection has the next number; 0 follows 255."""
    assert [session.next_bdseq(n) for n in (0, 254, 255)] == [1, 255, 0]


def test_a_nodes_birth_carries_what_the_standard_demands() -> None:
    """Timestamp, seq 0 explicitly on the wire, bdSeq, and the rebirth control without alias."""
    flow = Metric("flow", 1.5, DataType.DOUBLE, alias=1, timestamp=NOW)
    birth = wired(session.node_birth(7, 0, NOW, [flow]))
    assert birth.timestamp == NOW
    assert birth.seq == 0
    assert birth.metrics == (
        Metric("bdSeq", 7, DataType.INT64, timestamp=NOW),
        Metric("Node Control/Rebirth", False, DataType.BOOLEAN, timestamp=NOW),
        flow,
    )


def test_a_nodes_birth_names_each_metric_once() -> None:
    """Given bdSeq and rebirth control do not come beside those of the builder."""
    given = [
        Metric("bdSeq", 99, DataType.INT64),
        Metric("Node Control/Rebirth", True, DataType.BOOLEAN),
    ]
    assert session.node_birth(7, 0, NOW, given) == session.node_birth(7, 0, NOW)


def test_a_nodes_death_carries_bdseq_alone() -> None:
    """The will has exactly one metric and no seq."""
    death = wired(session.node_death(7, NOW))
    assert death == Payload(NOW, (Metric("bdSeq", 7, DataType.INT64, timestamp=NOW),))
    assert wired(session.node_death(7)) == Payload(None, (Metric("bdSeq", 7, DataType.INT64),))


def test_a_devices_birth_and_death_are_numbered() -> None:
    """Both carry seq and timestamp; the death carries no metric."""
    flow = Metric("flow", 1.5, DataType.DOUBLE, alias=1, timestamp=NOW)
    assert wired(session.device_birth(1, NOW, iter([flow]))) == Payload(NOW, (flow,), 1)
    assert wired(session.device_death(2, NOW)) == Payload(NOW, (), 2)


def test_data_carry_the_delivery_header() -> None:
    """The header in the body comes back from the wire; plain data have none."""
    header = Header(NOW, 12, 9)
    flow = Metric(alias=1, value=1.5, timestamp=NOW)
    payload = wired(session.data(3, NOW, [flow], header.pack()))
    assert payload.metrics == (flow,)
    assert payload.seq == 3
    assert Header.unpack(payload.body) == header
    assert session.data(3, NOW, [flow]).body is None


def test_commands_carry_no_seq() -> None:
    """Neither the rebirth command nor the acknowledgement is numbered."""
    assert wired(session.rebirth_command(NOW)).seq is None
    assert wired(session.ack_command(NOW, Ack(1, 2))).seq is None


def test_a_rebirth_command_is_recognised() -> None:
    """Only the metric of that name with the value true asks for rebirth."""
    assert session.is_rebirth(wired(session.rebirth_command(NOW)))
    assert not session.is_rebirth(session.node_birth(0, 0, NOW))
    assert not session.is_rebirth(Payload(metrics=(Metric("Node Control/Rebirth", 1),)))
    assert not session.is_rebirth(Payload(metrics=(Metric("Node Control/Reboot", True),)))


def test_an_acknowledgement_is_recognised() -> None:
    """The command's acknowledgement comes back; another command has none."""
    ack = Ack(NOW, 5, ((7, 8), (11, 11)))
    assert session.ack_of(wired(session.ack_command(NOW, ack))) == ack
    assert session.ack_of(wired(session.rebirth_command(NOW))) is None


def test_an_unreadable_acknowledgement_is_none() -> None:
    """An empty, broken or non-text acknowledgement is as good as none."""
    for value in ("", "5", "1:2:9-3", 5, None):
        metric = Metric("Node Control/Lamppost Ack", value)
        assert session.ack_of(Payload(metrics=(metric,))) is None


def test_bdseq_is_found_in_births_and_deaths() -> None:
    """Both give the number that ties them together."""
    assert session.bdseq_of(wired(session.node_death(7, NOW))) == 7
    assert session.bdseq_of(wired(session.node_birth(255, 0, NOW))) == 255


def test_an_unsound_bdseq_is_none() -> None:
    """No bdSeq, one out of range, or one that is no number cannot tie anything."""
    assert session.bdseq_of(Payload()) is None
    for value in (256, -1, 1.0, True, "1", None):
        assert session.bdseq_of(Payload(metrics=(Metric("bdSeq", value),))) is None
