"""The chart of one channel, in a dialog that keeps itself fresh while it is open."""

import asyncio

from nicegui import ui

from lamppost.register import words
from lamppost.register.feed import ChannelKey, Feed, key_of
from lamppost.register.live import ChannelView, History
from lamppost.register.markup import Markup, tag
from lamppost.register.panels.channels import value_markup
from lamppost.register.panels.curves import chart_options
from lamppost.register.panels.rows import Block

SPANS_MS = {
    "10 min": 10 * words.MINUTE_MS,
    "1 h": words.HOUR_MS,
    "6 h": 6 * words.HOUR_MS,
    "24 h": 24 * words.HOUR_MS,
    "7 days": 7 * words.DAY_MS,
}
POINTS = 600
REFRESH_S = 3.0
STATES_MAX = 50

ECHART = ui.echart
"""Named here so that the library is known to every page before the first chart opens."""


def step_ms(span_ms: int) -> int:
    """Return the width of one point, so that a chart has about `POINTS` of them."""
    return max(span_ms // POINTS, 100)


def states_markup(history: History, now_ms: int) -> Markup:
    """Return the changes of a text channel, the latest first."""
    changes: list[tuple[int, str]] = []
    for time_ms, value in zip(history.time_ms, history.value, strict=True):
        text = words.value_text(value)
        if not changes or changes[-1][1] != text:
            changes.append((time_ms, text))
    lines = [
        tag("li", tag("span.sub", words.moment(time_ms, now_ms)), " ", tag("b", text))
        for time_ms, text in reversed(changes[-STATES_MAX:])
    ]
    return tag("ul.states", *lines)


class ChartDialog:
    """Shows one channel at a time; nothing is read while it is closed.

    Args:
        feed: Where the live view and the present value come from.
    """

    def __init__(self, feed: Feed) -> None:
        self._feed = feed
        self._key: ChannelKey | None = None
        self._chart: ui.echart | None = None
        with ui.dialog() as self._dialog, ui.element("div").classes("chart-card"):
            with ui.element("div").classes("chart-head"):
                self._title = Block("chart-title")
                self._span = ui.toggle(list(SPANS_MS), value="10 min").props(
                    'dense unelevated no-caps toggle-color="primary"'
                )
                ui.button("Close", on_click=self._dialog.close).props("flat dense no-caps")
            self._note = Block("chart-note")
            self._place = ui.element("div").classes("chart-place")
        self._span.on_value_change(self.refresh)
        self._timer = ui.timer(REFRESH_S, self.refresh, active=False)
        self._dialog.on_value_change(lambda event: self._opened(bool(event.value)))

    async def open(self, key: ChannelKey) -> None:
        """Open the chart of a channel."""
        self._key = key
        self._note.show(tag("p.note", "Reading …"))
        self._dialog.open()
        await self.refresh()

    async def refresh(self) -> None:
        """Read the history again and draw it."""
        key = self._key
        if key is None or not self._dialog.value:
            return
        self._head(key)
        span_ms = SPANS_MS[self._span.value]
        to_ms = self._feed.now_ms()
        from_ms = to_ms - span_ms
        try:
            history = await asyncio.to_thread(
                self._feed.live.history, *key, from_ms, to_ms + 1, step_ms(span_ms)
            )
        except (LookupError, OSError) as error:
            self._note.show(tag("p.note.bad", f"No history can be read: {error}"))
            return
        if key == self._key and self._dialog.value:
            self._draw(history, from_ms, to_ms)

    def _opened(self, is_open: bool) -> None:
        self._timer.active = is_open
        if not is_open:
            self._key = None

    def _head(self, key: ChannelKey) -> None:
        channel, now_ms = self._present(key), self._feed.now_ms()
        name = tag("h2", "/".join(filter(None, key[2:])), tag("span.sub", key[1]))
        value = value_markup(channel, now_ms) if channel is not None else Markup("")
        self._title.show(Markup.join_all([name, value]))

    def _present(self, key: ChannelKey) -> ChannelView | None:
        snapshot = self._feed.latest
        channels = snapshot.channels if snapshot is not None else ()
        return next((channel for channel in channels if key_of(channel) == key), None)

    def _draw(self, history: History, from_ms: int, to_ms: int) -> None:
        if not history.time_ms:
            self._note.show(tag("p.note", "No reading in this window; try a longer one."))
        elif any(isinstance(value, str) for value in history.value):
            self._note.show(states_markup(history, to_ms))
        else:
            self._note.show("")
        channel = self._present(self._key) if self._key is not None else None
        options = chart_options(history, channel.unit if channel else "", from_ms, to_ms)
        if self._chart is None:
            with self._place:
                self._chart = ECHART(options).classes("chart")
        else:
            self._chart.options.clear()
            self._chart.options.update(options)
            self._chart.update()
