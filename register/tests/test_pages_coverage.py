"""What is watched and what is missing: the page's figures, its deeds, and it in Chromium."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lamppost.register.condition import deciding
from lamppost.register.condition.tables import requirement
from lamppost.register.pages.coverage import done, draw
from lamppost.register.pages.deeds import asked
from lamppost.register.records.boundary import Boundary
from lamppost.register.records.deciding import UnknownError
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.serve import Console

from .city import City
from .consoles import serving
from .looking import PHONE, check_sound
from .registers import CHANNEL, FLOW, T0, birth
from .test_condition import ASSETS
from .test_pages_sign_in import entered
from .test_records_import import taken
from .test_sign_in import enter

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def partly(register: Register, tmp_path: Path) -> Register:
    """Two pumps and two mains; the flow of one pump is measured, more is required."""
    taken(register, tmp_path, ASSETS)
    register.observe_births([birth(FLOW)])
    register.bind(CHANNEL, "pump-1", "state", "ada", T0)
    with register.changing("ada") as writer:
        deciding.require(writer, "pump", "flow", "load")
        deciding.require(writer, "main", "pressure", "bursts <b>")
        deciding.require(writer, "tram", "speed", "safety")
    return register


def required(register: Register) -> dict[str, str]:
    """Return what is required now: the measurand of each class."""
    with register.database.reading() as connection:
        rows = connection.execute(
            requirement.select().where(requirement.c.valid_to_ms.is_(None))
        )
        return {row.asset_class: row.measurand for row in rows}


async def test_the_page_says_what_is_missing_where_and_why(partly: Register) -> None:
    """Of each requirement how many assets lack it; of each gap the arithmetic of its place."""
    body = draw(partly, {}).body
    for told in (
        "<b>25\N{NARROW NO-BREAK SPACE}%</b>",
        "1 of 4 assets",
        "1 of 4 requirements",
        "2 assets without a length",
        "What is missing: 3",
        '<a href="/coverage?kind=main"><b>2</b></a><span class="sub"> of 2 assets</span>',
        '<a href="/coverage?kind=pump"><b>1</b></a><span class="sub"> of 2 assets</span>',
        '<span class="chip good">none</span><span class="sub"> of 0 assets</span>',
        "criticality 4 x (1 + 3.00 thousand people) = 16.00",
        "criticality 3 (not rated) x (1 + 1.00 thousand people) = 6.00",
        "bursts &lt;b&gt;",
        ">Main 1</a>",
    ):
        assert told in body
    assert body.index(">Main 1</a>") < body.index(">Main 2</a>") < body.index(">Pump 2</a>")
    assert "data-deed" not in body, "only stewards decide what must be measured"


async def test_the_address_asks_for_a_class_or_a_district(partly: Register) -> None:
    """Then what is missing stands first; of a district everything is of it alone."""
    pumps = draw(partly, {"kind": "pump"}).body
    assert ">Pump 2</a>" in pumps
    assert ">Main 1</a>" not in pumps
    assert pumps.index("What is missing: 1") < pumps.index("What must be measured")
    north = draw(partly, {"district": "north"}).body
    assert "1 of 2 assets" in north
    assert ">Pump 2</a>" not in north
    assert '<b>1</b></a><span class="sub"> of 1 asset<' in north, "of each requirement too"
    only = draw(partly.within(Boundary(["south"])), {}).body
    assert "0 of 2 assets" in only
    assert ">Main 1</a>" not in only
    other = draw(partly.within(Boundary(["south"])), {"district": "north"}).body
    assert "No asset is in north." in other
    assert "No asset is in &lt;x&gt;." in draw(partly, {"district": "<x>"}).body


async def test_a_steward_requires_and_ends(partly: Register) -> None:
    """Each is a record in the trail; what cannot be done changes nothing."""
    before = required(partly)
    for told, error, why in (
        (
            {"deed": "require", "kind": "", "measurand": "x", "why": "y"},
            RefusedError,
            "asset_c",
        ),
        ({"deed": "require", "kind": "a", "measurand": "x", "why": ""}, RefusedError, "why: "),
        ({"deed": "end", "record": "requirement-0"}, UnknownError, "requirement: came"),
        ({"deed": "burn"}, RefusedError, "deed: came 'burn'"),
    ):
        with pytest.raises(error, match=why), partly.changing("sue") as writer:
            done(writer, "sue", asked(told))
    assert required(partly) == before
    with partly.changing("sue") as writer:
        said = {"kind": "bridge", "measurand": "vibration", "why": "wind"}
        assert done(writer, "sue", asked({"deed": "require", **said})) == (
            "vibration must be measured at every bridge."
        )
    assert required(partly) == before | {"bridge": "vibration"}
    assert {one.who for one in partly.trail("requirement").items} == {"ada", "sue"}


@pytest.fixture
def served(city: City, partly: Register) -> Iterator[Console]:
    """A console with access on, a steward of the city, one of the north, and a viewer."""
    enter(partly, "sue", "steward")
    enter(partly, "vic", "viewer")
    with serving(city, partly, access=True) as console:
        yield console


async def test_a_steward_works_by_keyboard_on_a_phone(
    browser: Browser, served: Console, partly: Register
) -> None:
    """Require, see the gaps of it, end it again; axe finds nothing, with a dialog open too."""
    shown = await entered(browser, served.url, "sue", "/coverage")
    await shown.set_viewport_size(PHONE)
    await expect(shown.locator(".figures")).to_contain_text("1 of 4 assets")
    await check_sound(shown)
    await shown.get_by_role("button", name="Require a measurand").press("Enter")
    dialog = shown.get_by_role("dialog", name="What must be measured")
    await dialog.get_by_label("At every asset of the class").fill("pump")
    await dialog.get_by_label("Class of the channel").fill("vibration")
    await dialog.get_by_label("Why").fill("bearings")
    await check_sound(shown)
    await dialog.get_by_role("button", name="Require").press("Enter")
    said = shown.get_by_role("status")
    await expect(said).to_contain_text("vibration must be measured at every pump.")
    await expect(shown.locator(".acting")).to_contain_text("What is missing: 5")
    await shown.get_by_role("button", name="End it: vibration at pump").press("Enter")
    await expect(said).to_contain_text("It need not be measured any more")
    await expect(shown.locator(".acting")).to_contain_text("What is missing: 3")
    assert (await asyncio.to_thread(required, partly))["pump"] == "flow"
    await shown.context.close()
    shown = await entered(browser, served.url, "vic", "/coverage")
    await expect(shown.locator(".acting")).to_contain_text("What is missing: 3")
    await expect(shown.get_by_role("button", name="End it")).to_have_count(0)
    await shown.context.close()
