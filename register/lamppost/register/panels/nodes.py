"""The edge nodes: are they there, and how long could they stay away."""

from lamppost.register import words
from lamppost.register.live import NodeView, Snapshot
from lamppost.register.markup import Markup, icon, tag
from lamppost.register.panels.rows import Block, Row, Rows

NODES_MAX = 200
CLOCK_OFF_MS = 1_000
"""A node's clock may be this far off before the console makes something of it."""


def autonomy(node: NodeView, now_ms: int) -> str:
    """Return how long the buffer lasts; for an offline node, how long it still does."""
    if node.autonomy_h is None:
        return "does not tell how long it could stay offline"
    whole = node.autonomy_h * words.HOUR_MS
    if node.online:
        return f"could stay offline {words.span(whole)}"
    left = whole - (now_ms - node.since_ms)
    if left <= 0:
        return "its buffer should be full by now"
    return f"its buffer lasts about {words.span(left)} more"


def node_row(node: NodeView, now_ms: int) -> Row:
    """Return one node as a card."""
    state = "online" if node.online else "offline"
    shape = "ok" if node.online else "communication"
    since = f"{state} for {words.span(now_ms - node.since_ms)}"
    title = f"since {words.moment(node.since_ms, now_ms)}"
    markup = Markup.join_all(
        [
            tag(
                "div.node-head",
                tag("b", node.name),
                tag(f"span.chip.{state}", icon(shape), since, title=title),
            ),
            tag("div.autonomy", autonomy(node, now_ms)),
            tag("dl", *_facts(node, now_ms)),
            *_drivers(node.drivers),
        ]
    )
    return Row(f"{node.group}/{node.name}", markup, f"node {state}")


def _facts(node: NodeView, now_ms: int) -> list[Markup]:
    facts = [
        _fact("Backlog", f"{words.integer(node.pending)} waiting" if node.pending else "none"),
        _fact("Evicted", words.integer(node.evicted), "bad" if node.evicted else ""),
        _fact("Clock", *_clock(node.clock_offset_ms)),
        _fact("Heard", words.ago(node.last_seen_ms, now_ms)),
    ]
    if node.disk_full:
        facts.append(_fact("Disk", "full", "bad"))
    if node.buffer_full:
        facts.append(_fact("Buffer", "full", "bad"))
    facts.append(_fact("Agent", f"{node.version or 'unknown version'} · {node.group}"))
    if not node.acks:
        facts.append(_fact("Delivery", "plain Sparkplug, not acknowledged"))
    return facts


def _clock(offset_ms: float | None) -> tuple[str, str]:
    if offset_ms is None:
        return ("offset unknown", "")
    size = abs(offset_ms)
    if size < CLOCK_OFF_MS:
        return ("in step", "")
    way = "ahead" if offset_ms > 0 else "behind"
    return (f"{words.span(size)} {way}", "bad")


def _fact(name: str, text: str, tone: str = "") -> Markup:
    return tag("div", tag("dt", name), tag(f"dd.{tone}", text))


def _drivers(told: str) -> list[Markup]:
    """Return each driver's state; the node parts them by ";" and ends good ones with "ok"."""
    lines = [part.strip() for part in told.split(";") if part.strip()]
    if not lines:
        return []
    marks = [
        tag(
            f"li.{'good' if line.endswith(' ok') else 'bad'}",
            icon("ok" if line.endswith(" ok") else "cross"),
            line,
        )
        for line in lines
    ]
    return [tag("ul.drivers", *marks)]


class Nodes:
    """The node cards on the page."""

    def __init__(self) -> None:
        self._title = Block("section-title")
        self._rows = Rows("rows nodes")
        self._more = Block("more")

    def show(self, snapshot: Snapshot) -> None:
        """Show the present nodes, offline ones first."""
        nodes = sorted(snapshot.nodes, key=lambda n: (n.online, n.group, n.name))
        self._title.show(tag("h2", "Nodes"))
        self._rows.show([node_row(node, snapshot.time_ms) for node in nodes[:NODES_MAX]])
        self._more.show(_more(len(nodes)))


def _more(known: int) -> Markup:
    if not known:
        text = "No node has reported yet. Is an edge agent running, on the same broker?"
        return tag("p.note", text, " ", tag("code", "lamppost edge run CONFIG"))
    if known > NODES_MAX:
        return tag("p.note", f"{known - NODES_MAX} more nodes; the API has all of them.")
    return Markup("")
