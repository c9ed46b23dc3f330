"""What an event says to a person: one sentence, with numbers and units."""

from datetime import UTC, datetime
from math import floor, inf, isfinite, log10

from lamppost.aggregator.alarms import event as e

MAX_DECIMALS = 9
SMALLEST, LARGEST = 10.0**-MAX_DECIMALS, 1e9
"""Spreads and numbers beyond are told with an exponent."""
SECOND_MS = 1000
MINUTE_S = 60
HOUR_S = 3600
DAY_S = 86_400
DAY_MS = DAY_S * SECOND_MS
FINEST = 50.0
"""Parts of a band that numbers within it are told apart by."""
TWO_DIGITS = 0.1
"""Of a number's size: its second digit is told."""
ABOUT_S = 60
NEAR = 3.0


def reason(event: e.Event) -> str:
    """The sentence for an event as it stands; `event.reason` is not read."""
    text = _SENTENCES[event.kind](event)
    if event.end_ms is None:
        return text
    lasted = duration(event.end_ms - event.onset_ms)
    return f"{text}; over at {clock(event.end_ms, event.detected_ms)} after {lasted}"


def _deviation(event: e.Event) -> str:
    unit, since = _unit(event), _since(event)
    if event.value is None or event.expected is None:
        at = "" if event.value is None else f"; at {_exactly(event.value, event)}"
        return f"{_place(event)} departs from its habits since {since}{at}"
    came, wanted = figure(event.value, event), figure(event.expected, event)
    band = ""
    if event.low is not None and event.high is not None:
        band = f" ({figure(event.low, event)} to {figure(event.high, event)})"
    if within(event):
        return (
            f"{_place(event)} departs from its habits since {since}, within its band: "
            f"{came}{unit}, expected {wanted}{unit}{band}"
        )
    verb = "rose" if event.value > event.expected else "fell"
    return (
        f"{_place(event)} {verb} to {came}{unit}; expected {wanted}{unit}{band} since {since}"
    )


def _stuck(event: e.Event) -> str:
    since = _since(event)
    value = _exactly(event.value, event)
    return f"{_place(event)} has stood at {value} since {since}, longer than it ever does"


def _spike(event: e.Event) -> str:
    at = _since(event)
    jumped = f"{_place(event)} jumped to {_exactly(event.value, event)} at {at} and came back"
    if event.expected is None:
        return jumped
    return f"{jumped}; expected {_number(event.expected, event)}"


def _range(event: e.Event) -> str:
    since = _since(event)
    low, high = event.low, event.high
    if low is not None and high is not None:
        allowed = f"its declared {number(low, high - low)} to {_number(high, event)}"
    elif low is not None:
        allowed = f"its declared lowest, {_number(low, event)}"
    elif high is not None:
        allowed = f"its declared highest, {_number(high, event)}"
    else:
        allowed = "all that it has ever measured"
    value = _exactly(event.value, event)
    return f"{_place(event)} reads {value}, outside {allowed}, since {since}"


def _rate(event: e.Event) -> str:
    since, value = _since(event), _exactly(event.value, event)
    text = f"{_place(event)} reads {value} since {since}, faster than it can have come there"
    if event.expected is None:
        return text
    return f"{text}; expected {_number(event.expected, event)}"


def _gap(event: e.Event) -> str:
    return f"{_place(event)} has given no usable value since {_since(event)}"


def _noise(event: e.Event) -> str:
    since, value = _since(event), _exactly(event.value, event)
    how = "much more or much less than it ever has"
    return f"{_place(event)} trembles {how} since {since}; now {value}"


def _another_unit(event: e.Event) -> str:
    value, since = _exactly(event.value, event), _since(event)
    text = f"{_place(event)} reads {value} since {since}, as in another unit"
    if event.expected is None or event.value is None:
        return text
    expected = _number(event.expected, event)
    share = event.value / event.expected if event.expected else 0.0
    for factor, words in ((1e3, "a thousand times"), (1e-3, "a thousandth of")):
        if factor / NEAR < share < factor * NEAR:
            return (
                f"{_place(event)} reads {value} since {since}, {words} the expected {expected}"
            )
    return f"{text}; expected {expected}"


def _drift(event: e.Event) -> str:
    left = f"{_place(event)} has left its neighbours of the same kind since {_since(event)}"
    if event.value is None or event.expected is None:
        return f"{left}; now {_exactly(event.value, event)}"
    came, said, unit = figure(event.value, event), figure(event.expected, event), _unit(event)
    return f"{left}: it reads {came}{unit} where they say {said}{unit}"


def _counter(event: e.Event) -> str:
    at, value = _since(event), _exactly(event.value, event)
    return f"{_place(event)} counts from the beginning again since {at}; now {value}"


def _clock(event: e.Event) -> str:
    off = event.value or 0.0
    by = duration(round(abs(off) * SECOND_MS))
    side = "ahead" if off > 0 else "behind"
    hours = abs(off) / HOUR_S
    hint = ""
    if round(hours) >= 1 and abs(hours - round(hours)) * HOUR_S <= ABOUT_S:
        hint = ", as with a wrong time zone or daylight saving"
    since = _since(event)
    return f"the clock of node {event.group}/{event.node} is {by} {side} since {since}{hint}"


