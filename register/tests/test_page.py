"""The page in headless Chromium, against a city that changes under it."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Page, expect

from lamppost.register.serve import Console

from .city import City
from .consoles import serving

pytestmark = pytest.mark.asyncio(loop_scope="module")


class Watched:
    """A page that remembers what it asked for and what it complained of."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.requests: list[str] = []
        self.complaints: list[str] = []
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("websocket", lambda socket: self.requests.append(socket.url))
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if message.type in ("error", "warning")
                else None
            ),
        )


@pytest_asyncio.fixture(loop_scope="module")
async def watched(browser: Browser, console: Console) -> AsyncIterator[Watched]:
    """The open page; afterwards nothing may have left the host or failed in the browser."""
    page = await browser.new_page(viewport={"width": 1440, "height": 900})
    seen = Watched(page)
    await page.goto(console.url)
    await expect(page.locator(".headline h1")).not_to_have_text("Waiting for the aggregator")
    yield seen
    await page.close()
    own = f"127.0.0.1:{console.port}/"
    allowed = (f"http://{own}", f"ws://{own}", "data:", "blob:")
    assert [url for url in seen.requests if not url.startswith(allowed)] == []
    assert any(url.startswith("ws://") for url in seen.requests)
    assert seen.complaints == []


async def test_the_page_tells_the_whole_state(watched: Watched) -> None:
    """Headline, chain, nodes, channels, gauges and ledger are there on first sight."""
    page = watched.page
    await expect(page.locator(".headline h1")).to_have_text(
        "37 channels of 3 nodes report, none stale"
    )
    await expect(page.locator(".chain")).to_contain_text("Broker ok")
    await expect(page.locator(".node")).to_have_count(3)
    await expect(page.locator(".node", has_text="pump-station-1")).to_contain_text(
        "could stay offline 61 h"
    )
    await expect(page.locator(".channel")).to_have_count(37)
    await expect(page.locator(".gauge .mark").first).to_be_visible()
    await expect(page.locator(".ledger .chip.good")).to_have_count(3)
    await expect(page.locator("footer")).to_contain_text("this machine only")
    await expect(page).to_have_title("Lamppost")


async def test_values_change_in_place(watched: Watched, city: City) -> None:
    """A new value arrives without the line or the page being built anew."""
    page = watched.page
    line = page.locator(".channel", has_text="humidity")
    await expect(line).to_contain_text("71.00 %")
    await line.evaluate("element => { element.wasHere = true }")
    city.change("mast", "humidity", value=64.5)
    await expect(line).to_contain_text("64.50 %")
    assert await line.evaluate("element => element.wasHere")


async def test_events_appear_with_class_and_reason_and_go(watched: Watched, city: City) -> None:
    """A leak and a stuck sensor are told apart; what ends moves to the ones that are over."""
    page = watched.page
    await expect(page.locator(".more .calm")).to_contain_text("Nothing is open")
    city.leak()
    city.stick()
    opened = page.locator(".event:not(.closed)")
    await expect(opened).to_have_count(2)
    await expect(opened.nth(0)).to_contain_text("Process anomaly")
    await expect(opened.nth(0)).to_contain_text("Flow is 55.1 L/s where 42.0 was expected")
    await expect(opened.nth(1)).to_contain_text("Sensor fault")
    await expect(page.locator(".channel.process_anomaly")).to_contain_text("unexpected")
    await expect(page.locator(".channel.sensor_fault")).to_contain_text("stuck")
    await expect(page).to_have_title("(2) Lamppost")
    city.events[0] = replace(city.events[0], end_ms=city.now_ms)
    await expect(opened).to_have_count(1)
    await expect(page.locator(".event.closed")).to_contain_text("pump-1/flow")


