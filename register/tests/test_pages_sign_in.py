"""Signing in, in headless Chromium: what each role sees, and what an open page may still do."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from axe_playwright_python.async_playwright import Axe
from playwright.async_api import Browser, Page, expect

from lamppost.register.access import accounts, sessions, sockets
from lamppost.register.access.gate import COOKIE
from lamppost.register.alarms import desk
from lamppost.register.records.store import Register
from lamppost.register.resources import deciding
from lamppost.register.serve import Console

from .city import City
from .consoles import serving
from .providers import Liar, lying
from .registers import FLOW, birth, incident
from .test_oidc import configure
from .test_pages_alarms import WCAG, state
from .test_sign_in import PASSWORD, enter

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture
def served(city: City, register: Register) -> Iterator[Console]:
    """A console with access on, an alarm, an operator and a viewer."""
    enter(register, "ann", "operator")
    enter(register, "vic", "viewer")
    with register.changing(desk.WHO) as writer:
        desk.observe(writer, [incident("a")])
    with serving(city, register, access=True) as console:
        yield console


async def entered(browser: Browser, url: str, name: str, path: str = "/alarms") -> Page:
    """Return a page to which somebody came over the form, by keyboard."""
    context = await browser.new_context(viewport={"width": 390, "height": 844})
    page = await context.new_page()
    await page.goto(f"{url}{path}")
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{url}{path}")
    return page


async def test_the_way_out_is_large_enough_for_a_thumb(
    browser: Browser, served: Console
) -> None:
    """On every page, also on the first, which has a look of its own."""
    page = await entered(browser, served.url, "ann", "/")
    box = await page.get_by_role("button", name="Sign out").bounding_box()
    assert box is not None
    assert box["height"] >= 44
    await page.context.close()


async def test_an_operator_comes_in_acts_under_their_name_and_leaves(
    browser: Browser, served: Console, register: Register
) -> None:
    """The way in leads to the page that was asked for; nobody types a name there."""
    page = await entered(browser, served.url, "ann")
    await expect(page.locator(".signed")).to_contain_text("You act as ann, operator")
    await expect(page.get_by_label("Your name")).to_have_count(0)
    await page.get_by_role("button", name="Acknowledge").press("Enter")
    await expect(page.locator(".alarm")).to_contain_text("acknowledged by ann")
    assert state(register, "a")[0] == "acknowledged"
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await page.goto(served.url)
    await expect(page.locator(".signed")).to_contain_text("ann")
    await expect(page.locator("footer")).not_to_contain_text("Demo mode")
    await page.get_by_role("button", name="Sign out").press("Enter")
    await page.wait_for_url(f"{served.url}/sign-in")
    await page.goto(f"{served.url}/work")
    await page.wait_for_url(f"{served.url}/sign-in?next=%2Fwork")


async def test_signing_out_leads_on_to_the_provider(
    browser: Browser, city: City, register: Register
) -> None:
    """In a real browser, whose content policy lets a form lead nowhere else."""
    enter(register, "eva", "viewer")
    with register.changing("eva") as writer:
        secret = sessions.begin(writer, "eva", "127.0.0.1", "oidc")
    with lying(Liar()) as liar:
        liar.metadata["end_session_endpoint"] = f"{liar.issuer}/end"
        configure(register.data_dir, liar.issuer)
        with serving(city, register, access=True) as console:
            context = await browser.new_context()
            await context.add_cookies([{"name": COOKIE, "value": secret, "url": console.url}])
            page = await context.new_page()
            await page.goto(f"{console.url}/alarms")
            await page.get_by_role("button", name="Sign out").press("Enter")
            await page.wait_for_url(f"{liar.issuer}/end?client_id=*")
            await page.goto(f"{console.url}/alarms")
            await page.wait_for_url(f"{console.url}/sign-in?next=%2Falarms")
            await context.close()


async def test_a_viewer_sees_no_buttons(browser: Browser, served: Console) -> None:
    """What their role may not do is not offered."""
    page = await entered(browser, served.url, "vic")
    await expect(page.locator(".alarm")).to_have_count(1)
    await expect(page.locator("button[data-deed]")).to_have_count(0)
    await expect(page.locator("dialog")).to_have_count(0)


async def test_a_page_that_stayed_open_may_do_no_more_than_its_user(
    browser: Browser, served: Console, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who became a viewer, or was disabled, is told so at the next button."""
    monkeypatch.setattr(sockets, "LOOK_S", 3600.0)  # the button is pressed before that
    page = await entered(browser, served.url, "ann")
    with register.changing("root") as writer:
        accounts.set_role(writer, "ann", "viewer")
    await page.get_by_role("button", name="Acknowledge").click()
    said = page.get_by_role("status")
    await expect(said).to_contain_text("your role has changed; reload the page")
    with register.changing("root") as writer:
        accounts.disable(writer, "ann")
    await page.get_by_role("button", name="Acknowledge").click()
    await expect(said).to_contain_text("Not done: your session has ended")
    assert state(register, "a")[0] == "unacknowledged"


