"""A whole node against a real broker and a peer that acknowledges."""

import asyncio
import random
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from lamppost.edge import status
from lamppost.edge.agent import Agent, AgentError, ended
from lamppost.edge.config.file import (
    BufferConfig,
    ChannelConfig,
    Config,
    DeviceConfig,
    MqttConfig,
    NodeConfig,
)
from lamppost.edge.drivers.seam import DriverError, Reading, Value, wall_ms
from lamppost.sim.broker import RunningBroker
from lamppost.wire import session
from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.delivery import Ack, Header
from lamppost.wire.payload import Payload
from lamppost.wire.topic import Verb

MakePeer = Callable[..., Any]
Wait = Callable[..., Any]

CHANNELS = (
    ChannelConfig("flow", unit="L/s", channel_class="flow", low=0, high=80, rate_per_s=5),
    ChannelConfig("on", DataType.BOOLEAN),
    ChannelConfig("mode", DataType.STRING),
    ChannelConfig("starts", DataType.INT64),
)


@dataclass
class World:
    """What the devices of a test do."""

    counts: dict[str, int] = field(default_factory=dict)
    dead: set[str] = field(default_factory=set)
    buggy: set[str] = field(default_factory=set)

    def make(self, device: DeviceConfig) -> "Counter":
        """The driver of a device."""
        return Counter(self, device)


class Counter:
    """A device whose every reading differs from the one before."""

    def __init__(self, world: World, device: DeviceConfig) -> None:
        self._world, self._device = world, device

    async def open(self) -> None:
        """Nothing to do."""

    async def read(self) -> Sequence[Reading]:
        """The next values."""
        name, now_ms = self._device.name, wall_ms()
        if name in self._world.dead:
            raise DriverError("it is dead")
        count = self._world.counts[name] = self._world.counts.get(name, -1) + 1
        values: dict[str, Value] = {
            "flow": count / 7,
            "on": count % 2 == 1,
            "mode": f"m{count}",
            "starts": -count,
        }
        if name in self._world.buggy:
            self._world.buggy.discard(name)
            return [Reading("flow", 1.0, "not a time")]  # type: ignore[arg-type]
        return [Reading(one.name, values[one.name], now_ms) for one in self._device.channels]

    async def close(self) -> None:
        """Nothing to do."""


def device(name: str = "pump-1", poll_s: float = 0.02) -> DeviceConfig:
    """A device that is asked often."""
    return DeviceConfig(
        name,
        "counter",
        CHANNELS,
        poll_s=poll_s,
        asset="pump-7",
        latitude=48.2,
        longitude=16.4,
    )


@pytest.fixture
def config(tmp_path: Path, broker: RunningBroker) -> Config:
    """A node with one device, quick in everything; it repeats nothing unless told to."""
    return Config(
        tmp_path / "node.toml",
        NodeConfig("g", "n1", tmp_path / "data"),
        MqttConfig(port=broker.port),
        BufferConfig(flush_ms=20, ack_timeout_s=60, drain_s=60),
        (device(),),
    )


@asynccontextmanager
async def running(config: Config, world: World) -> AsyncIterator[asyncio.Task[None]]:
    """A node that runs inside the block and is stopped in order at its end."""
    stop = asyncio.Event()
    task = asyncio.create_task(Agent(config, world.make).run(stop))
    try:
        yield task
    finally:
        stop.set()
        await task


def assert_nothing_lost(config: Config, peer: Any, world: World) -> None:
    """The peer holds every reading exactly once, and the node's books say the same."""
    total = status.read(config).total
    assert (total.pending, total.evicted) == (0, 0)
    assert total.taken == total.acked == len(peer.readings)
    for name, last in world.counts.items():
        flows = sorted(
            value
            for one, _, _, value, _ in peer.readings
            if one == name and type(value) is float
        )
        assert flows == [count / 7 for count in range(last + 1)]


async def test_session_follows_sparkplug(
    config: Config, make_peer: MakePeer, wait: Wait
) -> None:
    """Births first, then data, one gapless `seq`, at the end a death of the same `bdSeq`."""
    peer, world = make_peer(), World()
    async with running(config, world):
        await wait(lambda: len(peer.readings) > 80)
    await wait(lambda: peer.of(Verb.NDEATH))
    verbs = peer.verbs()
    assert verbs[:2] == ["NBIRTH", "DBIRTH"]
    assert verbs[-2:] == ["NDATA", "NDEATH"]
    assert peer.seq_gaps == 0
    (birth,), (death,) = peer.of(Verb.NBIRTH), peer.of(Verb.NDEATH)
    assert birth.seq == 0
    assert session.bdseq_of(birth) == session.bdseq_of(death) is not None
    assert death.seq is None
    assert_nothing_lost(config, peer, world)
    (row,) = peer.ledger.values()
    assert (row.taken, row.evicted, row.pending) == (len(peer.readings), 0, 0)


