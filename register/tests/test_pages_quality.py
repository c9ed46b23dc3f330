"""The card of quality: of one stream its parts by day, of several their scores, in Chromium."""

from dataclasses import replace
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lamppost.register.days import desk
from lamppost.register.days.day import DAY_MS, Day
from lamppost.register.pages import assets, quality
from lamppost.register.pages import map as map_page
from lamppost.register.pages.quality_svg import svg
from lamppost.register.records.births import stream_id
from lamppost.register.records.store import Register

from .city import City
from .consoles import serving
from .looking import PHONE, check_sound
from .registers import CHANNEL, FLOW, LEVEL, T0, birth
from .test_days import START_MS

pytestmark = pytest.mark.asyncio(loop_scope="module")

GOOD = Day(1_440, 0, 20.0, 21.0, 22.0, 23.0, 5.0)
STUCK = replace(GOOD, minutes=720, flagged=9, flags={"stuck": 9}, late=3)
OTHER = "riverside/station/pump-1/level"
EARLIER = START_MS - 9 * DAY_MS


@pytest.fixture
def graded(register: Register, tmp_path: Path) -> Register:
    """A pump with a flow, which had a bad day among eight, and a level of one day."""
    register.observe_births([birth(FLOW, LEVEL, at_ms=EARLIER)])
    (tmp_path / "a.csv").write_text("id,name,class\np,Pump,pump\nlone,Lone,pump\n")
    register.import_assets(tmp_path / "a.csv", "ada")
    for channel in (CHANNEL, OTHER):
        register.bind(channel, "p", "state", "ada", T0)
    with register.database.writing() as connection:
        for n in range(1, 9):
            days = {CHANNEL: STUCK if n == 2 else GOOD} | ({OTHER: Day(0)} if n == 1 else {})
            desk.keep(connection, START_MS - n * DAY_MS, days, T0)
    return register


async def test_an_asset_shows_the_days_of_its_channels(graded: Register) -> None:
    """A row each in the picture, seven days; the table has the newest with all its parts."""
    seen = assets.load(graded, "p").quality
    assert [sum(d.channel == c for d in seen.days) for c in seen.channels] == [7, 1]
    body = quality.card(seen)
    assert body.count('<g class="good"') == 6
    assert body.count('<g class="poor"') == body.count('<g class="fair"') == 1
    assert body.count('<g class="none"') == 6
    assert ">1440 minutes without a reading<" in body.replace("\N{NARROW NO-BREAK SPACE}", "")
    lone = quality.card(assets.load(graded, "lone").quality)
    assert "No channel tells of it." in lone


async def test_a_stream_on_the_map_shows_its_parts_by_day(graded: Register) -> None:
    """Six parts and the score; a bad day says what was wrong."""
    focus = f"stream:{stream_id(CHANNEL, EARLIER)}"
    body = map_page.draw(graded, {"focus": focus}).body
    for words in (">Score<", ">Accuracy<", "9 minutes stuck; 3 readings late", ">none<"):
        assert words in body, words
    assert body.count("<tr") > 7
    device = map_page.draw(graded, {"focus": "device:riverside/station/pump-1"}).body
    assert "Quality on the newest day" in device
    assert "Quality" not in map_page.draw(graded, {"focus": "node:riverside/station"}).body


async def test_before_the_first_day_is_over_it_says_so(register: Register) -> None:
    """No picture of nothing."""
    register.observe_births([birth(FLOW)])
    with register.database.reading() as connection:
        body = quality.card(quality.load(connection, [CHANNEL]))
    assert "No day was graded yet" in body
    assert "<svg" not in body


async def test_what_is_nearly_good_is_not_good() -> None:
    """Grades are rounded down, and what is below nine tenths has another colour and number."""
    drawn = svg([("a" * 40, {0: 0.8999, DAY_MS: None})], [0, DAY_MS])
    assert '<g class="fair"' in drawn
    assert ">89<" in drawn
    assert '<g class="none"' in drawn
    assert "a" * 20 not in drawn


async def test_quality_on_a_phone(browser: Browser, city: City, graded: Register) -> None:
    """On the asset's card and on the map nothing scrolls sideways, axe finds nothing."""
    with serving(city, graded) as console:
        page = await browser.new_page(viewport=PHONE)
        await page.goto(f"{console.url}/assets/p")
        await expect(page.locator("svg.grades")).to_be_visible()
        await check_sound(page)
        await page.goto(f"{console.url}/map?focus=stream%3A{stream_id(CHANNEL, EARLIER)}")
        await expect(page.get_by_role("table", name="Quality by day")).to_be_visible()
        await check_sound(page)
        await page.close()
