"""The nodes the aggregator knows, and the way from a topic to one of them."""

import base64
import math
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from lamppost.aggregator.delivery.batches import Delivery
from lamppost.aggregator.delivery.ledger import Ledger
from lamppost.aggregator.nodes.sequence import SequenceWatch
from lamppost.wire.payload import DataSet, Value
from lamppost.wire.topic import Topic, TopicError, Verb

MAX_NODES = 20_000
MAX_DEVICES = 1_000
MAX_ROUTES = 500_000
MAX_INFO_CHARS = 2_000
CLOCK_DRIFT_SHARE = 0.02
"""How fast the clock estimate follows a message that was slower than the fastest one."""


@dataclass(slots=True)
class Facts:
    """What a node says of itself in its `Delivery/` and `Node Info/` metrics."""

    epoch: int | None = None
    autonomy_h: float | None = None
    pending: int = 0
    evicted: int = 0
    buffer_full: bool = False
    disk_full: bool = False
    drivers: str = ""
    version: str = ""

    def take(self, name: str, value: Value) -> None:
        """Keep the value of one metric; of the wrong type it is passed over."""
        match name, value:
            case "Delivery/Epoch", int():
                self.epoch = value
            case "Delivery/Pending", int():
                self.pending = value
            case "Delivery/Evicted", int():
                self.evicted = value
            case "Delivery/Autonomy", int() | float() if math.isfinite(value):
                self.autonomy_h = float(value)
            case "Delivery/Buffer Full", bool():
                self.buffer_full = value
            case "Delivery/Disk Full", bool():
                self.disk_full = value
            case "Node Info/Drivers", str():
                self.drivers = value[:MAX_INFO_CHARS]
            case "Node Info/Version", str():
                self.version = value[:MAX_INFO_CHARS]
            case _, DataSet() | _:
                pass


@dataclass(slots=True, eq=False)
class Route:
    """Where the messages of one device, or of a node itself (`device` ""), belong.

    Attributes:
        number: of this route in the alias table, which keeps devices apart.
        meanings: alias or name to (series or a code below zero, datatype), from the last birth.
        online: between birth and death.
        birth: topic and raw payload of the last birth, kept for restarts.
    """

    number: int
    node: "Node"
    device: str
    meanings: dict[int | str, tuple[int, int]] = field(default_factory=dict)
    facts: dict[int | str, str] = field(default_factory=dict)
    online: bool = False
    birth: tuple[str, bytes] | None = None


@dataclass(slots=True, eq=False)
class Node:
    """One edge node.

    Attributes:
        born: a birth came since this host session began; until then aliases of a foreign node
            may have changed unseen.
        confirm_by_ms: by when a node that was online before an interruption has to show itself.
        attempts: batches that could not be resolved, and how often they came.
        stale: nothing was heard of it since our own connection was interrupted.
    """

    number: int
    group: str
    name: str
    online: bool = False
    stale: bool = False
    born: bool = False
    acks: bool = False
    bdseq: int | None = None
    since_ms: int = 0
    last_seen_ms: int = 0
    clock_offset_ms: float | None = None
    confirm_by_ms: int | None = None
    facts: Facts = field(default_factory=Facts)
    delivery: Delivery = field(default_factory=Delivery)
    ledger: Ledger = field(default_factory=Ledger)
    sequence: SequenceWatch = field(default_factory=SequenceWatch)
    routes: dict[str, Route] = field(default_factory=dict)
    attempts: dict[tuple[int, int], int] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """`group/name`; neither part can hold a slash."""
        return f"{self.group}/{self.name}"

    def clock(self, sent_ms: int, arrival_ms: int) -> None:
        """Follow the node's clock: the fastest message has the least of the way in it."""
        offset = float(sent_ms - arrival_ms)
        known = self.clock_offset_ms
        if known is None or offset > known:
            self.clock_offset_ms = offset
        else:
            self.clock_offset_ms = known + (offset - known) * CLOCK_DRIFT_SHARE


