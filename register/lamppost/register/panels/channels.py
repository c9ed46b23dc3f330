"""The live channels, grouped by node and device."""

from collections.abc import Awaitable, Callable
from functools import lru_cache
from itertools import groupby

from nicegui import ui

from lamppost.register import words
from lamppost.register.feed import ChannelKey, Feed, key_of
from lamppost.register.live import ChannelView, Snapshot
from lamppost.register.markup import Markup, icon, tag
from lamppost.register.panels.gauge import band_gauge, curve
from lamppost.register.panels.rows import Block, Row, Rows

ROWS_MAX = 400
SENSOR_FLAGS = frozenset({"range", "stuck", "spike", "gap", "bad"})


def tone(channel: ChannelView) -> str:
    """Return the class of a line: "stale", "sensor_fault", "process_anomaly" or "good"."""
    if channel.stale:
        return "stale"
    if SENSOR_FLAGS & set(channel.flags):
        return "sensor_fault"
    return "process_anomaly" if "anomaly" in channel.flags else "good"


def needs_a_look(channel: ChannelView) -> bool:
    """Return True for a channel that is anything but good."""
    return tone(channel) != "good"


def row_key(key: ChannelKey) -> str:
    """Return the key of a channel's line."""
    return "/".join(key)


@lru_cache(maxsize=2 * ROWS_MAX)
def channel_row(
    channel: ChannelView, now_ms: int, recent: tuple[float | None, ...] = ()
) -> Row:
    """Return one channel as a line; all open pages share what was drawn for a snapshot."""
    markup = Markup.join_all(
        [
            tag("div.name", channel.metric),
            value_markup(channel, now_ms),
            tag("div.place", band_gauge(channel)),
            tag("div.trend", curve(recent)),
            tag("div.quality", *_quality(channel)),
            tag("div.age", words.ago(channel.time_ms, now_ms)),
        ]
    )
    classes = f"channel {tone(channel)}"
    if isinstance(channel.value, bool | str):
        classes += " discrete"
    if words.ago(channel.time_ms, now_ms) == "now":
        classes += " fresh"
    return Row(row_key(key_of(channel)), markup, classes, opens=True)


def value_markup(channel: ChannelView, now_ms: int) -> Markup:
    """Return the value with its unit; a stale one is told as past, never as present."""
    sign = words.unit(channel.unit)
    text = words.value_text(channel.value)
    if channel.stale:
        last = "no value yet" if channel.value is None else f"last {text} {sign}".strip()
        when = words.moment(channel.time_ms, now_ms)
        told = tag("span.sub", last, title=f"at {when}")
        return tag("div.value", tag("b.stale", icon("stale"), "stale"), told)
    shown = tag("span.unit", sign, title=channel.unit) if channel.value is not None else ""
    return tag("div.value", tag("b", text), " ", shown)


def _quality(channel: ChannelView) -> list[Markup]:
    if channel.stale:
        return [tag("span.chip.stale", "no data")]
    if not channel.flags:
        return [tag("span.chip.good", "good")]
    return [tag(f"span.chip.{_flag_tone(word)}", words.flag(word)) for word in channel.flags]


def _flag_tone(word: str) -> str:
    if word in SENSOR_FLAGS:
        return "sensor_fault"
    return "process_anomaly" if word == "anomaly" else "quiet"


def group_row(node: str, device: str, members: list[ChannelView]) -> Row:
    """Return the heading of a device's channels."""
    looks = sum(needs_a_look(channel) for channel in members)
    told = words.count(len(members), "channel")
    if looks:
        told += f", {looks} to look at"
    markup = tag(
        "div.group", tag("b", device or "the node itself"), tag("span.sub", node, " · ", told)
    )
    group = members[0].group
    return Row(f"group:{group}/{node}/{device}", markup, "heading")


def matches(channel: ChannelView, text: str) -> bool:
    """Return True when every word of the filter is in the channel's names."""
    names = f"{channel.node} {channel.device} {channel.metric} {channel.unit}".lower()
    return all(part in names for part in text.lower().split())


class Channels:
    """The live table on the page.

    Args:
        feed: Where the small curves come from.
        on_open: Called with the channel that is clicked.
    """

    def __init__(self, feed: Feed, on_open: Callable[[ChannelKey], Awaitable[None]]) -> None:
        self._feed = feed
        self._on_open = on_open
        self._keys: dict[str, ChannelKey] = {}
        with ui.element("div").classes("section-title"):
            self._title = Block()
            self._text = ui.input(placeholder="Filter").props(
                'dense outlined clearable debounce=200 aria-label="Filter channels"'
            )
            self._only = ui.checkbox("Only those to look at").props("dense")
        self._rows = Rows("rows channels", self._clicked)
        self._more = Block("more")
        self._snapshot: Snapshot | None = None
        self._text.on_value_change(self._again)
        self._only.on_value_change(self._again)

    def show(self, snapshot: Snapshot) -> None:
        """Show the present values."""
        self._snapshot = snapshot
        chosen = [
            channel
            for channel in snapshot.channels
            if matches(channel, self._text.value or "")
            and (not self._only.value or needs_a_look(channel))
        ]
        chosen.sort(key=key_of)
        self._keys = {
            row_key(key_of(channel)): key_of(channel) for channel in chosen[:ROWS_MAX]
        }
        self._title.show(tag("h2", "Channels"))
        self._rows.show(self._lines(chosen[:ROWS_MAX], snapshot.time_ms))
        self._more.show(_more(len(snapshot.channels), len(chosen)))

    def _lines(self, chosen: list[ChannelView], now_ms: int) -> list[Row]:
        lines = []
        for (_, node, device), members in groupby(chosen, key=lambda c: key_of(c)[:3]):
            together = list(members)
            lines.append(group_row(node, device, together))
            lines.extend(
                channel_row(channel, now_ms, self._feed.recent(key_of(channel)))
                for channel in together
            )
        return lines

    def _again(self) -> None:
        if self._snapshot is not None:
            self.show(self._snapshot)

    async def _clicked(self, key: str) -> None:
        if key in self._keys:
            await self._on_open(self._keys[key])


def _more(known: int, chosen: int) -> Markup:
    if not known:
        return tag("p.note", "No channel yet. A device's birth announces its channels.")
    if not chosen:
        return tag("p.note", f"None of {words.count(known, 'channel')} fits the filter.")
    if chosen > ROWS_MAX:
        return tag("p.note", f"{chosen - ROWS_MAX} more; narrow the filter to see them.")
    return Markup("")
