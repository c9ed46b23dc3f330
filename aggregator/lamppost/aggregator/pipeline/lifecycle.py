"""The slow path: births, deaths, what nodes say of themselves, our connection's fate."""

from collections.abc import Sequence
from dataclasses import asdict

from lamppost.aggregator.alarms.maintenance import Window
from lamppost.aggregator.alarms.topology import Feed
from lamppost.aggregator.decode.resolve import TableFullError
from lamppost.aggregator.ingest.inbox import Arrival
from lamppost.aggregator.nodes.births import Birth, read_birth
from lamppost.aggregator.nodes.nodes import Node, Route
from lamppost.aggregator.nodes.seen import seen
from lamppost.aggregator.nodes.series import SeriesLimitError
from lamppost.aggregator.pipeline.batch import FastPath
from lamppost.aggregator.pipeline.declare import Declarer
from lamppost.aggregator.pipeline.foreign import birth_readings
from lamppost.aggregator.pipeline.tools import Item, Tools
from lamppost.aggregator.rollup.plan import Plan
from lamppost.wire.decode import DecodeError, decode
from lamppost.wire.delivery import LEDGER, DeliveryError, ledger_rows
from lamppost.wire.payload import Metric, Payload
from lamppost.wire.session import bdseq_of
from lamppost.wire.topic import Verb

SILENCE_MS = 120_000
"""A node of ours says something every 30 s; four times that is worth a question."""


