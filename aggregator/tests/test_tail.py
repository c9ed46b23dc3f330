"""`lamppost tail` against a real broker."""

import io
import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from lamppost.aggregator.settings.mqtt import MqttConfig
from lamppost.aggregator.tail.tail import FAILED, OK, WRONG_USE, Tail, main
from lamppost.aggregator.tail.told import Listener
from lamppost.sim.broker import RunningBroker
from lamppost.sim.ports import free_port
from lamppost.wire.decode import decode
from lamppost.wire.session import is_rebirth
from parts.waiting import wait_for

from .broker import TIMEOUT_S, Client, a_broker
from .field import START_MS, Channel, FieldNode, Sample

FLOW = Channel("flow", 10, unit="L/s")
EVERYTHING = ["spBv1.0/#"]
NCMD = "spBv1.0/city/NCMD/node-1"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    """A broker of this test's own."""
    with a_broker(tmp_path) as one:
        yield one


class Screen(io.StringIO):
    """Somebody reads it, and ends the tail with Ctrl-C when all these words were there."""

    def __init__(self, *words: str) -> None:
        super().__init__()
        self._words = words

    def write(self, text: str) -> int:
        """Take what is printed."""
        size = super().write(text)
        if all(one in self.getvalue() for one in self._words):
            raise KeyboardInterrupt
        return size


def shown(broker: RunningBroker, *words: str, ask: bool) -> tuple[list[str], int]:
    """What is shown of a node whose birth nobody heard, and how often it was asked for it."""
    node = FieldNode()
    client = Client(broker.port, NCMD + "/#")
    first = node.ddata("pump", [Sample(FLOW, 1.0, START_MS)])
    client.say(first, retain=True)  # so that it is there whenever the tail is
    second = node.ddata("pump", [Sample(FLOW, 2.0, START_MS)])
    out = Screen(*words)
    tail = Tail(MqttConfig(port=broker.port), Listener(), ask=ask, out=out)
    with ThreadPoolExecutor() as pool:
        end = pool.submit(tail.run, EVERYTHING, as_json=False, for_s=TIMEOUT_S)
        if ask:
            wait_for(lambda: client.on(NCMD), "the tail to ask")
            client.say(node.nbirth(START_MS), node.dbirth("pump", START_MS, [FLOW]))
        else:
            wait_for(out.getvalue, "the first line")
        client.say(second)
        with pytest.raises(KeyboardInterrupt):
            end.result()
    client.say((NCMD + "/end", b""))
    wait_for(lambda: client.on(NCMD + "/end"), "all commands")
    asked = sum(is_rebirth(decode(payload)) for payload in client.on(NCMD))
    client.close()
    return out.getvalue().splitlines(), asked


def test_a_tail_asks_for_the_birth_it_missed(broker: RunningBroker) -> None:
    """Once; also what came before the birth has names and units; no colour off a terminal."""
    lines, asked = shown(broker, "flow = 1 L/s", "flow = 2 L/s", ask=True)
    assert asked == 1
    assert not any("alias" in line for line in lines), "held until it has a name"
    assert not any("\033" in line for line in lines)


def test_a_quiet_tail_says_nothing(broker: RunningBroker) -> None:
    """With --no-rebirth it only listens."""
    _, asked = shown(broker, "alias 10 = 1", "alias 10 = 2", ask=False)
    assert asked == 0


def test_json_lines(broker: RunningBroker, monkeypatch: pytest.MonkeyPatch) -> None:
    """--json prints one object a line, --for ends it when its time is over."""
    client = Client(broker.port)
    node = FieldNode()
    client.say(node.dbirth("pump", START_MS, [FLOW]), retain=True)
    arguments = ["--broker", f"127.0.0.1:{broker.port}", "--json", "--no-rebirth", "--for"]
    screen = Screen('"L/s"')
    monkeypatch.setattr(sys, "stdout", screen)
    assert main([*arguments, str(TIMEOUT_S)]) == OK
    lines = [json.loads(line) for line in screen.getvalue().splitlines()]
    assert {line["what"] for line in lines} == {"birth"}
    assert lines[1]["metric"] == "flow"
    assert lines[1]["unit"] == "L/s"
    monkeypatch.setattr(sys, "stdout", io.StringIO())
    assert main([*arguments, "0"]) == OK
    client.close()


def test_a_lost_broker_ends_it(
    broker: RunningBroker, capsys: pytest.CaptureFixture[str]
) -> None:
    """The connection's end is told, exit code 1."""
    client = Client(broker.port)
    client.say(FieldNode().nbirth(START_MS), retain=True)

    class Killing(io.StringIO):
        def write(self, text: str) -> int:
            broker.kill()
            return super().write(text)

    tail = Tail(MqttConfig(port=broker.port), Listener(), ask=False, out=Killing())
    assert tail.run(EVERYTHING, as_json=False, for_s=TIMEOUT_S) == FAILED
    assert "connection is lost" in capsys.readouterr().err
    client.close()


def test_no_broker_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody there: one line with the address, exit code 1."""
    port = free_port()
    assert main(["--broker", f"127.0.0.1:{port}", "--for", "1"]) == FAILED
    assert f"127.0.0.1:{port}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["--broker", "x"], "--broker"),
        (["--node", "a/b"], "--node"),
        (["--ca-file", "/nowhere.pem"], "--ca-file"),
    ],
)
def test_wrong_use_is_named(
    arguments: list[str], named: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Option, what came and what is allowed, exit code 2."""
    assert main(arguments) == WRONG_USE
    assert named in capsys.readouterr().err


def test_help_has_examples(capsys: pytest.CaptureFixture[str]) -> None:
    """--help shows how."""
    with pytest.raises(SystemExit):
        main(["--help"])
    assert "lamppost tail --json" in capsys.readouterr().out
