"""A small field for the tests: nodes that say what Sparkplug nodes say, ready to publish."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.maintenance import FILE_NAME, MaintenanceFile
from lamppost.aggregator.ingest.inbox import CONNECTED, Arrival
from lamppost.aggregator.ingest.quarantine import Quarantine
from lamppost.aggregator.pipeline.pipeline import Pipeline, Settings
from lamppost.aggregator.pipeline.replay import Restored, restore
from lamppost.aggregator.settings.data import DataConfig, RebirthConfig
from lamppost.aggregator.spool.checkpoint import Checkpoints
from lamppost.aggregator.spool.segments import Disk
from lamppost.aggregator.spool.spool import Spool
from lamppost.wire.datatypes import DataType, Quality
from lamppost.wire.decode import decode
from lamppost.wire.delivery import Ack, Header, LedgerRow, ledger_metric
from lamppost.wire.encode import encode
from lamppost.wire.payload import Metric, Payload, Property, Value
from lamppost.wire.session import (
    ACK,
    ack_of,
    data,
    device_birth,
    device_death,
    is_rebirth,
    node_birth,
    node_death,
)
from lamppost.wire.session import (
    Sequence as SeqCounter,
)
from lamppost.wire.topic import Topic, Verb

START_MS = 1_800_000_000_000
EPOCH = 1_700_000_000_000
Said = tuple[str, bytes]


@dataclass(frozen=True)
class Channel:
    """One channel of a device, as the tests declare it."""

    name: str
    alias: int | None
    datatype: DataType = DataType.DOUBLE
    unit: str = "Pa"
    low: float | None = None
    high: float | None = None
    heartbeat_ms: int | None = None
    rate_per_s: float | None = None
    asset: str = ""


@dataclass(frozen=True)
class Sample:
    """One reading to send."""

    channel: Channel
    value: Value
    time_ms: int
    quality: Quality = Quality.GOOD
    historical: bool = False

    def metric(self, *, by_name: bool = False) -> Metric:
        """As a DATA message carries it."""
        bad = self.quality is not Quality.GOOD
        named = by_name or self.channel.alias is None
        return Metric(
            name=self.channel.name if named else None,
            alias=None if named else self.channel.alias,
            value=self.value,
            # A field must be chosen; the type says which, and DATA does not carry it.
            datatype=self.channel.datatype if named else None,
            timestamp=self.time_ms,
            is_null=True if self.value is None else None,
            is_historical=True if self.historical else None,
            properties={"Quality": Property(int(self.quality), DataType.INT32)}
            if bad
            else None,
        )


@dataclass
class FieldNode:
    """One node; every method returns the message it would publish."""

    name: str = "node-1"
    group: str = "city"
    acks: bool = True
    epoch: int = EPOCH
    bdseq: int = 0
    batch: int = 0
    seq: SeqCounter = field(default_factory=SeqCounter)

    def topic(self, verb: Verb, device: str | None = None) -> str:
        """The topic of one of its messages."""
        return Topic(self.group, verb, self.name, device).text

    def nbirth(
        self,
        time_ms: int,
        metrics: Sequence[Metric] = (),
        ledger: Sequence[LedgerRow] = (),
    ) -> Said:
        """Its birth."""
        own = list(metrics)
        if self.acks:
            own += [
                Metric(ACK, "", DataType.STRING, timestamp=time_ms),
                Metric("Delivery/Epoch", self.epoch, DataType.UINT64, alias=2),
                Metric("Delivery/Autonomy", 12.5, DataType.DOUBLE, alias=3),
                Metric("Node Info/Version", "1.2.3", DataType.STRING, alias=4),
                ledger_metric(ledger, time_ms, alias=1),
            ]
        payload = node_birth(self.bdseq, self.seq.birth(), time_ms, own)
        return self.topic(Verb.NBIRTH), encode(payload)

    def ndeath(self, time_ms: int, bdseq: int | None = None) -> Said:
        """Its death, of this session or another."""
        number = self.bdseq if bdseq is None else bdseq
        return self.topic(Verb.NDEATH), encode(node_death(number, time_ms))

    def dbirth(self, device: str, time_ms: int, channels: Iterable[Channel]) -> Said:
        """The birth of a device, without values."""
        metrics = [birth_metric(channel, time_ms) for channel in channels]
        payload = device_birth(self.seq.next(), time_ms, metrics)
        return self.topic(Verb.DBIRTH, device), encode(payload)

    def ddeath(self, device: str, time_ms: int) -> Said:
        """The death of a device."""
        return self.topic(Verb.DDEATH, device), encode(device_death(self.seq.next(), time_ms))

    def ddata(
        self,
        device: str,
        samples: Sequence[Sample],
        *,
        batch: int | None = None,
        oldest: int = 1,
        by_name: bool = False,
    ) -> Said:
        """Readings; a node that takes acks numbers them, `batch` sends an old number again."""
        body = None
        if self.acks:
            if batch is None:
                self.batch += 1
                batch = self.batch
            body = Header(self.epoch, batch, min(oldest, batch)).pack()
        metrics = [sample.metric(by_name=by_name) for sample in samples]
        time_ms = max((sample.time_ms for sample in samples), default=START_MS)
        payload = data(self.seq.next(), time_ms, metrics, body)
        return self.topic(Verb.DDATA, device), encode(payload)

    def ndata(self, metrics: Sequence[Metric], time_ms: int) -> Said:
        """What the node says of itself."""
        return self.topic(Verb.NDATA), encode(data(self.seq.next(), time_ms, metrics))

    def ledger(self, rows: Sequence[LedgerRow], time_ms: int) -> Said:
        """Its account."""
        return self.ndata([ledger_metric(rows, time_ms, name=None, alias=1)], time_ms)


def birth_metric(channel: Channel, time_ms: int, value: Value = None) -> Metric:
    """A channel as a birth declares it."""
    properties = {"engUnit": Property(channel.unit, DataType.STRING)}
    if channel.low is not None:
        properties["engLow"] = Property(channel.low, DataType.DOUBLE)
    if channel.high is not None:
        properties["engHigh"] = Property(channel.high, DataType.DOUBLE)
    if channel.heartbeat_ms is not None:
        properties["heartbeatMs"] = Property(channel.heartbeat_ms, DataType.INT64)
    if channel.rate_per_s is not None:
        properties["engRate"] = Property(channel.rate_per_s, DataType.DOUBLE)
    if channel.asset:
        properties["asset"] = Property(channel.asset, DataType.STRING)
    return Metric(
        name=channel.name,
        alias=channel.alias,
        value=value,
        datatype=channel.datatype,
        timestamp=time_ms,
        is_null=True if value is None else None,
        properties=properties,
    )


class FailingDisk(Disk):
    """A disk that is full while `full` is set."""

    def __init__(self) -> None:
        self.full = False

    def write(self, handle: int, data: memoryview, offset: int) -> int:
        """Write, or not."""
        if self.full:
            raise OSError(28, "No space left on device")
        return super().write(handle, data, offset)


class Station:
    """A pipeline on a folder, driven by hand, with its own clock and a listening broker."""

    def __init__(
        self,
        folder: Path,
        settings: Settings | None = None,
        now_ms: int = START_MS,
        disk: Disk | None = None,
    ) -> None:
        self.folder = folder
        self.now_ms = now_ms
        self.said: list[tuple[str, Payload]] = []
        self.events: list[Event] = []
        self.incidents: list[Incident] = []
        self.reachable = True
        self.spool = Spool(
            folder / "spool",
            segment_bytes=1 << 20,
            max_bytes=1 << 26,
            disk=disk,
        )
        self.checkpoints = Checkpoints(folder / "checkpoints")
        self.pipeline = Pipeline(
            self.spool,
            self.checkpoints,
            Quarantine(folder / "quarantine"),
            settings or quick(),
            self._publish,
            self.events.append,
            lambda: self.now_ms,
            self.incidents.append,
            MaintenanceFile(folder / FILE_NAME),
        )

    def restore(self) -> Restored:
        """As at a start."""
        return restore(self.pipeline, self.checkpoints, self.now_ms)

    def connect(self) -> None:
        """The broker is reached."""
        self.hear((CONNECTED, b""))

    def hear(self, *said: Said) -> None:
        """Messages arrive now, in one batch."""
        self.pipeline.process([Arrival(t, p, self.now_ms * 1_000_000) for t, p in said])

    def settle(self, forward_ms: int = 200) -> None:
        """Let time pass and do what is due."""
        self.now_ms += forward_ms
        self.pipeline.tick()

    def acks(self, node: FieldNode) -> list[Ack]:
        """The acks that a node was sent, in order."""
        topic = node.topic(Verb.NCMD)
        found = [ack_of(payload) for to, payload in self.said if to == topic]
        return [ack for ack in found if ack is not None]

    def rebirths(self, node: FieldNode) -> int:
        """How often a node was asked for its birth."""
        topic = node.topic(Verb.NCMD)
        return sum(to == topic and is_rebirth(payload) for to, payload in self.said)

    def crash(self) -> None:
        """Let go of the files as a killed process would."""
        self.spool.close()

    def _publish(self, topic: str, payload: bytes) -> bool:
        if self.reachable:
            self.said.append((topic, decode(payload)))
        return self.reachable


def quick(held_mb: float = 64.0) -> Settings:
    """Settings for tests: no waiting for a commit, no jitter."""
    return Settings(
        DataConfig(commit_ms=1, ack_ms=10, held_mb=held_mb, checkpoint_s=3600.0),
        RebirthConfig(jitter_s=0.0, per_node_s=10.0, reorder_timeout_s=2.0),
    )
