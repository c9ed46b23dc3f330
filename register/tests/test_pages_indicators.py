"""Indicators: what is shown of a value and of none, the pack, and the pages in Chromium."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lamppost.register.alarms import desk as alarms
from lamppost.register.condition.deciding import aim
from lamppost.register.days import desk as days
from lamppost.register.days.day import DAY_MS, Day
from lamppost.register.evidence.verifying import verify
from lamppost.register.indicators import desk
from lamppost.register.indicators.definitions import CITY_FILE
from lamppost.register.markup import Markup
from lamppost.register.pages import indicator_aims, indicator_list, indicator_sheet
from lamppost.register.pages.deeds import Asked
from lamppost.register.pages.history_svg import svg
from lamppost.register.pages.indicator_list import share, value_text
from lamppost.register.pages.indicator_values import all_values, asked_period, history
from lamppost.register.pages.indicator_values import asked_definition as defined
from lamppost.register.records.boundary import Boundary
from lamppost.register.records.links import RefusedError
from lamppost.register.records.reading import Wanted
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .asking import asking
from .city import City
from .consoles import serving
from .looking import PHONE, check_sound
from .registers import T0, Clock, incident
from .test_indicators import SMART_LAMP, city

pytestmark = pytest.mark.asyncio(loop_scope="module")

LIGHTS = "iso37122-2019:7.6"
HOUSES = "iso37122-2019:12.1"


@pytest.fixture
def lit(register: Register, clock: Clock) -> Register:
    """Two lamps of which one counts; the clock stands in the month."""
    city(
        register,
        ("lamp-1", "lamp", {}, SMART_LAMP),
        ("lamp-2", "lamp", {}, ()),
    )
    clock.now_ms = T0 + 60_000
    return register


def sheet(register: Register, one: str, period: str = "2025-10") -> str:
    """Return the sheet of an indicator."""
    query = {"period": period}
    return indicator_sheet.draw(register, one, query, Markup(""), names=True, aims=False).body


async def test_what_is_missing_is_never_zero(lit: Register) -> None:
    """In the list and on the sheet it is NR, with its reason; a value has unit and status."""
    listed = indicator_list.draw(lit, {"period": "2025-10"}).body
    assert "1 of 31 indicators are measured in 2025-10" in listed
    assert "<b>50.00 %</b>" in listed
    assert "<b>NR</b>" in listed
    assert "no assets of class household are on record" in listed
    shown = sheet(lit, HOUSES)
    assert "Not reported: no assets of class household are on record." in shown
    assert "<b>0" not in shown


async def test_a_sheet_tells_what_a_value_follows_from(lit: Register) -> None:
    """Numerator, formula, trap, inputs with links, lineage, and the way to the map."""
    value = all_values(lit, asked_period(lit, "2025-10"))[1][0]
    shown = sheet(lit, LIGHTS)
    for words in (
        "50.00 %",
        value.lineage,
        "Inputs: 2 assets",
        'href="/assets/lamp-1"',
        "/map?focus=indicator%3Aiso37122-2019%3A7.6",
        "accurate measurements",
        "Looks at",
    ):
        assert words in shown


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "Indicators in 2025-09"),
        ({"status": "measured"}, LIGHTS),
        ({"standard": "u4ssc"}, "u4ssc:EC"),
    ],
)
async def test_what_the_address_asks_for(
    lit: Register, query: dict[str, str], words: str
) -> None:
    """Without a period it is the last month that is over."""
    drawn = indicator_list.draw(lit, {"period": "2025-10", **query} if query else {})
    assert words in drawn.title + drawn.body
    assert (HOUSES in drawn.body) == (not query)


@pytest.mark.parametrize(
    ("query", "words"),
    [({"period": "2025-13"}, "period: came"), ({"status": "good"}, "status: came")],
)
async def test_what_cannot_be_asked_for(
    lit: Register, query: dict[str, str], words: str
) -> None:
    """It is refused, in words."""
    with pytest.raises(RefusedError, match=words):
        indicator_list.draw(lit, query)
    with pytest.raises(RefusedError, match="indicator: came 'x'"):
        sheet(lit, "x")


async def test_values_of_a_month_that_runs_are_kept_for_a_minute(
    lit: Register, clock: Clock
) -> None:
    """And computed anew after it."""
    period = asked_period(lit, "2025-10")
    first_ms, first = all_values(lit, period)
    again_ms, again = all_values(lit, period)
    assert first_ms == again_ms
    assert all(one is other for one, other in zip(first, again, strict=True))
    clock.now_ms += 60_000
    assert all_values(lit, period)[0] == clock.now_ms


async def test_values_of_a_month_that_is_over_are_kept_until_something_changes(
    lit: Register, clock: Clock
) -> None:
    """A link, a day and a fact of the city count at once; time and alarms do not."""
    clock.now_ms = T0 + 40 * DAY_MS
    period = asked_period(lit, "2025-10")
    made_ms = all_values(lit, period)[0]
    clock.now_ms += 3_600_000
    with lit.changing(alarms.WHO) as writer:
        alarms.observe(writer, [incident(device="nobody")])
    assert all_values(lit, period)[0] == made_ms
    (one,) = lit.page("channels", Wanted({}, limit=1)).items
    for change in (
        lambda: lit.calibrate(one.id, "ada", clock.now_ms),
        lambda: kept_day(lit, one.id, period.from_ms),
        lambda: (lit.data_dir / CITY_FILE).write_text("population = 12\n"),
    ):
        clock.now_ms += 1_000
        change()
        assert all_values(lit, period)[0] == clock.now_ms
    inside = lit.within(Boundary(["Elsewhere"]))
    assert all(one.assets == 0 for one in all_values(inside, period)[1])
    assert any(one.assets for one in all_values(lit, period)[1])


def kept_day(register: Register, channel: str, day_ms: int) -> None:
    """Keep a day of a channel."""
    with register.database.writing() as connection:
        days.keep(connection, day_ms, {channel: Day(1_440)}, register.now_ms())


async def test_a_sheet_is_kept_until_what_it_shows_changes(lit: Register, clock: Clock) -> None:
    """The same an hour later; then at once the value and the inputs that a fresh look finds."""
    clock.now_ms = T0 + 40 * DAY_MS
    shown = sheet(lit, LIGHTS)
    assert "<b>50.00 %</b>" in shown
    clock.now_ms += 3_600_000
    assert sheet(lit, LIGHTS) == shown
    (link, *_) = lit.page("links", Wanted({"asset": "lamp-1"}, limit=9)).items
    for change, left in (
        (lambda: city(lit, ("lamp-3", "lamp", {}, ())), 100 / 3),
        (lambda: lit.unbind(link.id, "ada", T0 + 1), 0.0),
    ):
        change()
        with lit.database.reading() as connection:
            month = asked_period(lit, "2025-10")
            fresh = desk.value(connection, defined(LIGHTS), month, {}, clock.now_ms)
        assert fresh.value == left
        for word in (fresh.lineage, f"<b>{value_text(fresh)}</b>", "Inputs: 3 assets"):
            assert word in sheet(lit, LIGHTS)


async def test_the_history_is_twelve_months_up_to_the_period(lit: Register) -> None:
    """Also when the period is a year that is not over."""
    for name in ("2025-10", "2025"):
        found = history(lit, defined(LIGHTS), asked_period(lit, name))
        assert [one.period for one in found][::11] == ["2024-11", "2025-10"]
        assert [one.status for one in found] == ["NR"] * 11 + ["measured"]


async def test_a_picture_of_a_history_has_gaps(lit: Register) -> None:
    """What is missing breaks the line and has its name; what is made up is hollow."""
    known = all_values(lit, asked_period(lit, "2025-10"))[1][0]
    missing = replace(known, value=None, status="NR")
    drawn = svg([known, known, missing, replace(known, status="synthetic"), known])
    assert drawn.count('class="flow"') == 2
    assert drawn.count(">NR<") == 1
    assert drawn.count('class="synthetic"') == 1
    assert drawn.count('class="measured"') == 3
    assert "nan" not in svg([missing])
    assert "nan" not in svg([missing], (0.0, 0.0))
    assert "nan" not in svg([replace(known, value=-3.0), replace(known, value=0.0)])


async def test_target_and_baseline_are_lines_of_the_picture(lit: Register) -> None:
    """Within the scale, with their names apart; without a target there are none."""
    known = all_values(lit, asked_period(lit, "2025-10"))[1][0]
    drawn = svg([known], (80.0, 400.0))
    heights = [float(one) for one in re.findall(r'<line class="(?:goal|baseline)".*?y1="(.*?)"',
                                                drawn)]  # fmt: skip
    assert heights == [pytest.approx(131.2), 16.0]
    assert ">target 400.0<" in drawn
    assert ">baseline 80.00<" in drawn
    same = re.findall(
        r'<text class="(?:goal|baseline)" x="704" y="(.*?)"', svg([known], (5, 5))
    )
    assert len(set(same)) == 2
    assert "baseline" not in svg([known])


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ({"goal": "x"}, "goal: came 'x', allowed: a number"),
        ({"goal": "nan"}, "goal: came 'nan', allowed: a number"),
        ({"baseline": ""}, "baseline: came '', allowed: a number"),
        ({"goal": "-1"}, "goal: came -1.0, allowed: 0 or more"),
        ({"basis": " "}, "basis"),
    ],
)
async def test_a_target_that_is_none_is_refused(
    lit: Register, said: dict[str, str], told: str
) -> None:
    """In words; nothing is kept."""
    good = {"goal": "60", "baseline": "10", "basis": "council"}
    wanted = Asked("aim", LIGHTS, "", None, good | said)
    with pytest.raises(RefusedError, match=told), lit.changing("ada") as writer:
        indicator_aims.done(writer, defined(LIGHTS), wanted)
    assert indicator_aims.aims(lit) == {}


async def test_what_is_nearly_all_is_not_all() -> None:
    """Shares are rounded down."""
    told = [share(part).replace("\N{NARROW NO-BREAK SPACE}", " ") for part in (0.999, 0.29, 1)]
    assert told == ["99 %", "29 %", "100 %"]


async def test_a_pack_is_made_over_http(lit: Register, tmp_path: Path) -> None:
    """By a form; it holds, and what is wrong is told."""
    async with asking(lit) as client:
        path = f"indicators/{LIGHTS}/evidence"
        answer = await client.post(path, data={"period": "2025-10", "by": "ada"})
        wrong = await client.post(path, data={"period": "x", "by": "ada"})
        nobody = await client.post(path, data={"period": "2025-10", "by": ""})
    assert answer.headers["content-type"] == "application/zip"
    assert "evidence-iso37122-2019-7-6-2025-10.zip" in answer.headers["content-disposition"]
    (tmp_path / "pack.zip").write_bytes(answer.content)
    assert verify(tmp_path / "pack.zip").faults == ()
    assert (wrong.status_code, nobody.status_code) == (400, 400)


@pytest.mark.parametrize(
    ("goal", "words"), [(40.0, "40.00 %, met"), (60.0, "60.00 %, not met")]
)
async def test_a_target_stands_beside_the_value(lit: Register, goal: float, words: str) -> None:
    """In the list and on the sheet, with its baseline; of what is NR nobody knows."""
    assert "none is set" in sheet(lit, LIGHTS)
    with lit.changing("ada") as writer:
        for one in (LIGHTS, HOUSES):
            aim(writer, "indicator", one, "indicator", "%", 10.0, goal, "council, 2025")
    shown = sheet(lit, LIGHTS)
    assert words in shown
    assert "council, 2025" in shown
    listed = indicator_list.draw(lit, {"period": "2025-10"}).body
    assert words in listed
    assert f"{goal:.2f} %, not known" in listed


async def test_what_was_kept_is_compared_with_what_is_computed(
    lit: Register, tmp_path: Path
) -> None:
    """Nothing yet, the same, and another lineage after the records have changed."""
    assert "No value of this period was kept yet" in sheet(lit, LIGHTS)
    async with asking(lit) as client:
        path = f"indicators/{LIGHTS}/evidence"
        answer = await client.post(path, data={"period": "2025-10", "by": "ada"})
    assert "has the same lineage" in sheet(lit, LIGHTS)
    assert sha256(answer.content).hexdigest() in sheet(lit, LIGHTS)
    (tmp_path / "a.csv").write_text("id,name,class\nlamp-3,Lamp 3,lamp\n")
    lit.import_assets(tmp_path / "a.csv", "ada")
    shown = sheet(lit, LIGHTS)
    assert "was 50.00, of another lineage" in shown
    assert "measured, of another lineage" in shown


@pytest.fixture
def served(city: City, lit: Register) -> Iterator[Console]:
    """A console with these indicators."""
    with serving(city, lit) as console:
        yield console


async def test_from_the_list_to_the_pack_by_keyboard_on_a_phone(
    browser: Browser, served: Console, lit: Register, tmp_path: Path
) -> None:
    """A target is set and ended under a name, the pack comes as a file; axe finds nothing."""
    page = await browser.new_page(viewport=PHONE)
    await page.goto(f"{served.url}/indicators?period=2025-10")
    await check_sound(page)
    await page.get_by_role("link", name="Street lights run by").press("Enter")
    await expect(page.locator(".figure")).to_contain_text("50.00 %")
    await page.get_by_label("Your name").fill("ada")
    await page.get_by_role("button", name="Set a target").press("Enter")
    dialog = page.get_by_role("dialog", name="What it shall be")
    await dialog.get_by_label("Target").fill("75.5")
    await dialog.get_by_label("Baseline").fill("10")
    await dialog.get_by_label("Where both come from").fill("council, 2025")
    await dialog.get_by_role("button", name="Set").press("Enter")
    await expect(page.get_by_role("status")).to_have_text("The target is 75.50 %.")
    await expect(page.locator("svg.history text.goal")).to_have_text("target 75.50")
    await check_sound(page)
    await page.get_by_role("button", name="End it").press("Enter")
    await expect(page.locator("svg.history .goal")).to_have_count(0)
    assert [one.who for one in lit.trail("target").items] == ["ada", "ada"]
    await page.get_by_label("Who makes it").fill("ada")
    async with page.expect_download() as coming:
        await page.keyboard.press("Enter")
    await (await coming.value).save_as(tmp_path / "pack.zip")
    assert "manifest.json" in zipfile.ZipFile(tmp_path / "pack.zip").namelist()
    await page.close()
