"""What to do next: what the page ranks and why, and the page in headless Chromium."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect

from lamppost.register.alarms import desk as alarms
from lamppost.register.condition import deciding
from lamppost.register.condition.next import SEVERITIES
from lamppost.register.condition.tables import asset_condition
from lamppost.register.days.day import DAY_MS
from lamppost.register.pages.next_list import DEEDS, draw
from lamppost.register.records.boundary import Boundary
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.serve import Console
from lamppost.register.work import desk as work

from .city import City
from .consoles import serving
from .looking import PHONE, check_sound
from .registers import CHANNEL, FLOW, T0, Clock, birth, incident
from .test_condition import ENERGY, METER, grew
from .test_pages_alarms import EVIL
from .test_records_import import taken

pytestmark = pytest.mark.asyncio(loop_scope="module")

ASSETS = f"""\
id,name,class,district,criticality,capacity,capacity_unit,capacity_basis
pump-1,Pump 1,pump,north,5,100,m3/h,nameplate
pump-2,{EVIL.replace('"', "'")},pump,south,2,,,
"""
NAME = EVIL.replace('"', "'")


@pytest.fixture
def busy(register: Register, tmp_path: Path, clock: Clock) -> Register:
    """Two pumps with one thing of each kind to do, a day after all of it began."""
    taken(register, tmp_path, ASSETS)
    register.observe_births([birth(FLOW, METER), birth(FLOW, device="pump-2")])
    register.bind(CHANNEL, "pump-1", "capacity_use", "ada", T0)
    register.bind(ENERGY, "pump-1", "state", "ada", T0)
    register.bind("riverside/station/pump-2/flow", "pump-2", "state", "ada", T0)
    grew(register)
    register.calibrate(CHANNEL, "ada", T0 - 10 * DAY_MS, T0 - DAY_MS)
    with register.changing(alarms.WHO) as writer:
        alarms.observe(writer, [incident(), incident("i-2", device="pump-2", severity=0.5)])
    with register.changing("ada") as writer:
        deciding.require(writer, "pump", "vibration", "wear of bearings")
        work.open_order(writer, work.Wanted(alarm="i-2", due_ms=T0 + 1), "ada")
    with register.database.writing() as connection:
        facts = {
            "asset": "pump-2", "time_ms": T0, "scale": "iimm-1", "grade": 5, "status": "known",
            "basis": "A", "confidence": 0.9, "measured_ms": T0, "reason": "it shakes",
        }  # fmt: skip
        known = {name: facts[name] for name in facts if name in asset_condition.c}
        connection.execute(asset_condition.insert().values(known))
    clock.now_ms += DAY_MS
    return register


async def test_all_of_it_stands_in_one_order_with_its_arithmetic(busy: Register) -> None:
    """Each line says what to do and why, the most pressing first; kinds are counted."""
    body = draw(busy, {}).body
    lines = (
        '1. <a href="/alarms?incident=i-1">See to the alarm at Pump 1</a>',
        ">Plan more capacity for Pump 1</a>",
        ">Measure what is missing at Pump 1</a>",
        ">Calibrate a channel of Pump 1</a>",
        ">Finish the work at &lt;img",
        ">Inspect &lt;img",
    )
    for line in lines:
        assert line in body
    assert "severity 0.80 x criticality 5/5 x confidence 0.75 = 0.60" in body
    assert '<span class="chip bad">critical 0.60</span>' in body
    assert "vibration is not measured: wear of bearings" in body
    assert "All <b>7</b>" in body
    assert "Not measured <b>2</b>" in body
    assert "7 things to do, the most pressing first" in body
    assert set(DEEDS) == set(SEVERITIES), "each kind has its words"
    scores = [part.split("</span>")[0].split()[-1] for part in body.split('<span class="chip')]
    assert scores[1:] == sorted(scores[1:], reverse=True)


async def test_the_address_asks_for_a_kind_or_a_district(busy: Register) -> None:
    """Of one district as who is for it sees it; what cannot be asked for is refused."""
    gaps = draw(busy, {"kind": "gap"}).body
    assert "2 things to do" in gaps
    assert "Calibrate" not in gaps
    north = draw(busy, {"district": "north"}).body
    assert "Pump 1" in north
    assert "&lt;img" not in north
    assert "Nothing of this is to be done" in draw(busy, {"district": "nowhere"}).body
    for query, why in (
        ({"kind": "x"}, "kind: came 'x'"),
        ({"after": "-1"}, "after: came '-1'"),
    ):
        with pytest.raises(RefusedError, match=why):
            draw(busy, query)
    only = busy.within(Boundary(["north"]))
    assert "&lt;img" not in draw(only, {}).body
    with pytest.raises(RefusedError, match="district: came 'south', allowed: north"):
        draw(only, {"district": "south"})


async def test_a_long_list_has_pages(register: Register, tmp_path: Path) -> None:
    """Numbers go on from one page to the next, and the last leads back."""
    rows = "".join(f"p-{n:02},Pump {n:02},pump\n" for n in range(60))
    taken(register, tmp_path, f"id,name,class\n{rows}")
    with register.changing("ada") as writer:
        deciding.require(writer, "pump", "flow", "leaks")
    first = draw(register, {}).body
    assert "60 things to do, 1 to 50 on this page" in first
    assert 'href="/next?after=50">The next ones' in first
    second = draw(register, {"after": "50"}).body
    assert "51. " in second
    assert "60. " in second
    on_both = [n for n in range(60) if f"Pump {n:02}<" in first and f"Pump {n:02}<" in second]
    assert on_both == []
    assert 'href="/next">All of it' in second


@pytest.fixture
def served(city: City, busy: Register) -> Iterator[Console]:
    """A console with these things to do."""
    with serving(city, busy) as console:
        yield console


async def test_an_operator_goes_from_the_list_to_the_deed(
    browser: Browser, served: Console
) -> None:
    """By keyboard on a phone; axe finds nothing, a name stays text."""
    page = await browser.new_page(viewport=PHONE)
    await page.goto(f"{served.url}/next")
    await expect(page.get_by_role("heading", level=1)).to_have_text("What to do next")
    await expect(page.locator(".next tbody tr")).to_have_count(7)
    await check_sound(page)
    assert "owned" not in await page.title()
    await expect(page.locator(".next")).to_contain_text("<img src=x")
    first = page.locator(".next tbody tr").first
    box = await first.bounding_box()
    assert box is not None
    assert box["y"] + 40 < PHONE["height"], "the first thing to do is seen without scrolling"
    await page.get_by_role("link", name="Poor condition").press("Enter")
    await expect(page.locator(".next tbody tr")).to_have_count(1)
    await page.get_by_role("link", name="All 7").press("Enter")
    await page.get_by_role("link", name="See to the alarm at Pump 1").press("Enter")
    await expect(page.get_by_role("button", name="Acknowledge")).to_have_count(1)
    await page.close()
