"""The two small drawings of a channel: its place in the band, and its last two minutes."""

from collections.abc import Sequence

from lamppost.register import words
from lamppost.register.live import ChannelView
from lamppost.register.markup import Markup, tag

MARGIN = 0.6
"""Room on either side of the band, in band widths."""

CURVE_WIDTH, CURVE_HEIGHT = 120, 26


def band_gauge(channel: ChannelView) -> Markup:
    """Return where the value stands against the band, as a track with band, tick and mark."""
    low, high, value = channel.low, channel.high, channel.value
    if channel.stale:
        return tag("span.note", "no present value")
    if isinstance(value, bool | str) or value is None:
        return tag("span.note", "state" if value is not None else "")
    if low is None or high is None or not high >= low:
        return tag("span.note", "learning" if "learning" in channel.flags else "no band yet")
    width = (high - low) or max(abs(high), 1.0) * 0.01
    start, end = low - MARGIN * width, high + MARGIN * width
    parts = [
        tag(
            "i.band", style=f"left:{_at(low, start, end)}%;right:{100 - _at(high, start, end)}%"
        )
    ]
    if channel.expected is not None:
        parts.append(tag("i.expected", style=f"left:{_at(channel.expected, start, end)}%"))
    outside = "out" if not low <= value <= high else ""
    parts.append(tag(f"i.mark.{outside}", style=f"left:{_at(value, start, end)}%"))
    sign = words.unit(channel.unit)
    told = f"expected {_maybe(channel.expected)}, band {_maybe(low)} to {_maybe(high)} {sign}"
    return Markup.join_all(
        [
            tag("span.gauge", *parts, role="img", title=told, aria_label=told),
            tag("span.ends", tag("b", _maybe(low)), tag("b", _maybe(high))),
        ]
    )


def curve(values: Sequence[float | None]) -> Markup:
    """Return the last values as a line that breaks where the channel was stale."""
    known = [value for value in values if value is not None]
    if len(known) < 2:
        return tag("span.note", "")
    low, high = min(known), max(known)
    reach = (high - low) or 1.0
    step = CURVE_WIDTH / max(len(values) - 1, 1)
    path, pen_up = [], True
    for index, value in enumerate(values):
        if value is None:
            pen_up = True
            continue
        share = (value - low) / reach if high > low else 0.5
        y = 2 + (CURVE_HEIGHT - 4) * (1 - share)
        path.append(f"{'M' if pen_up else 'L'}{index * step:.0f} {y:.1f}")
        pen_up = False
    return tag(
        "svg.curve",
        tag("path", d="".join(path)),
        viewBox=f"0 0 {CURVE_WIDTH} {CURVE_HEIGHT}",
        preserveAspectRatio="none",
        aria_hidden="true",
    )


def _at(value: float, start: float, end: float) -> int:
    return round(100 * min(max((value - start) / (end - start), 0.0), 1.0))


def _maybe(value: float | None) -> str:
    return "unknown" if value is None else words.number(value)
