"""What an event says when its place is known already: the short form of its reason."""

from lamppost.aggregator.alarms import event as e
from lamppost.aggregator.alarms.event import Event
from lamppost.aggregator.alarms.reasons import clock, figure, number, reason, within


def phrase(event: Event) -> str:
    """The event in a few words, without its place and its end."""
    if event.kind == e.DEVIATION and event.value is not None and event.expected is not None:
        return _deviation(event, event.value, event.expected)
    if event.kind in {e.NODE_OFFLINE, e.DEVICE_OFFLINE}:
        return f"offline since {clock(event.onset_ms, event.detected_ms)}"
    where = "/".join(part for part in event.asset if part)
    text = reason(e.reopened(event))
    if event.channel:
        return text.replace(f" at {where}", "", 1)
    return text.removeprefix(f"{where} ")


def _deviation(event: Event, value: float, expected: float) -> str:
    """As in "pressure fell to 2.76 bar (expected 2.92 to 3.07)"."""
    verb = "rose" if value > expected else "fell"
    unit = "" if event.unit in {"", "1"} else f" {event.unit}"
    if event.low is None or event.high is None:
        return f"{event.channel} {verb} to {number(value)}{unit} (expected {number(expected)})"
    low, high, came = (figure(each, event) for each in (event.low, event.high, value))
    does = "departs from its habits, at" if within(event) else f"{verb} to"
    return f"{event.channel} {does} {came}{unit} (expected {low} to {high})"
