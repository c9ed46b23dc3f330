"""Messages in words."""

import json
from dataclasses import asdict

import pytest

from lamppost.aggregator.tail.told import Line, Listener
from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.delivery import Ack, LedgerRow
from lamppost.wire.encode import encode
from lamppost.wire.session import ack_command, rebirth_command
from lamppost.wire.state import HostState, encode_state
from lamppost.wire.topic import Verb

from .field import START_MS, Channel, FieldNode, Sample

FLOW = Channel("flow", 10, unit="L/s")
STEPS = Channel("steps", 11, DataType.INT32, unit="1")
MODE = Channel("mode", 12, DataType.STRING, unit="")


@pytest.fixture
def node() -> FieldNode:
    """A node."""
    return FieldNode()


@pytest.fixture
def listener(node: FieldNode) -> Listener:
    """A listener that has heard the node's births."""
    one = Listener()
    for said in (node.nbirth(START_MS), node.dbirth("pump", START_MS, [FLOW, STEPS, MODE])):
        one.lines(*said, START_MS)
    one.take_known()
    return one


def test_data_gets_names_units_and_qualities(node: FieldNode, listener: Listener) -> None:
    """Aliases become names, signed numbers their sign, and a bad value its quality."""
    said = node.ddata(
        "pump",
        [
            Sample(FLOW, 12.5, START_MS),
            Sample(STEPS, -7, START_MS),
            Sample(MODE, "auto", START_MS),
            Sample(FLOW, None, START_MS, Quality.BAD),
        ],
    )
    texts = [line.text() for line in listener.lines(*said, START_MS)]
    assert texts[0] == "08:00:00.000  data     city/node-1/pump  flow = 12.5 L/s"
    assert texts[1].endswith("steps = -7 1")
    assert texts[2].endswith("mode = auto")
    assert texts[3].endswith("flow = null L/s  [bad]")
    assert texts[4].endswith("batch 1")


def test_births_and_deaths(node: FieldNode) -> None:
    """A birth says how many metrics and each of them, a death its bdSeq."""
    listener = Listener()
    lines = listener.lines(*node.nbirth(START_MS, ledger=[LedgerRow("2027-01-15", 9, 1, 2)]), 1)
    assert lines[0].note == "7 metrics"
    (ledger,) = [line for line in lines if line.metric == "Delivery/Ledger"]
    assert ledger.value == "2027-01-15: 9 taken, 1 evicted, 2 pending"
    (death,) = listener.lines(*node.ndeath(START_MS), 1)
    assert (death.what, death.note) == ("death", "offline, bdSeq 0")
    (death,) = listener.lines(*node.ddeath("pump", START_MS), 1)
    assert (death.device, death.note) == ("pump", "offline")


def test_commands_and_state(node: FieldNode) -> None:
    """Acks, rebirth requests and host states are sentences."""
    listener = Listener()
    topic = node.topic(Verb.NCMD)
    ack = ack_command(START_MS, Ack(1, 7, ((9, 11),)))
    (line,) = listener.lines(topic, encode(ack), 1)
    assert line.note == "ack up to batch 7, 9-11"
    (line,) = listener.lines(topic, encode(rebirth_command(START_MS)), 1)
    assert "asked for its birth" in line.note
    state = encode_state(HostState(online=True, timestamp=START_MS))
    (line,) = listener.lines("spBv1.0/STATE/lamppost", state, 1)
    assert line.text() == "08:00:00.000  state    host lamppost is online"


def test_unknown_aliases_are_shown_and_asked_for(node: FieldNode) -> None:
    """Without the birth the number is shown, and the node is one to ask."""
    listener = Listener()
    lines = listener.lines(*node.ddata("pump", [Sample(FLOW, 1.0, START_MS)]), START_MS)
    assert lines[0].metric == "alias 10"
    assert listener.take_unknown() == {("city", "node-1")}
    assert listener.take_unknown() == set()
    listener.lines(*node.nbirth(START_MS), START_MS)
    assert listener.take_known() == {("city", "node-1")}


def test_only_what_was_asked_for(node: FieldNode) -> None:
    """Another group or node is not shown."""
    said = node.ddata("pump", [Sample(FLOW, 1.0, START_MS)])
    assert Listener(group="other").lines(*said, 1) == []
    assert Listener(node="other").lines(*said, 1) == []
    assert Listener(group="city", node="node-1").lines(*said, 1)


@pytest.mark.parametrize(
    ("topic", "payload"),
    [
        ("spBv1.0/city/NDATA/node-1", b"\xff\xff\xff"),
        ("spBv1.0/STATE/x", b"no json"),
        ("spBv1.0/odd", b""),
    ],
)
def test_nonsense_is_trouble_in_words(topic: str, payload: bytes) -> None:
    """Whatever comes is one line, never an exception."""
    (line,) = Listener().lines(topic, payload, START_MS)
    assert line.what == "trouble"
    assert line.note


def test_control_characters_never_reach_the_terminal() -> None:
    """A value cannot move the cursor or change colours."""
    line = Line("data", START_MS, "g", "n", "d", "m", "\033[2Jboo\n")
    assert "\033" not in line.text()
    assert "\n" not in line.text()


def test_lines_are_json(node: FieldNode, listener: Listener) -> None:
    """Every line of every message can be printed as JSON."""
    for said in (node.nbirth(START_MS), node.ledger([LedgerRow("2027-01-15", 1, 0, 1)], 1)):
        for line in listener.lines(*said, START_MS):
            json.dumps(asdict(line))
