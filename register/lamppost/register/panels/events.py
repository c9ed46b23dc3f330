"""Open events with their reasons, and the ones that are over."""

from collections.abc import Awaitable, Callable

from lamppost.register import words
from lamppost.register.feed import ChannelKey
from lamppost.register.live import EventView, Snapshot
from lamppost.register.markup import Markup, icon, tag
from lamppost.register.panels.rows import Block, Row, Rows

OPEN_MAX = 100
CLOSED_MAX = 12

CLASS_TEXTS = {
    "process_anomaly": "Process anomaly",
    "sensor_fault": "Sensor fault",
    "communication": "Communication",
}
CLASS_ORDER = {name: rank for rank, name in enumerate(CLASS_TEXTS)}


def open_events(snapshot: Snapshot) -> list[EventView]:
    """Return what is open: process anomalies first, the severest and the oldest first."""
    found = [event for event in snapshot.events if event.end_ms is None]
    return sorted(
        found,
        key=lambda e: (CLASS_ORDER.get(e.event_class, 9), -_steps(e), e.onset_ms, e.id),
    )


def closed_events(snapshot: Snapshot) -> list[EventView]:
    """Return what is over, the latest first."""
    found = [event for event in snapshot.events if event.end_ms is not None]
    return sorted(found, key=lambda e: (-(e.end_ms or 0), e.id))


def badge(event: EventView) -> Markup:
    """Return the class of an event as icon, colour and words."""
    text = CLASS_TEXTS.get(event.event_class, words.kind(event.event_class))
    shape = event.event_class if event.event_class in CLASS_TEXTS else "warning"
    return tag(f"span.badge.{shape}", icon(shape), text)


def event_row(event: EventView, now_ms: int) -> Row:
    """Return an open event as a line."""
    since = f"since {words.moment(event.onset_ms, now_ms)}"
    markup = Markup.join_all(
        [
            tag("div.what", badge(event), tag("span.kind", words.kind(event.kind))),
            tag(
                "div.where",
                tag("b", place(event)),
                tag("span.sub", event.node if event.device else event.group),
            ),
            tag("div.reason", event.reason),
            tag(
                "div.since",
                since,
                tag("span.sub", words.span(now_ms - event.onset_ms)),
            ),
            _severity(event),
        ]
    )
    return Row(event.id, markup, f"event {event.event_class}", bool(event.channel))


def closed_row(event: EventView, now_ms: int) -> Row:
    """Return an event that is over as a short line."""
    end_ms = event.end_ms or now_ms
    lasted = words.span(end_ms - event.onset_ms)
    ended = words.moment(end_ms, now_ms)
    markup = Markup.join_all(
        [
            tag("div.what", badge(event), tag("span.kind", words.kind(event.kind))),
            tag("div.where", tag("b", place(event)), tag("span.sub", event.node)),
            tag("div.since", f"over at {ended}", tag("span.sub", f"lasted {lasted}")),
        ]
    )
    return Row(event.id, markup, f"event closed {event.event_class}", bool(event.channel))


def place(event: EventView) -> str:
    """Return what an event is about: a channel, a device or a node."""
    return "/".join(filter(None, (event.device, event.channel))) or event.node


def _steps(event: EventView) -> int:
    return 3 if event.severity >= 0.66 else 2 if event.severity >= 0.33 else 1


def _severity(event: EventView) -> Markup:
    steps = _steps(event)
    word = ("low", "medium", "high")[steps - 1]
    bars = [tag(f"i.{'on' if step < steps else ''}") for step in range(3)]
    title = f"severity {event.severity:.2f} of 1"
    return tag("div.severity", tag("span.bars", *bars), word, title=title)


class Events:
    """The two lists on the page.

    Args:
        on_open: Called with the channel of an event that is clicked.
    """

    def __init__(self, on_open: Callable[[ChannelKey], Awaitable[None]]) -> None:
        self._on_open = on_open
        self._channels: dict[str, ChannelKey] = {}
        self._title = Block("section-title")
        self._open = Rows("rows events", self._clicked)
        self._more = Block("more")
        self._closed_title = Block("section-title minor")
        self._closed = Rows("rows events", self._clicked)

    def show(self, snapshot: Snapshot) -> None:
        """Show the present events."""
        opened, closed = open_events(snapshot), closed_events(snapshot)
        now_ms = snapshot.time_ms
        title = words.count(len(opened), "open event") if opened else "Open events"
        self._title.show(tag("h2", title))
        self._open.show([event_row(event, now_ms) for event in opened[:OPEN_MAX]])
        self._more.show(_more(snapshot, len(opened)))
        self._closed_title.show(tag("h3", "Recently over") if closed else "")
        self._closed.show([closed_row(event, now_ms) for event in closed[:CLOSED_MAX]])
        self._channels = {
            e.id: (e.group, e.node, e.device, e.channel)
            for e in (*opened[:OPEN_MAX], *closed[:CLOSED_MAX])
            if e.channel
        }

    async def _clicked(self, event_id: str) -> None:
        if event_id in self._channels:
            await self._on_open(self._channels[event_id])


def _more(snapshot: Snapshot, opened: int) -> Markup:
    if opened > OPEN_MAX:
        return tag("p.note", f"{opened - OPEN_MAX} more are open; the API has all of them.")
    if opened:
        return Markup("")
    if not snapshot.channels:
        return tag("p.note", "Nothing to judge yet.")
    learning = sum("learning" in channel.flags for channel in snapshot.channels)
    told = f"Nothing is open on {words.count(len(snapshot.channels), 'channel')}"
    told += f"; {words.integer(learning)} still learning." if learning else "."
    return tag("p.note.calm", icon("ok"), told)