async def test_births_say_what_channels_are(
    config: Config, make_peer: MakePeer, wait: Wait
) -> None:
    """A host learns names, types, units and limits from the birth alone."""
    peer = make_peer()
    async with running(config, World()):
        await wait(lambda: peer.of(Verb.DDATA))
    node = {metric.name: metric for metric in peer.of(Verb.NBIRTH)[0].metrics}
    assert set(node) == {
        "bdSeq", "Node Control/Rebirth", "Node Control/Lamppost Ack", "Delivery/Ledger",
        "Delivery/Epoch", "Delivery/Pending", "Delivery/Evicted", "Delivery/Autonomy",
        "Delivery/Buffer Full", "Delivery/Disk Full", "Node Info/Version", "Node Info/Drivers",
    }  # fmt: skip
    flow, on, mode, starts = peer.of(Verb.DBIRTH)[0].metrics
    assert [one.name for one in (flow, on, mode, starts)] == ["flow", "on", "mode", "starts"]
    assert starts.datatype is DataType.INT64
    told = {key: one.value for key, one in flow.properties.items()}
    assert told == {
        "engUnit": "L/s", "engLow": 0.0, "engHigh": 80.0, "engRate": 5.0, "heartbeatMs": 10_000,
        "className": "flow", "asset": "pump-7", "latitude": 48.2, "longitude": 16.4,
    }  # fmt: skip
    data = peer.of(Verb.DDATA)[0]
    assert all(one.name is None and one.datatype is None for one in data.metrics)
    assert {one.alias for one in data.metrics} == {
        flow.alias,
        on.alias,
        mode.alias,
        starts.alias,
    }


async def test_births_wait_for_the_primary_host(
    config: Config, make_peer: MakePeer, wait: Wait
) -> None:
    """Nothing is said to an absent host; what it missed comes when it is back."""
    peer, world = make_peer(state=False), World()
    async with running(config, world):
        await wait(lambda: world.counts.get("pump-1", 0) > 20)
        assert peer.messages == []
        peer.set_online(True)
        await wait(lambda: len(peer.readings) > 100)
        peer.set_online(False)
        await wait(lambda: peer.of(Verb.NDEATH))
        said = len(peer.messages)
        counted = world.counts["pump-1"]
        await wait(lambda: world.counts["pump-1"] > counted + 20)
        assert len(peer.messages) == said
        peer.set_online(True)
        await wait(lambda: len(peer.of(Verb.NBIRTH)) == 2)
        first, second = peer.of(Verb.NBIRTH)
        assert [session.bdseq_of(one) for one in (first, second)] == [0, 1]
    assert_nothing_lost(config, peer, world)


async def test_rebirth_on_command(config: Config, make_peer: MakePeer, wait: Wait) -> None:
    """Births again with the same `bdSeq`, data goes on; a storm of commands changes little."""
    peer, world = make_peer(), World()
    async with running(config, world):
        await wait(lambda: len(peer.readings) > 20)
        for _ in range(50):
            peer.command(session.rebirth_command(1))
        await wait(lambda: len(peer.of(Verb.NBIRTH)) >= 2)
        counted = len(peer.readings)
        await wait(lambda: len(peer.readings) > counted + 40)
    births = peer.of(Verb.NBIRTH)
    assert len(births) <= 25
    times = [one.timestamp or 0 for one in births]
    assert all(later - earlier >= 990 for earlier, later in pairwise(times))
    assert {session.bdseq_of(one) for one in births} == {session.bdseq_of(births[0])}
    assert peer.seq_gaps == 0
    at = [index for index, verb in enumerate(peer.verbs()) if verb == "NBIRTH"][1]
    assert peer.verbs()[at + 1] == "DBIRTH"
    assert_nothing_lost(config, peer, world)


async def test_unacknowledged_batches_are_sent_again(
    config: Config, make_peer: MakePeer, wait: Wait
) -> None:
    """A deaf aggregator gets everything again under the old numbers, marked as historical."""
    peer, world = make_peer(acks=False), World()
    config = replace(config, buffer=replace(config.buffer, window=4, ack_timeout_s=0.5))

    def copies() -> dict[int, list[Payload]]:
        found: dict[int, list[Payload]] = {}
        for one in peer.of(Verb.DDATA):
            header = Header.unpack(one.body)
            assert header is not None
            found.setdefault(header.batch, []).append(one)
        return found

    async with running(config, world):
        await wait(lambda: [len(same) > 1 for same in copies().values()] == [True] * 4)
        for _first, *repeats in copies().values():
            assert all(metric.is_historical for one in repeats for metric in one.metrics)
        peer.acks = True
    assert_nothing_lost(config, peer, world)


