"""The register's pages with access on: what a steward does, what others see of it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, Locator, Page, expect

from lamppost.register.indicators.definitions import period
from lamppost.register.pages import indicator_list
from lamppost.register.records.boundary import Boundary
from lamppost.register.records.store import Register
from lamppost.register.resources import deciding
from lamppost.register.serve import Console

from .city import City
from .consoles import serving
from .registers import T0, Clock
from .test_imports import GOOD, assets
from .test_indicators import SMART_LAMP, city
from .test_pages_reviews import LATER, entry
from .test_pages_sign_in import entered
from .test_sign_in import enter

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def served(city: City, register: Register) -> Iterator[Console]:
    """A console with access on, a steward, a viewer, and a review that is overdue."""
    enter(register, "sue", "steward")
    enter(register, "vic", "viewer")
    with register.changing("sue") as writer:
        facts = {"name": "Old", "owner": "City", "steward": "sue"}
        deciding.enter(writer, "old", "dataset", facts | {"review_due_on": "2025-10-01"})
    with serving(city, register, access=True) as console:
        yield console


async def test_a_steward_attests_imports_and_takes_a_pack(
    browser: Browser, served: Console, register: Register, tmp_path: Path
) -> None:
    """All under the name of the session: no page asks for one, and the trail has it."""
    page = await entered(browser, served.url, "sue", "/reviews")
    await expect(page.locator(".filters").get_by_label("Steward")).to_have_value("sue")
    await page.get_by_role("button", name="Attest: Old").press("Enter")
    dialog = page.get_by_role("dialog", name="What is written here is true")
    await dialog.get_by_label("Look again on").fill(LATER)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Attested")
    assert entry(register, "old")["attested_by"] == "sue"
    await page.goto(f"{served.url}/import")
    (tmp_path / "good.csv").write_bytes(GOOD)
    await expect(page.get_by_role("button", name="Send and check")).to_be_enabled()
    await page.get_by_label("File").set_input_files(tmp_path / "good.csv")
    await page.get_by_role("button", name="Send and check").press("Enter")
    await page.get_by_role("button", name="Enter it").press("Enter")
    await page.get_by_role("dialog").get_by_role("button", name="Enter").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Entered: 2 new assets")
    assert {one.who for one in register.trail("asset").items} == {"sue"}
    await page.goto(f"{served.url}/indicators/iso37122-2019%3A7.6?period=2025-10")
    await expect(page.get_by_label("Who makes it")).to_have_count(0)
    async with page.expect_download() as coming:
        await page.get_by_role("button", name="Make the evidence pack").press("Enter")
    assert (await coming.value).suggested_filename.endswith("-2025-10.zip")
    assert assets(register) == ["p-1", "p-2"]
    await page.context.close()


async def test_two_people_sign_what_a_sheet_shows(
    browser: Browser, served: Console, register: Register, clock: Clock
) -> None:
    """Owner and steward, each under the name of the session; the second is somebody else."""
    city(register, ("lamp-1", "lamp", {}, SMART_LAMP))
    clock.now_ms = T0 + 60_000
    enter(register, "bob", "steward")
    sheet = "/indicators/iso37122-2019:7.6?period=2025-10"
    page = await entered(browser, served.url, "sue", sheet)
    await expect(page.locator(".acting")).to_contain_text("Its owner has not signed")
    await page.get_by_role("button", name="Sign it").press("Enter")
    dialog = dialog_of(page)
    await dialog.get_by_label("What there is to say").fill("counted on site")
    await dialog.get_by_role("button", name="Sign").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Signed as its owner")
    await expect(page.locator(".acting")).to_contain_text("sue, has signed")
    await page.get_by_role("button", name="Sign it").press("Enter")
    await dialog.get_by_role("button", name="Sign").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("four eyes look at it")
    await page.context.close()
    page = await entered(browser, served.url, "bob", sheet)
    await expect(page.locator(".acting")).to_contain_text("sue, has signed")
    await page.get_by_role("button", name="Sign it").press("Enter")
    await dialog_of(page).get_by_role("button", name="Sign").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Signed as its steward")
    await expect(page.get_by_role("button", name="Sign it")).to_have_count(0)
    await page.context.close()
    assert [one.who for one in register.trail("indicator_signoff").items] == ["sue", "bob"]


def dialog_of(page: Page) -> Locator:
    """Return the dialog that signs."""
    return page.get_by_role("dialog", name="This value is true")


async def test_a_viewer_reads_and_changes_nothing(browser: Browser, served: Console) -> None:
    """No buttons on the reviews, no page to import on, no paths on the settings."""
    page = await entered(browser, served.url, "vic", "/reviews?steward=*")
    await expect(page.locator(".acting")).to_contain_text("review was due 2025-10-01")
    await expect(page.get_by_role("button", name="Attest")).to_have_count(0)
    answer = await page.goto(f"{served.url}/import")
    assert answer is not None
    assert answer.status == 403
    await page.goto(f"{served.url}/indicators/iso37122-2019%3A7.6?period=2025-10")
    await expect(page.get_by_role("button", name="Make the evidence pack")).to_be_visible()
    await expect(page.get_by_role("button", name="Set a target")).to_have_count(0)
    await page.goto(f"{served.url}/settings")
    await expect(page.locator(".acting")).to_contain_text("vic")
    await expect(page.locator(".acting")).not_to_contain_text("Data folder")
    await page.context.close()


async def test_who_is_for_some_districts_is_told_so(register: Register, clock: Clock) -> None:
    """An indicator of a part is not taken for that of the city."""
    city(
        register,
        ("in", "lamp", {"district": "Old Town"}, SMART_LAMP),
        ("out", "lamp", {"district": "Harbour"}, ()),
    )
    clock.now_ms = T0 + 60_000
    asked = {"period": period("2025-10").name}
    part = indicator_list.draw(register.within(Boundary(["Old Town"])), asked).body
    assert "Only what lies in Old Town" in part
    assert "<b>100.0 %</b>" in part
    whole = indicator_list.draw(register, asked).body
    assert "Only what lies" not in whole
    assert "<b>50.00 %</b>" in whole
