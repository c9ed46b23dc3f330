"""The pipeline: one thread that turns messages into verdicts, durable frames and acks."""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from lamppost.aggregator.alarms.alarms import AlarmConfig
from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.incident import Incident
from lamppost.aggregator.alarms.maintenance import MaintenanceFile
from lamppost.aggregator.alarms.topology import Feed, Topology
from lamppost.aggregator.decode.resolve import AliasTable
from lamppost.aggregator.ingest.inbox import CONNECTED, LOST, Arrival, Inbox
from lamppost.aggregator.ingest.quarantine import Quarantine
from lamppost.aggregator.nodes.nodes import Node, NodeBook
from lamppost.aggregator.nodes.rebirth import Rebirths
from lamppost.aggregator.nodes.series import SeriesIndex
from lamppost.aggregator.pipeline.judging import Judging
from lamppost.aggregator.pipeline.latency import Latency
from lamppost.aggregator.pipeline.lifecycle import Lifecycle
from lamppost.aggregator.pipeline.outlet import Outlet
from lamppost.aggregator.pipeline.tally import Owners
from lamppost.aggregator.pipeline.tools import Counters, Item, Tools
from lamppost.aggregator.rollup.plan import Plan
from lamppost.aggregator.settings.data import MB, DataConfig, RebirthConfig
from lamppost.aggregator.settings.groups import GroupConfig
from lamppost.aggregator.settings.kinds import Profiles
from lamppost.aggregator.spool.checkpoint import Checkpoint, Checkpoints
from lamppost.aggregator.spool.spool import Spool
from lamppost.wire.encode import encode
from lamppost.wire.payload import Payload
from lamppost.wire.session import ack_command, rebirth_command
from lamppost.wire.topic import NAMESPACE, STATE, Topic, TopicError, Verb

MAX_ITEMS = 4096
WAIT_S = 0.02
LINGER_S = 0.01
SECOND_MS = 1000
CHECKPOINT_RETRY_MS = 10_000
STATE_PREFIX = f"{NAMESPACE}/{STATE}/"
DATA_VERBS = frozenset({Verb.NDATA, Verb.DDATA})

Publish = Callable[[str, bytes], bool]


@dataclass(frozen=True, slots=True)
class Settings:
    """What of the configuration the pipeline needs."""

    data: DataConfig
    rebirth: RebirthConfig
    alarms: AlarmConfig = field(default_factory=AlarmConfig)
    topology: tuple[Feed, ...] = ()
    profiles: Profiles = field(default_factory=Profiles)
    groups: tuple[GroupConfig, ...] = ()