@pytest.mark.parametrize("kill", [True, False], ids=["killed", "stopped"])
async def test_broker_comes_back(
    config: Config, broker: RunningBroker, make_peer: MakePeer, wait: Wait, kill: bool
) -> None:
    """The node outlives its broker; what was in flight then is sent at once, and kept once."""
    peer, world = make_peer(), World()
    async with running(config, world):
        await wait(lambda: len(peer.readings) > 40)
        peer.deaf = True
        counted = len(peer.of(Verb.DDATA))
        await wait(lambda: len(peer.of(Verb.DDATA)) > counted + 5)
        broker.kill() if kill else broker.stop()
        peer.deaf = False
        counted = world.counts["pump-1"]
        await wait(lambda: world.counts["pump-1"] > counted + 20)
        broker.start()
        await wait(lambda: len(peer.of(Verb.NBIRTH)) >= 2)
        counted = len(peer.readings)
        await wait(lambda: len(peer.readings) > counted + 40)
    assert_nothing_lost(config, peer, world)


async def test_foreign_host_gets_plain_sparkplug(
    config: Config, make_peer: MakePeer, wait: Wait
) -> None:
    """A host that never acknowledges sees all live data once, far beyond the window."""
    peer, world = make_peer(acks=False, state=False), World()
    plain = replace(
        config,
        mqtt=replace(config.mqtt, primary_host=""),
        buffer=replace(config.buffer, window=2),
    )
    async with running(plain, world):
        await wait(lambda: len(peer.of(Verb.DDATA)) > 50)
    assert peer.repeats == 0
    assert not any(historical for *_, historical in peer.readings)
    assert status.read(plain).total.pending == len(peer.readings)


async def test_foreign_host_that_turns_out_to_acknowledge(
    config: Config, make_peer: MakePeer, wait: Wait
) -> None:
    """With the first ack the node becomes exact: whatever was missed before is sent again."""
    world = World()
    plain = replace(config, mqtt=replace(config.mqtt, primary_host=""))
    async with running(plain, world):
        await wait(lambda: world.counts.get("pump-1", 0) > 20)
        await wait(lambda: status.read(plain).total.pending > 40)
        peer = make_peer(state=False)
        await wait(lambda: len(peer.readings) > 40)
        await wait(lambda: status.read(plain).total.acked >= 80)
    assert_nothing_lost(plain, peer, world)


async def test_dead_device_dies_alone(config: Config, make_peer: MakePeer, wait: Wait) -> None:
    """Its channels go BAD, then its death is told; its neighbour goes on; it is born again."""
    peer, world = make_peer(), World()
    pump = device()
    restless = tuple(replace(one, heartbeat_s=0.05) for one in pump.channels)
    config = replace(config, devices=(replace(pump, channels=restless), device("mast")))
    async with running(config, world):
        await wait(lambda: len(peer.readings) > 40)
        world.dead.add("pump-1")
        await wait(lambda: peer.of(Verb.DDEATH, "pump-1"))
        last = peer.of(Verb.DDATA, "pump-1")[-1]
        latest = {one.alias: one for one in last.metrics}.values()
        assert len(latest) == len(CHANNELS)
        assert all(one.is_null for one in latest)
        assert all(one.properties["Quality"].value == Quality.BAD for one in latest)
        counted = world.counts["mast"]
        await wait(lambda: world.counts["mast"] > counted + 10)
        assert peer.of(Verb.DDATA, "pump-1")[-1] == last
        world.dead.clear()
        await wait(lambda: len(peer.of(Verb.DBIRTH, "pump-1")) == 2)
        await wait(lambda: peer.of(Verb.DDATA, "pump-1")[-1] != last)
    assert peer.seq_gaps == 0
    assert status.read(config).total.acked == len(peer.readings)


async def test_defect_in_a_driver_is_survived(
    config: Config, make_peer: MakePeer, wait: Wait, caplog: pytest.LogCaptureFixture
) -> None:
    """A bug in one device's code is told with its place, and neither device stays silent."""
    peer, world = make_peer(), World(buggy={"pump-1"})
    config = replace(config, devices=(device(), device("mast")))
    async with running(config, world):
        await wait(lambda: world.counts.get("mast", 0) > 20)
        await wait(lambda: world.counts.get("pump-1", 0) > 5)
        await wait(lambda: len(peer.of(Verb.DDATA, "pump-1")) > 3)
    assert "pump-1: defect" in caplog.text


