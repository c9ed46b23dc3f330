"""The page of work orders in headless Chromium."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, expect

from lamppost.register.alarms import desk
from lamppost.register.condition.grade import SCALE
from lamppost.register.condition.values import AssetCondition
from lamppost.register.pages.assets import load, markup
from lamppost.register.records.store import Register
from lamppost.register.serve import Console
from lamppost.register.work.desk import Wanted, open_order

from .city import City
from .consoles import serving
from .registers import CHANNEL, FLOW, T0, birth, incident
from .test_pages_alarms import WCAG

pytestmark = pytest.mark.asyncio(loop_scope="module")

NAME = "<img src=x onerror=document.title=1>"


@pytest.fixture
def served(city: City, register: Register, tmp_path: Path) -> Iterator[Console]:
    """A console with one alarm and one asset."""
    (tmp_path / "a.csv").write_text(f"id,name,class\np-1,{NAME},pump\n")
    register.import_assets(tmp_path / "a.csv", "ada")
    with register.changing(desk.WHO) as writer:
        desk.observe(writer, [incident("a")])
    with serving(city, register) as console:
        yield console


async def test_an_alarm_becomes_an_order_that_is_worked_on_and_verified(
    browser: Browser, served: Console, register: Register
) -> None:
    """From the alarm's button to what was found and done; axe finds nothing on the way."""
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    await page.goto(f"{served.url}/alarms")
    await page.get_by_label("Your name").fill("ada")
    await page.get_by_role("button", name="Work order").press("Enter")
    said = page.get_by_role("status")
    await expect(said).to_contain_text("Work order wo-00000001 is open")
    await page.get_by_role("link", name="Work").click()
    line = page.locator(".order")
    await line.get_by_role("button", name="Start").press("Enter")
    await expect(line.locator(".standing b")).to_have_text("In progress")
    found = await Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await line.get_by_role("button", name="Finish").press("Enter")
    await page.get_by_label("What was found").fill("<b>worn</b> seal")
    await page.get_by_label("What was done").fill("seal exchanged")
    await page.get_by_role("dialog").get_by_role("button", name="Finish").press("Enter")
    await expect(line).to_contain_text("found: <b>worn</b> seal")
    await line.get_by_role("button", name="Verify").press("Enter")
    await page.get_by_role("dialog").get_by_label("What shows it").fill("dry since")
    await page.get_by_role("dialog").get_by_role("button", name="Verify").press("Enter")
    await expect(said).to_contain_text("Verified.")
    await expect(line).to_have_count(0)
    trail = register.trail("work_order", "wo-00000001").items
    assert [(one.who, one.what) for one in trail] == [
        ("ada", what) for what in ("create", "start", "finish", "verify")
    ]
    await page.close()


async def test_the_card_of_an_asset(browser: Browser, served: Console) -> None:
    """A hostile name stays text, what is not known is told, one that is not there too."""
    page = await browser.new_page(viewport={"width": 390, "height": 844})
    await page.goto(f"{served.url}/assets/p-1")
    await expect(page.locator("h1")).to_have_text(NAME)
    await expect(page.locator(".asset")).to_contain_text("None was found yet")
    found = await Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.goto(f"{served.url}/assets/none")
    await expect(page.get_by_role("status")).to_contain_text("asset: came 'none'")
    await page.close()


async def test_a_card_that_knows_all(register: Register, tmp_path: Path) -> None:
    """Condition with its reason, channel, alarm and order are on the card of their asset."""
    (tmp_path / "a.csv").write_text("id,name,class\npump-1,Pump 1,pump\n")
    register.import_assets(tmp_path / "a.csv", "ada")
    register.observe_births([birth(FLOW)])
    register.bind(CHANNEL, "pump-1", "capacity_use", "ada", T0)
    with register.changing(desk.WHO) as writer:
        desk.observe(writer, [incident("a")])
    with register.changing("ada") as writer:
        open_order(writer, Wanted(alarm="a"), "ada")
    found = AssetCondition(
        "pump-1", "pump", None, T0, SCALE, 4, "known", "A", 0.8, T0, "flow <b> is low"
    )
    shown = markup(replace(load(register, "pump-1"), condition=found), T0)
    for part in (
        "4 of 5 (1 is best)",
        "confidence 80%",
        "flow &lt;b&gt; is low",
        CHANNEL,
        "/alarms?incident=a",
        "wo-00000001",
        "/work?asset=pump-1",
    ):
        assert part in shown