class NodeBook:
    """All nodes; finds the one a topic speaks of."""

    def __init__(self) -> None:
        self.refused = 0
        self.nodes: dict[str, Node] = {}
        self.by_number: list[Node] = []
        self.routes: list[Route] = []
        self._topics: dict[str, tuple[Verb, Route] | None] = {}

    def __iter__(self) -> Iterator[Node]:
        return iter(list(self.nodes.values()))

    def find(self, topic: str) -> tuple[Verb, Route] | None:
        """Return verb and route of a topic, None when it is not one for us.

        Raises:
            TopicError: it is in the namespace but not a topic.
        """
        try:
            return self._topics[topic]
        except KeyError:
            found = self._parse(topic)
        if len(self._topics) >= MAX_ROUTES:
            self._topics.clear()
        self._topics[topic] = found
        return found

    def node(self, group: str, name: str) -> Node | None:
        """Return a node, made on first sight; None when there are too many."""
        key = f"{group}/{name}"
        node = self.nodes.get(key)
        if node is None:
            if len(self.nodes) >= MAX_NODES:
                self.refused += 1
                return None
            node = self.nodes[key] = Node(len(self.by_number), group, name)
            self.by_number.append(node)
        return node

    def route(self, node: Node, device: str) -> Route | None:
        """Return the route of a device; None when the node has too many."""
        route = node.routes.get(device)
        if route is None:
            if len(node.routes) > MAX_DEVICES or len(self.routes) >= MAX_ROUTES:
                self.refused += 1
                return None
            route = node.routes[device] = Route(len(self.routes), node, device)
            self.routes.append(route)
        return route

    def _parse(self, topic: str) -> tuple[Verb, Route] | None:
        parsed = Topic.parse(topic)
        if parsed.verb in (Verb.NCMD, Verb.DCMD):
            return None
        node = self.node(parsed.group, parsed.node)
        route = None if node is None else self.route(node, parsed.device or "")
        return None if route is None else (parsed.verb, route)

    def state(self) -> list[dict[str, Any]]:
        """All nodes as JSON values, routes in the order of their numbers."""
        return [_node_state(node) for node in self.nodes.values()]

    def restore(self, state: list[dict[str, Any]]) -> list[Route]:
        """Rebuild from `state`'s output; returns the routes whose births must be reread."""
        for document in state:
            node = self.node(document["group"], document["name"])
            if node is None:
                continue
            for key in ("online", "acks", "bdseq", "since_ms", "last_seen_ms"):
                setattr(node, key, document[key])
            node.clock_offset_ms = document["clock_offset_ms"]
            node.facts = Facts(**document["facts"])
            node.delivery = Delivery.from_state(document["delivery"])
            node.ledger = Ledger.from_state(document["ledger"])
            node.sequence.gaps = document["gaps"]
            for device, online, topic, payload in document["routes"]:
                route = self.route(node, device)
                if route is not None:
                    route.online = online
                    route.birth = (topic, base64.b64decode(payload)) if topic else None
        return [route for route in self.routes if route.birth is not None]


def _node_state(node: Node) -> dict[str, Any]:
    routes = []
    for device, route in node.routes.items():
        topic, payload = route.birth or ("", b"")
        routes.append([device, route.online, topic, base64.b64encode(payload).decode()])
    return {
        "group": node.group,
        "name": node.name,
        "online": node.online,
        "acks": node.acks,
        "bdseq": node.bdseq,
        "since_ms": node.since_ms,
        "last_seen_ms": node.last_seen_ms,
        "clock_offset_ms": node.clock_offset_ms,
        "facts": asdict(node.facts),
        "delivery": node.delivery.state(),
        "ledger": node.ledger.state(),
        "gaps": node.sequence.gaps,
        "routes": routes,
    }


__all__ = ["Facts", "Node", "NodeBook", "Route", "TopicError"]