async def test_noise_on_the_command_topics_is_ignored(
    config: Config, make_peer: MakePeer, wait: Wait
) -> None:
    """Bytes that are no command, acks of nobody and foreign states change nothing."""
    peer, world = make_peer(), World()
    async with running(config, world):
        await wait(lambda: len(peer.readings) > 20)
        for data in (b"", b"\xff" * 40, b"x" * 100_000, random.Random(1).randbytes(200)):
            peer.raw("spBv1.0/g/NCMD/n1", data)
            peer.raw("spBv1.0/g/DCMD/n1/pump-1", data)
            peer.raw("spBv1.0/STATE/lamppost", data)
        peer.raw("spBv1.0/STATE/lamppost", b'{"online": false, "timestamp": 0}')
        peer.command(session.ack_command(1, Ack(1, 10**9)))
        peer.command(Payload(1))
        counted = len(peer.readings)
        await wait(lambda: len(peer.readings) > counted + 40)
    assert len(peer.of(Verb.NBIRTH)) == 1
    assert_nothing_lost(config, peer, world)


@pytest.mark.parametrize("minutes", [0, 60], ids=["short", "long"])
async def test_backlog(config: Config, make_peer: MakePeer, wait: Wait, minutes: int) -> None:
    """A short backlog comes in order as if live; a long one behind live data, as historical."""
    world = World()
    offline = replace(config, mqtt=replace(config.mqtt, port=1))
    async with running(offline, world):
        await wait(lambda: world.counts.get("pump-1", 0) > 60)
    with sqlite3.connect(config.node.data_dir / "buffer.db") as file:
        file.execute("UPDATE batch SET stored_ms = stored_ms - ?", (minutes * 60_000,))
    file.close()
    kept = status.read(config).total.pending
    # Without acks only a bounded part of a long backlog goes out, so live data must come first.
    peer = make_peer(acks=not minutes)
    slow = replace(config.buffer, backfill_share=0.02, ack_timeout_s=0.5)
    async with running(replace(config, buffer=slow), world):
        await wait(lambda: not minutes or any(not row[4] for row in peer.readings))
        peer.acks = True
        await wait(lambda: len(peer.readings) > kept + 100)
    assert_nothing_lost(config, peer, world)
    historical = [time_ms for _, _, time_ms, _, flagged in peer.readings if flagged]
    times = [time_ms for _, _, time_ms, _, flagged in peer.readings if not flagged]
    assert times == sorted(times)
    assert bool(historical) == bool(minutes)
    if minutes:
        # What was taken while it connected lies behind too.
        assert len(historical) >= kept
        assert max(historical) <= times[0]
        first_live = next(index for index, row in enumerate(peer.readings) if not row[4])
        assert first_live < kept


async def test_readings_of_a_removed_device_still_arrive(
    config: Config, make_peer: MakePeer, wait: Wait
) -> None:
    """What was taken before a change of configuration is announced and sent after it."""
    world = World()
    offline = replace(config, mqtt=replace(config.mqtt, port=1))
    async with running(offline, world):
        await wait(lambda: world.counts.get("pump-1", 0) > 10)
    kept = status.read(config).total.pending
    assert kept > 40
    peer = make_peer()
    changed = replace(config, devices=(device("mast"),))
    async with running(changed, world):
        await wait(lambda: len(peer.of(Verb.DDATA, "pump-1")) > 1)
    assert_nothing_lost(changed, peer, world)
    births = peer.of(Verb.DBIRTH, "pump-1")
    assert [one.name for one in births[0].metrics] == ["flow", "on", "mode", "starts"]


async def test_second_agent_on_the_same_folder_is_refused(config: Config, wait: Wait) -> None:
    """Two agents on one buffer would send each other's batches."""
    world = World()
    async with running(config, world):
        await wait(lambda: world.counts)  # the first is up
        with pytest.raises(AgentError, match="another agent"):
            await Agent(config).run(asyncio.Event())


async def test_a_lost_cancellation_is_said_again() -> None:
    """A task that drops a cancellation, as `wait_for` may, ends at the next one."""
    dropped = asyncio.Event()

    async def connects_in_that_moment() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            dropped.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(connects_in_that_moment())
    await asyncio.sleep(0)
    async with asyncio.timeout(60):
        await ended([task])
    assert dropped.is_set()
    assert task.cancelled()


async def test_unusable_data_folder_is_an_error(config: Config) -> None:
    """A folder that cannot be made is told at once, by its name."""
    (config.node.data_dir.parent / "file").write_text("")
    broken = replace(
        config, node=replace(config.node, data_dir=config.node.data_dir.parent / "file" / "x")
    )
    with pytest.raises(AgentError, match="file/x"):
        await Agent(broken).run(asyncio.Event())