class Lifecycle:
    """Handles everything that is not plain data; called in the order of arrival.

    Args:
        tools: everything shared.
        confirm_ms: how long a node may stay unheard after an interruption of ours.
    """

    def __init__(self, tools: Tools, confirm_ms: int) -> None:
        self.stale_deaths = 0
        self.connected = False
        self.fast = FastPath(tools, self.facts)
        self.declarer = Declarer(tools)
        self._tools = tools
        self._confirm_ms = confirm_ms

    def message(self, verb: Verb, route: Route, arrival: Arrival, now_ms: int) -> None:
        """Take a birth or a death."""
        arrival_ms = arrival.arrival_ns // 1_000_000
        try:
            payload = decode(arrival.payload)
        except DecodeError as error:
            self._tools.set_aside(arrival, f"{verb.value}: {error}")
            return
        route.node.last_seen_ms = arrival_ms
        if verb is Verb.NDEATH:
            self._node_death(route.node, payload, arrival, now_ms)
            return
        if verb is not Verb.NBIRTH:
            self._follow(route.node, payload.seq, now_ms)
        if verb is Verb.DDEATH:
            if route.online:
                self.device_offline(route.node, route.device, now_ms)
            return
        try:
            self.birth(verb, route, payload, arrival, now_ms)
        except (SeriesLimitError, TableFullError) as error:
            self._tools.set_aside(arrival, f"{verb.value}: {error}")
        except Exception as error:  # noqa: BLE001 - one node's birth must not stop a city
            self._tools.set_aside(arrival, f"{verb.value}: our mistake: {error!r}")

    def birth(
        self, verb: Verb, route: Route, payload: Payload, arrival: Arrival, now_ms: int
    ) -> None:
        """Take a birth: series, aliases, facts, and who is online.

        Raises:
            SeriesLimitError: the birth brings more series than the index may hold.
            TableFullError: the birth brings more aliases than the table may hold.
        """
        tools, node = self._tools, route.node
        birth = read_birth(payload, route.device)
        own = node.routes.get("")
        if verb is Verb.DBIRTH and (own is None or own.birth is None):
            tools.rebirths.want(node.key, now_ms)  # nobody knows what kind of node this is
            return
        tools.log.clock(now_ms)
        born = self.declarer.declare(route, birth, now_ms)
        tools.log.birth(arrival.topic, arrival.payload)
        route.birth = (arrival.topic, arrival.payload)
        if verb is Verb.NBIRTH:
            self._node_birth(route, birth, now_ms)
        else:
            route.online = True
            tools.log.events(
                tools.judging.alarms.online(node.group, node.name, route.device, now_ms)
            )
        if tools.on_birth is not None and not tools.replaying:
            tools.on_birth(seen(route, birth, arrival.arrival_ns // 10**6))
        if not node.acks and born and not tools.replaying:
            readings, texts = birth_readings(born, birth.timestamp, arrival.arrival_ns // 10**6)
            if len(readings.series) or texts:
                self.fast.ship(readings, texts, [], now_ms)

    def facts(self, item: Item) -> None:
        """Take the node's own metrics out of an NDATA."""
        route, arrival = item
        try:
            payload = decode(arrival.payload)
        except DecodeError as error:
            self._tools.set_aside(arrival, f"NDATA: {error}")
            return
        for metric in payload.metrics:
            key = metric.name if metric.alias is None else metric.alias
            name = route.facts.get(key) if key is not None else None
            if name is not None:
                self._fact(route.node, name, metric, arrival)

    def connection(self, now_ms: int, *, connected: bool) -> None:
        """Our own connection came or went: nothing that was known of the nodes is sure."""
        self.connected = connected
        if connected:
            self.awaken(now_ms)
        for node in self._tools.book:
            node.sequence.forget()
            node.born = False
            if node.online:
                node.stale = True
                node.confirm_by_ms = now_ms + self._confirm_ms if connected else None

    def confirm(self, now_ms: int) -> None:
        """Ask the nodes that stayed unheard for a birth, and then count them as offline."""
        for node in self._tools.book:
            if not node.online:
                continue
            if node.confirm_by_ms is None:
                if node.acks and self.connected and now_ms - node.last_seen_ms > SILENCE_MS:
                    node.confirm_by_ms = now_ms + self._confirm_ms
                continue
            if now_ms >= node.confirm_by_ms:
                node.confirm_by_ms = None
                self.node_offline(node, now_ms)
            elif now_ms >= node.confirm_by_ms - self._confirm_ms // 2:
                self._tools.rebirths.want(node.key, now_ms)

    def gaps(self, now_ms: int) -> None:
        """Ask the nodes whose missing messages did not come in time for a birth."""
        tools = self._tools
        for node in list(tools.watched):
            if node.sequence.expired(now_ms):
                tools.rebirths.want(node.key, now_ms)
            if not node.sequence.waiting:
                tools.watched.discard(node)

    def node_offline(self, node: Node, now_ms: int) -> None:
        """A node and all its devices are offline."""
        tools = self._tools
        tools.log.clock(now_ms)
        tools.log.node({"do": "offline", "node": node.key})
        node.online = False
        node.stale = False
        node.born = False
        node.since_ms = now_ms
        for route in node.routes.values():
            route.online = False
        tools.log.events(tools.judging.alarms.offline(node.group, node.name, None, now_ms))

    def device_offline(self, node: Node, device: str, now_ms: int) -> None:
        """One device is offline."""
        tools = self._tools
        tools.log.clock(now_ms)
        tools.log.node({"do": "device offline", "node": node.key, "device": device})
        node.routes[device].online = False
        tools.log.events(tools.judging.alarms.offline(node.group, node.name, device, now_ms))

    def sweep(self, now_ms: int) -> None:
        """Let time alone find silence; written down only when it found something."""
        tools = self._tools
        changed, events = tools.judging.sweep(now_ms, silence=self.connected)
        if changed:
            tools.log.clock(now_ms)
            tools.log.node({"do": "sweep", "silence": self.connected})
            tools.log.events(events)

    def maintain(self, windows: Sequence[Window], now_ms: int) -> None:
        """Take over who works where; written down, with who and why, only when it changes."""
        tools = self._tools
        places = frozenset(window.place for window in windows)
        if places == tools.judging.alarms.maintenance:
            return
        tools.log.clock(now_ms)
        told = [asdict(window) for window in windows]
        tools.log.node({"do": "maintenance", "places": sorted(places), "windows": told})
        tools.log.events(tools.judging.maintain(places, now_ms))

    def plan(self, plan: Plan, now_ms: int) -> None:
        """Take over what the register says of channels, some at a time; written down."""
        tools = self._tools
        rows = tools.judging.bindings.changes(plan)
        if rows:
            tools.log.clock(now_ms)
            tools.log.node({"do": "plan", "channels": rows})
            tools.judging.bind(rows)

    def feeders(self, feeders: tuple[Feed, ...], now_ms: int) -> None:
        """Take over what the register says of feeders; written down when it changes."""
        tools = self._tools
        if feeders == tools.judging.feeders:
            return
        tools.log.clock(now_ms)
        tools.log.node({"do": "feeders", "feeders": [feeder.row() for feeder in feeders]})
        tools.log.events(tools.judging.feed(feeders, now_ms))

    def awaken(self, now_ms: int) -> None:
        """Start all timers of silence anew: nobody listened for a while."""
        self._tools.log.clock(now_ms)
        self._tools.log.node({"do": "awaken"})
        self._tools.judging.awaken(now_ms)

    def _node_birth(self, route: Route, birth: Birth, now_ms: int) -> None:
        tools, node = self._tools, route.node
        if not node.online:
            node.since_ms = now_ms
        node.online = node.born = True
        node.stale = False
        node.confirm_by_ms = None
        node.bdseq = birth.bdseq
        node.acks = birth.acks
        node.sequence.birth(birth.seq)
        tools.watched.discard(node)
        for other in node.routes.values():
            other.online = other is route
        arrival = Arrival(*(route.birth or ("", b"")), now_ms * 1_000_000)
        for metric in sorted(birth.facts, key=lambda metric: metric.name == LEDGER):
            self._fact(node, metric.name or "", metric, arrival)
        tools.rebirths.born(node.key)
        tools.log.events(tools.judging.alarms.online(node.group, node.name, None, now_ms))

    def _node_death(self, node: Node, payload: Payload, arrival: Arrival, now_ms: int) -> None:
        bdseq = bdseq_of(payload)
        if bdseq is None:
            self._tools.set_aside(arrival, "NDEATH without a bdSeq of 0..255")
        elif node.bdseq is not None and bdseq != node.bdseq:
            self.stale_deaths += 1  # the will of a session that a newer birth replaced
        elif node.online:
            self.node_offline(node, now_ms)

    def _fact(self, node: Node, name: str, metric: Metric, arrival: Arrival) -> None:
        if name != LEDGER:
            node.facts.take(name, metric.value)
            return
        if metric.value is None:
            return
        try:
            rows = ledger_rows(metric)
        except DeliveryError as error:
            self._tools.set_aside(arrival, f"{LEDGER}: {error}")
            return
        epoch = node.facts.epoch or node.delivery.epoch or 0
        first_contact = not node.delivery.knows(epoch)
        node.ledger.declare(epoch, rows, first_contact=first_contact)

    def _follow(self, node: Node, seq: int | None, now_ms: int) -> None:
        if seq is None:
            return
        node.sequence.message(seq, now_ms, self._tools.reorder_timeout_ms)
        if node.sequence.waiting:
            self._tools.watched.add(node)
