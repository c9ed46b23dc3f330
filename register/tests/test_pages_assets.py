"""The list of assets: what its address asks for, and in headless Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lamppost.register.condition.tables import asset_condition
from lamppost.register.pages import boards
from lamppost.register.pages.asset_list import draw
from lamppost.register.pages.assets import load, markup
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .city import City
from .consoles import serving
from .looking import PHONE, check_sound
from .registers import T0
from .test_pages_alarms import EVIL

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def filled(register: Register, tmp_path: Path) -> Register:
    """Sixty lamps in two districts, a pump with a hostile name, one lamp's condition."""
    lamps = [f"lamp-{n:02},Lamp {n},lamp,{'East' if n % 2 else 'West'},\n" for n in range(60)]
    evil = EVIL.replace('"', '""')
    rows = "".join(lamps) + f'p-1,"{evil} 100%_of",pump,East,5\n'
    (tmp_path / "a.csv").write_text("id,name,class,district,criticality\n" + rows)
    assert register.import_assets(tmp_path / "a.csv", "ada").created == 61
    with register.changing("ada") as writer:
        told = {"asset": "lamp-07", "time_ms": T0, "grade": 4, "status": "known"}
        told |= {"basis": "A", "confidence": 0.8, "reason": "dim"}
        writer.connection.execute(asset_condition.insert().values(**told))
    return register


@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({}, "61 assets, 50 on this page"),
        ({"after": "lamp-49"}, "lamp-50"),
        ({"find": "LAMP 5"}, "11 assets"),
        ({"find": "100%_"}, "1 asset<"),
        ({"find": "0%%"}, "No asset is like that."),
        ({"kind": "pump"}, "1 asset<"),
        ({"district": "West"}, "30 assets"),
        ({"condition": "4"}, "4 of 5, confidence 80%"),
        ({"condition": "unknown"}, "60 assets"),
        ({"condition": "4", "district": "West"}, "No asset is like that."),
    ],
)
async def test_what_the_address_asks_for(
    filled: Register, query: dict[str, str], told: str
) -> None:
    """Words, class, district, condition and page, together; signs of patterns are letters."""
    assert told in draw(filled, query).body


async def test_what_cannot_be_asked_for(filled: Register) -> None:
    """A condition that is none is refused, and so is a value without end."""
    for query in ({"condition": "6"}, {"find": "x" * 600}):
        with pytest.raises(RefusedError, match="came"):
            draw(filled, query)


async def test_boards_are_linked_where_grafana_is_known(
    filled: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The card leads to the asset's board; an address that is none leads nowhere."""
    monkeypatch.setenv(boards.VARIABLE, "https://grafana.example/g/")
    shown = markup(load(filled, "lamp-07"), T0)
    assert 'href="https://grafana.example/g/d/lamppost-asset?var-asset=lamp-07"' in shown
    monkeypatch.setenv(boards.VARIABLE, "javascript:alert(1)")
    assert "Grafana" not in markup(load(filled, "lamp-07"), T0)
    with pytest.raises(RefusedError, match="LAMPPOST_GRAFANA_URL: came 'javascript"):
        boards.address()


@pytest.fixture
def served(city: City, filled: Register) -> Iterator[Console]:
    """A console with these assets."""
    with serving(city, filled) as console:
        yield console


async def test_an_asset_is_found_by_keyboard_on_a_phone(
    browser: Browser, served: Console
) -> None:
    """From the first page by words to the card; nothing scrolls sideways, axe finds nothing."""
    page = await browser.new_page(viewport=PHONE)
    await page.goto(f"{served.url}/assets")
    await expect(page.get_by_role("row")).to_have_count(51)
    await check_sound(page)
    await page.get_by_role("link", name="The next ones").press("Enter")
    await expect(page.get_by_role("row")).to_have_count(12)
    await page.get_by_label("Name or id has").fill("100%")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("rowheader")).to_contain_text(EVIL)
    await page.get_by_role("rowheader").get_by_role("link").press("Enter")
    await expect(page.locator("h1")).to_contain_text(EVIL)
    await page.close()
