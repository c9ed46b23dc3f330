"""The alarms page in headless Chromium: what people do, and what two of them do at once."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
import pytest_asyncio
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from lamppost.register.alarms import desk, escalation
from lamppost.register.pages.alarm_list import Filters, load
from lamppost.register.pages.alarm_rows import row
from lamppost.register.pages.deeds import asked
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .city import City
from .consoles import serving
from .registers import T0, incident

pytestmark = pytest.mark.asyncio(loop_scope="module")

EVIL = "<img src=x onerror=\"document.title='owned'\">"
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]}


@pytest.fixture
def served(city: City, register: Register) -> Iterator[Console]:
    """A console with three alarms: a leak, a hostile name, and one that is over."""
    with register.changing(desk.WHO) as writer:
        leak, stuck = incident("a"), incident("b", incident_class="sensor_fault", device=EVIL)
        desk.observe(writer, [leak, stuck, incident("c", closed_ms=T0 + 1)])
    with serving(city, register) as console:
        yield console


@pytest_asyncio.fixture(loop_scope="module")
async def page(browser: Browser, served: Console) -> AsyncIterator[Page]:
    """The open page of somebody named ada."""
    context = await browser.new_context(viewport={"width": 1440, "height": 900})
    page = await context.new_page()
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    await page.goto(f"{served.url}/alarms")
    await expect(page.locator(".alarm")).to_have_count(3)
    await page.get_by_label("Your name").fill("ada")
    yield page
    await context.close()
    assert complaints == []


def state(register: Register, one: str) -> tuple[str, str | None, str | None]:
    """Return state, reason of a hold, and assignee."""
    with register.changing("nobody") as writer:
        row = writer.load(desk.KIND, [one])[one]
    return row["state"], row["hold_reason"], row["assignee"]


async def test_an_alarm_is_acknowledged_shelved_and_assigned_by_keyboard(
    page: Page, register: Register
) -> None:
    """Every deed is reached without a mouse, says what came of it, and is kept under a name."""
    line = page.locator(".alarm", has_text="pump-1").last
    await line.get_by_role("button", name="Acknowledge").press("Enter")
    await expect(page.get_by_role("status")).to_have_text(re.compile("Acknowledged"))
    await expect(line).to_contain_text("acknowledged by ada")
    await expect(line.get_by_role("button", name="Shelve")).to_be_focused()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog", name="Shelve this alarm")
    await dialog.get_by_label("For how long").select_option("4")
    await dialog.get_by_label("Why").fill("pump is being replaced")
    await dialog.get_by_role("button", name="Shelve").press("Enter")
    await expect(line).to_contain_text("by ada: pump is being replaced")
    await line.get_by_role("button", name="Assign").press("Enter")
    await expect(page.get_by_label("To whom")).to_be_focused()
    await page.keyboard.type("bob")
    await page.keyboard.press("Enter")
    await expect(line).to_contain_text("assigned to bob")
    assert state(register, "a") == ("shelved", "pump is being replaced", "bob")
    await line.get_by_role("button", name="Take off shelf").press("Enter")
    await expect(line.locator(".standing b")).to_have_text("Acknowledged")


async def test_an_alarm_says_when_it_is_passed_on(register: Register) -> None:
    """To whom, while it waits; acknowledged, it is not."""
    with register.changing(desk.WHO) as writer:
        desk.observe(writer, [incident("a", severity=1.0)])
        escalation.decide(writer, 2, 5, ["<b>shift</b>", "chief"])
    (shown,) = load(register, Filters()).items
    told = row(shown, T0).markup
    assert "to be passed on to &lt;b&gt;shift&lt;/b&gt; 08:58:20Z" in told
    passed = replace(shown, alarm=replace(shown.alarm, escalation=1))
    assert "passed on 1 time, last to &lt;b&gt;shift" in row(passed, T0).markup
    assert "to be passed on to chief" in row(passed, T0).markup
    done = replace(shown, alarm=replace(shown.alarm, state="acknowledged"))
    assert "passed on" not in row(done, T0).markup


async def test_who_decides_on_an_old_version_is_told(page: Page, register: Register) -> None:
    """A colleague was faster: nothing is done, the message says so, the list is as it is."""
    line = page.locator(".alarm", has_text="pump-1").last
    await line.get_by_role("button", name="Assign").click()
    with register.changing("bob") as writer:
        desk.assign(writer, "a", "bob")
    await page.get_by_label("To whom").fill("cyd")
    await page.get_by_label("To whom").press("Enter")
    said = page.get_by_role("status")
    await expect(said).to_contain_text("Not done, somebody was faster: version: came 1")
    await expect(line).to_contain_text("assigned to bob")
    assert state(register, "a")[2] == "bob"


async def test_nobody_acts_without_a_name(page: Page, register: Register) -> None:
    """The audit trail needs one."""
    await page.get_by_label("Your name").fill(" ")
    await page.get_by_role("button", name="Acknowledge").first.click()
    await expect(page.get_by_role("status")).to_contain_text("say first who acts")
    assert state(register, "a")[0] == "unacknowledged"


async def test_hostile_names_stay_text(page: Page) -> None:
    """Markup in a device's name is shown, in the line and in the dialog."""
    line = page.locator(".alarm.sensor_fault")
    await expect(line.locator(".where b")).to_contain_text(EVIL)
    await line.get_by_role("button", name="Shelve").click()
    await expect(page.locator("dialog[open] .about")).to_contain_text(EVIL)
    await expect(page).to_have_title("Alarms - Lamppost")


async def test_filters_stand_in_the_address(page: Page, served: Console) -> None:
    """What the form asks for can be sent to a colleague; a wrong one is told."""
    await page.get_by_label("State").select_option("returned_unacknowledged")
    await page.get_by_role("button", name="Show").press("Enter")
    await expect(page.locator(".alarm")).to_have_count(1)
    assert "state=returned_unacknowledged" in page.url
    await expect(page.get_by_label("Your name")).to_have_value("ada")
    await page.goto(f"{served.url}/alarms?incident=b")
    await expect(page.locator(".alarm")).to_have_count(1)
    await page.goto(f"{served.url}/alarms?class=%3Cb%3E")
    await expect(page.get_by_role("status")).to_contain_text("class: came '<b>', allowed")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_a_phone(
    browser: Browser, served: Console, scheme: str
) -> None:
    """No rule of WCAG 2.1 AA is broken, nothing scrolls sideways, with the dialog open too."""
    page = await browser.new_page(
        viewport={"width": 390, "height": 844},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    await page.goto(f"{served.url}/alarms")
    await expect(page.locator(".alarm")).to_have_count(3)
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
    brightness = sum(int(part) for part in re.findall(r"\d+", ground)[:3]) / 3
    assert (brightness < 60) == (scheme == "dark")
    found = await Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    await page.get_by_role("button", name="Shelve").first.click()
    found = await Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    await page.close()


@pytest.mark.parametrize("told", [None, [], "x", {"version": "9" * 5}, {"record": 7}])
async def test_what_a_browser_sends_is_only_text(told: object) -> None:
    """Anything else counts as not said."""
    read = asked(told)
    assert (read.deed, read.record, read.by) == ("", "", "")
