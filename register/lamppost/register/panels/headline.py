"""The strip on top: one counted sentence, the state of the chain, and what to act on."""

from collections import Counter
from dataclasses import dataclass

from lamppost.register import words
from lamppost.register.live import HealthView, NodeView, Snapshot
from lamppost.register.markup import Markup, icon, tag
from lamppost.register.panels.event_rows import class_of, open_items
from lamppost.register.panels.rows import Block
from lamppost.register.resting import AWAY, WARNING

CLASS_NOUNS = {
    "process_anomaly": ("process anomaly", "process anomalies"),
    "sensor_fault": ("sensor fault", "sensor faults"),
    "communication": ("communication loss", "communication losses"),
}
WARNINGS_MAX = 20


@dataclass(frozen=True, slots=True)
class Statement:
    """The one sentence, with its tone ("ok", "attention", "alarm" or "quiet") and a hint."""

    text: str
    tone: str
    hint: str = ""


def statement(snapshot: Snapshot | None, silent_ms: int, trouble: str = "") -> Statement:
    """Return what the console says first.

    Args:
        snapshot: The last snapshot; None before the first.
        silent_ms: How long the aggregator has not answered; 0 while it does.
        trouble: Why there is no snapshot, when that is known.
    """
    if snapshot is None:
        hint = trouble or "The first snapshot comes within a second or two."
        return Statement("Waiting for the aggregator", "alarm" if trouble else "quiet", hint)
    if silent_ms:
        since = f"Everything below is as it was at {words.clock(snapshot.time_ms)}."
        text = f"The aggregator has not answered for {words.span(silent_ms)}"
        return Statement(text, "alarm", f"{since} {trouble}".strip())
    open_events = Counter[str](map(class_of, open_items(snapshot)))
    if open_events:
        told = ", ".join(
            words.count(open_events[name], *nouns)
            for name, nouns in CLASS_NOUNS.items()
            if open_events[name]
        )
        tone = "alarm" if open_events["process_anomaly"] else "attention"
        return Statement(f"{open_events.total()} open: {told}", tone)
    return _without_events(snapshot)


def _without_events(snapshot: Snapshot) -> Statement:
    if _rests(snapshot):
        return Statement("Nothing is watched from here", "quiet", WARNING)
    if not snapshot.nodes:
        hint = (
            "Is an edge agent running, and does it use the same broker? "
            "Start one with: lamppost edge run CONFIG"
        )
        return Statement("No node has reported yet", "quiet", hint)
    channels = len(snapshot.channels)
    nodes = words.count(len(snapshot.nodes), "node")
    if not channels:
        return Statement(
            f"{nodes} online, no channel yet", "quiet", "Waiting for a device birth."
        )
    stale = sum(channel.stale for channel in snapshot.channels)
    if stale:
        told = f"{channels - stale} of {words.count(channels, 'channel')} report"
        return Statement(f"{told}, {stale} {'is' if stale == 1 else 'are'} stale", "attention")
    verb = "reports" if channels == 1 else "report"
    told = f"{words.count(channels, 'channel')} of {nodes} {verb}, none stale"
    troubles = len(warnings(snapshot))
    if troubles:
        return Statement(f"{told}; {words.count(troubles, 'warning')}", "attention")
    return Statement(told, "ok")


def warnings(snapshot: Snapshot) -> list[str]:
    """Return everything a person should act on that is not an event, one sentence each."""
    if _rests(snapshot):
        return []  # the sentence on top says it all
    told = list(snapshot.health.warnings)
    for name, state in _chain(snapshot.health):
        if not state.startswith("ok"):
            told.append(f"{name}: {state}")
    for node in snapshot.nodes:
        told.extend(_node_warnings(node))
    lost = sum(max(row.lost, 0) for row in snapshot.ledger)
    if lost:
        told.append(f"{words.count(lost, 'reading')} lost; the ledger below tells which node's")
    return told


def _node_warnings(node: NodeView) -> list[str]:
    told = []
    if node.disk_full:
        told.append(f"{node.name}: its disk is full; make room there")
    if node.buffer_full:
        told.append(
            f"{node.name}: its buffer is full; the oldest readings of the lowest priority go"
            f" ({words.integer(node.evicted)} evicted so far, all declared)"
        )
    return told


def _rests(snapshot: Snapshot) -> bool:
    return snapshot.health.broker == AWAY


def _chain(health: HealthView) -> list[tuple[str, str]]:
    return [("Broker", health.broker), ("Spool", health.spool), ("Store", health.store)]


def headline_markup(said: Statement, snapshot: Snapshot | None) -> Markup:
    """Return the sentence with its icon and what stands under it."""
    shape = {"ok": "ok", "quiet": "wait"}.get(said.tone, "warning")
    under = said.hint
    if snapshot is not None and snapshot.nodes and not said.hint:
        last = max(node.last_seen_ms for node in snapshot.nodes)
        under = f"Last data: {words.ago(last, snapshot.time_ms)}"
    return Markup.join_all(
        [
            tag("span.sign", icon(shape)),
            tag("div", tag("h1", said.text), tag("p", under)),
        ]
    )


def chain_markup(snapshot: Snapshot | None) -> Markup:
    """Return broker, spool and store as words, and the figures of the way between."""
    if snapshot is None or _rests(snapshot):
        return Markup("")
    health = snapshot.health
    parts = []
    for name, state in _chain(health):
        good = state.startswith("ok")
        mark = icon("ok" if good else "cross")
        parts.append(tag(f"li.{'good' if good else 'bad'}", mark, tag("b", name), " ", state))
    if health.latency_p50_ms is not None and health.latency_p99_ms is not None:
        told = f"{health.latency_p50_ms:.0f} / {health.latency_p99_ms:.0f} ms"
        title = "from reading taken to stored and judged: median / 99th percentile"
        parts.append(tag("li", tag("b", "Latency"), " ", told, title=title))
    parts.append(tag("li", tag("b", "Judged"), " ", words.integer(health.judged)))
    parts.extend(
        tag("li.bad", icon("warning"), tag("b", name), " ", words.integer(amount))
        for name, amount in (("Quarantined", health.quarantined), ("Dropped", health.dropped))
        if amount
    )
    return tag("ul.chain", *parts)


def warnings_markup(told: list[str]) -> Markup:
    """Return the warnings as a list, at most `WARNINGS_MAX` of them."""
    if not told:
        return Markup("")
    lines = [tag("li", icon("warning"), text) for text in told[:WARNINGS_MAX]]
    if len(told) > WARNINGS_MAX:
        lines.append(tag("li", f"and {len(told) - WARNINGS_MAX} more"))
    return tag("ul", *lines, role="alert")


class Headline:
    """The strip on the page."""

    def __init__(self) -> None:
        self._said = Block("headline")
        self._warnings = Block("warnings")
        self._chain = Block("chain-box")

    def show(self, snapshot: Snapshot | None, silent_ms: int, trouble: str) -> None:
        """Show the present state."""
        said = statement(snapshot, silent_ms, trouble)
        past = " past" if silent_ms else ""
        self._said.show(headline_markup(said, snapshot), f"tone-{said.tone}{past}")
        self._warnings.show(warnings_markup(warnings(snapshot) if snapshot else []))
        self._chain.show(chain_markup(snapshot))
