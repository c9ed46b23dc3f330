"""What the fast and the slow path share: the tables, the counters, the clocks of the stages."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from lamppost.aggregator.decode.resolve import AliasTable
from lamppost.aggregator.ingest.inbox import Arrival
from lamppost.aggregator.ingest.quarantine import Quarantine
from lamppost.aggregator.nodes.nodes import Node, NodeBook, Route
from lamppost.aggregator.nodes.rebirth import Rebirths
from lamppost.aggregator.pipeline.judging import Judging
from lamppost.aggregator.pipeline.outlet import Log
from lamppost.aggregator.pipeline.tally import Owners
from lamppost.register.records.births import BirthSeen

STAGES = ("decode", "accept", "resolve", "judge", "events", "spool")
FACT = -2
"""SERIES of a metric that the node says of itself; read on the slow path."""

IGNORED = -3
"""SERIES of a metric of a kind that is not kept."""


class Item(NamedTuple):
    """One data message, its topic already understood."""

    route: Route
    arrival: Arrival


@dataclass(slots=True)
class Counters:
    """What the pipeline has seen; written by its thread, read by any.

    All but `before_birth` (messages) and `unknown` (messages) count readings.
    """

    received: int = 0
    judged: int = 0
    stored: int = 0
    duplicates: int = 0
    unknown: int = 0
    before_birth: int = 0


@dataclass(slots=True)
class Tools:
    """Everything shared; one thread uses it.

    Attributes:
        log: the spool's outlet, or a silent one while the spool is replayed.
        on_birth: told of each birth that was taken; never waits, never raises.
        watched: nodes with missing sequence numbers.
        to_ack: nodes whose batches became durable, or came again.
    """

    book: NodeBook
    table: AliasTable
    judging: Judging
    owners: Owners
    rebirths: Rebirths[str]
    quarantine: Quarantine
    log: Log
    counters: Counters = field(default_factory=Counters)
    stage_ns: dict[str, int] = field(default_factory=lambda: dict.fromkeys(STAGES, 0))
    reorder_timeout_ms: int = 3000
    replaying: bool = False
    on_birth: Callable[[BirthSeen], None] | None = None
    watched: set[Node] = field(default_factory=set)
    to_ack: set[Node] = field(default_factory=set)

    def set_aside(self, arrival: Arrival, reason: str) -> None:
        """Put a payload into quarantine."""
        arrival_ms = arrival.arrival_ns // 1_000_000
        self.quarantine.add(arrival.topic, arrival.payload, reason, arrival_ms)