class Pipeline:
    """Decodes, judges, writes and acknowledges.

    `process` and `tick` are its whole work and may be driven by hand, as tests and benchmarks
    do; `run` does so until it is told to stop. All of it belongs to one thread.

    Args:
        spool: opened; the pipeline is its only writer.
        checkpoints: where the state is kept.
        quarantine: where unusable payloads go.
        settings: bounds and intervals.
        publish: sends a command; False when there is no connection.
        on_event: told of each event as it opens, changes and closes.
        on_incident: the same for incidents.
        maintenance: who works where, by a file that operators write; None for nobody.
        clock_ms: UTC milliseconds.
    """

    def __init__(
        self,
        spool: Spool,
        checkpoints: Checkpoints,
        quarantine: Quarantine,
        settings: Settings | None = None,
        publish: Publish = lambda _topic, _payload: False,
        on_event: Callable[[Event], None] = lambda _: None,
        clock_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        on_incident: Callable[[Incident], None] = lambda _: None,
        maintenance: MaintenanceFile | None = None,
    ) -> None:
        self.settings = settings or Settings(DataConfig(), RebirthConfig())
        limits = self.settings.rebirth
        self.spool = spool
        self.latency = Latency()
        held_bytes = int(self.settings.data.held_mb * MB)
        self.outlet = Outlet(spool, held_bytes, on_event, on_incident)
        self.maintenance = maintenance
        self._plan: Plan | None = None
        self._feeders: tuple[Feed, ...] | None = None
        self.tools = Tools(
            book=NodeBook(),
            table=AliasTable(),
            judging=Judging(
                SeriesIndex(),
                self.settings.alarms,
                Topology(self.settings.topology),
                self.settings.profiles,
                self.settings.groups,
            ),
            owners=Owners(),
            rebirths=Rebirths(
                int(limits.per_node_s * 1000), limits.per_s, int(limits.jitter_s * 1000)
            ),
            quarantine=quarantine,
            log=self.outlet,
            reorder_timeout_ms=int(limits.reorder_timeout_s * 1000),
        )
        self.lifecycle = Lifecycle(self.tools, int(limits.confirm_s * 1000))
        self.checkpoint_trouble = ""
        self.notes: list[str] = []
        self.failed: BaseException | None = None
        self._checkpoints = checkpoints
        self._publish = publish
        self._clock_ms = clock_ms
        self._next_second_ms = 0
        self._next_checkpoint_ms = clock_ms() + int(self.settings.data.checkpoint_s * 1000)
        self._checkpoint_position = spool.position

    @property
    def stage_ns(self) -> dict[str, int]:
        """Nanoseconds spent in each stage since the start."""
        return self.tools.stage_ns

    @property
    def counters(self) -> Counters:
        """What was seen since the start."""
        return self.tools.counters

    def now_ms(self) -> int:
        """The time by the pipeline's clock."""
        return self._clock_ms()

    @property
    def index(self) -> SeriesIndex:
        """All series."""
        return self.tools.judging.index

    def follow(self, plan: Plan) -> None:
        """Follow what the register says of channels from now on; any thread may call it."""
        self._plan = plan

    def follow_feeders(self, feeders: tuple[Feed, ...]) -> None:
        """Follow what the register says of feeders from now on; any thread may call it."""
        self._feeders = feeders

    def process(self, batch: Iterable[Arrival]) -> None:
        """Take messages in the order of their arrival."""
        now_ms = self._clock_ms()
        run: list[Item] = []
        find = self.tools.book.find
        for arrival in batch:
            try:
                found = find(arrival.topic)
            except TopicError as error:
                run = self._flush(run, now_ms)
                self._odd_topic(arrival, str(error), now_ms)
                continue
            if found is None:
                continue
            verb, route = found
            if verb in DATA_VERBS:
                run.append(Item(route, arrival))
            else:
                run = self._flush(run, now_ms)
                self.lifecycle.message(verb, route, arrival, now_ms)
        self._flush(run, now_ms)

    def tick(self) -> None:
        """Do what is due by the clock: commit, acks, requests, silence, checkpoint."""
        now_ms = self._clock_ms()
        self._commit_if_due(now_ms)
        self._send_acks(now_ms)
        if now_ms >= self._next_second_ms or now_ms < self._next_second_ms - SECOND_MS:
            self._next_second_ms = now_ms + SECOND_MS
            if self.maintenance is not None:
                self.lifecycle.maintain(self.maintenance.active(now_ms), now_ms)
            if self._plan is not None:
                self.lifecycle.plan(self._plan, now_ms)
            if self._feeders is not None:
                self.lifecycle.feeders(self._feeders, now_ms)
            self.lifecycle.sweep(now_ms)
            self.lifecycle.gaps(now_ms)
            self.lifecycle.confirm(now_ms)
        if self.lifecycle.connected:
            for key in self.tools.rebirths.due(now_ms):
                self._command(self.tools.book.nodes[key], rebirth_command(now_ms))
        self._checkpoint_if_due(now_ms)

    def commit(self) -> bool:
        """Make everything so far durable; False when the disk refuses."""
        start = time.perf_counter_ns()
        parcels = self.outlet.commit(self._clock_ms())
        done_ms = self._clock_ms()
        for parcel in parcels:
            for node, epoch, batch in parcel.claims:
                node.delivery.durable(epoch, batch)
                self.tools.to_ack.add(node)
            for node, day, readings in parcel.tally:
                node.ledger.count_stored(day, readings)
                self.counters.stored += readings
            self.latency.add(parcel.live_ms, done_ms)
        self.stage_ns["spool"] += time.perf_counter_ns() - start
        return not self.outlet.trouble

    def checkpoint(self) -> bool:
        """Write the state down if all it came from is durable; False when that failed."""
        if not self.outlet.idle and not self.commit():
            return False
        if not self.outlet.idle:
            return False
        document, arrays = self.tools.judging.state()
        document |= {"series": self.index.state(), "nodes": self.tools.book.state()}
        position = self.spool.position
        try:
            needed = self._checkpoints.save(Checkpoint(position, document, arrays))
        except OSError as error:
            self.checkpoint_trouble = f"checkpoint not written: {error}"
            return False
        self.checkpoint_trouble = ""
        self._checkpoint_position = position
        self.outlet.restart_clock()
        self.spool.passed("checkpoint", needed)
        return True

    def run(
        self,
        inbox: Inbox,
        stopping: threading.Event,
        after_cycle: Callable[[], None] = lambda: None,
    ) -> None:
        """Work until `stopping` is set; then finish what is queued, ack and checkpoint."""
        try:
            while not stopping.is_set():
                batch = inbox.take(MAX_ITEMS, WAIT_S, LINGER_S)
                if batch:
                    self.process(batch)
                self.tick()
                after_cycle()
            self.process(inbox.take(MAX_ITEMS, 0.0))
            self.commit()
            self._send_acks(self._clock_ms() + self.settings.data.ack_ms)
            self.checkpoint()
        except BaseException as error:
            self.failed = error
            raise

    def _flush(self, run: list[Item], now_ms: int) -> list[Item]:
        if run:
            self.lifecycle.fast.run(run, now_ms)
            self._commit_if_due(now_ms)
        return []

    def _odd_topic(self, arrival: Arrival, reason: str, now_ms: int) -> None:
        if arrival.topic in (CONNECTED, LOST):
            self.lifecycle.connection(now_ms, connected=arrival.topic == CONNECTED)
        elif not arrival.topic.startswith(STATE_PREFIX):
            self.tools.quarantine.add(arrival.topic, arrival.payload, reason, now_ms)

    def _commit_if_due(self, now_ms: int) -> None:
        data = self.settings.data
        if self.outlet.due(now_ms, data.commit_ms, int(data.commit_mb * MB)):
            self.commit()

    def _send_acks(self, now_ms: int) -> None:
        for node in list(self.tools.to_ack):
            if now_ms < node.delivery.next_ack_ms:
                continue
            self.tools.to_ack.discard(node)
            ack = node.delivery.ack()
            if ack is not None and node.acks:
                # One that gets lost is repeated: the node sends the batches again.
                self._command(node, ack_command(now_ms, ack))
                node.delivery.next_ack_ms = now_ms + self.settings.data.ack_ms

    def _command(self, node: Node, payload: Payload) -> bool:
        topic = Topic(node.group, Verb.NCMD, node.name).text
        return self._publish(topic, encode(payload))

    def _checkpoint_if_due(self, now_ms: int) -> None:
        grown = self.spool.position - self._checkpoint_position
        if not grown:
            return
        if now_ms >= self._next_checkpoint_ms or grown >= self.settings.data.checkpoint_mb * MB:
            interval_ms = int(self.settings.data.checkpoint_s * 1000)
            if self.outlet.trouble or not self.checkpoint():
                interval_ms = min(interval_ms, CHECKPOINT_RETRY_MS)
                self._checkpoint_position = self.spool.position
            self._next_checkpoint_ms = self._clock_ms() + interval_ms
