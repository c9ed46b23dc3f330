"""The console page: one per browser tab, updated in place once a second."""

from fastapi import Request
from nicegui import ui
from starlette.responses import Response

from lamppost.register import words
from lamppost.register.access import callers
from lamppost.register.feed import ChannelKey, Feed
from lamppost.register.markup import Markup, icon, tag
from lamppost.register.pages.top import signed, too_many, ways
from lamppost.register.panels.channels import Channels
from lamppost.register.panels.chart import ChartDialog
from lamppost.register.panels.event_rows import open_items
from lamppost.register.panels.events import Events
from lamppost.register.panels.headline import Headline
from lamppost.register.panels.ledger import Ledger
from lamppost.register.panels.nodes import Nodes
from lamppost.register.panels.rows import Block
from lamppost.register.theme import CSS, style

TICK_S = 1.0

DEMO_NOTE = "Demo mode: without sign-in, and served to this machine only."


class Page:
    """Everything on one page.

    Args:
        feed: Where the snapshots come from.
        request: The page's; sign-in has noted in it who looks at it.
    """

    def __init__(self, feed: Feed, request: Request) -> None:
        self._feed = feed
        self._opened = -1
        ui.add_head_html(style(CSS))
        self._chart = ChartDialog(feed)
        with ui.element("div").classes("console"):
            with ui.element("header").classes("top"):
                ui.html(tag("div.brand", icon("lamp"), tag("b", "Lamppost"), " console"))
                ui.html(ways(request, "/"))
                ui.html(signed(request))
                self._clock = Block("clock")
            self._headline = Headline()
            with ui.element("div").classes("columns"):
                with ui.element("section").classes("card"):
                    self._events = Events(self._open)
                with ui.element("div").classes("side"):
                    with ui.element("section").classes("card"):
                        self._nodes = Nodes()
                    with ui.element("section").classes("card"):
                        self._ledger = Ledger()
                with ui.element("section").classes("card"):
                    self._channels = Channels(feed, self._open)
            note = Markup("") if callers.of(request).name else tag("span", DEMO_NOTE)
            api = tag("a", "JSON API", href="/api/v0/snapshot")
            ui.html(tag("footer", note, api, tag("span", "Times are UTC.")))
        self.tick()
        ui.timer(TICK_S, self.tick, immediate=False)

    def tick(self) -> None:
        """Bring the page up to the latest snapshot."""
        snapshot = self._feed.latest
        self._headline.show(snapshot, self._feed.silent_ms, self._feed.trouble)
        self._clock.show(tag("time", words.clock(self._feed.now_ms())))
        if snapshot is None:
            return
        self._events.show(snapshot)
        self._nodes.show(snapshot)
        self._channels.show(snapshot)
        self._ledger.show(snapshot)
        opened = len(open_items(snapshot))
        if opened != self._opened:
            self._opened = opened
            ui.page_title(f"({opened}) Lamppost" if opened else "Lamppost")

    async def _open(self, key: ChannelKey) -> None:
        await self._chart.open(key)


def build_page(feed: Feed, request: Request) -> Response | None:
    """Build the page for a browser tab; answers 503 when there are too many of them."""
    refusal = too_many()
    if refusal is not None:
        return refusal
    Page(feed, request)
    return None