async def test_an_open_page_goes_silent_with_its_session(
    browser: Browser, served: Console, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the next look it shows nothing new: its socket is closed, and no other is let in."""
    monkeypatch.setattr(sockets, "LOOK_S", 0.2)
    page = await entered(browser, served.url, "ann")
    await expect(page.locator(".alarm")).to_have_count(1)
    with register.changing("root") as writer:
        accounts.disable(writer, "ann")
    await expect(page.locator("#popup")).to_be_visible()
    with register.changing(desk.WHO) as writer:
        desk.observe(writer, [incident("b")])
    await page.reload()
    await page.wait_for_url(f"{served.url}/sign-in?next=%2Falarms")


async def test_a_foreign_session_cannot_speak_for_a_page(
    browser: Browser, served: Console
) -> None:
    """A page that was given to one user takes no socket of another."""
    ann = await entered(browser, served.url, "ann")
    vic = await entered(browser, served.url, "vic")
    stolen = await ann.evaluate("window.clientId")
    closed = await vic.evaluate(
        """(id) => new Promise((done) => {
          const query = `client_id=${id}&implicit_handshake=true&EIO=4&transport=websocket`;
          const socket = new WebSocket(`ws://${location.host}/_nicegui_ws/socket.io/?${query}`);
          socket.onopen = () => done('open');
          socket.onclose = () => done('closed');
        })""",
        stolen,
    )
    assert closed == "closed"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_axe_finds_nothing_on_the_way_in(
    browser: Browser, served: Console, scheme: str
) -> None:
    """No rule of WCAG 2.1 AA is broken, with a refusal shown; nothing scrolls sideways."""
    page = await browser.new_page(
        viewport={"width": 360, "height": 740},
        color_scheme="dark" if scheme == "dark" else "light",
    )
    refused: list[str] = []
    page.on("console", lambda line: refused.append(line.text))
    await page.goto(f"{served.url}/sign-in")
    await page.get_by_label("Name").fill("ann")
    await page.get_by_label("Password").fill("wrong, wrong, wrong")
    await page.get_by_role("button", name="Sign in").press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("Name or password is wrong.")
    await expect(page.get_by_label("Name")).to_have_value("ann")
    found = await Axe().run(page, options=WCAG)
    assert found.violations_count == 0, found.generate_report()
    assert await page.evaluate("document.documentElement.scrollWidth") <= 360
    assert not [line for line in refused if "Content Security Policy" in line]
    await page.close()


async def test_who_is_for_a_district_starts_at_its_alarms(
    browser: Browser, served: Console, register: Register, tmp_path: Path
) -> None:
    """The page of the whole city leads there; what lies elsewhere is not on it."""
    (tmp_path / "a.csv").write_text("id,name,class,district\nw,W,pump,west\ne,E,pump,east\n")
    register.import_assets(tmp_path / "a.csv", "root")
    for device, asset in (("pump-w", "w"), ("pump-e", "e")):
        register.observe_births([birth(FLOW, device=device)])
        register.bind(f"riverside/station/{device}/flow", asset, "state", "root")
    with register.changing(desk.WHO) as writer:
        desk.observe(writer, [incident("w", device="pump-w"), incident("e", device="pump-e")])
    enter(register, "wes", "operator", ["west"])
    page = await entered(browser, served.url, "wes", "/work")
    await expect(page.locator(".signed")).to_contain_text("wes, operator, west only")
    await page.goto(served.url)
    await page.wait_for_url(f"{served.url}/alarms")
    await expect(page.locator(".alarm")).to_have_count(1)
    await expect(page.locator(".alarm")).to_contain_text("pump-w")
    options = await page.get_by_label("District").locator("option").all_text_contents()
    assert options == ["All districts", "west"]
    await page.goto(f"{served.url}/assets/w")
    await expect(page.get_by_role("heading", name="W", exact=True)).to_be_visible()
    await page.goto(f"{served.url}/assets/e")
    await expect(page.get_by_role("status")).to_contain_text("asset: came 'e'")
    ways = await page.locator("nav a").all_text_contents()
    assert ways == [
        *("Next", "Alarms", "Work", "Assets"),
        *("Coverage", "Use", "Reviews", "Settings"),
    ]
    known = set[str]()
    for path in (
        *("/next", "/coverage", "/use?by=asset", "/alarms", "/work"),
        *("/assets", "/assets/w", "/reviews?steward=*", "/settings"),
    ):
        await page.goto(f"{served.url}{path}")
        await expect(page.locator("h1")).to_be_visible()
        links = await page.locator("a[href^='/']").evaluate_all("(all) => all.map(String)")
        for link in {*links} - known:  # each once: pages that are open are counted
            assert (await page.context.request.get(link)).status == 200, (path, link)
        known |= {*links}
    with register.changing("root") as writer:
        accounts.set_role(writer, "wes", "steward", ["west"])
        deciding.enter(writer, "old", "dataset", {"name": "Old", "owner": "City"})
    await page.goto(f"{served.url}/reviews?steward=*")
    await expect(page.locator(".parts, .asset").first).to_contain_text("Old")
    await expect(page.locator("button[data-deed]")).to_have_count(0)
    await page.goto(f"{served.url}/map")
    await expect(page.get_by_role("heading", name="Not allowed")).to_be_visible()
    await expect(page.get_by_role("alert")).to_contain_text("Districts: came west")
