"""Use of energy and water against targets: the page's rows, its deeds, and it in Chromium."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from lamppost.register.condition import deciding
from lamppost.register.days import desk as days
from lamppost.register.days.day import DAY_MS, Day
from lamppost.register.pages.deeds import asked
from lamppost.register.pages.use import draw
from lamppost.register.pages.use_aims import aims, done
from lamppost.register.records.boundary import Boundary
from lamppost.register.records.deciding import UnknownError
from lamppost.register.records.links import RefusedError
from lamppost.register.records.refusals import OutsideError
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .city import City
from .consoles import serving
from .looking import PHONE, check_sound
from .registers import T0, birth
from .test_condition import ASSETS, METER, TODAY_MS
from .test_records_import import taken

pytestmark = pytest.mark.asyncio(loop_scope="module")

METERS = {"pump-1": 50.0, "pump-2": 20.0, "main-1": 5.0}
"""By asset: what its meter counts a day."""


@pytest.fixture
def metered(register: Register, tmp_path: Path) -> Register:
    """Three meters of ten days, one of them with a day less; pumps may use 60 kW.h a day."""
    taken(register, tmp_path, ASSETS)
    register.observe_births([birth(METER, device=one) for one in METERS])
    for one in METERS:
        register.bind(f"riverside/station/{one}/energy", one, "state", "ada", T0)
    with register.database.writing() as connection:
        for n in range(1, 11):
            counted = {
                f"riverside/station/{one}/energy": Day(1_440, 0, 1.0, 1.0, 1.0, 1.0, a_day)
                for one, a_day in METERS.items()
                if (one, n) != ("pump-2", 3)
            }
            days.keep(connection, TODAY_MS - n * DAY_MS, counted, T0)
    with register.changing("ada") as writer:
        deciding.aim(writer, "class", "pump", "energy", "kW.h", 80.0, 60.0, "bills <b>")
        deciding.aim(writer, "class", "lamp", "energy", "kW.h", 9.0, 8.0, "plan")
        deciding.aim(writer, "asset", "main-1", "energy", "kW.h", 10.0, 5.0, "plan")
    return register


def goals(register: Register, scope: str = "class") -> dict[str, tuple[float, float]]:
    """Return what holds: baseline and goal of each part."""
    with register.database.reading() as connection:
        return {
            name: (one.baseline, one.goal)
            for name, one in aims(connection, scope, "energy").items()
        }


def do(register: Register, scope: str = "class", subject: str = "pump", **told: str) -> str:
    """Do what a browser asks for."""
    record = {"record": json.dumps([scope, subject, "energy"])}
    with register.changing("sue") as writer:
        return done(writer, "sue", asked(record | told))


async def test_what_misses_its_target_stands_first_with_by_how_much(metered: Register) -> None:
    """Per day of each meter's own days; a target that nobody meters is told, never met."""
    body = draw(metered, {}).body
    for told in (
        "The only target is missed in the last 7 days.",
        "<b>70.00 kWh</b>",
        '60.00 kWh</span> <span class="chip bad">missed by 16\N{NARROW NO-BREAK SPACE}%</span>',
        "12\N{NARROW NO-BREAK SPACE}% less than 80.00 kWh",
        "13 of 14 days",
        "bills &lt;b&gt;",
        "Targets of which nothing was metered",
        "none is set",
    ):
        assert told in body
    assert body.index(">pump<") < body.index(">main<")
    assert "data-deed" not in body
    asset = draw(metered, {"by": "asset", "days": "30"}).body
    assert '<span class="chip good">met</span>' in asset
    assert 'href="/assets/pump-1"' in asset
    assert (
        "Nothing was metered in the last 7 days." in draw(metered, {"resource": "water"}).body
    )
    with metered.changing("ada") as writer:
        deciding.aim(writer, "class", "pump", "energy", "kW.h", 80.0, 75.0, "bills")
        deciding.aim(writer, "class", "main", "energy", "kW.h", 6.0, 5.0, "bills")
    assert "All 2 targets are met in the last 7 days." in draw(metered, {}).body
    for query in ({"resource": "gas"}, {"by": "moon"}, {"days": "8"}):
        with pytest.raises(RefusedError, match="allowed: "):
            draw(metered, query)


