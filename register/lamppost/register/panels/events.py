"""Open incidents with their events and reasons, and the ones that are over."""

from collections.abc import Awaitable, Callable

from lamppost.register import words
from lamppost.register.feed import ChannelKey
from lamppost.register.live import EventView, IncidentView, MaintenanceView, Snapshot
from lamppost.register.markup import Markup, icon, tag
from lamppost.register.panels.event_rows import (
    Item,
    closed_items,
    closed_row,
    event_row,
    events_of,
    incident_row,
    open_items,
)
from lamppost.register.panels.rows import Block, Row, Rows

OPEN_MAX = 100
CLOSED_MAX = 12
MAINTENANCE_MAX = 6


class Events:
    """The two lists on the page.

    Args:
        on_open: Called with the channel of an event that is clicked.
    """

    def __init__(self, on_open: Callable[[ChannelKey], Awaitable[None]]) -> None:
        self._on_open = on_open
        self._channels: dict[str, ChannelKey] = {}
        self._unfolded: set[str] = set()
        self._snapshot: Snapshot | None = None
        self._title = Block("section-title")
        self._open = Rows("rows events", self._clicked)
        self._more = Block("more")
        self._aside = Block("more")
        self._closed_title = Block("section-title minor")
        self._closed = Rows("rows events", self._clicked)

    def show(self, snapshot: Snapshot) -> None:
        """Show the present incidents and events."""
        self._snapshot = snapshot
        opened, closed = open_items(snapshot), closed_items(snapshot)
        now_ms = snapshot.time_ms
        noun = "incident" if any(isinstance(one, IncidentView) for one in opened) else "event"
        title = words.count(len(opened), f"open {noun}") if opened else "Open incidents"
        self._title.show(tag("h2", title))
        self._channels = {}
        self._unfolded &= {one.id for one in opened}
        rows = [row for one in opened[:OPEN_MAX] for row in self._rows(one, snapshot)]
        self._open.show(rows)
        self._aside.show(_aside(snapshot))
        self._more.show(_more(snapshot, len(opened)))
        self._closed_title.show(tag("h3", "Recently over") if closed else "")
        self._closed.show([closed_row(one, now_ms) for one in closed[:CLOSED_MAX]])
        for one in closed[:CLOSED_MAX]:
            if isinstance(one, EventView):
                self._remember(one.id, one)

    def _rows(self, item: Item, snapshot: Snapshot) -> list[Row]:
        """The line of what is open, and below an unfolded incident those of its events."""
        if isinstance(item, EventView):
            self._remember(item.id, item)
            return [event_row(item, snapshot.time_ms)]
        events = events_of(item, snapshot)[:OPEN_MAX]
        if len(events) <= 1:
            if events:
                self._remember(item.id, events[0])
            return [incident_row(item, snapshot.time_ms, unfolded=None)]
        unfolded = item.id in self._unfolded
        line = incident_row(item, snapshot.time_ms, unfolded=unfolded)
        if not unfolded:
            return [line]
        for event in events:
            self._remember(event.id, event)
        return [line, *(event_row(event, snapshot.time_ms, within=True) for event in events)]

    def _remember(self, key: str, event: EventView) -> None:
        if event.channel:
            self._channels[key] = (event.group, event.node, event.device, event.channel)

    async def _clicked(self, key: str) -> None:
        if key in self._channels:
            await self._on_open(self._channels[key])
        elif self._snapshot is not None:
            self._unfolded ^= {key}
            self.show(self._snapshot)


def _aside(snapshot: Snapshot) -> Markup:
    """What is not told, and why."""
    notes = [
        tag("p.note", _working(window, snapshot.time_ms))
        for window in snapshot.maintenance[:MAINTENANCE_MAX]
    ]
    more = len(snapshot.maintenance) - MAINTENANCE_MAX
    if more > 0:
        notes.append(tag("p.note", f"{more} more are in maintenance; the API has all of them."))
    if snapshot.hidden:
        verb = "is" if snapshot.hidden == 1 else "are"
        count = words.count(snapshot.hidden, "event")
        told = f"{count} {verb} hidden: a lost node or feeder, or maintenance, explains it."
        notes.append(tag("p.note", told))
    return Markup.join_all(notes)


def _working(window: MaintenanceView, now_ms: int) -> str:
    where = "/".join(filter(None, (window.node, window.device)))
    until = words.moment(window.until_ms, now_ms)
    return f"In maintenance until {until}: {where}, by {window.by} ({window.reason})"


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