def _relation(event: e.Event) -> str:
    names = [name for name, _ in event.contributors]
    lead, share = event.contributors[0] if event.contributors else (event.channel, 1.0)
    where = "/".join(filter(None, event.asset))
    since, value = _since(event), _exactly(event.value, event)
    others = f" with {', '.join(names[1:])}" if names[1:] else " with the others"
    part = f"{share:.0%} of the departure is its"
    if event.of == e.TOGETHER:
        mean = _exactly(event.expected, event)
        return (
            f"{lead} at {where} has gone{others} where they have never been since {since}: "
            f"it is {value}, its mean is {mean}; {part}"
        )
    said = _exactly(event.expected, event)
    return (
        f"{lead} at {where} no longer goes{others} as it always has since {since}: "
        f"it is {value} where they say {said}; {part}"
    )


def _node_offline(event: e.Event) -> str:
    return f"node {event.group}/{event.node} is offline since {_since(event)}"


def _device_offline(event: e.Event) -> str:
    where = f"{event.group}/{event.node}/{event.device}"
    return f"device {where} is offline since {_since(event)}"


def _chattering(event: e.Event) -> str:
    where = _place(event) if event.channel else "/".join(filter(None, event.asset))
    what = event.of.replace("_", " ")
    since = _since(event)
    return f"{where} comes and goes: {what}, {event.count} times since {since}"


_SENTENCES = {
    e.DEVIATION: _deviation,
    e.STUCK: _stuck,
    e.SPIKE: _spike,
    e.RANGE: _range,
    e.RATE: _rate,
    e.GAP: _gap,
    e.NOISE: _noise,
    e.UNIT: _another_unit,
    e.DRIFT: _drift,
    e.COUNTER: _counter,
    e.CLOCK: _clock,
    e.RELATION: _relation,
    e.NODE_OFFLINE: _node_offline,
    e.DEVICE_OFFLINE: _device_offline,
    e.CHATTERING: _chattering,
}


def _place(event: e.Event) -> str:
    where = "/".join(part for part in (event.group, event.node, event.device) if part)
    return f"{event.channel} at {where}"


def _number(value: float, event: e.Event) -> str:
    """A value with its unit, as finely as the event's band asks for."""
    spread = None
    if event.low is not None and event.high is not None:
        spread = event.high - event.low
    return f"{number(value, spread)}{_unit(event)}"


def _exactly(value: float | None, event: e.Event) -> str:
    return "no number" if value is None else f"{value:.7g}{_unit(event)}"


def _unit(event: e.Event) -> str:
    return "" if event.unit in {"", "1"} else f" {event.unit}"


def _since(event: e.Event) -> str:
    return clock(event.onset_ms, event.detected_ms)


def within(event: e.Event) -> bool:
    """Whether the band holds the worst reading: then it is not the value that is odd."""
    value, low, high = event.value, event.low, event.high
    return value is not None and low is not None and high is not None and low <= value <= high


def figure(value: float, event: e.Event) -> str:
    """A number that stands beside what was expected: as fine as tells the two apart."""
    spread = None
    if event.low is not None and event.high is not None:
        spread = event.high - event.low
    if event.value is None or event.expected is None or not spread or not isfinite(spread):
        return number(value, spread)
    size = max(abs(event.value), abs(event.expected))
    finest = spread / FINEST
    apart = max(abs(event.value - event.expected), finest)
    return number(value, min(spread, 2.0 * apart, max(size * TWO_DIGITS, finest)))


def number(value: float, spread: float | None = None) -> str:
    """A number with as many decimals as tell `spread` in two halves, or four digits without."""
    if spread is None or not SMALLEST <= spread < inf or abs(value) >= LARGEST:
        return f"{value:z.4g}"
    decimals = max(0, min(-floor(log10(spread / 2)), MAX_DECIMALS))
    return f"{value:z.{decimals}f}"


def clock(time_ms: int, day_of_ms: int | None = None) -> str:
    """A time of day in UTC; with its date, where it is not of the same day as `day_of_ms`."""
    other_day = day_of_ms is not None and time_ms // DAY_MS != day_of_ms // DAY_MS
    try:
        moment = datetime.fromtimestamp(time_ms / SECOND_MS, UTC)
    except (OverflowError, ValueError, OSError):
        return f"{time_ms} ms"
    return f"{moment:%Y-%m-%d %H:%M:%SZ}" if other_day else f"{moment:%H:%M:%SZ}"


def duration(ms: int) -> str:
    """A span in its two largest units: 48 s, 1 min 48 s, 2 h 5 min, 3 d 4 h."""
    seconds = max(ms, 0) // SECOND_MS
    if seconds < MINUTE_S:
        return f"{seconds} s"
    if seconds < HOUR_S:
        return f"{seconds // MINUTE_S} min {seconds % MINUTE_S} s"
    if seconds < DAY_S:
        return f"{seconds // HOUR_S} h {seconds % HOUR_S // MINUTE_S} min"
    return f"{seconds // DAY_S} d {seconds % DAY_S // HOUR_S} h"
