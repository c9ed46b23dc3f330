"""Incidents and events as lines: what is open, what belongs to it, and what is over."""

from lamppost.register import words
from lamppost.register.live import EventView, IncidentView, Snapshot
from lamppost.register.markup import Markup, icon, tag
from lamppost.register.panels.rows import Row

CHANNELS_MAX = 4
CLASS_TEXTS = {
    "process_anomaly": "Process anomaly",
    "sensor_fault": "Sensor fault",
    "communication": "Communication",
}
CLASS_ORDER = {name: rank for rank, name in enumerate(CLASS_TEXTS)}

Item = EventView | IncidentView


def open_items(snapshot: Snapshot) -> list[Item]:
    """Return what is open: incidents, and events of none.

    Process anomalies come first, then the severest and the oldest.
    """
    incidents = [one for one in snapshot.incidents if one.closed_ms is None]
    known = {one.id for one in incidents}
    events = [e for e in snapshot.events if e.end_ms is None and e.incident not in known]
    return sorted(
        [*incidents, *events],
        key=lambda item: (
            CLASS_ORDER.get(class_of(item), 9),
            -_steps(item),
            _since(item),
            item.id,
        ),
    )


def closed_items(snapshot: Snapshot) -> list[Item]:
    """Return what is over, the latest first."""
    known = {one.id for one in snapshot.incidents}
    incidents = [one for one in snapshot.incidents if one.closed_ms is not None]
    events = [e for e in snapshot.events if e.end_ms is not None and e.incident not in known]
    return sorted([*incidents, *events], key=lambda item: (-(_until(item) or 0), item.id))


def events_of(incident: IncidentView, snapshot: Snapshot) -> list[EventView]:
    """Return the events of an incident: the open ones first, the severest first."""
    found = [event for event in snapshot.events if event.incident == incident.id]
    return sorted(found, key=lambda e: (e.end_ms is not None, -e.severity, e.onset_ms, e.id))


def class_of(item: Item) -> str:
    """Return the class of an incident or event."""
    return item.incident_class if isinstance(item, IncidentView) else item.event_class


def _since(item: Item) -> int:
    return item.opened_ms if isinstance(item, IncidentView) else item.onset_ms


def _until(item: Item) -> int | None:
    return item.closed_ms if isinstance(item, IncidentView) else item.end_ms


def badge(item: Item) -> Markup:
    """Return the class of an incident or event as icon, colour and words."""
    name = class_of(item)
    text = CLASS_TEXTS.get(name, words.kind(name))
    shape = name if name in CLASS_TEXTS else "warning"
    return tag(f"span.badge.{shape}", icon(shape), text)


def incident_row(incident: IncidentView, now_ms: int, *, unfolded: bool | None) -> Row:
    """Return an open incident as a line.

    Args:
        incident: the incident.
        now_ms: the time.
        unfolded: whether its events stand below it; None when it has only one.
    """
    fold = words.kind(incident.kind)
    if unfolded is not None:
        count = words.count(incident.events, "event")
        fold = f"{'hide' if unfolded else 'show'} {count}"
    quiet = [tag("span.sub", "not notified: cap")] if incident.notified is False else []
    markup = Markup.join_all(
        [
            tag("div.what", badge(incident), tag("span.kind", fold)),
            tag(
                "div.where",
                tag("b", incident.device or incident.node),
                tag("span.sub", incident.node if incident.device else incident.group),
            ),
            tag("div.reason", incident.reason),
            tag(
                "div.since",
                f"since {words.moment(incident.opened_ms, now_ms)}",
                tag("span.sub", words.span(now_ms - incident.opened_ms)),
                *quiet,
            ),
            _severity(incident),
        ]
    )
    shape = f"event incident {incident.incident_class}{' unfolded' if unfolded else ''}"
    opens = unfolded is not None or bool(incident.channels)
    return Row(incident.id, markup, shape, opens)


def event_row(event: EventView, now_ms: int, *, within: bool = False) -> Row:
    """Return an event as a line; `within` an incident it tells no class of its own."""
    since = f"since {words.moment(event.onset_ms, now_ms)}"
    markup = Markup.join_all(
        [
            tag(
                "div.what",
                *(() if within else (badge(event),)),
                tag("span.kind", words.kind(event.kind)),
            ),
            tag(
                "div.where",
                tag("b", (event.channel or event.node) if within else place(event)),
                *(
                    ()
                    if within
                    else (tag("span.sub", event.node if event.device else event.group),)
                ),
            ),
            tag("div.reason", event.reason),
            tag(
                "div.since",
                since
                if event.end_ms is None
                else f"over at {words.moment(event.end_ms, now_ms)}",
                tag("span.sub", words.span((event.end_ms or now_ms) - event.onset_ms)),
            ),
            _severity(event),
        ]
    )
    shape = f"event {event.event_class}{' within' if within else ''}"
    return Row(event.id, markup, shape, bool(event.channel))


def closed_row(item: Item, now_ms: int) -> Row:
    """Return an incident or event that is over as a short line."""
    end_ms = _until(item) or now_ms
    lasted = words.span(end_ms - _since(item))
    ended = words.moment(end_ms, now_ms)
    markup = Markup.join_all(
        [
            tag("div.what", badge(item), tag("span.kind", words.kind(item.kind))),
            tag("div.where", tag("b", place(item)), tag("span.sub", item.node)),
            tag("div.since", f"over at {ended}", tag("span.sub", f"lasted {lasted}")),
        ]
    )
    opens = isinstance(item, EventView) and bool(item.channel)
    return Row(item.id, markup, f"event closed {class_of(item)}", opens)


def place(item: Item) -> str:
    """Return what an incident or event is about: channels, a device or a node."""
    if isinstance(item, EventView):
        return "/".join(filter(None, (item.device, item.channel))) or item.node
    named = ", ".join(item.channels[:CHANNELS_MAX])
    more = len(item.channels) - CHANNELS_MAX
    named += f" and {more} more" if more > 0 else ""
    return ": ".join(filter(None, (item.device or item.node, named)))


def _steps(item: Item) -> int:
    return 3 if item.severity >= 0.66 else 2 if item.severity >= 0.33 else 1


def _severity(event: Item) -> Markup:
    steps = _steps(event)
    word = ("low", "medium", "high")[steps - 1]
    bars = [tag(f"i.{'on' if step < steps else ''}") for step in range(3)]
    title = f"severity {event.severity:.2f} of 1"
    return tag("div.severity", tag("span.bars", *bars), word, title=title)