async def test_an_incident_unfolds_into_its_events(watched: Watched, city: City) -> None:
    """One line at first; a click shows its events, another one hides them."""
    page = watched.page
    city.burst()
    line = page.locator(".event.incident")
    await expect(line).to_contain_text("flow rose to 55.1 L/s (expected 39.5 to 44.5)")
    await expect(page.locator(".event")).to_have_count(1)
    await line.click()
    await expect(page.locator(".event.within")).to_have_count(3)
    await expect(page.locator(".event.within").first).to_contain_text("rose to 55.1 L/s")
    await page.locator(".event.within").first.click()
    card = page.locator(".chart-card")
    await expect(card).to_contain_text("pump-1/flow")
    await expect(card.locator("canvas")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(card).to_be_hidden()
    await line.focus()
    await page.keyboard.press("Enter")
    await expect(page.locator(".event.within")).to_have_count(0)


async def test_lines_keep_their_order_when_some_come_and_go(
    watched: Watched, city: City
) -> None:
    """A channel that appears stands where its name belongs."""
    page = watched.page
    key = next(k for k in city.channels if k[3] == "no2")
    gone = city.channels.pop(key)
    names = page.locator(".channel .name")
    await expect(names).to_have_count(36)
    city.channels[key] = gone
    await expect(names).to_have_count(37)
    told = await page.locator(".heading, .channel").evaluate_all(
        "lines => lines.slice(0, 6).map(l => (l.querySelector('.name, b')).textContent)"
    )
    assert told == ["mast", "humidity", "no2", "pm2_5", "temperature", "cabinet-1"]


async def test_stale_is_a_state(watched: Watched, city: City) -> None:
    """An offline node's channels are told as stale, with how long ago and no gauge."""
    page = watched.page
    city.go_offline("air-mast-7")
    lines = page.locator(".channel.stale")
    await expect(lines).to_have_count(4)
    await expect(lines.first).to_contain_text("stale")
    await expect(lines.first).to_contain_text("3 min ago")
    await expect(lines.locator(".gauge")).to_have_count(0)
    await expect(page.locator(".node.offline")).to_contain_text("its buffer lasts about 5 days")
    await expect(page.locator(".event")).to_contain_text("Communication")


async def test_a_lost_reading_and_a_full_disk_stand_out(watched: Watched, city: City) -> None:
    """The ledger's verdict turns, and the warning is on top of the page."""
    page = watched.page
    city.ledger[0] = replace(city.ledger[0], taken=city.ledger[0].taken + 3, lost=3)
    city.health = replace(
        city.health, spool="disk full", warnings=("The spool's disk is full.",)
    )
    await expect(page.locator(".ledger").first).to_contain_text("3 lost")
    await expect(page.locator(".warnings")).to_contain_text("The spool's disk is full.")
    await expect(page.locator(".chain .bad")).to_contain_text("disk full")
    await expect(page.locator(".headline")).to_have_class(re.compile("tone-attention"))


async def test_the_filter_narrows_the_table(watched: Watched, city: City) -> None:
    """By name, and to those that need a look."""
    page = watched.page
    await page.get_by_label("Filter channels").fill("pump-2 fl")
    await expect(page.locator(".channel")).to_have_count(1)
    await page.get_by_label("Filter channels").fill("nowhere")
    await expect(page.locator(".more", has_text="None of 37 channels")).to_be_visible()
    await page.get_by_label("Filter channels").fill("")
    city.leak()
    await page.get_by_text("Only those to look at").click()
    await expect(page.locator(".channel")).to_have_count(1)


async def test_a_click_opens_the_chart_of_a_channel(watched: Watched, city: City) -> None:
    """The chart draws, changes its window and closes; the keyboard opens it too."""
    page = watched.page
    city.leak()
    line = page.locator(".channel.process_anomaly")
    await line.click()
    card = page.locator(".chart-card")
    await expect(card.locator("canvas")).to_be_visible()
    await expect(card).to_contain_text("pump-1/flow")
    await expect(card).to_contain_text("55.10 L/s")
    await card.locator("canvas").hover()  # draws the tip; an error in it fails the fixture
    await card.get_by_text("24 h").click()
    await page.keyboard.press("Escape")
    await expect(card).to_be_hidden()
    await line.focus()
    await page.keyboard.press("Enter")
    await expect(card.locator("canvas")).to_be_visible()


async def test_the_chart_of_a_text_lists_its_states(watched: Watched) -> None:
    """A text has no curve; its changes are listed."""
    page = watched.page
    await page.locator(".channel", has_text="mode").first.click()
    await expect(page.locator(".chart-card .states")).to_contain_text("automatic")


async def test_a_store_that_does_not_answer_says_so_in_the_chart(
    watched: Watched, city: City
) -> None:
    """The dialog opens all the same."""
    city.history_fault = OSError("connection refused")
    await watched.page.locator(".channel").first.click()
    note = watched.page.locator(".chart-note")
    await expect(note).to_contain_text("No history can be read: connection refused")


async def test_hostile_names_do_nothing(watched: Watched, city: City) -> None:
    """A metric's name that is markup is shown as the text it is."""
    key = next(iter(city.channels))
    evil = "<img src=x onerror=\"document.title='owned'\">"
    city.channels[key] = replace(city.channels[key], metric=evil)
    await expect(watched.page.locator(".channel .name", has_text="<img src=x")).to_be_visible()
    await expect(watched.page).to_have_title("Lamppost")


async def test_an_aggregator_that_does_not_answer_is_told(watched: Watched, city: City) -> None:
    """After some seconds the headline says that everything below is past."""
    city.hold.clear()
    headline = watched.page.locator(".headline h1")
    await expect(headline).to_contain_text("has not answered")
    city.hold.set()
    await expect(headline).to_contain_text("none stale")


async def test_a_page_without_nodes_says_what_to_do(
    browser: Browser, console: Console, city: City
) -> None:
    """Empty is explained, everywhere."""
    city.nodes.clear()
    city.channels.clear()
    city.ledger.clear()
    page = await browser.new_page()
    await page.goto(console.url)
    await expect(page.locator(".headline h1")).to_have_text("No node has reported yet")
    await expect(page.locator(".headline")).to_contain_text("lamppost edge run CONFIG")
    await expect(page.locator(".more .note")).to_have_count(4)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_it_fits_a_phone_and_follows_the_system(
    browser: Browser, console: Console, city: City, scheme: str
) -> None:
    """No sideways scrolling at 390 pixels, and the ground is as dark as the system wants."""
    city.leak()
    page = await browser.new_page(
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    await page.goto(console.url)
    await expect(page.locator(".channel").first).to_be_visible()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) / 3
    assert (brightness < 60) == (scheme == "dark")


async def test_open_pages_do_not_hold_up_the_end(browser: Browser, city: City) -> None:
    """With a page open, the console still stops at once, and the page says so."""
    with serving(city) as served:
        page = await browser.new_page()
        await page.goto(served.url)
        await expect(page.locator(".channel").first).to_be_visible()
        served.stop()
        await expect(page.locator("#popup")).to_be_visible()
