"""The whole aggregator: broker, spool, store, console, started and stopped as a person does."""

import io
import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from lamppost.aggregator.config import Config, ConsoleConfig, with_data_dir
from lamppost.aggregator.run import run
from lamppost.aggregator.settings.mqtt import MqttConfig
from lamppost.sim.broker import RunningBroker
from lamppost.sim.ports import free_port
from lamppost.wire.decode import decode
from lamppost.wire.session import ack_of
from lamppost.wire.topic import Verb
from parts.consoles import patient_consoles

from .broker import Client, a_broker, wait_for
from .field import Channel, FieldNode, Sample

FLOW = Channel("flow", 10, unit="L/s", low=0.0, high=80.0)


@dataclass
class Running:
    """An aggregator on a thread of the test."""

    config: Config
    out: io.StringIO = field(default_factory=io.StringIO)
    err: io.StringIO = field(default_factory=io.StringIO)
    stopping: threading.Event = field(default_factory=threading.Event)
    codes: list[int] = field(default_factory=list)

    def get(self, what: str) -> Any:
        """An answer of its API."""
        url = f"http://127.0.0.1:{self.config.console.port}/api/v0/{what}"
        with urllib.request.urlopen(url, timeout=60) as answer:
            return json.load(answer)

    def ready(self) -> bool:
        """Whether it has its broker."""
        try:
            return bool(self.get("health")["broker"] == "ok")
        except OSError:
            return False


@contextmanager
def running(config: Config) -> Iterator[Running]:
    """Run an aggregator until the block ends."""
    one = Running(config)
    thread = threading.Thread(
        target=lambda: one.codes.append(run(config, one.out, one.err, one.stopping))
    )
    with patient_consoles():
        thread.start()
        try:
            wait_for(one.ready, "the aggregator", 240.0)
            yield one
        finally:
            one.stopping.set()
            thread.join(120)
    assert one.codes == [0]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[RunningBroker]:
    """A broker of this test's own."""
    with a_broker(tmp_path) as one:
        yield one


@pytest.fixture
def config(tmp_path: Path, broker: RunningBroker) -> Config:
    """A configuration on free ports and an empty folder."""
    return replace(
        with_data_dir(Config(), tmp_path / "data"),
        mqtt=MqttConfig(port=broker.port),
        console=ConsoleConfig(port=free_port()),
    )


def now_ms() -> int:
    """The time."""
    return time.time_ns() // 1_000_000


def test_from_the_broker_to_the_console_and_over_a_restart(
    broker: RunningBroker, config: Config
) -> None:
    """Readings are judged, stored, acked and shown; after a restart nothing is asked anew."""
    node = FieldNode()
    field_side = Client(broker.port, "spBv1.0/+/NCMD/#")

    def acked() -> int:
        acks = [ack_of(decode(p)) for p in field_side.on(node.topic(Verb.NCMD))]
        return max((ack.upto for ack in acks if ack is not None), default=0)

    with running(config) as first:
        field_side.say(node.nbirth(now_ms()), node.dbirth("pump", now_ms(), [FLOW]))
        start_ms = now_ms()
        for step, value in enumerate((10.0, 11.0, 500.0)):
            field_side.say(node.ddata("pump", [Sample(FLOW, value, start_ms + step)]))
        wait_for(lambda: acked() == 3, "the ack")
        wait_for(lambda: first.get("health")["stored"] == 3, "the health to tell")
        (channel,) = first.get("channels")["channels"]
        assert (channel["metric"], channel["value"], channel["unit"]) == ("flow", 500.0, "L/s")
        wait_for(
            lambda: first.get(
                "history?group=city&node=node-1&device=pump&metric=flow"
                f"&from_ms={now_ms() - 60_000}&to_ms={now_ms() + 1000}&step_ms=1000"
            )["value"],
            "the store to have it",
        )
        wait_for(lambda: "broker: ok" in first.err.getvalue(), "the broker to be told of")
    with running(config) as second:
        field_side.say(node.ddata("pump", [Sample(FLOW, 12.0, now_ms())]))
        wait_for(lambda: acked() == 4, "the ack after the restart")
        wait_for(
            lambda: (
                [n["name"] for n in second.get("nodes")["nodes"] if n["online"]] == ["node-1"]
            ),
            "the node to show as online without a birth",
        )
        field_side.say(node.ndeath(now_ms()))
        wait_for(
            lambda: "COMMUNICATION at city/node-1: offline" in second.out.getvalue(),
            "the death to be told",
        )
    assert "1 series" in second.err.getvalue()
    commands = [decode(p) for p in field_side.on(node.topic(Verb.NCMD))]
    assert all(ack_of(payload) is not None for payload in commands)
    field_side.close()
