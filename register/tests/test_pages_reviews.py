"""Reviews: what a steward is shown and does, and the page in headless Chromium."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.async_api import Browser, expect

from lamppost.register.pages.deeds import asked
from lamppost.register.pages.review_deeds import done
from lamppost.register.pages.reviews import draw
from lamppost.register.records.deciding import ConflictError, UnknownError
from lamppost.register.records.links import RefusedError
from lamppost.register.records.store import Register
from lamppost.register.resources import deciding
from lamppost.register.serve import Console

from .city import City
from .consoles import serving
from .looking import PHONE, check_sound
from .registers import FLOW, birth
from .test_pages_alarms import EVIL

pytestmark = pytest.mark.asyncio(loop_scope="module")

NODE = "riverside/station"
LATER = "2026-03-01"
"""The tests' clock stands on 2025-10-09."""


@pytest.fixture
def reviewed(register: Register) -> Register:
    """A dataset that is overdue, one due soon, and a node that nobody answers for."""
    register.observe_births([birth(FLOW)])
    with register.changing("ada") as writer:
        facts = {"name": EVIL, "owner": "Water", "steward": "ada"}
        deciding.enter(writer, "old", "dataset", facts | {"review_due_on": "2025-10-01"})
        soon = {"name": "Soon", "owner": "Air", "steward": "bob", "review_due_on": "2025-10-20"}
        deciding.enter(writer, "soon", "dataset", soon)
    return register


def do(register: Register, **told: str) -> str:
    """Do what a browser asks for."""
    with register.changing("ada") as writer:
        return done(writer, "ada", asked(told))


def entry(register: Register, one: str) -> dict[str, Any]:
    """Return a resource."""
    with register.changing("nobody") as writer:
        return writer.load("resource", [one])[one]


async def test_each_part_tells_what_is_to_do(reviewed: Register) -> None:
    """Overdue, soon, orphans and unused; a steward sees what is theirs."""
    body = draw(reviewed, {}).body
    for told in (
        "Reviews that are overdue: 1",
        "review was due 2025-10-01, 8 d ago",
        "Reviews due within 30 days: 1",
        "review is due 2025-10-20, in 11 d",
        "has no owner and no steward",
        "has no consumer down stream",
        "0 of 1 streams have a place",
    ):
        assert told in body
    theirs = draw(reviewed, {}, who="bob").body
    assert "Reviews that are overdue: 0" in theirs
    assert "has no owner and no steward" in theirs, "what is nobody's is everybody's"
    assert "Reviews that are overdue: 1" in draw(reviewed, {}, who="eve").body, "no steward"
    assert "Reviews that are overdue: 1" in draw(reviewed, {"steward": "*"}, who="bob").body


async def test_who_may_only_read_gets_no_buttons(reviewed: Register) -> None:
    """A viewer sees what is to do, and no way to say that it is done."""
    assert "data-deed" in draw(reviewed, {}).body
    shown = draw(reviewed, {}, may_act=False).body
    assert "data-deed" not in shown
    assert "<dialog" not in shown
    assert "review was due" in shown


async def test_a_long_part_has_pages(reviewed: Register) -> None:
    """The first of each part, and all of one part page by page."""
    with reviewed.changing("ada") as writer:
        for number in range(60):
            deciding.enter(writer, f"d{number:02}", "dataset", {"name": f"Data {number:02}"})
    assert "All 61" in draw(reviewed, {}).body
    second = draw(reviewed, {"what": "overdue", "after": "50"}).body
    assert "Data 59" in second
    assert "Data 01" not in second
    with pytest.raises(RefusedError, match="after: came '-1'"):
        draw(reviewed, {"after": "-1"})


async def test_a_review_is_put_off_with_a_reason_and_then_attested(reviewed: Register) -> None:
    """The reason stands with the entry until somebody attests; both are in the trail."""
    do(reviewed, deed="postpone", record="dataset:old", version="1", due=LATER, reason="ill")
    assert entry(reviewed, "old")["review_note"] == "ill"
    do(reviewed, deed="attest", record="dataset:old", version="2", due=LATER)
    now = entry(reviewed, "old")
    assert (now["review_note"], now["attested_by"]) == (None, "ada")
    assert now["review_due_on"] == LATER
    trail = reviewed.trail("resource", "old").items
    assert [one.what for one in trail] == ["create", "postpone", "update"]
    assert reviewed.verify_audit().faults == ()


@pytest.mark.parametrize(
    ("told", "error", "words"),
    [
        ({"deed": "postpone", "due": "2025-10-09", "reason": "x"}, RefusedError, "a day after"),
        ({"deed": "postpone", "due": "soon", "reason": "x"}, RefusedError, "YYYY-MM-DD"),
        ({"deed": "postpone", "due": LATER, "reason": " "}, RefusedError, "review_note: came"),
        ({"deed": "attest", "version": "7"}, ConflictError, "version: came 7"),
        ({"deed": "attest", "version": "x"}, UnknownError, "record: came"),
        ({"deed": "attest", "record": "node:none"}, UnknownError, "record: came"),
        ({"deed": "burn"}, RefusedError, "deed: came 'burn'"),
        ({"deed": "own", "owner": "", "steward": "x"}, RefusedError, "owner: came"),
    ],
)
async def test_what_cannot_be_done(
    reviewed: Register, told: dict[str, str], error: type[Exception], words: str
) -> None:
    """Nothing is changed, and the person is told why."""
    with pytest.raises(error, match=words):
        do(reviewed, **{"record": "dataset:old", "version": "1", **told})
    assert entry(reviewed, "old")["version"] == 1


@pytest.fixture
def served(city: City, reviewed: Register) -> Iterator[Console]:
    """A console with these reviews."""
    with serving(city, reviewed) as console:
        yield console


async def test_a_steward_works_by_keyboard_on_a_phone(
    browser: Browser, served: Console, reviewed: Register
) -> None:
    """Postpone, then name who answers for a node; axe finds nothing, with a dialog open too."""
    page = await browser.new_page(viewport=PHONE)
    await page.goto(f"{served.url}/reviews")
    await page.get_by_label("Your name").fill("ada")
    await check_sound(page)
    await page.get_by_role("button", name=f"Postpone: {EVIL}").press("Enter")
    dialog = page.get_by_role("dialog", name="Look at it later")
    await dialog.get_by_label("On").fill(LATER)
    await dialog.get_by_label("Why").fill("<b>ill</b>")
    await check_sound(page)
    await dialog.get_by_role("button", name="Postpone").press("Enter")
    said = page.get_by_role("status")
    await expect(said).to_contain_text(f"Put off until {LATER}.")
    assert entry(reviewed, "old")["review_note"] == "<b>ill</b>"
    await page.get_by_role("button", name=f"Name who answers: {NODE}").press("Enter")
    dialog = page.get_by_role("dialog", name="Who answers for it")
    await dialog.get_by_label("Owner").fill("City IT")
    await dialog.get_by_label("Steward").fill("bob")
    await page.keyboard.press("Enter")
    await expect(said).to_contain_text("City IT answers for it, bob keeps it true.")
    about = deciding.about_id("node", NODE)
    assert (await asyncio.to_thread(entry, reviewed, about))["owner"] == "City IT"
    await page.close()
