"""Settings: what each role sees, and the page in headless Chromium."""

from collections.abc import Iterator

import pytest
from playwright.async_api import Browser, expect

from lamppost.register import configured
from lamppost.register.access.callers import DEMO, Caller
from lamppost.register.configured import Setting
from lamppost.register.pages import boards, escalations
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.settings import draw
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register

from .city import City
from .consoles import serving
from .looking import PHONE, check_sound
from .test_pages_alarms import EVIL

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(autouse=True)
def told() -> Iterator[None]:
    """An aggregator has told what it runs with."""
    configured.tell([Setting("data", "spool_mb", EVIL, "megabytes", is_default=False)])
    yield
    configured.tell([])


async def test_who_looks_is_told_who_they_are(register: Register) -> None:
    """Name, role, districts and what they may; a viewer sees neither paths nor the file."""
    viewer = Caller("vic", "viewer", ("Old Town",))
    body = draw(register, viewer, with_access=True).body
    for words in ("vic", "viewer", "Old Town", "people sign in"):
        assert words in body
    assert "act on alarms" not in body
    assert str(register.data_dir) not in body
    assert "spool_mb" not in body


async def test_what_rules_is_told(register: Register, monkeypatch: pytest.MonkeyPatch) -> None:
    """In demo mode all of it: records, trail, city, Grafana, escalation, the file."""
    (register.data_dir / "city.toml").write_text("population = 1000\n")
    monkeypatch.setenv(boards.VARIABLE, "ftp://x")
    body = draw(register, DEMO, with_access=False).body
    for words in (
        "demo mode",
        register.address,
        "0 entries",
        "not said",
        "LAMPPOST_GRAFANA_URL: came &#x27;ftp://x&#x27;",
        "after each 10 min",
        "spool_mb",
        "the file",
    ):
        assert words in body, words
    (register.data_dir / "city.toml").write_text("population = -1\n")
    assert "came -1, allowed" in draw(register, DEMO, with_access=False).body


async def test_without_an_aggregator_the_page_says_so(register: Register) -> None:
    """The register can be served by itself."""
    configured.tell([])
    assert "No aggregator has told" in draw(register, DEMO, with_access=False).body


async def test_settings_on_a_phone(browser: Browser, city: City, register: Register) -> None:
    """Hostile text stays text, nothing scrolls sideways, axe finds nothing."""
    with serving(city, register) as console:
        page = await browser.new_page(viewport=PHONE)
        await page.goto(f"{console.url}/settings")
        await expect(page.get_by_role("table", name="data")).to_contain_text(EVIL)
        await page.get_by_label("Your name").fill("sue")
        await page.get_by_role("button", name="Change: alarms of high priority").press("Enter")
        dialog = page.get_by_role("dialog", name="When alarms of high priority")
        await dialog.get_by_label("Minutes before").fill("7")
        await dialog.get_by_label("Whom the first time").fill("Shift lead")
        await dialog.get_by_role("button", name="Decide").press("Enter")
        await expect(page.get_by_role("status")).to_contain_text("from now on")
        row = page.get_by_role("row", name="high")
        await expect(row).to_contain_text("each 7 min")
        await expect(row).to_contain_text("Shift lead, then nobody in particular")
        await check_sound(page)
        await page.close()


async def test_what_is_no_escalation_is_told(register: Register) -> None:
    """Minutes that are none, another deed; not everybody has buttons."""
    for deed, minutes in (("escalate-2", "soon"), ("escalate-9", "1"), ("2", "1")):
        wanted = Asked(deed, "2", "sue", None, {"minutes": minutes})
        with pytest.raises(RefusedError, match="came"), register.changing("sue") as writer:
            escalations.done(writer, wanted)
    for caller in (Caller("vic", "viewer"), Caller("wes", "steward", ("west",))):
        assert "data-deed" not in draw(register, caller, with_access=True).body
    assert "data-deed" in draw(register, Caller("sue", "steward"), with_access=True).body