async def test_who_is_for_some_districts_sees_and_decides_there(metered: Register) -> None:
    """Their meters only; a class is the city's, an asset theirs."""
    north = metered.within(Boundary(["north"]))
    body = draw(north, {}, may_act=True).body
    assert "20.00" not in body
    assert "<b>50.00 kWh</b>" in body
    assert "data-deed" not in body
    assert "data-deed" in draw(north, {"by": "asset"}, may_act=True).body
    said = {"deed": "aim", "goal": "40", "baseline": "50", "basis": "plan"}
    do(north, "asset", "pump-1", **said)
    with pytest.raises(OutsideError, match="target: came one that does not lie"):
        do(north, **said)
    with pytest.raises(UnknownError, match="asset: came 'pump-2'"):
        do(north, "asset", "pump-2", **said)
    assert goals(metered, "asset") == {"pump-1": (50.0, 40.0), "main-1": (10.0, 5.0)}


@pytest.mark.parametrize(
    ("told", "error", "why"),
    [
        ({"goal": "x"}, RefusedError, "goal: came 'x', allowed: a number"),
        ({"goal": "nan"}, RefusedError, "goal: came 'nan'"),
        ({"baseline": "-1"}, RefusedError, "baseline: came -1"),
        ({"basis": " "}, RefusedError, "basis: came"),
        ({"record": "[1]"}, RefusedError, "record: came"),
        ({"record": "7"}, RefusedError, "record: came"),
        ({"record": '["class", "pump", "gas"]'}, RefusedError, "resource: came 'gas'"),
        ({"record": '["indicator", "pump", "energy"]'}, RefusedError, "indicator"),
        ({"deed": "end", "record": "target-0"}, UnknownError, "target: came"),
        ({"deed": "burn"}, RefusedError, "deed: came 'burn'"),
    ],
)
async def test_what_cannot_be_decided(
    metered: Register, told: dict[str, Any], error: type[Exception], why: str
) -> None:
    """Nothing is changed, and the person is told why."""
    before = goals(metered)
    with pytest.raises(error, match=why):
        do(metered, **{"deed": "aim", "goal": "1", "baseline": "2", "basis": "b", **told})
    assert goals(metered) == before


@pytest.fixture
def served(city: City, metered: Register) -> Iterator[Console]:
    """A console with these meters."""
    with serving(city, metered) as console:
        yield console


async def test_targets_are_decided_by_keyboard_on_a_phone(
    browser: Browser, served: Console, metered: Register
) -> None:
    """Change one, set one for another class, end it; axe finds nothing, a dialog open too."""
    page = await browser.new_page(viewport=PHONE)
    await page.goto(f"{served.url}/use")
    await page.get_by_label("Your name").fill("sue")
    await check_sound(page)
    await page.get_by_role("button", name="Change: pump, energy").press("Enter")
    dialog = page.get_by_role("dialog", name="What it shall use a day")
    await expect(dialog.get_by_label("Target, kWh a day")).to_have_value("60")
    await dialog.get_by_label("Target, kWh a day").fill("75")
    await check_sound(page)
    await dialog.get_by_role("button", name="Set").press("Enter")
    said = page.get_by_role("status")
    await expect(said).to_contain_text("pump shall use 75.00 kWh of energy a day.")
    await expect(page.locator(".acting")).to_contain_text("The only target is met")
    await page.get_by_role("button", name="Set a target for another class").press("Enter")
    await dialog.get_by_label("Which one").fill("main")
    await dialog.get_by_label("Target, kWh a day").fill("4")
    await dialog.get_by_label("Baseline, kWh a day").fill("6")
    await dialog.get_by_label("Where both come from").fill("plan")
    await page.keyboard.press("Tab")
    await dialog.get_by_role("button", name="Set").press("Enter")
    await expect(said).to_contain_text("main shall use 4.00 kWh of energy a day.")
    await expect(page.locator(".acting")).to_contain_text("1 of 2 targets is missed")
    assert goals(metered) == {"pump": (80.0, 75.0), "main": (6.0, 4.0), "lamp": (9.0, 8.0)}
    await page.get_by_role("button", name="End it: lamp, energy").press("Enter")
    await expect(said).to_contain_text("The target holds no longer")
    assert set(goals(metered)) == {"pump", "main"}
    await page.close()
